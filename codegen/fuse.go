// Which elementwise operations of a region share one loop? Levels between kernels, then groups by iteration space.
package codegen

import (
	"sort"

	"nngen/symbolic"
)

// fuse fills the body of a row region: kernels and groups in an order that respects dependence. A group runs after the
// kernels of the level before and before the kernels of its own level.
func (s *scheduler) fuse(r *Region, members []*symbolic.Node, in map[*symbolic.Node]bool) {
	level := map[*symbolic.Node]int{}
	top := 0
	for _, n := range members {
		kernel := s.class[n] == classKernel
		l := 0
		s.deps(n, func(d *symbolic.Node, _ bool) {
			if !in[d] {
				return
			}
			after := level[d]
			if s.class[d] == classKernel && !kernel {
				after++
			}
			l = max(l, after)
		})
		level[n] = l
		top = max(top, l)
	}
	s.delay(members, in, level)
	for l := 0; l <= top; l++ {
		var groups []*Group
		group := map[*symbolic.Node]int{}
		var kernels []Leaf
		for _, n := range members {
			if level[n] != l {
				continue
			}
			if s.class[n] == classKernel {
				kernels = append(kernels, &Kernel{Node: n})
				continue
			}
			from := -1 // last group of this level that n reads
			s.deps(n, func(d *symbolic.Node, _ bool) {
				if i, ok := group[d]; ok && in[d] {
					from = max(from, i)
				}
			})
			at := -1
			for i := max(from, 0); i < len(groups); i++ {
				if groups[i].admits(n) {
					at = i
				}
			}
			if at < 0 {
				at = len(groups)
				groups = append(groups, &Group{Space: space(n), Prefix: len(space(n)), level: l})
			}
			groups[at].add(n)
			group[n] = at
		}
		for _, g := range groups {
			r.Body = append(r.Body, g)
		}
		r.Body = append(r.Body, kernels...)
	}
	for _, n := range members {
		if s.class[n] == classRowSum {
			r.Sums = append(r.Sums, &Partial{Node: n})
		}
	}
	sort.SliceStable(r.Sums, func(i, j int) bool { return r.Sums[i].Node.ID() < r.Sums[j].Node.ID() })
}

// delay moves elements to the level of their first reader, so that they are computed where they are used instead of being kept.
func (s *scheduler) delay(members []*symbolic.Node, in map[*symbolic.Node]bool, level map[*symbolic.Node]int) {
	first := map[*symbolic.Node]int{}
	for i := len(members) - 1; i >= 0; i-- {
		n := members[i]
		if l, ok := first[n]; ok && s.class[n] == classElement {
			level[n] = max(level[n], l)
		}
		s.deps(n, func(d *symbolic.Node, _ bool) {
			if !in[d] {
				return
			}
			if l, ok := first[d]; !ok || level[n] < l {
				first[d] = level[n]
			}
		})
	}
}

// space returns the shape that a loop computing n runs over.
func space(n *symbolic.Node) []symbolic.Dim {
	if trailing(n) || rowSum(n) {
		return n.Args[0].Shape
	}
	return n.Shape
}

// admits reports whether n can join g: it runs over g's space, or over what g's reductions leave of it.
func (g *Group) admits(n *symbolic.Node) bool {
	sp := space(n)
	if symbolic.SameShape(sp, g.Space) {
		return !trailing(n) || !g.reduces || g.Prefix == n.Rank()
	}
	return g.reduces && symbolic.SameShape(sp, g.Space[:g.Prefix]) && !trailing(n)
}

func (g *Group) add(n *symbolic.Node) {
	if trailing(n) {
		g.reduces = true
		g.Prefix = n.Rank()
	}
	g.Members = append(g.Members, n)
}
