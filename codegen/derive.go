// How do gradients come in? The step's graph is differentiated, cut into its two halves, simplified and brought into the form that
// kernels know.
package codegen

import "nngen/symbolic"

// derived is a forward pass together with the gradients of its first result.
type derived struct {
	forward []symbolic.Result
	grads   []*symbolic.Node // nil where the loss does not depend on the parameter
}

// gradients prepares the forward results and differentiates the loss, which is the first of them.
func (p *Program) gradients(fwd []symbolic.Result, wrt []*symbolic.Node) (*derived, error) {
	prepared := symbolic.Prepare(p.closed("forward", "", fwd), nil)
	grads, err := symbolic.Grad(p.Model.Graph, prepared.Results[0].Node, wrt, nil)
	if err != nil {
		return nil, err
	}
	return &derived{prepared.Results, grads}, nil
}

// split cuts the step into its two halves and says what the first leaves for the second.
func (p *Program) split(fwd, bwd []symbolic.Result) {
	p.Step = symbolic.Run(p.closed("step", "", append(append([]symbolic.Result(nil), fwd...), bwd...)), nil)
	h := symbolic.SplitFunc("step", p.Step.Results[:len(fwd)], p.Step.Results[len(fwd):], p.Step.Params)
	for k, from := range h.From {
		p.Saved = append(p.Saved, Saved{Result: from, Param: len(h.Leaves) + k})
	}
	p.Forward = half(h.Forward, "forward", "computes loss and metrics of a batch, and what the backward half needs")
	p.Backward = half(h.Backward, "backward", "computes the gradients of the loss by the parameters")
}

func half(f *symbolic.Func, name, doc string) *symbolic.Func {
	f = &symbolic.Func{Name: name, Doc: doc, Params: f.Params, Results: f.Results}
	f.Syms = symsOf(f)
	return legalise(symbolic.Trim(f))
}

// optimised simplifies f and brings it into the form that kernels know.
func optimised(f *symbolic.Func) *symbolic.Func {
	return legalise(symbolic.Run(symbolic.Prepare(f, nil), nil))
}
