// Which rewrites move arithmetic? Dots read transposed tensors, sums of repeats become products, elementwise work moves before broadcasts.

package symbolic

import "slices"

// permuteDot exchanges the factors where that gives the axes in the order asked for: the transpose of a product is a product.
func permuteDot(s *simplifier, n *Node) *Node {
	p := n.Args[0]
	if p.Op != OpDot || s.uses[p] > 1 {
		return nil
	}
	d := p.Attr.Dot
	batch := len(d.BatchA)
	freeA := len(d.FreeA(p.Args[0].Rank()))
	want := append(append(span(0, batch), span(batch+freeA, n.Rank())...), span(batch, batch+freeA)...)
	if !slices.Equal(want, n.Attr.Axes) {
		return nil
	}
	return s.g.Must(OpDot, Attr{Dot: &DotAxes{d.BatchB, d.BatchA, d.ContractB, d.ContractA}}, p.Args[1], p.Args[0])
}

// dotPermute lets dot read the tensor that was permuted, where the free axes stay in order.
func dotPermute(s *simplifier, n *Node) *Node {
	d := *n.Attr.Dot
	a, b := n.Args[0], n.Args[1]
	changed := false
	through := func(x *Node, batch, contract []int) (*Node, []int, []int) {
		if x.Op != OpPermute {
			return x, batch, contract
		}
		axes := x.Attr.Axes
		if !increasing(pickAxes(axes, missing(join(batch, contract), x.Rank()))) {
			return x, batch, contract
		}
		changed = true
		return x.Args[0], pickAxes(axes, batch), pickAxes(axes, contract)
	}
	a, d.BatchA, d.ContractA = through(a, d.BatchA, d.ContractA)
	b, d.BatchB, d.ContractB = through(b, d.BatchB, d.ContractB)
	if !changed {
		return nil
	}
	return s.g.Must(OpDot, Attr{Dot: &d}, a, b)
}

// pickAxes returns axes[i] for each i of at.
func pickAxes(axes, at []int) []int {
	out := make([]int, len(at))
	for i, a := range at {
		out[i] = axes[a]
	}
	return out
}

// sumSum sums over both sets of axes at once.
func sumSum(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpSum || s.uses[x] > 1 {
		return nil
	}
	kept := missing(x.Attr.Axes, x.Args[0].Rank())
	return s.g.sum(x.Args[0], sorted(append(pickAxes(kept, n.Attr.Axes), x.Attr.Axes...)))
}

// sumBroadcast multiplies by the number of copies instead of adding them.
func sumBroadcast(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpBroadcast || !n.DType.Float() {
		return nil
	}
	small := x.Args[0]
	count := Int(1)
	var inner []int // axes of small that are summed
	for _, a := range n.Attr.Axes {
		if i := slices.Index(x.Attr.Axes, a); i >= 0 {
			inner = append(inner, i)
		} else {
			count = count.Mul(x.Shape[a])
		}
	}
	if len(inner) == len(n.Attr.Axes) && len(missing(x.Attr.Axes, x.Rank())) == 0 {
		return nil
	}
	sum := s.g.sum(small, inner)
	if !count.Is(1) {
		copies := s.g.broadcast(s.g.Dimval(count, n.DType), sum.Shape, nil)
		sum = s.g.mul(sum, copies)
	}
	// Axes of small that are left, in n's numbering.
	left := missing(n.Attr.Axes, x.Rank())
	var axes []int
	for i, a := range x.Attr.Axes {
		if !slices.Contains(inner, i) {
			axes = append(axes, slices.Index(left, a))
		}
	}
	return s.g.broadcast(sum, n.Shape, axes)
}

// sumWideFactor is the rule "sum factor" for a factor or divisor that is constant along more axes than the summed ones.
func sumWideFactor(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpMul && x.Op != OpDiv || s.uses[x] > 1 {
		return nil
	}
	for i := len(x.Args) - 1; i >= 0; i-- {
		f := x.Args[i]
		if x.Op == OpDiv && i == 0 || f.Op != OpBroadcast || !containsAll(missing(f.Attr.Axes, f.Rank()), n.Attr.Axes) {
			continue
		}
		left := missing(n.Attr.Axes, f.Rank())
		axes := make([]int, len(f.Attr.Axes))
		for k, a := range f.Attr.Axes {
			axes[k] = slices.Index(left, a)
		}
		return s.g.Must(x.Op, Attr{}, s.g.sum(x.Args[1-i], n.Attr.Axes), s.g.broadcast(f.Args[0], n.Shape, axes))
	}
	return nil
}

// small returns the axes along which n varies, if n is a constant or repeats something smaller.
func small(n *Node) (axes []int, ok bool) {
	switch n.Op {
	case OpConst:
		return nil, true
	case OpBroadcast:
		return n.Attr.Axes, true
	}
	return nil, false
}

// factorsMeet multiplies two factors that are small together before the large one: (x * k) * l is x * (k * l).
func factorsMeet(s *simplifier, n *Node) *Node {
	for i, outer := range n.Args {
		inner := n.Args[1-i]
		a, ok := small(outer)
		if !ok || inner.Op != OpMul || s.uses[inner] > 1 || n.Rank() == 0 {
			continue
		}
		for j, k := range inner.Args {
			b, ok := small(k)
			if _, xSmall := small(inner.Args[1-j]); !ok || xSmall || len(slices.Compact(sorted(join(a, b)))) == n.Rank() {
				continue
			}
			return s.g.mul(inner.Args[1-j], s.g.mul(k, outer))
		}
	}
	return nil
}

// elementBroadcast computes an elementwise op before its arguments are repeated, when all of them are repeats or constants.
func elementBroadcast(s *simplifier, n *Node) *Node {
	if n.Rank() == 0 {
		return nil
	}
	var axes []int // axes along which some argument varies
	any := false
	for _, a := range n.Args {
		switch a.Op {
		case OpConst:
		case OpBroadcast:
			any = true
			axes = append(axes, a.Attr.Axes...)
		default:
			return nil
		}
	}
	axes = slices.Compact(sorted(axes))
	if !any || len(axes) == n.Rank() {
		return nil
	}
	shape := pickDims(n.Shape, axes)
	args := make([]*Node, len(n.Args))
	for i, a := range n.Args {
		if a.Op == OpConst {
			args[i] = s.g.Const(a.Attr.Num, a.DType, shape...)
			continue
		}
		to := make([]int, len(a.Attr.Axes))
		for k, x := range a.Attr.Axes {
			to[k] = slices.Index(axes, x)
		}
		args[i] = s.g.broadcast(a.Args[0], shape, to)
	}
	return s.g.broadcast(s.g.Must(n.Op, n.Attr, args...), n.Shape, axes)
}

func pickDims(shape []Dim, at []int) []Dim {
	out := make([]Dim, len(at))
	for i, a := range at {
		out[i] = shape[a]
	}
	return out
}
