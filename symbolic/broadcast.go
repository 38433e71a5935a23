// How do shapes meet? The language's broadcasting: aligned at the last axes, only a missing axis or a literal 1 stretches.

package symbolic

import (
	"fmt"
	"math"
)

// verbs are what error messages call the operations that have an operator in the language.
var verbs = map[Op]string{OpAdd: "add", OpSub: "subtract", OpMul: "multiply", OpDiv: "divide", OpPow: "raise", OpLt: "compare", OpLe: "compare",
	OpEq: "compare", OpNe: "compare", OpAnd: "combine", OpOr: "combine", OpWhere: "choose between"}

func verb(op Op) string {
	if v := verbs[op]; v != "" {
		return v
	}
	return "apply " + Ops[op].Name + " to"
}

// Binary returns the elementwise op of two arguments after broadcasting: shapes are aligned at their last axes, a missing leading axis
// and an axis of literal size 1 stretch, a run-time size never does. A constant adapts to the other's type.
func (g *Graph) Binary(op Op, a, b *Node) (*Node, error) {
	a, b = g.adapt(a, b)
	xs, err := g.align(verb(op), a, b)
	if err != nil {
		return nil, err
	}
	return g.Apply(op, Attr{}, xs...)
}

// Fma returns a*b + c with one rounding, after broadcasting.
func (g *Graph) Fma(a, b, c *Node) (*Node, error) {
	a, b = g.adapt(a, b)
	a, c = g.adapt(a, c)
	xs, err := g.align("apply fma to", a, b, c)
	if err != nil {
		return nil, err
	}
	return g.Apply(OpFma, Attr{}, xs...)
}

// Where returns a where cond holds and b elsewhere, after broadcasting all three.
func (g *Graph) Where(cond, a, b *Node) (*Node, error) {
	a, b = g.adapt(a, b)
	xs, err := g.align("choose between", cond, a, b)
	if err != nil {
		return nil, err
	}
	return g.Apply(OpWhere, Attr{}, xs...)
}

// adapt converts a constant argument to the other argument's type where no value changes but by rounding.
func (g *Graph) adapt(a, b *Node) (*Node, *Node) {
	fit := func(c, to *Node) *Node {
		v, ok := c.ConstValue()
		switch {
		case !ok || c.DType == to.DType || c.DType == Bool || c.DType == NoType:
		case to.DType.Float(), to.DType == I32 && v == math.Trunc(v) && math.Abs(v) <= math.MaxInt32:
			return g.Const(v, to.DType, c.Shape...)
		}
		return c
	}
	if a.Op == OpConst && (b.Op != OpConst || b.DType.Float()) {
		return fit(a, b), b
	}
	return a, fit(b, a)
}

// align expands all nodes to their common shape.
func (g *Graph) align(verb string, xs ...*Node) ([]*Node, error) {
	shape, err := commonShape(verb, xs...)
	if err != nil {
		return nil, err
	}
	out := make([]*Node, len(xs))
	for i, x := range xs {
		if out[i], err = g.Expand(x, shape); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// commonShape returns the shape that all of xs stretch to.
func commonShape(verb string, xs ...*Node) ([]Dim, error) {
	var shape []Dim
	var from *Node
	for _, x := range xs {
		if x.DType == NoType {
			return nil, fmt.Errorf("cannot %s several results: one value is expected", verb)
		}
		if len(x.Shape) > len(shape) {
			shape = append(append([]Dim(nil), x.Shape[:len(x.Shape)-len(shape)]...), shape...)
		}
		off := len(shape) - len(x.Shape)
		for i, d := range x.Shape {
			switch have := shape[off+i]; {
			case have == d || d.Is(1):
			case have.Is(1):
				shape[off+i] = d
			default:
				if from == nil {
					from = x
				}
				return nil, fmt.Errorf("cannot %s %s and %s: axis %d is %s here and %s there", verb, ShapeString(shapeOf(from, shape)), ShapeString(x.Shape), off+i, have, d)
			}
		}
		if from == nil || len(x.Shape) >= len(from.Shape) {
			from = x
		}
	}
	return shape, nil
}

// shapeOf names the shape of the argument met before, or the shape so far where several took part.
func shapeOf(from *Node, shape []Dim) []Dim {
	if len(from.Shape) == len(shape) {
		return from.Shape
	}
	return shape
}

// BroadcastTo returns x repeated to shape: axis i of x becomes axis axes[i]. A constant stays a constant.
func (g *Graph) BroadcastTo(x *Node, shape []Dim, axes []int) (*Node, error) {
	n, err := g.Apply(OpBroadcast, Attr{Shape: shape, Axes: axes}, x)
	if err != nil {
		return nil, err
	}
	if x.Op == OpConst {
		return g.Const(x.Attr.Num, x.DType, shape...), nil
	}
	if SameShape(x.Shape, shape) {
		return x, nil
	}
	return n, nil
}

func (g *Graph) broadcast(x *Node, shape []Dim, axes []int) *Node {
	switch {
	case x.Op == OpConst:
		return g.Const(x.Attr.Num, x.DType, shape...)
	case len(x.Shape) == len(shape):
		return x
	}
	return g.Must(OpBroadcast, Attr{Shape: shape, Axes: axes}, x)
}

// Expand returns x stretched to shape, aligned at the last axes: missing leading axes and axes of literal size 1 are repeated.
func (g *Graph) Expand(x *Node, shape []Dim) (*Node, error) {
	if SameShape(x.Shape, shape) {
		return x, nil
	}
	off := len(shape) - len(x.Shape)
	if off < 0 {
		return nil, fmt.Errorf("cannot broadcast %s to %s: %s here and %s there", ShapeString(x.Shape), ShapeString(shape), axesText(x.Rank()), axesText(len(shape)))
	}
	var axes []int
	var kept []Dim
	for i, d := range x.Shape {
		switch {
		case d == shape[off+i]:
			axes, kept = append(axes, off+i), append(kept, d)
		case !d.Is(1):
			return nil, fmt.Errorf("cannot broadcast %s to %s: axis %d is %s here and %s there", ShapeString(x.Shape), ShapeString(shape), off+i, d, shape[off+i])
		}
	}
	return g.broadcast(g.reshape(x, kept), shape, axes), nil
}
