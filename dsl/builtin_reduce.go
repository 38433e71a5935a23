// Which built-in functions reduce axes? sum, prod, argmax, argmin and cumsum; mean, var and the rest are library text.
package dsl

import "nngen/symbolic"

func init() {
	axisKeep := optional("axis", "keep")
	register(
		&builtin{name: "sum", doc: "the sum over axis, an int or a list; over all axes without it", sig: params(required(tensorParam, "x"), axisKeep),
			run: func(c *bcall) value { return c.reduce(symbolic.OpSum) }},
		&builtin{name: "prod", doc: "the product over axis", sig: params(required(tensorParam, "x"), axisKeep),
			run: func(c *bcall) value { return c.reduce(symbolic.OpProd) }},
		&builtin{name: "argmax", doc: "the index of the first largest element along axis, -1 by default", sig: params(required(tensorParam, "x"), axisKeep),
			run: func(c *bcall) value { return c.argmax(false) }},
		&builtin{name: "argmin", doc: "the index of the first smallest element along axis, -1 by default", sig: params(required(tensorParam, "x"), axisKeep),
			run: func(c *bcall) value { return c.argmax(true) }},
		&builtin{name: "cumsum", doc: "the running sum along axis, -1 by default", sig: params(required(tensorParam, "x"), optional("axis", "reverse")), run: cumsum},
	)
}

// reduction returns the tensor, axes and keep of a reduction, whose axis and keep are parameters i and j.
func (c *bcall) reduction(i, j int) (n *symbolic.Node, axes []int, keep, ok bool) {
	if n, ok = c.tensor(0); !ok {
		return
	}
	if axes, ok = c.axes(i, n); !ok {
		return
	}
	keep, ok = c.flag(j)
	return
}

func (c *bcall) reduce(op symbolic.Op) value {
	n, axes, keep, ok := c.reduction(1, 2)
	if !ok {
		return poison{}
	}
	if n.DType == symbolic.Bool || op == symbolic.OpProd && !n.DType.Float() {
		return c.notFloat(0)
	}
	m, err := c.e.g.Reduce(op, n, axes, keep)
	return c.e.node(c.at, m, err)
}

func (c *bcall) argmax(least bool) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(1, n.Rank(), -1)
	if !ok {
		return poison{}
	}
	keep, ok := c.flag(2)
	if !ok {
		return poison{}
	}
	if n.DType == symbolic.Bool {
		return c.wrong(0, "numbers")
	}
	if least {
		n = c.e.g.Must(symbolic.OpNeg, symbolic.Attr{}, n)
	}
	m, err := c.e.g.Reduce(symbolic.OpArgmax, n, []int{axis}, keep)
	return c.e.node(c.at, m, err)
}

func cumsum(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(1, n.Rank(), -1)
	if !ok {
		return poison{}
	}
	reverse, ok := c.flag(2)
	if !ok {
		return poison{}
	}
	if !n.DType.Float() {
		return c.notFloat(0)
	}
	m, err := c.e.g.Cumsum(n, axis, reverse)
	return c.e.node(c.at, m, err)
}
