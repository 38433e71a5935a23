// What is known without running? Constants: every element of a const node is one number, rounded once.

package symbolic

// fold returns the constant that n is, or nil.
func (s *simplifier) fold(n *Node) *Node {
	info := n.Info()
	if n.DType == NoType || len(n.Args) == 0 || n.Op == OpVar || n.Op == OpStopGradient && n.Args[0].Op != OpConst {
		return nil
	}
	x := make([]float64, len(n.Args))
	for i, a := range n.Args {
		v, ok := a.ConstValue()
		if !ok {
			return nil
		}
		x[i] = v
	}
	to := func(v float64) *Node {
		if n.DType == I32 && n.Op != OpCast && v != castValue(v, I32) {
			return nil // overflow is the machine's business
		}
		return s.g.Const(castValue(v, n.DType), n.DType, n.Shape...)
	}
	if info.Value != nil {
		return to(info.Value(x))
	}
	switch n.Op {
	case OpBroadcast, OpReshape, OpPermute, OpSlice, OpReverse, OpReduceMax:
		return to(x[0])
	case OpPad:
		if x[0] == 0 {
			return to(0)
		}
	case OpConcat:
		for _, v := range x {
			if v != x[0] {
				return nil
			}
		}
		return to(x[0])
	case OpSum:
		// Every element is the same: the sum is their number times it.
		count := s.g.Dimval(s.reduced(n), n.DType)
		return s.g.broadcast(s.g.mul(count, s.g.Const(x[0], n.DType)), n.Shape, nil)
	}
	return nil
}

// reduced returns how many elements each sum of the reduction n has.
func (s *simplifier) reduced(n *Node) Dim {
	count := Int(1)
	for _, a := range n.Attr.Axes {
		count = count.Mul(n.Args[0].Shape[a])
	}
	return count
}
