// What are the statements of a model? Its own, or those of the model it differs from with its own in their places.
package dsl

import (
	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// variant returns the statements of a model after following `model A = B`.
func (p *loader) variant(d *decl) ([]syntax.Stmt, bool) {
	m := d.node.(*syntax.ModelDecl)
	if d.busy {
		p.list.Errorf(cyclicName, m.Base.Pos(), m.Base.End(), "the model %s differs from itself", m.Name.Name)
		return nil, false
	}
	if m.Base == nil {
		return m.Body.Stmts, true
	}
	base := d.file.decls[m.Base.Name]
	if base == nil || !isModel(base) {
		var names []string
		for _, other := range d.file.order {
			if isModel(other) && other != d {
				names = append(names, other.name.Name)
			}
		}
		diagnostic := p.list.Errorf(badVariant, m.Base.Pos(), m.Base.End(), "%s is not a model of this file", m.Base.Name)
		if near := diag.Closest(m.Base.Name, names); near != "" {
			diagnostic.Help("did you mean "+near+"?", diag.Edit{Pos: m.Base.Pos(), End: m.Base.End(), New: near})
		}
		return nil, false
	}
	d.busy = true
	stmts, ok := p.variant(base)
	d.busy = false
	if !ok {
		return nil, false
	}
	out := append([]syntax.Stmt(nil), stmts...)
	for _, s := range m.Body.Stmts {
		out = p.replace(out, s)
	}
	return out, true
}

// replace puts s where the base states the same thing, or at the end.
func (p *loader) replace(stmts []syntax.Stmt, s syntax.Stmt) []syntax.Stmt {
	switch s := s.(type) {
	case *syntax.ConstDecl:
		return replaceConst(stmts, s)
	case *syntax.Assign, *syntax.For, *syntax.If, *syntax.Use, *syntax.Block:
		p.list.Errorf(badVariant, s.Pos(), min(s.End(), s.Pos()+1), "got %s in a model that differs from another, want const, hyper, input, target, param, output, loss, metric, optimizer or precision", p.firstWord(s))
		return stmts
	}
	key := itemKey(s)
	for i, old := range stmts {
		if key != "" && itemKey(old) == key {
			out := append([]syntax.Stmt(nil), stmts...)
			out[i] = s
			return out
		}
	}
	return append(stmts, s)
}

// firstWord names a statement by what it begins with.
func (p *loader) firstWord(s syntax.Stmt) string {
	switch s := s.(type) {
	case *syntax.Assign:
		return "a definition of " + s.Names[0].Name
	case *syntax.For:
		return "for"
	case *syntax.If:
		return "if"
	case *syntax.Use:
		return "use"
	}
	return "a block"
}

// replaceConst gives constants of the base new values; new constants come first.
func replaceConst(stmts []syntax.Stmt, s *syntax.ConstDecl) []syntax.Stmt {
	out := append([]syntax.Stmt(nil), stmts...)
	fresh := &syntax.ConstDecl{Span: s.Span}
	for i, id := range s.Names {
		if i >= len(s.Values) {
			break
		}
		found := false
		for k, old := range out {
			c, ok := old.(*syntax.ConstDecl)
			if !ok {
				continue
			}
			for j, name := range c.Names {
				if name.Name == id.Name && j < len(c.Values) {
					next := &syntax.ConstDecl{Span: c.Span, Names: append([]*syntax.Ident(nil), c.Names...), Values: append([]syntax.Expr(nil), c.Values...)}
					next.Names[j], next.Values[j] = id, s.Values[i]
					out[k], found = next, true
				}
			}
		}
		if !found {
			fresh.Names, fresh.Values = append(fresh.Names, id), append(fresh.Values, s.Values[i])
		}
	}
	if len(fresh.Names) > 0 {
		out = append([]syntax.Stmt{fresh}, out...)
	}
	return out
}

// itemKey names what a statement defines, so that a variant can restate it.
func itemKey(s syntax.Stmt) string {
	switch s := s.(type) {
	case *syntax.InputDecl:
		return "name " + s.Name.Name
	case *syntax.ParamDecl:
		return "name " + s.Name.Name
	case *syntax.HyperDecl:
		return "name " + s.Name.Name
	case *syntax.ItemDecl:
		if s.Name != nil {
			return "name " + s.Name.Name
		}
		return "loss"
	case *syntax.OptimizerUse:
		return "optimizer"
	case *syntax.Precision:
		return "precision"
	}
	return ""
}
