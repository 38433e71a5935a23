package main

// This file answers: where do operands lie? Each at the beginning or the end of a region of its own, whose neighbours may not be touched, or
// somewhere in between; what is around it must stay as it is.

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"unsafe"

	"nngen/codegen/lane"
)

// regionBytes is the size of a region, guardByte what it is filled with.
const (
	regionBytes = 1 << 21
	guardByte   = 0xa5
	guardBytes  = 256 // looked at on both sides
)

// A memory is an operand as the interpreter sees it.
type memory struct {
	size  int // bytes of an element
	first int // element of words[0], counted from the pointer
	words []word
	wrote []bool

	region []byte
	place  int // of words[0] in the region
}

// word returns the element at a distance in bytes from the pointer.
func (m *memory) word(off int) *word {
	if off%m.size != 0 {
		panic(fmt.Sprintf("an element at byte %d", off))
	}
	return &m.words[off/m.size-m.first]
}

func (m *memory) write(off int, w word) {
	*m.word(off) = w
	m.wrote[off/m.size-m.first] = true
}

// pointer is what the function gets.
func (m *memory) pointer() unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(m.region)), m.place-m.first*m.size)
}

// fill writes the elements to the region.
func (m *memory) fill() {
	end := m.place + len(m.words)*m.size
	for i := max(0, m.place-guardBytes); i < min(len(m.region), end+guardBytes); i++ {
		m.region[i] = guardByte
	}
	for i, w := range m.words {
		at := m.region[m.place+i*m.size:]
		if m.size == 4 {
			binary.LittleEndian.PutUint32(at, uint32(w.bits))
		} else {
			binary.LittleEndian.PutUint64(at, w.bits)
		}
	}
}

// read returns the bits of element i in the region.
func (m *memory) read(i int) uint64 {
	at := m.region[m.place+i*m.size:]
	if m.size == 4 {
		return uint64(binary.LittleEndian.Uint32(at))
	}
	return binary.LittleEndian.Uint64(at)
}

// compare reports the first element that is not as wanted, and whether the surroundings were written to.
func (m *memory) compare(want *memory, size int, float bool) error {
	end := m.place + len(m.words)*m.size
	for i := max(0, m.place-guardBytes); i < min(len(m.region), end+guardBytes); i++ {
		if (i < m.place || i >= end) && m.region[i] != guardByte {
			return fmt.Errorf("byte %d was written, %d bytes before the first element and %d after the last", i-m.place, m.place-i, i-end)
		}
	}
	for i, w := range want.words {
		got := m.read(i)
		bad := false
		switch w.doubt {
		case exact:
			bad = got != w.bits
		case someNaN:
			x := toFloat(word{bits: got}, size)
			bad = x == x
		}
		if bad && float {
			return fmt.Errorf("element %d is %g (%#x), want %g (%#x)", i+m.first, toFloat(word{bits: got}, size), got, toFloat(w, size), w.bits)
		}
		if bad {
			return fmt.Errorf("element %d is %d, want %d", i+m.first, int32(got), int32(w.bits))
		}
	}
	return nil
}

// An extent is the elements that a kernel touches, counted from the pointer.
type extent struct {
	lo, hi int
	any    bool
}

func (e *extent) touch(lo, hi int) {
	if lo >= hi {
		return
	}
	if !e.any {
		*e = extent{lo, hi, true}
	}
	e.lo, e.hi = min(e.lo, lo), max(e.hi, hi)
}

// extents walks the loops of a kernel and returns what it touches of each operand.
func extents(k *lane.Kernel, counts map[string]int) []extent {
	out := make([]extent, len(k.Operands))
	at := bases(k, counts)
	touch := func(operand, off, n int) {
		out[operand].touch(at[operand]/elementSize(k, operand)+off, at[operand]/elementSize(k, operand)+off+n)
	}
	width := func(st *lane.Stage, moves bool, step int) int {
		if !st.Loop {
			return 1
		}
		n := count(st.Inner, counts)
		if n == 0 && moves {
			return 0
		}
		return max(0, n-1)*stride(moves, step) + 1
	}
	for i := range k.Operands {
		if t := k.Operands[i].Turn; t != nil {
			touch(t.Operand, 0, t.Rows*t.Cols)
		}
	}
	var rows func(l, from, to int)
	rows = func(l, from, to int) {
		if l < len(k.Outer) && !k.Stages[from].Flat {
			for range max(1, count(k.Outer[l], counts)) { // what is the same for every row may be read without any
				rows(l+1, from, to)
				for o := range at {
					at[o] += count(k.Operands[o].Steps[l], counts)
				}
			}
			return
		}
		for i := from; i < to; i++ {
			st := &k.Stages[i]
			if g := st.Gather; g != nil {
				touch(g.B, 0, g.Cols)
				if g.Scaled {
					touch(g.A, 0, g.Rows)
				}
				continue
			}
			for _, v := range needed(st) {
				if in := st.Prog.Insts[v]; in.Op == lane.OpLoad {
					touch(in.Index, in.Off, width(st, in.Moves, in.Step))
				}
			}
			for _, s := range st.Stores {
				touch(s.Operand, s.Off, width(st, s.Moves, s.Step))
			}
		}
	}
	for from, to := range passes(k) {
		at = bases(k, counts)
		rows(0, from, to)
	}
	at = bases(k, counts)
	for i := range k.Stages {
		st := &k.Stages[i]
		for _, s := range st.Sums {
			touch(s.Operand, 0, 1)
		}
		if g := st.Gather; g != nil {
			touch(g.To, 0, g.Rows*g.Cols)
		}
	}
	return out
}

func elementSize(k *lane.Kernel, operand int) int {
	if k.Operands[operand].Type == lane.Int {
		return 4
	}
	return k.Size
}

// newMemory places an operand with random elements.
func newMemory(rng *rand.Rand, size int, t lane.Type, e extent, region []byte, wild float64) (*memory, error) {
	n := e.hi - e.lo
	if n*size > len(region) {
		return nil, fmt.Errorf("%d elements do not fit into a region", n)
	}
	m := &memory{size: size, first: e.lo, words: make([]word, n), wrote: make([]bool, n), region: region}
	few := []word{random(rng, size, t, wild), random(rng, size, t, wild)}
	if t == lane.Float && rng.IntN(2) == 0 {
		few = []word{ofFloat(0, size), ofFloat(math.Copysign(0, -1), size), ofFloat(math.Inf(-1), size)}
	}
	for i := range m.words {
		if m.words[i] = random(rng, size, t, wild); wild == 1 { // nothing but a few odd numbers
			m.words[i] = few[rng.IntN(len(few))]
		}
	}
	free := (len(region) - n*size) / size
	switch rng.IntN(3) {
	case 0: // nothing before it
	case 1:
		m.place = len(region) - n*size
	default:
		m.place = rng.IntN(min(free, 100)+1) * size
	}
	return m, nil
}
