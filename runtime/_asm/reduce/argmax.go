package main

// This file answers: where is the maximum of a row? One pass finds its value, a second one the first element that is equal to it.

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"nngen/runtime/asm/reduce/vec"
)

func argMax(l vec.Level) {
	name := l.Name("argMaxEach")
	least := l.Constant(name+"Start", math.Inf(-1))
	vec.Text(name, fmt.Sprintf("func(dst *int32, src *%s, rows, n int)", l.Float()), "finds the position of the maximum of rows of n > 0 elements.")
	dst, src, rows, n := vec.Arg("dst"), vec.Arg("src"), vec.Arg("rows"), vec.Arg("n")
	t := GP64()
	MOVQ(n, t)
	ANDQ(U8(l.Lanes()-1), t)
	tail := l.First(t)

	Label("row")
	TESTQ(rows, rows)
	JZ(LabelRef("done"))
	best, marks := l.Vec(), l.Marks()
	l.Broadcast(least, best)
	p, left := GP64(), GP64()
	MOVQ(src, p)
	MOVQ(n, left)
	SUBQ(U8(l.Lanes()), left)
	JLT(LabelRef("tail"))
	Label("loop")
	x := l.Vec()
	VMOVUPS(Mem{Base: p}, x)
	marks.NaN(x)
	l.Max(x, best, best)
	ADDQ(U8(l.Bytes()), p)
	SUBQ(U8(l.Lanes()), left)
	JGE(LabelRef("loop"))
	Label("tail")
	CMPQ(left, I8(-l.Lanes()))
	JEQ(LabelRef("meet"))
	m := tail.Vector(0)
	y, z := l.Vec(), l.Vec()
	m.Load(Mem{Base: p}, y)
	marks.NaN(y)
	l.Broadcast(least, z)
	m.Merge(y, z)
	l.Max(z, best, best)

	Label("meet")
	marks.Test()
	JNZ(LabelRef("nan"))
	low := best
	if l.Wide {
		high := YMM()
		VEXTRACTF64X4(U8(1), low, high)
		low = YMM()
		l.Max(high, best.AsY(), low)
	}
	high, value := XMM(), XMM()
	VEXTRACTF128(U8(1), low, high)
	l.Max(high, low.AsX(), value)
	VPERMILPD(U8(1), value, high)
	l.Max(high, value, value)
	if l.Size == 4 {
		VMOVSHDUP(value, high)
		l.Max(high, value, value)
	}
	l.Broadcast(value, best)

	at, hits := GP64(), GP32()
	scan := func(label string, predicate int) {
		Label(label)
		MOVQ(src, p)
		XORQ(at, at)
		Label(label + "loop")
		// The search ends in the row, so that it may look past its last element only under the mask.
		MOVQ(n, left)
		SUBQ(at, left)
		CMPQ(left, U8(l.Lanes()))
		v := l.Vec()
		JLT(LabelRef(label + "tail"))
		VMOVUPS(Mem{Base: p}, v)
		JMP(LabelRef(label + "test"))
		Label(label + "tail")
		tail.Vector(0).Load(Mem{Base: p}, v)
		Label(label + "test")
		with := best
		if predicate == 3 {
			with = v
		}
		if l.Wide {
			k := K()
			l.Cmp(U8(predicate), with, v, k)
			KMOVW(k, hits)
		} else {
			c := YMM()
			l.Cmp(U8(predicate), with, v, c)
			if l.Size == 4 {
				VMOVMSKPS(c, hits)
			} else {
				VMOVMSKPD(c, hits)
			}
		}
		TESTL(hits, hits)
		JNZ(LabelRef("found"))
		ADDQ(U8(l.Bytes()), p)
		ADDQ(U8(l.Lanes()), at)
		JMP(LabelRef(label + "loop"))
	}
	scan("value", 0)
	scan("nan", 3)

	Label("found")
	BSFL(hits, hits)
	ADDL(at.As32(), hits)
	MOVL(hits, Mem{Base: dst})
	ADDQ(U8(4), dst)
	size := GP64()
	MOVQ(n, size)
	l.Scale(size)
	ADDQ(size, src)
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}
