// How is a layer called within its model, and where do its parameters live? Paths such as blk.3.attn.W.
package dsl

import (
	"fmt"
	"go/token"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// naming is what the source says about the name of the layer that a call makes.
type naming struct {
	name     string
	index    string // of `as blk[i]`; "" without
	explicit bool   // by as
	variable bool   // by the variable at the left
	at       spanned
	end      token.Pos // of the index
}

// namer returns the path in front of the parameters of the layer that call c of d makes. It is asked only when there are
// parameters: then the name is taken, or an error reported.
func (e *elaborator) namer(u *unit, d *decl, nm naming, c spanned) func() (string, bool) {
	asked, path, ok := false, "", false
	return func() (string, bool) {
		if asked {
			return path, ok
		}
		asked = true
		if u.kind == funcBody {
			e.errorf(impureFunc, c, "%s is a func and cannot own the parameters of the layer %s", u.decl.name.Name, d.name.Name).
				Notef(u.decl.name.Pos(), u.decl.name.End(), "make it a layer")
			return "", false
		}
		if nm.name == "" {
			nm.name = d.name.Name
		}
		name := nm.name
		at := c
		if nm.explicit {
			at = nm.at
		}
		if nm.index != "" {
			name += "." + nm.index
		}
		if !e.take(u, nm, d, at, c) {
			// The mistake is reported; a name that nobody can write keeps the layers apart, so that the rest is checked.
			u.unnamed++
			name = fmt.Sprintf("%s~%d", name, u.unnamed)
		}
		front, fine := u.prefix()
		path, ok = front+name+".", fine
		return path, ok
	}
}

// take reserves the name of a layer in its unit.
func (e *elaborator) take(u *unit, nm naming, d *decl, at, c spanned) bool {
	name := nm.name
	old := u.taken[name]
	if old == nil {
		u.taken[name] = &taken{pos: at.Pos(), end: at.End(), indexed: nm.index != "", indices: map[string]bool{nm.index: true}}
		return true
	}
	if old.indexed && nm.index != "" && !old.indices[nm.index] {
		old.indices[nm.index] = true
		return true
	}
	site := e.place(at)
	what := name
	if nm.index != "" {
		what += "[" + nm.index + "]"
	}
	diagnostic := site.report(&e.list, instanceName, "%s names a layer already", what)
	if old.pos != at.Pos() {
		diagnostic.Notef(old.pos, old.end, "the first is made here")
	}
	switch {
	case nm.index != "" && old.indexed:
		diagnostic.Help("give each layer of the loop its own index")
	case nm.index != "" || old.indexed:
		diagnostic.Help("one name is either a single layer or has an index")
	case len(u.loops) > 0 && old.pos == at.Pos():
		diagnostic.Message = fmt.Sprintf("each round of the loop makes a layer %s", name)
		loop := u.loops[len(u.loops)-1]
		e.helpAs(diagnostic, site, nm, c, fmt.Sprintf("%s[%s]", name, loop))
	case nm.explicit:
		diagnostic.Help("choose another name")
	default:
		diagnostic.Message = fmt.Sprintf("two layers are called %s", name)
		e.helpAs(diagnostic, site, nm, c, freshName(u, d, name))
	}
	return false
}

func freshName(u *unit, d *decl, name string) string {
	for i := 2; ; i++ {
		if fresh := fmt.Sprintf("%s%d", name, i); u.taken[fresh] == nil {
			return fresh
		}
	}
}

// helpAs proposes to name a call by as.
func (e *elaborator) helpAs(d *diag.Diagnostic, s site, nm naming, c spanned, name string) {
	edits := []diag.Edit{}
	switch {
	case !s.rewritable:
	case nm.explicit:
		edits = append(edits, diag.Edit{Pos: nm.at.Pos(), End: max(nm.at.End(), nm.end), New: name})
	default:
		edits = append(edits, diag.Edit{Pos: c.End(), End: c.End(), New: " as " + name})
	}
	d.Help("name it by as "+name, edits...)
}

// slot declares a parameter in the frame of u, or finds it when a layer is applied again, and returns its leaf.
func (e *elaborator) slot(u *unit, s *slot, at spanned, again bool) (*symbolic.Node, bool) {
	fr := u.frame
	if fr.fn == nil {
		s.site = e.place(at)
	}
	if old := fr.slots[s.path]; old != nil {
		if again || u.again {
			if !symbolic.SameShape(old.shape, s.shape) {
				d := e.errorf(instanceMismatch, at, "%s is %s here, but %s where the layer was applied first", s.path,
					symbolic.ShapeString(s.shape), symbolic.ShapeString(old.shape))
				if old.call != nil {
					d.Notef(old.call.Pos(), old.call.End(), "the layer is applied first here")
				}
				d.Notef(old.pos, old.pos+nameLen(old.path), "%s is declared here", old.path)
				return nil, false
			}
			return old.leaf, true
		}
		e.errorf(declaredTwice, at, "the parameter %s exists already", s.path)
		return nil, false
	}
	pos := e.g.Pos
	e.g.Pos = s.pos
	if fr.fn == nil {
		s.leaf = e.model.param(e, s)
	} else {
		s.leaf = e.g.Leaf(symbolic.OpArg, s.path, e.float, s.shape)
	}
	e.g.Pos = pos
	fr.slots[s.path] = s
	fr.order = append(fr.order, s)
	return s.leaf, true
}

// paramDecl elaborates `param W [n, m] = init`.
func (e *elaborator) paramDecl(sc *scope, s *syntax.ParamDecl) {
	v := e.declareParam(sc, s)
	if sc.names[s.Name.Name] == nil {
		sc.define(s.Name, v, true)
	}
}

func (e *elaborator) declareParam(sc *scope, s *syntax.ParamDecl) value {
	shape, ok := e.paramShape(sc, s)
	init := e.initFunc(sc, s, shape)
	if !ok || init == nil {
		return poison{}
	}
	u := sc.unit
	prefix, ok := u.prefix()
	if !ok {
		return poison{}
	}
	layer := ""
	if u.kind != modelBody {
		layer = u.decl.name.Name
	}
	if old := u.taken[s.Name.Name]; old != nil {
		e.errorf(declaredTwice, s.Name, "%s names a layer or parameter already", s.Name.Name).Notef(old.pos, old.end, "the first is made here")
		return poison{}
	}
	u.taken[s.Name.Name] = &taken{pos: s.Name.Pos(), end: s.Name.End()}
	leaf, ok := e.slot(u, &slot{path: prefix + s.Name.Name, pos: s.Name.Pos(), layer: layer, shape: shape, init: init}, s.Name, false)
	if !ok {
		return poison{}
	}
	return tensorVal{leaf}
}

// paramShape evaluates the shape of a parameter, which must be known at generate time.
func (e *elaborator) paramShape(sc *scope, s *syntax.ParamDecl) ([]symbolic.Dim, bool) {
	if s.Type == nil || !s.Type.Tensor {
		e.errorf(unknownType, s, "a parameter is a tensor: param %s [n, m] = ..., or [] for a scalar", s.Name.Name)
		return nil, false
	}
	if s.Type.Name != nil && s.Type.Name.Name != "float" {
		e.errorf(unknownType, s.Type.Name, "a parameter holds float, got %s", s.Type.Name.Name)
		return nil, false
	}
	shape, ok := e.shape(sc, s.Type.Dims)
	if !ok {
		return nil, false
	}
	elements := 1.0
	for i, d := range shape {
		n, constant := d.Const()
		if !constant {
			e.errorf(runtimeParam, s.Type.Dims[min(i, len(s.Type.Dims)-1)], "%s has %s, which is known at run time only: parameters have fixed sizes",
				s.Name.Name, symbolic.ShapeString(shape))
			return nil, false
		}
		elements *= float64(n)
	}
	if elements > maxSize {
		e.errorf(badSize, s.Type, "%s would have %.3g elements, at most 2^31 are possible", s.Name.Name, elements)
		return nil, false
	}
	return shape, true
}

// shape evaluates the sizes of a type whose names are all defined.
func (e *elaborator) shape(sc *scope, dims []*syntax.DimField) ([]symbolic.Dim, bool) {
	var out []symbolic.Dim
	fine := true
	for _, dim := range dims {
		v := e.single(sc, dim.X)
		if isPoison(v) {
			fine = false
			continue
		}
		if dim.Spread {
			s, ok := asShape(v)
			if !ok {
				e.errorf(wrongKind, dim, "... needs a shape, got %s", v.kind())
				fine = false
			}
			out = append(out, s...)
			continue
		}
		d, ok := e.size(dim.X, v)
		fine = fine && ok
		out = append(out, d)
	}
	return out, fine
}

// size checks that v is a size: an int of at least 1.
func (e *elaborator) size(at spanned, v value) (symbolic.Dim, bool) {
	d, ok := asDim(v)
	if !ok {
		e.errorf(wrongKind, at, "a size must be an int, got %s", v.kind())
		return symbolic.Dim{}, false
	}
	if n, constant := d.Const(); constant && n < 1 {
		e.errorf(badSize, at, "a size must be at least 1, got %d", n)
		return symbolic.Dim{}, false
	}
	return d, true
}

// initFunc elaborates the initial value of a parameter into a Func without parameters. Equal ones share it.
func (e *elaborator) initFunc(sc *scope, s *syntax.ParamDecl, shape []symbolic.Dim) *symbolic.Func {
	if s.Init == nil {
		e.errorf(missingArgument, s, "%s has no initial value", s.Name.Name).
			Help("such as = 0 or = glorot_uniform()", diag.Edit{Pos: s.End(), End: s.End(), New: " = 0"})
		return nil
	}
	if shape == nil && s.Type != nil && len(s.Type.Dims) > 0 {
		return nil
	}
	pos, implicit, optimizer := e.g.Pos, e.implicit, e.optimizer
	defer func() { e.g.Pos, e.implicit, e.optimizer = pos, implicit, optimizer }()
	e.implicit, e.optimizer = append([]symbolic.Dim{}, shape...), false
	fn := &layerFunc{}
	fr := &frame{fn: fn, slots: map[string]*slot{}}
	inner := newScope(sc)
	inner.unit = newUnit(funcBody, e.bodyDecl(), fr, noPrefix)
	v := e.single(inner, s.Init)
	if f, ok := v.(funcVal); ok { // = glorot_uniform
		sig := f.fn.signature()
		if takesShape(f.fn) {
			args := map[int]argument{0: {v: shapeValue(shape), pos: s.Init.Pos(), end: s.Init.End()}}
			for i, a := range f.pre {
				args[i] = a
			}
			call := &syntax.Call{Span: syntax.Span{From: s.Init.Pos(), To: s.Init.End()}, Fun: s.Init}
			e.implicit = nil
			if !e.complete(f.fn, sig, args, call) {
				return nil
			}
			v = e.invoke(inner, f.fn, args, call, naming{})
		}
	}
	if isPoison(v) {
		return nil
	}
	n, ok := e.toNode(argument{v, s.Init.Pos(), s.Init.End(), s.Init}, e.float)
	if !ok {
		return nil
	}
	for _, m := range symbolic.Reach(n) {
		switch m.Op {
		case symbolic.OpInput, symbolic.OpParam, symbolic.OpArg, symbolic.OpHyper, symbolic.OpState, symbolic.OpCall:
			e.errorf(notStatic, s.Init, "the initial value of %s depends on values known at run time only", s.Name.Name)
			return nil
		}
	}
	_, _, fits := broadcast([]*symbolic.Node{n, e.g.Const(0, e.float, shape...)})
	if !fits || n.Rank() > len(shape) {
		e.errorf(resultMismatch, s.Init, "the initial value of %s is %s, want %s", s.Name.Name, tensorText(n), typeText(shape, e.float))
		return nil
	}
	wide, err := e.g.Expand(n, shape)
	if err != nil {
		e.errorf(resultMismatch, s.Init, "the initial value of %s is %s, want %s", s.Name.Name, tensorText(n), typeText(shape, e.float))
		return nil
	}
	key := fmt.Sprint(wide.ID())
	if e.inits[key] == nil {
		e.inits[key] = &symbolic.Func{Name: e.funcName("init"), Doc: e.pkg.text(s.Init), Results: []symbolic.Result{{Name: "value", Node: wide}}}
	}
	return e.inits[key]
}

// An instance is a layer made by `use`: applied any number of times, always with the same parameters.
type instance struct {
	name    string
	decl    *decl
	unit    *unit
	at      spanned
	pre     map[int]argument
	applied bool
	path    func() (string, bool)
}

func (i *instance) calleeName() string    { return i.name }
func (i *instance) noun() string          { return "layer" }
func (i *instance) signature() *signature { return i.decl.signature() }

// use elaborates `use e = embedding(vocab, d)`: a partial application with a path.
func (e *elaborator) use(sc *scope, s *syntax.Use) {
	v := value(poison{})
	if s.Call != nil {
		v = e.call(sc, s.Call, naming{}, true)
	}
	f, ok := v.(funcVal)
	if !ok {
		sc.define(s.Name, poison{}, true)
		return
	}
	d, ok := f.fn.(*decl)
	if !ok || !d.isFunc(syntax.Layer) {
		e.errorf(wrongKind, s.Call, "use makes a layer, %s is %s", exprText(s.Call.Fun), v.kind())
		sc.define(s.Name, poison{}, true)
		return
	}
	inst := &instance{name: s.Name.Name, decl: d, unit: sc.unit, at: s.Name, pre: f.pre}
	inst.path = e.namer(sc.unit, d, naming{name: s.Name.Name, explicit: true, at: s.Name}, s.Call)
	sc.define(s.Name, funcVal{fn: inst, pre: f.pre}, true)
}

// applyInstance elaborates a call of a layer made by use.
func (e *elaborator) applyInstance(sc *scope, inst *instance, args map[int]argument, c spanned) value {
	again := inst.applied
	inst.applied = true
	if !again {
		defer func(n int) { // the places of the parameters that this call declares
			for _, s := range inst.unit.frame.order[n:] {
				s.call = c
			}
		}(len(inst.unit.frame.order))
	}
	inner := *sc
	inner.unit = inst.unit
	if sc.unit.frame != inst.unit.frame {
		return e.fail(wrongPlace, c, "%s belongs to %s and cannot be applied inside another layer", inst.name, inst.unit.kind)
	}
	return e.applyLayer(&inner, inst.decl, args, c, inst.path, again)
}

// instanceParam elaborates e.W: a parameter of a layer made by use. Before the first application it is declared at once
// when its size does not depend on the tensors that the layer is applied to.
func (e *elaborator) instanceParam(inst *instance, x *syntax.Selector) value {
	path, ok := inst.path()
	if !ok {
		return poison{}
	}
	if s := inst.unit.frame.slots[path+x.Sel.Name]; s != nil {
		return tensorVal{s.leaf}
	}
	f := inst.decl.node.(*syntax.FuncDecl)
	var names []string
	for _, s := range f.Body.Stmts {
		p, ok := s.(*syntax.ParamDecl)
		if !ok {
			continue
		}
		names = append(names, p.Name.Name)
		if p.Name.Name == x.Sel.Name && !inst.applied {
			return e.earlyParam(inst, p, x)
		}
	}
	d := e.errorf(undefinedName, x.Sel, "the layer %s has no parameter %s", inst.name, x.Sel.Name)
	switch near := diag.Closest(x.Sel.Name, names); {
	case near != "":
		d.Help("did you mean "+near+"?", diag.Edit{Pos: x.Sel.Pos(), End: x.Sel.End(), New: near})
	case len(names) > 0:
		d.Help("its parameters are " + strings.Join(names, ", "))
	}
	return poison{}
}

// earlyParam declares a parameter of a layer that was not applied yet.
func (e *elaborator) earlyParam(inst *instance, p *syntax.ParamDecl, x *syntax.Selector) value {
	if !e.push(inst.decl, nil, x, inst.pre) {
		return poison{}
	}
	defer e.pop()
	u := newUnit(layerBody, inst.decl, inst.unit.frame, inst.path)
	sc := fileScope(inst.decl.file, u)
	b := &binder{e: e, d: inst.decl, sc: sc, at: x, depth: len(e.stack) - 1, ok: true}
	for i, q := range inst.signature().params {
		if q.class == tensorParam {
			continue
		}
		if a, given := inst.pre[i]; given {
			sc.define(q.field.Name, b.convert(q.field, a), false)
		} else if q.field.Default != nil {
			v := value(nil)
			if q.class == funcParam {
				v = e.function(sc, q.field.Default)
			} else {
				v = e.single(sc, q.field.Default)
			}
			sc.define(q.field.Name, v, false)
		}
	}
	if !b.ok {
		return poison{}
	}
	for _, dim := range p.Type.Dims {
		missing := ""
		syntax.Inspect(dim.X, func(n syntax.Node) bool {
			if id, ok := n.(*syntax.Ident); ok && missing == "" && sc.find(id.Name) == nil {
				if _, known := e.outer(inst.decl.file, id.Name, id); !known {
					missing = id.Name
				}
			}
			return true
		})
		if missing != "" {
			e.pop()
			v := e.fail(instanceUnapplied, x, "the size of %s is not known before %s is applied: %s comes from its argument", x.Sel.Name, inst.name, missing)
			e.stack = append(e.stack, call{name: inst.name, decl: inst.decl})
			return v
		}
	}
	u.again = true
	return e.declareParam(sc, p)
}
