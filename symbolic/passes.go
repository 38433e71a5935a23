// In which order is a Func transformed? Passes are a literal array; each goes through the Funcs that are called, too.

package symbolic

import "fmt"

// A Pass transforms one Func whose callees have gone through the pass already.
type Pass struct {
	Name string
	Run  func(f *Func) *Func
}

// BeforeGrad lists the passes that may run before differentiation: they leave var and stop_gradient in place. They are the place for the
// stability rewrites, which must see the model's own expressions.
var BeforeGrad = [...]Pass{
	{"inline", Inline},
	{"simplify", func(f *Func) *Func { return Simplify(f, nil) }},
}

// Passes lists what happens to a Func after differentiation.
var Passes = [...]Pass{
	{"share", Share},
	{"inline", Inline},
	{"erase", Erase},
	{"simplify", func(f *Func) *Func { return Simplify(f, nil) }},
	{"dce", Trim},
}

// Prepare runs BeforeGrad over f; observe, if set, sees each Func after each pass. A Func that was prepared before is not prepared again.
func Prepare(f *Func, observe func(pass string, f *Func)) *Func {
	return run("prepare", BeforeGrad[:], f, observe)
}

// Run runs Passes over f and the Funcs that it calls. Equal Funcs called from several programs of one graph stay one Func.
func Run(f *Func, observe func(pass string, f *Func)) *Func {
	return run("run", Passes[:], f, observe)
}

func run(what string, passes []Pass, f *Func, observe func(pass string, f *Func)) *Func {
	for i, p := range passes {
		f = p.through(fmt.Sprintf("%s%d", what, i), f)
		if observe != nil {
			observe(p.Name, f)
		}
	}
	return f
}

// passKey identifies the result of a pass on a called Func, so that all its callers find the same one.
type passKey struct {
	pass string
	f    *Func
}

// through applies p to f after everything that f calls.
func (p Pass) through(name string, f *Func) *Func {
	g := f.graph()
	if done := g.passed[passKey{name, f}]; done != nil {
		return done
	}
	out := p.Run(p.callees(name, f))
	if f.Extends != nil && out != f {
		copied := *out
		copied.Extends = p.through(name, f.Extends)
		out = &copied
	}
	g.passed[passKey{name, f}], g.passed[passKey{name, out}] = out, out
	return out
}

// callees returns f with the Funcs that it calls replaced by what p makes of them.
func (p Pass) callees(name string, f *Func) *Func {
	nodes := f.Nodes()
	changed := false
	for _, n := range nodes {
		changed = changed || n.Op == OpCall && p.through(name, n.Attr.Func) != n.Attr.Func
	}
	if !changed {
		return f
	}
	return f.rewrite(nodes, func(g *Graph, n *Node, args []*Node) *Node {
		if n.Op != OpCall {
			return nil
		}
		attr := n.Attr
		attr.Func = p.through(name, attr.Func)
		return g.at(n, OpCall, attr, args...)
	})
}

// rewrite returns f with each node replaced by what to gives for it over its new arguments; nil keeps the node.
func (f *Func) rewrite(nodes []*Node, to func(g *Graph, n *Node, args []*Node) *Node) *Func {
	g := f.graph()
	done := map[*Node]*Node{}
	for _, n := range nodes {
		args := make([]*Node, len(n.Args))
		for i, a := range n.Args {
			args[i] = done[a]
		}
		m := to(g, n, args)
		if m == nil {
			m = g.rebuild(n, done)
		} else if name := n.graph.Name(n); name != "" {
			g.SetName(m, name)
		}
		done[n] = m
	}
	out := *f
	out.Results = make([]Result, len(f.Results))
	for i, r := range f.Results {
		out.Results[i] = Result{r.Name, done[r.Node]}
	}
	return &out
}

// Share returns f with calls of a Func and of its derivative's forward half made one (see Graph.ShareCalls).
func Share(f *Func) *Func {
	out := *f
	out.Results = make([]Result, len(f.Results))
	roots := make([]*Node, len(f.Results))
	for i, r := range f.Results {
		roots[i] = r.Node
	}
	for i, n := range f.graph().ShareCalls(roots) {
		out.Results[i] = Result{f.Results[i].Name, n}
	}
	return &out
}

// Erase returns f without var and stop_gradient, which mean nothing once everything is differentiated.
func Erase(f *Func) *Func {
	return f.rewrite(f.Nodes(), func(g *Graph, n *Node, args []*Node) *Node {
		if n.Op == OpVar || n.Op == OpStopGradient {
			return args[0]
		}
		return nil
	})
}

// Trim returns f with the results that nobody reads taken out of the Funcs that it calls, and the arguments that nothing is computed from.
func Trim(f *Func) *Func {
	nodes := f.Nodes()
	read := map[*Func][]bool{}
	for _, n := range nodes {
		switch {
		case n.Op == OpCall && read[n.Attr.Func] == nil:
			read[n.Attr.Func] = make([]bool, len(n.Attr.Func.Results))
		case n.Op == OpGet:
			read[n.Args[0].Attr.Func][n.Attr.Index] = true
		}
	}
	trimmed := map[*Func]*trimming{}
	changed := false
	for callee, results := range read {
		trimmed[callee] = callee.trim(results)
		changed = changed || trimmed[callee].f != callee
	}
	if !changed {
		return f
	}
	return f.rewrite(nodes, func(g *Graph, n *Node, args []*Node) *Node {
		switch n.Op {
		case OpCall:
			t := trimmed[n.Attr.Func]
			attr := n.Attr
			attr.Func = t.f
			return g.at(n, OpCall, attr, pickNodes(args, t.params)...)
		case OpGet:
			return g.Get(args[0], trimmed[n.Args[0].Attr.Func].index[n.Attr.Index])
		}
		return nil
	})
}

// A trimming is a Func without some of its results and parameters.
type trimming struct {
	f      *Func
	params []int // the parameters that are left
	index  []int // new index of each result
}

// trim returns f with the given results only, made once for each set.
func (f *Func) trim(keep []bool) *trimming {
	g := f.graph()
	key := fmt.Sprintf("%p%s", f, bits(keep))
	if t := g.trimmed[key]; t != nil {
		return t
	}
	t := &trimming{index: make([]int, len(keep))}
	out := *f
	out.Results = nil
	for i, yes := range keep {
		if yes {
			t.index[i] = len(out.Results)
			out.Results = append(out.Results, f.Results[i])
		}
	}
	params := reads(&out, f.Params)
	if len(out.Results) == len(f.Results) && len(params) == len(f.Params) {
		t.f = f
	} else {
		out.Params, out.Extends = params, nil
		if len(out.Results) < len(f.Results) {
			out.Name = fmt.Sprintf("%s_part%s", f.Name, bits(keep))
		}
		t.f = Trim(&out)
	}
	left := map[*Node]bool{}
	for _, p := range t.f.Params {
		left[p] = true
	}
	for i, p := range f.Params {
		if left[p] {
			t.params = append(t.params, i)
		}
	}
	g.trimmed[key] = t
	return t
}

func pickNodes(nodes []*Node, at []int) []*Node {
	out := make([]*Node, len(at))
	for i, a := range at {
		out[i] = nodes[a]
	}
	return out
}
