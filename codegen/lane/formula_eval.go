package lane

// This file answers: which bits does a program give? An interpreter of programs on float32, with the exact meaning of every primitive, is what assembly
// and portable Go are compared with.

import (
	"fmt"
	"math"
)

// An Interpreter runs a Program on blocks of elements. It is for tests: clear, exact, and fast enough to run over every float32.
type Interpreter struct {
	program *Program
	lanes   [][]uint32 // of each instruction: bits of floats and ints, 0 or 1 for masks
}

// NewInterpreter returns an interpreter of p, which must be on float32.
func NewInterpreter(p *Program) *Interpreter {
	return &Interpreter{program: p, lanes: make([][]uint32, len(p.Insts))}
}

// Run writes the lanes of value v to out; operands[i] holds the elements that loads of operand i read and inputs the numbers of OpInput. Lane numbers
// count from zero.
func (m *Interpreter) Run(out []float32, v Value, operands [][]float32, inputs []float32) {
	for i := range m.program.Insts[:v+1] {
		if cap(m.lanes[i]) < len(out) {
			m.lanes[i] = make([]uint32, len(out))
		}
		m.lanes[i] = m.lanes[i][:len(out)]
		m.step(&m.program.Insts[i], m.lanes[i], operands, inputs)
	}
	for i, b := range m.lanes[v] {
		out[i] = math.Float32frombits(b)
	}
}

// step computes the lanes d of one instruction.
func (m *Interpreter) step(in *Inst, d []uint32, operands [][]float32, inputs []float32) {
	var args [3][]uint32
	for i := range args {
		args[i] = d // any slice as long, where there is no argument
		if i < len(in.Args) {
			args[i] = m.lanes[in.Args[i]][:len(d)]
		}
	}
	switch in.Op {
	case OpConst:
		fill(d, uint32(in.Imm))
	case OpInput:
		fill(d, math.Float32bits(inputs[in.Index]))
	case OpLoad:
		for i := range d {
			d[i] = math.Float32bits(operands[in.Index][i])
		}
	case OpLane:
		for i := range d {
			d[i] = uint32(i)
		}
	default:
		f, ok := meanings[in.Op]
		if !ok {
			panic(fmt.Sprintf("lane: the interpreter does not know %s", in.Op))
		}
		f(d, args[0], args[1], args[2], uint32(in.Imm))
	}
}

func fill(d []uint32, x uint32) {
	for i := range d {
		d[i] = x
	}
}

// A meaning computes the lanes d of a primitive from those of its arguments and the constant of a shift.
type meaning func(d, a, b, c []uint32, imm uint32)

// meanings is the column of the ops table that the interpreter needs.
var meanings = map[Op]meaning{
	OpAdd: func(d, a, b, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(math.Float32frombits(a[i]) + math.Float32frombits(b[i]))
		}
	},
	OpSub: func(d, a, b, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(math.Float32frombits(a[i]) - math.Float32frombits(b[i]))
		}
	},
	OpMul: func(d, a, b, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(math.Float32frombits(a[i]) * math.Float32frombits(b[i]))
		}
	},
	OpDiv: func(d, a, b, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(math.Float32frombits(a[i]) / math.Float32frombits(b[i]))
		}
	},
	OpFMA: func(d, a, b, c []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(fused(math.Float32frombits(a[i]), math.Float32frombits(b[i]), math.Float32frombits(c[i])))
		}
	},
	OpFNMA: func(d, a, b, c []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(fused(-math.Float32frombits(a[i]), math.Float32frombits(b[i]), math.Float32frombits(c[i])))
		}
	},
	OpSqrt:  rounding(math.Sqrt),
	OpRound: rounding(math.RoundToEven),
	OpFloor: rounding(math.Floor),
	OpCeil:  rounding(math.Ceil),
	OpTrunc: rounding(math.Trunc),
	OpMin: floats(func(a, b float32) float32 {
		if a < b {
			return a
		}
		return b
	}),
	OpMax: floats(func(a, b float32) float32 {
		if a > b {
			return a
		}
		return b
	}),
	OpAnd:    ints(func(a, b uint32) uint32 { return a & b }),
	OpOr:     ints(func(a, b uint32) uint32 { return a | b }),
	OpXor:    ints(func(a, b uint32) uint32 { return a ^ b }),
	OpAndNot: ints(func(a, b uint32) uint32 { return b &^ a }),
	OpLT:     comparison(func(a, b float32) bool { return a < b }),
	OpLE:     comparison(func(a, b float32) bool { return a <= b }),
	OpEQ:     comparison(func(a, b float32) bool { return a == b }),
	OpNE:     comparison(func(a, b float32) bool { return a != b }),
	OpNLT:    comparison(func(a, b float32) bool { return !(a < b) }),
	OpNLE:    comparison(func(a, b float32) bool { return !(a <= b) }),
	OpUnord:  comparison(func(a, b float32) bool { return a != a || b != b }),
	OpIEQ:    ints(func(a, b uint32) uint32 { return mask(a == b) }),
	OpIGT:    ints(func(a, b uint32) uint32 { return mask(int32(a) > int32(b)) }),
	OpMAnd:   ints(func(a, b uint32) uint32 { return a & b }),
	OpMOr:    ints(func(a, b uint32) uint32 { return a | b }),
	OpMXor:   ints(func(a, b uint32) uint32 { return a ^ b }),
	OpSelect: choose, OpISelect: choose,
	OpIAdd: ints(func(a, b uint32) uint32 { return a + b }),
	OpISub: ints(func(a, b uint32) uint32 { return a - b }),
	OpIAnd: ints(func(a, b uint32) uint32 { return a & b }),
	OpIOr:  ints(func(a, b uint32) uint32 { return a | b }),
	OpShl: func(d, a, _, _ []uint32, by uint32) {
		for i := range d {
			d[i] = a[i] << by
		}
	},
	OpShr: func(d, a, _, _ []uint32, by uint32) {
		for i := range d {
			d[i] = a[i] >> by
		}
	},
	OpSar: func(d, a, _, _ []uint32, by uint32) {
		for i := range d {
			d[i] = uint32(int32(a[i]) >> by)
		}
	},
	OpFromInt: func(d, a, _, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(float32(int32(a[i])))
		}
	},
	OpToInt:    conversion(math.RoundToEven),
	OpTruncInt: conversion(math.Trunc),
	OpBits:     func(d, a, _, _ []uint32, _ uint32) { copy(d, a) },
	OpUnbits:   func(d, a, _, _ []uint32, _ uint32) { copy(d, a) },
}

func mask(m bool) uint32 {
	if m {
		return 1
	}
	return 0
}

func choose(d, m, a, b []uint32, _ uint32) {
	for i := range d {
		d[i] = b[i]
		if m[i] != 0 {
			d[i] = a[i]
		}
	}
}

func ints(f func(a, b uint32) uint32) meaning {
	return func(d, a, b, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = f(a[i], b[i])
		}
	}
}

func floats(f func(a, b float32) float32) meaning {
	return ints(func(a, b uint32) uint32 {
		return math.Float32bits(f(math.Float32frombits(a), math.Float32frombits(b)))
	})
}

func comparison(f func(a, b float32) bool) meaning {
	return ints(func(a, b uint32) uint32 { return mask(f(math.Float32frombits(a), math.Float32frombits(b))) })
}

func rounding(f func(float64) float64) meaning {
	return func(d, a, _, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = math.Float32bits(float32(f(float64(math.Float32frombits(a[i])))))
		}
	}
}

// conversion to int: what has none becomes -1<<31.
func conversion(f func(float64) float64) meaning {
	return func(d, a, _, _ []uint32, _ uint32) {
		for i := range d {
			d[i] = 1 << 31
			if x := f(float64(math.Float32frombits(a[i]))); x >= -1<<31 && x < 1<<31 {
				d[i] = uint32(int32(x))
			}
		}
	}
}

// fused returns x*y + z rounded once. The product is exact in float64, and so is rounding the sum there to odd (Boldo and Melquiond, 2008), which leaves
// a mark of the bits lost; the sum is rounded to odd only where rounding it to float32 could depend on them.
func fused(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := p + float64(z)
	bits := math.Float64bits(s)
	if exp := bits >> 52 & 0x7ff; bits&(1<<29-1) != 1<<28 && exp > 1023-126 {
		return float32(s) // normal and not half way between two float32
	}
	t := s - p
	err := (p - (s - t)) + (float64(z) - t)
	if err == 0 || err != err || s == 0 || bits&1 == 1 {
		return float32(s)
	}
	if (err > 0) == (s > 0) {
		return float32(math.Float64frombits(bits + 1))
	}
	return float32(math.Float64frombits(bits - 1))
}
