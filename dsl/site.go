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
	pos, end token.Pos // the call
	from     *scope    // that the call stands in; nil where it has no place in any body
	args     map[int]argument
}

// argument returns what the call gave for the parameter called name.
func (c *call) argument(name string) (argument, bool) {
	if _, fn := c.decl.node.(*syntax.FuncDecl); !fn || name == "" {
		return argument{}, false
	}
	for i, p := range c.decl.signature().params {
		if p.name == name {
			a, given := c.args[i]
			return a, given && a.pos.IsValid()
		}
	}
	return argument{}, false
}

// nameOf returns the name that is all of at, or "".
func nameOf(at spanned) string {
	switch x := at.(type) {
	case argument:
		if id, ok := x.expr.(*syntax.Ident); ok {
			return id.Name
		}
	case *syntax.Ident:
		return x.Name
	case *syntax.DimField:
		return nameOf(x.X)
	}
	return ""
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
// the calls that led there as notes. In the library it is the innermost call in a file of the user's, or the argument of
// that call where the library only passed it on, with notes for what lies inside.
func (e *elaborator) place(at spanned) site {
	return e.placeFrom(at, len(e.stack))
}

// placeFrom is place for something in the body of the caller of stack[depth:].
func (e *elaborator) placeFrom(at spanned, depth int) site {
	s := site{pos: at.Pos(), end: at.End(), rewritable: true}
	i := depth - 1
	// Walk out of the library.
	var inside []diag.Note
	name := nameOf(at)
	for i >= 0 && e.pkg.inLibrary(s.pos) && e.stack[i].pos.IsValid() {
		c := &e.stack[i]
		inside = append(inside, diag.Note{Pos: s.pos, End: s.end, Message: "in " + c.name})
		s.pos, s.end, s.rewritable = c.pos, c.end, false
		if a, ok := c.argument(name); ok {
			s.pos, s.end, name = a.pos, a.end, nameOf(a)
		} else {
			name = ""
		}
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

// inLibrary reports whether a position is in the library's text. What an author wrote may be elaborated inside a library
// function: lambdas, and arguments bound by partial applications.
func (p *loader) inLibrary(pos token.Pos) bool {
	f := p.fset.File(pos)
	return f != nil && p.files[f.Name()] != nil && p.files[f.Name()].library
}

// outermost follows an argument that library code was given and passes on to where the author wrote it. what is the name of
// the parameter, "y of pick" or further out "y of nll"; from is the scope that the argument stands in.
func (e *elaborator) outermost(a argument, depth int, what string) (argument, string, *scope) {
	for depth > 0 && e.pkg.inLibrary(a.pos) {
		name := nameOf(a)
		outer, ok := e.stack[depth-1].argument(name)
		if !ok {
			break
		}
		depth--
		a, what = outer, name+" of "+e.stack[depth].name
	}
	if depth < len(e.stack) {
		return a, what, e.stack[depth].from
	}
	return a, what, nil
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
