// Which built-in functions move elements? reshape, transpose, concat, split, pad and their kin.
package dsl

import "nngen/symbolic"

func init() {
	register(
		&builtin{name: "reshape", doc: "the elements under another shape of the same size", sig: params(required(tensorParam, "x"), required(anyParam, "shape")), run: reshape},
		&builtin{name: "transpose", doc: "the last two axes exchanged, or axes in the order given", sig: params(required(tensorParam, "x"), optional("axes")), run: transpose},
		&builtin{name: "concat", doc: "tensors one after the other along axis, -1 by default", sig: variadic("xs", optional("axis")...), run: concat},
		&builtin{name: "stack", doc: "tensors side by side along a new axis, 0 by default", sig: variadic("xs", optional("axis")...), run: stack},
		&builtin{name: "split", doc: "n equal parts along axis, -1 by default", sig: params(required(tensorParam, "x"), required(anyParam, "n"), optional("axis")), run: split},
		&builtin{name: "unstack", doc: "the slices along axis, 0 by default, without that axis", sig: params(required(tensorParam, "x"), optional("axis")), run: unstack},
		&builtin{name: "pad", doc: "zeros before and after along axis, -1 by default", sig: params(required(tensorParam, "x"), required(anyParam, "before", "after"), optional("axis")), run: pad},
		&builtin{name: "broadcast", doc: "the tensor stretched to a shape", sig: params(required(tensorParam, "x"), required(anyParam, "shape")), run: broadcastTo},
		&builtin{name: "flip", doc: "the elements in reverse order along axis, -1 by default", sig: params(required(tensorParam, "x"), optional("axis")), run: flip},
	)
}

func reshape(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	shape, ok := c.shape(1)
	if !ok {
		return poison{}
	}
	if from, to := symbolic.Size(n.Shape), symbolic.Size(shape); from != to {
		return c.e.fail(badLayout, c.at, "cannot reshape %s to %s: %s elements here, %s there", tensorText(n), symbolic.ShapeString(shape), from, to)
	}
	m, err := c.e.g.Reshape(n, shape)
	return c.e.node(c.at, m, err)
}

func transpose(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	order := make([]int, n.Rank())
	for i := range order {
		order[i] = i
	}
	if !c.has(1) {
		if n.Rank() < 2 {
			return c.e.fail(badAxis, c.at, "transpose exchanges the last two axes, got %s", tensorText(n))
		}
		k := n.Rank()
		order[k-1], order[k-2] = k-2, k-1
	} else {
		list, ok := c.args[1].v.(listVal)
		if !ok || len(list) != n.Rank() {
			return c.wrong(1, "a list of all "+rankWords(n.Rank()))
		}
		seen := map[int]bool{}
		for i, v := range list {
			axis, ok := c.axisOf(1, v, n.Rank())
			if !ok {
				return poison{}
			}
			if seen[axis] {
				return c.e.fail(badAxis, c.args[1], "axis %d is named twice", axis)
			}
			seen[axis] = true
			order[i] = axis
		}
	}
	m, err := c.e.g.Permute(n, order)
	return c.e.node(c.at, m, err)
}

func concat(c *bcall) value {
	xs, ok := c.tensors()
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(1, xs[0].Rank(), -1)
	if !ok {
		return poison{}
	}
	for _, x := range xs[1:] {
		same := x.Rank() == xs[0].Rank()
		for k := 0; same && k < x.Rank(); k++ {
			same = k == axis || x.Shape[k] == xs[0].Shape[k]
		}
		if !same {
			d := c.e.errorf(badLayout, c.at, "cannot concat %s along axis %d: all other axes must agree", argumentsText(c.rest()), axis)
			c.e.noteOperands(d, c.sc, c.rest())
			return poison{}
		}
	}
	m, err := c.e.g.Concat(axis, xs...)
	return c.e.node(c.at, m, err)
}

func stack(c *bcall) value {
	xs, ok := c.tensors()
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(1, xs[0].Rank()+1, 0)
	if !ok {
		return poison{}
	}
	shape := xs[0].Shape
	for i, x := range xs {
		if !symbolic.SameShape(x.Shape, shape) {
			d := c.e.errorf(badLayout, c.at, "cannot stack %s: they must have one shape", argumentsText(c.rest()))
			c.e.noteOperands(d, c.sc, c.rest())
			return poison{}
		}
		m, err := c.e.g.Reshape(x, insertAxis(x.Shape, axis))
		if err != nil {
			return c.e.fail(badLayout, c.at, "%s", err)
		}
		xs[i] = m
	}
	m, err := c.e.g.Concat(axis, xs...)
	return c.e.node(c.at, m, err)
}

func insertAxis(shape []symbolic.Dim, axis int) []symbolic.Dim {
	out := append([]symbolic.Dim(nil), shape[:axis]...)
	out = append(out, symbolic.Int(1))
	return append(out, shape[axis:]...)
}

// cut returns the elements [lo, hi) of n along axis.
func (c *bcall) cut(n *symbolic.Node, axis int, lo, hi symbolic.Dim) (*symbolic.Node, error) {
	los, his := make([]symbolic.Dim, n.Rank()), append([]symbolic.Dim(nil), n.Shape...)
	for i := range los {
		los[i] = symbolic.Int(0)
	}
	los[axis], his[axis] = lo, hi
	return c.e.g.Slice(n, los, his, nil)
}

func split(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	parts, ok := c.int(1)
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(2, n.Rank(), -1)
	if !ok {
		return poison{}
	}
	if parts < 1 || parts > 4096 {
		return c.e.fail(badSize, c.args[1], "split into %d parts", parts)
	}
	part, exact := n.Shape[axis].Div(symbolic.Int(parts))
	if !exact {
		return c.e.fail(badLayout, c.at, "cannot split %s into %d equal parts: axis %d is %s", tensorText(n), parts, axis, n.Shape[axis])
	}
	var out tupleVal
	for i := range parts {
		m, err := c.cut(n, axis, part.Mul(symbolic.Int(i)), part.Mul(symbolic.Int(i+1)))
		if err != nil {
			return c.e.fail(badLayout, c.at, "%s", err)
		}
		out = append(out, tensorVal{m})
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func unstack(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(1, n.Rank(), 0)
	if !ok {
		return poison{}
	}
	count, constant := n.Shape[axis].Const()
	if !constant || count > 4096 {
		return c.e.fail(notStatic, c.at, "cannot unstack axis %d of %s: its size must be known at generate time, and at most 4096", axis, tensorText(n))
	}
	shape := append(append([]symbolic.Dim(nil), n.Shape[:axis]...), n.Shape[axis+1:]...)
	var out tupleVal
	for i := range count {
		m, err := c.cut(n, axis, symbolic.Int(i), symbolic.Int(i+1))
		if err == nil {
			m, err = c.e.g.Reshape(m, shape)
		}
		if err != nil {
			return c.e.fail(badLayout, c.at, "%s", err)
		}
		out = append(out, tensorVal{m})
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func pad(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(3, n.Rank(), -1)
	if !ok {
		return poison{}
	}
	lo, hi := make([]symbolic.Dim, n.Rank()), make([]symbolic.Dim, n.Rank())
	for i := range lo {
		lo[i], hi[i] = symbolic.Int(0), symbolic.Int(0)
	}
	for i, ends := range [][]symbolic.Dim{lo, hi} {
		d, ok := asDim(c.args[i+1].v)
		if k, constant := d.Const(); !ok || constant && k < 0 {
			return c.wrong(i+1, "an int from 0")
		}
		ends[axis] = d
	}
	m, err := c.e.g.Pad(n, lo, hi, nil)
	return c.e.node(c.at, m, err)
}

func broadcastTo(c *bcall) value {
	shape, ok := c.shape(1)
	if !ok {
		return poison{}
	}
	n, ok := c.e.toNode(c.args[0], c.dtypeFor(0))
	if !ok {
		return poison{}
	}
	m, err := c.e.g.Expand(n, shape)
	if err != nil {
		d := c.e.errorf(cannotBroadcast, c.args[0], "%s", err)
		outer, _, from := c.e.outermost(c.args[0], len(c.e.stack), "")
		noteOrigin(d, c.e, from, outer)
		return poison{}
	}
	return tensorVal{m}
}

// dtypeFor is the type of argument i: its own, or the model's float for numbers.
func (c *bcall) dtypeFor(i int) symbolic.DType {
	switch v := c.args[i].v.(type) {
	case tensorVal:
		return v.n.DType
	case boolVal:
		return symbolic.Bool
	}
	return c.e.float
}

func flip(c *bcall) value {
	n, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	axis, ok := c.axis(1, n.Rank(), -1)
	if !ok {
		return poison{}
	}
	m, err := c.e.g.Reverse(n, []int{axis})
	return c.e.node(c.at, m, err)
}
