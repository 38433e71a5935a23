// What do people write who come from other languages, and what did they mean? Characters and operators.

package syntax

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nngen/dsl/diag"
)

// foreignOperators are spellings of other languages, longest first where one begins another. means is the token they are
// read as; Illegal when there is none and help says what to write.
var foreignOperators = []struct {
	text  string
	means Token
	help  string
}{
	{"===", Eq, ""},
	{"!==", Ne, ""},
	{"**", Pow, ""},
	{"&&", And, ""},
	{"||", Or, ""},
	{"<>", Ne, ""},
	{"%=", Illegal, "write x = x % e"},
	{"^=", Illegal, "write x = x ^ e"},
	{"@=", Illegal, "write x = x @ e"},
	{"?", Illegal, "write where(cond, a, b), or if cond { } when the condition is known at generate time"},
	{"&", Illegal, "write and"},
	{"|", Illegal, "write or"},
	{"~", Illegal, "write not, or - for the negative"},
	{"×", Mul, ""},
	{"·", Mul, ""},
	{"÷", Div, ""},
	{"−", Sub, ""},
	{"–", Sub, ""},
	{"≤", Le, ""},
	{"≥", Ge, ""},
	{"≠", Ne, ""},
}

// foreignOperator reports an operator of another language and reads it as ours; false when there is none here.
func (s *scanner) foreignOperator() bool {
	start := s.at
	if s.peek(0) == '!' && s.peek(1) != '=' {
		s.at++
		s.diags.Errorf(diag.ForeignOperator, s.pos(start), s.pos(s.at), "got '!', want 'not'").
			Help("write not", diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: "not "})
		s.toks = append(s.toks, Lexeme{Not, s.pos(start), s.pos(s.at), Not.String()})
		return true
	}
	for _, arrow := range []string{"->", "→"} { // the parser knows whether a lambda or a result type is meant
		if s.hasPrefix(arrow) {
			s.at += len(arrow)
			s.emit(Arrow, start)
			return true
		}
	}
	if s.increment() {
		return true
	}
	for _, f := range foreignOperators {
		if !s.hasPrefix(f.text) {
			continue
		}
		s.at += len(f.text)
		if f.means == Illegal {
			s.diags.Errorf(diag.ForeignOperator, s.pos(start), s.pos(s.at), "'%s' is not an operator", f.text).Help(f.help)
			s.emit(Illegal, start)
			return true
		}
		want := "'" + f.means.String() + "'"
		edit := f.means.String()
		if f.means.IsKeyword() { // a&&b
			if start > 0 && (isLetter(s.src[start-1]) || isDigit(s.src[start-1])) {
				edit = " " + edit
			}
			if isLetter(s.peek(0)) || isDigit(s.peek(0)) {
				edit += " "
			}
		}
		s.diags.Errorf(diag.ForeignOperator, s.pos(start), s.pos(s.at), "got '%s', want %s", f.text, want).
			Help("write "+f.means.String(), diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: edit})
		s.toks = append(s.toks, Lexeme{f.means, s.pos(start), s.pos(s.at), f.means.String()})
		return true
	}
	return false
}

// increment reports a statement x++ or x-- and reads it as x += 1 or x -= 1; false when there is none here. Elsewhere ++
// is two signs.
func (s *scanner) increment() bool {
	start, op := s.at, AddSet
	if s.hasPrefix("--") {
		op = SubSet
	} else if !s.hasPrefix("++") {
		return false
	}
	if n := len(s.toks); s.last() != Name || n > 1 && s.toks[n-2].Kind != Newline && s.toks[n-2].Kind != Lbrace {
		return false
	}
	switch s.afterSpace(2) {
	case 0, '\n', '}', ';', '/':
	default:
		return false
	}
	s.at += 2
	s.diags.Errorf(diag.ForeignOperator, s.pos(start), s.pos(s.at), "got '%s', want '%s 1'", s.src[start:s.at], op).
		Help("write "+op.String()+" 1", diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: " " + op.String() + " 1"})
	s.toks = append(s.toks, Lexeme{op, s.pos(start), s.pos(s.at), op.String()}, Lexeme{Number, s.pos(s.at), s.pos(s.at), "1"})
	return true
}

// badCharacter reports the character here, which starts no token. White space of other scripts is skipped, typographic
// quotes and letters are kept together.
func (s *scanner) badCharacter() {
	start := s.at
	c, size := utf8.DecodeRune(s.src[start:])
	s.at += size
	edit := func(by string) diag.Edit { return diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: by} }
	switch {
	case c == utf8.RuneError && size == 1, c == 0, c == '\uFEFF', c < ' ', c == 0x7f:
		s.diags.Errorf(diag.BadCharacter, s.pos(start), s.pos(s.at), "%s, want text in UTF-8", nameOf(c, size)).
			Help("remove it", edit(""))
		return // read as space
	case unicode.IsSpace(c), c == '\u200b':
		s.diags.Errorf(diag.BadCharacter, s.pos(start), s.pos(s.at), "%s, want a plain space", nameOf(c, size)).
			Help("write a plain space", edit(" "))
		return
	case strings.ContainsRune(typographicQuotes, c):
		s.quoted(start)
		return
	case isNameLike(c):
		s.at = start
		s.word()
		return
	default:
		s.diags.Errorf(diag.BadCharacter, s.pos(start), s.pos(s.at), "character %s starts no token", nameOf(c, size))
	}
	s.emit(Illegal, start)
}

const typographicQuotes = "“”„‟‘’‚«»"

// quoted reports a typographic quote, which has been consumed, and reads what follows up to the next quote of the line as
// a string.
func (s *scanner) quoted(start int) {
	first := s.at
	d := s.diags.Errorf(diag.BadCharacter, s.pos(start), s.pos(first), "typographic quote %s, want '\"'", s.src[start:first])
	rest, _, _ := bytes.Cut(s.src[first:], []byte("\n"))
	length := bytes.IndexAny(rest, `"`+typographicQuotes)
	if length < 0 || !utf8.Valid(rest[:length]) || bytes.IndexByte(rest[:length], '\\') >= 0 {
		s.emit(Illegal, start)
		return
	}
	_, size := utf8.DecodeRune(rest[length:])
	s.at += length + size
	d.Help(`write "`, diag.Edit{Pos: s.pos(start), End: s.pos(first), New: `"`},
		diag.Edit{Pos: s.pos(first + length), End: s.pos(s.at), New: `"`})
	s.toks = append(s.toks, Lexeme{String, s.pos(start), s.pos(s.at), strconv.Quote(string(rest[:length]))})
}

// isNameLike reports whether c is a letter or digit of any script.
func isNameLike(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) }

// nameOf describes a decoded character, and a byte that is none.
func nameOf(c rune, size int) string {
	switch {
	case c == utf8.RuneError && size <= 1:
		return "invalid UTF-8"
	case c == 0:
		return "NUL character"
	case c == '\uFEFF':
		return "byte order mark"
	case c == '\r':
		return "carriage return"
	case unicode.IsPrint(c):
		return fmt.Sprintf("%q", c)
	}
	return fmt.Sprintf("character %U", c)
}
