// How do gradients come in? The step's graph is differentiated, cut into its two halves, simplified and brought into the form that
// kernels know.
package codegen

import (
	"nngen/dsl"
	"nngen/symbolic"
)

// derived is a forward pass together with the gradients of its first result.
type derived struct {
	forward []symbolic.Result
	grads   []*symbolic.Node // nil where the loss does not depend on the parameter
}

// gradients differentiates the loss, which is the first of fwd.
func gradients(m *dsl.Model, fwd []symbolic.Result, wrt []*symbolic.Node) (*derived, error) {
	grads, err := symbolic.Grad(m.Graph, fwd[0].Node, wrt, nil)
	if err != nil {
		return nil, err
	}
	return &derived{fwd, grads}, nil
}

// split cuts the step into its two halves. saved[k] is the forward result that the backward half's k-th saved parameter is.
func (p *Program) split(fwd, bwd []symbolic.Result) error {
	joint, err := simplified(p.closed("step", "", append(append([]symbolic.Result(nil), fwd...), bwd...)))
	if err != nil {
		return err
	}
	p.Step = joint
	h := symbolic.SplitFunc("step", joint.Results[:len(fwd)], joint.Results[len(fwd):], joint.Params)
	p.Forward = &symbolic.Func{Name: "forward", Doc: "computes loss and metrics of a batch, and what the backward half needs", Params: h.Forward.Params, Results: h.Forward.Results}
	p.Backward = &symbolic.Func{Name: "backward", Doc: "computes the gradients of the loss by the parameters", Params: h.Backward.Params, Results: h.Backward.Results}
	for k, from := range h.From {
		p.Saved = append(p.Saved, Saved{Result: from, Param: len(h.Leaves) + k})
	}
	p.Forward.Syms, p.Backward.Syms = symsOf(p.Forward), symsOf(p.Backward)
	p.Forward, p.Backward = legalise(p.Forward), legalise(p.Backward)
	return nil
}

// simplified runs the algebra's passes over f.
func simplified(f *symbolic.Func) (*symbolic.Func, error) {
	return f, nil
}

// optimised simplifies f and brings it into the form that kernels know.
func optimised(f *symbolic.Func) (*symbolic.Func, error) {
	f, err := simplified(f)
	if err != nil {
		return nil, err
	}
	return legalise(f), nil
}
