// What is a function of the algebra? Results over parameter leaves, closed: nothing else is free.

package symbolic

import "sort"

// A Func is a closed function: every leaf that its Results reach is one of Params, or a constant. Layers, predictors, the
// forward and the backward half of a step, and optimizers are all Funcs.
type Func struct {
	Name    string   // unique within a program; becomes part of a Go identifier
	Doc     string   // one line for the generated comment
	Syms    []*Sym   // run-time sizes in the parameters' shapes, bound by call nodes (Attr.Bind, same order)
	Params  []*Node  // leaves, in calling order
	Results []Result // in order of get indices

	// Extends is set on a Func made by differentiation that also computes another one: its first results are the other's
	// results, computed from its first arguments. A call of the other can then be served by this one.
	Extends *Func
}

// A Result is one result of a Func.
type Result struct {
	Name string // "loss", "probs", "grad h.W", "saved z"
	Node *Node
}

// Nodes returns all nodes that the results reach, arguments before users, in a deterministic order.
func (f *Func) Nodes() []*Node {
	roots := make([]*Node, len(f.Results))
	for i, r := range f.Results {
		roots[i] = r.Node
	}
	return Reach(roots...)
}

// Reach returns all nodes that roots depend on, the roots included, in order of creation: arguments come before users.
// It is iterative: a chain of 100 000 nodes is legal.
func Reach(roots ...*Node) []*Node {
	seen := map[*Node]bool{}
	var out []*Node
	stack := append([]*Node(nil), roots...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == nil || seen[n] {
			continue
		}
		seen[n] = true
		out = append(out, n)
		stack = append(stack, n.Args...)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

// Replace rebuilds roots with the nodes in subst replaced, sharing everything else. Names and positions are carried over.
func (g *Graph) Replace(roots []*Node, subst map[*Node]*Node) []*Node {
	done := make(map[*Node]*Node, len(subst))
	for k, v := range subst {
		done[k] = v
	}
	for _, n := range Reach(roots...) {
		if _, ok := done[n]; ok {
			continue
		}
		done[n] = g.rebuild(n, done)
	}
	out := make([]*Node, len(roots))
	for i, r := range roots {
		if r != nil {
			out[i] = done[r]
		}
	}
	return out
}

// rebuild returns n over the replaced arguments.
func (g *Graph) rebuild(n *Node, done map[*Node]*Node) *Node {
	args := make([]*Node, len(n.Args))
	same := n.graph == g
	for i, a := range n.Args {
		args[i] = done[a]
		same = same && args[i] == a
	}
	if same {
		return n
	}
	old := g.Pos
	g.Pos = n.Pos
	m := g.Must(n.Op, n.Attr, args...)
	g.Pos = old
	if name := n.graph.Name(n); name != "" {
		g.SetName(m, name)
	}
	return m
}
