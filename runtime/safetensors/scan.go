package safetensors

// This file answers: how is the JSON of a header read, so that every mistake has a place and duplicate names are seen?
// encoding/json keeps the last of two equal keys silently and has no places for what is valid JSON and no valid header.

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads the JSON of a header from left to right.
type scanner struct {
	file string
	buf  []byte
	pos  int
}

// headerAt is the place of the header in the file, after its length.
const headerAt = 8

// fail returns an error about the byte at pos of the header.
func (s *scanner) fail(pos int, tensor, got, want string) error {
	return &Error{File: s.file, Tensor: tensor, Byte: int64(headerAt + pos), Got: got, Want: want, Err: ErrFormat}
}

// unexpected returns an error about what comes next.
func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.buf) {
		return s.fail(s.pos, "", "the end of the header", want)
	}
	r, _ := utf8.DecodeRune(s.buf[s.pos:])
	return s.fail(s.pos, "", strconv.QuoteRune(r), want)
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.buf) {
		switch s.buf[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte after white space, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos < len(s.buf) {
		return s.buf[s.pos]
	}
	return 0
}

// token reads one byte after white space.
func (s *scanner) token(c byte) error {
	if s.peek() != c {
		return s.unexpected(strconv.QuoteRune(rune(c)))
	}
	s.pos++
	return nil
}

// list reads open, what item reads any number of times with commas between, and end.
func (s *scanner) list(open, end byte, item func() error) error {
	if err := s.token(open); err != nil {
		return err
	}
	if s.peek() == end {
		s.pos++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case end:
			s.pos++
			return nil
		default:
			return s.unexpected("',' or " + strconv.QuoteRune(rune(end)))
		}
	}
}

// object reads an object; value reads what stands behind a key, which began at keyPos.
func (s *scanner) object(value func(key string, keyPos int) error) error {
	return s.list('{', '}', func() error {
		s.space()
		at := s.pos
		key, err := s.text()
		if err != nil {
			return err
		}
		if err := s.token(':'); err != nil {
			return err
		}
		return value(key, at)
	})
}

// text reads a string.
func (s *scanner) text() (string, error) {
	if s.peek() != '"' {
		return "", s.unexpected("a string")
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.buf) && s.buf[s.pos] != '"' && s.buf[s.pos] != '\\' && s.buf[s.pos] >= ' ' {
		s.pos++
	}
	if s.pos < len(s.buf) && s.buf[s.pos] == '"' { // no escapes: the common case
		s.pos++
		return string(s.buf[start : s.pos-1]), nil
	}
	out := append([]byte(nil), s.buf[start:s.pos]...)
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		switch {
		case c == '"':
			s.pos++
			return string(out), nil
		case c < ' ':
			return "", s.unexpected("a string without control characters")
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
			s.pos++
		}
	}
	return "", s.unexpected("the end of a string")
}

// escapes are the characters that stand for others behind a backslash.
var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads a backslash and what belongs to it; two halves of a surrogate pair are one character.
func (s *scanner) escape() (rune, error) {
	at := s.pos
	s.pos++
	if s.pos >= len(s.buf) {
		return 0, s.unexpected("an escape sequence")
	}
	c := s.buf[s.pos]
	if r, ok := escapes[c]; ok {
		s.pos++
		return r, nil
	}
	if c != 'u' {
		return 0, s.unexpected("an escape sequence")
	}
	s.pos++
	r, err := s.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if s.pos+1 < len(s.buf) && s.buf[s.pos] == '\\' && s.buf[s.pos+1] == 'u' {
		s.pos += 2
		low, err := s.hex4()
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, s.fail(at, "", "half a surrogate pair", "both halves")
}

// hex4 reads four hexadecimal digits.
func (s *scanner) hex4() (rune, error) {
	if s.pos+4 > len(s.buf) {
		s.pos = len(s.buf)
		return 0, s.unexpected("four hexadecimal digits")
	}
	v, err := strconv.ParseUint(string(s.buf[s.pos:s.pos+4]), 16, 16)
	if err != nil {
		return 0, s.fail(s.pos, "", clipped(string(s.buf[s.pos:s.pos+4])), "four hexadecimal digits")
	}
	s.pos += 4
	return rune(v), nil
}

// count reads an integer from 0 to limit.
func (s *scanner) count(limit uint64) (uint64, error) {
	s.space()
	start := s.pos
	for s.pos < len(s.buf) && s.buf[s.pos]-'0' <= 9 {
		s.pos++
	}
	digits := s.buf[start:s.pos]
	if len(digits) == 0 {
		return 0, s.unexpected("an integer that is not negative")
	}
	if s.pos < len(s.buf) && (s.buf[s.pos] == '.' || s.buf[s.pos]|0x20 == 'e') {
		return 0, s.fail(start, "", "a number with a fraction or an exponent", "an integer")
	}
	if len(digits) > 1 && digits[0] == '0' {
		return 0, s.fail(start, "", clipped(string(digits)), "an integer without leading zeros")
	}
	v, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || v > limit {
		return 0, s.fail(start, "", clipped(string(digits)), "at most "+strconv.FormatUint(limit, 10))
	}
	return v, nil
}
