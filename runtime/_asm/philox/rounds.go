package main

// This file answers: how do several blocks of Philox4x32-10 run at once? Each block has a 64-bit lane in each of four registers, one for
// each word of its state, in the low half: the multiplication of the processor takes exactly these halves and gives 64 bits, which are
// two words of the next state. The high halves hold what is never read.

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

const rounds = 10

// A generator runs blocks whose numbers differ by order: lane i has the block of the counter plus order[i].
type generator struct {
	l       vec.Level
	m0, m1  Mem
	advance Mem
	counter VecVirtual
	words   Mem // the two words of the step, then those of the key of each round
}

// generate begins a generator from the arguments key, block and step.
func generate(l vec.Level, name string, order []int) generator {
	g := generator{
		l: l, counter: l.Vec(), m0: quad(0xD2511F53), m1: quad(0xCD9E8D57),
		advance: quad(uint64(len(order))),
	}
	broadcast(vec.Arg("block"), g.counter)
	offsets := GLOBL(name+"Order", attr.RODATA|attr.NOPTR)
	for i, o := range order {
		DATA(8*i, U64(o))
	}
	VPADDQ(offsets, g.counter, g.counter)

	g.words = AllocLocal(4 * (2 + 2*rounds))
	step := vec.Arg("step")
	MOVQ(step, g.word(0))
	k0, k1 := vec.Arg("key"), GP64()
	MOVQ(k0, k1)
	SHRQ(U8(32), k1)
	for r := range rounds {
		MOVL(k0.As32(), g.word(2+2*r))
		MOVL(k1.As32(), g.word(3+2*r))
		ADDL(U32(0x9E3779B9), k0.As32())
		ADDL(U32(0xBB67AE85), k1.As32())
	}
	return g
}

func (g generator) word(i int) Mem { return g.words.Offset(4 * i) }

// next returns the words of the next blocks, one register each, for some groups of blocks at once, and moves the counter on. The rounds
// of one group are a chain; those of another one fill its pauses.
func (g generator) next(groups int) [][4]VecVirtual {
	l := g.l
	x := make([][4]VecVirtual, groups)
	for i := range x {
		// The first round knows that words 2 and 3 are the step.
		p0, p1, high, h1 := l.Vec(), l.Vec(), l.Vec(), l.Vec()
		VPMULUDQ(g.m0, g.counter, p0)
		VPBROADCASTD(g.word(0), p1)
		VPMULUDQ(g.m1, p1, p1)
		VPSRLQ(U8(32), g.counter, high)
		VPADDQ(g.advance, g.counter, g.counter)
		x[i] = [4]VecVirtual{h1, p1, l.Vec(), p0}
		VPSRLQ(U8(32), p1, h1)
		g.mix(high, 0, h1)
		VPBROADCASTD(g.word(1), high)
		VPSRLQ(U8(32), p0, x[i][2])
		g.mix(high, 1, x[i][2])
	}
	for r := 1; r < rounds; r++ {
		for i := range x {
			x0, x1, x2, x3 := x[i][0], x[i][1], x[i][2], x[i][3]
			p0, p1 := x0, x2
			VPMULUDQ(g.m0, x0, p0)
			VPMULUDQ(g.m1, x2, p1)
			h0, h1 := l.Vec(), l.Vec()
			VPSRLQ(U8(32), p1, h1)
			g.mix(x1, 2*r, h1)
			VPSRLQ(U8(32), p0, h0)
			g.mix(x3, 2*r+1, h0)
			x[i] = [4]VecVirtual{h1, p1, h0, p0}
		}
	}
	return x
}

// mix combines to with x and a word of a key by exclusive or; x is free after it.
func (g generator) mix(x VecVirtual, word int, to VecVirtual) {
	if g.l.Wide {
		VPTERNLOGD_BCST(U8(0x96), g.word(2+word), x, to)
		return
	}
	VPXOR(x, to, to)
	VPBROADCASTD(g.word(2+word), x)
	VPXOR(x, to, to)
}

// broadcast fills every quadword with a register.
func broadcast(from GPVirtual, to VecVirtual) {
	x := XMM()
	VMOVQ(from, x)
	VPBROADCASTQ(x, to)
}
