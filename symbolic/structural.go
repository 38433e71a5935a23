// Which rewrites concern shapes? They merge layout ops, move elementwise work to the smaller side of a broadcast, and let dot read its
// arguments where they lie.
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
