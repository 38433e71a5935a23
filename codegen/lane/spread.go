package lane

// This file answers: how are elements read and written that do not lie side by side? With rows in the lanes, one column of a row-major
// matrix is such a vector.

import "fmt"

// Registers of bodies with spread elements: AVX2 masks by a vector, and both machines take the distances from one.
const (
	spreadMask  = 12
	spreadIndex = 13
)

// spread leaves the address of lane 0 in R15, less the offset that it returns.
func (b *body) spread(operand, off, step int) int {
	p := b.places[operand]
	switch {
	case p.frame:
		panic("lane: spread elements in the frame")
	case p.reg == "":
		b.pointer(operand)
		b.line("MOVQ R15, BX") // free: there is no loop over rows around
		b.line("IMUL3Q $%d, AX, R15", step)
		b.line("ADDQ BX, R15")
	default:
		b.line("IMUL3Q $%d, AX, R15", step)
		b.line("ADDQ %s, R15", p.reg)
	}
	return off*b.p.Size + b.off*step
}

// indexed returns the memory operand of all lanes.
func (b *body) indexed(off, step int) string {
	letter := b.m.reg
	if b.p.Size == 8 { // distances are half as wide as elements
		letter = map[string]string{"Z": "Y", "Y": "X", "X": "X"}[letter]
	}
	index := fmt.Sprintf("%s%d", letter, spreadIndex)
	b.line("VMOVDQU%s %s, %s", b.wide(), b.distances(step*b.p.Size), index)
	return fmt.Sprintf("%d(R15)(%s*1)", off, index)
}

// allLanes sets the mask of a spread access, which the instruction clears, and returns it.
func (b *body) allLanes() string {
	m := b.m.vec(spreadMask)
	switch {
	case b.m.masks && b.tail != "":
		b.line("KMOVW %s, K7", b.tail)
		return "K7"
	case b.m.masks:
		b.line("KXNORW K7, K7, K7")
		return "K7"
	case b.tail != "":
		b.line("VMOVAPS %s, %s", b.tail, m)
	default:
		b.line("VPCMPEQD %s, %s, %s", m, m, m)
	}
	return m
}

func (b *body) loadSpread(in *Inst, d string) {
	mem := b.indexed(b.spread(in.Index, in.Off, in.Step), in.Step)
	mask := b.allLanes()
	if b.m.masks {
		b.line("VGATHERDP%s %s, %s, %s", suffix(b.p.Size), mem, mask, d)
	} else {
		b.line("VGATHERDP%s %s, %s, %s", suffix(b.p.Size), mask, mem, d)
	}
}

// storeSpread writes stores of one operand and step, row by row: from the frame, since AVX-512's instruction for it takes ten times as long on Zen 4, and
// loads of what it has written wait for all of it.
func (b *body) storeSpread(stores []Store) {
	size, step, lanes := b.p.Size, stores[0].Step, b.m.lanes(b.p.Size)
	slots := make([]int, len(stores))
	for i, s := range stores {
		clear(b.pin)
		slots[i] = b.spill()
		b.line("VMOVUPS %s, %d(SP)", b.reg(s.Value), slots[i])
	}
	row := b.spread(stores[0].Operand, 0, step)
	first := b.off / size // row of lane 0
	top, end := b.label("row"), b.label("end")
	if b.tail != "" && first > 0 {
		b.line("CMPQ CX, $%d", first)
		b.line("JLE %s", end)
	}
	b.line("MOVQ $%d, BX", first)
	b.mark(top)
	for i, s := range stores {
		b.line("VMOVS%s %d(SP)(BX*%d), X%d", suffix(size), slots[i]-first*size, size, spreadIndex)
		b.line("VMOVS%s X%d, %d(R15)", suffix(size), spreadIndex, row+s.Off*size)
	}
	b.line("ADDQ $%d, R15", step*size)
	b.line("INCQ BX")
	if b.tail != "" {
		b.line("CMPQ BX, CX")
		b.line("JGE %s", end)
	}
	b.line("CMPQ BX, $%d", first+lanes)
	b.line("JLT %s", top)
	b.lines = append(b.lines, end+":")
}

// distances returns the memory operand of 0, step, 2*step, ... as int32.
func (f *function) distances(step int) string {
	return f.file.series(fmt.Sprintf("distances_%d", step), 0, step)
}
