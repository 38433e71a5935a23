// What does a group of narrow rows look like with rows in the lanes? Every element of a row is a value of its own, and 16 rows go at once.
package codegen

import (
	"nngen/codegen/lane"
	"nngen/symbolic"
)

// flatWidth is the most elements of a row for which rows go into the lanes: above, the elements of one row fill a vector well enough. A row of 10 with
// a softmax takes 11 ns by 16 at once, and 28 by itself, most of it in reductions and in numbers of the row, which have a vector each.
const flatWidth = 16

// A flattener describes one group with rows in the lanes.
type flattener struct {
	*groupEmitter
	b     *kernelBuilder
	prog  *lane.Program
	width int
	elem  map[*symbolic.Node][]lane.Value // of full members, by position in the row
	row   map[*symbolic.Node]lane.Value   // of numbers of the row
	st    lane.Stage
}

// flatten adds the pass of a group whose rows are narrow and reports whether it could.
func (e *groupEmitter) flatten(b *kernelBuilder) bool {
	width := 1
	if len(e.inner) == 1 {
		n, ok := symbolic.Size(pickDims(e.g.Space, e.inner[0].axes)).Const()
		if !ok || n > flatWidth || len(e.inner[0].axes) > 1 {
			return false
		}
		width = n
	}
	f := &flattener{groupEmitter: e, b: b, prog: lane.NewProgram(b.k.Size), width: width, elem: map[*symbolic.Node][]lane.Value{}, row: map[*symbolic.Node]lane.Value{}}
	f.st = lane.Stage{Loop: true, Flat: true, Inner: b.k.Outer[0], Prog: f.prog}
	for _, l := range e.plan.loops {
		f.numbers(l.before)
		f.loop(&l)
	}
	f.numbers(e.plan.after)
	if len(f.st.Sums) > lane.MaxReductions(b.k.Size) {
		b.fail("%d sums in one loop", len(f.st.Sums))
	}
	b.k.Stages = append(b.k.Stages, f.st)
	return true
}

// place returns an operand and how its elements lie for position j of the row: the distance from row to row, and where the element is.
func (f *flattener) place(o *operand, j int) (index, off, step int) {
	size := func(d symbolic.Dim) int {
		if !d.Valid() {
			return 0
		}
		n, ok := d.Const()
		if !ok {
			f.b.fail("rows of no known width")
		}
		return n
	}
	step = size(o.stride(last(f.outer[0].axes)))
	if len(f.inner) > 0 {
		off = j * size(o.stride(f.inner[0].axes[0]))
	}
	return f.b.operand(f.base(o), o.value.Name, o.value.DType, []symbolic.Dim{symbolic.Int(step)}), off, step
}

func (f *flattener) load(o *operand, t lane.Type, j int) lane.Value {
	index, off, step := f.place(o, j)
	if step == 0 {
		return f.prog.Single(index, t, off)
	}
	return f.prog.Spread(index, t, off, step)
}

func (f *flattener) store(n *symbolic.Node, x lane.Value, j int) {
	index, off, step := f.place(f.use(n, identityAxes(n)), j)
	if step == 1 {
		step = 0
	}
	f.st.Stores = append(f.st.Stores, lane.Store{Operand: index, Value: x, Moves: true, Off: off, Step: step})
}

// arg returns argument a of member n at position j.
func (f *flattener) arg(n, a *symbolic.Node, j int) lane.Value {
	b, axes := f.read(n, a)
	if x, ok := f.row[b]; ok {
		return x
	}
	if x, ok := f.elem[b]; ok {
		return x[j]
	}
	t := f.b.laneType(b.DType)
	switch {
	case virtual(b):
		return f.leaf(b, axes, j)
	case b.Rank() == 0 && !f.member[b]:
		if t == lane.Mask {
			return f.b.none(f.prog, "a bool as a number")
		}
		return f.prog.Input(f.b.number(b), t)
	case f.member[b] && !f.inMemory(b):
		return f.b.none(f.prog, "an element of an earlier loop")
	}
	return f.load(f.use(b, axes), t, j)
}

// leaf returns a constant or the position in the row.
func (f *flattener) leaf(b *symbolic.Node, axes []int, j int) lane.Value {
	t, num := f.b.laneType(b.DType), b.Attr.Num
	if b.Op == symbolic.OpIota && len(f.inner) > 0 && axes[b.Attr.Axes[0]] == f.inner[0].axes[0] {
		num = float64(j)
	} else if b.Op != symbolic.OpConst {
		f.b.fail("%s", b.Info().Name)
	}
	if t == lane.Int {
		return f.prog.Int(int32(num))
	}
	if t == lane.Mask {
		f.b.fail("a bool constant")
	}
	return f.prog.Float(num)
}

func (f *flattener) apply(n *symbolic.Node, j int) lane.Value {
	if free(n) {
		b, axes := f.resolve(n)
		return f.leaf(b, axes, j)
	}
	return f.b.apply(f.prog, n, func(a *symbolic.Node) lane.Value { return f.arg(n, a, j) })
}

// loop evaluates one inner loop at every position.
func (f *flattener) loop(l *innerLoop) {
	for _, n := range l.eval {
		if !f.full(n) {
			f.row[n] = f.apply(n, 0)
			continue
		}
		x := make([]lane.Value, f.width)
		for j := range x {
			x[j] = f.apply(n, j)
		}
		f.elem[n] = x
	}
	for _, n := range l.store {
		if !f.full(n) {
			f.store(n, f.row[n], 0)
			continue
		}
		for j, x := range f.elem[n] {
			f.store(n, x, j)
		}
	}
	for _, n := range l.reduce {
		if rowSum(n) {
			f.sum(n)
			continue
		}
		f.row[n] = f.reduce(n)
		if f.inMemory(n) {
			f.store(n, f.row[n], 0)
		}
	}
}

// full reports whether n has an element for every position, as against one number for each row.
func (f *flattener) full(n *symbolic.Node) bool {
	return len(f.inner) > 0 && f.g.full(n)
}

// sum adds a number of each row over all rows.
func (f *flattener) sum(n *symbolic.Node) {
	f.st.Sums = append(f.st.Sums, lane.Sum{Value: f.arg(n, n.Args[0], 0), Operand: f.b.part(n)})
}

// reduce combines the elements of a row by the tree of nnrt.Sum16: element j takes element j+8, then j+4, j+2, j+1.
func (f *flattener) reduce(n *symbolic.Node) lane.Value {
	x := make([]lane.Value, f.width)
	for j := range x {
		x[j] = f.arg(n, n.Args[0], j)
		if n.Op == symbolic.OpSum {
			x[j] = f.prog.Do(lane.OpAdd, x[j], f.prog.Float(0)) // lanes start from +0
		}
	}
	for w := 8; w > 0; w /= 2 {
		for j := 0; j < w && j+w < len(x); j++ {
			if n.Op == symbolic.OpSum {
				x[j] = f.prog.Do(lane.OpAdd, x[j], x[j+w])
			} else {
				x[j] = f.prog.Max(x[j], x[j+w])
			}
		}
	}
	return x[0]
}

// numbers evaluates what is computed once a row.
func (f *flattener) numbers(nodes []*symbolic.Node) {
	for _, n := range nodes {
		if rowSum(n) {
			f.sum(n)
			continue
		}
		f.row[n] = f.apply(n, 0)
	}
	for _, n := range nodes {
		if !rowSum(n) && f.inMemory(n) {
			f.store(n, f.row[n], 0)
		}
	}
}
