// What in a model is allowed but probably a mistake, and which parameters get no gradient?
package dsl

import (
	"errors"
	"go/token"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
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
	reached := reach(e.roots()...)
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
	reached := reach(loss.Node)
	flows := false
	for _, g := range grads {
		flows = flows || g != nil
	}
	lossAt := e.model.lossAt
	if !flows {
		d := e.list.Errorf(nothingTrains, lossAt.Value.Pos(), lossAt.Value.End(), "no gradient of the loss reaches any parameter")
		for _, w := range wrt {
			if _, stop := flow(loss.Node, w); stop != nil {
				e.noteStop(d, stop)
				break
			}
		}
		return
	}
	var idle []*Param
	for i, p := range params {
		at := e.model.sites[p.Path]
		switch {
		case grads[i] != nil:
		case reached[p.Node]:
			e.lintBlocked(p, at)
		case !e.reportedUnused(p):
			idle = append(idle, p)
		}
	}
	e.lintIdle(idle)
}

// reportedUnused reports whether the resolver has warned that the layer which declares a parameter never uses it.
func (e *elaborator) reportedUnused(p *Param) bool {
	for _, d := range e.pkg.list {
		if d.Code == unusedName && d.Pos == p.Pos {
			return true
		}
	}
	return false
}

// lintBlocked reports a parameter that the loss depends on, but only where no derivative flows.
func (e *elaborator) lintBlocked(p *Param, at site) {
	loss := e.model.out.Train.Loss
	_, stop := flow(loss.Node, p.Node)
	if stop != nil && stop.Op == symbolic.OpStopGradient {
		at.report(&e.list, untrainedParam, "the loss depends on %s through stop_gradient only: it never moves", p.Path).
			Notef(loss.Pos, e.model.lossAt.End(), "the loss is defined here")
		return
	}
	d := at.report(&e.list, noDerivative, "the loss depends on %s, but no gradient reaches it", p.Path)
	e.noteStop(d, stop)
}

// lintIdle reports parameters that the loss does not depend on, those of one layer together.
func (e *elaborator) lintIdle(idle []*Param) {
	loss := e.model.out.Train.Loss
	for len(idle) > 0 {
		at := e.model.sites[idle[0].Path]
		var names []string
		rest := idle[:0:0]
		for _, p := range idle {
			if s := e.model.sites[p.Path]; s.pos == at.pos && s.end == at.end {
				names = append(names, p.Path)
			} else {
				rest = append(rest, p)
			}
		}
		idle = rest
		it := "it never moves"
		if len(names) > 1 {
			it = "they never move"
		}
		at.report(&e.list, untrainedParam, "the loss does not depend on %s: %s", joined(names), it).
			Notef(loss.Pos, e.model.lossAt.End(), "the loss is defined here")
	}
}

// joined writes a list of names: a, b and c.
func joined(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// noteStop points at the op on the way from a parameter to the loss that lets no gradient through.
func (e *elaborator) noteStop(d *diag.Diagnostic, stop *symbolic.Node) {
	if stop == nil {
		return
	}
	at := e.pkg.exprOf(stop)
	if stop.Op == symbolic.OpStopGradient {
		d.Notef(at.pos, at.end, "stop_gradient stands here")
		return
	}
	d.Notef(at.pos, at.end, "the derivative of %s, which stands here, is zero", opWords(stop))
}

// exprOf returns the expression that made a node: the operator or call at its position.
func (p *loader) exprOf(n *symbolic.Node) span {
	at := span{n.Pos, n.Pos}
	f := p.files[p.fset.Position(n.Pos).Filename]
	if f == nil {
		return at
	}
	syntax.Inspect(f.syntax, func(x syntax.Node) bool {
		if x == nil || n.Pos < x.Pos() || n.Pos >= x.End() {
			return false
		}
		made := false
		switch x := x.(type) {
		case *syntax.Call:
			made = exprText(x.Fun) == n.Info().Name || n.Op == symbolic.OpCast
		case *syntax.Binary:
			made = x.Op.IsCompare() && (n.Op == symbolic.OpLt || n.Op == symbolic.OpLe || n.Op == symbolic.OpEq || n.Op == symbolic.OpNe)
		}
		if made && x.Pos() == n.Pos {
			at = span{x.Pos(), x.End()}
			return false
		}
		return true
	})
	return at
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

// nameLen is the length of the last part of a path, as a span in the source.
func nameLen(path string) token.Pos {
	return token.Pos(len(path) - 1 - strings.LastIndexByte(path, '.'))
}

// noLossGradient reports an op without a derivative between a parameter and the loss.
func (e *elaborator) noLossGradient(loss *Named, err error) {
	at := e.model.lossAt
	var ge *symbolic.GradError
	if errors.As(err, &ge) && ge.Pos.IsValid() && !e.pkg.inLibrary(ge.Pos) {
		e.list.Errorf(noDerivative, ge.Pos, ge.Pos+1, "%s", err).Notef(loss.Pos, at.End(), "it stands between a parameter and the loss")
		return
	}
	e.list.Errorf(noDerivative, at.Value.Pos(), at.Value.End(), "%s", err)
}
