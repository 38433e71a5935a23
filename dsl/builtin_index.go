// Which built-in functions are about indices? gather, one_hot, iota, and limit, which says what range ints have.
package dsl

import "nngen/symbolic"

func init() {
	register(
		&builtin{name: "gather", doc: "the rows of a table at the given indices", sig: params(required(tensorParam, "table", "index")), run: gather},
		&builtin{name: "one_hot", doc: "1 at the index and 0 elsewhere, along a new last axis of size n", sig: params(required(tensorParam, "index"), required(anyParam, "n")), run: oneHot},
		&builtin{name: "iota", doc: "the ints 0, 1, ... n-1", sig: params(required(anyParam, "n")), run: iotaOf},
		&builtin{name: "limit", doc: "the ints unchanged, promised to be in [0, n): inputs are checked at run time", sig: params(required(tensorParam, "index"), required(anyParam, "n")), run: limit},
	)
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
