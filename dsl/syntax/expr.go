// How are expressions parsed? Precedence climbing over the table in token.go.

package syntax

import (
	"strconv"

	"nngen/dsl/diag"
)

// expr parses an expression: a lambda or operators over operands.
func (p *parser) expr() Expr {
	if p.atLambda() {
		return p.lambda()
	}
	return p.binary(OrPrec)
}

// atLambda reports whether the parameters of a lambda and its arrow stand here.
func (p *parser) atLambda() bool {
	if p.tok.Kind != Lparen {
		return p.tok.Kind == Name && p.ahead(1) == Arrow
	}
	toks := p.toks[p.i+1:]
	for toks[0].Kind == Name || toks[0].Kind == Comma || toks[0].Kind == Newline {
		toks = toks[1:]
	}
	if toks[0].Kind != Rparen {
		return false
	}
	toks = toks[1:]
	for p.inBrackets() && toks[0].Kind == Newline {
		toks = toks[1:]
	}
	return toks[0].Kind == Arrow
}

// lambda parses `x => e` or `(a, b) => e`.
func (p *parser) lambda() Expr {
	p.enter()
	defer p.leave(1)
	l := &Lambda{}
	from := p.tok.Pos
	if p.tok.Kind == Lparen {
		p.opening()
		for p.tok.Kind != Rparen && p.tok.Kind != EOF {
			l.Params = append(l.Params, p.name())
			if !p.accept(Comma) {
				break
			}
		}
		p.closing(Rparen, "',' or ')'")
	} else {
		l.Params = append(l.Params, p.name())
	}
	if arrow := p.tok; arrow.Kind == Arrow && arrow.Text != Arrow.String() {
		p.errorf(diag.ForeignOperator, arrow.Pos, arrow.End, "got '%s', want '=>'", arrow.Text).
			Help("write =>", diag.Edit{Pos: arrow.Pos, End: arrow.End, New: "=>"})
	}
	p.expect(Arrow)
	l.Body = p.expr()
	l.Span = p.span(from)
	return l
}

// binary parses operators that bind at least as tightly as min, a level up to MulPrec.
func (p *parser) binary(min int) Expr {
	levels := 0
	defer func() { p.leave(levels) }()
	var x Expr
	if p.tok.Kind == Not && min <= NotPrec {
		p.enter()
		op := p.next()
		x = p.binary(NotPrec)
		x = &Unary{p.span(op.Pos), op.Kind, x}
		p.leave(1)
	} else {
		x = p.unary()
	}
	for {
		op := p.tok
		prec := op.Kind.Precedence()
		if prec < min || prec == LowestPrec || prec >= UnaryPrec {
			return x
		}
		if left, ok := x.(*Binary); ok && op.Kind.IsCompare() && left.Op.IsCompare() {
			p.chained(left, op)
		}
		p.enter()
		levels++
		p.next()
		y := p.binary(prec + 1)
		x = &Binary{Span{x.Pos(), y.End()}, op.Kind, op.Pos, x, y}
	}
}

// chained reports a < b < c, with a < b and b < c as the fix.
func (p *parser) chained(left *Binary, op Lexeme) {
	middle := p.text(left.Y.Pos(), left.Y.End())
	d := p.errorf(diag.ChainedCompare, op.Pos, op.End, "comparisons do not chain, got a second one after '%s'", left.Op).
		Notef(left.OpPos, left.OpPos, "the first comparison")
	d.Help("write and between them", diag.Edit{Pos: op.Pos, End: op.Pos, New: "and " + middle + " "})
}

// unary parses `-x`, `+x`, or a power.
func (p *parser) unary() Expr {
	op := p.tok
	switch op.Kind {
	case Sub, Add:
		p.enter()
		defer p.leave(1)
		p.next()
		x := p.unary()
		return &Unary{p.span(op.Pos), op.Kind, x}
	case Not:
		p.enter()
		defer p.leave(1)
		p.next()
		x := p.binary(NotPrec)
		if !p.failed {
			p.errorf(diag.NeedsParens, op.Pos, op.End, "not binds less tightly than the operator before it").
				Help("write parentheses around it", diag.Edit{Pos: op.Pos, End: op.Pos, New: "("}, diag.Edit{Pos: x.End(), End: x.End(), New: ")"})
		}
		return &Unary{p.span(op.Pos), op.Kind, x}
	}
	x := p.postfix()
	if pow := p.tok; pow.Kind == Pow {
		p.enter()
		defer p.leave(1)
		p.next()
		y := p.unary()
		return &Binary{Span{x.Pos(), y.End()}, Pow, pow.Pos, x, y}
	}
	return x
}

// postfix parses an operand followed by calls, indices, selectors and `as`.
func (p *parser) postfix() Expr {
	levels := 0
	defer func() { p.leave(levels) }()
	x := p.operand()
	for {
		broken := p.lineBreak() // in brackets: ( or [ on a new line begins a new element
		if k := p.tok.Kind; k == Lparen || k == Lbrack || k == Dot || k == As_ {
			p.enter()
			levels++
		}
		switch k := p.tok.Kind; {
		case k == Lparen && !broken:
			x = p.call(x)
		case k == Lbrack && !broken:
			x = p.index(x)
		case k == Dot:
			p.next()
			sel := p.memberName()
			x = &Selector{p.span(x.Pos()), x, sel}
		case k == As_:
			return p.as(x)
		default:
			return x
		}
	}
}

// memberName parses the name after a dot, where keywords are names too.
func (p *parser) memberName() *Ident {
	if p.nextStmt() {
		at := p.prevEnd()
		p.fail(diag.Unexpected, at, at, "got end of line, want a name")
	}
	switch l := p.tok; {
	case l.Kind.IsKeyword() && l.Kind.continues(): // the line end after it would be lost
		p.fail(diag.KeywordAsName, l.Pos, l.End, "%s is a keyword, want a name", l.Text)
	case l.Kind.IsKeyword() && !p.lineBreak():
		p.next()
		return &Ident{Span{l.Pos, l.End}, l.Text}
	}
	return p.name()
}

// as parses `as name` or `as name[i]` after the call x.
func (p *parser) as(x Expr) Expr {
	kw := p.next()
	a := &As{X: x}
	a.Name = p.name()
	if p.tok.Kind == Lbrack && !p.lineBreak() {
		p.opening()
		a.Index = p.expr()
		p.closing(Rbrack, "']'")
	}
	a.Span = p.span(x.Pos())
	if _, ok := x.(*Call); !ok {
		if _, bad := x.(*BadExpr); !bad {
			p.errorf(diag.AsWithoutCall, kw.Pos, kw.End, "as names the instance that the call at its left makes, got %s at its left", p.kindOf(x))
		}
		return a
	}
	if p.tok.Kind == As_ {
		p.fail(diag.AsWithoutCall, p.tok.Pos, p.tok.End, "got a second as, want one name for the instance")
	}
	return a
}

// call parses the arguments of a call of fun.
func (p *parser) call(fun Expr) Expr {
	c := &Call{Fun: fun}
	c.Lparen = p.opening().Pos
	var named *Arg
	for p.tok.Kind != Rparen && p.tok.Kind != EOF {
		a := p.arg()
		if a.Name != nil {
			named = a
		} else if named != nil {
			p.errorf(diag.ArgumentOrder, a.Pos(), a.End(), "positional argument after the named argument %s", named.Name.Name).
				Notef(named.Pos(), named.End(), "named argument")
		}
		c.Args = append(c.Args, a)
		if !p.accept(Comma) {
			break
		}
	}
	p.closing(Rparen, "',' or ')'")
	c.Span = p.span(fun.Pos())
	return c
}

// arg parses `x` or `axis: -1`; a keyword may be the name of an argument.
func (p *parser) arg() *Arg {
	a := &Arg{}
	from := p.tok
	named := from.Kind == Name || from.Kind.IsKeyword()
	if next := p.ahead(1); named && (next == Colon || next == Set || next == Define) {
		p.next()
		a.Name = &Ident{Span{from.Pos, from.End}, from.Text}
		p.assignSign(Colon)
	}
	a.Value = p.expr()
	a.Span = p.span(from.Pos)
	return a
}

// index parses `[i, lo:hi, :]` after x.
func (p *parser) index(x Expr) Expr {
	ix := &Index{X: x}
	p.opening()
	if p.tok.Kind == Rbrack {
		p.unexpected("an index or ':'")
	}
	for p.tok.Kind != Rbrack && p.tok.Kind != EOF {
		ix.Subs = append(ix.Subs, p.subscript())
		if !p.accept(Comma) {
			break
		}
	}
	p.closing(Rbrack, "',' or ']'")
	ix.Span = p.span(x.Pos())
	return ix
}

// subscript parses one index or a slice lo:hi:step with any part missing.
func (p *parser) subscript() Expr {
	from := p.tok.Pos
	var parts [3]Expr
	n := 0
	for {
		if k := p.tok.Kind; k != Colon && k != Comma && k != Rbrack {
			parts[n] = p.expr()
		}
		if p.tok.Kind != Colon || n == 2 {
			break
		}
		p.next()
		n++
	}
	if n == 0 && parts[0] != nil {
		return parts[0]
	}
	if n == 0 {
		p.unexpected("an index or ':'")
		return &BadExpr{emptyAt(p.prevEnd())}
	}
	return &Slice{p.span(from), parts[0], parts[1], parts[2]}
}

// operand parses a name, a literal, a list, or an expression in parentheses.
func (p *parser) operand() Expr {
	l := p.tok
	span := Span{l.Pos, l.End}
	if p.nextStmt() {
		return p.noOperand()
	}
	switch l.Kind {
	case Name:
		p.next()
		return &Ident{span, l.Text}
	case Number:
		p.next()
		return &NumberLit{span, l.Text}
	case String:
		return p.stringLit("a string")
	case Lparen:
		p.enter()
		defer p.leave(1)
		p.opening()
		x := p.expr()
		if p.tok.Kind == Comma {
			p.unexpected("')'").Help("values in parentheses stand alone; a list is written [a, b]")
		}
		p.closing(Rparen, "an operator or ')'")
		return &Paren{p.span(l.Pos), x}
	case Lbrack:
		p.enter()
		defer p.leave(1)
		list := &List{}
		p.opening()
		for p.tok.Kind != Rbrack && p.tok.Kind != EOF {
			list.Elems = append(list.Elems, p.expr())
			if !p.accept(Comma) {
				break
			}
		}
		p.closing(Rbrack, "',' or ']'")
		list.Span = p.span(l.Pos)
		return list
	case LossKw: // the model's loss, as in grad(loss, x)
		p.next()
		return &Ident{span, l.Text}
	case ScanKw, TrainKw, EntryKw, CustomKw, YieldKw, InoutKw:
		p.fail(diag.Reserved, l.Pos, l.End, "%s is reserved for a later version", l.Text)
		return &BadExpr{emptyAt(p.prevEnd())}
	}
	return p.noOperand()
}

// nextStmt reports whether the next statement begins here though this one is not complete: the line before ended with an
// operator.
func (p *parser) nextStmt() bool {
	return !p.failed && p.i > 0 && !p.inBrackets() && p.toks[p.i-1].Kind.continues() && p.lineStart(p.i) && p.beginsStmt(p.i)
}

// noOperand fails at a token that begins no expression.
func (p *parser) noOperand() Expr {
	l := p.tok
	at := p.prevEnd()
	switch {
	case p.nextStmt():
		p.fail(diag.Unexpected, at, at, "got end of line, want an expression")
	case l.Kind.IsKeyword() && l.Kind != And && l.Kind != Or && l.Kind != Else && l.Kind != In && l.Kind != As_ && !p.lineBreak():
		p.fail(diag.KeywordAsName, l.Pos, l.End, "%s is a keyword, want an expression", l.Text)
	case l.Kind == DotDot:
		p.unexpected("an expression").Help("a range has both ends: 0..4")
	case l.Kind == Ellipsis:
		p.unexpected("an expression").Help("...s stands in types only; write : for a whole axis")
	default:
		p.unexpected("an expression")
	}
	return &BadExpr{emptyAt(at)}
}

// stringLit parses a string; want says what it stands for.
func (p *parser) stringLit(want string) *StringLit {
	l := p.tok
	if l.Kind != String {
		p.unexpected(want)
		return &StringLit{Span: emptyAt(p.prevEnd())}
	}
	p.next()
	value, err := strconv.Unquote(l.Text)
	if err != nil { // the scanner only lets through what it can unquote
		value = ""
	}
	return &StringLit{Span{l.Pos, l.End}, value}
}
