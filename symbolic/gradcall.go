// What is the derivative of a call? F becomes F_fwd, which also returns what the way back needs, and F_bwd, once for each F,
// set of arguments that need a gradient, and set of results that receive one.

package symbolic

import (
	"fmt"
	"slices"
	"strings"
)

// halves is a Func with its derivative.
type halves struct {
	fwd, bwd *Func
	from     []source // where each argument of bwd comes from
	grads    []int    // for each needed argument: index of bwd's result, -1 where nothing flows
	err      error
}

// A source is an argument of a backward Func: an argument of the call, a result of the forward call, or a cotangent.
type source struct {
	kind  sourceKind
	index int
}

type sourceKind uint8

const (
	fromArg sourceKind = iota
	fromResult
	fromCotangent
)

// backCall sends the cotangents of a call's results to its arguments.
func (r *reverse) backCall(n *Node) error {
	cts := r.calls[n]
	if cts == nil {
		return nil
	}
	f := n.Attr.Func
	need := make([]bool, len(n.Args))
	for i, a := range n.Args {
		need[i] = r.active.has(a) && a.DType.Float()
	}
	have := make([]bool, len(cts))
	for i, ct := range cts {
		have[i] = ct != nil
	}
	h := f.halves(need, have)
	if h.err != nil {
		return h.err
	}
	if h.bwd == nil {
		return nil
	}
	attr := n.Attr
	attr.Func = h.fwd
	fwd := r.g.at(n, OpCall, attr, n.Args...)
	args := make([]*Node, len(h.from))
	for i, s := range h.from {
		switch s.kind {
		case fromArg:
			args[i] = n.Args[s.index]
		case fromResult:
			args[i] = r.g.Get(fwd, s.index)
		case fromCotangent:
			args[i] = cts[s.index]
		}
	}
	attr.Func = h.bwd
	bwd := r.g.at(n, OpCall, attr, args...)
	k := 0
	for i, a := range n.Args {
		if !need[i] {
			continue
		}
		if h.grads[k] >= 0 {
			r.add(a, r.g.Get(bwd, h.grads[k]))
		}
		k++
	}
	return nil
}

// at applies op at the position of n.
func (g *Graph) at(n *Node, op Op, attr Attr, args ...*Node) *Node {
	old := g.Pos
	g.Pos = n.Pos
	m := g.Must(op, attr, args...)
	g.Pos = old
	return m
}

// graph returns the graph that f's nodes belong to.
func (f *Func) graph() *Graph {
	for _, r := range f.Results {
		return r.Node.graph
	}
	for _, p := range f.Params {
		return p.graph
	}
	return NewGraph()
}

// bits writes a set for cache keys and names.
func bits(set []bool) string {
	var b strings.Builder
	for i, yes := range set {
		if yes {
			fmt.Fprintf(&b, "_%d", i)
		}
	}
	return b.String()
}

// halves returns f's forward and backward Funcs for the arguments that need a gradient and the results that have a cotangent.
func (f *Func) halves(need, have []bool) *halves {
	g := f.graph()
	key := fmt.Sprintf("%p need%s have%s", f, bits(need), bits(have))
	if h := g.derived[key]; h != nil {
		return h
	}
	h := f.makeHalves(g, need, have)
	g.derived[key] = h
	return h
}

func (f *Func) makeHalves(g *Graph, need, have []bool) *halves {
	var outputs, cts, wrt []*Node
	ctIndex := map[*Node]int{}
	taken := leafNames(f.Params)
	for i, r := range f.Results {
		if !have[i] {
			continue
		}
		ct := g.freshArg(taken, "d."+r.Name, r.Node)
		ctIndex[ct] = i
		outputs, cts = append(outputs, r.Node), append(cts, ct)
	}
	for i, p := range f.Params {
		if need[i] {
			wrt = append(wrt, p)
		}
	}
	grads, err := VJP(g, outputs, cts, wrt)
	if err != nil {
		return &halves{err: err}
	}
	h := &halves{}
	var results []Result
	for i, d := range grads {
		if d == nil {
			h.grads = append(h.grads, -1)
			continue
		}
		h.grads = append(h.grads, len(results))
		results = append(results, Result{"d." + wrt[i].Attr.Name, d})
	}
	if len(results) == 0 {
		return h
	}
	leaves := slices.Concat(f.Params, cts)
	joint := Simplify(&Func{Name: f.Name, Params: leaves, Results: slices.Concat(f.Results, results)}, nil)
	s := SplitFunc(f.Name, joint.Results[:len(f.Results)], joint.Results[len(f.Results):], leaves)
	s.Forward.Params, s.Forward.Extends = f.Params, f
	s.Forward.Syms, s.Backward.Syms = f.Syms, f.Syms
	s.Forward.Doc, s.Backward.Doc = f.Doc, f.Doc
	s.Backward.Name += g.suffix(s.Backward.Name)
	h.fwd, h.bwd = g.forwardOf(f, s.Forward), s.Backward
	argIndex := map[*Node]int{}
	for i, p := range f.Params {
		argIndex[p] = i
	}
	for _, l := range s.Leaves {
		if i, ok := ctIndex[l]; ok {
			h.from = append(h.from, source{fromCotangent, i})
		} else {
			h.from = append(h.from, source{fromArg, argIndex[l]})
		}
	}
	for _, i := range s.From {
		h.from = append(h.from, source{fromResult, i})
	}
	return h
}

// forwardOf returns f itself where nothing is saved, or the Func made before that saves the same, else fwd under a name of its own.
func (g *Graph) forwardOf(f, fwd *Func) *Func {
	if len(fwd.Results) == len(f.Results) {
		return f
	}
	for _, other := range g.forwards[f] {
		if slices.Equal(other.Results, fwd.Results) {
			return other
		}
	}
	g.forwards[f] = append(g.forwards[f], fwd)
	fwd.Name += g.suffix(fwd.Name)
	return fwd
}

// suffix numbers the derivatives that would have one name: "", "2", "3".
func (g *Graph) suffix(name string) string {
	g.variants[name]++
	if n := g.variants[name]; n > 1 {
		return fmt.Sprint(n)
	}
	return ""
}

// freshArg returns an arg leaf like n, called name or, if that is taken, a longer one; the name is then taken.
func (g *Graph) freshArg(taken map[string]bool, name string, n *Node) *Node {
	for taken[name] {
		name += "'"
	}
	taken[name] = true
	return g.Leaf(OpArg, name, n.DType, n.Shape)
}

// leafNames returns the names of leaves.
func leafNames(leaves []*Node) map[string]bool {
	names := make(map[string]bool, len(leaves))
	for _, l := range leaves {
		names[l.Attr.Name] = true
	}
	return names
}

// ShareCalls rewrites roots so that a call of F becomes the call of a Func that extends F where both are made with the same arguments: the
// forward results and the residuals of one layer then come from one call. Values do not change.
func (g *Graph) ShareCalls(roots []*Node) []*Node {
	better := map[*Node]*Node{}
	for _, n := range Reach(roots...) {
		if n.Op != OpCall || n.Attr.Func.Extends == nil {
			continue
		}
		// The largest extension wins where several exist; each chain F, F_fwd, F_fwd_fwd ends at its last.
		base := n.Attr.Func.Extends
		attr := n.Attr
		attr.Func = base
		plain := g.at(n, OpCall, attr, n.Args[:len(base.Params)]...)
		if old := better[plain]; old == nil || len(n.Attr.Func.Results) > len(old.Attr.Func.Results) {
			better[plain] = n
		}
	}
	if len(better) == 0 {
		return roots
	}
	last := func(n *Node) *Node {
		for better[n] != nil {
			n = better[n]
		}
		return n
	}
	// Arguments first. A replacement that depends on the call itself (a tangent made of its results) is found when the
	// walk meets the call again below its replacement; such a call stays.
	done, open, keep := map[*Node]*Node{}, map[*Node]bool{}, map[*Node]bool{}
	stack := append([]*Node(nil), roots...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		if n == nil || done[n] != nil {
			stack = stack[:len(stack)-1]
			continue
		}
		to := n
		if n.Op == OpCall && !keep[n] {
			to = last(n)
		}
		ready := true
		for _, a := range to.Args {
			if done[a] == nil {
				ready = false
				stack = append(stack, a)
			}
		}
		switch {
		case ready:
			stack = stack[:len(stack)-1]
			done[n] = g.rebuild(to, done)
		case open[n] && !keep[n]:
			stack = stack[:len(stack)-len(notDone(to.Args, done))]
			keep[n] = true
		default:
			open[n] = true
		}
	}
	out := make([]*Node, len(roots))
	for i, r := range roots {
		if r != nil {
			out[i] = done[r]
		}
	}
	return out
}

func notDone(args []*Node, done map[*Node]*Node) []*Node {
	var out []*Node
	for _, a := range args {
		if done[a] == nil {
			out = append(out, a)
		}
	}
	return out
}
