// When does a rule's left side fit a node, and how is its right side built?

package symbolic

import "slices"

// bindings is what the names of a rule stand for in one match.
type bindings struct {
	vars  map[string]*Node
	axes  map[string][]int
	full  map[string][]Dim // shape before the reduction over the axes of that name
	inner []*Node          // nodes matched by operations below the root
}

func newBindings() *bindings {
	return &bindings{vars: map[string]*Node{}, axes: map[string][]int{}, full: map[string][]Dim{}}
}

func (b *bindings) clone() *bindings {
	c := newBindings()
	for k, v := range b.vars {
		c.vars[k] = v
	}
	for k, v := range b.axes {
		c.axes[k], c.full[k] = v, b.full[k]
	}
	c.inner = slices.Clone(b.inner)
	return c
}

// commutes lists the ops whose arguments may be matched in either order.
var commutes = [NumOps]bool{OpAdd: true, OpMul: true, OpAnd: true, OpOr: true, OpEq: true, OpNe: true}

// match fits e to n and extends b. On failure b may hold rests of the attempt.
func (b *bindings) match(e *expr, n *Node, root bool) bool {
	switch {
	case e.name != "":
		if len(e.name) > 1 && n.Op != OpConst { // c1, c2: constants
			return false
		}
		if old := b.vars[e.name]; old != nil {
			return old == n
		}
		b.vars[e.name] = n
		return true
	case e.isNum():
		v, ok := n.ConstValue()
		return ok && v == e.num
	case e.op != n.Op:
		return false
	}
	if e.axes != "" && !b.matchAxes(e, n) {
		return false
	}
	if !root {
		b.inner = append(b.inner, n)
	}
	if commutes[e.op] {
		saved := b.clone()
		if b.match(e.args[0], n.Args[0], false) && b.match(e.args[1], n.Args[1], false) {
			return true
		}
		*b = *saved
		return b.match(e.args[0], n.Args[1], false) && b.match(e.args[1], n.Args[0], false)
	}
	for i, a := range e.args {
		if !b.match(a, n.Args[i], false) {
			return false
		}
	}
	return true
}

// matchAxes binds the axes of a reduction, or compares those that an expand adds.
func (b *bindings) matchAxes(e *expr, n *Node) bool {
	axes, full := n.Attr.Axes, n.Shape
	if n.Op == OpBroadcast {
		axes = missing(n.Attr.Axes, n.Rank())
	} else {
		full = n.Args[0].Shape
	}
	if old, ok := b.axes[e.axes]; ok {
		return slices.Equal(old, axes)
	}
	b.axes[e.axes], b.full[e.axes] = axes, full
	return true
}

// build makes the right side of a rule. Numbers take the given shape, and the type of the value beside them or else dt.
func (g *Graph) build(e *expr, b *bindings, shape []Dim, dt DType) *Node {
	switch {
	case e.name != "":
		n := b.vars[e.name]
		if v, ok := n.ConstValue(); ok {
			return g.Const(v, n.DType, shape...) // the same number, in as many elements as are needed here
		}
		return n
	case e.isNum():
		return g.Const(e.num, dt, shape...)
	case e.axes != "" && e.op == OpBroadcast:
		full, axes := b.full[e.axes], b.axes[e.axes]
		return g.broadcast(g.build(e.args[0], b, drop(full, axes), dt), full, missing(axes, len(full)))
	case e.axes != "":
		return g.Must(e.op, Attr{Axes: b.axes[e.axes]}, g.build(e.args[0], b, b.full[e.axes], dt))
	}
	args := make([]*Node, len(e.args))
	// Values first: a number beside one takes its type.
	side := dt
	for i, a := range e.args {
		if a.isNum() {
			continue
		}
		t := dt
		if e.op == OpWhere && i == 0 || e.op == OpAnd || e.op == OpOr || e.op == OpNot {
			t = Bool
		}
		args[i] = g.build(a, b, shape, t)
		if e.op != OpWhere || i > 0 {
			side = args[i].DType
		}
	}
	for i, a := range e.args {
		if a.isNum() {
			t := side
			if e.op == OpWhere && i == 0 {
				t = Bool
			}
			args[i] = g.Const(a.num, t, shape...)
		}
	}
	return g.Must(e.op, Attr{}, args...)
}
