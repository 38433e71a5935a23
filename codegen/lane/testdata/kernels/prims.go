package main

// This file answers: what does a lane primitive compute? One lane at a time, for both sizes of floats. Where a result is not a number its bits
// are left open, as the machines differ, and so is what is made of these bits.

import (
	"fmt"
	"math"

	"nngen/codegen/lane"
)

// A doubt says how much of a word is specified.
type doubt uint8

const (
	exact   doubt = iota // every bit
	someNaN              // not a number, with any sign and payload
	open                 // nothing
)

// A word is one lane: the bits of a float or an int, 0 or 1 for a mask.
type word struct {
	bits  uint64
	doubt doubt
}

func toFloat(w word, size int) float64 {
	if size == 4 {
		return float64(math.Float32frombits(uint32(w.bits)))
	}
	return math.Float64frombits(w.bits)
}

// ofFloat rounds x, which is the exact result of one operation or correctly rounded to float64 by it; for + - * / and square roots the second
// rounding to float32 does no harm, because float64 has more than twice the digits.
func ofFloat(x float64, size int) word {
	w := word{bits: math.Float64bits(x)}
	if size == 4 {
		w.bits = uint64(math.Float32bits(float32(x)))
	}
	if x != x {
		w.doubt = someNaN
	}
	return w
}

func ofInt(x int32) word { return word{bits: uint64(uint32(x))} }

func ofBool(b bool) word {
	if b {
		return word{bits: 1}
	}
	return word{}
}

// do computes one instruction.
func do(in *lane.Inst, size int, a, b, c word) word {
	switch in.Op {
	case lane.OpSelect, lane.OpISelect:
		switch {
		case a.doubt != exact:
			return word{doubt: open}
		case a.bits != 0:
			return b
		}
		return c
	case lane.OpAnd, lane.OpOr, lane.OpXor, lane.OpAndNot:
		return bitwise(in.Op, size, a, b)
	case lane.OpUnbits:
		return a
	}
	if a.doubt == open || b.doubt == open || c.doubt == open {
		return word{doubt: open}
	}
	switch in.Type {
	case lane.Float:
		return floats(in, size, a, b, c)
	case lane.Mask:
		return ofBool(masks(in.Op, size, a, b))
	}
	return ints(in, size, a, b)
}

// bitwise knows what happens to the bits of a NaN in the steps that change or copy signs.
func bitwise(op lane.Op, size int, a, b word) word {
	sign := uint64(1) << (8*size - 1)
	var w word
	switch op {
	case lane.OpAnd:
		w.bits = a.bits & b.bits
	case lane.OpOr:
		w.bits = a.bits | b.bits
	case lane.OpXor:
		w.bits = a.bits ^ b.bits
	case lane.OpAndNot:
		w.bits = b.bits &^ a.bits
	}
	if op != lane.OpAndNot && a.doubt != exact {
		a, b = b, a
	}
	switch { // b is the one in doubt
	case a.doubt == exact && b.doubt == exact:
	case a.doubt == exact && b.doubt == someNaN && (op == lane.OpOr || a.bits&^sign == 0 && op != lane.OpAnd):
		w.doubt = someNaN
	default:
		w.doubt = open
	}
	return w
}

func floats(in *lane.Inst, size int, a, b, c word) word {
	x, y := toFloat(a, size), toFloat(b, size)
	switch in.Op {
	case lane.OpAdd:
		return ofFloat(x+y, size)
	case lane.OpSub:
		return ofFloat(x-y, size)
	case lane.OpMul:
		return ofFloat(x*y, size)
	case lane.OpDiv:
		return ofFloat(x/y, size)
	case lane.OpFMA:
		return ofFloat(fused(x, y, toFloat(c, size), size), size)
	case lane.OpFNMA:
		return ofFloat(fused(-x, y, toFloat(c, size), size), size)
	case lane.OpSqrt:
		return ofFloat(math.Sqrt(x), size)
	case lane.OpMin:
		if x < y {
			return a
		}
		return b
	case lane.OpMax:
		if x > y {
			return a
		}
		return b
	case lane.OpRound:
		return ofFloat(math.RoundToEven(x), size)
	case lane.OpFloor:
		return ofFloat(math.Floor(x), size)
	case lane.OpCeil:
		return ofFloat(math.Ceil(x), size)
	case lane.OpTrunc:
		return ofFloat(math.Trunc(x), size)
	case lane.OpFromInt:
		return ofFloat(float64(int32(a.bits)), size)
	}
	panic(fmt.Sprintf("no meaning of %s", in.Op))
}

// fused returns x*y + z rounded once to the size. For float32 the product is exact in float64, and the sum is rounded to odd there, which keeps
// a mark of the digits lost (Boldo and Melquiond, 2008).
func fused(x, y, z float64, size int) float64 {
	if size == 8 {
		return math.FMA(x, y, z)
	}
	p := x * y
	s := p + z
	t := s - p
	lost := (p - (s - t)) + (z - t)
	if lost == 0 || lost != lost || s == 0 || math.Float64bits(s)&1 == 1 {
		return s
	}
	if (lost > 0) == (s > 0) {
		return math.Float64frombits(math.Float64bits(s) + 1)
	}
	return math.Float64frombits(math.Float64bits(s) - 1)
}

func masks(op lane.Op, size int, a, b word) bool {
	x, y := toFloat(a, size), toFloat(b, size)
	switch op {
	case lane.OpLT:
		return x < y
	case lane.OpLE:
		return x <= y
	case lane.OpEQ:
		return x == y
	case lane.OpNE:
		return x != y
	case lane.OpNLT:
		return !(x < y)
	case lane.OpNLE:
		return !(x <= y)
	case lane.OpUnord:
		return x != x || y != y
	case lane.OpIEQ:
		return a.bits == b.bits
	case lane.OpIGT:
		return int32(a.bits) > int32(b.bits)
	case lane.OpMAnd:
		return a.bits&b.bits != 0
	case lane.OpMOr:
		return a.bits|b.bits != 0
	case lane.OpMXor:
		return a.bits != b.bits
	}
	panic(fmt.Sprintf("no meaning of %s", op))
}

func ints(in *lane.Inst, size int, a, b word) word {
	x, y := int32(a.bits), int32(b.bits)
	switch in.Op {
	case lane.OpIAdd:
		return ofInt(x + y)
	case lane.OpISub:
		return ofInt(x - y)
	case lane.OpIAnd:
		return ofInt(x & y)
	case lane.OpIOr:
		return ofInt(x | y)
	case lane.OpShl:
		return ofInt(x << in.Imm)
	case lane.OpShr:
		return ofInt(int32(uint32(x) >> in.Imm))
	case lane.OpSar:
		return ofInt(x >> in.Imm)
	case lane.OpToInt:
		return converted(math.RoundToEven(toFloat(a, size)))
	case lane.OpTruncInt:
		return converted(math.Trunc(toFloat(a, size)))
	case lane.OpBits:
		if a.doubt != exact {
			return word{doubt: open}
		}
		return a
	}
	panic(fmt.Sprintf("no meaning of %s", in.Op))
}

// converted is -1<<31 where there is no such int.
func converted(x float64) word {
	if x >= -1<<31 && x < 1<<31 {
		return ofInt(int32(x))
	}
	return ofInt(math.MinInt32)
}

// largest is the maximum as Go's max has it.
func largest(a, b word, size int) word {
	if a.doubt == open || b.doubt == open {
		return word{doubt: open}
	}
	return ofFloat(max(toFloat(a, size), toFloat(b, size)), size)
}

// total is the sum.
func total(a, b word, size int) word {
	if a.doubt == open || b.doubt == open {
		return word{doubt: open}
	}
	return ofFloat(toFloat(a, size)+toFloat(b, size), size)
}
