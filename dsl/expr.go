// What is an expression worth?
package dsl

import (
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// expr elaborates an expression. A call with several results gives a tupleVal; use single where one value is needed.
func (e *elaborator) expr(sc *scope, x syntax.Expr) value {
	v := e.anyExpr(sc, x)
	if t, ok := v.(tensorVal); ok && !e.sane(t.n) {
		return e.fail(badSize, x, "a tensor with %s axes and more than 2^40 elements at batch 1, or a graph of more than a million nodes", intNum(t.n.Rank()))
	}
	return v
}

// sane reports whether a tensor is of a size that a program could compute with.
func (e *elaborator) sane(n *symbolic.Node) bool {
	elements := 1.0
	for _, d := range n.Shape {
		lo, _ := sizeRange(d)
		elements *= max(lo, 1)
	}
	return elements <= 1<<40 && n.Rank() <= maxRank && n.ID() < maxNodes
}

func (e *elaborator) anyExpr(sc *scope, x syntax.Expr) value {
	switch x := x.(type) {
	case *syntax.Ident:
		return e.ident(sc, x)
	case *syntax.NumberLit:
		n, bad := number(x.Text)
		if bad != nil {
			return e.fail(bad.code, x, "%s", bad.message)
		}
		return n
	case *syntax.StringLit:
		return strVal(x.Value)
	case *syntax.Paren:
		return e.single(sc, x.X)
	case *syntax.Unary:
		return e.unary(sc, x)
	case *syntax.Binary:
		return e.binary(sc, x)
	case *syntax.Call:
		return e.call(sc, x, naming{}, false)
	case *syntax.As:
		return e.as(sc, x)
	case *syntax.Index:
		return e.index(sc, x)
	case *syntax.Selector:
		return e.selector(sc, x)
	case *syntax.List:
		return e.listExpr(sc, x)
	case *syntax.Lambda:
		return funcVal{fn: &lambda{fn: x, sc: sc, text: e.pkg.text(x)}}
	case *syntax.Range:
		return e.fail(wrongKind, x, "a range is no value: it stands after in, in a for")
	}
	return poison{} // BadExpr: the parser has complained
}

// single elaborates an expression that must have one value.
func (e *elaborator) single(sc *scope, x syntax.Expr) value {
	v := e.expr(sc, x)
	if t, ok := v.(tupleVal); ok {
		if isPoison(t...) {
			return poison{}
		}
		return e.fail(badResults, x, "the call gives %d results, one is wanted here", len(t))
	}
	return v
}

// as elaborates `call as name[i]`.
func (e *elaborator) as(sc *scope, x *syntax.As) value {
	c, ok := x.X.(*syntax.Call)
	if !ok {
		return poison{} // the parser has complained
	}
	nm := naming{name: x.Name.Name, at: x.Name, explicit: true}
	if x.Index != nil {
		v := e.single(sc, x.Index)
		switch i := v.(type) {
		case numVal:
			if n, ok := i.int(); !ok || n < 0 {
				return e.fail(wrongKind, x.Index, "the index of a layer's name must be an int from 0, got %s", i)
			}
		case strVal:
			if !isIdent(string(i)) {
				return e.fail(wrongKind, x.Index, "a layer's name cannot hold %q", string(i))
			}
			nm.index = string(i)
		case poison:
			return v
		default:
			return e.fail(wrongKind, x.Index, "the index of a layer's name must be an int known at generate time, got %s", v.kind())
		}
		if nm.index == "" {
			nm.index = valueText(v)
		}
		nm.end = x.Index.End()
	}
	return e.call(sc, c, nm, false)
}

// listExpr elaborates `[a, b]`; `[...s, n]` splices a list.
func (e *elaborator) listExpr(sc *scope, x *syntax.List) value {
	out := make(listVal, 0, len(x.Elems))
	for _, el := range x.Elems {
		v := e.single(sc, el)
		if isPoison(v) {
			return v
		}
		out = append(out, v)
	}
	return out
}

// selector elaborates `e.W` and `mine.gated`.
func (e *elaborator) selector(sc *scope, x *syntax.Selector) value {
	v := e.single(sc, x.X)
	switch v := v.(type) {
	case poison:
		return v
	case moduleVal:
		d := v.file.decls[x.Sel.Name]
		if d == nil {
			names := map[string]bool{}
			for name := range v.file.decls {
				names[name] = true
			}
			if !v.file.broken {
				undefined(&e.list, e.place(x.Sel), x.Sel.Name, v.file.name, sorted(names))
			}
			e.incomplete = true
			return poison{}
		}
		return e.declValue(d, x.Sel)
	case funcVal:
		if inst, ok := v.fn.(*instance); ok {
			return e.instanceParam(inst, x)
		}
	}
	return e.fail(wrongKind, x, "%s has no parts: only layers made by use, and imported files, have names after a dot", v.kind())
}

// declValue returns what a top-level name is worth.
func (e *elaborator) declValue(d *decl, at spanned) value {
	switch s := d.node.(type) {
	case *syntax.FuncDecl:
		return funcVal{fn: d}
	case *syntax.ConstDecl:
		return e.constant(d, s, at)
	}
	return e.fail(wrongKind, at, "%s is a model, not a value", d.name.Name)
}

// constant evaluates a top-level const once per model.
func (e *elaborator) constant(d *decl, s *syntax.ConstDecl, at spanned) value {
	if v, ok := e.model.consts[d]; ok {
		if v == nil {
			e.errorf(cyclicName, at, "the const %s depends on itself", d.name.Name)
			return poison{}
		}
		return v
	}
	if d.constIndex >= len(s.Values) {
		return poison{}
	}
	e.model.consts[d] = nil
	v := e.constValue(fileScope(d.file, nil), d.name.Name, s.Values[d.constIndex], d.file == e.model.decl.file)
	e.model.consts[d] = v
	return v
}

// constValue evaluates the value of a const, which -D may replace.
func (e *elaborator) constValue(sc *scope, name string, x syntax.Expr, own bool) value {
	if text, ok := e.pkg.opts.Define[name]; ok && own {
		return defined(text)
	}
	v := e.single(sc, x)
	if t, ok := v.(tensorVal); ok {
		return e.fail(notStatic, x, "a const must be known at generate time, got %s", t.kind())
	}
	return v
}

// defined reads the value of -D name=value.
func defined(text string) value {
	switch text {
	case "true", "false":
		return boolVal(text == "true")
	}
	digits, negative := text, false
	if len(text) > 1 && text[0] == '-' {
		digits, negative = text[1:], true
	}
	if digits != "" && digits[0] >= '0' && digits[0] <= '9' {
		if n, bad := number(digits); bad == nil {
			if negative {
				v, _ := staticUnary(syntax.Sub, n)
				return v
			}
			return n
		}
	}
	return strVal(text)
}

// unary elaborates -x, +x and not x.
func (e *elaborator) unary(sc *scope, x *syntax.Unary) value {
	v := e.single(sc, x.X)
	if isPoison(v) {
		return v
	}
	t, ok := v.(tensorVal)
	if !ok {
		r, bad := staticUnary(x.Op, v)
		if bad != nil {
			return e.fail(bad.code, x, "%s", bad.message)
		}
		return r
	}
	e.mark(x)
	switch {
	case x.Op == syntax.Not && t.n.DType == symbolic.Bool:
		return e.apply(x, symbolic.OpNot, symbolic.Attr{}, t.n)
	case x.Op == syntax.Not:
		return e.fail(wrongType, x, "not needs bool, got %s", tensorText(t.n))
	case t.n.DType == symbolic.Bool:
		return e.fail(wrongType, x, "%s needs numbers, got %s: float(x) makes 0 and 1 of it", x.Op, tensorText(t.n))
	case x.Op == syntax.Add:
		return t
	}
	return e.apply(x, symbolic.OpNeg, symbolic.Attr{}, t.n)
}

// binary elaborates x op y.
func (e *elaborator) binary(sc *scope, x *syntax.Binary) value {
	a, b := e.single(sc, x.X), e.single(sc, x.Y)
	if isPoison(a, b) {
		return poison{}
	}
	left := argument{a, x.X.Pos(), x.X.End(), x.X}
	right := argument{b, x.Y.Pos(), x.Y.End(), x.Y}
	_, ta := a.(tensorVal)
	_, tb := b.(tensorVal)
	if !ta && !tb {
		r, bad := staticBinary(x.Op, a, b)
		if bad != nil {
			return e.fail(bad.code, x, "%s", bad.message)
		}
		return r
	}
	if r, done := equality(x.Op, a, b); done { // with none
		return r
	}
	e.mark(x)
	return e.tensorBinary(sc, x.Op, span{x.OpPos, x.OpPos + 1}, x, left, right)
}
