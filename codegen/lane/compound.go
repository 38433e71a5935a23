package lane

// This file answers: which often used steps take several primitives? Minima and maxima that keep NaN, and changes of sign.

import "math"

var negInf = math.Inf(-1)

// Max returns the larger of a and b as Go's max does: NaN if either is, and +0 above -0.
func (p *Program) Max(a, b Value) Value { return p.extreme(OpMax, OpAnd, a, b) }

// Min returns the smaller of a and b as Go's min does: NaN if either is, and -0 below +0.
func (p *Program) Min(a, b Value) Value { return p.extreme(OpMin, OpOr, a, b) }

// extreme: the instruction gives b where one is NaN or both are zero. A constant goes first, so that only the zeros are left to see to.
func (p *Program) extreme(op, zeros Op, a, b Value) Value {
	if _, ok := p.constant(b); ok {
		a, b = b, a
	}
	switch bits, known := p.constant(a); {
	case known && bits == 0 && op == OpMax:
		return p.Do(OpSelect, p.Do(OpNLE, b, a), b, a) // b where it is above zero or NaN
	case known && bits == 0:
		return p.Do(OpSelect, p.Do(OpNLT, a, b), b, a) // b where it is not above zero
	case known && p.isNaN(bits):
		return a
	case known && bits != floatBits(math.Copysign(0, -1), p.Size):
		return p.Do(op, a, b) // a is neither NaN nor zero
	}
	m := p.Do(OpSelect, p.Do(OpEQ, a, b), p.Do(zeros, a, b), p.Do(op, a, b))
	return p.Do(OpSelect, p.Do(OpUnord, a, a), a, m)
}

// isNaN reports whether a constant is no number.
func (p *Program) isNaN(bits uint64) bool {
	if p.Size == 4 {
		return math.IsNaN(float64(math.Float32frombits(uint32(bits))))
	}
	return math.IsNaN(math.Float64frombits(bits))
}

// Neg returns -a.
func (p *Program) Neg(a Value) Value { return p.Do(OpXor, a, p.signBit()) }

// Abs returns |a|.
func (p *Program) Abs(a Value) Value { return p.Do(OpAndNot, p.signBit(), a) }

func (p *Program) signBit() Value { return p.Float(math.Copysign(0, -1)) }
