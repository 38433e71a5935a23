package main

// This file answers: which instructions does a tile use for its type of element and instruction set?

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// An elem is a type of element with its instructions.
type elem struct {
	name string

	fma, fmaBcst, addP, mulP, mov, bcast func(ops ...operand.Op)
	movZ, maskMov                        func(x, y, z operand.Op)
}

var types = []elem{
	{"F32", VFMADD231PS, VFMADD231PS_BCST, VADDPS, VMULPS, VMOVUPS, VBROADCASTSS, VMOVUPS_Z, VMASKMOVPS},
	{"F64", VFMADD231PD, VFMADD231PD_BCST, VADDPD, VMULPD, VMOVUPD, VBROADCASTSD, VMOVUPD_Z, VMASKMOVPD},
}

var (
	xmm = []Register{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
	ymm = []Register{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15, Y16, Y17, Y18, Y19, Y20, Y21, Y22, Y23, Y24, Y25, Y26, Y27, Y28, Y29, Y30, Y31}
	zmm = []Register{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}
)

// zero clears register i. The short encoding clears the upper parts, too, but reaches only the lower sixteen registers.
func (p *printer) zero(i int) {
	if i < 16 {
		VPXOR(xmm[i], xmm[i], xmm[i])
	} else {
		VPXORD(p.vec(i), p.vec(i), p.vec(i))
	}
}

// load loads a vector, with zeros in the lanes that a mask leaves out; nothing is read there.
func (p *printer) load(m operand.Mem, v Register, masked bool) {
	switch {
	case !masked:
		p.mov(m, v)
	case p.evex:
		p.movZ(m, K1, v)
	default:
		p.maskMov(m, Y15, v)
	}
}

func (p *printer) store(v Register, m operand.Mem, masked bool) {
	switch {
	case !masked:
		p.mov(v, m)
	case p.evex:
		p.mov(v, K1, m)
	default:
		p.maskMov(v, Y15, m)
	}
}

// addFrom adds a vector in memory to v, through t if the mask needs it.
func (p *printer) addFrom(m operand.Mem, v, t Register, masked bool) {
	switch {
	case !masked:
		p.addP(m, v, v)
	case p.evex:
		p.addP(m, v, K1, v)
	default:
		p.maskMov(m, Y15, t)
		p.addP(t, v, v)
	}
}
