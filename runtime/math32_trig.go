package nnrt

// This file answers: how are sine, cosine and tangent computed for float32?

import "math"

// Pi/2 in two parts; the first has 33 bits, so that its product with a quadrant number below 2**20 is exact
// (Cody and Waite).
const (
	halfPiHi = 0x1.921fb544p0
	halfPiLo = 0x1.0b4611a626331p-34
)

// trigMax bounds the arguments that reduceQuadrant serves. Above it, where radians have lost their meaning for
// float32, package math reduces with as many digits of pi as it takes.
const trigMax = 0x1p20

// reduceQuadrant writes x as q*Pi/2 + r with |r| at most Pi/4 and returns r and the low bits of q.
func reduceQuadrant(x float64) (r float64, q uint64) {
	k := float64(x*(2/math.Pi)) + roundShift
	n := k - roundShift
	r = (x - float64(n*halfPiHi)) - float64(n*halfPiLo)
	return r, math.Float64bits(k)
}

// sinCore is the sine on [-Pi/4, Pi/4], relative error 2**-37.6.
func sinCore(r float64) float64 {
	w := float64(r * r)
	p := -0x1.5555554cbad15p-3 + float64(w*0x1.11110896f63dcp-7)
	p += float64(float64(w*w) * (-0x1.a00f9e315303dp-13 + float64(w*0x1.6cd879c1dfa46p-19)))
	return float64(r * (1 + float64(w*p)))
}

// cosCore is the cosine on [-Pi/4, Pi/4], error 2**-34.1.
func cosCore(r float64) float64 {
	w := float64(r * r)
	p := -0x1.ffffffd0c61c9p-2 + float64(w*0x1.55553e1065277p-5)
	p += float64(float64(w*w) * (-0x1.6c087e873d5eep-10 + float64(w*0x1.99342f69a707cp-16)))
	return 1 + float64(w*p)
}

func sin32(x float32) float32 {
	if !(x < trigMax && x > -trigMax) {
		return float32(math.Sin(float64(x)))
	}
	r, q := reduceQuadrant(float64(x))
	switch q & 3 {
	case 0:
		return float32(sinCore(r))
	case 1:
		return float32(cosCore(r))
	case 2:
		return float32(-sinCore(r))
	}
	return float32(-cosCore(r))
}

func cos32(x float32) float32 {
	if !(x < trigMax && x > -trigMax) {
		return float32(math.Cos(float64(x)))
	}
	r, q := reduceQuadrant(float64(x))
	switch q & 3 {
	case 0:
		return float32(cosCore(r))
	case 1:
		return float32(-sinCore(r))
	case 2:
		return float32(-cosCore(r))
	}
	return float32(sinCore(r))
}

func tan32(x float32) float32 {
	if !(x < trigMax && x > -trigMax) {
		return float32(math.Tan(float64(x)))
	}
	r, q := reduceQuadrant(float64(x))
	if q&1 == 0 {
		return float32(sinCore(r) / cosCore(r))
	}
	return float32(-cosCore(r) / sinCore(r))
}
