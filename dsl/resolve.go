// Which names and statements are wrong whether a declaration is used or not? The resolver reads every body once, without
// values: undefined names, names defined twice, statements in the wrong place, names that nothing uses.
package dsl

import (
	"go/token"
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

// allowed says which bodies a statement may stand in; "" for statements that may stand everywhere.
func (r *resolver) allowed(s syntax.Stmt) (word, where string, ok bool) {
	switch s := s.(type) {
	case *syntax.InputDecl:
		if s.Target {
			return "target", "a model", r.kind == modelBody
		}
		return "input", "a model", r.kind == modelBody
	case *syntax.ItemDecl:
		return [...]string{"output", "loss", "metric"}[s.Kind], "a model", r.kind == modelBody
	case *syntax.HyperDecl:
		return "hyper", "a model", r.kind == modelBody
	case *syntax.OptimizerUse:
		return "optimizer", "a model", r.kind == modelBody
	case *syntax.Precision:
		return "precision", "a model", r.kind == modelBody
	case *syntax.ParamDecl:
		return "param", "a model or a layer", r.kind == modelBody || r.kind == layerBody
	case *syntax.Use:
		return "use", "a model or a layer", r.kind == modelBody || r.kind == layerBody
	case *syntax.StateDecl:
		return "state", "an optimizer", r.kind == optimizerBody
	case *syntax.Return:
		return "return", "a func or a layer", r.kind == funcBody || r.kind == layerBody
	case *syntax.FuncDecl:
		return [...]string{"func", "layer", "optimizer"}[s.Kind], "the top level of a file", false
	}
	return "", "", true
}

func (r *resolver) stmt(sc *rscope, s syntax.Stmt) {
	if word, where, ok := r.allowed(s); !ok {
		d := r.list.Errorf(wrongPlace, s.Pos(), s.Pos()+token.Pos(len(word)), "%s stands in %s, want it in %s", word, r.kind, where)
		switch s.(type) {
		case *syntax.StateDecl:
			if r.kind == layerBody {
				d.Message = "states of layers are reserved for a later version"
			}
		case *syntax.ParamDecl, *syntax.Use:
			if r.kind == funcBody {
				d.Help("make the func a layer: layers own parameters")
			}
		}
	}
	switch s := s.(type) {
	case *syntax.Assign:
		r.assign(sc, s)
	case *syntax.If:
		r.ifStmt(sc, s)
	case *syntax.For:
		if rg, ok := s.Over.(*syntax.Range); ok {
			r.expr(sc, rg.Lo)
			r.expr(sc, rg.Hi)
		} else {
			r.expr(sc, s.Over)
		}
		body := inner(sc)
		r.declare(body, s.Var, "loop variable")
		r.block(body, s.Body.Stmts)
	case *syntax.Block:
		r.block(inner(sc), s.Stmts)
	case *syntax.Require:
		r.expr(sc, s.Cond)
	case *syntax.Return:
		for _, x := range s.Values {
			r.expr(sc, x)
		}
	case *syntax.ConstDecl:
		for i, id := range s.Names {
			if i < len(s.Values) {
				r.expr(sc, s.Values[i])
			}
			r.declare(sc, id, "const")
		}
	case *syntax.ParamDecl:
		r.typ(sc, s.Type)
		r.expr(sc, s.Init)
		r.declare(sc, s.Name, "param")
	case *syntax.StateDecl:
		r.typ(sc, s.Type)
		r.expr(sc, s.Init)
		for _, id := range s.Names {
			r.declare(sc, id, "state")
			if n := sc.names[id.Name]; n != nil {
				n.fixed = false
			}
		}
	case *syntax.Use:
		if s.Call != nil {
			r.expr(sc, s.Call)
		}
		r.declare(sc, s.Name, "layer")
	case *syntax.ExprStmt:
		r.expr(sc, s.X)
		if r.vague {
			return
		}
		r.list.Errorf(wrongPlace, s.Pos(), s.End(), "the value is not used: an expression is no statement").Help("give it a name: h := ...")
	default:
		r.item(sc, s)
	}
}

// item resolves the statements that only models have.
func (r *resolver) item(sc *rscope, s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.InputDecl:
		if s.Type != nil {
			for _, d := range s.Type.Dims {
				id, name := d.X.(*syntax.Ident)
				if d.Max != nil {
					r.expr(sc, d.Max)
					if name && sc.find(id.Name) == nil {
						r.define(sc, id, "size", true)
					}
				} else if !name {
					r.expr(sc, d.X)
				} else if have := sc.find(id.Name); have != nil {
					have.used = true
				} // the elaborator reports an undefined size
			}
		}
		word := "input"
		if s.Target {
			word = "target"
		}
		r.declare(sc, s.Name, word)
	case *syntax.HyperDecl:
		r.expr(sc, s.Value)
		r.declare(sc, s.Name, "hyper")
	case *syntax.ItemDecl:
		r.expr(sc, s.Value)
		r.itemName(sc, s)
	case *syntax.OptimizerUse:
		if old := r.seen["optimizer"]; old != nil {
			r.list.Errorf(declaredTwice, s.Pos(), s.Pos()+9, "a model has one optimizer").Notef(old.Pos(), old.Pos()+9, "the first is here")
		}
		r.seen["optimizer"] = &syntax.ItemDecl{Span: s.Span}
		settings := inner(sc)
		settings.predeclare("t", true)
		if s.Call != nil {
			r.callee(settings, s.Call.Fun)
			for _, a := range s.Call.Args {
				r.expr(settings, a.Value)
			}
		}
		for _, g := range s.Groups {
			for _, a := range g.Settings {
				r.expr(settings, a.Value)
			}
		}
	}
}

// itemName declares the name of an output or metric; `output h = h` names what exists.
func (r *resolver) itemName(sc *rscope, s *syntax.ItemDecl) {
	if s.Kind == syntax.Loss {
		if old := r.seen["loss"]; old != nil {
			r.list.Errorf(declaredTwice, s.Pos(), s.Pos()+4, "a model has one loss").Notef(old.Pos(), old.Pos()+4, "the first is here").
				Help("add them up: loss = ... + ...")
		}
		r.seen["loss"] = s
		return
	}
	if s.Name == nil {
		return
	}
	if id, ok := s.Value.(*syntax.Ident); ok && id.Name == s.Name.Name && r.seen[id.Name] == nil {
		r.seen[id.Name] = s
		return
	}
	r.seen[s.Name.Name] = s
	r.declare(sc, s.Name, "item")
}

// assign resolves h := e and x = e.
func (r *resolver) assign(sc *rscope, s *syntax.Assign) {
	r.expr(sc, s.Value)
	for i, id := range s.Names {
		for _, earlier := range s.Names[:i] {
			if earlier.Name == id.Name && id.Name != "_" {
				r.list.Errorf(declaredTwice, id.Pos(), id.End(), "%s stands twice at the left", id.Name)
			}
		}
		old := sc.find(id.Name)
		switch {
		case id.Name == "_":
		case s.Op == syntax.Define && old != nil:
			r.redefined(s, id, old)
		case s.Op == syntax.Define:
			r.define(sc, id, "variable", false)
		case old == nil:
			if !r.vague {
				notDefined(&r.list, site{pos: id.Pos(), end: id.End(), rewritable: true}, s, id, assignableNames(sc))
			}
			r.define(sc, id, "variable", false)
			sc.names[id.Name].used = true
		case old.fixed:
			what := withArticle(old.what)
			d := r.list.Errorf(notDefinedYet, id.Pos(), id.End(), "%s is %s and keeps its value", id.Name, what)
			if old.id != nil {
				d.Notef(old.id.Pos(), old.id.End(), "%s is declared here", id.Name)
			}
			d.Help("introduce another name by :=")
		case s.Op != syntax.Set:
			old.used = true
		}
	}
}

func withArticle(what string) string {
	switch {
	case what == "predeclared":
		return what
	case strings.ContainsRune("aeiou", rune(what[0])):
		return "an " + what
	}
	return "a " + what
}

// redefined reports := of a name that is visible already.
func (r *resolver) redefined(s *syntax.Assign, id *syntax.Ident, old *rname) {
	d := r.list.Errorf(redefinition, id.Pos(), id.End(), "%s is defined already: := introduces a name, = gives it a new value", id.Name)
	if old.id != nil {
		d.Notef(old.id.Pos(), old.id.End(), "%s is defined here", id.Name)
	}
	switch {
	case old.fixed:
		d.Help("choose another name")
	case len(s.Names) == 1:
		d.Help("give it a new value", diag.Edit{Pos: s.OpPos, End: s.OpPos + 2, New: "="})
	}
	old.used = true
}

func assignableNames(sc *rscope) []string {
	seen := map[string]bool{}
	for ; sc != nil; sc = sc.parent {
		for name, n := range sc.names {
			if !n.fixed {
				seen[name] = true
			}
		}
	}
	return sorted(seen)
}

func (r *resolver) ifStmt(sc *rscope, s *syntax.If) {
	r.expr(sc, s.Cond)
	r.block(inner(sc), s.Then.Stmts)
	switch other := s.Else.(type) {
	case *syntax.Block:
		r.block(inner(sc), other.Stmts)
	case *syntax.If:
		r.ifStmt(sc, other)
	}
}

func (r *resolver) typ(sc *rscope, t *syntax.Type) {
	if t == nil {
		return
	}
	for _, d := range t.Dims {
		r.expr(sc, d.X)
		if d.Max != nil {
			r.list.Errorf(badPattern, d.Pos(), d.End(), "only an input declares a size with a bound")
		}
	}
}

// expr resolves the names of an expression.
func (r *resolver) expr(sc *rscope, x syntax.Expr) {
	switch x := x.(type) {
	case *syntax.Ident:
		r.use(sc, x)
	case *syntax.Unary:
		r.expr(sc, x.X)
	case *syntax.Binary:
		r.expr(sc, x.X)
		r.expr(sc, x.Y)
	case *syntax.Paren:
		r.expr(sc, x.X)
	case *syntax.Call:
		r.callee(sc, x.Fun)
		for _, a := range x.Args {
			r.expr(sc, a.Value)
		}
	case *syntax.As:
		r.expr(sc, x.X)
		if x.Index != nil {
			r.expr(sc, x.Index)
		}
	case *syntax.Index:
		r.expr(sc, x.X)
		for _, s := range x.Subs {
			if sl, ok := s.(*syntax.Slice); ok {
				for _, end := range []syntax.Expr{sl.Lo, sl.Hi, sl.Step} {
					if end != nil {
						r.expr(sc, end)
					}
				}
				continue
			}
			r.expr(sc, s)
		}
	case *syntax.Selector:
		r.selector(sc, x)
	case *syntax.List:
		for _, el := range x.Elems {
			r.expr(sc, el)
		}
	case *syntax.Lambda:
		body := inner(sc)
		for _, id := range x.Params {
			r.define(body, id, "argument", true)
		}
		r.expr(body, x.Body)
	}
}

// callee resolves what a call calls.
func (r *resolver) callee(sc *rscope, x syntax.Expr) { r.expr(sc, x) }

// use marks a name as used, or reports that nothing defines it.
func (r *resolver) use(sc *rscope, id *syntax.Ident) {
	if n := sc.find(id.Name); n != nil {
		n.used = true
		return
	}
	if imp := r.f.imports[id.Name]; imp != nil && r.f.decls[id.Name] == nil {
		imp.used = true
		return
	}
	if r.f.decls[id.Name] != nil || r.p.std[id.Name] != nil || builtins[id.Name] != nil || universe[id.Name] != nil || r.vague {
		return
	}
	r.p.unresolved[id.Pos()] = true
	candidates := map[string]bool{}
	for s := sc; s != nil; s = s.parent {
		if later := s.later[id.Name]; later != nil {
			r.list.Errorf(undefinedName, id.Pos(), id.End(), "%s is used before it is defined", id.Name).
				Notef(later.Pos(), later.End(), "%s is defined here", id.Name)
			return
		}
		for name := range s.names {
			candidates[name] = true
		}
	}
	for _, name := range outerNames(r.p, r.f) {
		candidates[name] = true
	}
	d := undefined(&r.list, site{pos: id.Pos(), end: id.End(), rewritable: true}, id.Name, "", sorted(candidates))
	for _, alias := range sortedImports(r.f) {
		if r.f.imports[alias].file.decls[id.Name] != nil {
			name := alias + "." + id.Name
			d.Help("did you mean "+name+"?", diag.Edit{Pos: id.Pos(), End: id.End(), New: name})
			r.f.imports[alias].used = true
		}
	}
}

// selector resolves mine.gated; what a layer made by use has is known to the elaborator only.
func (r *resolver) selector(sc *rscope, x *syntax.Selector) {
	id, ok := x.X.(*syntax.Ident)
	if !ok {
		r.expr(sc, x.X)
		return
	}
	imp := r.f.imports[id.Name]
	r.use(sc, id)
	if sc.find(id.Name) != nil || imp == nil || imp.file.decls[x.Sel.Name] != nil || imp.file.broken {
		return
	}
	names := map[string]bool{}
	for name := range imp.file.decls {
		names[name] = true
	}
	undefined(&r.list, site{pos: x.Sel.Pos(), end: x.Sel.End(), rewritable: true}, x.Sel.Name, imp.file.name, sorted(names))
}
