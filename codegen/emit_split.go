// How is a product written whose terms workers share? As tasks of a tile region, each with a part of the weight matrix of its own, and a sum of
// the parts after it.
package codegen

import (
	"fmt"

	"nngen/symbolic"
)

// sumTerms is the largest number of terms of a product that have one sum, and of rows that a column sum adds in one go: nnrt.KC.
const sumTerms = 512

// splits reports whether workers share the terms of n in a forward pass that an update follows: a product of rows by a parameter with so many terms that they
// make several sums, and so large that a batch of few rows is worth a fork. Then a worker reads only the part of the parameter that it updates.
func splits(n *symbolic.Node) bool {
	if n.Op != symbolic.OpDot || n.Rank() != 2 || !n.DType.Float() || n.Args[0].Rank() != 2 || n.Args[1].Op != symbolic.OpParam {
		return false
	}
	p := productOf(n)
	if len(p.batch) > 0 || p.transA || p.transB || !runTime(n.Shape[0]) {
		return false
	}
	k, ok := symbolic.Size(pickDims(n.Args[0].Shape, p.contractA)).Const()
	cols, constant := n.Shape[1].Const()
	return ok && constant && k > sumTerms && leastBlock*k*cols >= 2*taskWork
}

// splitSizes returns the Go expressions of rows, columns and terms of a product whose terms are shared.
func splitSizes(n *symbolic.Node, sym func(*symbolic.Sym) string) string {
	k := symbolic.Size(pickDims(n.Args[0].Shape, productOf(n).contractA))
	return fmt.Sprintf("%s, %s, %s", sizeExpr(n.Shape[0], sym), sizeExpr(n.Shape[1], sym), sizeExpr(k, sym))
}

func partsField(r *Region, i int) string { return fmt.Sprintf("parts%d%s", r.Index, letters(i)) }

// eachSplit visits the products of a tile region whose terms are shared, with their position.
func (r *Region) eachSplit(visit func(n *symbolic.Node, i int)) {
	for i, l := range r.Body {
		if k, ok := l.(*Kernel); ok && k.Terms {
			visit(k.Node, i)
		}
	}
}
