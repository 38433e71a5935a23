// How does a .nn file become models? Read it and its imports, resolve names, elaborate every model.
package dsl

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// Options are the choices of Load.
type Options struct {
	// Read returns the contents of an imported file, by its path relative to the working directory of the caller, with
	// slashes. Without it imports are errors.
	Read func(name string) ([]byte, error)

	// Define overrides constants of the models and of the main file, as `-D name=value` does: numbers, true and false, or
	// text.
	Define map[string]string

	// Model, if not empty, is the one model to elaborate.
	Model string
}

// A Package is what one .nn file declares.
type Package struct {
	Models  []*Model // in order of declaration; only those without errors
	Fset    *token.FileSet
	Sources diag.Sources // of the file, its imports and the library
}

// Load checks the file called name with text src and everything that it imports. It always returns a package; the list
// holds all errors and warnings, sorted by position.
func Load(opts Options, name string, src []byte) (*Package, diag.List) {
	p, main := newLoader(opts, name, src)
	p.resolve(main)
	p.unread = p.list.HasErrors()
	pkg := &Package{Fset: p.fset, Sources: p.sources}
	for _, d := range main.order {
		m, ok := d.node.(*syntax.ModelDecl)
		if !ok || opts.Model != "" && m.Name.Name != opts.Model {
			continue
		}
		if p.broken(d) {
			continue
		}
		if model := p.model(d); model != nil {
			pkg.Models = append(pkg.Models, model)
		}
	}
	p.checkOptions(main)
	p.checkConsts()
	p.list = p.sorted(dedupe(p.list))
	if p.list.HasErrors() {
		pkg.Models = nil
	}
	return pkg, p.list
}

// newLoader parses the main file, what it imports, and the library.
func newLoader(opts Options, name string, src []byte) (p *loader, main *file) {
	p = &loader{opts: opts, fset: token.NewFileSet(), sources: diag.Sources{}, files: map[string]*file{}, unresolved: map[token.Pos]bool{}}
	main = p.add(name, src, false)
	p.addLibrary()
	return p, main
}

// broken reports whether a model, or one that it differs from, has syntax errors.
func (p *loader) broken(d *decl) bool {
	for n := 0; d != nil && n < maxDepth; n++ {
		if d.broken {
			return true
		}
		m, ok := d.node.(*syntax.ModelDecl)
		if !ok || m.Base == nil {
			return false
		}
		d = d.file.decls[m.Base.Name]
	}
	return false
}

// loader holds what all models of one Load share.
type loader struct {
	opts    Options
	fset    *token.FileSet
	sources diag.Sources
	list    diag.List
	files   map[string]*file // by path
	library []*file
	std     map[string]*decl // declarations of the library
	nextID  int

	unresolved map[token.Pos]bool // names that the resolver has reported
	unread     bool               // the text itself has errors, so that what seems unused may not be
}

// A file is one parsed file with its top-level names.
type file struct {
	name    string
	library bool
	syntax  *syntax.File
	decls   map[string]*decl
	order   []*decl
	imports map[string]*imported

	loading  bool // being parsed: an import of it is a cycle
	resolved bool
	broken   bool // has syntax errors outside its declarations
}

// imported is an import of a file under a name.
type imported struct {
	file *file
	decl *syntax.Import
	used bool
}

// A decl is one top-level declaration.
type decl struct {
	id   int // for keys: equal ids are the same declaration
	name *syntax.Ident
	node syntax.Stmt // *syntax.FuncDecl, *syntax.ModelDecl or *syntax.ConstDecl
	file *file

	sig       *signature // of a FuncDecl, made on demand
	stateless *bool      // of a layer: whether it can own parameters, made on demand

	broken bool // has syntax errors

	constIndex int  // of a ConstDecl
	busy       bool // a model that is being followed to its base
}

// add parses a file, declares its names and loads what it imports.
func (p *loader) add(name string, src []byte, library bool) *file {
	tree, list := syntax.Parse(p.fset, name, src)
	p.sources[name] = src
	p.list = append(p.list, list...)
	f := &file{name: name, library: library, syntax: tree, decls: map[string]*decl{}, imports: map[string]*imported{}, loading: true}
	p.files[name] = f
	for _, s := range tree.Decls {
		switch s := s.(type) {
		case *syntax.Import:
			p.importFile(f, s)
		case *syntax.FuncDecl:
			p.declare(f, s.Name, s, 0)
		case *syntax.ModelDecl:
			p.declare(f, s.Name, s, 0)
		case *syntax.ConstDecl:
			for i, id := range s.Names {
				p.declare(f, id, s, i)
			}
		}
	}
	f.loading = false
	f.blame(list)
	return f
}

// blame finds the declarations that syntax errors lie in. They are not elaborated, and no name in them is undefined: it may
// be defined in the part that could not be read.
func (f *file) blame(list diag.List) {
	for _, d := range list {
		if d.Severity != diag.Error {
			continue
		}
		inside := false
		for _, decl := range f.order {
			if decl.node.Pos() <= d.Pos && d.Pos < decl.node.End() {
				decl.broken, inside = true, true
			}
		}
		f.broken = f.broken || !inside
	}
}

// declare adds a top-level name to f.
func (p *loader) declare(f *file, id *syntax.Ident, node syntax.Stmt, index int) {
	if id == nil || id.Name == "" {
		return // the parser has complained
	}
	d := &decl{id: p.nextID, name: id, node: node, file: f, constIndex: index}
	p.nextID++
	f.order = append(f.order, d)
	if old := f.decls[id.Name]; old != nil {
		p.list.Errorf(declaredTwice, id.Pos(), id.End(), "%s is declared twice", id.Name).
			Notef(old.name.Pos(), old.name.End(), "first declared here")
		return
	}
	if old := f.imports[id.Name]; old != nil {
		p.list.Errorf(declaredTwice, id.Pos(), id.End(), "%s is the name of an imported file already", id.Name).
			Notef(old.decl.Pos(), old.decl.End(), "imported here")
		return
	}
	f.decls[id.Name] = d
}

// importFile loads the file that s names and binds it in f.
func (p *loader) importFile(f *file, s *syntax.Import) {
	rel := s.Path.Value
	if rel == "" {
		return // the parser has complained
	}
	if !strings.HasSuffix(rel, ".nn") || path.IsAbs(rel) || strings.Contains(rel, `\`) {
		p.list.Errorf(cannotRead, s.Path.Pos(), s.Path.End(), "an import is a path to a .nn file relative to this one, with slashes, got %q", rel)
		return
	}
	name := path.Join(path.Dir(f.name), rel)
	alias, at := strings.TrimSuffix(path.Base(rel), ".nn"), spanned(s.Path)
	if s.Name != nil {
		alias, at = s.Name.Name, s.Name
	} else if !isIdent(alias) {
		p.list.Errorf(cannotRead, s.Path.Pos(), s.Path.End(), "%q is not a name", alias).
			Help("give the file one: import name "+fmt.Sprintf("%q", rel), diag.Edit{Pos: s.Path.Pos(), End: s.Path.Pos(), New: "name "})
		return
	}
	target := p.files[name]
	if target == nil {
		src, err := p.read(name)
		if err != nil {
			p.list.Errorf(cannotRead, s.Path.Pos(), s.Path.End(), "cannot read %s: %v", name, reason(err))
			p.unreadable(f, alias, name, s)
			return
		}
		target = p.add(name, src, false)
	} else if target.loading {
		p.list.Errorf(importCycle, s.Path.Pos(), s.Path.End(), "%s and %s import each other", name, f.name)
		p.unreadable(f, alias, name, s)
		return
	}
	if old := f.imports[alias]; old != nil {
		p.list.Errorf(declaredTwice, at.Pos(), at.End(), "two imported files are called %s", alias).
			Notef(old.decl.Pos(), old.decl.End(), "the first is here").
			Help("give one another name: import other " + fmt.Sprintf("%q", rel))
		return
	}
	f.imports[alias] = &imported{file: target, decl: s}
}

// unreadable binds the name of a file that could not be imported, so that its uses are no further errors.
func (p *loader) unreadable(f *file, alias, name string, s *syntax.Import) {
	if f.imports[alias] == nil {
		f.imports[alias] = &imported{file: &file{name: name, broken: true, resolved: true}, decl: s, used: true}
	}
}

func (p *loader) read(name string) ([]byte, error) {
	if p.opts.Read == nil {
		return nil, errors.New("imports are not available here")
	}
	return p.opts.Read(name)
}

// reason drops the path that file system errors repeat.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func isIdent(s string) bool { return token.IsIdentifier(s) }

// checkOptions reports overrides and a model name that met nothing.
func (p *loader) checkOptions(main *file) {
	if name := p.opts.Model; name != "" {
		if d := main.decls[name]; d == nil || !isModel(d) {
			var names []string
			for _, d := range main.order {
				if isModel(d) {
					names = append(names, d.name.Name)
				}
			}
			d := p.list.Errorf(badOverride, token.NoPos, token.NoPos, "%s declares no model %s", main.name, name)
			if near := diag.Closest(name, names); near != "" {
				d.Help("did you mean " + near + "?")
			}
			return
		}
	}
	known := p.constNames(main)
	for _, name := range slices.Sorted(maps.Keys(p.opts.Define)) {
		if slices.Contains(known, name) {
			continue
		}
		d := p.list.Errorf(badOverride, token.NoPos, token.NoPos, "-D %s: %s has no const %s", name, main.name, name)
		if near := diag.Closest(name, known); near != "" {
			d.Help("did you mean " + near + "?")
		}
	}
}

func isModel(d *decl) bool {
	_, ok := d.node.(*syntax.ModelDecl)
	return ok
}

// constNames returns the constants of f and of its models.
func (p *loader) constNames(f *file) []string {
	seen := map[string]bool{}
	add := func(c *syntax.ConstDecl) {
		for _, id := range c.Names {
			seen[id.Name] = true
		}
	}
	for _, d := range f.order {
		switch s := d.node.(type) {
		case *syntax.ConstDecl:
			add(s)
		case *syntax.ModelDecl:
			for _, t := range s.Body.Stmts {
				if c, ok := t.(*syntax.ConstDecl); ok {
					add(c)
				}
			}
		}
	}
	return sorted(seen)
}

// checkConsts evaluates the constants of all files that nothing has read.
func (p *loader) checkConsts() {
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		f := p.files[name]
		e := newElaborator(p, &modelBuilder{consts: map[*decl]value{}})
		for _, d := range f.order {
			if s, ok := d.node.(*syntax.ConstDecl); ok && !f.library && !d.broken {
				e.model.decl = d
				e.constant(d, s, d.name)
			}
		}
		p.list = append(p.list, e.list...)
	}
}

// sorted orders diagnostics by position. Of syntax errors with one code only the first of a line stays: the rest are nearly
// always consequences, which poison prevents for all others.
func (p *loader) sorted(list diag.List) diag.List {
	var first, rest diag.List
	for _, d := range list {
		if strings.HasPrefix(d.Code, "E01") {
			first = append(first, d)
		} else {
			rest = append(rest, d)
		}
	}
	first.Sort(p.fset)
	all := append(first, rest...)
	slices.SortStableFunc(all, func(a, b *diag.Diagnostic) int {
		if a.Pos != b.Pos {
			return int(a.Pos) - int(b.Pos)
		}
		return strings.Compare(a.Code, b.Code)
	})
	return slices.CompactFunc(all, func(a, b *diag.Diagnostic) bool {
		return a.Code == b.Code && a.Pos == b.Pos && a.End == b.End && a.Pos.IsValid() && inside(a) && inside(b)
	})
}

// inside reports whether a diagnostic is about the library's text, shown at the author's call. Two of one kind at one place
// have one cause.
func inside(d *diag.Diagnostic) bool {
	return slices.ContainsFunc(d.Notes, func(n diag.Note) bool { return strings.HasPrefix(n.Message, "in ") })
}

// dedupe drops diagnostics that say the same at the same place: a body may be elaborated more than once.
func dedupe(list diag.List) diag.List {
	type key struct {
		code     string
		pos, end token.Pos
		message  string
	}
	seen := map[key]bool{}
	out := list[:0:0]
	for _, d := range list {
		k := key{d.Code, d.Pos, d.End, d.Message}
		if !seen[k] {
			seen[k] = true
			out = append(out, d)
		}
	}
	return out
}
