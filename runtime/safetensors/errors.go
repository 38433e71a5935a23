package safetensors

// This file answers: what does a user hear about a file that is no safetensors file, or a tensor that does not fit?

import (
	"errors"
	"strconv"
	"strings"
)

// ErrFormat is what every [*Error] is that says that bytes are no safetensors file, for errors.Is. Errors of the operating system and
// of a caller's wrong wishes are not.
var ErrFormat = errors.New("not a valid safetensors file")

// Error says what is wrong, and where.
type Error struct {
	File   string // as given when the file was opened; empty if nothing was given
	Tensor string // empty if it is not about one tensor
	Byte   int64  // place in the file; negative if no single place is to blame
	Got    string // what was found
	Want   string // what was expected
	Err    error  // ErrFormat, or the error of a reader or writer; nil if the file is valid and the request does not fit it
}

// Error returns, for example, `model.safetensors: tensor "h.W": byte 91: got shape [3, 2] and 20 bytes, want 24 bytes`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Tensor != "" {
		b.WriteString("tensor " + clipped(e.Tensor) + ": ")
	}
	if e.Byte >= 0 {
		b.WriteString("byte " + strconv.FormatInt(e.Byte, 10) + ": ")
	}
	b.WriteString("got " + e.Got)
	if e.Want != "" {
		b.WriteString(", want " + e.Want)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// clipped quotes a text that may come from a hostile file: never more than some eighty bytes of it.
func clipped(s string) string {
	const most = 80
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > most-4 && s[cut]&0xc0 == 0x80 { // not inside a character
		cut--
	}
	return strconv.Quote(s[:cut]) + "..."
}

// shapeText writes a shape as the language does: [64, 128].
func shapeText(shape []int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range shape {
		if i == 8 {
			b.WriteString(", ... (" + strconv.Itoa(len(shape)) + " axes)")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(d))
	}
	return b.String() + "]"
}
