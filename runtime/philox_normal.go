package nnrt

// This file answers: how do uniform bits become normal values?
//
// The transform of Box and Muller on a pair of uniform values (u, v): the radius sqrt(-2*log(u)) times the cosine
// and the sine of 2*Pi*v. Logarithm and sine are computed here rather than by package math, whose last bits differ
// between architectures, so that a seed means the same initial parameters everywhere. The polynomials are minimax
// fits (Remez) with relative errors of 2**-59 (logarithm), 2**-58 (sine) and 2**-64 (cosine). The vector kernels do the same operations in
// the same order (_asm/philox/normal.go), so a change here is one there.

import "math"

// normalPair32 uses all 32 bits of both words. The radius comes from (0, 1), so its logarithm is finite.
func normalPair32(u, v uint32) (c, s float64) {
	return boxMuller((float64(u)+0.5)*0x1p-32, float64(v)*0x1p-32)
}

// normalPair64 uses the high 53 bits of both halves of a block.
func normalPair64(u, v uint64) (c, s float64) {
	return boxMuller((float64(u>>11)+0.5)*0x1p-53, float64(v>>11)*0x1p-53)
}

// boxMuller returns the cosine and the sine part for u in (0, 1) and v in [0, 1).
func boxMuller(u, v float64) (c, s float64) {
	r := math.Sqrt(float64(-2 * logUnit(u)))
	// The angle in quarter turns splits exactly into a quadrant and a remainder.
	t := float64(4 * v)
	k := t + roundShift
	sin, cos := sinCosSmall(float64((t - (k - roundShift)) * (math.Pi / 2)))
	switch math.Float64bits(k) & 3 {
	case 1:
		sin, cos = cos, -sin
	case 2:
		sin, cos = -sin, -cos
	case 3:
		sin, cos = -cos, sin
	}
	return float64(r * cos), float64(r * sin)
}

// logUnit is the logarithm on (0, 1), as logCore with a longer polynomial.
func logUnit(x float64) float64 {
	k, s := logSplit(x)
	w := float64(s * s)
	p := 0x1.39a1a85bdf74dp-3 + float64(w*0x1.2f06267a90b96p-3)
	p = 0x1.74663f9425ba8p-3 + float64(w*p)
	p = 0x1.c71c52064e840p-3 + float64(w*p)
	p = 0x1.24924941f49f1p-2 + float64(w*p)
	p = 0x1.999999997fd7ep-2 + float64(w*p)
	p = 0x1.5555555555592p-1 + float64(w*p)
	return float64(k*math.Ln2) + float64(s*(2+float64(w*p)))
}

// sinCosSmall returns sine and cosine on [-Pi/4, Pi/4].
func sinCosSmall(r float64) (sin, cos float64) {
	w := float64(r * r)
	p := -0x1.ae5e66d2fc21ep-26 + float64(w*0x1.5d932ebf70c14p-33)
	p = 0x1.71de357871cb8p-19 + float64(w*p)
	p = -0x1.a01a019c1267cp-13 + float64(w*p)
	p = 0x1.111111110f880p-7 + float64(w*p)
	p = -0x1.5555555555549p-3 + float64(w*p)
	sin = r + float64(r*float64(w*p))
	p = 0x1.1ee984aca1880p-29 + float64(w*-0x1.8f806e8ca2e58p-37)
	p = -0x1.27e4f7537aaacp-22 + float64(w*p)
	p = 0x1.a01a019b6f8afp-16 + float64(w*p)
	p = -0x1.6c16c16c13f18p-10 + float64(w*p)
	p = 0x1.555555555553cp-5 + float64(w*p)
	p = -0.5 + float64(w*p)
	return sin, 1 + float64(w*p)
}
