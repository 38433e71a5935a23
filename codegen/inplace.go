// When may two values lie in one place? A result may overwrite the argument of the same name when nothing reads the argument after the result
// is written; otherwise the result waits in the frame. And what a result is made of, element by element, may lie in its place before.
package codegen

import (
	"slices"

	"nngen/symbolic"
)

// inPlace makes p safe to run with each result in the memory of the parameter of the same name.
func (p *Plan) inPlace() {
	var pairs []CopyPair
	for _, r := range p.Func.Results {
		for _, a := range p.Func.Params {
			if a.Attr.Name != r.Name || a.Rank() == 0 || p.lastRead(a) <= p.written(r.Node) {
				continue
			}
			result := p.value[r.Node]
			scratch := *result
			scratch.Name += "Next"
			scratch.Store = StoreFrame
			scratch.Slot = &Slot{DType: scratch.DType, Sizes: []symbolic.Dim{symbolic.Size(scratch.Shape)}, busy: len(p.Steps)}
			p.Slots = append(p.Slots, scratch.Slot)
			p.Values = append(p.Values, &scratch)
			p.value[r.Node] = &scratch
			p.result[r.Node] = result
			pairs = append(pairs, CopyPair{&scratch, result})
		}
	}
	if len(pairs) > 0 {
		p.Steps = append(p.Steps, &Copies{pairs})
	}
}

// lastRead returns the last step that reads a.
func (p *Plan) lastRead(a *symbolic.Node) int {
	last := -1
	for i, st := range p.Steps {
		for _, n := range computed(st) {
			for _, x := range n.Args {
				for x.Op == symbolic.OpBroadcast || x.Op == symbolic.OpReshape {
					x = x.Args[0]
				}
				if x == a {
					last = i
				}
			}
		}
	}
	return last
}

// written returns the step that computes n.
func (p *Plan) written(n *symbolic.Node) int {
	for i, st := range p.Steps {
		for _, m := range computed(st) {
			if m == n {
				return i
			}
		}
	}
	return len(p.Steps)
}

// computed lists the operations of a step.
func computed(st Step) []*symbolic.Node {
	switch st := st.(type) {
	case *Scalars:
		return st.Nodes
	case *Calls:
		return st.Nodes
	case *Region:
		var out []*symbolic.Node
		for _, l := range st.Body {
			switch l := l.(type) {
			case *Kernel:
				out = append(out, l.Node)
			case *Group:
				out = append(out, l.Members...)
			}
		}
		return out
	}
	return nil
}

// resultOf returns where the caller finds a result.
func (p *Plan) resultOf(n *symbolic.Node) *Value {
	if v := p.result[n]; v != nil {
		return v
	}
	return p.value[n]
}

// becomes returns the result of which n may take the place until it is computed from n: memory that nothing else uses, made of n in the last loop
// that reads it, element by element in one pass. The cores that leave n there have the memory in their caches for what takes its place.
func (pl *planner) becomes(n *symbolic.Node) *Value {
	r, ok := pl.steps[pl.last[n]].(*Region)
	if !ok || r.Tiles {
		return nil
	}
	var g *Group
	for _, u := range pl.users[n] {
		if pl.step[u] != pl.last[n] {
			continue
		}
		if g == nil {
			g = pl.group[u]
		}
		if g == nil || pl.group[u] != g || !pl.direct(u, n) {
			return nil
		}
	}
	if g == nil || slices.ContainsFunc(g.Members, func(m *symbolic.Node) bool { return !symbolic.SameShape(m.Shape, n.Shape) }) {
		return nil
	}
	for _, m := range g.Members {
		if v := pl.p.value[m]; pl.array[m] && v != nil && v.Base == nil && v.DType == n.DType && !pl.taken[v] {
			return v
		}
	}
	return nil
}

// direct reports whether u reads n as it is, and not through a view.
func (pl *planner) direct(u, n *symbolic.Node) bool {
	reads, args := 0, 0
	pl.eachRead(u, func(d *symbolic.Node) {
		if d == n {
			reads++
		}
	})
	for _, a := range u.Args {
		if a == n {
			args++
		}
	}
	return reads == args
}
