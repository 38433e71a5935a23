package main

// This file answers: how are columns summed, and what are their maxima? Vectors lie across columns; the four row lanes of
// reduce_axis.go are four registers each.

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

func columns(l vec.Level) {
	f := l.Float()
	vec.Text(l.Name("sumRows"), fmt.Sprintf("func(dst, src *%s, rows, cols, ld int, acc bool)", f),
		"is SumRows for at most rowChunk rows, which make one partial sum of the tree.")
	c := columnKernel{l: l, dst: vec.Arg("dst"), src: vec.Arg("src"), rows: vec.Arg("rows"), cols: vec.Arg("cols"), ld: vec.Arg("ld")}
	c.acc = Load(Param("acc"), GP8()).(GPVirtual)
	c.ld3 = GP64()
	l.Scale(c.ld)
	LEAQ(Mem{Base: c.ld, Index: c.ld, Scale: 2}, c.ld3)
	c.panels(4, c.sum) // sixteen accumulators, which are all registers of AVX2
}

func columnMaxima(l vec.Level) {
	f := l.Float()
	vec.Text(l.Name("maxRows"), fmt.Sprintf("func(dst, src *%s, rows, cols, ld int, acc bool)", f),
		"takes the maximum of each column, and of dst if acc.")
	c := columnKernel{l: l, dst: vec.Arg("dst"), src: vec.Arg("src"), rows: vec.Arg("rows"), cols: vec.Arg("cols"), ld: vec.Arg("ld")}
	c.acc = Load(Param("acc"), GP8()).(GPVirtual)
	l.Scale(c.ld)
	c.least = l.Constant(l.Name("maxRows")+"Start", math.Inf(-1))
	vectors := 2 // marks of NaN take registers too
	if l.Wide {
		vectors = 4
	}
	c.panels(vectors, c.maximum)
}

// panels cuts the columns into panels of several vectors, then of one, and takes what is left under a mask.
func (c columnKernel) panels(vectors int, panel func(label string, vectors int, m *vec.Mask)) {
	l := c.l
	Label("panel")
	CMPQ(c.cols, U32(vectors*l.Lanes()))
	JLT(LabelRef("vector"))
	panel("panel", vectors, nil)
	ADDQ(U32(vectors*l.Bytes()), c.src)
	ADDQ(U32(vectors*l.Bytes()), c.dst)
	SUBQ(U32(vectors*l.Lanes()), c.cols)
	JMP(LabelRef("panel"))

	Label("vector")
	CMPQ(c.cols, U32(l.Lanes()))
	JLT(LabelRef("rest"))
	panel("vector", 1, nil)
	ADDQ(U32(l.Bytes()), c.src)
	ADDQ(U32(l.Bytes()), c.dst)
	SUBQ(U32(l.Lanes()), c.cols)
	JMP(LabelRef("vector"))

	Label("rest")
	TESTQ(c.cols, c.cols)
	JZ(LabelRef("done"))
	m := l.First(c.cols).Vector(0)
	panel("rest", 1, &m)
	Label("done")
	VZEROUPPER()
	RET()
}

type columnKernel struct {
	l                             vec.Level
	dst, src, rows, cols, ld, ld3 GPVirtual
	acc                           GPVirtual
	least                         Mem // where maxima begin
}

// sum sums the given number of vectors of columns, the last under a mask if there is one.
func (c columnKernel) sum(label string, vectors int, m *vec.Mask) {
	l := c.l
	lane := [4][]VecVirtual{}
	for r := range lane {
		lane[r] = l.Vecs(vectors)
		vec.Zero(lane[r]...)
	}
	p, n := GP64(), GP64()
	MOVQ(c.src, p)
	MOVQ(c.rows, n)
	row := []Mem{{Base: p}, {Base: p, Index: c.ld, Scale: 1}, {Base: p, Index: c.ld, Scale: 2}, {Base: p, Index: c.ld3, Scale: 1}}
	add := func(r int) {
		for v := range vectors {
			from := row[r].Offset(v * l.Bytes())
			if m == nil {
				l.Add(from, lane[r][v], lane[r][v])
				continue
			}
			t := l.Vec()
			m.Load(from, t)
			l.Add(t, lane[r][v], lane[r][v]) // the other columns are never stored
		}
	}

	SUBQ(U8(4), n)
	JLT(LabelRef(label + "tail"))
	Label(label + "rows")
	for r := range 4 {
		add(r)
	}
	LEAQ(Mem{Base: p, Index: c.ld, Scale: 4}, p)
	SUBQ(U8(4), n)
	JGE(LabelRef(label + "rows"))
	Label(label + "tail")
	ADDQ(U8(4), n)
	for r := range 3 {
		CMPQ(n, U8(r))
		JLE(LabelRef(label + "combine"))
		add(r)
	}
	Label(label + "combine")
	for v := range vectors {
		a, b := lane[0][v], lane[1][v]
		l.Add(lane[2][v], a, a)
		l.Add(lane[3][v], b, b)
		l.Add(b, a, a)
	}
	TESTB(c.acc, c.acc)
	JZ(LabelRef(label + "store"))
	for v := range vectors {
		a := lane[0][v]
		if m == nil {
			l.Add(Mem{Base: c.dst, Disp: v * l.Bytes()}, a, a)
			continue
		}
		t := l.Vec()
		m.Load(Mem{Base: c.dst}, t)
		l.Add(t, a, a)
	}
	Label(label + "store")
	for v := range vectors {
		to := Mem{Base: c.dst, Disp: v * l.Bytes()}
		if m == nil {
			VMOVUPS(lane[0][v], to)
		} else {
			m.Store(lane[0][v], to)
		}
	}
}

// maximum takes the maxima of the given number of vectors of columns.
func (c columnKernel) maximum(label string, vectors int, m *vec.Mask) {
	l := c.l
	best, marks := l.Vecs(vectors), make([]vec.Marks, vectors)
	read := func(from Mem, to VecVirtual) {
		if m == nil {
			VMOVUPS(from, to)
		} else {
			m.Load(from, to)
		}
	}
	for v := range best {
		l.Broadcast(c.least, best[v])
		marks[v] = l.Marks()
	}
	TESTB(c.acc, c.acc)
	JZ(LabelRef(label + "begin"))
	for v := range best {
		read(Mem{Base: c.dst, Disp: v * l.Bytes()}, best[v])
		marks[v].NaN(best[v])
	}
	Label(label + "begin")
	p, n := GP64(), GP64()
	MOVQ(c.src, p)
	MOVQ(c.rows, n)
	Label(label + "rows")
	for v := range best {
		x := l.Vec()
		read(Mem{Base: p, Disp: v * l.Bytes()}, x)
		marks[v].NaN(x)
		maximum(l, x, best[v])
	}
	ADDQ(c.ld, p)
	DECQ(n)
	JNZ(LabelRef(label + "rows"))
	for v := range best {
		marks[v].Spread(best[v])
		to := Mem{Base: c.dst, Disp: v * l.Bytes()}
		if m == nil {
			VMOVUPS(best[v], to)
		} else {
			m.Store(best[v], to)
		}
	}
}
