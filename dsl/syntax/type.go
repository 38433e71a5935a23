// How are types parsed?

package syntax

import "nngen/dsl/diag"

// atType reports whether a type begins here.
func (p *parser) atType() bool {
	k := p.tok.Kind
	return k == Lbrack || k == Name || k == FuncKw
}

// parseType parses `[d0, d1]dtype` or a word.
func (p *parser) parseType() *Type {
	t := &Type{}
	from := p.tok.Pos
	switch p.tok.Kind {
	case Lbrack:
		t.Tensor = true
		p.opening()
		for p.tok.Kind != Rbrack && p.tok.Kind != EOF {
			t.Dims = append(t.Dims, p.dimField())
			if !p.accept(Comma) {
				break
			}
		}
		p.closing(Rbrack, "',' or ']'")
		if p.tok.Kind == Name && !p.lineBreak() {
			t.Name = p.name()
		}
	case Name:
		t.Name = p.name()
		if p.tok.Kind == Lbrack {
			p.fail(diag.Unexpected, p.tok.Pos, p.tok.End, "got '[' after the type %s, want the shape first", t.Name.Name).
				Help("write [batch, 2]" + t.Name.Name)
		}
	case FuncKw:
		l := p.next()
		t.Name = &Ident{Span{l.Pos, l.End}, l.Text}
	default:
		p.unexpected("a type such as [batch, 2] or int")
		from = p.prevEnd()
		t.Name = &Ident{emptyAt(from), "_"}
	}
	t.Span = p.span(from)
	return t
}

// dimField parses one dimension: an expression, one with a bound, or `...s`.
func (p *parser) dimField() *DimField {
	d := &DimField{}
	from := p.tok.Pos
	if p.accept(Ellipsis) {
		d.Spread = true
		d.X = p.name()
		d.Span = p.span(from)
		return d
	}
	d.X = p.binary(AddPrec)
	if p.tok.Kind == Lt {
		p.errorf(diag.Unexpected, p.tok.Pos, p.tok.End, "got '<', want '<=' before the bound of a dimension").
			Help("write <=", diag.Edit{Pos: p.tok.Pos, End: p.tok.End, New: "<="})
		p.tok.Kind = Le
	}
	if p.accept(Le) {
		d.Max = p.binary(AddPrec)
	}
	d.Span = p.span(from)
	return d
}
