package data

// This file answers: what does a user hear when a file does not fit?

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Error says what is wrong with a file, and where. [ReadFile] and everything else that takes a path puts the path in front, so the text of
// the error it returns begins with it; errors.As finds the Error behind it.
type Error struct {
	Line   int    // line of a text file, from 1; 0 when the file as a whole is wrong or is not text
	Column string // name of the column of a text file; empty when the line as a whole is wrong

	Part string // part of a binary file, such as "dimension 2" or "shape"; empty in a text file
	Byte int64  // where that part begins, in bytes from 0, after unpacking

	Got  string // what was found
	Want string // what fits
}

// Error returns, for example, `line 3, column "width": got "abc", want a finite number` or
// `dimension 1 at byte 4: got shape [60000 28 28] of uint8, want one for the 1000 bytes that follow`.
func (e *Error) Error() string {
	var at []string
	if e.Part != "" {
		at = append(at, fmt.Sprintf("%s at byte %d", e.Part, e.Byte))
	}
	if e.Line > 0 {
		at = append(at, fmt.Sprintf("line %d", e.Line))
	}
	if e.Column != "" {
		at = append(at, fmt.Sprintf("column %q", e.Column))
	}
	where := strings.Join(at, ", ")
	if where != "" {
		where += ": "
	}
	return where + "got " + e.Got + ", want " + e.Want
}

// inFile puts the name of a file in front of what is wrong with it.
func inFile(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

// short turns the end of a file before its time into an Error; other errors of a reader stay what they are.
func short(err error, part string, at int64, want string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Part: part, Byte: at, Got: "the end of the file", Want: want}
	}
	return fmt.Errorf("%s at byte %d: %w", part, at, err)
}

// counted returns, for example, "1 row" or "2 rows".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// quoted lists names for a message, shortened when there are many.
func quoted(names []string) string {
	const most = 8
	var b strings.Builder
	for i, n := range names {
		if i == most && len(names) > most+1 {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(clipped(n))
	}
	return b.String()
}

// clipped quotes a text from a file for a message; a long one is cut.
func clipped(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
