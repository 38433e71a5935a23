// How does `optimizer adam(lr: 0.01)` become an Optimizer? Its settings are bound, then its body is elaborated for each group
// of parameters.
package dsl

import (
	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// An optimizerBuilder elaborates the optimizer of one model.
type optimizerBuilder struct {
	e    *elaborator
	use  *syntax.OptimizerUse
	decl *decl
	out  *Optimizer
	sc   *scope           // of settings: the model's names, and t
	t    *symbolic.Node   // number of the update, from 1
	lr   *symbolic.Node   // the trainer's LR or LRScale; nil for an optimizer without lr
	args map[int]argument // settings of all groups

	doubtful bool // the model has errors, so that parameters may be missing

	states []*stateVar // of the body under elaboration
}

// A stateVar is a state of the body under elaboration.
type stateVar struct {
	name   string
	scalar bool
	init   float64
	leaf   *symbolic.Node
	now    *binding
}

// optimizerOf elaborates the model's optimizer, if it has one.
func (e *elaborator) optimizerOf() {
	use := e.model.optimize
	if use == nil || use.Call == nil {
		return
	}
	e.training, e.stack, e.implicit = true, nil, nil
	o := &optimizerBuilder{e: e, use: use, t: e.g.Leaf(symbolic.OpHyper, "t", symbolic.F64, nil)}
	e.opt = o
	defer func() { e.opt = nil }()
	o.sc = newScope(e.model.optScope)
	v := e.single(o.sc, use.Call.Fun)
	f, ok := v.(funcVal)
	if !ok {
		if !isPoison(v) {
			e.errorf(wrongKind, use.Call.Fun, "%s is not an optimizer, it is %s", exprText(use.Call.Fun), v.kind())
		}
		return
	}
	if o.decl, ok = f.fn.(*decl); !ok || !o.decl.isFunc(syntax.Optimizer) {
		d := e.errorf(wrongKind, use.Call.Fun, "%s is not an optimizer, it is %s", exprText(use.Call.Fun), v.kind())
		if near := diag.Closest(exprText(use.Call.Fun), e.pkg.optimizers(e.model.decl.file)); near != "" {
			d.Help("did you mean " + near + "?")
		}
		return
	}
	o.out = &Optimizer{Name: o.decl.name.Name, Pos: use.Pos()}
	// A schedule is evaluated at t - 1, as PyTorch's are.
	o.sc.set("t", tensorVal{e.g.Must(symbolic.OpSub, symbolic.Attr{}, o.t, e.g.Const(1, symbolic.F64))})
	if !o.settings(f) {
		return
	}
	o.groups()
	if !e.list.HasErrors() {
		e.model.out.Optimizer = o.out
	}
}

// optimizers returns the names of all optimizers that f sees.
func (p *loader) optimizers(f *file) []string {
	seen := map[string]bool{}
	for name, d := range p.std {
		seen[name] = d.isFunc(syntax.Optimizer)
	}
	for name, d := range f.decls {
		seen[name] = d.isFunc(syntax.Optimizer)
	}
	for name, is := range seen {
		if !is {
			delete(seen, name)
		}
	}
	return sorted(seen)
}

// settings binds the arguments of the optimizer; clip and average belong to all optimizers.
func (o *optimizerBuilder) settings(f funcVal) bool {
	e := o.e
	call := *o.use.Call
	call.Args = nil
	for _, a := range o.use.Call.Args {
		if a.Name != nil && a.Name.Name == "clip" {
			o.clip(a)
			continue
		}
		if a.Name != nil && a.Name.Name == "average" {
			o.average(a)
			continue
		}
		call.Args = append(call.Args, a)
	}
	args, ok := e.bind(o.sc, f, &call, false)
	if !ok {
		return false
	}
	o.args = args
	return true
}

// body elaborates the optimizer for one set of settings into gr.
func (o *optimizerBuilder) body(gr *Group, args map[int]argument) {
	e := o.e
	n := symbolic.SymDim("n", 0)
	if !e.push(o.decl, o.sc, o.use.Call, args) {
		return
	}
	defer e.pop()
	e.optimizer = true
	defer func() { e.optimizer = false }()
	o.states = nil

	sc := fileScope(o.decl.file, newUnit(optimizerBody, o.decl, &frame{slots: map[string]*slot{}}, noPrefix))
	e.g.Pos = o.decl.name.Pos()
	p := e.g.Leaf(symbolic.OpArg, "p", e.float, []symbolic.Dim{n})
	g := e.g.Leaf(symbolic.OpArg, "g", e.float, []symbolic.Dim{n})
	if !e.bindParams(o.decl, sc, args, o.use.Call) {
		return
	}
	inner := newScope(sc)
	inner.set("g", tensorVal{g})
	inner.names["g"].fixed = false
	inner.set("t", tensorVal{o.t})
	inner.set("p", tensorVal{p})
	inner.names["p"].fixed = false
	e.block(inner, o.decl.node.(*syntax.FuncDecl).Body.Stmts)
	if e.list.HasErrors() {
		return
	}
	next := inner.names["p"]
	if next.v == value(tensorVal{p}) {
		e.errorf(badSetting, o.decl.name, "the optimizer %s never changes p", o.decl.name.Name)
		return
	}
	o.split(gr, p, g, n, next)
}

// optimizerState elaborates `state m, v` and `state prod float = 1`.
func (e *elaborator) optimizerState(sc *scope, s *syntax.StateDecl) {
	o := e.opt
	scalar := false
	if s.Type != nil {
		if s.Type.Tensor || s.Type.Name.Name != "float" {
			e.errorf(unknownType, s.Type, "a state of an optimizer is like the parameter, or a float: state %s float = 1", s.Names[0].Name)
			for _, id := range s.Names {
				sc.define(id, poison{}, false)
			}
			return
		}
		scalar = true
	}
	init := 0.0
	if s.Init != nil {
		v := e.single(sc, s.Init)
		num, ok := v.(numVal)
		if !ok {
			if !isPoison(v) {
				e.errorf(notStatic, s.Init, "a state starts as a number known at generate time, got %s", v.kind())
			}
			return
		}
		init = num.float64()
	}
	for _, id := range s.Names {
		for _, old := range o.states {
			if old.name == id.Name {
				e.errorf(declaredTwice, id, "the state %s is declared twice", id.Name).Notef(old.now.pos, old.now.end, "first declared here")
				sc.define(id, poison{}, false)
				return
			}
		}
		e.g.Pos = id.Pos()
		st := &stateVar{name: id.Name, scalar: scalar, init: init}
		if scalar {
			st.leaf = e.g.Leaf(symbolic.OpState, id.Name, symbolic.F64, nil)
		} else {
			st.leaf = e.g.Leaf(symbolic.OpArg, id.Name, e.float, []symbolic.Dim{symbolic.SymDim("n", 0)})
		}
		st.now = sc.define(id, tensorVal{st.leaf}, false)
		o.states = append(o.states, st)
	}
}
