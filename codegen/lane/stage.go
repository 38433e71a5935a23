package lane

// This file answers: how is a stage printed? Straight code for numbers and short rows, loops with a masked tail for long ones.

import (
	"maps"
	"slices"
)

// Bounds of unrolling: a row of up to shortRow vectors is straight code, and a loop takes up to unrollMost vectors at a time while its body
// stays below unrollInsts instructions, so that the cost of counting is small.
const (
	shortRow    = 4
	unrollMost  = 4
	unrollInsts = 48
)

// MaxReductions is how many reductions one loop may do: their accumulators take at most half of the registers of AVX2.
func MaxReductions(size int) int { return avx2.regs / 2 / avx2.pieces(size) }

// An accumulator is one register of a reduction.
type accumulator struct {
	how   Reduction
	value Value
	regs  []int // by piece
}

func (f *function) stage(st *Stage) {
	f.lines = append(f.lines, "")
	switch {
	case st.Gather != nil:
		f.gather(st.Gather)
		return
	case !st.Loop:
		f.straight(st)
		return
	}
	if st.Inner.Known() {
		wide := f.m
		defer func() { f.m = wide }()
		f.m = f.m.narrow(st.Inner.Const, f.k.Size)
	}
	var accs []*accumulator
	free := f.registers()
	pieces := f.pieces(st)
	add := func(how Reduction, v Value) {
		a := &accumulator{how: how, value: v}
		for range pieces {
			reg := free[len(free)-1] // the lowest, which instructions of all lengths reach
			free = free[:len(free)-1]
			a.regs = append(a.regs, reg)
			f.start(how, reg)
		}
		accs = append(accs, a)
	}
	for _, r := range st.Reduces {
		add(r.How, r.Value)
	}
	for _, s := range st.Sums {
		add(Total, s.Value)
	}
	f.loop(st, accs)
	for i, r := range st.Reduces {
		f.tree(r.How, accs[i].regs)
		f.leave(accs[i].regs[0], r.Input)
	}
	for i, s := range st.Sums {
		r := accs[len(st.Reduces)+i].regs
		f.tree(Total, r)
		f.line("VMOVS%s X%d, %s", suffix(f.k.Size), r[0], f.address(s.Operand, 0, ""))
	}
}

// pieces is the number of registers of an accumulator: those with elements of a row in them.
func (f *function) pieces(st *Stage) int {
	if !st.Inner.Known() {
		return f.m.pieces(f.k.Size)
	}
	m := f.m.narrow(st.Inner.Const, f.k.Size)
	lanes := m.lanes(f.k.Size)
	return min(m.pieces(f.k.Size), (st.Inner.Const+lanes-1)/lanes)
}

// start fills an accumulator.
func (f *function) start(how Reduction, reg int) {
	if bits := how.start(f.k.Size); bits != 0 {
		f.line("%s %s, %s", f.broadcast(), f.constant(bits), f.m.vec(reg))
	} else {
		f.clear(reg)
	}
}

// leave keeps lane 0 of a register as an input of later stages.
func (f *function) leave(reg, input int) {
	s := suffix(f.k.Size)
	if r, ok := f.numbers[input]; ok {
		f.line("VBROADCASTS%s X%d, %s", s, reg, f.whole(r))
		return
	}
	if f.m.masks {
		f.line("VMOVS%s X%d, %d(SP)", s, reg, f.inputs[input])
		return
	}
	f.line("VBROADCASTS%s X%d, Y%d", s, reg, reg)
	f.line("VMOVUPS Y%d, %d(SP)", reg, f.inputs[input])
}

// longest returns how many lanes the loops of a pass need of its numbers.
func longest(stages []Stage) int {
	n := 1
	for _, st := range stages {
		switch {
		case !st.Loop:
		case !st.Inner.Known():
			return 1 << 20 // no vector is as long
		default:
			n = max(n, st.Inner.Const)
		}
	}
	return n
}

// straight prints a stage of numbers, in vectors no wider than the loops that read them: a division of a short one takes a third of the time.
func (f *function) straight(st *Stage) {
	wide := f.m
	f.m = f.narrow
	defer func() { f.m = wide }()
	var roots []Value
	for _, s := range st.Stores {
		roots = append(roots, s.Value)
	}
	for _, l := range st.Leaves {
		roots = append(roots, l.Value)
	}
	for _, s := range st.Sums {
		roots = append(roots, s.Value)
	}
	b := f.newBody(st, roots, f.registers(14, 15))
	f.spilt = 0
	b.run()
	b.settle(roots, st.Stores)
	for _, s := range st.Stores {
		clear(b.pin)
		b.store(s)
	}
	for _, l := range st.Leaves {
		clear(b.pin)
		b.reg(l.Value)
		f.keep(b.at[l.Value], l.Input)
	}
	for i := range st.Sums {
		s := &st.Sums[i]
		clear(b.pin)
		b.reg(s.Value)
		reg := b.at[s.Value]
		if f.m != wide {
			f.line("VBROADCASTS%s X%d, %s", suffix(f.k.Size), reg, wide.vec(reg))
			f.m = wide
		}
		f.addNumber(s, reg)
		f.m = f.narrow
	}
}

// keep stores a number that is the same in all lanes.
func (f *function) keep(reg, input int) {
	if r, ok := f.numbers[input]; ok {
		f.line("VMOVAPS %s, %s", f.m.vec(reg), f.m.vec(r))
		return
	}
	if f.m.masks {
		f.line("VMOVS%s X%d, %d(SP)", suffix(f.k.Size), reg, f.inputs[input])
		return
	}
	f.line("VMOVUPS Y%d, %d(SP)", reg, f.inputs[input])
}

// registers returns the vector registers without those that the stage needs itself, the lowest last.
func (f *function) registers(taken ...int) []int {
	var out []int
	for r := f.m.regs - 1; r >= 0; r-- {
		if !slices.Contains(taken, r) && !slices.Contains(f.held, r) {
			out = append(out, r)
		}
	}
	return out
}

// loop prints the passes over the elements of a row.
func (f *function) loop(st *Stage, accs []*accumulator) {
	lanes, size, n := f.m.lanes(f.k.Size), f.k.Size, st.Inner
	group := 1 // vectors that belong together: the 16 lanes of an accumulator
	if len(accs) > 0 {
		group = f.m.pieces(size)
	}
	if n.Known() && n.Const <= shortRow*lanes {
		for v := 0; v*lanes < n.Const; v++ {
			b := pass{st: st, accs: accs, piece: v % group, off: v * f.m.bytes, base: v * lanes}
			if left := n.Const - v*lanes; left < lanes {
				b.tail = f.knownTail(left)
			}
			f.pass(b)
		}
		return
	}
	step := group * lanes
	if st.Flat && !n.Known() && f.m.masks {
		f.flatLoop(st, accs, group)
		return
	}
	sizes := []int{1}
	for u := 2; u <= unrollMost && !st.Flat && u*group*len(st.Prog.Insts) <= unrollInsts; u *= 2 {
		sizes[0] = u
	}
	if sizes[0] > 1 {
		sizes = append(sizes, 1)
	}
	left := n.Const
	f.line("XORL AX, AX")
	if n.Known() {
		f.line("MOVQ $%d, CX", n.Const)
	} else {
		f.line("MOVQ %s, CX", f.figure(n))
	}
	for _, u := range sizes {
		step := step * u
		if n.Known() && left < step {
			continue
		}
		top, end := f.label("loop"), f.label("end")
		if !n.Known() {
			f.line("CMPQ CX, $%d", step)
			f.line("JLT %s", end)
		}
		f.mark(top)
		for v := range u * group {
			f.pass(pass{st: st, accs: accs, piece: v % group, off: v * f.m.bytes, idx: "AX"})
		}
		f.line("ADDQ $%d, AX", step*size)
		f.line("SUBQ $%d, CX", step)
		f.line("CMPQ CX, $%d", step)
		f.line("JGE %s", top)
		if !n.Known() {
			f.lines = append(f.lines, end+":")
		}
		left %= step
	}
	if n.Known() {
		for v := 0; v*lanes < left; v++ {
			ps := pass{st: st, accs: accs, piece: v, off: v * f.m.bytes, idx: "AX"}
			if rest := left - v*lanes; rest < lanes {
				ps.tail = f.knownTail(rest)
			}
			f.pass(ps)
		}
		return
	}
	end := f.label("end")
	f.line("CMPQ CX, $0")
	f.line("JLE %s", end)
	f.tailTable()
	for v := range group {
		f.pass(pass{st: st, accs: accs, piece: v, off: v * f.m.bytes, idx: "AX", tail: f.tailMask(v)})
	}
	f.lines = append(f.lines, end+":")
}

// flatLoop prints the passes over rows that lie in the lanes, all of them under a mask: a body has so many instructions that a second one, for the rows that
// are left, would not pay. Masks of AVX2 are dear.
func (f *function) flatLoop(st *Stage, accs []*accumulator, group int) {
	step := group * f.m.lanes(f.k.Size)
	top, end := f.label("loop"), f.label("end")
	f.line("XORL AX, AX")
	f.line("MOVQ %s, CX", f.figure(st.Inner))
	f.line("CMPQ CX, $0")
	f.line("JLE %s", end)
	f.mark(top)
	f.tailTable()
	for v := range group {
		f.pass(pass{st: st, accs: accs, piece: v, off: v * f.m.bytes, idx: "AX", tail: f.tailMask(v)})
	}
	f.line("ADDQ $%d, AX", step*f.k.Size)
	f.line("SUBQ $%d, CX", step)
	f.line("JG %s", top)
	f.lines = append(f.lines, end+":")
}

// A pass is one vector of a loop.
type pass struct {
	st    *Stage
	accs  []*accumulator
	piece int // which of the 16 lanes' vectors
	off   int
	idx   string
	base  int
	tail  string
}

func (f *function) pass(ps pass) {
	prog := ps.st.Prog
	var roots []Value
	for _, s := range ps.st.Stores {
		roots = append(roots, s.Value)
	}
	news := make([]Value, len(ps.accs))
	fixed := map[Value]int{}
	for i, a := range ps.accs {
		news[i] = a.value
		if a.how == Largest {
			acc := prog.put(Inst{Op: OpAcc, Type: Float, Index: i})
			fixed[acc] = a.regs[ps.piece]
			news[i] = prog.Max(acc, a.value)
		}
		roots = append(roots, news[i])
	}
	var taken []int
	for _, a := range ps.accs {
		taken = append(taken, a.regs...)
	}
	if ps.tail != "" && !f.m.masks {
		taken = append(taken, 14, 15)
	}
	if ps.st.Flat {
		taken = append(taken, spreadMask, spreadIndex)
	}
	b := f.newBody(ps.st, roots, f.registers(taken...))
	f.spilt = 0
	b.off, b.idx, b.base, b.tail = ps.off, ps.idx, ps.base, ps.tail
	maps.Copy(b.fixed, fixed)
	b.run()
	b.settle(roots, ps.st.Stores)
	b.stores(ps.st.Stores)
	for i, a := range ps.accs {
		clear(b.pin)
		b.collect(a, news[i], a.regs[ps.piece])
	}
}

// collect brings an accumulator up to date; lanes beyond the row's end stay as they are.
func (b *body) collect(a *accumulator, v Value, acc int) {
	s, d := "P"+suffix(b.p.Size), b.m.vec(acc)
	if a.how == Total {
		x, bcst := b.memory(v)
		if x == "" || b.tail != "" {
			x, bcst = b.reg(v), ""
		}
		switch {
		case b.tail == "":
			b.line("VADD%s%s %s, %s, %s", s, bcst, x, d, d)
		case b.m.masks:
			b.line("VADD%s %s, %s, %s, %s", s, x, d, b.tail, d)
		default:
			b.line("VADD%s %s, %s, %s", s, x, d, b.m.vec(14))
			b.line("VBLENDV%s %s, %s, %s, %s", s, b.tail, b.m.vec(14), d, d)
		}
		return
	}
	x := b.reg(v)
	switch {
	case b.tail == "":
		b.line("VMOVAPS %s, %s", x, d)
	case b.m.masks:
		b.line("VMOVAP%s %s, %s, %s", suffix(b.p.Size), x, b.tail, d)
	default:
		b.line("VBLENDV%s %s, %s, %s, %s", s, b.tail, x, d, d)
	}
}

// knownTail sets the mask of left elements and returns its register.
func (f *function) knownTail(left int) string {
	if f.m.masks {
		f.line("MOVL $%d, DX", 1<<left-1)
		f.line("KMOVW DX, K1")
		return "K1"
	}
	f.line("VMOVDQU %s, %s", f.file.tail(f.k.Size, left), f.m.vec(15))
	return f.m.vec(15)
}

// tailTable prepares the masks of the CX elements that are left, at most 16 on AVX2, and of the first 16 of them on AVX-512.
func (f *function) tailTable() {
	f.line("MOVQ $16, DX")
	if f.m.masks {
		f.line("CMPQ CX, DX")
		f.line("CMOVQLT CX, DX")
		f.line("MOVL $-1, R15")
		f.line("BZHIL DX, R15, DX")
		return
	}
	f.line("SUBQ CX, DX")
	f.line("LEAQ %s, R15", f.file.tail(f.k.Size, 16))
}

// tailMask sets the mask of piece p and returns its register.
func (f *function) tailMask(p int) string {
	if f.m.masks {
		if p > 0 {
			f.line("SHRL $%d, DX", f.m.lanes(f.k.Size))
		}
		f.line("KMOVW DX, K1")
		return "K1"
	}
	if p > 0 { // R15 may have changed since
		f.line("LEAQ %s, R15", f.file.tail(f.k.Size, 16))
	}
	f.line("VMOVDQU %d(R15)(DX*%d), %s", p*f.m.bytes, f.k.Size, f.m.vec(15))
	return f.m.vec(15)
}
