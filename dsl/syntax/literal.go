// How are numbers and strings scanned, and what is wrong with those that are not?

package syntax

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"nngen/dsl/diag"
)

// maxNumber is the longest number accepted, in characters; no constant needs a fraction of it.
const maxNumber = 200

// number scans 12, 1_000, 0.5, 1e-3 or 0x10. In `0..4` the number ends before the dots. A malformed number is reported
// and still scanned as a whole, with a value of 0 when it has none.
func (s *scanner) number() {
	start := s.at
	if s.hasPrefix("0x") || s.hasPrefix("0X") {
		s.at += 2
		s.digits(isHexDigit)
	} else {
		s.digits(isDigit)
		if s.peek(0) == '.' && s.peek(1) != '.' && !isLetter(s.peek(1)) {
			s.at++
			s.digits(isDigit)
		}
		if e := s.peek(0); e == 'e' || e == 'E' {
			s.at++
			if sign := s.peek(0); sign == '+' || sign == '-' {
				s.at++
			}
			s.digits(isDigit)
		}
	}
	tail := s.at
	for isLetter(s.peek(0)) || isDigit(s.peek(0)) {
		s.at++
	}
	text := string(s.src[start:s.at])
	report := func(format string, args ...any) *diag.Diagnostic {
		return s.diags.Errorf(diag.BadNumber, s.pos(start), s.pos(s.at), format, args...)
	}
	replace := func(by string) diag.Edit { return diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: by} }
	whole, _, _ := strings.Cut(text, ".")
	switch {
	case tail < s.at:
		s.diags.Errorf(diag.BadNumber, s.pos(tail), s.pos(s.at), "number runs into %q", clip(text[tail-start:])).
			Labelf("want an operator or a space before it")
	case len(text) > maxNumber:
		report("number has %d characters, at most %d are accepted", len(text), maxNumber)
	case strings.HasPrefix(text, "."):
		report("number begins with '.', want a digit before it").Help("write 0"+text, replace("0"+text))
	case strings.HasSuffix(text, "."):
		report("number ends in '.', want a digit after it").Help("write "+text+"0", replace(text+"0"))
	case len(text) == 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'):
		report("number %s has no digits", text)
	case strings.HasSuffix(text, "_") || strings.Contains(text, "__") || misplacedUnderscore(text):
		plain := strings.ReplaceAll(text, "_", "")
		report("'_' in a number must stand between two digits").Help("write "+plain, replace(plain))
	case !isDigit(text[len(text)-1]) && !isHex(text):
		report("number %s has no digits in its exponent", text)
	case len(whole) > 1 && whole[0] == '0' && (isDigit(whole[1]) || whole[1] == '_'):
		plain := strings.TrimLeft(strings.ReplaceAll(text, "_", ""), "0")
		if plain == "" || !isDigit(plain[0]) {
			plain = "0" + plain
		}
		report("number has leading zeros").Help("write "+plain, replace(plain))
	default:
		s.emit(Number, start)
		return
	}
	s.toks = append(s.toks, Lexeme{Number, s.pos(start), s.pos(s.at), "0"})
}

func (s *scanner) digits(isDigit func(byte) bool) {
	for isDigit(s.peek(0)) || s.peek(0) == '_' {
		s.at++
	}
}

func isHex(text string) bool { return len(text) > 2 && (text[1] == 'x' || text[1] == 'X') }

func isHexDigit(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// misplacedUnderscore reports whether an underscore of text has something other than a digit beside it.
func misplacedUnderscore(text string) bool {
	is := isDigit
	if isHex(text) {
		is = isHexDigit
	}
	for i := range len(text) {
		if text[i] == '_' && (i == 0 || i+1 == len(text) || !is(text[i-1]) || !is(text[i+1])) {
			return true
		}
	}
	return false
}

// string scans "text" with Go's escapes. Other quotes are reported and read as strings.
func (s *scanner) string() {
	start, quote := s.at, s.src[s.at]
	s.at++
	bad := false // reported already
	for {
		if s.at >= len(s.src) || s.src[s.at] == '\n' {
			s.unterminated(start, quote)
			return
		}
		c, size := utf8.DecodeRune(s.src[s.at:])
		switch {
		case c == rune(quote):
			s.at++
			s.stringEnd(start, quote, bad)
			return
		case c == '\\' && quote != '`' && s.at+1 < len(s.src) && s.src[s.at+1] != '\n':
			if !bad && !s.goodEscape(quote) {
				s.diags.Errorf(diag.BadString, s.pos(s.at), s.pos(s.at+2), "unknown or incomplete escape, want one of \\\" \\\\ \\n \\t \\xff \\u00e9").
					Help("write \\\\ for a backslash", diag.Edit{Pos: s.pos(s.at), End: s.pos(s.at), New: `\`})
				bad = true
			}
			s.at++ // the escaped character itself cannot close the string
			_, size = utf8.DecodeRune(s.src[s.at:])
		case c == utf8.RuneError && size == 1, c < ' ' && c != '\t', c == 0x7f, c == '\uFEFF':
			if c != '\r' || s.peek(1) != '\n' {
				s.diags.Errorf(diag.BadCharacter, s.pos(s.at), s.pos(s.at+size), "%s in a string", nameOf(c, size))
				bad = true
			}
		}
		s.at += size
	}
}

// goodEscape reports whether the backslash here begins an escape that Go accepts in a string.
func (s *scanner) goodEscape(quote byte) bool {
	if s.src[s.at+1] == quote {
		return true
	}
	end := min(s.at+10, len(s.src)) // \U0010ffff is the longest
	_, _, _, err := strconv.UnquoteChar(string(bytes.ToValidUTF8(s.src[s.at:end], []byte("?"))), '"')
	return err == nil
}

// unterminated reports a string that its line does not close; the rest of the line belongs to it.
func (s *scanner) unterminated(start int, quote byte) {
	text := bytes.TrimRight(s.src[start:s.at], " \t\r")
	end := start + len(text)
	d := s.diags.Errorf(diag.BadString, s.pos(start), s.pos(max(end, start+1)), "string is not closed on its line, want %q", rune(quote))
	if quote == '"' && !bytes.ContainsAny(text[1:], `,()[]\`) && len(text) > 1 {
		d.Help(`add "`, diag.Edit{Pos: s.pos(end), End: s.pos(end), New: `"`})
	}
	s.emit(Illegal, start) // what follows on the line is lost, so the parser says no more
}

// stringEnd emits the string from start to here, which is closed.
func (s *scanner) stringEnd(start int, quote byte, bad bool) {
	text := string(s.src[start:s.at])
	if quote != '"' {
		inner := text[1 : len(text)-1]
		want := `"` + strings.ReplaceAll(strings.ReplaceAll(inner, `\'`, `'`), `"`, `\"`) + `"`
		if _, err := strconv.Unquote(want); err != nil || quote == '`' {
			want = strconv.Quote(strings.ToValidUTF8(inner, ""))
		}
		if !bad {
			s.diags.Errorf(diag.BadString, s.pos(start), s.pos(s.at), "strings are written in double quotes, got %q", rune(quote)).
				Help("write "+clip(want), diag.Edit{Pos: s.pos(start), End: s.pos(s.at), New: want})
		}
		text = want
	}
	if _, err := strconv.Unquote(text); err != nil {
		if !bad {
			s.diags.Errorf(diag.BadString, s.pos(start), s.pos(s.at), "malformed string")
		}
		text = `""`
	}
	s.toks = append(s.toks, Lexeme{String, s.pos(start), s.pos(s.at), text})
}
