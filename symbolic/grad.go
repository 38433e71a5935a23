// What is the derivative of an expression? Reverse mode (VJP, Grad): one walk from the roots, which knows no op by name.

package symbolic

import (
	"fmt"
	"go/token"
)

// A GradError says that a derivative does not exist, and at which operation.
type GradError struct {
	Pos     token.Pos
	Op      Op
	Message string
}

// Error returns the message without the position.
func (e *GradError) Error() string { return e.Message }

// Grad returns the gradients of the scalar float root by each node of wrt, times ct (nil: 1). A node of wrt that root does not
// depend on, or only through operations whose derivative is zero by nature, gets nil. The gradients are ordinary nodes
// and can be differentiated again.
func Grad(g *Graph, root *Node, wrt []*Node, ct *Node) ([]*Node, error) {
	if !root.Scalar() || !root.DType.Float() {
		return nil, &GradError{root.Pos, root.Op, fmt.Sprintf("only a float scalar has a gradient, got %s", TypeString(root))}
	}
	if ct == nil {
		ct = g.Const(1, root.DType)
	}
	return VJP(g, []*Node{root}, []*Node{ct}, wrt)
}

// VJP returns for each node of wrt the sum over outputs of cts[i] times the derivative of outputs[i] by it (a vector-Jacobian product):
// reverse mode. A nil cotangent stands for zero. A nil result says that nothing flows.
func VJP(g *Graph, outputs, cts, wrt []*Node) ([]*Node, error) {
	for _, w := range wrt {
		if !w.DType.Float() {
			return nil, &GradError{w.Pos, w.Op, fmt.Sprintf("a gradient is taken by float values, got %s", TypeString(w))}
		}
	}
	r := &reverse{g: g, ct: map[*Node]*Node{}, calls: map[*Node][]*Node{}}
	for i, out := range outputs {
		if cts[i] != nil {
			r.add(out, cts[i])
		}
	}
	nodes := Reach(outputs...)
	r.active = active(nodes, wrt)
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if r.active.has(n) {
			if err := r.back(n); err != nil {
				return nil, err
			}
		}
	}
	grads := make([]*Node, len(wrt))
	for i, w := range wrt {
		grads[i] = r.ct[w]
	}
	return grads, nil
}

// activity says which values depend differentiably on the variables. For a call it says so for each result.
type activity struct {
	node map[*Node]bool
	call map[*Node][]bool
}

func (a *activity) has(n *Node) bool { return a.node[n] }

// active walks nodes (arguments first) from the variables forward, so that the walk back never leaves the paths to them.
func active(nodes, wrt []*Node) *activity {
	a := &activity{node: map[*Node]bool{}, call: map[*Node][]bool{}}
	for _, w := range wrt {
		a.node[w] = true
	}
	for _, n := range nodes {
		if a.node[n] {
			continue
		}
		switch n.Op {
		case OpCall:
			a.call[n] = a.through(n)
			for _, yes := range a.call[n] {
				a.node[n] = a.node[n] || yes
			}
		case OpGet:
			rs := a.call[n.Args[0]]
			a.node[n] = rs != nil && rs[n.Attr.Index]
		default:
			if !n.DType.Float() {
				continue
			}
			for i := range n.Args {
				if a.node[n.Args[i]] && flows(n, i) {
					a.node[n] = true
				}
			}
		}
	}
	return a
}

// through returns which results of a call depend on its active arguments.
func (a *activity) through(n *Node) []bool {
	f := n.Attr.Func
	var params []*Node
	for i, arg := range n.Args {
		if a.node[arg] && f.Params[i].DType.Float() {
			params = append(params, f.Params[i])
		}
	}
	if len(params) == 0 {
		return nil
	}
	inner := active(f.Nodes(), params)
	out := make([]bool, len(f.Results))
	for i, r := range f.Results {
		out[i] = inner.node[r.Node]
	}
	return out
}

// flows reports whether a change of argument i can change n to first order. An op without any derivative column counts:
// meeting it on the way back is the error.
func flows(n *Node, i int) bool {
	info := n.Info()
	switch {
	case info.Zero || !n.Args[i].DType.Float():
		return false
	case info.Partials != nil:
		return info.Partials[i] != "0"
	case info.Transpose != nil:
		return info.linearIn(i)
	}
	return true
}

// linearIn reports whether Transpose holds for argument i.
func (info *Info) linearIn(i int) bool {
	if info.Linear == nil {
		return true
	}
	for _, l := range info.Linear {
		if l == i {
			return true
		}
	}
	return false
}

// reverse is the state of one walk back.
type reverse struct {
	g      *Graph
	active *activity
	ct     map[*Node]*Node   // cotangent collected so far
	calls  map[*Node][]*Node // cotangents of a call's results
}

// add adds c to the cotangent of n.
func (r *reverse) add(n, c *Node) {
	if c == nil {
		return
	}
	if !SameShape(n.Shape, c.Shape) || n.DType != c.DType {
		panic(fmt.Sprintf("symbolic: cotangent of %s %s is %s %s", n.Info().Name, TypeString(n), c.Info().Name, TypeString(c)))
	}
	if old := r.ct[n]; old != nil {
		c = r.g.add(old, c)
	}
	r.ct[n] = c
}

// back sends n's cotangent to its arguments. What it makes inherits n's position.
func (r *reverse) back(n *Node) error {
	defer func(pos token.Pos) { r.g.Pos = pos }(r.g.Pos)
	r.g.Pos = n.Pos
	if n.Op == OpCall {
		return r.backCall(n)
	}
	ct := r.ct[n]
	if ct == nil {
		return nil
	}
	if n.Op == OpGet {
		call := n.Args[0]
		if r.calls[call] == nil {
			r.calls[call] = make([]*Node, len(call.Attr.Func.Results))
		}
		r.calls[call][n.Attr.Index] = ct
		return nil
	}
	info := n.Info()
	for i, a := range n.Args {
		if !r.active.has(a) || !flows(n, i) {
			continue
		}
		switch {
		case info.Partials != nil:
			r.add(a, r.g.partial(n, i, ct))
		case info.Transpose != nil:
			r.add(a, info.Transpose(r.g, n, ct, i))
		case info.VJP != nil:
			r.add(a, info.VJP(r.g, n, ct, i))
		default:
			return noDerivative(n)
		}
	}
	return nil
}

func noDerivative(n *Node) error {
	return &GradError{n.Pos, n.Op, fmt.Sprintf("%s has no derivative, but lies on the path of a gradient", n.Info().Name)}
}
