// What in a model is allowed but probably a mistake, and which parameters get no gradient?
package dsl

import (
	"errors"
	"go/token"
	"strings"

	"nngen/dsl/diag"
	"nngen/symbolic"
)

// lint reports what is wrong with a model as a whole: parameters that cannot train, inputs that nothing reads.
func (e *elaborator) lint() {
	e.stack = nil
	e.lintInputs()
	if e.model.out.Optimizer != nil {
		e.lintParams()
	}
}

// roots returns everything that either reading of the model computes.
func (e *elaborator) roots() []*symbolic.Node {
	var out []*symbolic.Node
	for _, f := range []*Forward{e.model.out.Train, e.model.out.Infer} {
		for _, n := range f.Outputs {
			out = append(out, n.Node)
		}
		for _, n := range f.Metrics {
			out = append(out, n.Node)
		}
		if f.Loss != nil {
			out = append(out, f.Loss.Node)
		}
	}
	return out
}

func (e *elaborator) lintInputs() {
	reached := map[*symbolic.Node]bool{}
	for _, n := range symbolic.Reach(e.roots()...) {
		reached[n] = true
	}
	for _, in := range e.model.out.Inputs {
		if reached[in.Node] {
			continue
		}
		word := "input"
		if in.Target {
			word = "target"
		}
		e.list.Errorf(unusedInput, in.Pos, in.Pos+nameLen(in.Name), "nothing uses the %s %s", word, in.Name)
	}
}

// lintParams differentiates the loss once, to find parameters that no gradient reaches.
func (e *elaborator) lintParams() {
	m := e.model.out
	loss := m.Train.Loss
	var params []*Param
	var wrt []*symbolic.Node
	for _, g := range m.Optimizer.Groups {
		if g.Frozen {
			continue
		}
		for _, p := range g.Params {
			params, wrt = append(params, p), append(wrt, p.Node)
		}
	}
	if len(params) == 0 {
		why := "the model has no parameters"
		if len(m.Params) > 0 {
			why = "all parameters are frozen"
		}
		e.list.Errorf(nothingTrains, m.Optimizer.Pos, m.Optimizer.Pos+9, "the optimizer has nothing to move: %s", why)
		return
	}
	grads, err := symbolic.Grad(e.g, loss.Node, wrt, nil)
	if err != nil {
		e.noLossGradient(loss, err)
		return
	}
	reached := map[*symbolic.Node]bool{}
	for _, n := range symbolic.Reach(loss.Node) {
		reached[n] = true
	}
	flows := false
	for _, g := range grads {
		flows = flows || g != nil
	}
	lossAt := e.model.lossAt
	if !flows {
		d := e.list.Errorf(nothingTrains, lossAt.Value.Pos(), lossAt.Value.End(), "no gradient of the loss reaches any parameter")
		if stop, _ := stopper(loss.Node, wrt[0]); reached[wrt[0]] {
			e.noteStop(d, stop)
		}
		return
	}
	for i, p := range params {
		at := e.model.sites[p.Path]
		switch {
		case grads[i] != nil:
		case !reached[p.Node]:
			at.report(&e.list, untrainedParam, "the loss does not depend on %s: it never moves", p.Path).
				Notef(loss.Pos, lossAt.End(), "the loss is defined here")
		default:
			stop, deliberate := stopper(loss.Node, p.Node)
			if deliberate {
				at.report(&e.list, untrainedParam, "the loss depends on %s through stop_gradient only: it never moves", p.Path).
					Notef(loss.Pos, lossAt.End(), "the loss is defined here")
				continue
			}
			d := at.report(&e.list, noDerivative, "the loss depends on %s, but no gradient reaches it", p.Path)
			e.noteStop(d, stop)
		}
	}
}

// noteStop points at the op on the way from a parameter to the loss that lets no gradient through.
func (e *elaborator) noteStop(d *diag.Diagnostic, stop *symbolic.Node) {
	if stop != nil {
		d.Notef(stop.Pos, stop.Pos, "the derivative of %s, which stands here, is zero", opWords(stop))
	}
}

// opWords names an op as the language does.
func opWords(n *symbolic.Node) string {
	switch n.Op {
	case symbolic.OpLt, symbolic.OpLe, symbolic.OpEq, symbolic.OpNe:
		return "a comparison"
	case symbolic.OpCast:
		return "a conversion to " + dtypeWord(n.DType)
	}
	return n.Info().Name
}

// stopper returns the first op between leaf and loss whose derivative is zero by nature; deliberate says that all such ops
// are stop_gradient.
func stopper(loss, leaf *symbolic.Node) (stop *symbolic.Node, deliberate bool) {
	depends := map[*symbolic.Node]bool{leaf: true}
	for _, n := range symbolic.Reach(loss) {
		for _, a := range n.Args {
			if !depends[a] {
				continue
			}
			if n.Info().Zero || n.Op == symbolic.OpCast && !n.DType.Float() {
				if n.Op != symbolic.OpStopGradient {
					return n, false
				}
				deliberate = true
			} else {
				depends[n] = true
			}
			break
		}
	}
	return nil, deliberate
}

// nameLen is the length of the last part of a path, as a span in the source.
func nameLen(path string) token.Pos {
	return token.Pos(len(path) - 1 - strings.LastIndexByte(path, '.'))
}

// noLossGradient reports an op without a derivative between a parameter and the loss.
func (e *elaborator) noLossGradient(loss *Named, err error) {
	at := e.model.lossAt
	var ge *symbolic.GradError
	if errors.As(err, &ge) && ge.Pos.IsValid() && !e.inLibrary(ge) {
		e.list.Errorf(noDerivative, ge.Pos, ge.Pos+1, "%s", err).Notef(loss.Pos, at.End(), "it stands between a parameter and the loss")
		return
	}
	e.list.Errorf(noDerivative, at.Value.Pos(), at.Value.End(), "%s", err)
}

func (e *elaborator) inLibrary(ge *symbolic.GradError) bool {
	f := e.pkg.files[e.pkg.fset.Position(ge.Pos).Filename]
	return f != nil && f.library
}
