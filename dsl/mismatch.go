// What is said about an argument that does not fit its parameter? What was wanted and found, where the parameter is
// declared, what else was compared, and what to do.
package dsl

import (
	"go/token"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// fail reports a mistake of the caller.
func (b *binder) fail(code string, at spanned, format string, args ...any) *diag.Diagnostic {
	b.ok = false
	if !at.Pos().IsValid() {
		at = b.at
	}
	return b.e.placeFrom(at, b.depth).report(&b.e.list, code, format, args...)
}

// mismatch reports that a parameter takes something else than it was given.
func (b *binder) mismatch(code string, f *syntax.Field, a argument, want, got string) *diag.Diagnostic {
	outer, what, from := b.e.outermost(a, b.depth, f.Name.Name+" of "+b.d.name.Name)
	d := b.fail(code, a, "%s takes %s, got %s", what, want, got)
	noteOrigin(d, b.e, from, outer)
	d.Notef(f.Pos(), f.End(), "%s of %s is declared here", f.Name.Name, b.d.name.Name)
	return d
}

// noteOrigin says what an argument is where it is a name: its declaration may be the mistake.
func noteOrigin(d *diag.Diagnostic, e *elaborator, from *scope, a argument) {
	if from != nil && nameOf(a) != "" {
		e.noteOperands(d, from, []argument{a})
	}
}

// wrongDType reports a tensor of another element type.
func (b *binder) wrongDType(f *syntax.Field, a argument, dt symbolic.DType) {
	n := a.v.(tensorVal).n
	d := b.mismatch(argumentType, f, a, b.patternText(f.Type), tensorText(n))
	outer, _, from := b.e.outermost(a, b.depth, "")
	switch {
	case dt.Float() && outer.expr != nil:
		d.Help("convert by float(...)", diag.Edit{Pos: outer.pos, End: outer.pos, New: "float("}, diag.Edit{Pos: outer.end, End: outer.end, New: ")"})
	case dt == symbolic.I32 && n.DType.Float() && from != nil:
		if bind := from.find(nameOf(outer)); bind != nil && bind.typ != nil && bind.typ.Name == nil {
			d.Help("declare it with int", diag.Edit{Pos: bind.typ.End(), End: bind.typ.End(), New: "int"})
		}
	}
}

// wrongShape reports a tensor whose shape does not match; a name may have been bound by another argument.
func (b *binder) wrongShape(f *syntax.Field, a argument, why string) {
	n := a.v.(tensorVal).n
	d := b.mismatch(shapeMismatch, f, a, b.patternText(f.Type), tensorText(n))
	d.Labelf("%s", why)
	other, bound := b.by[b.clash]
	if !bound || !other.a.pos.IsValid() {
		return
	}
	outer, what, _ := b.e.outermost(other.a, b.depth, other.f.Name.Name+" of "+b.d.name.Name)
	d.Notes = append([]diag.Note{{Pos: outer.pos, End: outer.end, Message: what + " is " + valueText(other.a.v)}}, d.Notes...)
	mine, _, _ := b.e.outermost(a, b.depth, "")
	helpLastAxis(d, b.e.pkg, outer, mine)
}

// helpLastAxis helps with the commonest mismatch: [batch, 1] beside [batch].
func helpLastAxis(d *diag.Diagnostic, p *loader, x, y argument) {
	tx, okX := x.v.(tensorVal)
	ty, okY := y.v.(tensorVal)
	if !okX || !okY || x.expr == nil || y.expr == nil {
		return
	}
	long, short := x, y
	l, s := tx.n.Shape, ty.n.Shape
	if len(l) < len(s) {
		long, short, l, s = y, x, s, l
	}
	if len(l) != len(s)+1 || !l[len(l)-1].Is(1) || !symbolic.SameShape(l[:len(s)], s) || len(s) != 1 {
		return
	}
	d.Help("drop the last axis by "+p.text(long.expr)+"[:, 0], or declare "+p.text(short.expr)+" as "+symbolic.ShapeString(l),
		diag.Edit{Pos: long.end, End: long.end, New: "[:, 0]"})
}

// describe says what a value is, for messages about kinds.
func describe(v value) string {
	t, ok := v.(tensorVal)
	if !ok {
		return valueText(v)
	}
	switch t.n.Op {
	case symbolic.OpHyper:
		return "the hyper " + t.n.Attr.Name + ", known at run time only"
	case symbolic.OpInput:
		return "the input " + t.n.Attr.Name + " " + tensorText(t.n)
	}
	return tensorText(t.n)
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
