// What is the derivative of an expression in one direction? Forward mode, from the same columns of the op table.

package symbolic

import "fmt"

// A tangent is a Func in forward mode: its results are F's results, then the tangents of the results; its parameters F's parameters, then the
// tangents of those that move.
type tangent struct {
	f       *Func
	results []int // for each result of F: index of its tangent, -1 where it does not move
	err     error
}

// JVP returns for each of roots its change when each node of wrt changes by tangents[i] (a Jacobian-vector product): forward mode. A nil tangent
// stands for zero; a nil result says that nothing flows.
func JVP(g *Graph, roots, wrt, tangents []*Node) ([]*Node, error) {
	t := map[*Node]*Node{}
	fixed := map[*Node]bool{}
	for i, w := range wrt {
		if !w.DType.Float() {
			return nil, &GradError{w.Pos, w.Op, fmt.Sprintf("a derivative is taken by float values, got %s", TypeString(w))}
		}
		fixed[w] = true
		if tangents[i] != nil {
			t[w] = tangents[i]
		}
	}
	several := map[*Node][]*Node{} // tangents of the results of calls
	for _, n := range Reach(roots...) {
		if fixed[n] {
			continue
		}
		switch {
		case n.Op == OpCall:
			ts, err := jvpCall(g, n, t)
			if err != nil {
				return nil, err
			}
			several[n] = ts
		case n.Op == OpGet:
			if ts := several[n.Args[0]]; ts != nil && ts[n.Attr.Index] != nil {
				t[n] = ts[n.Attr.Index]
			}
		case n.DType.Float():
			d, err := forward(g, n, t)
			if err != nil {
				return nil, err
			}
			if d != nil {
				t[n] = d
			}
		}
	}
	out := make([]*Node, len(roots))
	for i, r := range roots {
		out[i] = t[r]
	}
	return out, nil
}

// forward returns the tangent of n, nil for zero.
func forward(g *Graph, n *Node, t map[*Node]*Node) (*Node, error) {
	info := n.Info()
	moves := false
	ts := make([]*Node, len(n.Args))
	for i, a := range n.Args {
		if flows(n, i) && t[a] != nil {
			ts[i], moves = t[a], true
		}
	}
	if !moves {
		return nil, nil
	}
	switch {
	case info.Partials == nil && info.Transpose == nil && info.JVP == nil:
		return nil, noDerivative(n)
	case info.JVP != nil:
		return info.JVP(g, n, ts), nil
	case info.Transpose != nil && info.Linear == nil:
		for i, a := range n.Args {
			if ts[i] == nil {
				ts[i] = g.Const(0, a.DType, a.Shape...)
			}
		}
		return g.Must(n.Op, n.Attr, ts...), nil
	}
	var sum *Node
	for i := range n.Args {
		if ts[i] == nil {
			continue
		}
		var d *Node
		if info.Partials != nil {
			d = g.partial(n, i, ts[i])
		} else {
			args := append([]*Node(nil), n.Args...)
			args[i] = ts[i]
			d = g.Must(n.Op, n.Attr, args...)
		}
		if sum == nil {
			sum = d
		} else if d != nil {
			sum = g.add(sum, d)
		}
	}
	return sum, nil
}

// jvpCall returns the tangents of the results of a call, through the tangent Func of what is called.
func jvpCall(g *Graph, n *Node, t map[*Node]*Node) ([]*Node, error) {
	f := n.Attr.Func
	moves := make([]bool, len(n.Args))
	args := append([]*Node(nil), n.Args...)
	for i, a := range n.Args {
		if t[a] != nil {
			moves[i] = true
			args = append(args, t[a])
		}
	}
	if len(args) == len(n.Args) {
		return nil, nil
	}
	tf := f.tangent(moves)
	if tf.err != nil {
		return nil, tf.err
	}
	attr := n.Attr
	attr.Func = tf.f
	call := g.at(n, OpCall, attr, args...)
	out := make([]*Node, len(f.Results))
	for i, k := range tf.results {
		if k >= 0 {
			out[i] = g.Get(call, k)
		}
	}
	return out, nil
}

// tangent returns f in forward mode for the arguments that move, made once.
func (f *Func) tangent(moves []bool) *tangent {
	g := f.graph()
	key := fmt.Sprintf("%p%s", f, bits(moves))
	if t := g.tangents[key]; t != nil {
		return t
	}
	t := f.makeTangent(g, moves)
	g.tangents[key] = t
	return t
}

func (f *Func) makeTangent(g *Graph, moves []bool) *tangent {
	var wrt, ds []*Node
	params := append([]*Node(nil), f.Params...)
	taken := leafNames(f.Params)
	for i, p := range f.Params {
		if moves[i] {
			d := g.freshArg(taken, "t."+p.Attr.Name, p)
			wrt, ds, params = append(wrt, p), append(ds, d), append(params, d)
		}
	}
	roots := make([]*Node, len(f.Results))
	for i, r := range f.Results {
		roots[i] = r.Node
	}
	out, err := JVP(g, roots, wrt, ds)
	if err != nil {
		return &tangent{err: err}
	}
	t := &tangent{}
	results := append([]Result(nil), f.Results...)
	for i, d := range out {
		if d == nil {
			t.results = append(t.results, -1)
			continue
		}
		t.results = append(t.results, len(results))
		results = append(results, Result{"t." + f.Results[i].Name, d})
	}
	nodes := make([]*Node, len(results))
	for i, r := range results {
		nodes[i] = r.Node
	}
	for i, n := range g.ShareCalls(nodes) {
		results[i].Node = n
	}
	t.f = &Func{Name: f.Name + "_jvp" + g.suffix(f.Name+"_jvp"), Doc: f.Doc, Syms: f.Syms, Params: params, Results: results, Extends: f}
	return t
}
