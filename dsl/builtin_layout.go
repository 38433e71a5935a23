// Which built-in functions move elements or ask for shapes? reshape, transpose, concat, gather and their kin.
package dsl

import "nngen/symbolic"

func init() {
	register(
		&builtin{name: "shape", doc: "the shape of a tensor, a list of sizes", sig: params(required(tensorParam, "x")), run: shapeOf},
		&builtin{name: "rank", doc: "the number of axes of a tensor or shape", sig: params(required(tensorParam, "x")), run: rankOf},
		&builtin{name: "size", doc: "the number of elements of a tensor or shape", sig: params(required(tensorParam, "x")), run: sizeOf},
		&builtin{name: "dtype", doc: `"float", "int" or "bool"`, sig: params(required(tensorParam, "x")), run: dtypeOf},
		&builtin{name: "floor_div", doc: "a / b rounded down, for ints and sizes", sig: params(required(anyParam, "a", "b")), run: floorDiv},
		&builtin{name: "reshape", doc: "the elements under another shape of the same size", sig: params(required(tensorParam, "x"), required(anyParam, "shape")), run: reshape},
		&builtin{name: "transpose", doc: "the last two axes exchanged, or axes in the order given", sig: params(required(tensorParam, "x"), optional("axes")), run: transpose},
		&builtin{name: "concat", doc: "tensors one after the other along axis, -1 by default", sig: variadic("xs", optional("axis")...), run: concat},
		&builtin{name: "stack", doc: "tensors side by side along a new axis, 0 by default", sig: variadic("xs", optional("axis")...), run: stack},
		&builtin{name: "split", doc: "n equal parts along axis, -1 by default", sig: params(required(tensorParam, "x"), required(anyParam, "n"), optional("axis")), run: split},
		&builtin{name: "unstack", doc: "the slices along axis, 0 by default, without that axis", sig: params(required(tensorParam, "x"), optional("axis")), run: unstack},
		&builtin{name: "pad", doc: "zeros before and after along axis, -1 by default", sig: params(required(tensorParam, "x"), required(anyParam, "before", "after"), optional("axis")), run: pad},
		&builtin{name: "broadcast", doc: "the tensor stretched to a shape", sig: params(required(tensorParam, "x"), required(anyParam, "shape")), run: broadcastTo},
		&builtin{name: "flip", doc: "the elements in reverse order along axis, -1 by default", sig: params(required(tensorParam, "x"), optional("axis")), run: flip},
		&builtin{name: "gather", doc: "the rows of a table at the given indices", sig: params(required(tensorParam, "table", "index")), run: gather},
		&builtin{name: "one_hot", doc: "1 at the index and 0 elsewhere, along a new last axis of size n", sig: params(required(tensorParam, "index"), required(anyParam, "n")), run: oneHot},
		&builtin{name: "iota", doc: "the ints 0, 1, ... n-1", sig: params(required(anyParam, "n")), run: iotaOf},
		&builtin{name: "limit", doc: "the ints unchanged, promised to be in [0, n): inputs are checked at run time", sig: params(required(tensorParam, "index"), required(anyParam, "n")), run: limit},
	)
}

func shapeOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return shapeValue(v.n.Shape)
	case numVal, dimVal:
		return listVal{}
	}
	return c.wrong(0, "a tensor")
}

func rankOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return intNum(v.n.Rank())
	case listVal:
		return intNum(len(v))
	case numVal, dimVal:
		return intNum(0)
	}
	return c.wrong(0, "a tensor or a shape")
}

func sizeOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return sizeValue(symbolic.Size(v.n.Shape))
	case listVal:
		if s, ok := asShape(v); ok {
			return sizeValue(symbolic.Size(s))
		}
	}
	return c.wrong(0, "a tensor or a shape")
}

func dtypeOf(c *bcall) value {
	switch v := c.args[0].v.(type) {
	case tensorVal:
		return strVal(dtypeWord(v.n.DType))
	case numVal:
		if v.isInt() {
			return strVal("int")
		}
		return strVal("float")
	case dimVal:
		return strVal("int")
	case boolVal:
		return strVal("bool")
	}
	return c.wrong(0, "a tensor")
}

func floorDiv(c *bcall) value {
	a, ok := asDim(c.args[0].v)
	if !ok {
		return c.wrong(0, "an int or a size")
	}
	b, ok := c.int(1)
	if !ok {
		return poison{}
	}
	if b < 1 {
		return c.e.fail(badArithmetic, c.args[1], "floor_div by %d: the divisor must be at least 1", b)
	}
	return sizeValue(a.FloorDiv(b))
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

func gather(c *bcall) value {
	table, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	idx, ok := c.tensor(1)
	if !ok {
		return poison{}
	}
	if idx.DType != symbolic.I32 {
		return c.wrong(1, "ints")
	}
	if table.Rank() == 0 {
		return c.wrong(0, "a table with at least one axis")
	}
	c.e.limit(c.sc.unit, idx, table.Shape[0])
	m, err := c.e.g.Gather(table, idx)
	return c.e.node(c.at, m, err)
}

// oneHot compares the index with 0, 1, ... n-1 along a new axis.
func oneHot(c *bcall) value {
	idx, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	if idx.DType != symbolic.I32 {
		return c.wrong(0, "ints")
	}
	n, ok := asDim(c.args[1].v)
	if !ok {
		return c.wrong(1, "an int")
	}
	if _, ok := c.e.size(c.args[1], sizeValue(n)); !ok {
		return poison{}
	}
	c.e.limit(c.sc.unit, idx, n)
	g := c.e.g
	shape := append(append([]symbolic.Dim(nil), idx.Shape...), n)
	col, err := g.Reshape(idx, insertAxis(idx.Shape, idx.Rank()))
	if err != nil {
		return c.e.fail(badLayout, c.at, "%s", err)
	}
	wide, err := g.Expand(col, shape)
	if err != nil {
		return c.e.fail(badLayout, c.at, "%s", err)
	}
	equal := g.Must(symbolic.OpEq, symbolic.Attr{}, wide, g.Iota(shape, idx.Rank(), symbolic.I32))
	return c.cast(equal, c.e.float)
}

func iotaOf(c *bcall) value {
	n, ok := asDim(c.args[0].v)
	if !ok {
		return c.wrong(0, "an int")
	}
	if _, ok := c.e.size(c.args[0], sizeValue(n)); !ok {
		return poison{}
	}
	return tensorVal{c.e.g.Iota([]symbolic.Dim{n}, 0, symbolic.I32)}
}

func limit(c *bcall) value {
	idx, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	if idx.DType != symbolic.I32 {
		return c.wrong(0, "ints")
	}
	n, ok := asDim(c.args[1].v)
	if !ok {
		return c.wrong(1, "an int")
	}
	c.e.limit(c.sc.unit, idx, n)
	return tensorVal{idx}
}

// limit records that the ints of n must be in [0, bound): on the inputs they come from, through changes of layout.
func (e *elaborator) limit(u *unit, n *symbolic.Node, bound symbolic.Dim) {
	if u == nil || u.frame == nil {
		return
	}
	for {
		switch n.Op {
		case symbolic.OpReshape, symbolic.OpSlice, symbolic.OpPermute, symbolic.OpBroadcast, symbolic.OpReverse, symbolic.OpStopGradient:
			n = n.Args[0]
			continue
		case symbolic.OpConcat:
			for _, a := range n.Args {
				e.limit(u, a, bound)
			}
		case symbolic.OpInput:
			e.model.limit(n, bound)
		case symbolic.OpArg:
			if u.frame.fn != nil {
				u.frame.limits = append(u.frame.limits, leafLimit{n, bound})
			}
		}
		return
	}
}

// A leafLimit is a limit on a parameter of a Func under construction.
type leafLimit struct {
	leaf *symbolic.Node
	n    symbolic.Dim
}
