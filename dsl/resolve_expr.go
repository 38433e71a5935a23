// Which names of an expression does nothing define?
package dsl

import (
	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

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
		r.named(sc, x)
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

// named reports `as` after a call that makes no layer.
func (r *resolver) named(sc *rscope, x *syntax.As) {
	c, ok := x.X.(*syntax.Call)
	if !ok {
		return
	}
	id, ok := c.Fun.(*syntax.Ident)
	if !ok || sc.find(id.Name) != nil {
		return
	}
	d := r.f.decls[id.Name]
	if d == nil {
		d = r.p.std[id.Name]
	}
	if d != nil && d.isFunc(syntax.Func) || d == nil && builtins[id.Name] != nil {
		r.list.Errorf(wrongKind, x.Name.Pos(), x.Name.End(), "%s is a func, not a layer: it has no parameters to name", id.Name).
			Help("remove it", diag.Edit{Pos: c.End(), End: x.End()})
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
