// What do statements in the words of other languages mean, and misspelt keywords?

package syntax

import (
	"go/token"

	"nngen/dsl/diag"
)

// foreignWords are words that begin statements in other languages. means is the keyword they are read as; Define is a
// declaration `let x = e`; Illegal has no counterpart, and help says what to do instead.
var foreignWords = map[string]struct {
	means Token
	help  string
}{
	"let":      {Define, ""},
	"var":      {Define, ""},
	"val":      {Define, ""},
	"auto":     {Define, ""},
	"fn":       {FuncKw, ""},
	"fun":      {FuncKw, ""},
	"def":      {FuncKw, ""},
	"function": {FuncKw, ""},
	"class":    {ModelKw, ""},
	"network":  {ModelKw, ""},
	"struct":   {ModelKw, ""},
	"module":   {LayerKw, ""},
	"weight":   {ParamKw, ""},
	"label":    {TargetKw, ""},
	"while":    {Illegal, "loops run at generate time: for i in 0..4 { }"},
	"loop":     {Illegal, "loops run at generate time: for i in 0..4 { }"},
	"repeat":   {Illegal, "loops run at generate time: for i in 0..4 { }"},
	"switch":   {Illegal, "write if a { } else if b { } else { }"},
	"match":    {Illegal, "write if a { } else if b { } else { }"},
	"from":     {Illegal, `write import "mine.nn" and use mine.name`},
	"include":  {Illegal, `write import "mine.nn"`},
}

// stmtKeywords are the spellings that begin a statement, for misspelt ones.
var stmtKeywords = func() []string {
	var words []string
	for _, k := range []Token{ConstKw, ForKw, FuncKw, HyperKw, IfKw, ImportKw, InputKw, LayerKw, MetricKw, ModelKw, OptimizerKw,
		OutputKw, ParamKw, PrecisionKw, RequireKw, ReturnKw, StateKw, TargetKw, UseKw} {
		words = append(words, k.String())
	}
	return words
}()

// foreignStmt looks at a statement that begins with a name followed by another word: `let x = 1`, `fn f(...)`, `ouput p = e`.
// It reports the word and either makes the current token what was meant and returns nil, or returns the statement.
func (p *parser) foreignStmt() Stmt {
	word := p.tok
	edit := func(by string, end token.Pos) diag.Edit { return diag.Edit{Pos: word.Pos, End: end, New: by} }
	f, known := foreignWords[word.Text]
	if p.ahead(1) != Name && !known {
		return nil // h in ..., x as ...: reported where it matters
	}
	switch {
	case known && f.means == Define:
		return p.letStmt(word)
	case known && f.means == Illegal:
		p.fail(diag.ForeignWord, word.Pos, word.End, "%s is not part of the language", word.Text).Help(f.help)
		return &Bad{emptyAt(word.Pos)}
	case known:
		p.errorf(diag.ForeignWord, word.Pos, word.End, "got %s, want %s", word.Text, f.means).
			Help("write "+f.means.String(), edit(f.means.String(), word.End))
		p.tok.Kind = f.means
		return nil
	}
	if meant := diag.Closest(word.Text, stmtKeywords); meant != "" {
		p.errorf(diag.ForeignWord, word.Pos, word.End, "got name %s, want a statement", word.Text).
			Help("write "+meant, edit(meant, word.End))
		p.tok.Kind = keywords[meant]
	}
	return nil
}

// letStmt reads `let x = e` as `x := e`.
func (p *parser) letStmt(word Lexeme) Stmt {
	p.next()
	first := p.tok
	d := p.errorf(diag.ForeignWord, word.Pos, word.End, "got %s, want a name: ':=' introduces it", word.Text)
	if p.ahead(1) == Set {
		sign := p.toks[p.i+1]
		d.Help("write "+first.Text+" := ...", diag.Edit{Pos: word.Pos, End: first.Pos}, diag.Edit{Pos: sign.Pos, End: sign.End, New: ":="})
	} else if p.ahead(1) == Define {
		d.Help("remove "+word.Text, diag.Edit{Pos: word.Pos, End: first.Pos})
	}
	if !p.ahead(1).IsAssign() && p.ahead(1) != Comma {
		p.abandon()
		return &Bad{p.span(word.Pos)}
	}
	s := p.assign()
	if a, ok := s.(*Assign); ok && a.Op == Set {
		a.Op = Define
	}
	return s
}

// foreignElse reports whether elif or one of its sisters stands here, to be read as else if, and reports it to the author.
func (p *parser) foreignElse() bool {
	word := p.tok
	if word.Kind != Name || word.Text != "elif" && word.Text != "elsif" && word.Text != "elseif" {
		return false
	}
	p.errorf(diag.ForeignWord, word.Pos, word.End, "got %s, want else if", word.Text).
		Help("write else if", diag.Edit{Pos: word.Pos, End: word.End, New: "else if"})
	return true
}

// rangeCall reads `for i in range(n)` as 0..n.
func (p *parser) rangeCall(f *For) {
	c, ok := f.Over.(*Call)
	if !ok || p.failed || len(c.Args) == 0 || len(c.Args) > 2 {
		return
	}
	if fun, ok := c.Fun.(*Ident); !ok || fun.Name != "range" {
		return
	}
	var lo Expr = &NumberLit{emptyAt(c.Pos()), "0"}
	hi := c.Args[len(c.Args)-1].Value
	if len(c.Args) == 2 {
		lo = c.Args[0].Value
	}
	low := "0"
	if len(c.Args) == 2 {
		low = p.text(lo.Pos(), lo.End())
	}
	text := low + ".." + p.text(hi.Pos(), hi.End())
	p.errorf(diag.ForeignWord, c.Fun.Pos(), c.Fun.End(), "got range, want two ends with '..' between them").
		Help("write "+clip(text), diag.Edit{Pos: c.Pos(), End: c.End(), New: text})
	f.Over = &Range{c.Span, lo, hi}
}
