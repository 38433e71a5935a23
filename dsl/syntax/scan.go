// How does text become tokens? Longest match, line ends kept where they end a statement, comments set aside.

package syntax

import (
	"bytes"
	"go/token"
	"strings"
	"unicode/utf8"

	"nngen/dsl/diag"
)

// MaxFileSize is the largest source accepted, in bytes. It is far above what people write and keeps hostile input cheap.
const MaxFileSize = 4 << 20

// Scan adds a file of the given name to fset and returns its tokens, ending with EOF, its comments in source order, and
// what is wrong with it. It scans to the end whatever it finds: characters that start no token become Illegal tokens, and
// foreign operators such as && are reported and read as what they mean.
func Scan(fset *token.FileSet, name string, src []byte) ([]Lexeme, []Comment, diag.List) {
	s := scanner{file: fset.AddFile(name, -1, len(src)), src: src}
	if len(src) > MaxFileSize {
		s.diags.Errorf(diag.TooLarge, s.pos(0), s.pos(0), "file has %d bytes, at most %d are accepted", len(src), MaxFileSize)
		s.src = nil
	}
	s.file.SetLinesForContent(s.src)
	if bytes.HasPrefix(s.src, []byte(byteOrderMark)) {
		s.at = len(byteOrderMark) // some editors put one there; the formatter drops it
	}
	for s.token() {
	}
	return s.toks, s.comments, s.diags
}

const byteOrderMark = "\uFEFF"

type scanner struct {
	file     *token.File
	src      []byte
	at       int // offset of the next character
	toks     []Lexeme
	comments []Comment
	diags    diag.List
}

func (s *scanner) pos(offset int) token.Pos { return s.file.Pos(offset) }

// peek returns the byte n places ahead, 0 after the end.
func (s *scanner) peek(n int) byte {
	if s.at+n < len(s.src) {
		return s.src[s.at+n]
	}
	return 0
}

func (s *scanner) hasPrefix(text string) bool { return bytes.HasPrefix(s.src[s.at:], []byte(text)) }

// afterSpace returns the first byte from n places ahead that is neither space nor tab nor carriage return, 0 at the end.
func (s *scanner) afterSpace(n int) byte {
	for c := s.peek(n); c == ' ' || c == '\t' || c == '\r'; c = s.peek(n) {
		n++
	}
	return s.peek(n)
}

// afterOperand reports whether the character before may end an operand: a dot here selects then.
func (s *scanner) afterOperand() bool {
	if s.at == 0 {
		return false
	}
	c := s.src[s.at-1]
	return isLetter(c) || isDigit(c) || c == ')' || c == ']'
}

// emit appends the token from start to here.
func (s *scanner) emit(kind Token, start int) {
	s.toks = append(s.toks, Lexeme{kind, s.pos(start), s.pos(s.at), string(s.src[start:s.at])})
}

// last returns the kind of the token before, EOF at the start of the file.
func (s *scanner) last() Token {
	if len(s.toks) == 0 {
		return EOF
	}
	return s.toks[len(s.toks)-1].Kind
}

// newline ends a statement, unless there is none or it goes on.
func (s *scanner) newline(start int) {
	if k := s.last(); k != EOF && k != Newline && !k.continues() {
		s.emit(Newline, start)
	}
}

// token scans one token or a piece of space or comment, and returns false at the end.
func (s *scanner) token() bool {
	start := s.at
	if start >= len(s.src) {
		s.emit(EOF, start)
		return false
	}
	switch c := s.src[start]; {
	case c == '\n':
		s.at++
		s.newline(start)
	case c == ' ' || c == '\t':
		s.at++
	case c == '\r':
		s.at++
		if s.peek(0) != '\n' {
			s.diags.Errorf(diag.BadCharacter, s.pos(start), s.pos(s.at), "carriage return without line feed").
				Help("remove it", diag.Edit{Pos: s.pos(start), End: s.pos(s.at)})
		}
	case c == ';':
		s.at++
		s.emit(Newline, start)
	case isLetter(c):
		s.word()
	case isDigit(c) || c == '.' && isDigit(s.peek(1)) && !s.afterOperand():
		s.number()
	case c == '"' || c == '\'' || c == '`':
		s.string()
	case s.hasPrefix("//"):
		s.comment(start, "//")
	case s.hasPrefix("/*"):
		s.blockComment()
	case c == '#':
		s.diags.Errorf(diag.ForeignComment, s.pos(start), s.pos(start+1), "comments begin with '//', got '#'").
			Help("write //", diag.Edit{Pos: s.pos(start), End: s.pos(start + 1), New: "//"})
		s.comment(start, "#")
	case s.foreignOperator():
	default:
		s.operator()
	}
	return true
}

// operator scans an operator by longest match, or reports a character that starts no token.
func (s *scanner) operator() {
	start := s.at
	for _, op := range operators {
		if s.hasPrefix(op.String()) {
			s.at += len(op.String())
			s.emit(op, start)
			return
		}
	}
	s.badCharacter()
}

// word scans a name or a keyword. Names are ASCII, so that they become Go names and file keys without surprise; a letter
// of another script is reported and read as part of the name.
func (s *scanner) word() {
	start, bad := s.at, -1
	for {
		if isLetter(s.peek(0)) || isDigit(s.peek(0)) {
			s.at++
			continue
		}
		c, size := utf8.DecodeRune(s.src[s.at:])
		if size < 2 || !isNameLike(c) {
			break
		}
		if bad < 0 {
			bad = s.at
		}
		s.at += size
	}
	kind, ok := keywords[string(s.src[start:s.at])]
	if !ok {
		kind = Name
	}
	if bad >= 0 {
		_, size := utf8.DecodeRune(s.src[bad:])
		s.diags.Errorf(diag.BadCharacter, s.pos(bad), s.pos(bad+size), "names are made of ASCII letters, digits and '_', got %q", clip(string(s.src[start:s.at])))
	}
	s.emit(kind, start)
}

// comment keeps a comment that runs to the end of the line; mark is what it begins with.
func (s *scanner) comment(start int, mark string) {
	end := len(s.src)
	if i := bytes.IndexByte(s.src[start:], '\n'); i >= 0 {
		end = start + i
	}
	text := s.src[start:end]
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && size == 1 || c == 0 || c == '\r' && i+1 < len(text) {
			s.diags.Errorf(diag.BadCharacter, s.pos(start+i), s.pos(start+i+size), "%s in a comment", nameOf(c, size))
		}
		i += size
	}
	s.at = end
	trimmed := strings.TrimRight(string(text), " \t\r")
	s.comments = append(s.comments, Comment{Span{s.pos(start), s.pos(start + len(trimmed))}, "//" + strings.TrimPrefix(trimmed, mark)})
}

// blockComment reports a comment of C and skips it; a line end inside it counts.
func (s *scanner) blockComment() {
	start := s.at
	length := bytes.Index(s.src[start+2:], []byte("*/"))
	if length < 0 {
		s.diags.Errorf(diag.ForeignComment, s.pos(start), s.pos(start+2), "comments begin with '//', got '/*' that is never closed")
		s.at = len(s.src)
		return
	}
	inner := s.src[start+2 : start+2+length]
	s.at = start + 2 + length + 2
	d := s.diags.Errorf(diag.ForeignComment, s.pos(start), s.pos(start+2), "comments begin with '//' and end with the line, got '/*'")
	if bytes.IndexByte(inner, '\n') >= 0 {
		s.newline(start)
	} else if c := s.afterSpace(0); c == 0 || c == '\n' {
		d.Help("write //", diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: "//" + strings.TrimRight(string(inner), " \t")})
	}
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
