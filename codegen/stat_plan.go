// How much does a plan compute and move? Its kernels, loops and calls, each with the node that causes the work.
package codegen

import (
	"nngen/symbolic"
)

// elementBytes is the size of an element in memory.
var elementBytes = map[symbolic.DType]int{symbolic.F32: 4, symbolic.F64: 8, symbolic.I32: 4, symbolic.Bool: 1, symbolic.U8: 1}

// eachWork visits the work of one run of p at the given sizes. The work of a kept Func belongs to the call.
func (p *Plan) eachWork(size func(*symbolic.Sym) int, visit func(n *symbolic.Node, w Work)) {
	for _, st := range p.Steps {
		switch st := st.(type) {
		case *Region:
			r := &regionWork{p: p, size: size, visit: visit, in: map[*symbolic.Node]bool{}, seen: map[*Value]bool{}}
			r.run(st)
		case *Calls:
			for _, call := range st.Nodes {
				st.Plan.eachWork(callSize(call, size), func(_ *symbolic.Node, w Work) { visit(call, w) })
			}
		case *Copies:
			for _, c := range st.Pairs {
				visit(c.From.Node, Work{Bytes: 2 * valueBytes(c.From, size)})
			}
		}
	}
}

// callSize gives the sizes of a called Func their values.
func callSize(call *symbolic.Node, size func(*symbolic.Sym) int) func(*symbolic.Sym) int {
	bound := map[string]int{}
	for i, s := range call.Attr.Func.Syms {
		bound[s.Name] = call.Attr.Bind[i].Eval(size)
	}
	return func(s *symbolic.Sym) int { return bound[s.Name] }
}

// eachProduct visits the shapes of the matrix products of one run of p at the given sizes.
func (p *Plan) eachProduct(size func(*symbolic.Sym) int, visit func(ProductStat)) {
	for _, st := range p.Steps {
		switch st := st.(type) {
		case *Region:
			for _, l := range st.Body {
				if k, ok := l.(*Kernel); ok && k.Node.Op == symbolic.OpDot {
					visit(productStat(k.Node, size))
				}
			}
		case *Calls:
			for _, call := range st.Nodes {
				st.Plan.eachProduct(callSize(call, size), visit)
			}
		}
	}
}

func productStat(n *symbolic.Node, size func(*symbolic.Sym) int) ProductStat {
	p := productOf(n)
	count := func(shape []symbolic.Dim, axes []int) int { return symbolic.Size(pickDims(shape, axes)).Eval(size) }
	a, b := n.Args[0].Shape, n.Args[1].Shape
	return ProductStat{Kernel: p.variant(), M: count(a, p.freeA), N: count(b, p.freeB), K: count(a, p.contractA), Count: count(a, p.batch)}
}

// scratch returns the bytes of p's frame at the given sizes, with the frames of the Funcs that it calls.
func (p *Plan) scratch(size func(*symbolic.Sym) int) int64 {
	if p == nil {
		return 0
	}
	total := int64(0)
	for _, s := range p.Slots {
		most := 0
		for _, d := range s.Sizes {
			most = max(most, d.Eval(size))
		}
		total += int64(most * elementBytes[s.DType])
	}
	for _, q := range p.callees() {
		largest := map[string]int{}
		for i, s := range q.Func.Syms {
			for _, d := range p.bindsOf(q, i) {
				largest[s.Name] = max(largest[s.Name], d.Eval(size))
			}
		}
		total += q.scratch(func(s *symbolic.Sym) int { return largest[s.Name] })
	}
	return total
}

// valueBytes is the size of a tensor in memory; numbers are fields of the frame and count nothing.
func valueBytes(v *Value, size func(*symbolic.Sym) int) int64 {
	if len(v.Shape) == 0 {
		return 0
	}
	return int64(symbolic.Size(v.Shape).Eval(size) * elementBytes[v.DType])
}

// regionWork counts one region.
type regionWork struct {
	p     *Plan
	size  func(*symbolic.Sym) int
	visit func(n *symbolic.Node, w Work)
	in    map[*symbolic.Node]bool // computed in the region
	seen  map[*Value]bool         // read or written in it before
}

func (r *regionWork) elements(shape []symbolic.Dim) int64 {
	return int64(symbolic.Size(shape).Eval(r.size))
}

func (r *regionWork) run(st *Region) {
	for _, l := range st.Body {
		switch l := l.(type) {
		case *Kernel:
			r.in[l.Node] = true
		case *Group:
			for _, n := range l.Members {
				r.in[n] = true
			}
		}
	}
	for _, l := range st.Body {
		switch l := l.(type) {
		case *Kernel:
			r.visit(l.Node, r.kernel(l.Node))
			r.traffic(l.Node)
		case *Group:
			r.group(l)
			for _, n := range l.Members {
				r.traffic(n)
			}
		}
	}
}

// kernel returns the operations of a kernel.
func (r *regionWork) kernel(n *symbolic.Node) Work {
	cost := int64(n.Info().Cost)
	switch {
	case n.Op == symbolic.OpDot:
		w := 2 * r.elements(n.Shape)
		for _, k := range n.Attr.Dot.ContractA {
			w *= int64(n.Args[0].Shape[k].Eval(r.size))
		}
		return Work{Operations: w, Products: w}
	case n.Op == symbolic.OpGather, n.Info().Kind == symbolic.KindLayout:
		return Work{} // moves only
	case n.Op == symbolic.OpScatterAdd:
		return Work{Operations: cost * r.elements(n.Args[1].Shape)}
	case n.Info().Kind == symbolic.KindReduce:
		return Work{Operations: cost * r.elements(n.Args[0].Shape)}
	}
	return Work{Operations: cost * r.elements(n.Shape)}
}

// group counts a fused loop as it runs: an element that a later loop computes again counts again.
func (r *regionWork) group(g *Group) {
	full, prefix := r.elements(g.Space), r.elements(g.Space[:g.Prefix])
	each := func(nodes []*symbolic.Node, times int64) {
		for _, n := range nodes {
			r.visit(n, Work{Operations: times * int64(n.Info().Cost)})
		}
	}
	lp := g.plan(func(n *symbolic.Node) bool { return r.p.value[n] != nil && n.Rank() > 0 })
	for _, l := range lp.loops {
		each(l.before, prefix)
		each(l.eval, full)
		each(l.reduce, full)
	}
	each(lp.after, prefix)
}

// traffic counts what an operation reads and writes for the first time in the region.
func (r *regionWork) traffic(n *symbolic.Node) {
	bytes := int64(0)
	for i, a := range n.Args {
		part := int64(-1)
		if i == 0 && (n.Op == symbolic.OpGather || n.Op == symbolic.OpSlice) {
			part = r.elements(n.Shape) // reads no more than it gives
		}
		bytes += r.read(a, part)
	}
	if v := r.p.value[n]; v != nil && v.Store != StoreLocal && !r.seen[v] {
		r.seen[v] = true
		bytes += valueBytes(v, r.size)
	}
	if bytes > 0 {
		r.visit(n, Work{Bytes: bytes})
	}
}

// read returns the bytes that reading a moves, through broadcasts and views; part limits them to that many elements where it is not
// negative.
func (r *regionWork) read(a *symbolic.Node, part int64) int64 {
	if r.in[a] {
		return 0
	}
	if v := r.p.value[a]; v != nil {
		if r.seen[v] {
			return 0
		}
		r.seen[v] = true
		if bytes := valueBytes(v, r.size); part < 0 {
			return bytes
		} else {
			return min(bytes, part*int64(elementBytes[v.DType]))
		}
	}
	total := int64(0)
	if a.Op != symbolic.OpCall && a.Op != symbolic.OpGet {
		for _, b := range a.Args {
			total += r.read(b, part)
		}
	}
	return total
}
