// Where are random numbers drawn? A block of rows at a time, into a panel that the loops of the same region read; again in each region that
// needs them rather than kept.
package codegen

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// draws puts a kernel in front of the first loop that reads a tensor of random draws row by row. What loops of several regions read, or what
// they read otherwise, they draw themselves, element by element.
func (pl *planner) draws() {
	type place struct {
		region *Region
		leaf   int
	}
	first := map[*symbolic.Node]place{}
	elsewhere := map[*symbolic.Node]bool{}
	var order []*symbolic.Node
	for _, st := range pl.steps {
		r, ok := st.(*Region)
		if !ok || r.Tiles {
			continue
		}
		for i, l := range r.Body {
			g, ok := l.(*Group)
			if !ok {
				continue
			}
			for _, n := range g.Members {
				pl.drawsOf(n, func(d *symbolic.Node, rows bool) {
					p, known := first[d]
					if !known {
						first[d] = place{r, i}
						order = append(order, d)
					}
					if !rows || d.Shape[0] != r.Rows || known && p.region != r {
						elsewhere[d] = true
					}
				})
			}
		}
	}
	added := map[*Region]int{}
	for _, d := range order {
		if p := first[d]; !elsewhere[d] {
			pl.class[d] = classKernel
			pl.p.drawn[d] = argument(d)
			p.region.Body = slices.Insert(p.region.Body, p.leaf+added[p.region], Leaf(&Kernel{Node: d}))
			added[p.region]++
		}
	}
}

// argument returns a node like n that is given, not computed.
func argument(n *symbolic.Node) *symbolic.Node {
	a := *n
	a.Op = symbolic.OpParam
	return &a
}

// drawsOf visits the tensors of random draws that n reads and that are not in memory, through broadcasts; rows says whether their rows are
// n's.
func (pl *planner) drawsOf(n *symbolic.Node, visit func(d *symbolic.Node, rows bool)) {
	var walk func(a *symbolic.Node, rows bool)
	walk = func(a *symbolic.Node, rows bool) {
		if pl.class[a] != classVirtual {
			return
		}
		if a.Op == symbolic.OpRand {
			visit(a, rows)
			return
		}
		for i, b := range a.Args {
			if b.Rank() > 0 {
				walk(b, rows && aligned(a, i))
			}
		}
	}
	for i, a := range n.Args {
		if a.Rank() > 0 {
			walk(a, aligned(n, i) || rowSum(n))
		}
	}
}

// printDraws writes the draws of the block's rows: those that the elements of the whole tensor have.
func printDraws(e *regionEmitter, n *symbolic.Node) []jen.Code {
	start := times("r0", factor(e.size(symbolic.Size(n.Shape[1:]))))
	return []jen.Code{raw("nnrt.Fill%s(%s, %s, %s)", camel(n.Attr.Name), e.result(n), e.key(n.Attr.Site), fmt.Sprintf("uint64(%s)", start))}
}
