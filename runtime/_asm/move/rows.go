package main

// This file answers: how are rows copied, read from a table and added to one?

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

// gather copies the rows of a table that indices of 4 or 8 bytes name.
func gather(l vec.Level, size int) {
	name := fmt.Sprintf("gatherRows%d%s", 8*size, l.Set())
	vec.Text(name, fmt.Sprintf("func(dst, table *byte, idx *int%d, n, bytes int)", 8*size),
		"copies n > 0 rows of a table, each of 4 bytes or more: row i is row idx[i] of the table.")
	dst, table, idx, n, bytes := vec.Arg("dst"), vec.Arg("table"), vec.Arg("idx"), vec.Arg("n"), vec.Arg("bytes")
	from := GP64()
	moveRows(l, bytes, n, dst, from, func() {
		if size == 4 {
			MOVLQSX(Mem{Base: idx}, from)
		} else {
			MOVQ(Mem{Base: idx}, from)
		}
		ADDQ(U8(size), idx)
		IMULQ(bytes, from)
		ADDQ(table, from)
	}, func() { ADDQ(bytes, dst) })
}

// copyRows copies rows that are as far apart as arguments say.
func copyRows(l vec.Level) {
	name := "copyRows" + l.Set()
	vec.Text(name, "func(dst, src *byte, n, bytes, dstLd, srcLd int)", "copies n > 0 rows of 4 bytes or more, which begin dstLd and srcLd bytes apart.")
	dst, src, n, bytes := vec.Arg("dst"), vec.Arg("src"), vec.Arg("n"), vec.Arg("bytes")
	to, from := vec.Arg("dstLd"), vec.Arg("srcLd")
	moveRows(l, bytes, n, dst, src, func() {}, func() {
		ADDQ(from, src)
		ADDQ(to, dst)
	})
}

// moveRows writes a loop over n rows. A row's last bytes are copied by a move that may overlap the one before it, of the widest kind that
// fits into a row; which one is decided once.
func moveRows(l vec.Level, bytes, n, dst, from GPVirtual, begin, end func()) {
	type move struct {
		bytes int
		reg   func() Register
		mov   func(from, to Op)
	}
	wide := func(from, to Op) { VMOVUPS(from, to) }
	moves := []move{
		{64, func() Register { return ZMM() }, wide},
		{32, func() Register { return YMM() }, wide},
		{16, func() Register { return XMM() }, wide},
		{8, func() Register { return GP64() }, func(from, to Op) { MOVQ(from, to) }},
		{4, func() Register { return GP32() }, func(from, to Op) { MOVL(from, to) }},
	}
	if !l.Wide {
		moves = moves[1:]
	}
	for i, m := range moves {
		label := fmt.Sprintf("by%d", m.bytes)
		Label(label)
		if i < len(moves)-1 {
			CMPQ(bytes, U8(m.bytes))
			JLT(LabelRef(fmt.Sprintf("by%d", moves[i+1].bytes)))
		}
		last, at := GP64(), GP64()
		LEAQ(Mem{Base: bytes, Disp: -m.bytes}, last)
		Label(label + "row")
		begin()
		x := m.reg()
		if i == 0 {
			XORQ(at, at)
			TESTQ(last, last)
			JZ(LabelRef(label + "last"))
			Label(label + "loop")
			m.mov(Mem{Base: from, Index: at, Scale: 1}, x)
			m.mov(x, Mem{Base: dst, Index: at, Scale: 1})
			ADDQ(U8(m.bytes), at)
			CMPQ(at, last)
			JLT(LabelRef(label + "loop"))
			Label(label + "last")
			m.mov(Mem{Base: from, Index: last, Scale: 1}, x)
			m.mov(x, Mem{Base: dst, Index: last, Scale: 1})
		} else {
			y := m.reg()
			m.mov(Mem{Base: from}, x)
			m.mov(Mem{Base: from, Index: last, Scale: 1}, y)
			m.mov(x, Mem{Base: dst})
			m.mov(y, Mem{Base: dst, Index: last, Scale: 1})
		}
		end()
		DECQ(n)
		JNZ(LabelRef(label + "row"))
		JMP(LabelRef("done"))
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// scatterAdd adds rows one after the other. What is left of a row after whole vectors is added under a mask, or with AVX2, whose masked
// stores are slow, in halves.
func scatterAdd(l vec.Level) {
	name := l.Name("scatterAdd")
	vec.Text(name, fmt.Sprintf("func(dst, upd *%s, idx *int32, n, width, cols int)", l.Float()),
		"adds the first cols elements of n > 0 rows of width elements: row i to row idx[i] of dst.")
	dst, upd, idx, n, width, cols := vec.Arg("dst"), vec.Arg("upd"), vec.Arg("idx"), vec.Arg("n"), vec.Arg("width"), vec.Arg("cols")
	l.Scale(width)
	l.Scale(cols)
	var m vec.Mask
	if l.Wide {
		rest := GP64()
		MOVQ(cols, rest)
		SHRQ(U8(bits.TrailingZeros(uint(l.Size))), rest)
		ANDQ(U8(l.Lanes()-1), rest)
		m = l.First(rest).Vector(0)
	}
	Label("row")
	to, from, left := GP64(), GP64(), GP64()
	MOVLQSX(Mem{Base: idx}, to)
	ADDQ(U8(4), idx)
	IMULQ(width, to)
	ADDQ(dst, to)
	MOVQ(upd, from)
	MOVQ(cols, left)
	SUBQ(U8(l.Bytes()), left)
	JLT(LabelRef("rest"))
	Label("loop")
	x := l.Vec()
	VMOVUPS(Mem{Base: to}, x)
	l.Add(Mem{Base: from}, x, x)
	VMOVUPS(x, Mem{Base: to})
	ADDQ(U8(l.Bytes()), to)
	ADDQ(U8(l.Bytes()), from)
	SUBQ(U8(l.Bytes()), left)
	JGE(LabelRef("loop"))
	Label("rest")
	if l.Wide {
		CMPQ(left, I8(-l.Bytes()))
		JEQ(LabelRef("next"))
		a, b := l.Vec(), l.Vec()
		m.Load(Mem{Base: to}, a)
		m.Load(Mem{Base: from}, b)
		l.Add(b, a, a)
		m.Store(a, Mem{Base: to})
	} else {
		part := func(bytes int, mov func(from, to Op)) {
			after := fmt.Sprintf("after%d", bytes)
			TESTQ(U32(bytes), left) // the low bits are those of what is left
			JZ(LabelRef(after))
			a, b := XMM(), XMM()
			mov(Mem{Base: to}, a)
			mov(Mem{Base: from}, b)
			l.Add(b, a, a)
			mov(a, Mem{Base: to})
			ADDQ(U8(bytes), to)
			ADDQ(U8(bytes), from)
			Label(after)
		}
		part(16, func(from, to Op) { VMOVUPS(from, to) })
		part(8, func(from, to Op) { VMOVSD(from, to) })
		if l.Size == 4 {
			part(4, func(from, to Op) { VMOVSS(from, to) })
		}
	}
	Label("next")
	ADDQ(width, upd)
	DECQ(n)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
