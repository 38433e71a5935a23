// How are the declarations inside models, layers and optimizers parsed?

package syntax

import "nngen/dsl/diag"

// constDecl parses `const n = 128, m = 2*n`.
func (p *parser) constDecl() Stmt {
	d := &ConstDecl{}
	from := p.next().Pos
	for {
		d.Names = append(d.Names, p.name())
		p.assignSign(Set)
		d.Values = append(d.Values, p.expr())
		if !p.accept(Comma) {
			break
		}
	}
	d.Span = p.span(from)
	return d
}

// hyperDecl parses `hyper temp = 1.0`.
func (p *parser) hyperDecl() Stmt {
	d := &HyperDecl{}
	from := p.next().Pos
	d.Name = p.name()
	p.assignSign(Set)
	d.Value = p.expr()
	d.Span = p.span(from)
	return d
}

// inputDecl parses `input x [batch, 64]` or `target y [batch]int`.
func (p *parser) inputDecl() Stmt {
	first := p.next()
	d := &InputDecl{Target: first.Kind == TargetKw}
	d.Name = p.name()
	p.surplusColon()
	d.Type = p.parseType()
	d.Span = p.span(first.Pos)
	return d
}

// paramDecl parses `param W [n, m] = init()`.
func (p *parser) paramDecl() Stmt {
	d := &ParamDecl{}
	from := p.next().Pos
	d.Name = p.name()
	p.surplusColon()
	d.Type = p.parseType()
	if p.tok.Kind.IsAssign() || p.tok.Kind == Colon {
		p.assignSign(Set)
		d.Init = p.expr()
	}
	d.Span = p.span(from)
	return d
}

// stateDecl parses `state m, v` with an optional type and an optional initial value.
func (p *parser) stateDecl() Stmt {
	d := &StateDecl{}
	from := p.next().Pos
	d.Names = append(d.Names, p.name())
	for p.accept(Comma) {
		d.Names = append(d.Names, p.name())
	}
	p.surplusColon()
	if p.atType() {
		d.Type = p.parseType()
	}
	if p.tok.Kind.IsAssign() || p.tok.Kind == Colon {
		p.assignSign(Set)
		d.Init = p.expr()
	}
	d.Span = p.span(from)
	return d
}

// itemDecl parses `output p = e`, `loss = e` or `metric accuracy = e`.
func (p *parser) itemDecl() Stmt {
	first := p.next()
	d := &ItemDecl{Kind: Output}
	switch first.Kind {
	case LossKw:
		d.Kind = Loss
	case MetricKw:
		d.Kind = Metric
	}
	if d.Kind != Loss {
		if p.tok.Kind == Set {
			p.fail(diag.Unexpected, p.tok.Pos, p.tok.End, "got '=', want a name").
				Help("name it: " + first.Text + " p = ...")
		}
		d.Name = p.name()
	}
	p.assignSign(Set)
	d.Value = p.expr()
	d.Span = p.span(first.Pos)
	return d
}

// use parses `use e = embedding(vocab, d)`.
func (p *parser) use() Stmt {
	d := &Use{}
	from := p.next().Pos
	d.Name = p.name()
	p.assignSign(Set)
	d.Call = p.callOf(p.expr(), "use")
	d.Span = p.span(from)
	return d
}

// callOf returns x as the call that a construct wants, or reports what it is.
func (p *parser) callOf(x Expr, what string) *Call {
	switch x := x.(type) {
	case *Call:
		return x
	case *As:
		p.errorf(diag.AsWithoutCall, x.Name.Pos(), x.Name.End(), "%s gives the instance its name, got a second one after as", what)
		if c, ok := x.X.(*Call); ok {
			return c
		}
	case *BadExpr:
	case *Ident, *Selector:
		p.errorf(diag.Unexpected, x.Pos(), x.End(), "got %s, want a call", p.kindOf(x)).
			Help("write "+p.text(x.Pos(), x.End())+"()", diag.Edit{Pos: x.End(), End: x.End(), New: "()"})
	default:
		p.errorf(diag.Unexpected, x.Pos(), x.End(), "got %s, want a call", p.kindOf(x))
	}
	return &Call{Span: Span{x.Pos(), x.End()}, Fun: x, Lparen: x.End()}
}

// optimizerUse parses `optimizer adam(lr: 0.01) { for "*.b" { weight_decay: 0 } }` in a model.
func (p *parser) optimizerUse() Stmt {
	u := &OptimizerUse{}
	from := p.next().Pos
	u.Call = p.callOf(p.postfix(), "optimizer")
	if p.tok.Kind == Lbrace {
		p.braced(func() { u.Groups = append(u.Groups, p.group()) }, false)
	}
	u.Span = p.span(from)
	return u
}

// group parses `for "*.b", "*.g" { weight_decay: 0 }`.
func (p *parser) group() *Group {
	g := &Group{}
	from := p.tok.Pos
	if p.tok.Kind != ForKw {
		p.unexpected("for and a pattern").Help(`settings of an optimizer stand in its parentheses, those of a group in for "*.b" { }`)
	}
	p.next()
	g.Patterns = append(g.Patterns, p.stringLit(`a pattern such as "*.b"`))
	for p.accept(Comma) {
		g.Patterns = append(g.Patterns, p.stringLit(`a pattern such as "*.b"`))
	}
	p.braced(func() {
		a := &Arg{}
		first := p.tok.Pos
		a.Name = p.name()
		p.assignSign(Colon)
		a.Value = p.expr()
		a.Span = p.span(first)
		g.Settings = append(g.Settings, a)
	}, true)
	g.Span = p.span(min(from, g.Patterns[0].Pos()))
	return g
}
