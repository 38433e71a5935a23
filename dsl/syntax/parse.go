// How is a file parsed? Entry point, the parser's state, and the top level. Recursive descent, one method per production.

// Package syntax turns the text of .nn files into a tree and back: scanner, parser with recovery, canonical formatter and
// text dumps. It knows the form of the language (docs/grammar.ebnf) and nothing of its meaning: names, shapes and where a
// declaration may stand inside a model or a function are the business of package dsl.
//
// Parse always returns a complete tree: where it could not read the source the tree holds Bad or BadExpr, or an
// identifier called "_", and a diagnostic says why. No pointer that the tree's documentation does not call optional is
// nil.
package syntax

import (
	"go/token"

	"nngen/dsl/diag"
)

// MaxNesting is how deeply expressions and blocks may nest, counting the links of a chain such as a + b + c too. It
// bounds the stack that this package and walks over the tree need.
const MaxNesting = 1000

// Parse adds a file of the given name to fset and returns its tree, never nil, and everything that is wrong with its
// form, sorted by position. After an error it goes on with the next statement.
func Parse(fset *token.FileSet, name string, src []byte) (*File, diag.List) {
	p := newParser(fset, name, src)
	file := p.parseFile(name)
	return file, p.report(fset)
}

// maxErrors is how many diagnostics of one file are kept; more tell nobody more.
const maxErrors = 1000

// report returns the diagnostics in order.
func (p *parser) report(fset *token.FileSet) diag.List {
	p.diags.Sort(fset)
	return p.diags[:min(len(p.diags), maxErrors)]
}

func newParser(fset *token.FileSet, name string, src []byte) *parser {
	toks, comments, diags := Scan(fset, name, src)
	p := &parser{file: fset.File(toks[len(toks)-1].Pos), src: src, toks: toks, comments: comments, diags: diags, closedAt: -1}
	p.tok = toks[0]
	return p
}

type parser struct {
	file     *token.File
	src      []byte
	toks     []Lexeme // ends with EOF
	comments []Comment
	diags    diag.List

	i        int      // index of the current token
	tok      Lexeme   // toks[i]; while failed, an EOF
	failed   bool     // this statement cannot go on: all productions return at once, see recover.go
	open     []Lexeme // brackets and braces that are open here
	base     int      // len(open) where the current statement begins
	depth    int      // current nesting
	closedAt int      // token index at which a missing } has been reported, -1 for none
}

// ---- tokens ----

// next consumes the current token and returns it.
func (p *parser) next() Lexeme {
	l := p.tok
	if p.failed || l.Kind == EOF {
		return l
	}
	p.i++
	p.settle()
	return l
}

// settle makes the token at i the current one, after skipping line ends inside brackets.
func (p *parser) settle() {
	for p.inBrackets() && p.toks[p.i].Kind == Newline && p.toks[p.i].Text != ";" {
		p.i++
	}
	p.tok = p.toks[p.i]
}

// ahead returns the kind of the token n places after the current one; line ends count outside brackets only.
func (p *parser) ahead(n int) Token {
	if p.failed {
		return EOF
	}
	brackets := p.inBrackets()
	for _, l := range p.toks[p.i:] {
		if brackets && l.Kind == Newline {
			continue
		}
		if n == 0 {
			return l.Kind
		}
		n--
	}
	return EOF
}

// inBrackets reports whether the innermost open bracket is ( or [, where line ends mean nothing.
func (p *parser) inBrackets() bool {
	n := len(p.open)
	return n > 0 && p.open[n-1].Kind != Lbrace
}

// accept consumes the current token if it is of the given kind.
func (p *parser) accept(kind Token) bool {
	if p.tok.Kind != kind {
		return false
	}
	p.next()
	return true
}

// expect consumes a token of the given kind, or fails.
func (p *parser) expect(kind Token) Lexeme {
	if p.tok.Kind != kind {
		p.unexpected("'" + kind.String() + "'")
		return p.tok
	}
	return p.next()
}

// opening consumes the current token, a bracket or a brace, and remembers it as open.
func (p *parser) opening() Lexeme {
	if !p.failed {
		p.open = append(p.open, p.tok)
	}
	return p.next()
}

// closing consumes the bracket or brace that closes the innermost open one; want says what may stand here.
func (p *parser) closing(kind Token, want string) {
	if p.failed {
		return
	}
	if p.tok.Kind != kind {
		if !p.strayRange() {
			p.unexpected(want)
		}
		return
	}
	p.open = p.open[:len(p.open)-1]
	p.next()
}

// prevEnd is the position just after the last token consumed that is no line end.
func (p *parser) prevEnd() token.Pos {
	for j := p.i - 1; j >= 0; j-- {
		if p.toks[j].Kind != Newline {
			return p.toks[j].End
		}
	}
	return p.toks[0].Pos
}

// span is the range from a position to the last token consumed; an empty one when nothing was consumed from there.
func (p *parser) span(from token.Pos) Span {
	to := p.prevEnd()
	return Span{min(from, to), to}
}

// text returns the source of a range.
func (p *parser) text(from, to token.Pos) string {
	return string(p.src[p.file.Offset(from):p.file.Offset(to)])
}

// enter counts one level of nesting, and fails when there are too many; the caller undoes it with leave.
func (p *parser) enter() {
	p.depth++
	if p.depth > MaxNesting {
		p.fail(diag.NestedTooDeep, p.tok.Pos, p.tok.End, "more than %d levels of nesting", MaxNesting)
	}
}

func (p *parser) leave(levels int) { p.depth -= levels }

// ---- top level ----

func (p *parser) parseFile(name string) *File {
	f := &File{Name: name, Comments: p.comments}
	for p.skipLines(); p.tok.Kind != EOF; p.skipLines() {
		start := p.i
		f.Decls = append(f.Decls, p.topDecl())
		p.finish(start, false)
	}
	f.Span = Span{token.Pos(p.file.Base()), token.Pos(p.file.Base() + p.file.Size())}
	return f
}

// skipLines consumes line ends between statements.
func (p *parser) skipLines() {
	for p.tok.Kind == Newline {
		p.next()
	}
}

// topDecl parses a declaration of the top level: import, const, func, layer, optimizer or model.
func (p *parser) topDecl() Stmt {
	first := p.tok
	if k := first.Kind; k == Rbrace || k == Rparen || k == Rbrack {
		p.errorf(diag.Unopened, first.Pos, first.End, "got '%s' that closes nothing", first.Text)
		for p.tok.Kind == Rbrace || p.tok.Kind == Rparen || p.tok.Kind == Rbrack {
			p.next()
		}
		if p.tok.Kind == Newline || p.tok.Kind == EOF {
			return &Bad{p.span(first.Pos)}
		}
	}
	s := p.stmt()
	switch s.(type) {
	case *Import, *ConstDecl, *FuncDecl, *ModelDecl, *Bad:
		return s
	}
	if !p.failed {
		switch first.Kind {
		case InputKw, TargetKw, OutputKw, LossKw, MetricKw, HyperKw, PrecisionKw:
			p.misplaced(first, "a model")
		case ParamKw, UseKw:
			p.misplaced(first, "a model or a layer")
		case StateKw:
			p.misplaced(first, "a layer or an optimizer")
		default:
			p.errorf(diag.Misplaced, first.Pos, first.End, "got %s at top level, want import, const, func, layer, optimizer or model", first.describe())
		}
	}
	return &Bad{Span{s.Pos(), s.End()}}
}

// misplaced reports a declaration at top level that belongs into a block.
func (p *parser) misplaced(l Lexeme, where string) {
	p.errorf(diag.Misplaced, l.Pos, l.End, "%s stands at top level, want it inside %s", l.Text, where)
}

// modelDecl parses `model A { ... }` or `model A = B { ... }`.
func (p *parser) modelDecl() Stmt {
	d := &ModelDecl{}
	from := p.next().Pos
	d.Name = p.name()
	if p.tok.Kind.IsAssign() || p.tok.Kind == Colon {
		p.assignSign(Set)
		d.Base = p.name()
	} else if p.tok.Kind == Lparen {
		p.unexpected("'{' or '='").Help("a model has no parameters; write input or const inside it")
	}
	d.Body = p.block()
	d.Span = p.span(from)
	return d
}

// importDecl parses `import "mine.nn"` or `import m "mine.nn"`.
func (p *parser) importDecl() Stmt {
	d := &Import{}
	from := p.next().Pos
	if p.tok.Kind == Name {
		d.Name = p.name()
	}
	d.Path = p.stringLit("a path such as \"mine.nn\"")
	d.Span = p.span(from)
	return d
}

// funcDecl parses a func, a layer, or an optimizer at top level.
func (p *parser) funcDecl(kind FuncKind) Stmt {
	d := &FuncDecl{Kind: kind}
	from := p.next().Pos
	d.Name = p.name()
	d.Params = p.fields()
	if kind == Optimizer {
		if p.accept(On) {
			d.On = p.parseType()
		}
	} else {
		d.Results = p.results(d.Name)
	}
	d.Body = p.block()
	d.Span = p.span(from)
	return d
}

// fields parses a parameter list with its parentheses.
func (p *parser) fields() []*Field {
	var fields []*Field
	if p.tok.Kind != Lparen {
		p.unexpected("'('")
		return nil
	}
	p.opening()
	for p.tok.Kind != Rparen && p.tok.Kind != EOF {
		fields = append(fields, p.field())
		if !p.accept(Comma) {
			break
		}
	}
	p.closing(Rparen, "',' or ')'")
	return fields
}

// field parses one parameter: a name, then a type, a default, or both.
func (p *parser) field() *Field {
	f := &Field{}
	from := p.tok.Pos
	f.Name = p.name()
	if next := p.ahead(1); p.tok.Kind == Colon && (next == Lbrack || next == FuncKw || next == Name) {
		p.surplusColon()
	}
	if p.atType() {
		f.Type = p.parseType()
	}
	if p.tok.Kind.IsAssign() || p.tok.Kind == Colon {
		p.assignSign(Set)
		f.Default = p.expr()
	}
	if f.Type == nil && f.Default == nil && !p.failed {
		switch p.tok.Kind {
		case Comma, Rparen:
			p.errorf(diag.UntypedParam, from, f.Name.End(), "parameter %s has neither a type nor a default value", f.Name.Name)
		default:
			p.unexpected("a type or '='")
		}
	}
	f.Span = p.span(from)
	return f
}

// results parses one result type or a list of them in parentheses.
func (p *parser) results(of *Ident) []*Type {
	if p.tok.Kind == Arrow {
		p.errorf(diag.Unexpected, p.tok.Pos, p.tok.End, "got '%s', want the result type directly after the parameters", p.tok.Text).
			Help("remove it", diag.Edit{Pos: p.tok.Pos, End: p.toks[p.i+1].Pos})
		p.next()
	}
	if p.tok.Kind == Lbrace {
		p.errorf(diag.Unexpected, p.tok.Pos, p.tok.End, "got '{', want the result type of %s", of.Name)
		return nil
	}
	if p.tok.Kind != Lparen {
		return []*Type{p.parseType()}
	}
	var types []*Type
	p.opening()
	for p.tok.Kind != Rparen && p.tok.Kind != EOF {
		types = append(types, p.parseType())
		if !p.accept(Comma) {
			break
		}
	}
	p.closing(Rparen, "',' or ')'")
	return types
}
