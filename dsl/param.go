// What does `param W [n, m] = init` declare? A parameter of fixed size, and the Func that computes its initial value.
package dsl

import (
	"fmt"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

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
		e.inits[key] = &symbolic.Func{Name: e.funcName("init"), Doc: "makes initial values by " + e.pkg.text(s.Init), Results: []symbolic.Result{{Name: "value", Node: wide}}}
	}
	return e.inits[key]
}
