package lane

// This file answers: which registers hold the values of a program, and which instructions compute them? Linear scan: a value gets a
// register when it is computed and gives it back after its last use; when none is free, the value whose next use is furthest moves to the
// frame.

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A body prints one program for one vector of elements.
type body struct {
	*function
	p    *Program
	off  int    // bytes from the element that the index says to this vector
	idx  string // index register, or empty: the vector starts at the row
	tail string // mask register of a vector that is not full, or empty
	base int    // position of lane 0 along the inner loop, where there is no index register

	order []Value
	next  map[Value][]int // positions of uses to come
	at    map[Value]int   // vector or mask register that holds the value
	slot  map[Value]int   // place in the frame that holds it as well
	fixed map[Value]int   // registers that are not given away: accumulators, hoisted values, numbers of the row
	free  []int
	freeK []int
	pin   map[Value]bool // operands of the instruction being printed

	storing bool // elements in memory may no longer be what they were
	rare    rare
}

// newBody prepares a body of a stage whose results are roots. avail are the vector registers that it may use beside those that hold hoisted
// values and numbers of the row.
func (f *function) newBody(st *Stage, roots []Value, avail []int) *body {
	p := st.Prog
	b := &body{function: f, p: p, next: map[Value][]int{}, at: map[Value]int{}, slot: map[Value]int{}, fixed: map[Value]int{}, pin: map[Value]bool{}}
	b.free = slices.Clone(avail)
	maps.Copy(b.fixed, f.hoists[st])
	for k := maskRegs + 1; k > 1; k-- {
		b.freeK = append(b.freeK, k)
	}
	need := map[Value]bool{}
	var want func(v Value)
	want = func(v Value) {
		if !need[v] {
			need[v] = true
			for _, a := range p.Insts[v].Args {
				want(a)
			}
		}
	}
	for _, r := range roots {
		want(r)
	}
	for v := range p.Insts {
		if need[Value(v)] {
			b.order = append(b.order, Value(v))
		}
		if r, ok := f.numbers[p.Insts[v].Index]; ok && p.Insts[v].Op == OpInput {
			b.fixed[Value(v)] = r
		}
	}
	for i, v := range b.order {
		for _, a := range p.Insts[v].Args {
			b.next[a] = append(b.next[a], i)
		}
	}
	for _, r := range roots {
		b.next[r] = append(b.next[r], len(b.order))
	}
	return b
}

// run computes everything. What a leaf needs is done where it is used.
func (b *body) run() {
	for i, v := range b.order {
		in := &b.p.Insts[v]
		if ops[in.Op].form == formLeaf {
			continue
		}
		if in.Where != b.rare.where {
			b.endRare()
			b.beginRare(in.Where)
		}
		b.inst(i, v, in)
	}
	b.endRare()
}

// settle loads the results that are elements before anything is stored: stores may be in their place.
func (b *body) settle(roots []Value, stores []Store) {
	if len(stores) == 0 {
		return
	}
	b.storing = true
	for _, v := range roots {
		if b.p.Insts[v].Op == OpLoad {
			clear(b.pin)
			b.reg(v)
		}
	}
	clear(b.pin)
}

// use drops the uses of v up to position i; a value without uses gives its register back.
func (b *body) use(v Value, i int) {
	u := b.next[v]
	for len(u) > 0 && u[0] <= i {
		u = u[1:]
	}
	b.next[v] = u
	if len(u) == 0 {
		b.release(v)
	}
}

func (b *body) release(v Value) {
	r, ok := b.at[v]
	if !ok {
		return
	}
	delete(b.at, v)
	if _, ok := b.fixed[v]; ok {
		return
	}
	if b.inMask(v) {
		b.freeK = append(b.freeK, r)
	} else {
		b.free = append(b.free, r)
	}
}

func (b *body) inMask(v Value) bool { return b.m.masks && b.p.Type(v) == Mask }

// dies reports whether v, in a register, is not used after position i.
func (b *body) dies(v Value, i int) bool {
	if _, ok := b.at[v]; !ok {
		return false
	}
	u := b.next[v]
	return u[len(u)-1] <= i
}

// take returns a free register of v's kind.
func (b *body) take(v Value) int {
	list := &b.free
	if b.inMask(v) {
		list = &b.freeK
	}
	if len(*list) == 0 {
		b.evict(b.inMask(v))
	}
	r := (*list)[len(*list)-1]
	*list = (*list)[:len(*list)-1]
	return r
}

// evict frees the register of the value whose next use is furthest.
func (b *body) evict(mask bool) {
	far, victim := -1, Value(-1)
	for _, v := range b.order {
		if _, ok := b.at[v]; !ok || b.pin[v] || b.inMask(v) != mask {
			continue
		}
		if _, ok := b.fixed[v]; ok {
			continue
		}
		if n := b.next[v][0]; n > far {
			far, victim = n, v
		}
	}
	if victim < 0 {
		panic("lane: more operands than registers")
	}
	op := b.p.Insts[victim].Op
	if _, ok := b.slot[victim]; !ok && (ops[op].form != formLeaf || op == OpLoad && b.storing) {
		b.slot[victim] = b.spill()
		at := b.spillLine(victim)
		rest := slices.Clone(b.lines[at:])
		b.lines = b.lines[:at]
		if mask {
			b.line("KMOVW K%d, %d(SP)", b.at[victim], b.slot[victim])
		} else {
			b.line("VMOVUPS %s, %d(SP)", b.m.vec(b.at[victim]), b.slot[victim])
		}
		b.lines = append(b.lines, rest...)
	}
	b.release(victim)
}

// reg returns the register of v, loading it where it lies in memory.
func (b *body) reg(v Value) string {
	if _, ok := b.at[v]; !ok {
		if r, ok := b.fixed[v]; ok {
			b.at[v] = r
		} else {
			r := b.take(v)
			b.load(v, r)
			b.at[v] = r
		}
	}
	b.pin[v] = true
	return b.name(v)
}

func (b *body) name(v Value) string {
	if b.inMask(v) {
		return fmt.Sprintf("K%d", b.at[v])
	}
	return b.m.vec(b.at[v])
}

// note remembers, while a body is tried, that v had better be in a register.
func (b *body) note(v Value) {
	if b.loaded != nil && b.rare.where == 0 {
		b.loaded[v] = true
	}
}

// load fills register r with a leaf or with what was moved to the frame.
func (b *body) load(v Value, r int) {
	in := &b.p.Insts[v]
	d := b.m.vec(r)
	b.note(v)
	if s, ok := b.slot[v]; ok {
		if b.inMask(v) {
			b.line("KMOVW %d(SP), K%d", s, r)
		} else {
			b.line("VMOVUPS %d(SP), %s", s, d)
		}
		return
	}
	broadcast := b.broadcast()
	switch in.Op {
	case OpConst:
		if in.Imm == 0 {
			b.clear(r)
			return
		}
		b.line("%s %s, %s", broadcast, b.constant(in.Imm), d)
	case OpInput:
		mem, whole := b.input(in.Index)
		if whole {
			b.line("VMOVUPS %s, %s", mem, d)
		} else {
			b.line("%s %s, %s", broadcast, mem, d)
		}
	case OpLoad:
		b.loadOperand(in, d, broadcast)
	case OpLane:
		if b.idx == "" {
			b.line("VMOVDQU%s %s, %s", b.wide(), b.lanes(b.base), d)
			return
		}
		b.line("MOVQ %s, R15", b.idx)
		b.line("SHRQ $2, R15")
		if b.m.masks {
			b.line("VPBROADCASTD R15, %s", d)
		} else {
			b.line("VMOVD R15, X%d", r)
			b.line("VPBROADCASTD X%d, %s", r, d)
		}
		b.line("VPADDD %s, %s, %s", b.lanes(b.off/4), d, d)
	default:
		panic("lane: value is neither in a register nor in memory")
	}
}

// wide is the suffix of integer moves and operations that AVX-512 wants.
func (b *body) wide() string {
	if b.m.masks {
		return "32"
	}
	return ""
}

func (b *body) loadOperand(in *Inst, d, broadcast string) {
	if in.Step > 1 {
		b.loadSpread(in, d)
		return
	}
	mem := b.element(in)
	switch {
	case !in.Moves:
		b.line("%s %s, %s", broadcast, mem, d)
	case b.tail == "":
		b.line("VMOVUP%s %s, %s", suffix(b.p.Size), mem, d)
	case b.m.masks:
		b.line("VMOVUP%s.Z %s, %s, %s", suffix(b.p.Size), mem, b.tail, d)
	default:
		b.line("VMASKMOVP%s %s, %s, %s", suffix(b.p.Size), mem, b.tail, d)
	}
}

// element is the address that a load reads.
func (b *body) element(in *Inst) string {
	off := in.Off * b.p.Size
	if !in.Moves {
		return b.address(in.Index, off, "")
	}
	return b.address(in.Index, b.off+off, b.idx)
}

// memory returns v as a memory operand of an instruction on packed floats, and the mnemonic's suffix for it; or "".
func (b *body) memory(v Value) (mem, bcst string) {
	if _, ok := b.at[v]; ok {
		return "", ""
	}
	if _, ok := b.fixed[v]; ok {
		return "", ""
	}
	if s, ok := b.slot[v]; ok && b.p.Type(v) != Mask {
		return fmt.Sprintf("%d(SP)", s), ""
	}
	one := ""
	if b.m.masks {
		one = ".BCST"
	}
	in := &b.p.Insts[v]
	switch in.Op {
	case OpConst:
		if in.Imm == 0 {
			return "", ""
		}
		return b.constant(in.Imm), one
	case OpInput:
		mem, whole := b.input(in.Index)
		if whole {
			return mem, ""
		}
		return mem, one
	case OpLoad:
		switch {
		case b.far(in.Index), in.Step > 1:
		case !in.Moves && b.m.masks:
			return b.element(in), one
		case in.Moves && b.tail == "" && len(b.next[v]) == 1:
			return b.element(in), ""
		}
	}
	return "", ""
}

// stores writes values to their operands.
func (b *body) stores(list []Store) {
	for len(list) > 0 {
		n := 1
		if s := list[0]; s.Step > 1 {
			for n < len(list) && list[n].Operand == s.Operand && list[n].Step == s.Step {
				n++
			}
			b.storeSpread(list[:n])
		} else {
			clear(b.pin)
			b.store(s)
		}
		list = list[n:]
	}
}

// store writes v to an operand.
func (b *body) store(s Store) {
	r := b.reg(s.Value)
	off := s.Off * b.p.Size
	mem := b.address(s.Operand, b.off+off, b.idx)
	switch {
	case !s.Moves:
		b.line("VMOVS%s X%s, %s", suffix(b.p.Size), strings.TrimLeft(r, "XYZ"), b.address(s.Operand, off, ""))
	case b.tail == "":
		b.line("VMOVUP%s %s, %s", suffix(b.p.Size), r, mem)
	case b.m.masks:
		b.line("VMOVUP%s %s, %s, %s", suffix(b.p.Size), r, b.tail, mem)
	default:
		b.line("VMASKMOVP%s %s, %s, %s", suffix(b.p.Size), r, b.tail, mem)
	}
	delete(b.pin, s.Value)
}
