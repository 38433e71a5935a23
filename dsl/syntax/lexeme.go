// What is one lexical token of a file, and how does the token stream print?

package syntax

import (
	"fmt"
	"go/token"
	"io"
	"strconv"
	"strings"
)

// A Lexeme is one token of a source file with its place and its text. Line ends that end a statement are lexemes of kind
// Newline; the parser skips those inside ( ) and [ ].
type Lexeme struct {
	Kind     Token
	Pos, End token.Pos
	Text     string // as written; of a Newline "\n" or ";", of a String with its quotes
}

// describe names the lexeme as messages do: `name h`, `keyword loss`, `','`, `end of line`.
func (l Lexeme) describe() string {
	switch {
	case l.Kind == Name || l.Kind == Number:
		return l.Kind.String() + " " + clip(l.Text)
	case l.Kind == String:
		return "string " + clip(l.Text)
	case l.Kind == Newline && l.Text == ";":
		return "';'"
	case l.Kind.IsKeyword():
		return "keyword " + l.Text
	case l.Kind.IsOperator():
		return "'" + l.Text + "'"
	}
	return l.Kind.String()
}

func clip(text string) string {
	if len(text) > 40 {
		return strings.ToValidUTF8(text[:37], "") + "..."
	}
	return text
}

// WriteTokens writes the token stream, one token a line: its place, its kind and, for tokens of several spellings, its
// text. It is the text of `nngen dump --stage tokens`.
func WriteTokens(w io.Writer, fset *token.FileSet, toks []Lexeme) error {
	var b strings.Builder
	for _, t := range toks {
		p := fset.PositionFor(t.Pos, false)
		fmt.Fprintf(&b, "%-8s", fmt.Sprintf("%d:%d", p.Line, p.Column))
		switch {
		case t.Kind == Newline:
			b.WriteString("newline")
			if t.Text == ";" {
				b.WriteString(" ;")
			}
		case t.Kind == EOF:
			b.WriteString("eof")
		case t.Kind == Illegal:
			b.WriteString("illegal " + strconv.QuoteToASCII(t.Text))
		case t.Kind.IsKeyword():
			b.WriteString("keyword " + t.Text)
		case t.Kind.IsOperator():
			b.WriteString("operator " + t.Kind.String())
		default:
			b.WriteString(t.Kind.String() + " " + t.Text)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
