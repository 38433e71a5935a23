// What does a name mean? The innermost block first, then the file, then the library, then the built-in functions.
package dsl

import (
	"go/token"
	"sort"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// A binding is a name of a block with its present value.
type binding struct {
	name     string
	v        value
	pos, end token.Pos
	fixed    bool         // may not be rebound by =
	typ      *syntax.Type // of an input
}

func (b *binding) Pos() token.Pos { return b.pos }
func (b *binding) End() token.Pos { return b.end }

// A scope is one block of names. The outermost scope of a declaration has no parent and falls through to its file.
type scope struct {
	parent *scope
	names  map[string]*binding
	file   *file
	unit   *unit // whose layers are named in here
}

func newScope(parent *scope) *scope {
	return &scope{parent: parent, names: map[string]*binding{}, file: parent.file, unit: parent.unit}
}

func fileScope(f *file, u *unit) *scope {
	return &scope{names: map[string]*binding{}, file: f, unit: u}
}

// find returns the binding of name in s or the blocks around it.
func (s *scope) find(name string) *binding {
	for ; s != nil; s = s.parent {
		if b := s.names[name]; b != nil {
			return b
		}
	}
	return nil
}

// define binds id in s.
func (s *scope) define(id *syntax.Ident, v value, fixed bool) *binding {
	b := &binding{name: id.Name, v: v, pos: id.Pos(), end: id.End(), fixed: fixed}
	s.names[id.Name] = b
	return b
}

// set binds a name that has no place in the source.
func (s *scope) set(name string, v value) {
	s.names[name] = &binding{name: name, v: v, fixed: true}
}

// visible returns all names that can be seen from s, sorted.
func (s *scope) visible(e *elaborator) []string {
	seen := map[string]bool{}
	for t := s; t != nil; t = t.parent {
		for name := range t.names {
			seen[name] = true
		}
	}
	for _, name := range outerNames(e.pkg, s.file) {
		seen[name] = true
	}
	return sorted(seen)
}

// outerNames returns the names that every block of f sees: its declarations and imports, the library, the built-ins.
func outerNames(pkg *loader, f *file) []string {
	seen := map[string]bool{}
	for name := range f.decls {
		seen[name] = true
	}
	for name := range f.imports {
		seen[name] = true
	}
	for name := range pkg.std {
		seen[name] = true
	}
	for name := range builtins {
		seen[name] = true
	}
	for name := range universe {
		seen[name] = true
	}
	return sorted(seen)
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// universe holds the predeclared values; `training` and `batch` are bound by layers and models.
var universe = map[string]value{
	"true":  boolVal(true),
	"false": boolVal(false),
	"none":  noneVal{},
	"new":   newAxis{},
	"pi":    piValue,
	"inf":   infValue,
}

// ident returns what a name is worth.
func (e *elaborator) ident(sc *scope, id *syntax.Ident) value {
	if b := sc.find(id.Name); b != nil {
		return b.v
	}
	if id.Name == "training" && sc.unit != nil {
		sc.unit.frame.training = true
		return boolVal(e.training)
	}
	if v, ok := e.outer(sc.file, id.Name, id); ok {
		return v
	}
	if !sc.file.broken && !e.pkg.unresolved[id.Pos()] {
		undefined(&e.list, e.place(id), id.Name, "", sc.visible(e))
	}
	e.incomplete = true
	return poison{}
}

// outer returns what a name means outside all blocks.
func (e *elaborator) outer(f *file, name string, at spanned) (value, bool) {
	if d := f.decls[name]; d != nil {
		return e.declValue(d, at), true
	}
	if imported := f.imports[name]; imported != nil {
		return moduleVal{imported.file}, true
	}
	if d := e.pkg.std[name]; d != nil {
		return e.declValue(d, at), true
	}
	if b := builtins[name]; b != nil {
		return funcVal{fn: b}, true
	}
	v, ok := universe[name]
	return v, ok
}

// undefined reports a name that nothing defines; where says in which imported file, or is empty.
func undefined(list *diag.List, at site, name, where string, candidates []string) *diag.Diagnostic {
	code := undefinedName
	message := "undefined: " + name
	if where != "" {
		code, message = notInFile, where+" has no "+name
	}
	d := at.report(list, code, "%s", message)
	if strings.EqualFold(name, "nan") {
		return d.Help("there is no constant that is not a number") // tan, which is near, is never meant
	}
	if near := diag.Closest(name, candidates); near != "" {
		fix := []diag.Edit{}
		if at.rewritable {
			fix = append(fix, diag.Edit{Pos: at.pos, End: at.end, New: near})
		}
		d.Help("did you mean "+near+"?", fix...)
	}
	return d
}
