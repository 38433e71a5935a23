package lane

// This file answers: which kernels does nobody think of writing? Random ones of every form, with programs that need more registers than there
// are.

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A randomKernel is one that is being made.
type randomKernel struct {
	*rand.Rand
	k    *Kernel
	size int
	nums []Type // of the inputs that may be read
	reads,
	writes []int // operands: elements that rows are made of, and those that may be written in place too
	most int // instructions of a program, about
}

// pick returns one of several.
func pick[T any](r *randomKernel, from ...T) T { return from[r.IntN(len(from))] }

// inner is the number of elements of rows.
func (r *randomKernel) inner() Count {
	switch r.IntN(5) {
	case 0:
		return Count{Arg: "n"}
	case 1:
		return Count{Arg: pick(r, "n", "m")}
	case 2:
		return Count{Const: 1 + r.IntN(17)}
	case 3:
		return Count{Const: pick(r, 15, 16, 17, 31, 32, 33, 63, 64, 65, 80, 127, 128, 129, 130)}
	}
	return Count{Const: 1 + r.IntN(130)}
}

// step is the distance between rows: bytes, of whole elements.
func (r *randomKernel) step() Count {
	switch r.IntN(4) {
	case 0:
		return Count{Arg: fmt.Sprintf("s%d", r.IntN(3))}
	case 1:
		return Count{Const: -r.size * r.IntN(40)}
	}
	return Count{Const: r.size * (1 + r.IntN(150))}
}

// moving adds an operand with another place for every row.
func (r *randomKernel) moving(t Type) int {
	var steps []Count
	for range r.k.Outer {
		steps = append(steps, r.step())
	}
	if n := len(steps); n > 0 && steps[n-1] == (Count{}) {
		steps[n-1].Const = r.size
	}
	return r.k.operand(t, steps...)
}

// still adds an operand that is the same for every row.
func (r *randomKernel) still(t Type) int { return r.k.operand(t, make([]Count, len(r.k.Outer))...) }

// left makes an input of what a stage leaves.
func (r *randomKernel) left(t Type) int {
	r.k.Left++
	r.nums = append(r.nums, t)
	return len(r.nums) - 1
}

// loop adds a stage that walks along the row.
func (r *randomKernel) loop(n Count) {
	st := Stage{Loop: true, Inner: n, Prog: NewProgram(r.size)}
	p := pool{}
	r.leaves(&st, p)
	r.grow(st.Prog, p)
	for range r.IntN(4) {
		t := r.result(p)
		o := -1
		if r.IntN(3) == 0 { // in place
			for _, w := range r.writes {
				if r.k.Operands[w].Type == t && !slices.ContainsFunc(st.Stores, func(s Store) bool { return s.Operand == w }) {
					o = w
				}
			}
		}
		if o < 0 {
			o = r.moving(t)
		}
		st.Stores = append(st.Stores, Store{Operand: o, Value: r.value(p, t), Moves: true})
	}
	sums := r.IntN(MaxReductions(r.size) + 1)
	if len(st.Stores) == 0 {
		sums = max(1, sums)
	}
	for range sums {
		v := r.value(p, Float)
		if len(r.k.Outer) == 0 && r.IntN(2) == 0 {
			st.Sums = append(st.Sums, Sum{Value: v, Operand: r.still(Float)})
			continue
		}
		st.Reduces = append(st.Reduces, Reduce{How: Reduction(r.IntN(2)), Value: v, Input: r.left(Float)})
	}
	r.k.Stages = append(r.k.Stages, st)
}

// straight adds a stage of numbers.
func (r *randomKernel) straight() {
	st := Stage{Prog: NewProgram(r.size)}
	p := pool{}
	r.leaves(&st, p)
	for i, t := range r.nums {
		if t != None && r.IntN(2) == 0 {
			p.add(st.Prog, st.Prog.Input(i, t))
		}
	}
	r.grow(st.Prog, p)
	for range 1 + r.IntN(2) {
		t := r.result(p)
		o := r.moving(t)
		if r.IntN(3) == 0 {
			o = r.still(t)
		}
		st.Stores = append(st.Stores, Store{Operand: o, Value: r.value(p, t), Off: r.IntN(3)})
	}
	for range r.IntN(3) {
		t := r.result(p)
		v := r.value(p, t)
		st.Leaves = append(st.Leaves, Leave{Value: v, Input: r.left(t)})
	}
	if len(r.k.Outer) == 1 {
		for range r.IntN(3) {
			st.Sums = append(st.Sums, Sum{Value: r.value(p, Float), Operand: r.still(Float)})
		}
	}
	r.k.Stages = append(r.k.Stages, st)
}

// gather adds a sum over rows.
func (r *randomKernel) gather() {
	g := &Gather{Rows: 1, Cols: 1 + r.IntN(20), B: r.moving(Float), To: r.still(Float)}
	if g.Scaled = len(r.k.Outer) != 1 || r.IntN(3) > 0; g.Scaled {
		g.Rows, g.Across = 1+r.IntN(6), r.IntN(2) == 0
		g.A = r.moving(Float)
	}
	for _, o := range r.writes { // of what a stage before it has written
		if r.k.Operands[o].Type == Float && r.IntN(3) == 0 {
			g.B = o
		}
	}
	r.k.Stages = append(r.k.Stages, Stage{Gather: g})
}

// product adds a product of a row by a small transposed matrix in the frame.
func (r *randomKernel) product() {
	rows, cols := 1+r.IntN(20), 1+r.IntN(5)
	turn := Turn{Operand: r.still(Float), Rows: rows, Cols: cols}
	w := r.still(Float)
	r.k.Operands[w].Turn = &turn
	st := Stage{Loop: true, Inner: Count{Const: rows}, Prog: NewProgram(r.size)}
	from := r.moving(Float)
	sum := st.Prog.Float(0)
	for c := range cols {
		sum = st.Prog.Do(OpFMA, st.Prog.Single(from, Float, c), st.Prog.LoadAt(w, Float, c*turn.Line()), sum)
	}
	st.Stores = []Store{{Operand: r.moving(Float), Value: sum, Moves: true}}
	r.k.Stages = append(r.k.Stages, st)
}

// flat adds a pass with rows in the lanes.
func (r *randomKernel) flat() {
	st := Stage{Pass: true, Flat: true, Loop: true, Inner: r.k.Outer[0], Prog: NewProgram(r.size)}
	p := pool{}
	spread := func(t Type, step int) int { return r.k.operand(t, Count{Const: step * r.size}) }
	numbers := r.nums
	r.nums = r.nums[:len(r.k.Numbers)]
	for range 1 + r.IntN(6) {
		t := Float
		if r.size == 4 && r.IntN(4) == 0 {
			t = Int
		}
		step := 1 + r.IntN(5)
		if r.IntN(8) == 0 {
			step = 1 + r.IntN(17)
		}
		o := spread(t, step)
		for j := range step {
			p.add(st.Prog, st.Prog.Spread(o, t, j, step))
		}
		if s := (Store{Operand: o, Moves: true, Off: r.IntN(step), Step: step}); t == Float && r.IntN(4) == 0 { // in place
			s.Value = st.Prog.Do(OpSub, st.Prog.Spread(o, t, s.Off, step), p[Float][0])
			st.Stores = append(st.Stores, s)
		}
	}
	if len(p[Float]) == 0 {
		p.add(st.Prog, st.Prog.Single(r.still(Float), Float, 2))
	}
	r.grow(st.Prog, p)
	for range 1 + r.IntN(3) {
		t := r.result(p)
		step := 1 + r.IntN(4)
		if r.IntN(8) == 0 {
			step = 1 + r.IntN(17)
		}
		o := spread(t, step)
		for j := range step {
			st.Stores = append(st.Stores, Store{Operand: o, Value: r.value(p, t), Moves: true, Off: j, Step: step})
		}
	}
	for range r.IntN(3) {
		if len(st.Sums) < MaxReductions(r.size) {
			st.Sums = append(st.Sums, Sum{Value: r.value(p, Float), Operand: r.still(Float)})
		}
	}
	for i := range st.Stores {
		if st.Stores[i].Step == 1 {
			st.Stores[i].Step = 0
		}
	}
	r.nums = numbers
	r.k.Stages = append(r.k.Stages, st)
}

// forms are the shapes of random kernels.
var forms = []struct {
	name  string
	outer int
	make  func(r *randomKernel)
}{
	{"Elements", 0, func(r *randomKernel) { r.loop(r.inner()) }},
	{"Loops", 0, func(r *randomKernel) {
		n := r.inner()
		for range 2 + r.IntN(2) {
			r.loop(n)
		}
	}},
	{"Rows", 1, func(r *randomKernel) {
		n := r.inner()
		for range 1 + r.IntN(3) {
			r.loop(n)
			if r.IntN(2) == 0 {
				r.straight()
			}
		}
	}},
	{"Numbers", 1, func(r *randomKernel) { r.straight() }},
	{"Blocks", 2, func(r *randomKernel) {
		for range 1 + r.IntN(3) {
			r.loop(r.inner())
			if r.IntN(2) == 0 {
				r.straight()
			}
		}
	}},
	{"Widths", 1, func(r *randomKernel) { // vectors of several widths share a frame
		r.most = 120
		for range 2 + r.IntN(2) {
			r.loop(Count{Const: 1 + r.IntN(9)})
			r.loop(r.inner())
		}
	}},
	{"Gathers", 1, func(r *randomKernel) {
		for range 1 + r.IntN(3) {
			r.loop(r.inner())
			r.gather()
		}
	}},
	{"Products", 1, func(r *randomKernel) {
		for i := range 1 + r.IntN(2) {
			r.product()
			r.k.Stages[len(r.k.Stages)-1].Pass = i > 0
		}
		r.gather()
	}},
	{"Passes", 1, func(r *randomKernel) {
		for range 1 + r.IntN(3) {
			first := len(r.k.Stages)
			numbers := len(r.nums)
			switch r.IntN(5) {
			case 0:
				r.product()
			case 1:
				r.gather()
			case 2:
				r.loop(r.inner())
				r.straight()
			default:
				r.flat()
			}
			for i := numbers; i < len(r.nums); i++ {
				r.nums[i] = None // not seen by the next pass
			}
			r.k.Stages[first].Pass = true
		}
	}},
	{"Flat", 1, func(r *randomKernel) { r.flat() }},
}

// random makes a kernel of a form.
func (m *kernelMaker) random(form int, seed uint64) {
	f := forms[form]
	r := &randomKernel{Rand: rand.New(rand.NewPCG(seed, uint64(form))), size: 4, most: 12}
	if r.IntN(3) == 0 {
		r.size = 8
	}
	if r.IntN(3) == 0 {
		r.most = 140
	}
	var outer []Count
	for l := range f.outer {
		n := Count{Arg: fmt.Sprintf("rows%d", l)}
		if r.IntN(4) == 0 && f.name != "Flat" && f.name != "Passes" { // rows in the lanes are as many as the caller says
			n = Count{Const: 1 + r.IntN(20)}
		}
		outer = append(outer, n)
	}
	r.k = m.start(fmt.Sprint(f.name, seed), r.size, outer...)
	for range r.IntN(4) {
		t := Float
		if r.size == 4 && r.IntN(3) == 0 {
			t = Int
		}
		r.k.number(t)
		r.nums = append(r.nums, t)
	}
	for range 1 + r.IntN(7) {
		t := Float
		if r.size == 4 && r.IntN(4) == 0 {
			t = Int
		}
		o := 0
		switch r.IntN(3) {
		case 0:
			o = r.still(t)
		case 1:
			o = r.moving(t)
		default:
			o = r.moving(t)
			r.writes = append(r.writes, o)
		}
		r.reads = append(r.reads, o)
	}
	f.make(r)
	if r.IntN(4) == 0 {
		r.frame()
	}
}

// frame turns arguments into fields of a struct, some counts among them.
func (r *randomKernel) frame() {
	r.k.Frame = r.k.Name + "Frame"
	field := map[string]string{}
	turn := func(c *Count) {
		if c.Arg == "" {
			return
		}
		if _, ok := field[c.Arg]; !ok {
			field[c.Arg] = ""
			if r.IntN(2) == 0 {
				field[c.Arg] = "f" + c.Arg
			}
		}
		if name := field[c.Arg]; name != "" {
			*c = Count{Field: name}
		}
	}
	for i := range r.k.Outer {
		turn(&r.k.Outer[i])
	}
	for i := range r.k.Stages {
		turn(&r.k.Stages[i].Inner)
	}
	for i := range r.k.Operands {
		o := &r.k.Operands[i]
		for j := range o.Steps {
			turn(&o.Steps[j])
		}
		if o.Turn == nil {
			o.Base = pick(r, Count{}, Count{Const: 3 * r.size}, Count{Arg: "b"}, Count{Arg: "s1"})
			turn(&o.Base)
		}
	}
}
