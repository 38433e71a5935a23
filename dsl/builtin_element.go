// Which built-in functions work element by element? The rows of the op table by name, where, min and max, and conversions.
package dsl

import (
	"math"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// elementRows are the elementwise rows that are functions of the language, with one argument; the others have operators.
var elementRows = []symbolic.Op{
	symbolic.OpAbs, symbolic.OpSign, symbolic.OpSqrt, symbolic.OpRsqrt, symbolic.OpExp, symbolic.OpLog, symbolic.OpLog1p, symbolic.OpExpm1,
	symbolic.OpSin, symbolic.OpCos, symbolic.OpTan, symbolic.OpAsin, symbolic.OpAcos, symbolic.OpAtan, symbolic.OpSinh, symbolic.OpCosh,
	symbolic.OpTanh, symbolic.OpAsinh, symbolic.OpAcosh, symbolic.OpAtanh, symbolic.OpSigmoid, symbolic.OpErf,
	symbolic.OpFloor, symbolic.OpCeil, symbolic.OpRound,
}

func init() {
	for _, op := range elementRows {
		info := &symbolic.Ops[op]
		register(&builtin{name: info.Name, doc: info.Doc, sig: params(required(tensorParam, "x")), run: func(c *bcall) value {
			return c.element(op)
		}})
	}
	register(
		&builtin{name: "atan2", doc: "the angle of the point (x, y), in (-pi, pi]", sig: params(required(tensorParam, "y", "x")),
			run: func(c *bcall) value { return c.element(symbolic.OpAtan2) }},
		&builtin{name: "fma", doc: "a*b + c, rounded once", sig: params(required(tensorParam, "a", "b", "c")),
			run: func(c *bcall) value { return c.element(symbolic.OpFma) }},
		&builtin{name: "where", doc: "a where cond holds, b elsewhere", sig: params(required(tensorParam, "cond", "a", "b")), run: where},
		&builtin{name: "max", doc: "the larger of two, or the largest along axis", sig: params(required(tensorParam, "x"), optional("y", "axis", "keep")),
			run: func(c *bcall) value { return c.extremum(symbolic.OpMax, false) }},
		&builtin{name: "min", doc: "the smaller of two, or the smallest along axis", sig: params(required(tensorParam, "x"), optional("y", "axis", "keep")),
			run: func(c *bcall) value { return c.extremum(symbolic.OpMin, true) }},
		&builtin{name: "float", doc: "the value as a float; bools become 0 and 1", sig: params(required(tensorParam, "x")), run: toFloat},
		&builtin{name: "int", doc: "the value as an int; the fraction is dropped", sig: params(required(tensorParam, "x")), run: toInt},
		&builtin{name: "bool", doc: "whether the value is not zero", sig: params(required(tensorParam, "x")), run: toBool},
		&builtin{name: "stop_gradient", doc: "x, constant for derivatives", sig: params(required(tensorParam, "x")), run: stopGradient},
	)
}

// element applies an elementwise row, exactly at generate time where all arguments are numbers.
func (c *bcall) element(op symbolic.Op) value {
	var args []argument
	static := true
	xs := make([]float64, 0, 3)
	for i := range c.fn.sig.params {
		a := c.args[i]
		args = append(args, a)
		n, ok := a.v.(numVal)
		static = static && ok
		if ok {
			xs = append(xs, n.float64())
		}
	}
	if !static {
		for i, a := range args {
			switch a.v.(type) {
			case tensorVal, numVal, dimVal:
			default:
				return c.wrong(i, "a tensor or a number")
			}
		}
		if !anyTensor(args) { // sizes
			n, ok := c.e.toNode(args[0], c.e.float)
			if !ok {
				return poison{}
			}
			args[0].v = tensorVal{n}
		}
		return c.e.elementwise(c.sc, op, "apply "+c.fn.name+" to", false, c.at, args...)
	}
	if n := args[0].v.(numVal); n.isInt() {
		switch op { // ints stay ints
		case symbolic.OpAbs:
			if n.float64() < 0 {
				v, _ := staticUnary(syntax.Sub, n)
				return v
			}
			return n
		case symbolic.OpFloor, symbolic.OpCeil, symbolic.OpRound:
			return n
		case symbolic.OpSign:
			return intNum(int(symbolic.Ops[op].Value(xs)))
		}
	}
	y := symbolic.Ops[op].Value(xs)
	if math.IsNaN(y) || math.IsInf(y, 0) {
		return c.e.fail(badArithmetic, c.at, "%s(%s) is %v", c.fn.name, argumentsText(args), y)
	}
	return floatNum(y)
}

func anyTensor(args []argument) bool {
	for _, a := range args {
		if isTensor(a.v) {
			return true
		}
	}
	return false
}

// where chooses by a condition; one known at generate time picks its branch.
func where(c *bcall) value {
	if b, ok := c.args[0].v.(boolVal); ok {
		if b {
			return c.args[1].v
		}
		return c.args[2].v
	}
	cond, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	if cond.DType != symbolic.Bool {
		return c.wrong(0, "a bool")
	}
	branches := []argument{c.args[1], c.args[2]}
	if !anyTensor(branches) {
		dt := c.e.float
		switch {
		case isBool(branches[0].v):
			dt = symbolic.Bool
		case c.e.opt != nil && cond.Scalar():
			dt = symbolic.F64 // of step numbers and hyperparameters
		}
		n, ok := c.e.toNode(branches[0], dt)
		if !ok {
			return poison{}
		}
		branches[0].v = tensorVal{n}
	}
	nodes, ok := c.e.unify(c.sc, "choose between", c.at, branches)
	if !ok {
		return poison{}
	}
	all := []*symbolic.Node{cond, nodes[0], nodes[1]}
	shape, axis, ok := broadcast(all)
	if !ok {
		d := c.e.errorf(cannotBroadcast, c.at, "cannot choose between %s by %s", argumentsText(branches), tensorText(cond))
		d.Labelf("%s", axisLabel(all, axis))
		c.e.noteOperands(d, c.sc, []argument{c.args[0], c.args[1], c.args[2]})
		return poison{}
	}
	for i, n := range all {
		wide, err := c.e.g.Expand(n, shape)
		if err != nil {
			return c.e.fail(cannotBroadcast, c.at, "%s", err)
		}
		all[i] = wide
	}
	return c.e.apply(c.at, symbolic.OpWhere, symbolic.Attr{}, all...)
}

// extremum is max or min: of two values element by element, or of one tensor along axes.
func (c *bcall) extremum(op symbolic.Op, least bool) value {
	if c.has(1) {
		if c.has(2) || c.has(3) {
			return c.e.fail(argumentType, c.at, "%s of two values has no axis: %s(x, axis: k) reduces one tensor", c.fn.name, c.fn.name)
		}
		a, b := c.args[0], c.args[1]
		if !anyTensor([]argument{a, b}) {
			return c.staticExtremum(a, b, least)
		}
		return c.e.elementwise(c.sc, op, "take the "+c.fn.name+" of", false, c.at, a, b)
	}
	if _, ok := c.args[0].v.(numVal); ok {
		return c.args[0].v
	}
	n, axes, keep, ok := c.reduction(2, 3)
	if !ok {
		return poison{}
	}
	if n.DType == symbolic.Bool {
		return c.wrong(0, "numbers")
	}
	if least {
		n = c.e.g.Must(symbolic.OpNeg, symbolic.Attr{}, n)
	}
	m, err := c.e.g.Reduce(symbolic.OpReduceMax, n, axes, keep)
	if err == nil && least {
		m = c.e.g.Must(symbolic.OpNeg, symbolic.Attr{}, m)
	}
	return c.e.node(c.at, m, err)
}

func isBool(v value) bool {
	_, ok := v.(boolVal)
	return ok
}

func (c *bcall) staticExtremum(a, b argument, least bool) value {
	op := syntax.Ge
	if least {
		op = syntax.Le
	}
	v, bad := staticBinary(op, a.v, b.v)
	if bad != nil {
		return c.e.fail(bad.code, c.at, "%s", bad.message)
	}
	if v == boolVal(true) {
		return a.v
	}
	return b.v
}

func toFloat(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case numVal:
		return v.toFloat()
	case boolVal:
		if v {
			return intNum(1).toFloat()
		}
		return intNum(0).toFloat()
	case dimVal:
		return tensorVal{c.e.g.Dimval(v.d, c.e.float)}
	case tensorVal:
		if v.n.DType.Float() {
			return v
		}
		return c.cast(v.n, c.e.float)
	}
	return c.wrong(0, "a number or a tensor")
}

func (c *bcall) cast(n *symbolic.Node, dt symbolic.DType) value {
	m, err := c.e.g.Cast(n, dt)
	return c.e.node(c.at, m, err)
}

func toInt(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case numVal:
		if v.isInt() {
			return v
		}
		f := math.Trunc(v.float64())
		if !(math.Abs(f) <= maxSize) {
			return c.e.fail(badArithmetic, c.at, "%s does not fit an int", v)
		}
		return intNum(int(f))
	case dimVal:
		return v
	case boolVal:
		if v {
			return intNum(1)
		}
		return intNum(0)
	case tensorVal:
		return c.cast(v.n, symbolic.I32)
	}
	return c.wrong(0, "a number or a tensor")
}

func toBool(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case boolVal:
		return v
	case numVal:
		return boolVal(!v.is(0))
	case tensorVal:
		return c.cast(v.n, symbolic.Bool)
	}
	return c.wrong(0, "a number or a tensor")
}

func stopGradient(c *bcall) value {
	t, ok := c.args[0].v.(tensorVal)
	if !ok {
		return c.args[0].v
	}
	n := c.e.g.StopGradient(t.n)
	if !c.e.pkg.inLibrary(c.at.Pos()) {
		c.e.model.out.Stopped = append(c.e.model.out.Stopped, n)
	}
	return tensorVal{n}
}
