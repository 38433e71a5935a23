package nnrt

// This file answers: what do the primitives of float32 formulas mean in Go? They are what single vector instructions do to a lane (codegen/lane/op.go);
// the compiler inlines all of them. math32_fma.go has the one whose rounding depends on the build.

import "math"

// fmaOnce32 returns a*b + c for formulas that rely on its single rounding. The product is exact in float64; where the sum is not, a second rounding may
// follow the first, which is seen only where the first one ends half way between two float32.
func fmaOnce32(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

// poly3 returns c0 + c1*x + c2*x**2 by Horner's rule; poly4, poly5 and poly6 have more terms.
func poly3(x, c0, c1, c2 float32) float32 { return fma32(fma32(c2, x, c1), x, c0) }

func poly4(x, c0, c1, c2, c3 float32) float32 {
	return fma32(fma32(fma32(c3, x, c2), x, c1), x, c0)
}

func poly5(x, c0, c1, c2, c3, c4 float32) float32 {
	return fma32(fma32(fma32(fma32(c4, x, c3), x, c2), x, c1), x, c0)
}

func poly6(x, c0, c1, c2, c3, c4, c5 float32) float32 {
	return fma32(fma32(fma32(fma32(fma32(c5, x, c4), x, c3), x, c2), x, c1), x, c0)
}

// select32 returns a where m, else b.
func select32(m bool, a, b float32) float32 {
	if m {
		return a
	}
	return b
}

// min32 returns a if a < b, else b: b too where one is NaN.
func min32(a, b float32) float32 {
	if a < b {
		return a
	}
	return b
}

// max32 returns a if a > b, else b: b too where one is NaN.
func max32(a, b float32) float32 {
	if a > b {
		return a
	}
	return b
}

// sqrt32 returns the square root of a, correctly rounded.
func sqrt32(a float32) float32 { return float32(math.Sqrt(float64(a))) }

// trunc32 returns a without its fraction.
func trunc32(a float32) float32 { return float32(math.Trunc(float64(a))) }

// unord32 reports whether one of them is NaN.
func unord32(a, b float32) bool { return a != a || b != b }

// and32 returns the bits that both have.
func and32(a, b float32) float32 {
	return math.Float32frombits(math.Float32bits(a) & math.Float32bits(b))
}

// or32 returns the bits that one of them has, or both.
func or32(a, b float32) float32 {
	return math.Float32frombits(math.Float32bits(a) | math.Float32bits(b))
}

// xor32 returns the bits that only one of them has.
func xor32(a, b float32) float32 {
	return math.Float32frombits(math.Float32bits(a) ^ math.Float32bits(b))
}

// andn32 returns the bits of b that a does not have.
func andn32(a, b float32) float32 {
	return math.Float32frombits(math.Float32bits(b) &^ math.Float32bits(a))
}

func signBit32() float32 { return math.Float32frombits(1 << 31) }
func inf32() float32     { return math.Float32frombits(0x7f800000) }
func nan32() float32     { return math.Float32frombits(0x7fc00000) }

// round32 rounds to the nearest integer, halves to even.
func round32(x float32) float32 { return float32(math.RoundToEven(float64(x))) }
