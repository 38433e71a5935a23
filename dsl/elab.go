// What does the elaborator keep while it walks a model? The graph, the stack of calls, the functions made so far.
package dsl

import (
	"go/token"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// An elaborator builds one model. Its methods take the scope they work in; what a construct means is in the file named
// after it.
type elaborator struct {
	pkg      *loader
	list     diag.List
	g        *symbolic.Graph
	float    symbolic.DType // F32 or F64: what [..] means
	model    *modelBuilder
	training bool // the value of `training`

	stack []call // bodies under elaboration, outermost first
	steps int    // statements, iterations and calls so far

	funcs     map[string]*layerFunc // by key, see layer.go
	funcNames map[string]int        // how often a name of a Func was asked for
	inits     map[string]*symbolic.Func

	implicit   []symbolic.Dim            // shape that a call gets in a parameter's initial value; nil elsewhere
	opt        *optimizerBuilder         // the optimizer under elaboration
	incomplete bool                      // a name was undefined, which the resolver may have reported: layers may be missing
	optimizer  bool                      // in the body of an optimizer: constant zeros drop their terms
	origin     map[*symbolic.Node]string // which library function a value came out of, for warnings
}

func newElaborator(p *loader, b *modelBuilder) *elaborator {
	return &elaborator{
		pkg:       p,
		g:         symbolic.NewGraph(),
		float:     symbolic.F32,
		model:     b,
		funcs:     map[string]*layerFunc{},
		funcNames: map[string]int{},
		inits:     map[string]*symbolic.Func{},
		origin:    map[*symbolic.Node]string{},
	}
}

// maxSteps bounds the work of one model, so that elaboration ends whatever the text says.
const maxSteps = 100_000

// maxDepth bounds calls within calls.
const maxDepth = 200

// step counts one unit of work and reports, once, when there was too much of it.
func (e *elaborator) step(at spanned) bool {
	e.steps++
	if e.steps == maxSteps {
		e.errorf(tooMuchWork, at, "elaboration takes more than %d steps: is a loop too long?", maxSteps)
	}
	return e.steps < maxSteps
}

// push enters the body of d, called at a place in the scope from. It fails where calls nest without end.
func (e *elaborator) push(d *decl, from *scope, at spanned, args map[int]argument) bool {
	if len(e.stack) >= maxDepth {
		e.errorf(tooMuchWork, at, "calls nest more than %d deep: does %s call itself without end?", maxDepth, d.name.Name)
		return false
	}
	if !e.step(at) {
		return false
	}
	e.stack = append(e.stack, call{name: d.name.Name, decl: d, pos: at.Pos(), end: at.End(), from: from, args: args})
	return true
}

func (e *elaborator) pop() { e.stack = e.stack[:len(e.stack)-1] }

// mark gives nodes made from now on the position of at. Inside a func of the library it is the call that matters to the
// author, so the position stays.
func (e *elaborator) mark(at spanned) {
	if n := len(e.stack); n > 0 {
		if f, ok := e.stack[n-1].decl.node.(*syntax.FuncDecl); ok && f.Kind == syntax.Func && e.stack[n-1].decl.file.library {
			return
		}
	}
	e.g.Pos = at.Pos()
}

// named records what the model calls a tensor, for dumps and generated comments.
func (e *elaborator) named(v value, name string) {
	t, ok := v.(tensorVal)
	if !ok || t.n.Info().Kind == symbolic.KindLeaf {
		return // leaves have names of their own
	}
	if n := len(e.stack); n > 0 && e.stack[n-1].decl.file.library && e.stack[n-1].decl.isFunc(syntax.Func) {
		return
	}
	e.g.SetName(t.n, name)
}

func (d *decl) isFunc(k syntax.FuncKind) bool {
	f, ok := d.node.(*syntax.FuncDecl)
	return ok && f.Kind == k
}

// A frame is a graph function under construction: a layer's Func, or the model's own body.
type frame struct {
	fn       *layerFunc // nil: the model's body
	training bool       // whether `training` was read
	draws    int        // random draws and random calls so far
	slots    map[string]*slot
	order    []*slot
	limits   []leafLimit
}

// A slot is a parameter that a frame needs from its caller, by its path within the frame.
type slot struct {
	path  string
	pos   token.Pos
	layer string // declaration that declares it, "" for the model
	shape []symbolic.Dim
	init  *symbolic.Func
	leaf  *symbolic.Node
	site  site    // where a model's own text makes it
	call  spanned // of a layer made by use: its first application
}

// A unit is one body whose layers are named side by side: a model, or one elaboration of a layer or func.
type unit struct {
	kind  bodyKind
	decl  *decl
	frame *frame
	// prefix returns the path in front of names of this unit, "blk.3." or "", and whether there is one; it is only asked
	// when a parameter is declared, so that layers without parameters need no name.
	prefix  func() (string, bool)
	taken   map[string]*taken
	unnamed int      // layers whose name was taken, after an error
	loops   []string // variables of the loops around the statement under elaboration
	again   bool     // a second application of an instance: its parameters exist
}

// taken is a name of a layer or parameter within a unit.
type taken struct {
	pos, end token.Pos
	indexed  bool
	indices  map[string]bool
}

// bodyKind says what kind of body a statement stands in.
type bodyKind uint8

const (
	modelBody bodyKind = iota
	funcBody
	layerBody
	optimizerBody
)

func (k bodyKind) String() string {
	return [...]string{"a model", "a func", "a layer", "an optimizer"}[k]
}

func newUnit(kind bodyKind, d *decl, f *frame, prefix func() (string, bool)) *unit {
	return &unit{kind: kind, decl: d, frame: f, prefix: prefix, taken: map[string]*taken{}}
}

func noPrefix() (string, bool) { return "", true }
