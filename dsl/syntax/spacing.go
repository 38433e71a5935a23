// Which tokens stand close together? What the tree says about the tokens of a file, for the formatter.

package syntax

import (
	"go/token"
	"sort"
)

// A layout holds the roles of tokens, by position.
type layout struct {
	toks []Lexeme

	hugs     map[token.Pos]bool   // ( [ that belong to the name or call before them, and the words that follow ] of a type
	tight    map[token.Pos]bool   // binary operators without space around them
	sign     map[token.Pos]bool   // unary + and -
	named    map[token.Pos]bool   // colons after the name of an argument or a setting
	grouping map[token.Pos]bool   // parentheses around an expression
	single   map[token.Pos]bool   // brackets that hold one thing, which takes no comma
	tall     map[token.Pos]bool   // braces whose contents stand on lines of their own
	settings map[token.Pos]bool   // braces around the settings of a group, which commas separate
	class    map[token.Pos]string // first tokens of statements that are lined up with their neighbours
	cut      map[token.Pos]bool   // tokens that begin a column of those
}

func newLayout(p *parser, tree *File) *layout {
	set := func() map[token.Pos]bool { return map[token.Pos]bool{} }
	l := &layout{
		toks: p.toks, hugs: set(), tight: set(), sign: set(), named: set(), grouping: set(), single: set(), tall: set(), settings: set(),
		class: map[token.Pos]string{}, cut: set(),
	}
	Walk(tree, l.node)
	for _, d := range tree.Decls {
		l.oneLine(p, d)
	}
	return l
}

// at returns the first token at or after pos that is no line end.
func (l *layout) at(pos token.Pos) Lexeme {
	i := sort.Search(len(l.toks), func(i int) bool { return l.toks[i].Pos >= pos })
	for l.toks[i].Kind == Newline {
		i++
	}
	return l.toks[i]
}

// before returns the last token before pos.
func (l *layout) before(pos token.Pos) Lexeme {
	i := sort.Search(len(l.toks), func(i int) bool { return l.toks[i].Pos >= pos })
	return l.toks[i-1]
}

// node records what n says about its own tokens.
func (l *layout) node(n Node) {
	switch n := n.(type) {
	case *FuncDecl:
		l.hugs[l.at(n.Name.End()).Pos] = true
	case *Type:
		if n.Tensor && n.Name != nil {
			l.hugs[n.Name.Pos()] = true
		}
	case *Call:
		l.hugs[n.Lparen] = true
	case *Index:
		open := l.at(n.X.End()).Pos
		l.hugs[open], l.single[open] = true, true
	case *As:
		if n.Index != nil {
			open := l.at(n.Name.End()).Pos
			l.hugs[open], l.single[open] = true, true
		}
	case *Paren:
		l.grouping[n.Pos()] = true
	case *Unary:
		if n.Op != Not {
			l.sign[n.Pos()] = true
		}
	case *Group:
		l.settings[l.at(n.Patterns[len(n.Patterns)-1].End()).Pos] = true
	case *Arg:
		if n.Name != nil {
			l.named[l.at(n.Name.End()).Pos] = true
		}
	}
	l.operators(n)
	l.columns(n)
}

// How close binary operators stand. In general all have space around them, but for ^.
const (
	spaced   = iota
	products // * / % are tight: beside a sum, or as an argument
	sums     // + and - are tight too: in an index and in a range
)

// operators decides the spacing of the expressions that are children of n, which is no operator itself; operators below
// an expression follow from mark.
func (l *layout) operators(n Node) {
	mode := spaced
	switch n := n.(type) {
	case *Binary, *Unary:
		return // marked from the node above
	case *Call:
		l.mark(n.Fun, spaced)
		return
	case *Index:
		l.mark(n.X, spaced)
		for _, s := range n.Subs {
			l.mark(s, sums)
		}
		return
	case *As:
		l.mark(n.X, spaced)
		if n.Index != nil {
			l.mark(n.Index, sums)
		}
		return
	case *Slice, *Range:
		mode = sums
	case *Arg, *List, *DimField:
		mode = products
	}
	eachChild(n, func(c Node) {
		if x, ok := c.(Expr); ok {
			l.mark(x, mode)
		}
	})
}

// mark decides the spacing of the operators of x down to the next bracket.
func (l *layout) mark(x Expr, mode int) {
	switch x := x.(type) {
	case *Unary:
		if x.Op == Not {
			mode = spaced
		}
		l.mark(x.X, mode)
	case *Binary:
		below := spaced
		switch x.Op.Precedence() {
		case PowPrec:
			l.tight[x.OpPos] = true
		case MulPrec:
			below = mode
			if l.multiplies(x) {
				below = spaced // x @ W*2 would look like x @ (W*2)
			}
			l.tight[x.OpPos] = below != spaced
		case AddPrec:
			below = max(mode, products)
			l.tight[x.OpPos] = mode == sums
		}
		l.mark(x.X, below)
		l.mark(x.Y, below)
	}
}

// multiplies reports whether @ occurs in the chain of products that ends with x.
func (l *layout) multiplies(x *Binary) bool {
	for x.Op.Precedence() == MulPrec {
		if x.Op == MatMul {
			return true
		}
		left, ok := x.X.(*Binary)
		if !ok {
			break
		}
		x = left
	}
	return false
}

// space reports whether a space stands between two tokens of a line.
func (l *layout) space(prev, next Lexeme) bool {
	switch {
	case prev.Kind == Lbrace:
		return next.Kind != Rbrace
	case prev.Kind == Lparen, prev.Kind == Lbrack, prev.Kind == Dot, prev.Kind == DotDot, prev.Kind == Ellipsis:
		return false
	case next.Kind == Rparen, next.Kind == Rbrack, next.Kind == Comma, next.Kind == DotDot:
		return false
	case next.Kind == Dot:
		return prev.Kind == Number // 1. would be a number
	case l.sign[prev.Pos], l.tight[prev.Pos], l.tight[next.Pos], l.hugs[next.Pos]:
		return false
	case next.Kind == Colon:
		return prev.Kind == Comma
	case prev.Kind == Colon:
		return l.named[prev.Pos]
	}
	return true
}

// oneLine reports whether statement s may stand on one line, and marks its braces tall when not.
func (l *layout) oneLine(p *parser, s Stmt) bool {
	flat := func(open, end token.Pos) bool { return p.file.Line(open) == p.file.Line(end) }
	block := func(b *Block) bool {
		ok := flat(b.Pos(), b.End()) && len(b.Stmts) <= 1
		for _, s := range b.Stmts {
			ok = l.oneLine(p, s) && ok
		}
		return ok
	}
	var braces []token.Pos
	ok := true
	switch s := s.(type) {
	case *FuncDecl:
		braces, ok = append(braces, s.Body.Pos()), block(s.Body)
	case *ModelDecl:
		braces, ok = append(braces, s.Body.Pos()), block(s.Body)
	case *For:
		braces, ok = append(braces, s.Body.Pos()), block(s.Body)
	case *If: // all blocks of a chain alike
		for s != nil {
			braces = append(braces, s.Then.Pos())
			ok = block(s.Then) && ok
			next, _ := s.Else.(*If)
			if b, isBlock := s.Else.(*Block); isBlock {
				braces = append(braces, b.Pos())
				ok = block(b) && ok
			}
			s = next
		}
	case *OptimizerUse:
		if brace := l.at(s.Call.End()); brace.Kind == Lbrace && brace.Pos < s.End() {
			braces, ok = append(braces, brace.Pos), flat(brace.Pos, s.End()) && len(s.Groups) <= 1
		}
		for _, g := range s.Groups {
			brace := l.at(g.Patterns[len(g.Patterns)-1].End()).Pos
			fits := flat(brace, g.End()) && !l.splits(brace, g.End())
			l.tall[brace] = !fits
			ok = ok && fits
		}
	}
	for _, b := range braces {
		l.tall[b] = !ok
	}
	return ok
}

// splits reports whether a `;` stands between two positions of one line.
func (l *layout) splits(from, to token.Pos) bool {
	i := sort.Search(len(l.toks), func(i int) bool { return l.toks[i].Pos >= from })
	for ; l.toks[i].Pos < to; i++ {
		if l.toks[i].Kind == Newline {
			return true
		}
	}
	return false
}
