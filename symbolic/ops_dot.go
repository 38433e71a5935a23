// What does dot take, and what are its transposes?

package symbolic

import "fmt"

func ruleDot(a *Attr, args []*Node) ([]Dim, DType, error) {
	x, y := args[0], args[1]
	if !x.DType.Float() || x.DType != y.DType {
		return nil, NoType, fmt.Errorf("a product of matrices needs two float tensors, got %s and %s", dtypeWord(x.DType), dtypeWord(y.DType))
	}
	d := a.Dot
	if d == nil || len(d.BatchA) != len(d.BatchB) || len(d.ContractA) != len(d.ContractB) {
		return nil, NoType, fmt.Errorf("dot needs as many axes of the first tensor as of the second")
	}
	pairs := func(as, bs []int) error {
		for i, ax := range as {
			if x.Shape[ax] != y.Shape[bs[i]] {
				return fmt.Errorf("cannot multiply %s and %s: axis %d is %s here and axis %d is %s there", ShapeString(x.Shape), ShapeString(y.Shape), ax, x.Shape[ax], bs[i], y.Shape[bs[i]])
			}
		}
		return nil
	}
	usedA, usedB := join(d.BatchA, d.ContractA), join(d.BatchB, d.ContractB)
	if err := checkAxes("dot", usedA, x.Rank()); err != nil {
		return nil, NoType, err
	}
	if err := checkAxes("dot", usedB, y.Rank()); err != nil {
		return nil, NoType, err
	}
	if err := pairs(d.BatchA, d.BatchB); err != nil {
		return nil, NoType, err
	}
	if err := pairs(d.ContractA, d.ContractB); err != nil {
		return nil, NoType, err
	}
	var shape []Dim
	for _, ax := range d.BatchA {
		shape = append(shape, x.Shape[ax])
	}
	shape = append(shape, drop(x.Shape, usedA)...)
	shape = append(shape, drop(y.Shape, usedB)...)
	return shape, x.DType, nil
}

func join(a, b []int) []int { return append(append([]int(nil), a...), b...) }

// FreeA returns the axes of dot's first argument, of the given rank, that are neither batch nor contracted.
func (d *DotAxes) FreeA(rank int) []int { return missing(join(d.BatchA, d.ContractA), rank) }

// FreeB is FreeA for the second argument.
func (d *DotAxes) FreeB(rank int) []int { return missing(join(d.BatchB, d.ContractB), rank) }

// transposeDot multiplies ct by the other argument over the axes that are not the argument's own, and moves the axes back.
// The factors are ordered so that the result needs a permutation only where the argument itself was stored transposed.
func transposeDot(g *Graph, n, ct *Node, i int) *Node {
	d := n.Attr.Dot
	x, y := n.Args[0], n.Args[1]
	nb := len(d.BatchA)
	freeX, freeY := d.FreeA(x.Rank()), d.FreeB(y.Rank())
	batch := span(0, nb)
	ctX, ctY := span(nb, nb+len(freeX)), span(nb+len(freeX), n.Rank())
	if i == 0 {
		return g.dotInto(ct, y, &DotAxes{BatchA: batch, BatchB: d.BatchB, ContractA: ctY, ContractB: freeY}, d.BatchA, freeX, pick(d.ContractA, d.ContractB), x.Rank())
	}
	return g.dotInto(ct, x, &DotAxes{BatchA: batch, BatchB: d.BatchA, ContractA: ctX, ContractB: freeX}, d.BatchB, freeY, pick(d.ContractB, d.ContractA), y.Rank())
}

// pick returns mine in the increasing order of theirs: the order in which a product leaves their free axes.
func pick(mine, theirs []int) []int {
	out := append([]int(nil), mine...)
	t := append([]int(nil), theirs...)
	for i := range t {
		for j := i; j > 0 && t[j] < t[j-1]; j-- {
			t[j], t[j-1] = t[j-1], t[j]
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// dotInto returns the product of ct and other whose result axes are the argument's axes batch, free, contract, put in order.
// Where the contracted axis comes first in the argument (a weight [n, m] under x @ W), the factors are exchanged instead of
// the result transposed: dW is x'ct, which a kernel computes without a transpose.
func (g *Graph) dotInto(ct, other *Node, d *DotAxes, batch, free, contract []int, rank int) *Node {
	straight := append(append(join(nil, batch), free...), contract...)
	swapped := append(append(join(nil, batch), contract...), free...)
	if !increasing(straight) && (increasing(swapped) || len(free) > 0 && len(contract) > 0 && contract[0] < free[0]) {
		back := &DotAxes{BatchA: d.BatchB, BatchB: d.BatchA, ContractA: d.ContractB, ContractB: d.ContractA}
		p := g.Must(OpDot, Attr{Dot: back}, other, ct)
		return g.permute(p, inverse(swapped))
	}
	return g.permute(g.Must(OpDot, Attr{Dot: d}, ct, other), inverse(straight))
}

func increasing(a []int) bool {
	for i := 1; i < len(a); i++ {
		if a[i] <= a[i-1] {
			return false
		}
	}
	return true
}

// span returns lo, lo+1, ..., hi-1.
func span(lo, hi int) []int {
	out := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		out = append(out, i)
	}
	return out
}
