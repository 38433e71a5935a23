package main

// This file answers: how do words become normal values? As in philox_normal.go, operation by operation and each of them rounded, so that
// the bits are the same. All of it is float64, for float32 too: each block has a lane, and its words are two pairs.

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

func normal(l vec.Level) {
	order := pairOrder(l)
	if l.Size == 4 { // storeQuads interleaves otherwise
		order = []int{0, 1, 2, 3}
		if l.Wide {
			order = []int{0, 2, 4, 6, 1, 3, 5, 7}
		}
	}
	f := beginFill(l, "fillNormal", order)
	Label("loop")
	x := f.next(1)[0]
	if l.Size == 4 {
		c0, s0 := f.floatPair(x[0], x[1])
		c1, s1 := f.floatPair(x[2], x[3])
		f.storeQuads(c0, s0, c1, s1)
	} else {
		u, v := f.join(x[0], x[1]), f.join(x[2], x[3])
		f.toDouble(u)
		VADDPD(double(0.5), u, u)
		VMULPD(double(0x1p-53), u, u)
		f.toDouble(v)
		VMULPD(double(0x1p-53), v, v)
		f.storePairs(f.boxMuller(u, v))
	}
	DECQ(f.groups)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// floatPair turns two words into cosine and sine parts, rounded to half vectors of float32.
func (f fill) floatPair(u, v VecVirtual) (c, s VecVirtual) {
	for _, x := range []VecVirtual{u, v} {
		if f.l.Wide {
			VPANDQ(quad(0xFFFFFFFF), x, x)
			VCVTUQQ2PD(x, x)
		} else {
			low := YMM()
			VMOVDQU(double(0x1p52), low)
			VPBLENDD(U8(0x55), x, low, x)
			VSUBPD(double(0x1p52), x, x)
		}
	}
	VADDPD(double(0.5), u, u)
	VMULPD(double(0x1p-32), u, u)
	VMULPD(double(0x1p-32), v, v)
	cos, sin := f.boxMuller(u, v)
	if f.l.Wide {
		c, s = YMM(), YMM()
		VCVTPD2PS(cos, c)
		VCVTPD2PS(sin, s)
	} else {
		c, s = XMM(), XMM()
		VCVTPD2PSY(cos, c)
		VCVTPD2PSY(sin, s)
	}
	return c, s
}

// storeQuads stores the four values of each lane side by side.
func (f fill) storeQuads(c0, s0, c1, s1 VecVirtual) {
	low0, high0, low1, high1 := vec.Like(c0), vec.Like(c0), vec.Like(c0), vec.Like(c0)
	VUNPCKLPS(s0, c0, low0)
	VUNPCKHPS(s0, c0, high0)
	VUNPCKLPS(s1, c1, low1)
	VUNPCKHPS(s1, c1, high1)
	half := f.l.Bytes() / 2
	for i, pair := range [][2]VecVirtual{{low0, low1}, {high0, high1}} {
		a, b := vec.Like(c0), vec.Like(c0)
		VUNPCKLPD(pair[1], pair[0], a)
		VUNPCKHPD(pair[1], pair[0], b)
		VMOVUPS(a, Mem{Base: f.dst, Disp: 2 * i * half})
		VMOVUPS(b, Mem{Base: f.dst, Disp: (2*i + 1) * half})
	}
	ADDQ(I32(4*half), f.dst)
}

// boxMuller returns the cosine and the sine part.
func (f fill) boxMuller(u, v VecVirtual) (c, s VecVirtual) {
	l := f.l
	r := f.logUnit(u)
	VMULPD(double(-2), r, r)
	VSQRTPD(r, r)

	const shift = 0x1.8p52 // roundShift
	VMULPD(double(4), v, v)
	k, t := l.Vec(), l.Vec()
	VADDPD(double(shift), v, k)
	VSUBPD(double(shift), k, t)
	VSUBPD(t, v, t)
	VMULPD(double(math.Pi/2), t, t)
	sin, cos := f.sinCosSmall(t)

	// Odd quadrants swap the two; the upper two negate the sine, the middle two the cosine.
	swap := l.Vec()
	VPSLLQ(U8(63), k, swap)
	c, s = l.Vec(), l.Vec()
	if l.Wide {
		odd := K()
		VPMOVQ2M(swap, odd)
		VBLENDMPD(cos, sin, odd, s)
		VBLENDMPD(sin, cos, odd, c)
	} else {
		VBLENDVPD(swap, cos, sin, s)
		VBLENDVPD(swap, sin, cos, c)
	}
	middle := l.Vec()
	VPADDQ(k, k, middle)
	xor(l, k, middle)
	for _, x := range []struct{ bits, of VecVirtual }{{k, s}, {middle, c}} {
		VPSLLQ(U8(62), x.bits, x.bits)
		if l.Wide {
			VPANDQ(quad(1<<63), x.bits, x.bits)
		} else {
			VPAND(quad(1<<63), x.bits, x.bits)
		}
		xor(l, x.bits, x.of)
		VMULPD(r, x.of, x.of)
	}
	return c, s
}

func xor(l vec.Level, x, to VecVirtual) {
	if l.Wide {
		VPXORQ(x, to, to)
	} else {
		VPXOR(x, to, to)
	}
}

// horner returns c[0] + w*(c[1] + w*(c[2] + ...)).
func (f fill) horner(w VecVirtual, c ...float64) VecVirtual {
	p := f.l.Vec()
	VMULPD(double(c[len(c)-1]), w, p)
	for i := len(c) - 2; ; i-- {
		VADDPD(double(c[i]), p, p)
		if i == 0 {
			return p
		}
		VMULPD(w, p, p)
	}
}

// logUnit is the logarithm on (0, 1).
func (f fill) logUnit(x VecVirtual) VecVirtual {
	l := f.l
	n, t, k := l.Vec(), l.Vec(), l.Vec()
	VPSUBQ(quad(0x3FE6A09E667F3BCD), x, n) // the bits of sqrt(1/2)
	if l.Wide {
		VPSRAQ(U8(52), n, n)
		VCVTQQ2PD(n, k)
	} else { // there is no shift of signed quadwords: the upper half of each, spread to both
		VPSRAD(U8(20), n, n)
		VPSHUFD(U8(0xF5), n, n)
		VPSRAD(U8(31), n, t)
		VPBLENDD(U8(0xAA), t, n, n)
		VPADDQ(double(0x1.8p52), n, k)
		VSUBPD(double(0x1.8p52), k, k)
	}
	VPSLLQ(U8(52), n, t)
	VPSUBQ(t, x, x)
	s := l.Vec()
	VADDPD(double(1), x, t)
	VSUBPD(double(1), x, s)
	VDIVPD(t, s, s)
	w := l.Vec()
	VMULPD(s, s, w)
	p := f.horner(w, 2, 0x1.5555555555592p-1, 0x1.999999997fd7ep-2, 0x1.24924941f49f1p-2, 0x1.c71c52064e840p-3, 0x1.74663f9425ba8p-3,
		0x1.39a1a85bdf74dp-3, 0x1.2f06267a90b96p-3)
	VMULPD(s, p, p)
	VMULPD(double(math.Ln2), k, k)
	VADDPD(p, k, k)
	return k
}

// sinCosSmall returns sine and cosine on [-Pi/4, Pi/4].
func (f fill) sinCosSmall(r VecVirtual) (sin, cos VecVirtual) {
	w := f.l.Vec()
	VMULPD(r, r, w)
	sin = f.horner(w, -0x1.5555555555549p-3, 0x1.111111110f880p-7, -0x1.a01a019c1267cp-13, 0x1.71de357871cb8p-19, -0x1.ae5e66d2fc21ep-26,
		0x1.5d932ebf70c14p-33)
	VMULPD(w, sin, sin)
	VMULPD(r, sin, sin)
	VADDPD(r, sin, sin)
	cos = f.horner(w, 1, -0.5, 0x1.555555555553cp-5, -0x1.6c16c16c13f18p-10, 0x1.a01a019b6f8afp-16, -0x1.27e4f7537aaacp-22,
		0x1.1ee984aca1880p-29, -0x1.8f806e8ca2e58p-37)
	return sin, cos
}
