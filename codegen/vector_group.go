// What does a fused group look like in lanes? The same loops and numbers as in Go, one stage each.
package codegen

import (
	"fmt"

	"nngen/codegen/lane"
	"nngen/symbolic"
)

// vectorizer describes one group as stages of a kernel.
type vectorizer struct {
	*groupEmitter
	b    *kernelBuilder
	prog *lane.Program
	vals map[*symbolic.Node]lane.Value // of the stage being described
	// before is the stage that the first loop goes on with, if any: what it stores need not be loaded.
	before *lane.Stage
}

// fewElements is the number of elements of a row below which vectors gain nothing.
const fewElements = 4

// vector returns the call that computes the group in assembly and reports whether it did; "" where the group stays Go, and what keeps it from
// being assembly if that is more than its size.
func (e *groupEmitter) vector() (call, why string) {
	if e.vectors == nil || len(e.inner) != 1 {
		return "", ""
	}
	v := e.vectorizer()
	if inner := v.levelCount(e.inner[0]); inner.Known() && inner.Const < fewElements && len(e.outer) == 0 {
		return "", ""
	}
	if !e.rowsInLanes(v.b) || v.b.why != "" {
		v = e.vectorizer()
		v.stages()
	}
	if v.b.why != "" {
		return "", v.b.why
	}
	return v.b.finish(fmt.Sprintf("%sLoop%d%s", e.p.Name, e.r.Index, letters(e.groups)), e.explain(e.shown(e.g))), ""
}

// vectorizer begins a kernel for the group alone.
func (e *groupEmitter) vectorizer() *vectorizer {
	v := &vectorizer{groupEmitter: e, b: newKernelBuilder(e.regionEmitter)}
	for _, l := range e.outer {
		v.b.k.Outer = append(v.b.k.Outer, v.levelCount(l))
	}
	return v
}

// rowsInLanes makes the group one pass with rows in the lanes, if rows are narrow and what is computed once for each of them counts.
func (e *groupEmitter) rowsInLanes(b *kernelBuilder) bool {
	return len(e.outer) == 1 && !b.k.Outer[0].Known() && e.g.nested() && e.dear() && e.flatten(b)
}

// stages adds all loops and numbers of the group.
func (v *vectorizer) stages() {
	for _, l := range v.plan.loops {
		v.numbers(l.before)
		if len(v.groupEmitter.inner) == 0 {
			v.single(&l)
		} else {
			v.loop(&l)
		}
	}
	v.numbers(v.plan.after)
}

// levelCount is the number of passes of a loop.
func (v *vectorizer) levelCount(l level) lane.Count {
	if l.axes[0] == 0 {
		return v.b.count(l.size)
	}
	return v.b.dim(v.levelDim(l))
}

func (v *vectorizer) levelDim(l level) symbolic.Dim {
	return symbolic.Size(pickDims(v.g.Space, l.axes))
}

// use returns the number of an operand and whether it moves with the inner loop.
func (v *vectorizer) use(o *operand) (index int, moves bool) {
	if len(v.inner) > 0 {
		if s := o.stride(last(v.inner[0].axes)); s.Valid() {
			moves = true
			if !s.Is(1) {
				v.b.fail("elements that are not neighbours")
			}
		}
	}
	var steps []symbolic.Dim
	for l := range v.outer {
		// A step along a level, less the way that the level inside it has gone.
		step := symbolic.Int(0)
		if s := o.stride(last(v.outer[l].axes)); s.Valid() {
			step = s
		}
		if l+1 < len(v.outer) {
			if s := o.stride(last(v.outer[l+1].axes)); s.Valid() {
				step = step.Sub(s.Mul(v.levelDim(v.outer[l+1])))
			}
		}
		steps = append(steps, step)
	}
	return v.b.operand(v.base(o), o.value.Name, o.value.DType, steps), moves
}

// store returns the store of member n's value.
func (v *vectorizer) store(n *symbolic.Node, x lane.Value) lane.Store {
	i, moves := v.use(v.groupEmitter.use(n, identityAxes(n)))
	return lane.Store{Operand: i, Value: x, Moves: moves}
}

// arg returns the lanes of argument a of member n.
func (v *vectorizer) arg(n, a *symbolic.Node) lane.Value {
	b, axes := v.read(n, a)
	if x, ok := v.vals[b]; ok {
		return x
	}
	if i, ok := v.b.input[b]; ok {
		return v.prog.Input(i, v.b.laneType(b.DType))
	}
	t := v.b.laneType(b.DType)
	switch {
	case virtual(b):
		return v.leaf(b, axes)
	case v.member[b] && b.DType == symbolic.Bool && !v.g.full(b):
		v.vals[b] = v.apply(b)
		return v.vals[b]
	case b.Rank() == 0 && !v.member[b]:
		if t == lane.Mask {
			return v.b.none(v.prog, "a bool as a number")
		}
		return v.prog.Input(v.b.number(b), t)
	case v.member[b] && !v.inMemory(b):
		return v.b.none(v.prog, "an element of an earlier loop")
	}
	i, moves := v.use(v.groupEmitter.use(b, axes))
	if v.before != nil {
		if s := v.before.Stores[0]; s.Operand == i && s.Moves == moves {
			return s.Value
		}
	}
	if moves {
		return v.prog.Load(i, t)
	}
	return v.prog.Single(i, t, 0)
}

// leaf returns a constant or the position along the inner axis.
func (v *vectorizer) leaf(b *symbolic.Node, axes []int) lane.Value {
	t := v.b.laneType(b.DType)
	switch {
	case b.Op == symbolic.OpConst && t == lane.Float:
		return v.prog.Float(b.Attr.Num)
	case b.Op == symbolic.OpConst && t == lane.Int:
		return v.prog.Int(int32(b.Attr.Num))
	case b.Op == symbolic.OpIota && v.b.k.Size == 4 && t != lane.Mask && len(v.inner) == 1 && len(v.inner[0].axes) == 1:
		if x := v.inner[0].axes[0]; axes[b.Attr.Axes[0]] == x && x > 0 {
			if t == lane.Int {
				return v.prog.Lane()
			}
			return v.prog.Do(lane.OpFromInt, v.prog.Lane())
		}
	}
	return v.b.none(v.prog, "%s", b.Info().Name)
}

// apply returns the lanes of member n.
func (v *vectorizer) apply(n *symbolic.Node) lane.Value {
	if free(n) {
		b, axes := v.resolve(n)
		return v.leaf(b, axes)
	}
	return v.b.apply(v.prog, n, func(a *symbolic.Node) lane.Value { return v.arg(n, a) })
}

// apply returns the lanes of n, given those of its arguments.
func (b *kernelBuilder) apply(prog *lane.Program, n *symbolic.Node, arg func(a *symbolic.Node) lane.Value) lane.Value {
	args := make([]lane.Value, len(n.Args))
	for i, a := range n.Args {
		args[i] = arg(a)
	}
	switch {
	case b.why != "":
		return prog.Float(0)
	case n.Op == symbolic.OpBroadcast:
		return args[0]
	}
	if x, ok := prog.Apply(laneName(n), args...); ok {
		return x
	}
	return b.none(prog, "%s of %s", n.Info().Name, n.DType)
}

// none stands for what cannot be said.
func (b *kernelBuilder) none(prog *lane.Program, format string, args ...any) lane.Value {
	b.fail(format, args...)
	return prog.Float(0)
}

// laneName is the operation of lanes that computes n.
func laneName(n *symbolic.Node) string {
	if n.Op == symbolic.OpCast {
		return map[symbolic.DType]string{symbolic.F32: "tofloat", symbolic.F64: "tofloat", symbolic.I32: "toint", symbolic.Bool: "tobool"}[n.DType]
	}
	return n.Info().Lane
}

// begin starts the program of a stage, or goes on with the one before.
func (v *vectorizer) begin() {
	v.vals = map[*symbolic.Node]lane.Value{}
	if v.prog == nil && v.before != nil {
		v.prog = v.before.Prog
		return
	}
	v.prog, v.before = lane.NewProgram(v.b.k.Size), nil
}

// end adds a stage unless it does nothing.
func (v *vectorizer) end(st lane.Stage) {
	if v.before != nil {
		st.Pass, st.Stores = v.before.Pass, append(v.before.Stores, st.Stores...)
		v.b.k.Stages[len(v.b.k.Stages)-1] = st
		return
	}
	if len(st.Stores)+len(st.Reduces)+len(st.Leaves)+len(st.Sums) > 0 {
		v.b.k.Stages = append(v.b.k.Stages, st)
	}
}

// loop adds the stage of one inner loop.
func (v *vectorizer) loop(l *innerLoop) {
	if len(l.eval) == 0 && len(l.reduce) == 0 || v.b.why != "" {
		return
	}
	v.begin()
	st := lane.Stage{Loop: true, Inner: v.levelCount(v.inner[0]), Prog: v.prog}
	for _, n := range l.eval {
		v.vals[n] = v.apply(n)
	}
	for _, n := range l.store {
		st.Stores = append(st.Stores, v.store(n, v.vals[n]))
	}
	var late []*symbolic.Node
	for _, n := range l.reduce {
		x := v.arg(n, n.Args[0])
		switch {
		case rowSum(n):
			st.Sums = append(st.Sums, lane.Sum{Value: x, Operand: v.b.part(n)})
			if len(v.outer) > 0 {
				v.b.fail("a sum over rows inside rows")
			}
		case n.Op == symbolic.OpSum:
			st.Reduces = append(st.Reduces, lane.Reduce{How: lane.Total, Value: x, Input: v.b.keep(n)})
			late = append(late, n)
		default:
			st.Reduces = append(st.Reduces, lane.Reduce{How: lane.Largest, Value: x, Input: v.b.keep(n)})
			late = append(late, n)
		}
	}
	if n := len(st.Reduces) + len(st.Sums); n > lane.MaxReductions(v.b.k.Size) {
		v.b.fail("%d sums in one loop", n)
	}
	v.end(st)
	// Reductions that memory keeps.
	v.begin()
	st = lane.Stage{Prog: v.prog}
	for _, n := range late {
		if v.inMemory(n) {
			st.Stores = append(st.Stores, v.store(n, v.prog.Input(v.b.input[n], lane.Float)))
		}
	}
	v.end(st)
}

// single adds the stage of a loop over rows of one element: every member is a number of the row.
func (v *vectorizer) single(l *innerLoop) {
	v.begin()
	st := lane.Stage{Prog: v.prog}
	for _, n := range l.eval {
		v.vals[n] = v.apply(n)
	}
	for _, n := range l.store {
		st.Stores = append(st.Stores, v.store(n, v.vals[n]))
	}
	for _, n := range l.reduce {
		if !rowSum(n) {
			v.b.fail("a reduction of one element")
			continue
		}
		st.Sums = append(st.Sums, lane.Sum{Value: v.arg(n, n.Args[0]), Operand: v.b.part(n)})
	}
	v.end(st)
}

// numbers adds the stage of what is computed once a row.
func (v *vectorizer) numbers(nodes []*symbolic.Node) {
	if len(nodes) == 0 || v.b.why != "" {
		return
	}
	v.begin()
	st := lane.Stage{Prog: v.prog}
	for _, n := range nodes {
		if rowSum(n) {
			st.Sums = append(st.Sums, lane.Sum{Value: v.arg(n, n.Args[0]), Operand: v.b.part(n)})
			if len(v.outer) != 1 {
				v.b.fail("a sum over rows of several axes")
			}
			continue
		}
		v.vals[n] = v.apply(n)
	}
	for _, n := range nodes {
		if rowSum(n) {
			continue
		}
		if v.inMemory(n) {
			st.Stores = append(st.Stores, v.store(n, v.vals[n]))
		}
		if n.DType != symbolic.Bool { // those are computed again where they are read
			st.Leaves = append(st.Leaves, lane.Leave{Value: v.vals[n], Input: v.b.keep(n)})
		}
	}
	v.end(st)
}
