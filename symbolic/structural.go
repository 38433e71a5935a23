// Which rewrites concern shapes? Layout ops merge with each other, with broadcasts and casts.

package symbolic

import "slices"

// A structuralRule is a rewrite that needs axes and shapes; nil says that it does not fit.
type structuralRule struct {
	name  string
	apply func(s *simplifier, n *Node) *Node
}

// structural is filled in init, since its functions build nodes.
var structural [NumOps][]structuralRule

func init() {
	structural[OpReshape] = []structuralRule{{"reshape identity", reshapeIdentity}, {"reshape reshape", reshapeReshape}, {"reshape broadcast", reshapeBroadcast}}
	structural[OpPermute] = []structuralRule{{"permute identity", permuteIdentity}, {"permute permute", permutePermute}, {"permute broadcast", permuteBroadcast}, {"permute dot", permuteDot}}
	structural[OpSlice] = []structuralRule{{"slice identity", sliceIdentity}, {"slice slice", sliceSlice}, {"slice pad", slicePad}}
	structural[OpPad] = []structuralRule{{"pad identity", padIdentity}}
	structural[OpReverse] = []structuralRule{{"reverse reverse", reverseReverse}}
	structural[OpBroadcast] = []structuralRule{{"broadcast identity", broadcastIdentity}, {"broadcast broadcast", broadcastBroadcast}}
	structural[OpCast] = []structuralRule{{"cast cast", castCast}}
	structural[OpSum] = []structuralRule{{"sum sum", sumSum}, {"sum broadcast", sumBroadcast}, {"sum wide factor", sumWideFactor}}
	structural[OpDot] = []structuralRule{{"dot permute", dotPermute}}
	structural[OpMul] = []structuralRule{{"factors meet", factorsMeet}}
	structural[OpStopGradient] = []structuralRule{{"stop stop", stopStop}}
	for op := range structural {
		if Ops[op].Kind == KindElement && Op(op) != OpVar {
			structural[op] = append(structural[op], structuralRule{"elementwise broadcast", elementBroadcast})
		}
		if commutes[op] {
			structural[op] = append(structural[op], structuralRule{"constant right", constantRight})
		}
	}
}

// constantRight gives x*2 and 2*x one form.
func constantRight(s *simplifier, n *Node) *Node {
	if n.Args[0].Op == OpConst && n.Args[1].Op != OpConst {
		return s.g.Must(n.Op, Attr{}, n.Args[1], n.Args[0])
	}
	return nil
}

func reshapeIdentity(s *simplifier, n *Node) *Node {
	if SameShape(n.Shape, n.Args[0].Shape) {
		return n.Args[0]
	}
	return nil
}

func reshapeReshape(s *simplifier, n *Node) *Node {
	if x := n.Args[0]; x.Op == OpReshape {
		return s.g.reshape(x.Args[0], n.Shape)
	}
	return nil
}

// reshapeBroadcast drops or adds axes of size 1 in the broadcast itself.
func reshapeBroadcast(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpBroadcast {
		return nil
	}
	if x.Args[0].Rank() == 0 {
		return s.g.broadcast(x.Args[0], n.Shape, nil)
	}
	// to[a] is the axis of n that axis a of x becomes; axes of size 1 need none.
	to := make([]int, x.Rank())
	i := 0
	for a, d := range x.Shape {
		for !d.Is(1) && i < n.Rank() && n.Shape[i].Is(1) {
			i++
		}
		switch {
		case d.Is(1):
			to[a] = -1
		case i < n.Rank() && n.Shape[i] == d:
			to[a] = i
			i++
		default:
			return nil
		}
	}
	for ; i < n.Rank(); i++ {
		if !n.Shape[i].Is(1) {
			return nil
		}
	}
	var axes []int
	var kept []Dim
	for k, a := range x.Attr.Axes {
		if to[a] >= 0 {
			axes, kept = append(axes, to[a]), append(kept, x.Args[0].Shape[k])
		}
	}
	return s.g.broadcast(s.g.reshape(x.Args[0], kept), n.Shape, axes)
}

func permuteIdentity(s *simplifier, n *Node) *Node {
	if increasing(n.Attr.Axes) {
		return n.Args[0]
	}
	return nil
}

func permutePermute(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpPermute {
		return nil
	}
	axes := make([]int, n.Rank())
	for i, a := range n.Attr.Axes {
		axes[i] = x.Attr.Axes[a]
	}
	return s.g.permute(x.Args[0], axes)
}

// permuteBroadcast permutes the small tensor, or nothing at all.
func permuteBroadcast(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpBroadcast {
		return nil
	}
	where := inverse(n.Attr.Axes)
	to := make([]int, len(x.Attr.Axes))
	for i, a := range x.Attr.Axes {
		to[i] = where[a]
	}
	order := span(0, len(to))
	slices.SortFunc(order, func(i, j int) int { return to[i] - to[j] })
	axes := make([]int, len(to))
	for i, o := range order {
		axes[i] = to[o]
	}
	return s.g.broadcast(s.g.permute(x.Args[0], order), n.Shape, axes)
}

func sliceIdentity(s *simplifier, n *Node) *Node {
	if SameShape(n.Shape, n.Args[0].Shape) {
		return n.Args[0]
	}
	return nil
}

// sliceSlice takes the inner range out of the outer one: element i of the result is element lo2 + i*step2 of the first slice.
func sliceSlice(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpSlice {
		return nil
	}
	lo, hi, step := make([]Dim, n.Rank()), make([]Dim, n.Rank()), make([]int, n.Rank())
	plain := true
	for a := range lo {
		inner, outer := stepOf(x.Attr.Step, a, 1), stepOf(n.Attr.Step, a, 1)
		lo[a] = x.Attr.Lo[a].Add(n.Attr.Lo[a].Mul(Int(inner)))
		step[a] = inner * outer
		hi[a] = lo[a].Add(n.Shape[a].Sub(Int(1)).Mul(Int(step[a]))).Add(Int(1))
		plain = plain && step[a] == 1
	}
	if plain {
		step = nil
	}
	to, err := s.g.Slice(x.Args[0], lo, hi, step)
	if err != nil || !SameShape(to.Shape, n.Shape) {
		return nil // bounds that can be proved in two steps only
	}
	return to
}

// slicePad cuts off exactly what was padded.
func slicePad(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if x.Op != OpPad || !slices.Equal(x.Attr.Lo, n.Attr.Lo) || !SameShape(n.Shape, x.Args[0].Shape) {
		return nil
	}
	for a := range n.Attr.Lo {
		if stepOf(n.Attr.Step, a, 1) != stepOf(x.Attr.Step, a, 0)+1 {
			return nil
		}
	}
	return x.Args[0]
}

func padIdentity(s *simplifier, n *Node) *Node {
	if SameShape(n.Shape, n.Args[0].Shape) {
		return n.Args[0]
	}
	return nil
}

func reverseReverse(s *simplifier, n *Node) *Node {
	if x := n.Args[0]; x.Op == OpReverse && slices.Equal(sorted(x.Attr.Axes), sorted(n.Attr.Axes)) {
		return x.Args[0]
	}
	return nil
}

func broadcastIdentity(s *simplifier, n *Node) *Node {
	if n.Rank() == n.Args[0].Rank() {
		return n.Args[0]
	}
	return nil
}

func broadcastBroadcast(s *simplifier, n *Node) *Node {
	if x := n.Args[0]; x.Op == OpBroadcast {
		return s.g.broadcast(x.Args[0], n.Shape, pickAxes(n.Attr.Axes, x.Attr.Axes))
	}
	return nil
}

// castCast leaves out a first cast that loses nothing.
func castCast(s *simplifier, n *Node) *Node {
	x := n.Args[0]
	if n.DType == x.DType {
		return x
	}
	if x.Op != OpCast {
		return nil
	}
	from, mid := x.Args[0].DType, x.DType
	exact := from == Bool || from == U8 || from == I32 && mid == F64 || from == F32 && mid == F64
	if !exact || mid == Bool {
		return nil
	}
	return s.g.cast(x.Args[0], n.DType)
}

func stopStop(s *simplifier, n *Node) *Node {
	if n.Args[0].Op == OpStopGradient {
		return n.Args[0]
	}
	return nil
}
