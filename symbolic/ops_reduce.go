// What do the reductions take, and what are their derivatives?

package symbolic

import "fmt"

func ruleReduce(name string) func(a *Attr, args []*Node) ([]Dim, DType, error) {
	return func(a *Attr, args []*Node) ([]Dim, DType, error) {
		x := args[0]
		if !x.DType.Float() && x.DType != I32 {
			return nil, NoType, fmt.Errorf("%s needs float or int, got %s", name, dtypeWord(x.DType))
		}
		if err := checkAxes(name, a.Axes, x.Rank()); err != nil {
			return nil, NoType, err
		}
		for i := 1; i < len(a.Axes); i++ {
			if a.Axes[i] < a.Axes[i-1] {
				return nil, NoType, fmt.Errorf("%s: axes %v are not in order", name, a.Axes)
			}
		}
		return drop(x.Shape, a.Axes), x.DType, nil
	}
}

// drop returns shape without the given axes.
func drop(shape []Dim, axes []int) []Dim {
	var out []Dim
	for _, a := range missing(axes, len(shape)) {
		out = append(out, shape[a])
	}
	return out
}

func ruleArgmax(a *Attr, args []*Node) ([]Dim, DType, error) {
	if len(a.Axes) != 1 {
		return nil, NoType, fmt.Errorf("argmax needs one axis, got %d", len(a.Axes))
	}
	shape, _, err := ruleReduce("argmax")(a, args)
	return shape, I32, err
}

func ruleCumsum(a *Attr, args []*Node) ([]Dim, DType, error) {
	if len(a.Axes) != 1 {
		return nil, NoType, fmt.Errorf("cumsum needs one axis, got %d", len(a.Axes))
	}
	_, dtype, err := ruleReduce("cumsum")(a, args)
	return args[0].Shape, dtype, err
}

func transposeSum(g *Graph, n, ct *Node, i int) *Node { return g.unreduce(ct, n) }

// unreduce broadcasts v, shaped like the reduction n, back to the shape of n's argument.
func (g *Graph) unreduce(v, n *Node) *Node {
	x := n.Args[0]
	return g.broadcast(v, x.Shape, missing(n.Attr.Axes, x.Rank()))
}

func transposeCumsum(g *Graph, n, ct *Node, i int) *Node {
	return g.Must(OpCumsum, Attr{Axes: n.Attr.Axes, Flag: !n.Attr.Flag}, ct)
}

// firstMax returns the bool mask, shaped like the argument of the maximum n, that holds at the first maximum in row-major order.
func firstMax(g *Graph, n *Node) *Node {
	x, axes := n.Args[0], n.Attr.Axes
	if len(axes) == 0 {
		return g.Const(1, Bool, x.Shape...)
	}
	// Several axes are merged into one last axis, whose order is row-major.
	order := append(missing(axes, x.Rank()), axes...)
	kept := append([]Dim(nil), n.Shape...)
	moved := g.permute(x, order)
	flat := g.reshape(moved, append(kept, Size(moved.Shape[n.Rank():])))
	last := n.Rank()
	first := g.Must(OpArgmax, Attr{Axes: []int{last}}, flat)
	keep := make([]int, last)
	for i := range keep {
		keep[i] = i
	}
	mask := g.Must(OpEq, Attr{}, g.Iota(flat.Shape, last, I32), g.broadcast(first, flat.Shape, keep))
	return g.permute(g.reshape(mask, moved.Shape), inverse(order))
}

func vjpReduceMax(g *Graph, n, ct *Node, i int) *Node {
	x := n.Args[0]
	return g.Must(OpWhere, Attr{}, firstMax(g, n), g.unreduce(ct, n), g.Const(0, x.DType, x.Shape...))
}

func jvpReduceMax(g *Graph, n *Node, tangents []*Node) *Node {
	x := n.Args[0]
	picked := g.Must(OpWhere, Attr{}, firstMax(g, n), tangents[0], g.Const(0, x.DType, x.Shape...))
	return g.sum(picked, n.Attr.Axes)
}

// others returns, for each element, the product of the other elements, differentiable itself: y/x where no element is zero.
// Zeros are taken out of the product and come back as a factor z, their sum, whose value is 0 and whose derivative is 1: with one zero, the
// product of the others is p at the zero and p/x*z elsewhere; with two zeros it is p*(z - x) at the zeros; with more it vanishes to second order.
func others(g *Graph, n *Node) *Node {
	x := n.Args[0]
	zero, one := g.Const(0, x.DType, x.Shape...), g.Const(1, x.DType, x.Shape...)
	isZero := g.Must(OpEq, Attr{}, x, zero)
	safe := g.Must(OpWhere, Attr{}, isZero, one, x)
	spread := func(op Op, v *Node) *Node {
		return g.unreduce(g.Must(op, Attr{Axes: n.Attr.Axes}, v), n)
	}
	p := g.Must(OpProd, Attr{Axes: n.Attr.Axes}, safe)
	count := spread(OpSum, g.Must(OpWhere, Attr{}, isZero, one, zero))
	z := spread(OpSum, g.Must(OpWhere, Attr{}, isZero, x, zero))
	if p == n {
		return g.div(g.unreduce(n, n), x)
	}
	all := g.unreduce(p, n)
	quotient := g.div(all, safe)
	is := func(k float64) *Node { return g.Must(OpEq, Attr{}, count, g.Const(k, x.DType, x.Shape...)) }
	where := func(c, a, b *Node) *Node { return g.Must(OpWhere, Attr{}, c, a, b) }
	oneZero := where(isZero, all, g.mul(quotient, z))
	twoZeros := where(isZero, g.mul(all, g.sub(z, x)), zero)
	return where(is(0), quotient, where(is(1), oneZero, where(is(2), twoZeros, zero)))
}

func vjpProd(g *Graph, n, ct *Node, i int) *Node {
	return g.mul(g.unreduce(ct, n), others(g, n))
}

func jvpProd(g *Graph, n *Node, tangents []*Node) *Node {
	return g.sum(g.mul(tangents[0], others(g, n)), n.Attr.Axes)
}
