// What does a statement of a body do? Assignments, loops and conditions of funcs, layers, optimizers and models.
package dsl

import (
	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A returned is the outcome of a return statement; nil where control goes on.
type returned struct {
	vals []argument
	stmt *syntax.Return
}

// block elaborates statements in sc until one returns.
func (e *elaborator) block(sc *scope, stmts []syntax.Stmt) *returned {
	for _, s := range stmts {
		if !e.step(s) {
			return &returned{}
		}
		if r := e.stmt(sc, s); r != nil {
			return r
		}
	}
	return nil
}

// stmt elaborates one statement. Statements that do not belong into the body have been reported by the resolver.
func (e *elaborator) stmt(sc *scope, s syntax.Stmt) *returned {
	switch s := s.(type) {
	case *syntax.Assign:
		e.assign(sc, s)
	case *syntax.If:
		return e.ifStmt(sc, s)
	case *syntax.For:
		return e.forStmt(sc, s)
	case *syntax.Block:
		return e.block(newScope(sc), s.Stmts)
	case *syntax.Require:
		if !e.require(sc, s) && sc.unit.kind != modelBody {
			return &returned{} // what follows relies on it
		}
	case *syntax.ConstDecl:
		for i, id := range s.Names {
			if i < len(s.Values) {
				sc.define(id, e.constValue(sc, id.Name, s.Values[i], sc.unit != nil && sc.unit.kind == modelBody), true)
			}
		}
	case *syntax.Return:
		if sc.unit.kind != funcBody && sc.unit.kind != layerBody {
			return nil
		}
		r := &returned{stmt: s}
		for _, x := range s.Values {
			r.vals = append(r.vals, argument{e.expr(sc, x), x.Pos(), x.End(), x})
		}
		return r
	case *syntax.ParamDecl:
		if sc.unit.kind == modelBody || sc.unit.kind == layerBody {
			e.paramDecl(sc, s)
		}
	case *syntax.Use:
		if sc.unit.kind == modelBody || sc.unit.kind == layerBody {
			e.use(sc, s)
		}
	case *syntax.StateDecl:
		if sc.unit.kind == optimizerBody {
			e.optimizerState(sc, s)
		}
	default:
		if sc.unit.kind == modelBody {
			e.item(sc, s)
		}
	}
	return nil
}

// assign elaborates `h := e`, `q, k := e`, `x = e` and `x += e`.
func (e *elaborator) assign(sc *scope, s *syntax.Assign) {
	nm := naming{}
	if len(s.Names) == 1 {
		nm = naming{name: s.Names[0].Name, at: s.Names[0], variable: true}
	}
	var v value
	if c, ok := s.Value.(*syntax.Call); ok {
		v = e.call(sc, c, nm, false)
	} else {
		v = e.expr(sc, s.Value)
	}
	vals := e.spread(s, v)
	for i, id := range s.Names {
		if s.Op == syntax.Define {
			e.named(vals[i], id.Name)
			sc.define(id, vals[i], false)
			continue
		}
		b := sc.find(id.Name)
		if b == nil {
			notDefined(&e.list, e.place(id), s, id, assignable(sc))
			sc.define(id, poison{}, false)
			continue
		}
		if b.fixed {
			continue // reported by the resolver
		}
		if s.Op != syntax.Set {
			vals[i] = e.update(sc, s, b, argument{vals[i], s.Value.Pos(), s.Value.End(), s.Value})
		}
		e.named(vals[i], id.Name)
		b.v = vals[i]
	}
}

// spread returns one value for each name at the left.
func (e *elaborator) spread(s *syntax.Assign, v value) []value {
	vals := make([]value, len(s.Names))
	t, tuple := v.(tupleVal)
	switch {
	case isPoison(v):
		for i := range vals {
			vals[i] = v
		}
	case tuple && len(t) == len(vals):
		copy(vals, t)
	case !tuple && len(vals) == 1:
		vals[0] = v
	default:
		got := 1
		if tuple {
			got = len(t)
		}
		e.errorf(badResults, s, "%d names, but the right side gives %d", len(vals), got)
		for i := range vals {
			vals[i] = poison{}
		}
	}
	return vals
}

// update computes x op e for `x op= e`.
func (e *elaborator) update(sc *scope, s *syntax.Assign, b *binding, right argument) value {
	ops := map[syntax.Token]syntax.Token{
		syntax.AddSet: syntax.Add, syntax.SubSet: syntax.Sub, syntax.MulSet: syntax.Mul, syntax.DivSet: syntax.Div,
	}
	left := argument{b.v, s.Names[0].Pos(), s.Names[0].End(), s.Names[0]}
	if isPoison(left.v, right.v) {
		return poison{}
	}
	_, ta := left.v.(tensorVal)
	_, tb := right.v.(tensorVal)
	if !ta && !tb {
		r, bad := staticBinary(ops[s.Op], left.v, right.v)
		if bad != nil {
			return e.fail(bad.code, s, "%s", bad.message)
		}
		return r
	}
	e.mark(s)
	return e.tensorBinary(sc, ops[s.Op], span{s.OpPos, s.OpPos + 2}, s, left, right)
}

// notDefined reports `x = e` for a name that is not visible.
func notDefined(list *diag.List, at site, s *syntax.Assign, id *syntax.Ident, candidates []string) {
	d := at.report(list, notDefinedYet, "%s is not defined: = gives a name a new value, := introduces it", id.Name)
	if near := diag.Closest(id.Name, candidates); near != "" {
		d.Help("did you mean " + near + "?")
	} else if s.Op == syntax.Set && len(s.Names) == 1 && at.rewritable {
		d.Help("introduce it", diag.Edit{Pos: s.OpPos, End: s.OpPos + 1, New: ":="})
	}
}

// assignable returns the names of sc that = may change.
func assignable(sc *scope) []string {
	seen := map[string]bool{}
	for ; sc != nil; sc = sc.parent {
		for name, b := range sc.names {
			if !b.fixed {
				seen[name] = true
			}
		}
	}
	return sorted(seen)
}

// ifStmt elaborates the branch that the condition picks.
func (e *elaborator) ifStmt(sc *scope, s *syntax.If) *returned {
	v := e.single(sc, s.Cond)
	cond, ok := v.(boolVal)
	switch {
	case ok && bool(cond):
		return e.block(newScope(sc), s.Then.Stmts)
	case ok:
		switch other := s.Else.(type) {
		case *syntax.Block:
			return e.block(newScope(sc), other.Stmts)
		case *syntax.If:
			return e.ifStmt(sc, other)
		}
	default:
		e.condition(s.Cond, v, "if")
	}
	return nil
}

// condition reports a condition that is not a static bool.
func (e *elaborator) condition(x syntax.Expr, v value, word string) {
	switch t := v.(type) {
	case poison:
	case tensorVal:
		if t.n.DType == symbolic.Bool {
			e.errorf(notStatic, x, "the condition is known at run time only, got %s", tensorText(t.n)).
				Help("where(cond, a, b) chooses at run time")
			return
		}
		e.errorf(wrongKind, x, "%s needs true or false, got %s", word, tensorText(t.n))
	default:
		e.errorf(wrongKind, x, "%s needs true or false, got %s", word, v.kind())
	}
}

// forStmt elaborates the body once for each value.
func (e *elaborator) forStmt(sc *scope, s *syntax.For) *returned {
	vals, ok := e.iterations(sc, s)
	if !ok {
		return nil
	}
	sc.unit.loops = append(sc.unit.loops, s.Var.Name)
	defer func() { sc.unit.loops = sc.unit.loops[:len(sc.unit.loops)-1] }()
	for _, v := range vals {
		if !e.step(s) {
			return nil
		}
		inner := newScope(sc)
		inner.define(s.Var, v, true)
		if r := e.block(inner, s.Body.Stmts); r != nil {
			return r
		}
	}
	return nil
}

// iterations returns the values that the variable of a loop takes.
func (e *elaborator) iterations(sc *scope, s *syntax.For) ([]value, bool) {
	if r, ok := s.Over.(*syntax.Range); ok {
		lo, okLo := e.bound(sc, r.Lo)
		hi, okHi := e.bound(sc, r.Hi)
		if !okLo || !okHi {
			return nil, false
		}
		if hi-lo > maxSteps {
			e.errorf(tooMuchWork, r, "the loop runs %d times: it is written out at generate time", hi-lo)
			return nil, false
		}
		var vals []value
		for i := lo; i < hi; i++ {
			vals = append(vals, intNum(i))
		}
		return vals, true
	}
	v := e.single(sc, s.Over)
	switch v := v.(type) {
	case listVal:
		return v, true
	case poison:
	default:
		e.errorf(wrongKind, s.Over, "for runs over a range such as 0..4 or a list, got %s", v.kind())
	}
	return nil, false
}

// bound evaluates one end of a range.
func (e *elaborator) bound(sc *scope, x syntax.Expr) (int, bool) {
	v := e.single(sc, x)
	switch v := v.(type) {
	case numVal:
		if n, ok := v.int(); ok {
			return n, true
		}
	case dimVal:
		e.errorf(notStatic, x, "%s is known at run time only: a loop over it needs its length at generate time", v.d)
		return 0, false
	case poison:
		return 0, false
	}
	e.errorf(wrongKind, x, "the end of a range must be an int, got %s", v.kind())
	return 0, false
}

// require checks a condition known at generate time, and reports whether it holds.
func (e *elaborator) require(sc *scope, s *syntax.Require) bool {
	v := e.single(sc, s.Cond)
	cond, ok := v.(boolVal)
	if !ok {
		e.condition(s.Cond, v, "require")
		return false
	}
	if cond {
		return true
	}
	text := e.pkg.text(s.Cond) + " does not hold"
	if s.Message != nil {
		text = s.Message.Value
	}
	e.requirement(sc, s, text)
	return false
}

// requirement reports a failed require: at the call, because its arguments are the cause.
func (e *elaborator) requirement(sc *scope, s *syntax.Require, text string) {
	n := len(e.stack) - 1
	if n < 0 || !e.stack[n].pos.IsValid() {
		e.errorf(requireFailed, s.Cond, "%s", text)
		return
	}
	c := &e.stack[n]
	at := spanned(span{c.pos, c.end})
	var outer argument
	var from *scope
	syntax.Inspect(s.Cond, func(x syntax.Node) bool {
		id, ok := x.(*syntax.Ident)
		if !ok || outer.expr != nil {
			return outer.expr == nil
		}
		if a, given := c.argument(id.Name); given && a.expr != nil {
			at = a
			outer, _, from = e.outermost(a, n, "")
		}
		return true
	})
	d := e.placeFrom(at, n).report(&e.list, requireFailed, "%s: %s", c.name, text)
	noteOrigin(d, e, from, outer)
	d.Notef(s.Pos(), s.End(), "required here%s", values(sc, s.Cond))
}

// values lists what the names of a condition are worth: ", d is 10, heads is 3".
func values(sc *scope, x syntax.Expr) string {
	text := ""
	seen := map[string]bool{}
	syntax.Inspect(x, func(n syntax.Node) bool {
		id, ok := n.(*syntax.Ident)
		if !ok || seen[id.Name] {
			return true
		}
		seen[id.Name] = true
		if b := sc.find(id.Name); b != nil {
			text += ", " + id.Name + " is " + valueText(b.v)
		}
		return true
	})
	return text
}
