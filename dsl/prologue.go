// Which part of an optimizer runs once a step? Scalars of the step number, hyperparameters and scalar states: in float64,
// before the loop over the parameters.
package dsl

import (
	"fmt"

	"nngen/symbolic"
)

// split cuts the graph of one body into the group's prologue and update.
func (o *optimizerBuilder) split(gr *Group, p, g *symbolic.Node, n symbolic.Dim, next *binding) {
	e := o.e
	vector := []symbolic.Dim{n}
	results := []symbolic.Result{}
	if r, ok := o.final(next, vector, e.float); ok {
		results = append(results, symbolic.Result{Name: "p", Node: r})
	}
	var scalars []symbolic.Result
	params := []*symbolic.Node{p, g}
	var scalarLeaves []*symbolic.Node
	for _, st := range o.states {
		if st.scalar {
			gr.ScalarStates = append(gr.ScalarStates, State{st.name, st.init})
			scalarLeaves = append(scalarLeaves, st.leaf)
			if r, ok := o.final(st.now, nil, symbolic.F64); ok {
				scalars = append(scalars, symbolic.Result{Name: st.name, Node: r})
			}
			continue
		}
		gr.States = append(gr.States, State{st.name, st.init})
		params = append(params, st.leaf)
		if r, ok := o.final(st.now, vector, e.float); ok {
			results = append(results, symbolic.Result{Name: st.name, Node: r})
		}
	}
	if e.list.HasErrors() {
		return
	}
	o.cut(gr, results, scalars, params, scalarLeaves, n)
}

// cut makes the prologue and the update of gr from what they return.
func (o *optimizerBuilder) cut(gr *Group, results, scalars []symbolic.Result, params, scalarLeaves []*symbolic.Node, n symbolic.Dim) {
	e := o.e
	once := onceAStep(results, scalars)
	for i, r := range scalars {
		if !once[r.Node] {
			st := o.scalarState(r.Name)
			e.errorf(badSetting, st.now, "the scalar state %s depends on the parameter: it can depend on t, hypers and scalar states only", scalars[i].Name)
			return
		}
	}
	cuts := boundary(results, once)
	subst := map[*symbolic.Node]*symbolic.Node{}
	taken := map[string]bool{}
	for _, p := range params {
		taken[p.Attr.Name] = true
	}
	for _, r := range scalars {
		taken[r.Name] = true
	}
	prologue := &symbolic.Func{Name: e.funcName("prologue"), Doc: "computes the numbers of one step of " + o.out.Name}
	for _, c := range cuts {
		name := e.g.Name(c)
		if c.Op == symbolic.OpHyper || c.Op == symbolic.OpState {
			name = c.Attr.Name
		}
		for i := 1; name == "" || taken[name]; i++ {
			name = fmt.Sprintf("c%d", i)
		}
		taken[name] = true
		leaf := e.g.Leaf(symbolic.OpArg, name, c.DType, nil)
		subst[c] = leaf
		params = append(params, leaf)
		prologue.Results = append(prologue.Results, symbolic.Result{Name: name, Node: c})
	}
	prologue.Results = append(prologue.Results, scalars...)
	prologue.Params = o.scalarParams(prologue, scalarLeaves)

	roots := make([]*symbolic.Node, len(results))
	for i, r := range results {
		roots[i] = r.Node
	}
	for i, r := range e.g.Replace(roots, subst) {
		results[i].Node = r
	}
	gr.Prologue = prologue
	gr.Update = &symbolic.Func{Name: e.funcName("update"), Doc: "does one step of " + o.out.Name, Syms: n.Syms(), Params: params, Results: results}
	gr.Class = classOf(gr.Update)
}

// final returns the last value of p or a state as a node of the given shape and type.
func (o *optimizerBuilder) final(b *binding, shape []symbolic.Dim, dt symbolic.DType) (*symbolic.Node, bool) {
	e := o.e
	at := spanned(b)
	if !b.pos.IsValid() {
		at = o.decl.name
	}
	if t, ok := b.v.(tensorVal); ok && dt == symbolic.F64 && t.n.DType != dt {
		e.errorf(badSetting, at, "the scalar state %s depends on the parameter: it can depend on t, hypers and scalar states only", b.name)
		return nil, false
	}
	n, ok := e.toNode(argument{v: b.v, pos: at.Pos(), end: at.End()}, dt)
	if !ok {
		return nil, false
	}
	wide, err := e.g.Expand(n, shape)
	if err != nil {
		e.errorf(shapeMismatch, at, "%s becomes %s, want %s", b.name, tensorText(n), typeText(shape, dt))
		return nil, false
	}
	return wide, true
}

func (o *optimizerBuilder) scalarState(name string) *stateVar {
	for _, st := range o.states {
		if st.name == name {
			return st
		}
	}
	return nil
}

// onceAStep returns the nodes that depend on nothing but t, hypers, scalar states and constants, and are scalars of float64,
// int or bool.
func onceAStep(results ...[]symbolic.Result) map[*symbolic.Node]bool {
	var roots []*symbolic.Node
	for _, rs := range results {
		for _, r := range rs {
			roots = append(roots, r.Node)
		}
	}
	once := map[*symbolic.Node]bool{}
	for _, n := range symbolic.Reach(roots...) {
		if !n.Scalar() || n.DType == symbolic.F32 {
			continue
		}
		switch n.Info().Kind {
		case symbolic.KindLeaf:
			once[n] = n.Op == symbolic.OpHyper || n.Op == symbolic.OpState || n.Op == symbolic.OpConst
		case symbolic.KindElement:
			once[n] = true
			for _, a := range n.Args {
				once[n] = once[n] && once[a]
			}
		}
	}
	return once
}

// boundary returns the nodes of once that other nodes of the update, or its results, read; constants stay in the update.
func boundary(results []symbolic.Result, once map[*symbolic.Node]bool) []*symbolic.Node {
	var roots []*symbolic.Node
	for _, r := range results {
		roots = append(roots, r.Node)
	}
	cut := map[*symbolic.Node]bool{}
	for _, r := range roots {
		cut[r] = true
	}
	var out []*symbolic.Node
	nodes := symbolic.Reach(roots...)
	for _, n := range nodes {
		if !once[n] {
			for _, a := range n.Args {
				cut[a] = true
			}
		}
	}
	for _, n := range nodes {
		if once[n] && cut[n] && n.Op != symbolic.OpConst {
			out = append(out, n)
		}
	}
	return out
}

// scalarParams returns the leaves of a prologue: t, the trainer's rate, the model's hypers, scalar states.
func (o *optimizerBuilder) scalarParams(f *symbolic.Func, states []*symbolic.Node) []*symbolic.Node {
	reached := map[*symbolic.Node]bool{}
	for _, n := range f.Nodes() {
		reached[n] = true
	}
	candidates := []*symbolic.Node{o.t}
	if o.lr != nil {
		candidates = append(candidates, o.lr)
	}
	for _, h := range o.e.model.out.Hypers {
		candidates = append(candidates, h.Node)
	}
	var out []*symbolic.Node
	for _, n := range candidates {
		if reached[n] {
			out = append(out, n)
		}
	}
	return append(out, states...)
}

// classOf tells from its ops over what an update runs: anything that looks beyond one element is per tensor.
func classOf(f *symbolic.Func) Class {
	for _, n := range f.Nodes() {
		switch n.Info().Kind {
		case symbolic.KindElement:
			continue
		case symbolic.KindLeaf:
			if n.Op != symbolic.OpDimval && n.Op != symbolic.OpIota && n.Op != symbolic.OpRand {
				continue
			}
		case symbolic.KindLayout:
			if n.Op == symbolic.OpBroadcast {
				continue
			}
		}
		return PerTensor
	}
	return Elementwise
}
