// How is a product written whose terms workers share? As tasks of a tile region, each with a part of the weight matrix of its own, and a sum of
// the parts after it.
package codegen

import (
	"fmt"

	"github.com/dave/jennifer/jen"

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

// joins finds, for each product whose terms workers share, the region that reads it first: if that is one over its rows, each block adds up the sums of
// its rows just before it reads them. What is read in any other way is added up by the caller alone, before anything else.
func (s *scheduler) joins() {
	for at, st := range s.steps {
		r, ok := st.(*Region)
		if !ok || !r.Tiles {
			continue
		}
		r.eachSplit(func(n *symbolic.Node, i int) {
			if to := s.rowReader(n, s.steps[at+1:]); to != nil {
				to.Joins = append(to.Joins, Join{n, r, i})
				r.Body[i].(*Kernel).Joined = true
			}
		})
	}
}

// rowReader returns the first step that reads n, if it is a region over n's rows that reads them row by row.
func (s *scheduler) rowReader(n *symbolic.Node, steps []Step) *Region {
	for _, st := range steps {
		read, byRow := false, true
		for _, m := range computed(st) {
			s.deps(m, func(d *symbolic.Node, ok bool) {
				read = read || d == n
				byRow = byRow && (d != n || ok)
			})
		}
		if !read {
			continue
		}
		if r, ok := st.(*Region); ok && !r.Tiles && byRow && r.Rows == n.Shape[0] {
			return r
		}
		return nil
	}
	return nil
}

// join adds the sums of rows lo to hi.
func (e *frameEmitter) join(j Join, lo, hi string) jen.Code {
	return raw("nnrt.JoinSplit(%s, f.%s, %s, %s, %s)", e.at(j.Node), partsField(j.Region, j.Place), lo, hi, splitSizes(j.Node, e.sym)).
		Comment(e.p.valueOf(j.Node).Name + " has all its terms now")
}
