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

// constant writes a quadword for every lane.
func constant(l vec.Level, name string, x uint64) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range l.Bytes() / 8 {
		DATA(8*i, U64(x))
	}
	return m
}

func uniform(l vec.Level) {
	name := l.Name("fillUniform")
	TEXT(name, attr.NOSPLIT, fmt.Sprintf("func(dst *%s, groups int, key, block, step uint64)", l.Float()))
	Pragma("noescape")
	blocks := l.Bytes() / 8
	Doc(fmt.Sprintf("%s writes groups of the elements of %d blocks, from a block on.", name, blocks))
	dst, groups := vec.Arg("dst"), vec.Arg("groups")
	g := generate(l, name, pairOrder(l))
	var odd OpmaskVirtual
	if l.Wide {
		odd = K()
		t := GP32()
		MOVL(U32(0xAAAA), t)
		KMOVW(t, odd)
	}
	c := newToFloat(l, name)
	write := func(n int) {
		for _, x := range g.next(n) {
			low, high := g.join(x[0], x[1], odd), g.join(x[2], x[3], odd)
			c.convert(low)
			c.convert(high)
			first := l.Vec()
			VPUNPCKLQDQ(high, low, first)
			VPUNPCKHQDQ(high, low, high)
			VMOVUPS(first, Mem{Base: dst})
			VMOVUPS(high, Mem{Base: dst, Disp: l.Bytes()})
			ADDQ(I32(2*l.Bytes()), dst)
		}
	}

	SUBQ(U8(2), groups)
	JLT(LabelRef("last"))
	Label("loop")
	write(2)
	SUBQ(U8(2), groups)
	JGE(LabelRef("loop"))
	Label("last")
	CMPQ(groups, I8(-2))
	JEQ(LabelRef("done"))
	write(1)
	Label("done")
	VZEROUPPER()
	RET()
}

// toFloat converts words to multiples of 2**-24, or quadwords to multiples of 2**-53, in [0, 1).
type toFloat struct {
	l         vec.Level
	scale     Mem
	low, high Mem // 2**52 and 2**84, whose mantissas take the halves of a quadword
	both      Mem // their sum
}

func newToFloat(l vec.Level, name string) toFloat {
	c := toFloat{l: l}
	if l.Size == 4 {
		c.scale = constant(l, name+"Scale", uint64(math.Float32bits(0x1p-24))<<32|uint64(math.Float32bits(0x1p-24)))
		return c
	}
	c.scale = constant(l, name+"Scale", math.Float64bits(0x1p-53))
	if !l.Wide {
		c.low = constant(l, name+"Low", math.Float64bits(0x1p52))
		c.high = constant(l, name+"High", math.Float64bits(0x1p84))
		c.both = constant(l, name+"Both", math.Float64bits(0x1p84+0x1p52))
	}
	return c
}

func (c toFloat) convert(x VecVirtual) {
	l := c.l
	switch {
	case l.Size == 4:
		VPSRLD(U8(8), x, x)
		VCVTDQ2PS(x, x)
	case l.Wide:
		VPSRLQ(U8(11), x, x)
		VCVTUQQ2PD(x, x)
	default: // every step is exact: 53 bits are 21 above 32
		high, low := YMM(), YMM()
		VPSRLQ(U8(11), x, x)
		VPSRLQ(U8(32), x, high)
		VPOR(c.high, high, high)
		VMOVDQU(c.low, low)
		VPBLENDD(U8(0x55), x, low, x)
		VSUBPD(c.both, high, high)
		VADDPD(x, high, x)
	}
	l.Mul(c.scale, x, x)
}
