// Which fused groups become vector assembly, and what does a group look like in lanes? A second printer of the same group: what it cannot
// say stays Go.
package codegen

import (
	"fmt"
	"strings"

	"nngen/codegen/lane"
	"nngen/symbolic"
)

// vectorizer describes one group as a lane.Kernel.
type vectorizer struct {
	*groupEmitter
	k       *lane.Kernel
	prog    *lane.Program
	operand map[*operand]int
	part    map[*symbolic.Node]int // operand that a sum over rows is written to
	input   map[*symbolic.Node]int // numbers: arguments and what stages left
	vals    map[*symbolic.Node]lane.Value
	params  []string // Go expressions that the function is called with, by argument
	sizes   map[string]string
	names   namer
	inner   level
	why     string // what keeps the group from being vector code
}

// laneTypes are the lanes for element types; float types must be the kernel's.
func (v *vectorizer) laneType(t symbolic.DType) lane.Type {
	switch {
	case t == symbolic.I32 && v.k.Size == 4:
		return lane.Int
	case t == symbolic.Bool:
		return lane.Mask
	case t == symbolic.F32 && v.k.Size == 4, t == symbolic.F64 && v.k.Size == 8:
		return lane.Float
	}
	v.fail("%s among other elements", t)
	return lane.Float
}

// fail notes the first reason why the group stays Go.
func (v *vectorizer) fail(format string, args ...any) {
	if v.why == "" {
		v.why = fmt.Sprintf(format, args...)
	}
}

// fewElements is the number of elements of a row below which vectors gain nothing.
const fewElements = 4

// vector returns the call that computes the group in assembly and reports whether it did; "" where the group stays Go.
func (e *groupEmitter) vector() string {
	e.groups++
	if e.vectors == nil || len(e.inner) != 1 {
		return ""
	}
	v := &vectorizer{groupEmitter: e, operand: map[*operand]int{}, part: map[*symbolic.Node]int{}, input: map[*symbolic.Node]int{},
		vals: map[*symbolic.Node]lane.Value{}, sizes: map[string]string{}, names: newNamer("task", "g"), k: &lane.Kernel{Size: 4}, inner: e.inner[0]}
	if e.p.Float == symbolic.F64 {
		v.k.Size = 8
	}
	v.k.Inner = v.levelCount(v.inner)
	if v.k.Inner.Known() && v.k.Inner.Const < fewElements && len(e.outer) == 0 {
		return ""
	}
	for _, l := range e.outer {
		v.k.Outer = append(v.k.Outer, v.levelCount(l))
	}
	for _, l := range e.plan.loops {
		v.numbers(l.before)
		v.loop(&l)
	}
	v.numbers(e.plan.after)
	if v.why != "" {
		return ""
	}
	v.finish()
	for _, n := range e.shown(e.g) {
		line := e.p.formula(n)
		if w := e.where(n); w != "" {
			line += "  (" + w + ")"
		}
		v.k.Doc = append(v.k.Doc, line)
	}
	name := e.vectors.add(v.k, fmt.Sprintf("%sLoop%d%s", e.p.Name, e.r.Index, letters(e.groups-1)))
	return fmt.Sprintf("%s(%s)", name, strings.Join(v.params, ", "))
}

// levelCount is the number of passes of a loop.
func (v *vectorizer) levelCount(l level) lane.Count {
	if l.axes[0] == 0 {
		return v.count(l.size)
	}
	return v.dim(v.levelDim(l))
}

func (v *vectorizer) levelDim(l level) symbolic.Dim {
	return symbolic.Size(pickDims(v.g.Space, l.axes))
}

// dim makes a size known or an argument.
func (v *vectorizer) dim(d symbolic.Dim) lane.Count {
	if n, ok := d.Const(); ok {
		return lane.Count{Const: n}
	}
	return v.count(v.size(d))
}

// count is an argument for which the caller passes an expression.
func (v *vectorizer) count(expr string) lane.Count {
	if v.sizes[expr] == "" {
		name := "n" + fmt.Sprint(len(v.sizes))
		if expr == "rows" {
			name = "rows"
		}
		v.sizes[expr] = v.names.pick(name)
	}
	return lane.Count{Arg: v.sizes[expr]}
}

// use returns the number of an operand.
func (v *vectorizer) use(o *operand) int {
	if i, ok := v.operand[o]; ok {
		return i
	}
	i := len(v.k.Operands)
	v.operand[o] = i
	t := v.laneType(o.value.DType)
	if t == lane.Mask {
		v.fail("bools in memory")
	}
	size := v.k.Size
	if t == lane.Int {
		size = 4
	}
	op := lane.Operand{Name: v.names.pick(o.value.Name), Type: t}
	if s := o.stride(last(v.inner.axes)); s.Valid() {
		if !s.Is(1) {
			v.fail("elements that are not neighbours")
		}
		op.Moves = true
	}
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
		op.Steps = append(op.Steps, v.dim(step.Mul(symbolic.Int(size))))
	}
	v.k.Operands = append(v.k.Operands, op)
	v.params = append(v.params, v.base(o))
	return i
}

// number makes an input of what the caller knows.
func (v *vectorizer) number(n *symbolic.Node) lane.Value {
	t := v.laneType(n.DType)
	if t == lane.Mask {
		v.fail("a bool as a number")
		return v.prog.Float(0)
	}
	i, ok := v.input[n]
	if !ok {
		i = len(v.k.Numbers)
		v.input[n] = i
		v.k.Numbers = append(v.k.Numbers, lane.Number{Name: v.names.pick(v.valueName(n)), Type: t})
	}
	return v.prog.Input(i, t)
}

func (v *vectorizer) valueName(n *symbolic.Node) string { return v.p.valueOf(n).Name }

// leftBase separates the inputs that stages leave from the numbers of the caller while these are not yet counted.
const leftBase = 1 << 16

// keep makes an input of a number that a stage leaves.
func (v *vectorizer) keep(n *symbolic.Node) int {
	i := leftBase + v.k.Left
	v.k.Left++
	v.input[n] = i
	return i
}

// arg returns the lanes of argument a of member n.
func (v *vectorizer) arg(n, a *symbolic.Node) lane.Value {
	b, axes := v.read(n, a)
	if x, ok := v.vals[b]; ok {
		return x
	}
	if i, ok := v.input[b]; ok {
		return v.prog.Input(i, v.laneType(b.DType))
	}
	switch {
	case virtual(b):
		return v.leaf(b, axes)
	case v.member[b] && b.DType == symbolic.Bool && !v.g.full(b):
		v.vals[b] = v.apply(b)
		return v.vals[b]
	case b.Rank() == 0 && !v.member[b]:
		return v.number(b)
	case v.member[b] && !v.inMemory(b):
		v.fail("an element of an earlier loop")
		return v.prog.Float(0)
	}
	return v.prog.Load(v.use(v.groupEmitter.use(b, axes)), v.laneType(b.DType))
}

// leaf returns a constant or the position along the inner axis.
func (v *vectorizer) leaf(b *symbolic.Node, axes []int) lane.Value {
	t := v.laneType(b.DType)
	switch {
	case b.Op == symbolic.OpConst && t == lane.Float:
		return v.prog.Float(b.Attr.Num)
	case b.Op == symbolic.OpConst && t == lane.Int:
		return v.prog.Int(int32(b.Attr.Num))
	case b.Op == symbolic.OpIota && v.k.Size == 4 && t != lane.Mask && len(v.inner.axes) == 1 && axes[b.Attr.Axes[0]] == v.inner.axes[0] && v.inner.axes[0] > 0:
		if t == lane.Int {
			return v.prog.Lane()
		}
		return v.prog.Do(lane.OpFromInt, v.prog.Lane())
	}
	v.fail("%s", b.Info().Name)
	return v.prog.Float(0)
}

// apply returns the lanes of member n.
func (v *vectorizer) apply(n *symbolic.Node) lane.Value {
	if free(n) {
		b, axes := v.resolve(n)
		return v.leaf(b, axes)
	}
	args := make([]lane.Value, len(n.Args))
	for i, a := range n.Args {
		args[i] = v.arg(n, a)
	}
	if v.why != "" {
		return v.prog.Float(0)
	}
	if n.Op == symbolic.OpBroadcast {
		return args[0]
	}
	name := n.Info().Lane
	if n.Op == symbolic.OpCast {
		name = "to" + goTypes[n.DType]
	}
	if name == "" {
		v.fail("%s", n.Info().Name)
		return v.prog.Float(0)
	}
	x, ok := v.prog.Apply(name, args...)
	if !ok {
		v.fail("%s of %s", n.Info().Name, n.DType)
		return v.prog.Float(0)
	}
	return x
}

// loop adds the stage of one inner loop.
func (v *vectorizer) loop(l *innerLoop) {
	if len(l.eval) == 0 && len(l.reduce) == 0 || v.why != "" {
		return
	}
	v.begin()
	st := lane.Stage{Loop: true, Prog: v.prog}
	for _, n := range l.eval {
		v.vals[n] = v.apply(n)
	}
	for _, n := range l.store {
		st.Stores = append(st.Stores, lane.Store{Operand: v.use(v.groupEmitter.use(n, identityAxes(n))), Value: v.vals[n]})
	}
	var late []*symbolic.Node
	for _, n := range l.reduce {
		x := v.arg(n, n.Args[0])
		switch {
		case rowSum(n):
			st.Sums = append(st.Sums, lane.Sum{Value: x, Operand: v.partOf(n)})
			if len(v.outer) > 0 {
				v.fail("a sum over rows inside rows")
			}
		case n.Op == symbolic.OpSum:
			st.Reduces = append(st.Reduces, lane.Reduce{How: lane.Total, Value: x, Input: v.keep(n)})
			late = append(late, n)
		default:
			st.Reduces = append(st.Reduces, lane.Reduce{How: lane.Largest, Value: x, Input: v.keep(n)})
			late = append(late, n)
		}
	}
	if n := len(st.Reduces) + len(st.Sums); n > lane.MaxReductions(v.k.Size) {
		v.fail("%d sums in one loop", n)
	}
	v.k.Stages = append(v.k.Stages, st)
	v.vals = map[*symbolic.Node]lane.Value{}
	// Reductions that memory keeps.
	v.begin()
	st = lane.Stage{Prog: v.prog}
	for _, n := range late {
		if v.inMemory(n) {
			st.Stores = append(st.Stores, lane.Store{Operand: v.use(v.groupEmitter.use(n, identityAxes(n))), Value: v.prog.Input(v.input[n], lane.Float)})
		}
	}
	if len(st.Stores) > 0 {
		v.k.Stages = append(v.k.Stages, st)
	}
}

// numbers adds the stage of what is computed once a row.
func (v *vectorizer) numbers(nodes []*symbolic.Node) {
	if len(nodes) == 0 || v.why != "" {
		return
	}
	v.begin()
	st := lane.Stage{Prog: v.prog}
	for _, n := range nodes {
		if rowSum(n) {
			st.Sums = append(st.Sums, lane.Sum{Value: v.arg(n, n.Args[0]), Operand: v.partOf(n)})
			if len(v.outer) != 1 {
				v.fail("a sum over rows of several axes")
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
			st.Stores = append(st.Stores, lane.Store{Operand: v.use(v.groupEmitter.use(n, identityAxes(n))), Value: v.vals[n]})
		}
		if n.DType == symbolic.Bool {
			continue // computed again where it is read
		}
		st.Leaves = append(st.Leaves, lane.Leave{Value: v.vals[n], Input: v.keep(n)})
	}
	v.k.Stages = append(v.k.Stages, st)
	v.vals = map[*symbolic.Node]lane.Value{}
}

// begin starts the program of a stage.
func (v *vectorizer) begin() { v.prog = lane.NewProgram(v.k.Size) }

// partOf returns the operand that a block's part of a sum over all rows is written to.
func (v *vectorizer) partOf(n *symbolic.Node) int {
	if i, ok := v.part[n]; ok {
		return i
	}
	i := len(v.k.Operands)
	v.part[n] = i
	if v.laneType(n.DType) != lane.Float {
		v.fail("a sum of %s", n.DType)
	}
	op := lane.Operand{Name: v.names.pick(v.partName(n)), Type: lane.Float}
	for range v.outer {
		op.Steps = append(op.Steps, lane.Count{})
	}
	v.k.Operands = append(v.k.Operands, op)
	v.params = append(v.params, fmt.Sprintf("f.%s[task:]", v.partName(n)))
	return i
}

// finish numbers the inputs and lists the arguments of the call.
func (v *vectorizer) finish() {
	for i := range v.k.Stages {
		st := &v.k.Stages[i]
		st.Prog.Renumber(v.final)
		for j := range st.Reduces {
			st.Reduces[j].Input = v.final(st.Reduces[j].Input)
		}
		for j := range st.Leaves {
			st.Leaves[j].Input = v.final(st.Leaves[j].Input)
		}
	}
	named := map[string]string{}
	for expr, name := range v.sizes {
		named[name] = expr
	}
	for _, c := range v.k.Counts() {
		v.params = append(v.params, named[c])
	}
	numbers := make([]string, len(v.k.Numbers))
	for n, i := range v.input {
		if i < leftBase {
			numbers[i] = v.groupEmitter.number(n)
		}
	}
	v.params = append(v.params, numbers...)
}

func (v *vectorizer) final(input int) int {
	if input < leftBase {
		return input
	}
	return input - leftBase + len(v.k.Numbers)
}
