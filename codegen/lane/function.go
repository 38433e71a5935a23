package lane

// This file answers: how does one kernel become one assembly function? Arguments, the frame, loops over rows, and the stages inside.

import (
	"fmt"
	"slices"
)

// pointerRegs hold the operands' addresses. AX is the way along the inner loop, BX the row, CX what is left of the inner loop; DX and R15
// are for the moment.
var pointerRegs = []string{"SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14"}

// A place is where an operand's address is during a pass: in a register, in the frame at slot, in the argument alone where it does not change
// and is not worth a register; or the operand is the frame itself, from slot on.
type place struct {
	reg   string
	slot  int
	moves bool // in the frame
	frame bool
}

// A function is one kernel on one machine while it is printed.
type function struct {
	file *File
	k    *Kernel
	m    *machine

	lines   []string
	frame   int
	args    map[string]int // offset of an argument
	size    int            // bytes of the arguments
	places  []place        // of the operands
	inputs  []int          // frame offset of an input; -1: an argument
	spills  []int
	spilt   int
	sums    map[*Sum]int   // frame offset of the 16 lanes of a sum of numbers
	lanes16 map[*Sum][]int // or the registers that hold them
	sets    []*set         // accumulators of gathers
	held    []int          // registers that they keep, and those of hoisted values
	hoists  map[*Stage]map[Value]int
	loaded  map[Value]bool // leaves that the body being tried loads into registers
	numbers map[int]int    // registers of the inputs that a stage of this pass leaves
	narrow  *machine       // with vectors as wide as the loops of this pass read its numbers
	labels  int
}

// print returns the function's lines.
func (f *function) print() []string {
	f.layout()
	f.prologue()
	f.prepareSums()
	f.prepare()
	for from := 0; from < len(f.k.Stages); {
		to := from + 1
		for to < len(f.k.Stages) && !f.k.Stages[to].Pass {
			to++
		}
		stages := f.k.Stages[from:to]
		f.addresses(stages)
		if stages[0].Flat {
			f.stage(&stages[0])
		} else {
			held := len(f.held)
			f.narrow = f.m.narrow(longest(stages), f.k.Size)
			f.keepNumbers(stages)
			f.hoist(stages)
			done := f.label("done")
			f.outer(0, stages, done)
			f.lines = append(f.lines, done+":")
			f.held, f.numbers = f.held[:held], nil
		}
		from = to
	}
	for i := range f.places {
		if !f.places[i].frame {
			f.places[i] = place{} // registers have moved with the rows
		}
	}
	for i := range f.k.Stages {
		st := &f.k.Stages[i]
		for j := range st.Sums {
			if !st.Loop {
				f.finishSum(&st.Sums[j])
			}
		}
	}
	for _, a := range f.sets {
		f.write(a)
	}
	f.line("VZEROUPPER")
	f.line("RET")
	var out []string
	for _, d := range f.k.Doc {
		out = append(out, "// "+d)
	}
	out = append(out, fmt.Sprintf("TEXT ·%s%s(SB), $%d-%d", f.k.Name, f.m.name, (f.frame+7)&^7, f.size))
	return append(out, withoutRepeats(f.lines)...)
}

// Arguments returns the function's arguments in order, as Go declares them.
func (k *Kernel) Arguments() []string {
	var out []string
	if k.Frame != "" {
		out = append(out, "f *"+k.Frame)
	}
	for _, o := range k.Operands {
		if o.Turn == nil && k.Frame == "" {
			out = append(out, o.Name+" *"+goType(o.Type, k.Size))
		}
	}
	for _, c := range k.Counts() {
		out = append(out, c+" int")
	}
	if k.Frame != "" {
		return out
	}
	for _, n := range k.Numbers {
		out = append(out, n.Name+" "+goType(n.Type, k.Size))
	}
	return out
}

func goType(t Type, size int) string {
	switch {
	case t == Int:
		return "int32"
	case size == 4:
		return "float32"
	}
	return "float64"
}

// Counts returns the names of int arguments, each once.
func (k *Kernel) Counts() []string {
	var out []string
	add := func(c Count) {
		if c.Arg != "" && !slices.Contains(out, c.Arg) {
			out = append(out, c.Arg)
		}
	}
	for _, c := range k.Outer {
		add(c)
	}
	for _, st := range k.Stages {
		add(st.Inner)
	}
	for _, o := range k.Operands {
		for _, c := range o.Steps {
			add(c)
		}
		add(o.Base)
	}
	return out
}

// layout places arguments and what lives in the frame.
func (f *function) layout() {
	f.args = map[string]int{}
	at := 0
	if f.k.Frame != "" {
		f.args["f"] = at
		at += 8
	}
	for _, o := range f.k.Operands {
		if o.Turn == nil && f.k.Frame == "" {
			f.args[o.Name] = at
			at += 8
		}
	}
	for _, c := range f.k.Counts() {
		f.args[c] = at
		at += 8
	}
	for _, n := range f.k.Numbers {
		if f.k.Frame != "" {
			break
		}
		size := 4
		if n.Type == Float {
			size = f.k.Size
		}
		at = (at + size - 1) &^ (size - 1)
		f.args[n.Name] = at
		at += size
	}
	f.size = at
	for _, o := range f.k.Operands {
		p := place{}
		if o.Turn != nil {
			p = place{frame: true, slot: f.reserve(o.Turn.Cols * o.Turn.Line() * f.k.Size)}
		}
		f.places = append(f.places, p)
	}
	for i := range len(f.k.Numbers) + f.k.Left {
		if i < len(f.k.Numbers) && f.m.masks {
			f.inputs = append(f.inputs, -1)
			continue
		}
		n := 8
		if !f.m.masks {
			n = f.m.bytes
		}
		f.inputs = append(f.inputs, f.reserve(n))
	}
}

func (f *function) reserve(n int) int {
	at := f.frame
	f.frame += n
	return at
}

// spill returns a place for a vector register, free again for the next body, which may have wider vectors.
func (f *function) spill() int {
	if f.spilt == len(f.spills) {
		widest := avx2.bytes
		if f.m.masks {
			widest = avx512.bytes
		}
		f.spills = append(f.spills, f.reserve(widest))
	}
	f.spilt++
	return f.spills[f.spilt-1]
}

func (f *function) arg(name string) string { return fmt.Sprintf("%s+%d(FP)", name, f.args[name]) }

// given is the memory that holds an operand's address or a number: an argument, or a field of the frame, to which R14 points.
func (f *function) given(name string) string {
	if f.k.Frame != "" {
		return fmt.Sprintf("%s_%s(R14)", f.k.Frame, name)
	}
	return f.arg(name)
}

// figure is the memory that holds a count that is not a constant.
func (f *function) figure(c Count) string {
	if c.Field != "" {
		return f.given(c.Field)
	}
	return f.arg(c.Arg)
}

func (f *function) label(name string) string {
	f.labels++
	return fmt.Sprintf("%s%d", name, f.labels)
}

func (f *function) mark(label string) { f.lines = append(f.lines, "", label+":") }

func (f *function) prologue() {
	if f.k.Frame != "" {
		f.line("MOVQ f+0(FP), R14")
	}
	for i, o := range f.k.Operands {
		if o.Turn != nil {
			f.turn(i, o.Turn)
		}
	}
	if !f.m.masks {
		for i, n := range f.k.Numbers {
			s := "S"
			if n.Type == Float {
				s = suffix(f.k.Size)
			}
			f.line("VBROADCASTS%s %s, Y0", s, f.given(n.Name))
			f.line("VMOVUPS Y0, %d(SP)", f.inputs[i])
		}
	}
}

// addresses points the operands of a pass at the first row.
func (f *function) addresses(stages []Stage) {
	used := make([]bool, len(f.k.Operands))
	for _, st := range stages {
		if st.Gather != nil {
			used[st.Gather.B] = true
			if st.Gather.Scaled {
				used[st.Gather.A] = true
			}
			continue
		}
		for _, in := range st.Prog.Insts {
			if in.Op == OpLoad {
				used[in.Index] = true
			}
		}
		for _, s := range st.Stores {
			used[s.Operand] = true
		}
	}
	regs := pointerRegs
	if f.k.Frame != "" {
		regs = regs[:len(regs)-1] // R14 is the frame's
	}
	for i, o := range f.k.Operands {
		if o.Turn != nil {
			continue
		}
		f.places[i] = place{}
		switch {
		case !used[i]:
		case len(regs) > 0:
			f.places[i].reg, regs = regs[0], regs[1:]
			f.fetch(i, f.places[i].reg)
		case o.still():
		default:
			f.places[i] = place{slot: f.reserve(8), moves: true}
			f.fetch(i, "R15")
			f.line("MOVQ R15, %d(SP)", f.places[i].slot)
		}
	}
}

// still reports whether the operand is the same for every row.
func (o *Operand) still() bool {
	for _, c := range o.Steps {
		if !c.Known() || c.Const != 0 {
			return false
		}
	}
	return true
}

// far reports whether an operand's address is not in a register.
func (f *function) far(operand int) bool {
	return f.places[operand].reg == "" && !f.places[operand].frame
}

// address returns the memory operand for an element.
func (f *function) address(operand, off int, idx string) string {
	if idx != "" {
		idx = "(" + idx + "*1)"
	}
	p := f.places[operand]
	if p.frame {
		return fmt.Sprintf("%d(SP)%s", p.slot+off, idx)
	}
	r := p.reg
	if r == "" {
		r = "R15"
		f.pointer(operand)
	}
	return fmt.Sprintf("%d(%s)%s", off, r, idx)
}

// fetch loads the address of an operand's first element.
func (f *function) fetch(operand int, reg string) {
	o := &f.k.Operands[operand]
	f.line("MOVQ %s, %s", f.given(o.Name), reg)
	switch {
	case !o.Base.Known():
		f.line("ADDQ %s, %s", f.figure(o.Base), reg)
	case o.Base.Const != 0:
		f.line("ADDQ $%d, %s", o.Base.Const, reg)
	}
}

// pointer loads an operand's address into R15 when no other register has it.
func (f *function) pointer(operand int) {
	if p := f.places[operand]; p.moves {
		f.line("MOVQ %d(SP), R15", p.slot)
		return
	}
	f.fetch(operand, "R15")
}

// input returns where an input lies, and whether the vector is there as a whole.
func (f *function) input(i int) (mem string, whole bool) {
	if f.inputs[i] < 0 {
		return f.given(f.k.Numbers[i].Name), false
	}
	return fmt.Sprintf("%d(SP)", f.inputs[i]), !f.m.masks
}

// outer prints loop l over rows and the stages inside.
func (f *function) outer(l int, stages []Stage, done string) {
	if l == len(f.k.Outer) {
		for i := range stages {
			f.stage(&stages[i])
		}
		return
	}
	count := f.k.Outer[l]
	top, end := f.label("rows"), done
	inner := l == len(f.k.Outer)-1
	counter := "BX"
	if !inner {
		counter = fmt.Sprintf("%d(SP)", f.reserve(8))
	}
	if l > 0 {
		end = f.label("next")
	}
	limit := fmt.Sprintf("$%d", count.Const)
	if !count.Known() {
		limit = f.figure(count)
		f.line("CMPQ %s, $0", limit)
		f.line("JLE %s", end)
	}
	f.line("MOVQ $0, %s", counter)
	f.mark(top)
	f.outer(l+1, stages, done)
	for i, o := range f.k.Operands {
		f.advance(i, o.Steps[l])
	}
	f.line("INCQ %s", counter)
	if !inner && !count.Known() {
		f.line("MOVQ %s, R15", limit)
		limit = "R15"
	}
	f.line("CMPQ %s, %s", counter, limit)
	f.line("JLT %s", top)
	if l > 0 {
		f.lines = append(f.lines, end+":")
	}
}

// advance moves an operand's address to the next row.
func (f *function) advance(operand int, by Count) {
	if by.Known() && by.Const == 0 {
		return
	}
	to := f.places[operand].reg
	if to == "" {
		if !f.places[operand].moves {
			return // not of this pass
		}
		to = fmt.Sprintf("%d(SP)", f.places[operand].slot)
	}
	if by.Known() {
		f.line("ADDQ $%d, %s", by.Const, to)
		return
	}
	f.line("MOVQ %s, R15", f.figure(by))
	f.line("ADDQ R15, %s", to)
}

// tree combines 16 lanes in the registers to one number in lane 0 of the first: lane i takes lane i+8, then i+4, i+2, i+1. Registers 12 to
// 15 are overwritten.
func (f *function) tree(how Reduction, regs []int) {
	s := "P" + suffix(f.k.Size)
	step := func(letter string, a, x int) {
		ra, rx := fmt.Sprintf("%s%d", letter, a), fmt.Sprintf("%s%d", letter, x)
		t, u := letter+"12", letter+"13"
		switch {
		case how == Total:
			f.line("VADD%s %s, %s, %s", s, rx, ra, ra)
		case letter == "Z":
			f.line("VCMP%s $0, %s, %s, K2", s, rx, ra)
			f.line("VAND%s %s, %s, %s", s, rx, ra, u)
			f.line("VMAX%s %s, %s, %s", s, rx, ra, rx)
			f.line("VMOVA%s %s, K2, %s", s, u, rx)
			f.line("VCMP%s $3, %s, %s, K2", s, ra, ra)
			f.line("VMOVA%s %s, K2, %s", s, ra, rx)
			f.line("VMOVA%s %s, %s", s, rx, ra)
		default:
			f.line("VCMP%s $0, %s, %s, %s", s, rx, ra, t)
			f.line("VAND%s %s, %s, %s", s, rx, ra, u)
			f.line("VMAX%s %s, %s, %s", s, rx, ra, rx)
			f.line("VBLENDV%s %s, %s, %s, %s", s, t, u, rx, rx)
			f.line("VCMP%s $3, %s, %s, %s", s, ra, ra, t)
			f.line("VBLENDV%s %s, %s, %s, %s", s, t, ra, rx, ra)
		}
	}
	for n := f.m.pieces(f.k.Size); n > 1; n /= 2 {
		for i := range n / 2 {
			if i+n/2 < len(regs) {
				step(f.m.reg, regs[i], regs[i+n/2])
			}
		}
	}
	r := regs[0]
	if f.m.reg == "Z" {
		f.line("VEXTRACTF64X4 $1, Z%d, Y15", r)
		step("Y", r, 15)
	}
	if f.m.reg != "X" {
		f.line("VEXTRACTF128 $1, Y%d, X15", r)
		step("X", r, 15)
	}
	if f.k.Size == 4 {
		f.line("VPERMILPS $0xEE, X%d, X15", r)
		step("X", r, 15)
		f.line("VPERMILPS $0x55, X%d, X15", r)
	} else {
		f.line("VPERMILPD $1, X%d, X15", r)
	}
	step("X", r, 15)
}

// broadcast is the instruction that fills a vector with one element of memory.
func (f *function) broadcast() string {
	if f.k.Size == 8 && f.m.reg == "X" {
		return "VMOVDDUP"
	}
	return "VBROADCASTS" + suffix(f.k.Size)
}
