// When may a result overwrite the argument of the same name? When nothing reads the argument after the result is written; otherwise the
// result waits in the frame.
package codegen

import "nngen/symbolic"

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
