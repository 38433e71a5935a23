// How does a fused group read and write memory? Each operand by its strides: a slice of a row, one element of it, or an index.
package codegen

import (
	"fmt"
	"slices"

	"nngen/symbolic"
)

// An operand is a value in memory as a group sees it: the space axis that each of its axes follows.
type operand struct {
	value *Value
	shape []symbolic.Dim
	axes  []int  // space axis by own axis
	name  string // Go variable in reach of the inner loop
}

// stride returns how far one step along space axis a moves in the operand; an invalid Dim where it does not move.
func (o *operand) stride(a int) symbolic.Dim {
	for i, x := range o.axes {
		if x == a && !o.shape[i].Is(1) {
			return symbolic.Size(o.shape[i+1:])
		}
	}
	return symbolic.Dim{}
}

// resolve follows broadcasts from argument a of a node over axes to the node that is read, and maps its axes.
func (e *groupEmitter) resolve(a *symbolic.Node) (*symbolic.Node, []int) {
	axes := make([]int, a.Rank())
	for i := range axes {
		axes[i] = i
	}
	for a.Op == symbolic.OpBroadcast && !e.member[a] && e.p.value[a] == nil {
		next := make([]int, a.Args[0].Rank())
		for i, x := range a.Attr.Axes {
			next[i] = axes[x]
		}
		a, axes = a.Args[0], next
	}
	if d := e.p.drawn[a]; d != nil {
		a = d
	}
	return a, axes
}

// virtual reports whether a is computed in place: a constant, an index or a random draw that no panel holds.
func virtual(a *symbolic.Node) bool { return free(a) }

// use returns the operand for reading or writing node a along axes.
func (e *groupEmitter) use(a *symbolic.Node, axes []int) *operand {
	key := fmt.Sprint(a.ID(), axes)
	if o := e.index[key]; o != nil {
		return o
	}
	o := &operand{value: e.p.valueOf(a), shape: a.Shape, axes: axes}
	e.index[key] = o
	e.operands = append(e.operands, o)
	return o
}

// collect finds all operands, so that axes can be merged before anything is written.
func (e *groupEmitter) collect() {
	for _, n := range e.g.Members {
		for _, a := range n.Args {
			b, axes := e.read(n, a)
			if b.Rank() > 0 && !virtual(b) && (!e.member[b] || e.inMemory(b)) {
				e.use(b, axes)
			}
		}
		if e.inMemory(n) {
			e.use(n, identityAxes(n))
		}
	}
}

// offset returns where an operand stands for the given loop levels.
func (e *groupEmitter) offset(o *operand, ls []level) string {
	off := "0"
	for _, l := range ls {
		if s := o.stride(l.axes[len(l.axes)-1]); s.Valid() {
			off = plus(off, times(l.v, factor(e.size(s))))
		}
	}
	return off
}

// base is the Go variable of the operand's whole tensor, or of the block's rows of it.
func (e *groupEmitter) base(o *operand) string {
	if len(o.axes) > 0 && o.axes[0] == 0 && (o.shape[0] == e.r.Rows) {
		return e.rowView(o.value)
	}
	return e.whole(o.value)
}

// element returns the Go expression of the operand's element at this point of the loops. What does not move with the inner loop is
// read once a row.
func (e *groupEmitter) element(o *operand, store bool) string {
	moves := false
	for _, l := range e.inner {
		moves = moves || o.stride(l.axes[len(l.axes)-1]).Valid()
	}
	switch {
	case !moves && store:
		return fmt.Sprintf("%s[%s]", e.base(o), e.offset(o, e.outer))
	case !moves:
		if o.name == "" {
			o.name = e.names.pick(o.value.Name + " i")
			e.reserved[o.name] = true
			e.pre = append(e.pre, raw("%s := %s[%s]", o.name, e.base(o), e.offset(o, e.outer)))
		}
		return o.name
	case len(e.inner) == 1 && o.stride(last(e.inner[0].axes)).Is(1):
		if o.name == "" {
			l := e.inner[0]
			o.name = e.names.pick(o.value.Name + " row")
			e.reserved[o.name] = true
			base := e.base(o)
			if len(e.outer) == 0 {
				e.head = append(e.head, raw("%s := %s[:%s]", o.name, base, l.size))
			} else {
				off := e.offset(o, e.outer)
				slice := fmt.Sprintf("%s := %s[%s:][:%s]", o.name, base, off, l.size)
				if off == "0" {
					slice = fmt.Sprintf("%s := %s[:%s]", o.name, base, l.size)
				}
				e.pre = append(e.pre, raw("%s", slice))
			}
		}
		return fmt.Sprintf("%s[%s]", o.name, e.inner[0].v)
	}
	return fmt.Sprintf("%s[%s]", e.base(o), plus(e.offset(o, e.outer), e.offset(o, e.inner)))
}

func last(xs []int) int { return xs[len(xs)-1] }

// arg returns the expression for reading argument a of member n.
func (e *groupEmitter) arg(n, a *symbolic.Node, compute func(*symbolic.Node) string) string {
	b, axes := e.read(n, a)
	if v, ok := e.vars[b]; ok {
		return v
	}
	switch {
	case virtual(b):
		return e.inPlace(b, axes)
	case b.Rank() == 0 && !e.member[b]:
		return e.number(b)
	case e.member[b] && compute != nil && !(e.inMemory(b)):
		return compute(b)
	}
	return e.element(e.use(b, axes), false)
}

// position returns the index along space axis a.
func (e *groupEmitter) position(a int) string {
	for _, l := range slices.Concat(e.outer, e.inner) {
		if slices.Contains(l.axes, a) {
			if a == 0 {
				return "(r0+" + l.v + ")"
			}
			return l.v
		}
	}
	return "0"
}

// inPlace spells a constant, an index or a random draw.
func (e *groupEmitter) inPlace(b *symbolic.Node, axes []int) string {
	switch b.Op {
	case symbolic.OpConst:
		return literal(b.Attr.Num, b.DType)
	case symbolic.OpIota:
		return fmt.Sprintf("%s(%s)", goTypes[b.DType], e.position(axes[b.Attr.Axes[0]]))
	}
	off := "0"
	o := &operand{shape: b.Shape, axes: axes}
	for _, l := range slices.Concat(e.outer, e.inner) {
		if s := o.stride(last(l.axes)); s.Valid() {
			off = plus(off, times(l.v, factor(e.size(s))))
		}
	}
	if len(axes) > 0 && axes[0] == 0 {
		off = plus(times("r0", factor(e.size(symbolic.Size(b.Shape[1:])))), off)
	}
	name := camel(b.Attr.Name)
	return fmt.Sprintf("nnrt.%s[%s](%s, uint64(%s))", name, goTypes[b.DType], e.key(b.Attr.Site), off)
}

func identityAxes(n *symbolic.Node) []int {
	axes := make([]int, n.Rank())
	for i := range axes {
		axes[i] = i
	}
	return axes
}
