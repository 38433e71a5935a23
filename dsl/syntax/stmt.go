// How are blocks and statements parsed?

package syntax

import "nngen/dsl/diag"

// block parses `{ statements }`. If the head before it failed, it goes on at the brace on the same line, if any.
func (p *parser) block() *Block {
	b := &Block{Span: Span{p.prevEnd(), p.prevEnd()}}
	b.Span = p.braced(func() { b.Stmts = append(b.Stmts, p.stmt()) }, false)
	return b
}

// braced parses `{ items }` where item parses one, ended by a line end and, with commas, by a comma. It returns the span.
func (p *parser) braced(item func(), commas bool) Span {
	from := p.prevEnd()
	if p.failed && !p.skipToBrace() {
		return Span{from, from}
	}
	if p.tok.Kind == Newline && p.braceOnNextLine(p.i) {
		brace := p.toks[p.i+1]
		p.errorf(diag.LineContinuation, brace.Pos, brace.End, "got '{' on a line of its own, want it at the end of the line before").
			Help("move it up", p.joinLines(brace)...)
		p.next()
	}
	if p.tok.Kind != Lbrace {
		p.unexpected("'{'")
		if !p.skipToBrace() {
			return Span{from, from}
		}
	}
	outer := p.base
	open := p.opening()
	p.base = len(p.open)
	defer func() { p.base = outer }()
	for {
		p.skipLines()
		if p.tok.Kind == EOF || p.outdented(open) {
			p.unclosed(open)
			p.open = p.open[:p.base-1]
			return p.span(open.Pos)
		}
		if p.tok.Kind == Rbrace {
			break
		}
		start := p.i
		item()
		if commas && p.tok.Kind == Comma {
			p.next()
			continue
		}
		p.finish(start, true)
	}
	p.closing(Rbrace, "'}'")
	return p.span(open.Pos)
}

// joinLines returns the edits that move a token to the end of the line before, none when a comment stands between.
func (p *parser) joinLines(l Lexeme) []diag.Edit {
	end := p.prevEnd()
	for _, c := range p.comments {
		if c.From >= end && c.From < l.Pos {
			return nil
		}
	}
	return []diag.Edit{{Pos: end, End: l.Pos, New: " "}}
}

// outdented reports whether a model or an import begins here that is not indented more than the block opened at open: the
// block lacks its brace then.
func (p *parser) outdented(open Lexeme) bool {
	return (p.tok.Kind == ModelKw || p.tok.Kind == ImportKw) && p.lineStart(p.i) && p.indent(p.tok.Pos) <= p.indent(open.Pos)
}

// stmt parses one statement or declaration. Where each may stand is checked elsewhere, but for those of the top level.
func (p *parser) stmt() Stmt {
	p.enter()
	defer p.leave(1)
	from := p.tok.Pos
	if p.tok.Kind == Name && (p.ahead(1) == Name || p.ahead(1).IsKeyword()) {
		if s := p.foreignStmt(); s != nil {
			return s
		}
	}
	if k := p.tok.Kind; k.IsKeyword() && p.ahead(1).IsAssign() && k != LossKw && p.ahead(1) != Set {
		return p.assign() // reports the keyword
	}
	var s Stmt
	switch p.tok.Kind {
	case FuncKw:
		return p.funcDecl(Func)
	case LayerKw:
		return p.funcDecl(Layer)
	case OptimizerKw:
		if p.base == 0 {
			return p.funcDecl(Optimizer)
		}
		return p.optimizerUse()
	case ModelKw, ImportKw:
		return p.topOnly()
	case ConstKw:
		s = p.constDecl()
	case HyperKw:
		s = p.hyperDecl()
	case InputKw, TargetKw:
		s = p.inputDecl()
	case ParamKw:
		s = p.paramDecl()
	case StateKw:
		s = p.stateDecl()
	case OutputKw, LossKw, MetricKw:
		s = p.itemDecl()
	case UseKw:
		s = p.use()
	case PrecisionKw:
		p.next()
		name := p.name()
		s = &Precision{p.span(from), name}
	case ForKw:
		s = p.forStmt()
	case IfKw:
		s = p.ifStmt()
	case ReturnKw:
		p.next()
		values := []Expr{p.expr()}
		for p.accept(Comma) {
			values = append(values, p.expr())
		}
		s = &Return{p.span(from), values}
	case RequireKw:
		s = p.require()
	case Else:
		p.fail(diag.Unexpected, p.tok.Pos, p.tok.End, "got else without an if before it")
		s = &Bad{p.span(from)}
	default:
		s = p.simpleStmt()
	}
	return s
}

// topOnly parses a model or an import; below top level it reports it.
func (p *parser) topOnly() Stmt {
	first := p.tok
	if p.base > 0 {
		p.errorf(diag.Misplaced, first.Pos, first.End, "%s stands inside a block, want it at top level", first.Text)
	}
	if first.Kind == ModelKw {
		return p.modelDecl()
	}
	return p.importDecl()
}

// simpleStmt parses an assignment or, for the checker to reject, an expression.
func (p *parser) simpleStmt() Stmt {
	from := p.tok
	if from.Kind == Name && p.beginsStmt(p.i) {
		return p.assign()
	}
	if from.Kind == Rparen || from.Kind == Rbrack {
		p.fail(diag.Unopened, from.Pos, from.End, "got '%s' that closes nothing", from.Text)
		return &Bad{emptyAt(from.Pos)}
	}
	if op := from.Kind; op.Precedence() > LowestPrec && p.i > 0 {
		p.fail(diag.LineContinuation, from.Pos, from.End, "a line cannot begin with '%s': the line before ended its statement", from.Text).
			Help("put the operator at the end of the line before")
		return &Bad{p.span(from.Pos)}
	}
	x := p.expr()
	if p.tok.Kind.IsAssign() && !p.failed {
		p.fail(diag.NotAssignable, x.Pos(), x.End(), "cannot assign to %s, want a name at the left of '%s'", p.kindOf(x), p.tok.Text)
	}
	if p.failed && p.i < len(p.toks) && p.toks[p.i].Pos == from.Pos {
		return &Bad{Span{from.Pos, from.Pos}}
	}
	return &ExprStmt{p.span(from.Pos), x}
}

// kindOf names the form of an expression for messages.
func (p *parser) kindOf(x Expr) string {
	switch x.(type) {
	case *Index:
		return "an element or a slice"
	case *Selector:
		return "a member"
	case *Call, *As:
		return "the result of a call"
	case *NumberLit:
		return "a number"
	case *StringLit:
		return "a string"
	case *List:
		return "a list"
	case *Ident:
		return "a name"
	}
	return "an expression"
}

// assign parses `h := e`, `q, k, v := e`, `x = e`, `x += e`.
func (p *parser) assign() Stmt {
	a := &Assign{}
	from := p.tok.Pos
	a.Names = append(a.Names, p.name())
	for p.accept(Comma) {
		a.Names = append(a.Names, p.name())
	}
	a.OpPos, a.Op = p.tok.Pos, p.tok.Kind
	if op := p.tok; len(a.Names) > 1 && op.Kind != Define && op.Kind != Set {
		p.errorf(diag.WrongSeparator, op.Pos, op.End, "got '%s' after several names, want ':=' or '='", op.Text)
		a.Op = Set
	}
	p.next()
	a.Value = p.expr()
	if p.tok.Kind == Comma && !p.failed {
		p.fail(diag.Unexpected, p.tok.Pos, p.tok.End, "got ',' after the value, want one value").
			Help("several names take the results of one call; write one assignment for each value")
	}
	a.Span = p.span(from)
	return a
}

// forStmt parses `for i in 0..4 { }` or `for c in [16, 32] { }`.
func (p *parser) forStmt() Stmt {
	f := &For{}
	from := p.next().Pos
	f.Var = p.name()
	switch sign := p.tok; {
	case sign.Kind == Set:
		p.errorf(diag.WrongSeparator, sign.Pos, sign.End, "got '=', want in").
			Help("write in", diag.Edit{Pos: sign.Pos, End: sign.End, New: "in"})
		p.next()
	case !p.accept(In):
		p.unexpected("in").Help("loops run at generate time: for i in 0..4 { } or for c in [16, 32] { }")
	}
	f.Over = p.expr()
	if p.accept(DotDot) {
		hi := p.expr()
		f.Over = &Range{p.span(f.Over.Pos()), f.Over, hi}
	} else {
		p.rangeCall(f)
	}
	f.Body = p.block()
	f.Span = p.span(from)
	return f
}

// ifStmt parses `if cond { } else if cond { } else { }`.
func (p *parser) ifStmt() Stmt {
	s := &If{}
	from := p.next().Pos
	s.Cond = p.expr()
	if p.tok.Kind == Set {
		p.unexpected("'{'").Help("to compare, write ==", diag.Edit{Pos: p.toks[p.i].Pos, End: p.toks[p.i].End, New: "=="})
	}
	s.Then = p.block()
	if !p.failed && p.tok.Kind == Newline && p.ahead(1) == Else && p.tok.Text != ";" {
		e := p.toks[p.i+1]
		p.errorf(diag.LineContinuation, e.Pos, e.End, "got else on a line of its own, want it after the '}'").
			Help("move it up", p.joinLines(e)...)
		p.next()
	}
	switch elseIf := p.foreignElse(); {
	case elseIf, p.tok.Kind == Else && p.ahead(1) == IfKw:
		if !elseIf {
			p.next()
		}
		p.enter()
		s.Else = p.ifStmt()
		p.leave(1)
	case p.accept(Else):
		s.Else = p.block()
	}
	s.Span = p.span(from)
	return s
}

// require parses `require cond` or `require cond, "message"`.
func (p *parser) require() Stmt {
	r := &Require{}
	from := p.next().Pos
	r.Cond = p.expr()
	if p.accept(Comma) {
		r.Message = p.stringLit("the message as a string")
	}
	r.Span = p.span(from)
	return r
}
