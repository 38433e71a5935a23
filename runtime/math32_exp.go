package nnrt

// This file answers: how are the functions built on e**x computed for float32?
//
// All of them compute in float64, where a short polynomial reaches an error of 2**-34, and round to float32 once;
// so results in the subnormal range are rounded once as well. The polynomials are minimax fits (Remez) of the
// relative error, with the bound stated at each. Integers are taken from the bits of a float by the addition of
// a large constant, never by a conversion, so NaN and infinity behave alike on all architectures.

import "math"

const (
	log2e = 1.4426950408889634074 // 1/log(2)

	// roundShift rounds a small float64 to an integer when added, and leaves that integer in its low bits.
	roundShift = 0x1.8p52
)

// exp2Split returns 2**t as p * scale for |t| below 1000: t is split into an integer and a fraction r in
// [-1/2, 1/2]; the polynomial for 2**r has a relative error of 2**-34.5.
func exp2Split(t float64) (p, scale float64) {
	k := t + roundShift
	r := t - (k - roundShift)
	r2 := float64(r * r)
	lo := 0x1.ffffffffabbb6p-1 + float64(r*0x1.62e42ff116242p-1)
	lo += float64(r2 * (0x1.ebfbe0a4bf5b3p-3 + float64(r*0x1.c6b08aaf31573p-5)))
	hi := 0x1.3b29dc404cc60p-7 + float64(r*0x1.5d8a708532d62p-10)
	hi += float64(r2 * (0x1.446a2038552f2p-13 + float64(r*0x1.fe1788f3cc4acp-17)))
	p = lo + float64(float64(r2*r2)*hi)
	return p, math.Float64frombits((math.Float64bits(k) + 1023) << 52)
}

// expCore returns e**x for |x| below 690 with a relative error of 2**-34; NaN gives NaN.
func expCore(x float64) float64 {
	p, scale := exp2Split(float64(x * log2e))
	return float64(p * scale)
}

// Beyond these arguments e**x is infinite and zero in float32.
const (
	expMax = 88.722839355
	expMin = -103.97208
)

func exp32(x float32) float32 {
	switch {
	case x > expMax:
		return float32(math.Inf(1))
	case x < expMin:
		return 0
	}
	return float32(expCore(float64(x)))
}

// expm1Core returns e**x - 1 for |x| below 690 with a relative error of 2**-32. Near zero it is a polynomial, since
// the subtraction would cancel there.
func expm1Core(x float64) float64 {
	if x > -0.25 && x < 0.25 {
		x2 := float64(x * x)
		p := 0x1.00000001a095bp-1 + float64(x*0x1.55555559ac470p-3)
		q := 0x1.5555380b9360fp-5 + float64(x*0x1.1110f5960813ap-7)
		q += float64(x2 * (0x1.6cb2eb495fb67p-10 + float64(x*0x1.a0d3170082fcbp-13)))
		return float64(x * (1 + float64(x*(p+float64(x2*q)))))
	}
	return expCore(x) - 1
}

func expm132(x float32) float32 {
	switch {
	case x > expMax:
		return float32(math.Inf(1))
	case x < -20:
		return -1
	}
	return float32(expm1Core(float64(x)))
}

func sigmoid32(x float32) float32 {
	switch {
	case x > 20:
		return 1
	case x < expMin:
		return 0
	}
	return float32(1 / (1 + expCore(-float64(x))))
}

func tanh32(x float32) float32 {
	switch {
	case x > 9.02:
		return 1
	case x < -9.02:
		return -1
	case x > -0.25 && x < 0.25:
		// x * (1 + x**2*P(x**2)), relative error 2**-35.
		y := float64(x)
		w := float64(y * y)
		w2 := float64(w * w)
		p := -0x1.555554bdfaeb9p-2 + float64(w*0x1.1110583a5f9f7p-3)
		p += float64(w2 * (-0x1.b98ef9e87c7bfp-5 + float64(w*0x1.5114633f1297ep-6)))
		return float32(y * (1 + float64(w*p)))
	}
	return float32(1 - 2/(expCore(2*float64(x))+1))
}

func sinh32(x float32) float32 {
	if x > 90 || x < -90 {
		return float32(math.Inf(1)) * x
	}
	y := expm1Core(math.Abs(float64(x)))
	return float32(math.Copysign(0.5*(y+y/(y+1)), float64(x)))
}

func cosh32(x float32) float32 {
	if x > 90 || x < -90 {
		return float32(math.Inf(1))
	}
	y := expCore(math.Abs(float64(x)))
	return float32(0.5 * (y + 1/y))
}

// erf32 is odd: below 1 it is x*P(x**2) with a relative error of 2**-34.8, above it is 1 - 2**Q(x) with an error of
// 2**-34.9, and beyond 3.92 it rounds to 1.
func erf32(x float32) float32 {
	a := math.Abs(float64(x))
	switch {
	case a < 1:
		y := float64(x)
		w := float64(y * y)
		w2 := float64(w * w)
		p := 0x1.20dd7504007eep+0 + float64(w*-0x1.8127465fba459p-2)
		p += float64(w2 * (0x1.ce2f0798d7ed4p-4 + float64(w*-0x1.b829a7a964285p-6)))
		q := 0x1.5628ee150ae35p-8 + float64(w*-0x1.bcbe9c27d40cfp-11)
		q += float64(w2 * (0x1.d8269b05c604ep-14 + float64(w*-0x1.4384190e8b4dcp-17)))
		return float32(y * (p + float64(float64(w2*w2)*q)))
	case a > 3.92:
		return float32(math.Copysign(1, float64(x)))
	}
	a2 := float64(a * a)
	p := 0x1.1d1bb59f5c400p-12 + float64(a*-0x1.a13014bb9d41cp+0)
	p += float64(a2 * (-0x1.d3bb465594f08p-1 + float64(a*-0x1.4059229be506cp-3)))
	q := 0x1.29f3254459d6bp-5 + float64(a*-0x1.8d9a5e829a25bp-8)
	q += float64(a2 * (0x1.4dec963b5c22ap-11 + float64(a*-0x1.0696a9a3f9de3p-15)))
	e, scale := exp2Split(p + float64(float64(a2*a2)*q))
	return float32(math.Copysign(1-float64(e*scale), float64(x)))
}
