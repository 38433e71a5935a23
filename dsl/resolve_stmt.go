// Which statements are wrong where they stand, and which names do they define?
package dsl

import (
	"go/token"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

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
