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
			start := 0 // first group that n can join
			s.members(n, func(d *symbolic.Node, straight bool) {
				if i, ok := group[d]; ok && in[d] {
					from = max(from, i)
					if start = max(start, i); !straight {
						start = max(start, i+1)
					}
				}
			})
			at := -1
			for i := start; i < len(groups); i++ {
				if groups[i].admits(n) {
					at = i
				}
			}
			if at < 0 && from >= start && groups[from].widens(n) {
				at = from
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

// members calls visit for every scheduled operation that n reads; straight says whether each element of n's space needs the element at
// the same place of the leading axes, so that one loop can compute both.
func (s *scheduler) members(n *symbolic.Node, visit func(d *symbolic.Node, straight bool)) {
	var walk func(a *symbolic.Node, axes []int, straight bool)
	walk = func(a *symbolic.Node, axes []int, straight bool) {
		switch {
		case s.class[a] != classVirtual:
			visit(a, straight && ordered(axes))
		case a.Op == symbolic.OpBroadcast:
			walk(a.Args[0], picked(axes, a.Attr.Axes), straight)
		default:
			for _, b := range a.Args {
				walk(b, nil, false)
			}
		}
	}
	for _, a := range n.Args {
		if n.Op == symbolic.OpBroadcast {
			walk(a, n.Attr.Axes, true)
		} else {
			walk(a, axesFrom(0, a.Rank()), true)
		}
	}
}

// picked returns the elements of axes at the given places; axes that are not known stay so.
func picked(axes, at []int) []int {
	if axes == nil {
		return nil
	}
	out := make([]int, len(at))
	for i, a := range at {
		out[i] = axes[a]
	}
	return out
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

// nested reports whether g computes numbers of a row besides full elements: then it loops over rows, and inside over the rest.
func (g *Group) nested() bool { return g.Prefix < len(g.Space) }

// admits reports whether n can join g: it runs over g's space, or over its leading axes, which then are the rows.
func (g *Group) admits(n *symbolic.Node) bool {
	sp := space(n)
	if symbolic.SameShape(sp, g.Space) {
		return !trailing(n) || !g.nested() || g.Prefix == n.Rank()
	}
	if trailing(n) || len(sp) == 0 || !startsWith(g.Space, sp) {
		return false
	}
	return !g.nested() || g.Prefix == len(sp)
}

// widens reports whether g, which runs over leading axes of n's space, can become the rows of a group for n.
func (g *Group) widens(n *symbolic.Node) bool {
	sp := space(n)
	return !g.nested() && len(g.Space) < len(sp) && startsWith(sp, g.Space) && (!trailing(n) || n.Rank() == len(g.Space))
}

func startsWith(shape, prefix []symbolic.Dim) bool {
	return len(prefix) <= len(shape) && symbolic.SameShape(shape[:len(prefix)], prefix)
}

// add takes n in. Space and Prefix follow.
func (g *Group) add(n *symbolic.Node) {
	sp := space(n)
	switch {
	case trailing(n):
		g.Prefix = n.Rank()
	case len(sp) < len(g.Space):
		g.Prefix = len(sp)
	}
	if len(sp) > len(g.Space) {
		g.Prefix, g.Space = len(g.Space), sp
	}
	g.Members = append(g.Members, n)
}
