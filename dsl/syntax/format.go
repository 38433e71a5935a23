// What is the canonical form of a file? Line breaks, indentation and blank lines.
//
// The formatter prints the tokens of the file, not its tree: only white space, `;` and the comma before a closing bracket
// change, so nothing can get lost. The tree says what role a token plays (spacing.go) and what is lined up (align.go).
//
//   - A statement stands on lines of its own; a block of at most one statement that the author wrote on one line stays.
//   - Blocks and continued lines are indented by four spaces; lines inside brackets by four more than the line that opened
//     them. Inside brackets and after operators a line ends where the author ended it.
//   - Blank lines are kept, one at most, none at the edges of blocks.
//   - Comments stay where they are: beside what they follow, or on lines of their own.
//   - A list over several lines whose bracket closes on its own line has a comma after its last element.

package syntax

import (
	"go/token"
	"strings"

	"nngen/dsl/diag"
)

const indentWidth = 4

// Format returns the canonical form of a source file, or nil and its errors when it does not parse. Formatting is
// idempotent, and the result has the same tree and the same comments. The file is added to fset, for the errors'
// positions.
func Format(fset *token.FileSet, name string, src []byte) ([]byte, diag.List) {
	p := newParser(fset, name, src)
	tree := p.parseFile(name)
	if diags := p.report(fset); diags.HasErrors() {
		return nil, diags
	}
	f := formatter{file: p.file, pieces: pieces(p), layout: newLayout(p, tree)}
	f.run()
	alignColumns(f.lines)
	alignComments(f.lines)
	var b strings.Builder
	for i := range f.lines {
		f.lines[i].writeTo(&b)
	}
	return []byte(b.String()), nil
}

// A piece is a token or a comment to print.
type piece struct {
	Lexeme
	comment  bool
	line     int  // source line on which it begins
	lastLine int  // source line on which it ends
	ends     bool // a statement ends after it
}

// pieces merges the tokens and comments of a file that parsed, without line ends and the EOF.
func pieces(p *parser) []piece {
	var all []piece
	comments := p.comments
	var open []Token
	add := func(l Lexeme, comment bool) {
		all = append(all, piece{l, comment, p.file.Line(l.Pos), p.file.Line(l.End), false})
	}
	for _, l := range p.toks {
		for len(comments) > 0 && (l.Kind == EOF || comments[0].From < l.Pos) {
			c := comments[0]
			comments = comments[1:]
			add(Lexeme{Newline, c.From, c.To, c.Text}, true)
		}
		switch l.Kind {
		case EOF:
			return all
		case Newline:
			if n := len(open); n > 0 && open[n-1] != Lbrace {
				continue
			}
			for i := len(all) - 1; i >= 0; i-- { // comments between belong to the line that ends
				all[i].ends = true
				if !all[i].comment {
					break
				}
			}
			continue
		case Lparen, Lbrack, Lbrace:
			open = append(open, l.Kind)
		case Rparen, Rbrack, Rbrace:
			open = open[:len(open)-1]
		}
		add(l, false)
	}
	return all
}

// A line is one line of output; its text has no indentation.
type line struct {
	indent  int
	blank   bool // a blank line before it
	text    strings.Builder
	class   string // lines of one class, one after another, are lined up at their cuts; "" for none
	cuts    []int  // byte offsets in text where columns begin
	comment string // at its end, or alone
}

type formatter struct {
	file   *token.File
	pieces []piece
	layout *layout
	lines  []*line

	open   []bracket // brackets and braces open here
	indent int       // indentation of the current statement
	first  *line     // its first line
	begins bool      // the next token begins a statement
}

// A bracket is an open bracket or brace.
type bracket struct {
	kind   Token
	pos    token.Pos
	indent int // of the line that opened it, for a brace of the statement
}

func (f *formatter) run() {
	f.begins = true
	var before, prev *piece // the last piece and the last token printed
	for i := range f.pieces {
		p := &f.pieces[i]
		switch {
		case f.dropped(i):
			continue
		case p.comment:
			f.comment(p, before)
		default:
			if f.breaks(p, before) {
				f.newLine(p, before, prev)
			} else if f.layout.space(prev.Lexeme, p.Lexeme) {
				f.last().text.WriteByte(' ')
			}
			f.token(p)
			prev = p
		}
		before = p
	}
}

func (f *formatter) last() *line { return f.lines[len(f.lines)-1] }

// top returns the innermost open bracket, with kind EOF at top level.
func (f *formatter) top() bracket {
	if len(f.open) == 0 {
		return bracket{kind: EOF, indent: -indentWidth}
	}
	return f.open[len(f.open)-1]
}

// inBrackets reports whether the innermost open bracket is ( or [.
func (f *formatter) inBrackets() bool { k := f.top().kind; return k == Lparen || k == Lbrack }

// breaks reports whether a new line begins with token p, which follows before, a token or a comment.
func (f *formatter) breaks(p, before *piece) bool {
	switch {
	case before == nil, before.comment:
		return true
	case before.Kind == Lbrace:
		return f.layout.tall[before.Pos] && p.Kind != Rbrace
	case p.Kind == Rbrace:
		return f.layout.tall[f.top().pos]
	case before.ends:
		return true
	}
	return p.line > before.lastLine
}

// newLine begins a line of output with token p; prev is the token before it, before that or a comment after it.
func (f *formatter) newLine(p, before, prev *piece) {
	top := f.top()
	indent := 0
	switch {
	case p.Kind == Rbrace:
		indent = top.indent
	case f.inBrackets():
		indent = top.indent
		if p.Kind != Rparen && p.Kind != Rbrack {
			indent += indentWidth
			if last := prev.Kind; last.Precedence() > LowestPrec && !f.layout.grouping[top.pos] {
				indent += indentWidth
			}
		}
	case f.begins:
		indent = top.indent + indentWidth
		f.indent = indent
	default:
		indent = f.indent + indentWidth
	}
	if !f.begins && p.Kind != Rbrace { // a statement of several lines is not lined up
		f.first.class = ""
	}
	f.addLine(indent, p, before)
	if f.begins {
		f.first = f.last()
		f.first.class = f.layout.class[p.Pos]
	}
}

// addLine appends a line that begins with p, after a blank one if the source has one there and it does not hug a bracket.
func (f *formatter) addLine(indent int, p, before *piece) {
	blank := before != nil && p.line > before.lastLine+1
	if before != nil && !before.comment && (before.Kind == Lbrace || before.Kind == Lparen || before.Kind == Lbrack) {
		blank = false
	}
	if !p.comment && (p.Kind == Rbrace || p.Kind == Rparen || p.Kind == Rbrack) {
		blank = false
		f.comma(p)
	}
	f.lines = append(f.lines, &line{indent: indent, blank: blank})
}

// token prints p at the end of the current line and keeps track of brackets and statements.
func (f *formatter) token(p *piece) {
	l := f.last()
	if f.layout.cut[p.Pos] {
		l.cuts = append(l.cuts, l.text.Len())
	}
	l.text.WriteString(p.Text)
	f.begins = p.ends
	switch p.Kind {
	case Comma:
		f.begins = f.begins || f.layout.settings[f.top().pos]
	case Lparen, Lbrack:
		f.open = append(f.open, bracket{p.Kind, p.Pos, l.indent})
	case Lbrace:
		f.open = append(f.open, bracket{p.Kind, p.Pos, f.indent})
		f.begins = true
	case Rbrace:
		f.indent = f.top().indent
		f.open = f.open[:len(f.open)-1]
	case Rparen, Rbrack:
		f.open = f.open[:len(f.open)-1]
	}
}

// comment prints a comment: at the end of the line of the token that it follows, or on a line of its own.
func (f *formatter) comment(p, before *piece) {
	if before != nil && !before.comment && before.lastLine == p.line {
		f.last().comment = p.Text
		return
	}
	top := f.top()
	indent := f.indent + indentWidth // inside a continued statement
	if f.inBrackets() || f.begins {
		indent = top.indent + indentWidth
	}
	f.addLine(indent, p, before)
	f.last().comment = p.Text
}

// dropped reports whether token i is a comma before a bracket that closes on the same line.
func (f *formatter) dropped(i int) bool {
	if f.pieces[i].Kind != Comma || i+1 >= len(f.pieces) {
		return false
	}
	p, next := f.pieces[i], f.pieces[i+1]
	return !next.comment && (next.Kind == Rparen || next.Kind == Rbrack) && next.line == p.lastLine
}

// comma adds the comma after the last element of a list whose closing bracket p begins a line.
func (f *formatter) comma(p *piece) {
	top := f.top()
	if p.Kind == Rbrace || f.layout.grouping[top.pos] || f.layout.single[top.pos] {
		return
	}
	for i := len(f.lines) - 1; i >= 0; i-- {
		text := f.lines[i].text.String()
		if text == "" {
			continue // a comment alone
		}
		if end := text[len(text)-1]; end != ',' && end != '(' && end != '[' {
			f.lines[i].text.WriteByte(',')
		}
		return
	}
}
