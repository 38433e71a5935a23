package lane

// This file answers: how do the instruction sets differ?

import "fmt"

// A machine is one instruction set.
type machine struct {
	name  string // suffix of functions
	bytes int    // of a vector register
	regs  int    // vector registers
	reg   string // their letter
	masks bool   // mask registers, masked stores and broadcast memory operands
}

var (
	avx2   = &machine{name: "AVX2", bytes: 32, regs: 16, reg: "Y"}
	avx512 = &machine{name: "AVX512", bytes: 64, regs: 32, reg: "Z", masks: true}
	// Machines are the instruction sets that kernels are printed for.
	Machines = []string{avx2.name, avx512.name}
)

// narrow is the machine with vectors just wide enough for n elements: short rows need no masks then, and their sums fewer steps.
func (m *machine) narrow(n, size int) *machine {
	for _, w := range []struct {
		bytes int
		reg   string
	}{{16, "X"}, {32, "Y"}} {
		if w.bytes < m.bytes && n*size <= w.bytes {
			c := *m
			c.bytes, c.reg = w.bytes, w.reg
			return &c
		}
	}
	return m
}

// maskRegs is how many mask registers hold values: K0 cannot mask, K1 is the tail's, K7 serves spread elements.
const maskRegs = 5

// lanes is the number of elements of a vector.
func (m *machine) lanes(size int) int { return m.bytes / size }

// pieces is the number of vectors that hold 16 elements.
func (m *machine) pieces(size int) int { return 16 * size / m.bytes }

func (m *machine) vec(r int) string { return fmt.Sprintf("%s%d", m.reg, r) }

func suffix(size int) string {
	if size == 4 {
		return "S"
	}
	return "D"
}
