// How do layers that are kept as functions run? One frame for each distinct Func; equal layers in a row become one loop over arrays
// at a regular step.
package codegen

import (
	"slices"

	"nngen/symbolic"
)

// A Family is an array of equal values: a parameter of equal layers, its gradients, what a repeated layer leaves.
type Family struct {
	Name   string
	Count  int
	Stride int // distance of members in elements; 0: one right after the other
}

// A Member is a value's place in a family.
type Member struct {
	Family *Family
	Index  int
}

// An array is where a Calls step leaves result j of its calls.
type array struct {
	j     int
	value *Value
}

// merge joins runs of calls that differ in a regular way.
func (pl *planner) merge() {
	var out []Step
	for _, st := range pl.steps {
		next, ok := st.(*Calls)
		if ok && len(out) > 0 {
			if run, ok := out[len(out)-1].(*Calls); ok && pl.follows(run.Nodes, next.Nodes[0]) {
				run.Nodes = append(run.Nodes, next.Nodes[0])
				continue
			}
		}
		out = append(out, st)
	}
	pl.steps = out
}

// follows reports whether next continues a run of calls.
func (pl *planner) follows(calls []*symbolic.Node, next *symbolic.Node) bool {
	f := next.Attr.Func
	if f != calls[0].Attr.Func || !symbolic.SameShape(next.Attr.Bind, calls[0].Attr.Bind) {
		return false
	}
	for _, r := range f.Results {
		if r.Node.Rank() == 0 {
			return false
		}
	}
	if !pl.foldable(calls[0]) || !pl.foldable(next) {
		return false
	}
	for i := range next.Args {
		if next.Args[i].Rank() == 0 && next.Args[i] != calls[0].Args[i] || !pl.regular(calls, next, i) {
			return false
		}
	}
	return true
}

// foldable reports whether nothing that call returns must lie in memory of its own that the caller owns.
func (pl *planner) foldable(call *symbolic.Node) bool {
	for _, n := range pl.gets(call) {
		if n == nil {
			continue
		}
		if _, member := pl.member[n]; !member && pl.given[n] && !pl.array[n] {
			return false
		}
	}
	return true
}

// regular reports whether argument i of next continues what argument i of the calls before was: the same value, a result of the call
// before, or the next member of an array.
func (pl *planner) regular(calls []*symbolic.Node, next *symbolic.Node, i int) bool {
	n := len(calls)
	prev, b := strip(calls[n-1].Args[i]), strip(next.Args[i])
	if j, ok := carried(b, calls[n-1]); ok {
		if n == 1 {
			return true
		}
		k, was := carried(prev, calls[n-2])
		return was && j == k
	}
	if prev == b {
		return strip(calls[0].Args[i]) == b
	}
	mb, okB := pl.member[b]
	ma, okA := pl.member[prev]
	if !okA || !okB || ma.Family != mb.Family {
		return false
	}
	if n == 1 {
		return true
	}
	mc, ok := pl.member[strip(calls[n-2].Args[i])]
	return ok && mc.Family == ma.Family && mb.Index-ma.Index == ma.Index-mc.Index
}

// strip follows views.
func strip(n *symbolic.Node) *symbolic.Node {
	for n.Op == symbolic.OpReshape {
		n = n.Args[0]
	}
	return n
}

// carried reports whether n is result j of call.
func carried(n, call *symbolic.Node) (j int, ok bool) {
	if n.Op == symbolic.OpGet && n.Args[0] == call {
		return n.Attr.Index, true
	}
	return 0, false
}

// gets returns the result nodes of a call by index; nil where nobody reads a result.
func (pl *planner) gets(call *symbolic.Node) []*symbolic.Node {
	out := make([]*symbolic.Node, len(call.Attr.Func.Results))
	for _, n := range pl.nodes {
		if j, ok := carried(n, call); ok {
			out[j] = n
		}
	}
	return out
}

// outputs places the results of calls before the Func's own results get theirs: an array with one member for each call where others
// read them, two members in turn where only the next call does.
func (pl *planner) outputs(c *Calls, step int) {
	all := make([][]*symbolic.Node, len(c.Nodes))
	for k, n := range c.Nodes {
		all[k] = pl.gets(n)
	}
	for j, r := range c.Nodes[0].Attr.Func.Results {
		if r.Node.Rank() == 0 {
			continue
		}
		known, kept, given := false, false, false
		last := step
		name := ""
		for k := range c.Nodes {
			n := all[k][j]
			if n == nil {
				continue
			}
			_, member := pl.member[n]
			known = known || member || pl.given[n] && len(c.Nodes) == 1
			given = given || pl.given[n]
			if name == "" {
				name = n.Graph().Name(n)
			}
			for _, u := range pl.users[n] {
				if !slices.Contains(c.Nodes, u) {
					kept = kept || k+1 < len(c.Nodes)
					last = max(last, pl.step[u])
				}
			}
		}
		if known {
			continue // memory of the caller
		}
		count := min(2, len(c.Nodes))
		if kept || given {
			count = len(c.Nodes)
		}
		if name == "" {
			name = r.Name
		}
		v := &Value{Name: pl.names.pick(name), Shape: outShape(c.Nodes[0], j), DType: r.Node.DType, Store: StoreFrame, Count: count, first: step, last: last}
		if given {
			v.Store = StoreResult
			v.Family = &Family{Name: v.Name, Count: count}
		} else {
			v.Slot = pl.slot(v)
		}
		pl.p.Values = append(pl.p.Values, v)
		c.arrays = append(c.arrays, array{j, v})
		for k := range c.Nodes {
			if n := all[k][j]; n != nil {
				pl.p.value[n] = &Value{Name: v.Name, Node: n, Store: v.Store, Shape: n.Shape, DType: n.DType, Base: v, Index: k % count, Family: v.Family}
			}
		}
	}
}

// outShape returns the shape of a call's result in the caller's sizes.
func outShape(call *symbolic.Node, j int) []symbolic.Dim {
	return outside(call, call.Attr.Func.Results[j].Node.Shape)
}

// outside returns a shape of a called Func in the caller's sizes.
func outside(call *symbolic.Node, shape []symbolic.Dim) []symbolic.Dim {
	bound := map[*symbolic.Sym]symbolic.Dim{}
	for i, s := range call.Attr.Func.Syms {
		bound[s] = call.Attr.Bind[i]
	}
	var out []symbolic.Dim
	for _, d := range shape {
		out = append(out, d.Subst(func(s *symbolic.Sym) symbolic.Dim { return bound[s] }))
	}
	return out
}
