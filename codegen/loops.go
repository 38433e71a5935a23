// How does a fused group run through its rows? One inner loop for each round of reductions; what a later loop needs again is
// recomputed when that is cheap and kept in a row buffer otherwise.
package codegen

import (
	"nngen/symbolic"
)

// A loopPlan is the body of a group for one row: loops over the trailing axes and numbers of the row between them.
type loopPlan struct {
	loops []innerLoop
	after []*symbolic.Node // numbers of the row computed after the last loop
}

// An innerLoop computes full elements once, in order.
type innerLoop struct {
	before []*symbolic.Node // numbers of the row computed before the loop
	eval   []*symbolic.Node // elements to compute, in order of dependence
	reduce []*symbolic.Node // reductions that this loop does
	store  []*symbolic.Node // elements to write to memory
}

// recomputeCost is the price above which an element is kept in memory for a later loop instead of being computed again: about
// what a store and a load cost.
const recomputeCost = 8

// full reports whether n has g's whole space, as against one number for each row.
func (g *Group) full(n *symbolic.Node) bool {
	return n.Rank() == len(g.Space) && symbolic.SameShape(n.Shape, g.Space)
}

// round gives, for each member, the inner loop that computes it (full elements) or before which it is known (numbers of a row).
func (g *Group) rounds() map[*symbolic.Node]int {
	member := map[*symbolic.Node]bool{}
	for _, n := range g.Members {
		member[n] = true
	}
	round := map[*symbolic.Node]int{}
	for _, n := range g.Members {
		r := 0
		g.reads(n, func(a *symbolic.Node) {
			if member[a] {
				r = max(r, round[a])
			}
		})
		if trailing(n) {
			r++ // known after the loop that reduces
		}
		round[n] = r
	}
	return round
}

// reads visits what n reads: a member that is itself a stored broadcast is read as a member.
func (g *Group) reads(n *symbolic.Node, visit func(a *symbolic.Node)) {
	member := func(a *symbolic.Node) bool {
		for _, m := range g.Members {
			if m == a {
				return true
			}
		}
		return false
	}
	for _, a := range n.Args {
		for a.Op == symbolic.OpBroadcast && !member(a) {
			a = a.Args[0]
		}
		visit(a)
	}
}

// keep returns the members whose elements must be in memory because a later loop of the group needs them again and computing
// them again is dear.
func (g *Group) keep(inMemory func(*symbolic.Node) bool) []*symbolic.Node {
	if !g.nested() {
		return nil
	}
	round := g.rounds()
	last := map[*symbolic.Node]int{} // last loop that needs a full member
	kept := map[*symbolic.Node]bool{}
	cost := map[*symbolic.Node]int{}
	member := map[*symbolic.Node]bool{}
	for _, n := range g.Members {
		member[n] = true
	}
	for i := len(g.Members) - 1; i >= 0; i-- {
		n := g.Members[i]
		use := round[n]
		if trailing(n) {
			use--
		}
		use = max(use, last[n])
		g.reads(n, func(a *symbolic.Node) {
			if member[a] && g.full(a) {
				last[a] = max(last[a], use)
			}
		})
	}
	var out []*symbolic.Node
	for _, n := range g.Members {
		if !g.full(n) {
			continue
		}
		c := n.Info().Cost
		g.reads(n, func(a *symbolic.Node) {
			if member[a] && g.full(a) && !kept[a] && !inMemory(a) {
				c += cost[a]
			}
		})
		cost[n] = c
		if last[n] > round[n] && c > recomputeCost {
			kept[n] = true
			cost[n] = 1
			if !inMemory(n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// plan lays the members out in loops. inMemory says which members are written to memory.
func (g *Group) plan(inMemory func(*symbolic.Node) bool) *loopPlan {
	round := g.rounds()
	p := &loopPlan{}
	last := 0
	for _, n := range g.Members {
		r := round[n]
		if trailing(n) {
			r--
		}
		if g.full(n) || trailing(n) || !g.nested() {
			last = max(last, r)
		}
	}
	p.loops = make([]innerLoop, last+1)
	inside := func(n *symbolic.Node) bool { return g.full(n) || !g.nested() }
	for _, n := range g.Members {
		r := round[n]
		switch {
		case trailing(n):
			p.loops[r-1].reduce = append(p.loops[r-1].reduce, n)
		case inside(n):
			if inMemory(n) {
				p.loops[r].store = append(p.loops[r].store, n)
			}
			if rowSum(n) {
				p.loops[r].reduce = append(p.loops[r].reduce, n)
			}
		case r <= last:
			p.loops[r].before = append(p.loops[r].before, n)
		default:
			p.after = append(p.after, n)
		}
	}
	member := map[*symbolic.Node]bool{}
	for _, n := range g.Members {
		member[n] = true
	}
	for i := range p.loops {
		l := &p.loops[i]
		need := map[*symbolic.Node]bool{}
		var want func(n *symbolic.Node)
		want = func(n *symbolic.Node) {
			if need[n] || !member[n] || !inside(n) || trailing(n) || round[n] < i && inMemory(n) {
				return
			}
			need[n] = true
			g.reads(n, want)
		}
		for _, n := range l.store {
			want(n)
		}
		for _, n := range l.reduce {
			g.reads(n, want)
		}
		for _, n := range g.Members {
			if need[n] && !rowSum(n) {
				l.eval = append(l.eval, n)
			}
		}
	}
	return p
}
