// What do operators do to tensors? Operands get one type and one shape, then a row of the op table applies.
package dsl

import (
	"fmt"
	"go/token"
	"math"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// operators maps the operators of the language to rows; > and >= swap their operands.
var operators = map[syntax.Token]struct {
	op   symbolic.Op
	verb string // "cannot add a and b"
	swap bool
}{
	syntax.Add: {symbolic.OpAdd, "add", false},
	syntax.Sub: {symbolic.OpSub, "subtract", false},
	syntax.Mul: {symbolic.OpMul, "multiply", false},
	syntax.Div: {symbolic.OpDiv, "divide", false},
	syntax.Pow: {symbolic.OpPow, "raise", false},
	syntax.Lt:  {symbolic.OpLt, "compare", false},
	syntax.Le:  {symbolic.OpLe, "compare", false},
	syntax.Gt:  {symbolic.OpLt, "compare", true},
	syntax.Ge:  {symbolic.OpLe, "compare", true},
	syntax.Eq:  {symbolic.OpEq, "compare", false},
	syntax.Ne:  {symbolic.OpNe, "compare", false},
	syntax.And: {symbolic.OpAnd, "and", false},
	syntax.Or:  {symbolic.OpOr, "or", false},
}

// apply makes a node, or reports why it cannot be made. Rules of the op table speak the language's words.
func (e *elaborator) apply(at spanned, op symbolic.Op, attr symbolic.Attr, args ...*symbolic.Node) value {
	n, err := e.g.Apply(op, attr, args...)
	return e.node(at, n, err)
}

// node turns the answer of a builder of package symbolic into a value.
func (e *elaborator) node(at spanned, n *symbolic.Node, err error) value {
	if err != nil {
		return e.fail(badLayout, at, "%s", err)
	}
	return tensorVal{n}
}

// tensorBinary elaborates an operator of which at least one operand is a tensor.
func (e *elaborator) tensorBinary(sc *scope, op syntax.Token, opAt, at spanned, a, b argument) value {
	if op == syntax.MatMul {
		return e.matmul(sc, at, a, b)
	}
	row, ok := operators[op]
	if !ok {
		return e.fail(wrongType, at, "%s is not defined for tensors, got %s and %s", op, valueText(a.v), valueText(b.v))
	}
	if v, done := e.dropNeutral(op, a, b); done {
		return v
	}
	return e.elementwise(sc, row.op, row.verb, row.swap, at, a, b)
}

// needsWhat says which types an elementwise row takes.
func needsWhat(op symbolic.Op) (words string, fits func(symbolic.DType) bool) {
	number := func(t symbolic.DType) bool { return t.Float() || t == symbolic.I32 }
	switch op {
	case symbolic.OpAdd, symbolic.OpSub, symbolic.OpMul, symbolic.OpNeg, symbolic.OpAbs, symbolic.OpSign, symbolic.OpMin, symbolic.OpMax,
		symbolic.OpLt, symbolic.OpLe:
		return "numbers", number
	case symbolic.OpEq, symbolic.OpNe, symbolic.OpWhere:
		return "numbers or bools", func(t symbolic.DType) bool { return number(t) || t == symbolic.Bool }
	case symbolic.OpAnd, symbolic.OpOr, symbolic.OpNot:
		return "bools", func(t symbolic.DType) bool { return t == symbolic.Bool }
	}
	return "float", symbolic.DType.Float
}

// elementwise applies a row to operands of one type after broadcasting. verb is for messages about shapes.
func (e *elaborator) elementwise(sc *scope, op symbolic.Op, verb string, swap bool, at spanned, args ...argument) value {
	nodes, ok := e.unify(sc, verb, at, args)
	if !ok {
		return poison{}
	}
	if words, fits := needsWhat(op); !fits(nodes[0].DType) {
		d := e.errorf(wrongType, at, "cannot %s %s: %s needs %s", verb, argumentsText(args), sign(op), words)
		if logical(verb) {
			d.Message = fmt.Sprintf("%s needs bools, got %s", verb, argumentsText(args))
		}
		if words == "bools" {
			d.Help("a comparison makes bools, such as x != 0")
		} else {
			e.helpConvert(d, at, args)
		}
		return poison{}
	}
	if swap {
		nodes[0], nodes[1] = nodes[1], nodes[0]
	}
	return e.apply(at, op, symbolic.Attr{}, nodes...)
}

// sign is an elementwise row as the language writes it.
func sign(op symbolic.Op) string {
	for _, token := range []syntax.Token{syntax.Add, syntax.Sub, syntax.Mul, syntax.Div, syntax.Pow, syntax.Eq, syntax.Ne, syntax.And, syntax.Or} {
		if operators[token].op == op {
			return token.String()
		}
	}
	if op == symbolic.OpLt || op == symbolic.OpLe {
		return "a comparison of order"
	}
	return symbolic.Ops[op].Name
}

func argumentsText(args []argument) string {
	text := ""
	for i, a := range args {
		switch {
		case i > 0 && i == len(args)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += valueText(a.v)
	}
	return text
}

// unify gives operands one type and one shape. Numbers known at generate time take the type of the tensors; scalars in
// float64, which hyperparameters and step counts are, take it too.
func (e *elaborator) unify(sc *scope, verb string, at spanned, args []argument) ([]*symbolic.Node, bool) {
	dt := symbolic.NoType
	var first argument
	for _, a := range args {
		t, ok := a.v.(tensorVal)
		if !ok {
			continue
		}
		switch have := t.n.DType; {
		case dt == symbolic.NoType, dt == symbolic.F64 && first.scalar() && have == symbolic.F32:
			dt, first = have, a
		case have == dt, have == symbolic.F64 && a.scalar() && dt == symbolic.F32:
		default:
			message := "cannot " + verb + " "
			if logical(verb) {
				message = verb + " needs bools, got "
			}
			d := e.errorf(mixedTypes, at, "%s%s", message, argumentsText(args))
			d.Labelf("%s and %s", dtypeWord(dt), dtypeWord(have))
			e.noteOperands(d, sc, args)
			if logical(verb) {
				d.Help("a comparison makes bools, such as x != 0")
			} else {
				e.helpConvert(d, at, args)
			}
			return nil, false
		}
	}
	nodes := make([]*symbolic.Node, len(args))
	for i, a := range args {
		if num, ok := a.v.(numVal); ok && dt == symbolic.I32 && !fitsInt(num) {
			d := e.errorf(badLiteral, a, "%s does not fit int", num)
			e.helpConvert(d, a, args)
			return nil, false
		}
		n, ok := e.toNode(a, dt)
		if !ok {
			return nil, false
		}
		nodes[i] = n
	}
	shape, axis, ok := broadcast(nodes)
	if !ok {
		d := e.errorf(cannotBroadcast, at, "cannot %s %s", verb, argumentsText(args))
		d.Labelf("%s", axisLabel(nodes, axis))
		e.noteOperands(d, sc, args)
		return nil, false
	}
	for i, n := range nodes {
		if symbolic.SameShape(n.Shape, shape) {
			continue
		}
		wide, err := e.g.Expand(n, shape)
		if err != nil {
			e.errorf(cannotBroadcast, at, "cannot %s %s: %s", verb, argumentsText(args), err)
			return nil, false
		}
		nodes[i] = wide
	}
	return nodes, true
}

// logical reports whether a verb is that of and or or, which have none.
func logical(verb string) bool { return verb == "and" || verb == "or" }

func (a argument) scalar() bool {
	t, ok := a.v.(tensorVal)
	return ok && t.n.Scalar()
}

// broadcast returns the common shape of nodes: axes are matched from the last, a missing axis or one of the literal size 1
// stretches. Otherwise it returns the axis that does not fit, counted from the last, from 1.
func broadcast(nodes []*symbolic.Node) (shape []symbolic.Dim, axis int, ok bool) {
	rank := 0
	for _, n := range nodes {
		rank = max(rank, n.Rank())
	}
	shape = make([]symbolic.Dim, rank)
	for k := 1; k <= rank; k++ {
		size := symbolic.Int(1)
		for _, n := range nodes {
			if k > n.Rank() {
				continue
			}
			switch d := n.Shape[n.Rank()-k]; {
			case d == size || d.Is(1):
			case size.Is(1):
				size = d
			default:
				return nil, k, false
			}
		}
		shape[rank-k] = size
	}
	return shape, 0, true
}

// axisLabel says which sizes do not meet on an axis counted from the last.
func axisLabel(nodes []*symbolic.Node, axis int) string {
	var sizes []string
	for _, n := range nodes {
		if axis <= n.Rank() {
			if d := n.Shape[n.Rank()-axis].String(); len(sizes) == 0 || sizes[len(sizes)-1] != d {
				sizes = append(sizes, d)
			}
		}
	}
	where := "the last axis"
	if axis > 1 {
		where = fmt.Sprintf("axis -%d", axis)
	}
	text := where + " is "
	for i, s := range sizes {
		if i > 0 {
			text += " and "
		}
		text += s
	}
	return text
}

// noteOperands adds, for each operand that is a name or a parameter of a layer, what it is and where it comes from. These
// notes stand before those about calls.
func (e *elaborator) noteOperands(d *diag.Diagnostic, sc *scope, args []argument) {
	if sc == nil || sc.file.library {
		return
	}
	var notes []diag.Note
	for _, a := range args {
		switch x := a.expr.(type) {
		case *syntax.Ident:
			if b := sc.find(x.Name); b != nil && b.pos.IsValid() {
				notes = append(notes, diag.Note{Pos: b.pos, End: b.end, Message: x.Name + " is " + valueText(a.v)})
			}
		case *syntax.Selector:
			if t, ok := a.v.(tensorVal); ok && t.n.Info().Kind == symbolic.KindLeaf {
				notes = append(notes, diag.Note{Pos: t.n.Pos, End: t.n.Pos + token.Pos(len(x.Sel.Name)), Message: exprText(x) + " is " + valueText(a.v)})
			}
		}
	}
	d.Notes = append(notes, d.Notes...)
}

// help adds a fix that edits the place at, unless the diagnostic stands elsewhere.
func (e *elaborator) help(d *diag.Diagnostic, at spanned, message string, edits ...diag.Edit) {
	if !e.place(at).rewritable {
		edits = nil
	}
	d.Help(message, edits...)
}

// helpConvert proposes a conversion of the operands that are not float.
func (e *elaborator) helpConvert(d *diag.Diagnostic, at spanned, args []argument) {
	var edits []diag.Edit
	for _, a := range args {
		t, ok := a.v.(tensorVal)
		if !ok || t.n.DType.Float() || a.expr == nil {
			continue
		}
		open, close := "float(", ")"
		if _, paren := a.expr.(*syntax.Paren); paren {
			open, close = "float", ""
		}
		edits = append(edits, diag.Edit{Pos: a.pos, End: a.pos, New: open}, diag.Edit{Pos: a.end, End: a.end, New: close})
	}
	if edits != nil {
		e.help(d, at, "convert by float(...)", edits...)
	}
}

// toNode returns an operand as a node of type dt.
func (e *elaborator) toNode(a argument, dt symbolic.DType) (*symbolic.Node, bool) {
	switch v := a.v.(type) {
	case tensorVal:
		if v.n.DType == dt {
			return v.n, true
		}
		n, err := e.g.Cast(v.n, dt)
		if err != nil {
			e.errorf(mixedTypes, a, "%s", err)
			return nil, false
		}
		return n, true
	case numVal:
		switch {
		case dt.Float():
			x := v.round(dt)
			if math.IsInf(x, 0) && !math.IsInf(v.float64(), 0) {
				e.errorf(badLiteral, a, "%s is too large for a float32", v).Help("write `precision float64` in the model, or a smaller number")
				return nil, false
			}
			return e.g.Const(x, dt), true
		case dt == symbolic.I32:
			if fitsInt(v) {
				return e.g.Const(v.float64(), dt), true
			}
			e.errorf(badLiteral, a, "%s does not fit int", v)
			return nil, false
		}
		e.errorf(mixedTypes, a, "%s stands where bools meet", v.kind())
		return nil, false
	case dimVal:
		if dt.Float() || dt == symbolic.I32 {
			return e.g.Dimval(v.d, dt), true
		}
		e.errorf(mixedTypes, a, "%s stands where bools meet", v.kind())
		return nil, false
	case boolVal:
		if dt == symbolic.Bool {
			n := 0.0
			if v {
				n = 1
			}
			return e.g.Const(n, dt), true
		}
		e.errorf(mixedTypes, a, "%s stands where numbers meet", v.kind()).Help("float(b) makes 0 and 1 of bools")
		return nil, false
	case poison:
		return nil, false
	}
	e.errorf(wrongKind, a, "%s stands where a tensor or a number is wanted", a.v.kind())
	return nil, false
}

// fitsInt reports whether a number is an int32.
func fitsInt(v numVal) bool {
	n, ok := v.int()
	return ok && n < 1<<31 && n >= -1<<31
}

// dropNeutral removes terms with a constant 0 and factors of 1 in optimizers, whose values are finite: settings such as
// weight_decay: 0 cost nothing.
func (e *elaborator) dropNeutral(op syntax.Token, a, b argument) (value, bool) {
	if !e.optimizer {
		return nil, false
	}
	is := func(v value, k int) bool { n, ok := v.(numVal); return ok && n.is(k) }
	switch {
	case op == syntax.Mul && (is(a.v, 0) || is(b.v, 0)), op == syntax.Div && is(a.v, 0):
		return intNum(0), true
	case (op == syntax.Add || op == syntax.Sub) && is(b.v, 0), (op == syntax.Mul || op == syntax.Div) && is(b.v, 1):
		return a.v, true
	case op == syntax.Add && is(a.v, 0), op == syntax.Mul && is(a.v, 1):
		return b.v, true
	}
	return nil, false
}

// matmul elaborates a @ b.
func (e *elaborator) matmul(sc *scope, at spanned, a, b argument) value {
	x, okX := a.v.(tensorVal)
	y, okY := b.v.(tensorVal)
	if !okX || !okY {
		return e.fail(wrongKind, at, "@ multiplies tensors, got %s and %s", valueText(a.v), valueText(b.v))
	}
	if !x.n.DType.Float() || x.n.DType != y.n.DType {
		d := e.errorf(mixedTypes, at, "cannot multiply %s by %s: @ needs float", valueText(a.v), valueText(b.v))
		e.noteOperands(d, sc, []argument{a, b})
		return poison{}
	}
	report := func() *diag.Diagnostic {
		d := e.errorf(cannotMultiply, at, "cannot multiply %s by %s", valueText(a.v), valueText(b.v))
		e.noteOperands(d, sc, []argument{a, b})
		return d
	}
	bad := func(format string, args ...any) value {
		report().Labelf(format, args...)
		return poison{}
	}
	if x.n.Rank() == 0 || y.n.Rank() == 0 {
		return bad("@ needs at least one axis on both sides")
	}
	inner, against := x.n.Shape[x.n.Rank()-1], y.n.Shape[max(0, y.n.Rank()-2)]
	if inner != against {
		d := report()
		d.Labelf("the inner sizes are %s and %s", inner, against)
		if y.n.Rank() >= 2 && y.n.Shape[y.n.Rank()-1] == inner && b.expr != nil {
			e.help(d, at, "transpose the second", diag.Edit{Pos: b.pos, End: b.pos, New: "transpose("}, diag.Edit{Pos: b.end, End: b.end, New: ")"})
		}
		return poison{}
	}
	n, err := e.g.MatMul(x.n, y.n)
	if err != nil {
		return bad("%s", err)
	}
	return tensorVal{n}
}
