// Which names and statements are wrong whether a declaration is used or not? The resolver reads every body once, without
// values: undefined names, names defined twice, statements in the wrong place, names that nothing uses.
package dsl

import (
	"slices"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// A resolver reads one body.
type resolver struct {
	p     *loader
	f     *file
	kind  bodyKind
	vague bool // the body, or the file around it, has syntax errors: what is undefined may be in the part that was not read
	list  diag.List
	quiet bool // unused names are not reported
	seen  map[string]*syntax.ItemDecl
}

// A rname is a name of a block as the resolver sees it.
type rname struct {
	id    *syntax.Ident // nil for predeclared names
	what  string        // "input", "parameter", "variable", ...
	fixed bool
	used  bool
}

type rscope struct {
	parent *rscope
	names  map[string]*rname
	order  []*rname
	later  map[string]*syntax.Ident // names that statements of the block define, by their first definition
}

func (s *rscope) find(name string) *rname {
	for ; s != nil; s = s.parent {
		if n := s.names[name]; n != nil {
			return n
		}
	}
	return nil
}

func inner(s *rscope) *rscope { return &rscope{parent: s, names: map[string]*rname{}} }

func (s *rscope) predeclare(name string, fixed bool) {
	s.names[name] = &rname{what: "predeclared", fixed: fixed, used: true}
}

// resolve checks the names of every declaration of a file and of what it imports.
func (p *loader) resolve(f *file) {
	if f.resolved {
		return
	}
	f.resolved = true
	for _, imp := range f.order {
		p.resolveDecl(f, imp)
	}
	for _, alias := range sortedImports(f) {
		imp := f.imports[alias]
		if !imp.used && !f.broken {
			p.list.Errorf(unusedName, imp.decl.Pos(), imp.decl.End(), "the imported file %s is never used", alias)
		}
		p.resolve(imp.file)
	}
}

func sortedImports(f *file) []string {
	set := map[string]bool{}
	for name := range f.imports {
		set[name] = true
	}
	return sorted(set)
}

func (p *loader) resolveDecl(f *file, d *decl) {
	r := &resolver{p: p, f: f, vague: f.broken || d.broken, seen: map[string]*syntax.ItemDecl{}}
	root := inner(nil)
	switch s := d.node.(type) {
	case *syntax.ConstDecl:
		if d.constIndex < len(s.Values) {
			r.expr(root, s.Values[d.constIndex])
		}
	case *syntax.FuncDecl:
		r.function(root, s)
	case *syntax.ModelDecl:
		stmts, ok := p.variant(d)
		if !ok {
			stmts, r.vague = s.Body.Stmts, true
		}
		r.kind, r.quiet = modelBody, s.Base != nil || f.isBase(s.Name.Name)
		root.predeclare("batch", true)
		root.predeclare("training", true)
		r.block(root, stmts)
	}
	if r.list.HasErrors() { // an unused name is the misspelt one, as likely as not
		r.list = slices.DeleteFunc(r.list, func(d *diag.Diagnostic) bool { return d.Code == unusedName })
	}
	p.list = append(p.list, r.list...)
}

// isBase reports whether another model of the file differs from the model called name: it may use what this one does not.
func (f *file) isBase(name string) bool {
	for _, d := range f.order {
		if m, ok := d.node.(*syntax.ModelDecl); ok && m.Base != nil && m.Base.Name == name {
			return true
		}
	}
	return false
}

// function resolves a func, layer or optimizer.
func (r *resolver) function(root *rscope, s *syntax.FuncDecl) {
	switch s.Kind {
	case syntax.Layer:
		r.kind = layerBody
		root.predeclare("training", true)
	case syntax.Optimizer:
		r.kind = optimizerBody
		root.predeclare("p", false)
		root.predeclare("g", false)
		root.predeclare("t", true)
		if s.On != nil {
			r.list.Errorf(wrongPlace, s.On.Pos(), s.On.End(), "optimizers for one shape of parameter are reserved for a later version")
		}
	default:
		r.kind = funcBody
		root.predeclare("training", true)
	}
	args := inner(root)
	for _, f := range s.Params {
		if old := args.names[f.Name.Name]; old != nil {
			r.list.Errorf(declaredTwice, f.Name.Pos(), f.Name.End(), "two parameters are called %s", f.Name.Name).
				Notef(old.id.Pos(), old.id.End(), "the first is here")
			continue
		}
		if old := root.names[f.Name.Name]; old != nil && f.Name.Name != "training" {
			r.list.Errorf(declaredTwice, f.Name.Pos(), f.Name.End(), "%s is predeclared in an optimizer: p is the parameter, g its gradient, t the number of the update", f.Name.Name)
			continue
		}
		r.define(args, f.Name, "parameter", false)
		if r.kind == optimizerBody && f.Type != nil && f.Type.Tensor {
			r.list.Errorf(wrongPlace, f.Type.Pos(), f.Type.End(), "an optimizer's setting is a number, true or false, not a tensor")
		}
	}
	for _, f := range s.Params { // patterns bind names
		if f.Type != nil && f.Type.Tensor {
			r.pattern(args, f.Type)
		}
	}
	for _, f := range s.Params {
		if f.Type != nil && f.Type.Tensor {
			for _, d := range f.Type.Dims {
				if _, name := d.X.(*syntax.Ident); !name {
					r.expr(args, d.X)
				}
			}
		}
		if f.Default != nil {
			r.expr(args, f.Default)
		}
	}
	for _, t := range s.Results {
		for _, d := range t.Dims {
			r.expr(args, d.X)
		}
	}
	body := inner(args)
	r.block(body, s.Body.Stmts)
	if s.Kind != syntax.Optimizer && !r.returns(s.Body.Stmts) && !r.vague {
		r.list.Errorf(badResults, s.Name.Pos(), s.Name.End(), "%s ends without return", s.Name.Name)
	}
	r.unused(args)
}

// returns reports whether statements may return at all; which way they go is known at generate time only.
func (r *resolver) returns(stmts []syntax.Stmt) bool {
	found := false
	for _, s := range stmts {
		syntax.Inspect(s, func(n syntax.Node) bool {
			if _, ok := n.(*syntax.Return); ok {
				found = true
			}
			return !found
		})
	}
	return found
}

// pattern binds the names of a parameter's shape that are not constants of the file.
func (r *resolver) pattern(sc *rscope, t *syntax.Type) {
	spread := (*syntax.DimField)(nil)
	for _, d := range t.Dims {
		if d.Spread {
			if spread != nil {
				r.list.Errorf(badPattern, d.Pos(), d.End(), "a shape has at most one spread").Notef(spread.Pos(), spread.End(), "the first is here")
			}
			spread = d
		}
		if d.Max != nil {
			r.list.Errorf(badPattern, d.Pos(), d.End(), "only an input declares a size with a bound")
		}
		id, ok := d.X.(*syntax.Ident)
		if !ok {
			continue
		}
		if have := sc.find(id.Name); have != nil {
			have.used = true
			continue
		}
		if outer := r.f.decls[id.Name]; outer != nil {
			if _, ok := outer.node.(*syntax.ConstDecl); ok {
				continue
			}
		}
		sc.names[id.Name] = &rname{id: id, what: "size", used: true}
	}
}

// define adds a name to sc.
func (r *resolver) define(sc *rscope, id *syntax.Ident, what string, fixed bool) {
	if id == nil || id.Name == "" || id.Name == "_" {
		return
	}
	n := &rname{id: id, what: what, fixed: fixed, used: strings.HasPrefix(id.Name, "_")}
	sc.names[id.Name] = n
	sc.order = append(sc.order, n)
}

// declare is define for declarations, whose names must be new.
func (r *resolver) declare(sc *rscope, id *syntax.Ident, what string) {
	if id != nil {
		if old := sc.find(id.Name); old != nil {
			if old.id == nil {
				r.list.Errorf(declaredTwice, id.Pos(), id.End(), "%s is predeclared", id.Name)
			} else {
				r.list.Errorf(declaredTwice, id.Pos(), id.End(), "%s is declared twice", id.Name).Notef(old.id.Pos(), old.id.End(), "first declared here")
			}
			return
		}
	}
	r.define(sc, id, what, true)
}

// block resolves statements in sc and reports the names of sc that nothing used.
func (r *resolver) block(sc *rscope, stmts []syntax.Stmt) {
	sc.later = definitions(stmts)
	for i, s := range stmts {
		r.stmt(sc, s)
		if _, ok := s.(*syntax.Return); ok && i+1 < len(stmts) && !r.vague {
			next := stmts[i+1]
			r.list.Errorf(wrongPlace, next.Pos(), next.End(), "nothing after return is reached")
			break
		}
	}
	r.unused(sc)
}

// definitions returns the names that statements define in their own block.
func definitions(stmts []syntax.Stmt) map[string]*syntax.Ident {
	out := map[string]*syntax.Ident{}
	add := func(ids ...*syntax.Ident) {
		for _, id := range ids {
			if id != nil && out[id.Name] == nil {
				out[id.Name] = id
			}
		}
	}
	for _, s := range stmts {
		switch s := s.(type) {
		case *syntax.Assign:
			if s.Op == syntax.Define {
				add(s.Names...)
			}
		case *syntax.ConstDecl:
			add(s.Names...)
		case *syntax.StateDecl:
			add(s.Names...)
		case *syntax.InputDecl:
			add(s.Name)
		case *syntax.ParamDecl:
			add(s.Name)
		case *syntax.HyperDecl:
			add(s.Name)
		case *syntax.ItemDecl:
			add(s.Name)
		case *syntax.Use:
			add(s.Name)
		}
	}
	return out
}

// unused reports variables, instances and parameters of functions that nothing mentions.
func (r *resolver) unused(sc *rscope) {
	if r.quiet || r.vague {
		return
	}
	for _, n := range sc.order {
		if !n.used && (n.what == "variable" || n.what == "parameter" || n.what == "layer" || n.what == "const" || n.what == "hyper" || n.what == "param" && r.kind == layerBody) {
			r.list.Errorf(unusedName, n.id.Pos(), n.id.End(), "the %s %s is never used", n.what, n.id.Name)
		}
	}
}
