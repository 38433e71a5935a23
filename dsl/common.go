// What belongs to every optimizer? Clipping of the gradients before the update and smoothing of the parameters after it, both written in
// the language.
package dsl

import (
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// clip elaborates the function that all gradients go through.
func (o *optimizerBuilder) clip(a *syntax.Arg) {
	e := o.e
	n := symbolic.SymDim("n", 0)
	g := e.g.Leaf(symbolic.OpArg, "g", e.float, []symbolic.Dim{n})
	r, ok := o.common(a, "clip maps all gradients [n] to clipped ones [n]", g)
	if !ok {
		return
	}
	for _, m := range symbolic.Reach(r) {
		if m.Op == symbolic.OpHyper || m.Op == symbolic.OpInput || m.Op == symbolic.OpParam {
			e.errorf(badSetting, a.Value, "clip depends on %s: its settings are known at generate time", m.Attr.Name)
			return
		}
	}
	o.out.Clip = &symbolic.Func{Name: e.funcName("clip"), Doc: e.pkg.text(a.Value), Syms: n.Syms(), Params: []*symbolic.Node{g},
		Results: []symbolic.Result{{Name: "g", Node: r}}}
}

// average elaborates the function that smooths the parameters.
func (o *optimizerBuilder) average(a *syntax.Arg) {
	e := o.e
	n := symbolic.SymDim("n", 0)
	avg := e.g.Leaf(symbolic.OpArg, "a", e.float, []symbolic.Dim{n})
	p := e.g.Leaf(symbolic.OpArg, "p", e.float, []symbolic.Dim{n})
	r, ok := o.common(a, "average maps the averaged parameters [n] and the new ones [n] to averaged ones [n]", avg, p)
	if !ok {
		return
	}
	gr := &Group{}
	o.cut(gr, []symbolic.Result{{Name: "a", Node: r}}, nil, []*symbolic.Node{avg, p}, nil, n)
	if gr.Class == PerTensor {
		e.errorf(badSetting, a.Value, "average works on each element alone, this reduces over all of them")
		return
	}
	o.out.Average = gr
}

// common elaborates a setting whose function takes the given vectors first, and t, the number of the update, where it has a parameter of
// that name.
func (o *optimizerBuilder) common(a *syntax.Arg, what string, vectors ...*symbolic.Node) (*symbolic.Node, bool) {
	e := o.e
	v := e.function(o.sc, a.Value)
	f, ok := v.(funcVal)
	if !ok {
		return nil, false // poison, or none
	}
	args := map[int]argument{}
	for i, x := range vectors {
		args[i] = argument{v: tensorVal{x}, pos: a.Value.Pos(), end: a.Value.End()}
	}
	for i, b := range f.pre {
		args[i] = b
	}
	for i, p := range f.fn.signature().params {
		if _, given := args[i]; !given && p.name == "t" {
			args[i] = argument{v: tensorVal{o.t}, pos: a.Value.Pos(), end: a.Value.End()}
		}
	}
	call := &syntax.Call{Span: syntax.Span{From: a.Value.Pos(), To: a.Value.End()}, Fun: a.Value}
	if !e.complete(f.fn, f.fn.signature(), args, call) {
		return nil, false
	}
	v = e.invoke(o.sc, f.fn, args, call, naming{})
	t, ok := v.(tensorVal)
	if !ok || !symbolic.SameShape(t.n.Shape, vectors[0].Shape) || t.n.DType != e.float {
		if !isPoison(v) {
			e.errorf(badSetting, a.Value, "%s, this gives %s", what, valueText(v))
		}
		return nil, false
	}
	return t.n, true
}
