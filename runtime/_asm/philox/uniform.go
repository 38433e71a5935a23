package main

// This file answers: how do words become uniform values?

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

// pairOrder is the block of each lane, such that unpacking pairs of quadwords leaves blocks in their order.
func pairOrder(l vec.Level) []int {
	order := make([]int, l.Bytes()/8)
	for i := range order {
		order[i] = i/2 + i%2*len(order)/2
	}
	return order
}

var quads = map[uint64]Mem{}

// quad returns eight copies of a quadword, which all kernels share.
func quad(x uint64) Mem {
	m, ok := quads[x]
	if !ok {
		m = GLOBL(fmt.Sprintf("quad%016x", x), attr.RODATA|attr.NOPTR)
		for i := range 8 {
			DATA(8*i, U64(x))
		}
		quads[x] = m
	}
	return m
}

// double returns eight copies of a number.
func double(x float64) Mem { return quad(math.Float64bits(x)) }

func uniform(l vec.Level) {
	f := beginFill(l, "fillUniform", pairOrder(l))
	write := func(n int) {
		for _, x := range f.next(n) {
			low, high := f.join(x[0], x[1]), f.join(x[2], x[3])
			f.toUniform(low)
			f.toUniform(high)
			f.storePairs(low, high)
		}
	}

	SUBQ(U8(2), f.groups)
	JLT(LabelRef("last"))
	Label("loop")
	write(2)
	SUBQ(U8(2), f.groups)
	JGE(LabelRef("loop"))
	Label("last")
	CMPQ(f.groups, I8(-2))
	JEQ(LabelRef("done"))
	write(1)
	Label("done")
	VZEROUPPER()
	RET()
}

// A fill is a kernel that writes groups of the elements of some blocks.
type fill struct {
	generator
	dst, groups GPVirtual
	odd         OpmaskVirtual // AVX-512: the upper half of every quadword
}

// beginFill begins a kernel.
func beginFill(l vec.Level, kernel string, order []int) fill {
	name := l.Name(kernel)
	TEXT(name, attr.NOSPLIT, fmt.Sprintf("func(dst *%s, groups int, key, block, step uint64)", l.Float()))
	Pragma("noescape")
	Doc(fmt.Sprintf("%s writes groups of the elements of %d blocks, from a block on.", name, len(order)))
	f := fill{dst: vec.Arg("dst"), groups: vec.Arg("groups")}
	f.generator = generate(l, name, order)
	if l.Wide {
		f.odd = K()
		t := GP32()
		MOVL(U32(0xAAAA), t)
		KMOVW(t, f.odd)
	}
	return f
}

// join puts the low halves of two registers together: low, and high above it.
func (f fill) join(low, high VecVirtual) VecVirtual {
	if f.l.Wide {
		VPSHUFD(U8(0xA0), high, f.odd, low)
		return low
	}
	VPSLLQ(U8(32), high, high)
	VPBLENDD(U8(0xAA), high, low, low)
	return low
}

// toUniform converts words to multiples of 2**-24, or quadwords to multiples of 2**-53, in [0, 1).
func (f fill) toUniform(x VecVirtual) {
	if f.l.Size == 4 {
		scale := uint64(math.Float32bits(0x1p-24))
		VPSRLD(U8(8), x, x)
		VCVTDQ2PS(x, x)
		VMULPS(quad(scale<<32|scale), x, x)
		return
	}
	f.toDouble(x)
	VMULPD(double(0x1p-53), x, x)
}

// toDouble converts the upper 53 bits of quadwords to integers.
func (f fill) toDouble(x VecVirtual) {
	VPSRLQ(U8(11), x, x)
	if f.l.Wide {
		VCVTUQQ2PD(x, x)
		return
	}
	// The mantissas of 2**52 and 2**84 take the halves of a quadword. Every step is exact.
	high, low := YMM(), YMM()
	VPSRLQ(U8(32), x, high)
	VPOR(double(0x1p84), high, high)
	VMOVDQU(double(0x1p52), low)
	VPBLENDD(U8(0x55), x, low, x)
	VSUBPD(double(0x1p84+0x1p52), high, high)
	VADDPD(x, high, x)
}

// storePairs stores quadwords of both registers in turn, in pairOrder.
func (f fill) storePairs(low, high VecVirtual) {
	first, second := f.l.Vec(), f.l.Vec()
	VPUNPCKLQDQ(high, low, first)
	VPUNPCKHQDQ(high, low, second)
	VMOVUPS(first, Mem{Base: f.dst})
	VMOVUPS(second, Mem{Base: f.dst, Disp: f.l.Bytes()})
	ADDQ(I32(2*f.l.Bytes()), f.dst)
}
