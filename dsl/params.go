// How do the parameters of a declaration get their values? Given values first, then shapes of tensors, then defaults.
package dsl

import (
	"fmt"
	"go/token"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A binder binds the parameters of one call in the scope of the callee's body.
type binder struct {
	e     *elaborator
	d     *decl
	sc    *scope
	at    spanned // the call
	depth int     // of the elaborator's stack in the caller: places of arguments belong there
	ok    bool
}

// bindParams defines the parameters of d in sc. The callee is on top of the stack already.
func (e *elaborator) bindParams(d *decl, sc *scope, args map[int]argument, at spanned) bool {
	b := &binder{e: e, d: d, sc: sc, at: at, depth: len(e.stack) - 1, ok: true}
	sig := d.signature()
	for i, p := range sig.params {
		if a, given := args[i]; given && p.class != tensorParam {
			sc.define(p.field.Name, b.convert(p.field, a), false)
		}
	}
	var later []int
	for i, p := range sig.params {
		a, given := args[i]
		if !given || p.class != tensorParam {
			continue
		}
		if _, tensor := a.v.(tensorVal); !tensor {
			later = append(later, i)
			continue
		}
		sc.define(p.field.Name, b.tensor(p.field, a), false)
	}
	for _, i := range later {
		p := sig.params[i]
		sc.define(p.field.Name, b.literal(p.field, args[i]), false)
	}
	for i, p := range sig.params {
		if _, given := args[i]; given || sc.names[p.name] != nil {
			continue
		}
		if p.field.Default == nil {
			b.fail(missingArgument, at, "%s needs %s", d.name.Name, p.name)
			sc.define(p.field.Name, poison{}, false)
			continue
		}
		x := p.field.Default
		var v value
		if p.class == funcParam {
			v = e.function(sc, x)
		} else {
			v = e.single(sc, x)
		}
		a := argument{v, x.Pos(), x.End(), x}
		if _, none := v.(noneVal); !none && p.class != tensorParam {
			v = b.convert(p.field, a)
		} else if !none {
			if _, tensor := v.(tensorVal); tensor {
				v = b.tensor(p.field, a)
			} else {
				v = b.literal(p.field, a)
			}
		}
		sc.define(p.field.Name, v, false)
	}
	return b.ok
}

// fail reports a mistake of the caller.
func (b *binder) fail(code string, at spanned, format string, args ...any) *diag.Diagnostic {
	b.ok = false
	depth := b.depth
	if !at.Pos().IsValid() {
		at = b.at
	}
	return b.e.placeFrom(at, depth).report(&b.e.list, code, format, args...)
}

// noteField points at a parameter's declaration.
func (b *binder) noteField(d *diag.Diagnostic, f *syntax.Field) {
	d.Notef(f.Pos(), f.End(), "%s of %s is declared here", f.Name.Name, b.d.name.Name)
}

// wordKinds says in words what a parameter of a named type takes.
var wordKinds = map[string]string{
	"int": "an int", "float": "a number", "bool": "true or false", "string": "a string", "shape": "a shape such as [n, m]",
	"list": "a list", "func": "a function", "any": "a value", "number": "a number",
}

// convert turns a given value into what a parameter that is not a tensor takes.
func (b *binder) convert(f *syntax.Field, a argument) value {
	if isPoison(a.v) {
		b.ok = false
		return a.v
	}
	word := b.word(f)
	if v, ok := b.e.asWord(word, a.v); ok {
		return v
	}
	want, known := wordKinds[word]
	if !known {
		d := b.e.errorf(unknownType, f.Type, "unknown type %s", word)
		d.Help("the types are int, float, bool, string, shape, list, func, any and tensors such as [n, m]")
		b.ok = false
		return poison{}
	}
	code, extra := argumentType, ""
	if _, tensor := a.v.(tensorVal); tensor && (word == "int" || word == "bool") {
		code, extra = notStatic, " known at generate time"
	}
	d := b.fail(code, a, "%s of %s takes %s%s, got %s", f.Name.Name, b.d.name.Name, want, extra, valueText(a.v))
	b.noteField(d, f)
	return poison{}
}

// word returns the type word of a parameter, inferred from the default where none is written.
func (b *binder) word(f *syntax.Field) string {
	if f.Type != nil {
		if f.Type.Name == nil {
			return "any"
		}
		return f.Type.Name.Name
	}
	switch x := f.Default.(type) {
	case *syntax.StringLit:
		return "string"
	case *syntax.List:
		return "list"
	case *syntax.Ident:
		switch {
		case x.Name == "true" || x.Name == "false":
			return "bool"
		case x.Name == "none":
			return "any"
		case b.d.defaultsToFunc(x):
			return "func"
		}
	case *syntax.Lambda:
		return "func"
	}
	return "number"
}

// asWord converts v to a named type: ints become floats, nothing else changes.
func (e *elaborator) asWord(word string, v value) (value, bool) {
	if _, none := v.(noneVal); none {
		return v, word == "any"
	}
	switch word {
	case "any":
		return v, true
	case "int":
		switch v := v.(type) {
		case numVal:
			return v, v.isInt()
		case dimVal:
			return v, true
		}
	case "float", "number":
		switch x := v.(type) {
		case numVal:
			if word == "float" {
				return x.toFloat(), true
			}
			return x, true
		case dimVal:
			if word == "number" {
				return x, true
			}
			return tensorVal{e.g.Dimval(x.d, e.float)}, true
		case tensorVal:
			return x, x.n.Scalar() && x.n.DType.Float()
		}
	case "bool":
		_, ok := v.(boolVal)
		return v, ok
	case "string":
		_, ok := v.(strVal)
		return v, ok
	case "list":
		switch v.(type) {
		case listVal:
			return v, true
		case numVal:
			return listVal{v}, true
		}
	case "shape":
		_, ok := asShape(v)
		return v, ok
	case "func":
		_, ok := v.(funcVal)
		return v, ok
	}
	return nil, false
}

// tensor matches a given tensor with the shape pattern of its parameter, and binds the pattern's names.
func (b *binder) tensor(f *syntax.Field, a argument) value {
	n := a.v.(tensorVal).n
	dt, any := b.dtype(f.Type)
	if !any && n.DType != dt {
		if n.DType == symbolic.F64 && n.Scalar() && dt == symbolic.F32 {
			n = b.e.g.Must(symbolic.OpCast, symbolic.Attr{DType: dt}, n)
		} else if dt != symbolic.NoType {
			d := b.fail(argumentType, a, "%s of %s takes %s, got %s", f.Name.Name, b.d.name.Name, b.patternText(f.Type), tensorText(n))
			b.noteField(d, f)
			if dt.Float() && a.expr != nil {
				b.e.helpConvert(d, a, []argument{a})
			}
			return poison{}
		} else {
			b.ok = false
			return poison{}
		}
	}
	why, ok := b.match(f.Type.Dims, n.Shape)
	if !ok {
		b.ok = false
		if why != "" {
			d := b.fail(shapeMismatch, a, "%s of %s takes %s, got %s", f.Name.Name, b.d.name.Name, b.patternText(f.Type), tensorText(n))
			d.Labelf("%s", why)
			b.noteField(d, f)
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
		d := b.fail(argumentType, a, "%s of %s takes %s, got %s", f.Name.Name, b.d.name.Name, b.patternText(f.Type), a.v.kind())
		b.noteField(d, f)
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
		d := b.fail(shapeMismatch, a, "%s of %s takes %s, got %s", f.Name.Name, b.d.name.Name, b.patternText(f.Type), a.v.kind())
		b.noteField(d, f)
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
		b.sc.define(id, shapeValue(part), false)
	case isPoison(have.v):
		return "", false
	case valueText(have.v) != shapeValue(part).String():
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
			b.sc.define(id, sizeValue(size), false)
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

// patternText writes a tensor type as it is declared.
func (b *binder) patternText(t *syntax.Type) string { return b.e.pkg.text(t) }

// text returns the source of a node.
func (p *loader) text(n syntax.Node) string {
	f := p.fset.File(n.Pos())
	if f == nil {
		return ""
	}
	src := p.sources[f.Name()]
	lo, hi := f.Offset(n.Pos()), f.Offset(min(n.End(), token.Pos(f.Base()+f.Size())))
	if lo > hi || hi > len(src) {
		return ""
	}
	return string(src[lo:hi])
}
