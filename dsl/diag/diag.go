// What is a diagnostic? Data: a code, spans, a message, notes and a fix; text and JSON are made from it elsewhere.

// Package diag holds what the compiler has to say about a source file. A Diagnostic is data (a stable code, a tight span,
// a message, notes with spans of their own, a fix when one is certain); Render prints a List for people and RenderJSON for
// programs. Every code has a title in one registry, see RegisterCodes.
//
//	model.nn:14:9: error E0302: cannot multiply [32, 784] by [128, 10]
//	   14 |     y = x @ w2
//	      |         ^~~~~~ inner sizes are 784 and 128
//	   note: w2 declared here
//	    9 |     param w2 [128, 10]
//	      |           --
//	   help: use w1, which is [784, 128]
//	   14 |     y = x @ w1
//
// Messages are in lower case, without a final period, and say what was found and what was wanted.
package diag

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops the compiler.
type Severity uint8

const (
	Error   Severity = iota // nothing is generated
	Warning                 // generation goes on
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// A Diagnostic is one thing to say about the source. Spans are half open, [Pos, End) ; End may be token.NoPos, which
// means one character, and Pos may be token.NoPos for what has no place in any file.
type Diagnostic struct {
	Code     string // "E0203", "W0701"; a registered code
	Severity Severity
	Pos, End token.Pos
	Message  string // what is wrong, with what was found and what was wanted
	Label    string // optional words beside the carets
	Notes    []Note
	Fix      *Fix // nil unless the fix is certain or very likely
}

// A Note is a second place that matters, such as a declaration. Pos may be token.NoPos for a remark without a place.
type Note struct {
	Pos, End token.Pos
	Message  string
}

// A Fix is a proposed change of the source. A Fix without Edits is advice in words.
type Fix struct {
	Message string
	Edits   []Edit // of one file, not overlapping
}

// An Edit replaces the source in [Pos, End) by New.
type Edit struct {
	Pos, End token.Pos
	New      string
}

// Labelf sets the words beside the carets and returns d.
func (d *Diagnostic) Labelf(format string, args ...any) *Diagnostic {
	d.Label = fmt.Sprintf(format, args...)
	return d
}

// Notef adds a note and returns d.
func (d *Diagnostic) Notef(pos, end token.Pos, format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Note{pos, end, fmt.Sprintf(format, args...)})
	return d
}

// Help sets the fix: words, and the edits that carry it out when there are any. It returns d.
func (d *Diagnostic) Help(message string, edits ...Edit) *Diagnostic {
	d.Fix = &Fix{message, edits}
	return d
}

// A List is a list of diagnostics.
type List []*Diagnostic

// Add appends d.
func (l *List) Add(d *Diagnostic) { *l = append(*l, d) }

// Errorf appends a diagnostic and returns it, so that notes and a fix can be added. The severity follows from the code:
// codes that begin with W are warnings.
func (l *List) Errorf(code string, pos, end token.Pos, format string, args ...any) *Diagnostic {
	d := &Diagnostic{Code: code, Pos: pos, End: end, Message: fmt.Sprintf(format, args...)}
	if strings.HasPrefix(code, "W") {
		d.Severity = Warning
	}
	l.Add(d)
	return d
}

// Sort orders the list by position and drops all but the first of diagnostics with the same code on one line, for the rest
// are nearly always consequences; those whose fix has edits stay, for each is needed to mend the line. Files come in the
// order in which they were added to fset.
func (l *List) Sort(fset *token.FileSet) {
	slices.SortStableFunc(*l, func(a, b *Diagnostic) int {
		if a.Pos != b.Pos {
			return int(a.Pos) - int(b.Pos)
		}
		return strings.Compare(a.Code, b.Code)
	})
	type key struct {
		code, file string
		line       int
	}
	seen := map[key]bool{}
	*l = slices.DeleteFunc(*l, func(d *Diagnostic) bool {
		if !d.Pos.IsValid() {
			return false
		}
		p := fset.PositionFor(d.Pos, false)
		k := key{d.Code, p.Filename, p.Line}
		drop := seen[k] && (d.Fix == nil || len(d.Fix.Edits) == 0)
		seen[k] = true
		return drop
	})
}

// HasErrors reports whether any diagnostic of the list is an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Err returns nil when the list holds no error, and otherwise an error whose text is the first line of the first error,
// with the number of further ones. src gives columns in characters; it may be nil, then columns count bytes.
func (l List) Err(fset *token.FileSet, src Sources) error {
	var first *Diagnostic
	count := 0
	for _, d := range l {
		if d.Severity != Error {
			continue
		}
		if first == nil {
			first = d
		}
		count++
	}
	switch count {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s", headline(fset, src, first))
	case 2:
		return fmt.Errorf("%s (and 1 more error)", headline(fset, src, first))
	}
	return fmt.Errorf("%s (and %d more errors)", headline(fset, src, first), count-1)
}
