// Which forms do kernels and loops know? Rewrites of what the algebra allows into what the planner can place: matrix products in
// canonical order, reductions of adjacent axes, results with memory of their own.
package codegen

import (
	"slices"

	"nngen/symbolic"
)

// legalise returns f in the form that the planner knows.
func legalise(f *symbolic.Func) *symbolic.Func {
	if len(f.Results) == 0 {
		return f
	}
	whole := f
	f = squeeze(f)
	g := f.Results[0].Node.Graph()
	done := map[*symbolic.Node]*symbolic.Node{}
	for _, n := range f.Nodes() {
		args := make([]*symbolic.Node, len(n.Args))
		same := true
		for i, a := range n.Args {
			args[i] = done[a]
			same = same && args[i] == a
		}
		old := g.Pos
		g.Pos = n.Pos
		m := n
		if !same {
			m = g.Must(n.Op, n.Attr, args...)
		}
		for m2 := legal(g, m); m2 != m; m2 = legal(g, m) {
			m = m2
		}
		g.Pos = old
		if name := g.Name(n); name != "" {
			g.SetName(m, name)
		}
		done[n] = m
	}
	out := &symbolic.Func{Name: f.Name, Doc: f.Doc, Syms: f.Syms, Params: f.Params}
	taken := map[*symbolic.Node]bool{}
	for i, r := range f.Results {
		n := done[r.Node]
		// Callers hand over a slice for what is a tensor to them, however small.
		if n.Rank() == 0 && whole.Results[i].Node.Rank() > 0 && !(n.Op == symbolic.OpReshape && n.Args[0].Op == symbolic.OpGet) {
			g.Pos = r.Node.Pos
			n = g.Must(symbolic.OpBroadcast, symbolic.Attr{Shape: symbolic.Ints(1), Axes: []int{}}, n)
		}
		if n.Op == symbolic.OpReshape && n.Args[0].Op == symbolic.OpGet {
			n = n.Args[0] // the same memory
		}
		// A result needs memory of its own: not a leaf, a view, or another result.
		if n.Info().Kind == symbolic.KindLeaf && n.Op != symbolic.OpDimval && !(free(n) && n.Rank() > 0) || n.Op == symbolic.OpReshape || taken[n] {
			name := g.Name(n)
			g.Pos = r.Node.Pos
			n = g.Must(symbolic.OpBroadcast, symbolic.Attr{Shape: n.Shape, Axes: axesFrom(0, n.Rank())}, n)
			if name != "" {
				g.SetName(n, name)
			}
		}
		for taken[n] {
			n = g.Must(symbolic.OpBroadcast, symbolic.Attr{Shape: n.Shape, Axes: axesFrom(0, n.Rank())}, n)
		}
		taken[n] = true
		out.Results = append(out.Results, symbolic.Result{Name: r.Name, Node: n})
	}
	return out
}

// legal rewrites one node whose arguments are legal; it returns n itself when nothing is to be done.
func legal(g *symbolic.Graph, n *symbolic.Node) *symbolic.Node {
	switch {
	case n.Op == symbolic.OpStopGradient, n.Op == symbolic.OpVar:
		return n.Args[0]
	case n.Op == symbolic.OpReshape && n.Args[0].Rank() == 0:
		return g.Must(symbolic.OpBroadcast, symbolic.Attr{Shape: n.Shape, Axes: []int{}}, n.Args[0])
	case n.Op == symbolic.OpReverse && len(n.Attr.Axes) > 1:
		x := n.Args[0]
		for _, a := range n.Attr.Axes {
			x = g.Must(symbolic.OpReverse, symbolic.Attr{Axes: []int{a}}, x)
		}
		return x
	case n.Op == symbolic.OpDot:
		return legalDot(g, n)
	case n.Op == symbolic.OpGather && n.Args[1].Rank() == 0:
		y := g.Must(symbolic.OpGather, symbolic.Attr{}, n.Args[0], vector(g, n.Args[1]))
		return g.Must(symbolic.OpReshape, symbolic.Attr{Shape: n.Shape}, y)
	case n.Op == symbolic.OpScatterAdd && n.Args[0].Rank() == 0:
		return g.Must(symbolic.OpScatterAdd, n.Attr, vector(g, n.Args[0]), vector(g, n.Args[1]))
	case n.DType == symbolic.I32 && n.Op == symbolic.OpAbs:
		return g.Must(symbolic.OpMax, symbolic.Attr{}, n.Args[0], g.Must(symbolic.OpNeg, symbolic.Attr{}, n.Args[0]))
	case n.DType == symbolic.I32 && n.Op == symbolic.OpSign:
		low := g.Must(symbolic.OpMax, symbolic.Attr{}, n.Args[0], g.Const(-1, n.DType, n.Shape...))
		return g.Must(symbolic.OpMin, symbolic.Attr{}, low, g.Const(1, n.DType, n.Shape...))
	case n.Info().Kind == symbolic.KindReduce && n.Args[0].DType == symbolic.I32:
		return legalInts(g, n)
	case n.Info().Kind == symbolic.KindReduce && n.Op != symbolic.OpCumsum:
		return legalReduce(g, n)
	}
	return n
}

// vector returns x with an axis of size one in front.
func vector(g *symbolic.Graph, x *symbolic.Node) *symbolic.Node {
	shape := append([]symbolic.Dim{symbolic.Int(1)}, x.Shape...)
	if x.Rank() == 0 {
		return g.Must(symbolic.OpBroadcast, symbolic.Attr{Shape: shape, Axes: []int{}}, x)
	}
	return g.Must(symbolic.OpReshape, symbolic.Attr{Shape: shape}, x)
}

// legalInts reduces whole numbers as float64, in which they are exact: the kernels know floats only.
func legalInts(g *symbolic.Graph, n *symbolic.Node) *symbolic.Node {
	y := g.Must(n.Op, n.Attr, g.Must(symbolic.OpCast, symbolic.Attr{DType: symbolic.F64}, n.Args[0]))
	if n.Op != symbolic.OpCumsum {
		y = legalReduce(g, y)
	}
	if y.DType == n.DType {
		return y // argmax
	}
	return g.Must(symbolic.OpCast, symbolic.Attr{DType: n.DType}, y)
}

// legalReduce leaves reductions of one run of adjacent axes. A sum to a number goes by rows first.
func legalReduce(g *symbolic.Graph, n *symbolic.Node) *symbolic.Node {
	x := n.Args[0]
	axes := slices.Clone(n.Attr.Axes)
	slices.Sort(axes)
	reduce := func(x *symbolic.Node, axes []int) *symbolic.Node {
		return g.Must(n.Op, symbolic.Attr{Axes: axes}, x)
	}
	if len(axes) == 0 {
		return x
	}
	if n.Rank() == 0 {
		switch {
		case n.Op == symbolic.OpSum && x.Rank() == 1:
			return n
		case n.Op == symbolic.OpSum:
			return reduce(reduce(x, axesFrom(1, x.Rank())), []int{0})
		}
		// Kernels write tensors: reduce one row of the whole, then read its only element.
		row := g.Must(symbolic.OpReshape, symbolic.Attr{Shape: append([]symbolic.Dim{symbolic.Int(1)}, x.Shape...)}, x)
		one := reduce(row, axesFrom(1, row.Rank()))
		return g.Must(symbolic.OpReshape, symbolic.Attr{Shape: []symbolic.Dim{}}, one)
	}
	// The last run of adjacent axes first.
	start := len(axes) - 1
	for start > 0 && axes[start-1] == axes[start]-1 {
		start--
	}
	if start == 0 {
		return n
	}
	return legalReduce(g, reduce(reduce(x, axes[start:]), axes[:start]))
}

// legalDot brings batch axes to the front and makes free and contracted axes blocks, in one order in both arguments, at most one of
// which is transposed. A product to a number becomes a sum, one that contracts nothing an elementwise product.
func legalDot(g *symbolic.Graph, n *symbolic.Node) *symbolic.Node {
	d := n.Attr.Dot
	a, b := n.Args[0], n.Args[1]
	if n.Rank() == 0 {
		if a.Rank() == 0 {
			return g.Must(symbolic.OpMul, symbolic.Attr{}, a, b)
		}
		b = permute(g, b, alignOrder(d.ContractA, d.ContractB, a.Rank()))
		return legalReduce(g, g.Must(symbolic.OpSum, symbolic.Attr{Axes: axesFrom(0, a.Rank())}, g.Must(symbolic.OpMul, symbolic.Attr{}, a, b)))
	}
	if len(d.ContractA) == 0 {
		return outer(g, n)
	}
	freeA := without(a.Rank(), d.BatchA, d.ContractA)
	freeB := without(b.Rank(), d.BatchB, d.ContractB)
	okA := ordered(slices.Concat(d.BatchA, freeA, d.ContractA))
	transA := ordered(slices.Concat(d.BatchA, d.ContractA, freeA))
	okB := ordered(slices.Concat(d.BatchB, d.ContractB, freeB))
	transB := ordered(slices.Concat(d.BatchB, freeB, d.ContractB))
	if (okA || transA) && (okB || transB) && !(transA && !okA && transB && !okB) {
		return n
	}
	nb, nc := len(d.BatchA), len(d.ContractA)
	if !okA && !(transA && okB) {
		a = permute(g, a, slices.Concat(d.BatchA, freeA, d.ContractA))
		d = &symbolic.DotAxes{BatchA: axesFrom(0, nb), BatchB: d.BatchB, ContractA: axesFrom(nb+len(freeA), nb+len(freeA)+nc), ContractB: d.ContractB}
	}
	if !okB && !(transB && d.ContractA[0] != nb) {
		b = permute(g, b, slices.Concat(d.BatchB, d.ContractB, freeB))
		d = &symbolic.DotAxes{BatchA: d.BatchA, BatchB: axesFrom(0, nb), ContractA: d.ContractA, ContractB: axesFrom(nb, nb+nc)}
	}
	return g.Must(symbolic.OpDot, symbolic.Attr{Dot: d}, a, b)
}

// outer writes a product that contracts nothing as an elementwise one.
func outer(g *symbolic.Graph, n *symbolic.Node) *symbolic.Node {
	d := n.Attr.Dot
	a, b := n.Args[0], n.Args[1]
	freeA := without(a.Rank(), d.BatchA)
	order := slices.Concat(d.BatchA, freeA)
	a = permute(g, a, order)
	b = permute(g, b, slices.Concat(d.BatchB, without(b.Rank(), d.BatchB)))
	nb := len(d.BatchA)
	axesB := slices.Concat(axesFrom(0, nb), axesFrom(nb+len(freeA), n.Rank()))
	spread := func(x *symbolic.Node, axes []int) *symbolic.Node {
		if symbolic.SameShape(x.Shape, n.Shape) {
			return x
		}
		return g.Must(symbolic.OpBroadcast, symbolic.Attr{Shape: n.Shape, Axes: axes}, x)
	}
	return g.Must(symbolic.OpMul, symbolic.Attr{}, spread(a, axesFrom(0, nb+len(freeA))), spread(b, axesB))
}

func permute(g *symbolic.Graph, x *symbolic.Node, axes []int) *symbolic.Node {
	if ordered(axes) {
		return x
	}
	return g.Must(symbolic.OpPermute, symbolic.Attr{Axes: axes}, x)
}

// alignOrder returns for a full contraction the order of b's axes that matches a's.
func alignOrder(ca, cb []int, rank int) []int {
	out := make([]int, rank)
	for i, x := range ca {
		out[x] = cb[i]
	}
	return out
}

// ordered reports whether axes are 0, 1, 2, ...
func ordered(axes []int) bool {
	for i, a := range axes {
		if a != i {
			return false
		}
	}
	return true
}

// without returns the axes of a tensor that are in neither list.
func without(rank int, lists ...[]int) []int {
	var out []int
	for i := range rank {
		in := false
		for _, l := range lists {
			in = in || slices.Contains(l, i)
		}
		if !in {
			out = append(out, i)
		}
	}
	return out
}
