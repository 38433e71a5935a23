// Where is a mistake reported? At the author's own text: errors inside the library are shown at the call that led there.
package dsl

import (
	"go/token"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// A call is one entry of the elaborator's stack: the body of what is being elaborated, and the place that called it.
type call struct {
	name     string // "dense"
	decl     *decl
	pos, end token.Pos // the call; NoPos for a model or an optimizer at the bottom
	file     *file     // that holds the call
}

// A site is a place for a diagnostic with the notes that lead there.
type site struct {
	pos, end   token.Pos
	notes      []diag.Note
	rewritable bool // pos is where the mistake itself stands, so that a fix may edit it
}

// report appends a diagnostic at the site.
func (s site) report(list *diag.List, code, format string, args ...any) *diag.Diagnostic {
	d := list.Errorf(code, s.pos, s.end, format, args...)
	d.Notes = append(d.Notes, s.notes...)
	return d
}

// maxTrail is how many calls a diagnostic names.
const maxTrail = 6

// place returns the site of something in the body under elaboration. In a file of the user's it is the thing itself, with
// the calls that led there as notes. In the library it is the innermost call in a file of the user's, with notes for what
// lies inside.
func (e *elaborator) place(at spanned) site {
	return e.placeFrom(at, len(e.stack))
}

// placeFrom is place for something in the body of the caller of stack[depth:].
func (e *elaborator) placeFrom(at spanned, depth int) site {
	s := site{pos: at.Pos(), end: at.End(), rewritable: true}
	i := depth - 1
	// Walk out of the library.
	var inside []diag.Note
	for i >= 0 && e.stack[i].decl.file.library && e.stack[i].pos.IsValid() {
		c := e.stack[i]
		inside = append(inside, diag.Note{Pos: s.pos, End: s.end, Message: "in " + c.name})
		s.pos, s.end, s.rewritable = c.pos, c.end, false
		i--
	}
	for k := len(inside) - 1; k >= 0; k-- { // outermost call first
		s.notes = append(s.notes, inside[k])
	}
	for n, last := 0, s.pos; i >= 0 && e.stack[i].pos.IsValid() && n < maxTrail; i-- {
		c := e.stack[i]
		if c.pos == last {
			continue // recursion
		}
		n, last = n+1, c.pos
		verb := "called"
		if c.decl.isFunc(syntax.Optimizer) {
			verb = "used"
		}
		s.notes = append(s.notes, diag.Note{Pos: c.pos, End: c.end, Message: c.name + " is " + verb + " here"})
	}
	return s
}

// errorf reports a mistake at a place of the body under elaboration and returns the diagnostic for notes and a fix.
func (e *elaborator) errorf(code string, at spanned, format string, args ...any) *diag.Diagnostic {
	return e.place(at).report(&e.list, code, format, args...)
}

// fail is errorf for expressions: their value is poison then.
func (e *elaborator) fail(code string, at spanned, format string, args ...any) value {
	e.errorf(code, at, format, args...)
	return poison{}
}

// span is a place in the source.
type span struct{ pos, end token.Pos }

func (s span) Pos() token.Pos { return s.pos }
func (s span) End() token.Pos { return s.end }
