package nnrt

// This file answers: how are the inverse hyperbolic functions computed for float32?
//
// They have no formula yet: everything is computed in float64, where a short polynomial reaches an error of 2**-37, and rounded to float32 once.

import "math"

// atanhCore returns log((1+s)/(1-s)) = 2*atanh(s) for |s| up to 0.1716 with a relative error of 2**-37.
func atanhCore(s float64) float64 {
	w := float64(s * s)
	p := 0x1.555554fd93d50p-1 + float64(w*0x1.999a7a9bd7496p-2)
	p += float64(float64(w*w) * (0x1.2438d31a3015dp-2 + float64(w*0x1.e2f717cf68e00p-3)))
	return float64(s * (2 + float64(w*p)))
}

// logSplit writes a finite normal float64 above zero as 2**k * z with z in [sqrt(1/2), sqrt(2)) and returns k and
// s = (z-1)/(z+1), so that log(x) = k*log(2) + 2*atanh(s).
func logSplit(x float64) (k, s float64) {
	const sqrtHalf = 0x3FE6A09E667F3BCD // bits of sqrt(1/2)
	bits := math.Float64bits(x)
	n := int64(bits-sqrtHalf) >> 52
	z := math.Float64frombits(bits - uint64(n)<<52)
	return float64(n), (z - 1) / (z + 1)
}

// logCore returns log(x) for a finite normal float64 above zero.
func logCore(x float64) float64 {
	k, s := logSplit(x)
	return float64(k*math.Ln2) + atanhCore(s)
}

// log1pCore returns log(1+x) for -1 < x < 2**1000. Near zero x itself enters the series, so nothing is lost by
// adding 1.
func log1pCore(x float64) float64 {
	if x > -0.29 && x < 0.41 {
		return atanhCore(x / (2 + x))
	}
	return logCore(1 + x)
}

func asinh32(x float32) float32 {
	a := math.Abs(float64(x))
	if !(a <= math.MaxFloat32) {
		return x
	}
	a2 := float64(a * a)
	return float32(math.Copysign(log1pCore(a+a2/(math.Sqrt(a2+1)+1)), float64(x)))
}

func acosh32(x float32) float32 {
	switch {
	case !(x >= 1):
		return float32(math.NaN())
	case x > math.MaxFloat32:
		return x
	}
	t := float64(x) - 1
	return float32(log1pCore(t + math.Sqrt(2*t+float64(t*t))))
}

func atanh32(x float32) float32 {
	a := math.Abs(float64(x))
	switch {
	case !(a <= 1):
		return float32(math.NaN())
	case a == 1:
		return float32(math.Copysign(math.Inf(1), float64(x)))
	}
	return float32(math.Copysign(0.5*log1pCore(2*a/(1-a)), float64(x)))
}
