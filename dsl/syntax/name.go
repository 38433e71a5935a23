// How are names and the signs between a name and its value parsed, and what stands in their place by mistake?

package syntax

import (
	"go/token"

	"nngen/dsl/diag"
)

// name parses a name. A keyword is reported and taken as a name.
func (p *parser) name() *Ident {
	switch l := p.tok; {
	case l.Kind == Name:
		p.next()
		return &Ident{Span{l.Pos, l.End}, l.Text}
	case l.Kind.IsKeyword() && (!p.lineBreak() || p.atStmt()):
		p.errorf(diag.KeywordAsName, l.Pos, l.End, "%s is a keyword, want a name", l.Text).
			Help("choose another name, such as " + l.Text + "_")
		p.next()
		return &Ident{Span{l.Pos, l.End}, l.Text}
	}
	p.unexpected("a name")
	at := p.prevEnd()
	return &Ident{Span{at, at}, "_"}
}

// atStmt reports whether the current token is the first of a statement.
func (p *parser) atStmt() bool {
	return p.i == 0 || p.toks[p.i-1].Kind == Newline && !p.inBrackets() || p.toks[p.i-1].Kind == Lbrace
}

// lineBreak reports whether the current token begins a line.
func (p *parser) lineBreak() bool { return p.i > 0 && p.lineStart(p.i) }

// assignSign consumes the sign that a production wants, = or :, and reports another one of = := : in its place.
func (p *parser) assignSign(want Token) {
	got := p.tok
	if got.Kind == want {
		p.next()
		return
	}
	switch got.Kind {
	case Set, Define, Colon:
		p.errorf(diag.WrongSeparator, got.Pos, got.End, "got '%s', want '%s'", got.Text, want).
			Help("write "+want.String(), p.signEdit(got, want))
		p.next()
	default:
		p.unexpected("'" + want.String() + "'")
	}
}

// signEdit replaces the sign got by want, with the space around it that is customary.
func (p *parser) signEdit(got Lexeme, want Token) diag.Edit {
	from, text := got.Pos, want.String()
	if want == Colon {
		from = p.prevEnd()
		if p.toks[p.i+1].Pos == got.End {
			text += " "
		}
	} else if got.Kind == Colon && p.prevEnd() == got.Pos {
		text = " " + text
	}
	return diag.Edit{Pos: from, End: got.End, New: text}
}

// surplusColon reports and skips a colon between a name and its type.
func (p *parser) surplusColon() {
	if c := p.tok; c.Kind == Colon {
		p.errorf(diag.WrongSeparator, c.Pos, c.End, "got ':', want the type directly after the name").
			Help("remove it", diag.Edit{Pos: c.Pos, End: c.End, New: p.spaceBetween(c)})
		p.next()
	}
}

// spaceBetween is what keeps the tokens around l apart when l is removed.
func (p *parser) spaceBetween(l Lexeme) string {
	if p.prevEnd() == l.Pos && p.toks[p.i+1].Pos == l.End {
		return " "
	}
	return ""
}

// emptyAt is an empty span.
func emptyAt(pos token.Pos) Span { return Span{pos, pos} }
