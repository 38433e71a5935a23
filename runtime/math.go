package nnrt

// This file answers: which elementary functions may generated code call, and which code serves them?
//
// Every function is generic and inlines to a choice that is constant per instantiation: float64 goes to package
// math, float32 to the formulas of the math32 files.

import (
	"math"
	"unsafe"
)

// roundShift rounds a small float64 to an integer when added, and leaves that integer in its low bits. Unlike a
// conversion it treats NaN and infinity alike on all architectures.
const roundShift = 0x1.8p52

// is32 reports whether T is float32; the compiler folds it per instantiation.
func is32[T Float](x T) bool { return unsafe.Sizeof(x) == 4 }

// Exp returns e**x.
func Exp[T Float](x T) T {
	if is32(x) {
		return T(exp32(float32(x)))
	}
	return T(math.Exp(float64(x)))
}

// Log returns the natural logarithm of x: NaN below zero, -Inf at zero.
func Log[T Float](x T) T {
	if is32(x) {
		return T(log32(float32(x)))
	}
	return T(math.Log(float64(x)))
}

// Log1p returns log(1+x), accurate near zero.
func Log1p[T Float](x T) T {
	if is32(x) {
		return T(log1p32(float32(x)))
	}
	return T(math.Log1p(float64(x)))
}

// Expm1 returns e**x - 1, accurate near zero.
func Expm1[T Float](x T) T {
	if is32(x) {
		return T(expm132(float32(x)))
	}
	return T(math.Expm1(float64(x)))
}

// Sin returns the sine of x radians.
func Sin[T Float](x T) T {
	if is32(x) {
		return T(sin32(float32(x)))
	}
	return T(math.Sin(float64(x)))
}

// Cos returns the cosine of x radians.
func Cos[T Float](x T) T {
	if is32(x) {
		return T(cos32(float32(x)))
	}
	return T(math.Cos(float64(x)))
}

// Tan returns the tangent of x radians.
func Tan[T Float](x T) T {
	if is32(x) {
		return T(tan32(float32(x)))
	}
	return T(math.Tan(float64(x)))
}

// Asin returns the arc sine of x in radians; NaN outside [-1, 1].
func Asin[T Float](x T) T { return T(math.Asin(float64(x))) }

// Acos returns the arc cosine of x in radians; NaN outside [-1, 1].
func Acos[T Float](x T) T { return T(math.Acos(float64(x))) }

// Atan returns the arc tangent of x in radians.
func Atan[T Float](x T) T { return T(math.Atan(float64(x))) }

// Sinh returns the hyperbolic sine of x.
func Sinh[T Float](x T) T {
	if is32(x) {
		return T(sinh32(float32(x)))
	}
	return T(math.Sinh(float64(x)))
}

// Cosh returns the hyperbolic cosine of x.
func Cosh[T Float](x T) T {
	if is32(x) {
		return T(cosh32(float32(x)))
	}
	return T(math.Cosh(float64(x)))
}

// Tanh returns the hyperbolic tangent of x.
func Tanh[T Float](x T) T {
	if is32(x) {
		return T(tanh32(float32(x)))
	}
	return T(math.Tanh(float64(x)))
}

// Asinh returns the inverse hyperbolic sine of x.
func Asinh[T Float](x T) T {
	if is32(x) {
		return T(asinh32(float32(x)))
	}
	return T(math.Asinh(float64(x)))
}

// Acosh returns the inverse hyperbolic cosine of x; NaN below 1.
func Acosh[T Float](x T) T {
	if is32(x) {
		return T(acosh32(float32(x)))
	}
	return T(math.Acosh(float64(x)))
}

// Atanh returns the inverse hyperbolic tangent of x; NaN outside [-1, 1].
func Atanh[T Float](x T) T {
	if is32(x) {
		return T(atanh32(float32(x)))
	}
	return T(math.Atanh(float64(x)))
}

// Sigmoid returns the logistic function 1/(1+e**-x), with full relative accuracy on both sides.
func Sigmoid[T Float](x T) T {
	if is32(x) {
		return T(sigmoid32(float32(x)))
	}
	return T(sigmoid64(float64(x)))
}

// Erf returns the error function of x.
func Erf[T Float](x T) T {
	if is32(x) {
		return T(erf32(float32(x)))
	}
	return T(math.Erf(float64(x)))
}

// Sqrt returns the square root of x, correctly rounded.
func Sqrt[T Float](x T) T { return T(math.Sqrt(float64(x))) }

// Rsqrt returns 1/sqrt(x).
func Rsqrt[T Float](x T) T {
	if is32(x) {
		return T(rsqrt32(float32(x)))
	}
	return T(1 / math.Sqrt(float64(x)))
}

// Abs returns the absolute value of x.
func Abs[T Float](x T) T { return T(math.Abs(float64(x))) }

// Sign returns 1 above zero, -1 below zero, and x itself for zeros and NaN.
func Sign[T Float](x T) T {
	if x > 0 {
		return 1
	}
	if x < 0 {
		return -1
	}
	return x
}

// Floor returns the greatest integer not above x.
func Floor[T Float](x T) T { return T(math.Floor(float64(x))) }

// Ceil returns the least integer not below x.
func Ceil[T Float](x T) T { return T(math.Ceil(float64(x))) }

// Round returns the nearest integer, halves to even.
func Round[T Float](x T) T { return T(math.RoundToEven(float64(x))) }

// Pow returns x**y with the special cases of [math.Pow].
func Pow[T Float](x, y T) T {
	if is32(x) {
		return T(pow32(float32(x), float32(y)))
	}
	return T(math.Pow(float64(x), float64(y)))
}

// Atan2 returns the angle of the point (x, y) in (-Pi, Pi].
func Atan2[T Float](y, x T) T { return T(math.Atan2(float64(y), float64(x))) }

// Min returns the smaller of x and y; NaN if either is NaN; -0 is below +0.
func Min[T Float](x, y T) T { return min(x, y) }

// Max returns the larger of x and y; NaN if either is NaN; +0 is above -0.
func Max[T Float](x, y T) T { return max(x, y) }

// FMA returns x*y + z rounded once.
func FMA[T Float](x, y, z T) T {
	if is32(x) {
		return T(fmaOdd(float64(x), float64(y), float64(z)))
	}
	return T(math.FMA(float64(x), float64(y), float64(z)))
}

// sigmoid64 divides so that neither side cancels or overflows: for negative x the small numerator carries the
// relative accuracy.
func sigmoid64(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// fmaOdd computes x*y + z for float32 values held in float64, so that rounding the result to float32 rounds only
// once: the product is exact, and the sum is rounded to odd (Boldo and Melquiond 2008), which leaves a mark of
// the bits lost for the second rounding to see.
func fmaOdd(x, y, z float64) float64 {
	p := float64(x * y)
	s := p + z
	// TwoSum (Knuth): err is exactly what the addition lost.
	t := s - p
	err := (p - (s - t)) + (z - t)
	if err == 0 || err != err {
		return s
	}
	b := math.Float64bits(s)
	if b&1 == 0 {
		// Step towards the exact sum; s is not zero, since an inexact sum is normal here.
		if (err > 0) == (s > 0) {
			b++
		} else {
			b--
		}
	}
	return math.Float64frombits(b)
}
