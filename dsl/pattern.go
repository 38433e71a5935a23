// When does a tensor fit the declared shape of a parameter? Names of the pattern are bound by the first argument that has
// them, and hold for the others.
package dsl

import (
	"fmt"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// tensor matches a given tensor with the shape pattern of its parameter, and binds the pattern's names.
func (b *binder) tensor(f *syntax.Field, a argument) value {
	n := a.v.(tensorVal).n
	dt, any := b.dtype(f.Type)
	if !any && n.DType != dt {
		switch {
		case n.DType == symbolic.F64 && n.Scalar() && dt == symbolic.F32:
			n = b.e.g.Must(symbolic.OpCast, symbolic.Attr{DType: dt}, n)
		case dt == symbolic.NoType:
			b.ok = false
			return poison{}
		default:
			b.wrongDType(f, a, dt)
			return poison{}
		}
	}
	b.now = boundBy{f: f, a: a}
	why, ok := b.match(f.Type.Dims, n.Shape)
	if !ok {
		b.ok = false
		if why != "" {
			b.wrongShape(f, a, why)
		}
		return poison{}
	}
	return tensorVal{n}
}

// dtype returns the element type that a tensor type asks for; any says that it takes all.
func (b *binder) dtype(t *syntax.Type) (dt symbolic.DType, any bool) {
	if t.Name == nil {
		return b.e.float, false
	}
	switch t.Name.Name {
	case "float":
		return b.e.float, false
	case "int":
		return symbolic.I32, false
	case "bool":
		return symbolic.Bool, false
	case "any":
		return symbolic.NoType, true
	}
	b.ok = false
	b.e.errorf(unknownType, t.Name, "unknown type %s", t.Name.Name).Help("tensors hold float, int, bool, or any of these")
	return symbolic.NoType, false
}

// literal turns a number given for a tensor into a constant of the declared shape.
func (b *binder) literal(f *syntax.Field, a argument) value {
	if isPoison(a.v) {
		b.ok = false
		return a.v
	}
	dt, any := b.dtype(f.Type)
	switch a.v.(type) {
	case numVal, boolVal, dimVal:
	case noneVal:
		return a.v
	default:
		b.mismatch(argumentType, f, a, b.patternText(f.Type), a.v.kind())
		return poison{}
	}
	if any {
		dt = b.e.float
		if _, ok := a.v.(boolVal); ok {
			dt = symbolic.Bool
		}
	}
	if dt == symbolic.NoType {
		return poison{}
	}
	shape, ok := b.known(f)
	if !ok {
		b.mismatch(shapeMismatch, f, a, b.patternText(f.Type), a.v.kind())
		return poison{}
	}
	n, ok := b.e.toNode(a, dt)
	if !ok {
		b.ok = false
		return poison{}
	}
	wide, err := b.e.g.Expand(n, shape)
	if err != nil {
		b.fail(shapeMismatch, a, "%s", err)
		return poison{}
	}
	return tensorVal{wide}
}

// known returns the shape of a pattern whose names are all bound; an unbound spread is empty.
func (b *binder) known(f *syntax.Field) ([]symbolic.Dim, bool) {
	var shape []symbolic.Dim
	for _, dim := range f.Type.Dims {
		id, _ := dim.X.(*syntax.Ident)
		if dim.Spread {
			if bound := b.bound(id); bound == nil {
				b.sc.define(id, listVal{}, false)
			} else if s, ok := asShape(bound.v); ok {
				shape = append(shape, s...)
			}
			continue
		}
		if id != nil && b.bound(id) == nil {
			return nil, false
		}
		d, ok := asDim(b.e.single(b.sc, dim.X))
		if !ok {
			return nil, false
		}
		shape = append(shape, d)
	}
	return shape, true
}

// bound returns the binding of a pattern's name: in the callee, or a constant of its file.
func (b *binder) bound(id *syntax.Ident) *binding {
	if id == nil {
		return nil
	}
	if have := b.sc.names[id.Name]; have != nil {
		return have
	}
	if d := b.d.file.decls[id.Name]; d != nil {
		if c, ok := d.node.(*syntax.ConstDecl); ok {
			return &binding{name: id.Name, v: b.e.constant(d, c, id)}
		}
	}
	return nil
}

// bind gives a name of a pattern its value, and remembers which argument did.
func (b *binder) bind(id *syntax.Ident, v value) {
	b.sc.define(id, v, false)
	b.by[id.Name] = b.now
}

// match binds the names of a shape pattern to the axes of shape, left to right. Where they do not fit it says why; why is
// empty for a pattern that cannot be read, which has been reported.
func (b *binder) match(pattern []*syntax.DimField, shape []symbolic.Dim) (why string, ok bool) {
	spread := -1
	for i, dim := range pattern {
		if dim.Spread {
			spread = i
		}
	}
	if spread < 0 && len(shape) != len(pattern) || len(shape) < len(pattern)-1 {
		return rankText(len(shape), len(pattern), spread >= 0), false
	}
	for i, dim := range pattern {
		switch {
		case dim.Spread:
			why, ok = b.matchSpread(dim, shape[i:i+len(shape)-len(pattern)+1])
		case spread >= 0 && i > spread:
			why, ok = b.matchAxis(dim, len(shape)-len(pattern)+i, shape)
		default:
			why, ok = b.matchAxis(dim, i, shape)
		}
		if !ok {
			return why, false
		}
	}
	return "", true
}

// matchSpread matches ...s with several axes.
func (b *binder) matchSpread(dim *syntax.DimField, part []symbolic.Dim) (why string, ok bool) {
	id, ok := dim.X.(*syntax.Ident)
	if !ok {
		return "", false
	}
	have := b.bound(id)
	switch {
	case have == nil:
		b.bind(id, shapeValue(part))
	case isPoison(have.v):
		return "", false
	case valueText(have.v) != shapeValue(part).String():
		b.clash = id.Name
		return fmt.Sprintf("%s is %s here, %s before", id.Name, shapeValue(part), valueText(have.v)), false
	}
	return "", true
}

// matchAxis matches one size of a pattern with an axis of shape.
func (b *binder) matchAxis(dim *syntax.DimField, axis int, shape []symbolic.Dim) (why string, ok bool) {
	size := shape[axis]
	id, _ := dim.X.(*syntax.Ident)
	var v value
	if id != nil {
		have := b.bound(id)
		if have == nil {
			b.bind(id, sizeValue(size))
			return "", true
		}
		v = have.v
	} else {
		v = b.e.single(b.sc, dim.X)
	}
	if isPoison(v) {
		return "", false
	}
	want, isSize := asDim(v)
	switch {
	case !isSize:
		b.e.errorf(badPattern, dim, "a size must be an int, got %s", v.kind())
		return "", false
	case want == size:
		return "", true
	case id != nil:
		b.clash = id.Name
		return fmt.Sprintf("axis %d is %s, %s is %s", axis, size, id.Name, want), false
	}
	return fmt.Sprintf("axis %d is %s, want %s", axis, size, want), false
}

func rankText(got, want int, atLeast bool) string {
	axes := func(n int) string {
		if n == 1 {
			return "1 axis"
		}
		return valueText(intNum(n)) + " axes"
	}
	if atLeast {
		return axes(got) + ", want at least " + axes(want-1)
	}
	return axes(got) + ", want " + axes(want)
}
