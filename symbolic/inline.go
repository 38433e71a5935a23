// When does a call become the body of what it calls? Single uses and small bodies do; what repeats stays one function.

package symbolic

import "go/token"

// A call stays a call where its Func is called keepUses times or more, or twice with a body of more than keepNodes nodes.
const (
	keepUses  = 3
	keepNodes = 64
)

// Instantiate returns the results of f for the given arguments as nodes of g, with f's sizes replaced by bind and its random sites put below site. The
// nodes get the graph's present position: the place of the call, which is the user's line.
func (g *Graph) Instantiate(f *Func, bind []Dim, site string, args []*Node) []*Node {
	size := binding(&Attr{Func: f, Bind: bind})
	done := map[*Node]*Node{}
	for i, p := range f.Params {
		done[p] = args[i]
	}
	for _, n := range f.Nodes() {
		if done[n] != nil {
			continue
		}
		in := make([]*Node, len(n.Args))
		for i, a := range n.Args {
			in[i] = done[a]
		}
		attr := n.Attr
		attr.Shape, attr.Lo, attr.Hi, attr.Bind = substShape(attr.Shape, size), substShape(attr.Lo, size), substShape(attr.Hi, size), substShape(attr.Bind, size)
		if attr.Dim.Valid() {
			attr.Dim = attr.Dim.Subst(size)
		}
		if n.Op == OpRand || n.Op == OpCall && attr.Func.HasRand() {
			attr.Site = JoinSite(site, attr.Site)
		}
		if n.Op == OpDimval {
			done[n] = g.Dimval(attr.Dim, attr.DType)
		} else {
			done[n] = g.Must(n.Op, attr, in...)
		}
		if name := n.graph.Name(n); name != "" {
			g.SetName(done[n], name)
		}
	}
	out := make([]*Node, len(f.Results))
	for i, r := range f.Results {
		out[i] = done[r.Node]
	}
	return out
}

// Inline returns f with the calls replaced that are worth it.
func Inline(f *Func) *Func {
	g := f.graph()
	uses := map[*Func]int{}
	nodes := f.Nodes()
	for _, n := range nodes {
		if n.Op == OpCall {
			uses[n.Attr.Func]++
		}
	}
	stays := map[*Func]bool{}
	some := false
	for callee, n := range uses {
		stays[callee] = n >= keepUses || n >= 2 && len(callee.Nodes()) > keepNodes
		some = some || !stays[callee]
	}
	if !some {
		return f
	}
	done, results := map[*Node]*Node{}, map[*Node][]*Node{}
	defer func(pos token.Pos) { g.Pos = pos }(g.Pos)
	for _, n := range nodes {
		args := make([]*Node, len(n.Args))
		for i, a := range n.Args {
			args[i] = done[a]
		}
		switch {
		case n.Op == OpCall && !stays[n.Attr.Func]:
			g.Pos = n.Pos
			results[n] = g.Instantiate(n.Attr.Func, n.Attr.Bind, n.Attr.Site, args)
		case n.Op == OpGet && results[n.Args[0]] != nil:
			done[n] = results[n.Args[0]][n.Attr.Index]
			if name := n.graph.Name(n); name != "" {
				g.SetName(done[n], name)
			}
		default:
			done[n] = g.rebuild(n, done)
		}
	}
	out := *f
	out.Results = make([]Result, len(f.Results))
	for i, r := range f.Results {
		out.Results[i] = Result{r.Name, done[r.Node]}
	}
	return &out
}
