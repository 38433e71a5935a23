package main

// This file answers: how is a matrix transposed in registers? A tile is as many rows as a vector has elements, and as many columns as 16
// bytes have. Register k collects 16 bytes of rows k, k+C, k+2C and so on, for C columns; a transposition inside each 16 bytes, which
// needs no instruction that crosses them, then leaves whole columns. The last tiles are moved back to where they fit, and write some
// elements twice.

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

func transpose(l vec.Level) {
	tall, broad := l.Lanes(), 16/l.Size
	name := l.Name("transpose")
	vec.Text(name, fmt.Sprintf("func(dst, src *%s, rows, cols, dstLd, srcLd int)", l.Float()),
		fmt.Sprintf("sets dst[j*dstLd+i] = src[i*srcLd+j] for i < rows and j < cols, which are at least %d and %d.", tall, broad))
	dst, src := vec.Arg("dst"), vec.Arg("src")
	rows, cols := vec.Arg("rows"), vec.Arg("cols")
	to, from := vec.Arg("dstLd"), vec.Arg("srcLd")
	l.Scale(to)
	l.Scale(from)
	to3, from3 := GP64(), GP64()
	LEAQ(Mem{Base: to, Index: to, Scale: 2}, to3)
	LEAQ(Mem{Base: from, Index: from, Scale: 2}, from3)
	line := func(base, ld, ld3 Register, i int) Mem {
		switch i {
		case 1, 2:
			return Mem{Base: base, Index: ld, Scale: uint8(i)}
		case 3:
			return Mem{Base: base, Index: ld3, Scale: 1}
		}
		return Mem{Base: base}
	}

	Label("rows")
	base := make([]GPVirtual, tall/broad) // rows 0, C, 2C, ... of the tile
	for q := range base {
		base[q] = GP64()
		switch {
		case q == 0:
			MOVQ(src, base[q])
		case broad == 4:
			LEAQ(Mem{Base: base[q-1], Index: from, Scale: 4}, base[q])
		default:
			LEAQ(Mem{Base: base[q-1], Index: from, Scale: 2}, base[q])
		}
	}
	d, left := GP64(), GP64()
	MOVQ(dst, d)
	MOVQ(cols, left)

	Label("columns")
	v := l.Vecs(broad)
	for k := range v {
		VMOVUPS(line(base[0], from, from3, k), v[k].AsX())
		for q := 1; q < len(base); q++ {
			at := line(base[q], from, from3, k)
			VINSERTF128(U8(q), at, v[k], v[k])
		}
	}
	var out []VecVirtual
	if broad == 4 {
		a := l.Vecs(4)
		VUNPCKLPS(v[1], v[0], a[0])
		VUNPCKHPS(v[1], v[0], a[1])
		VUNPCKLPS(v[3], v[2], a[2])
		VUNPCKHPS(v[3], v[2], a[3])
		out = l.Vecs(4)
		VUNPCKLPD(a[2], a[0], out[0])
		VUNPCKHPD(a[2], a[0], out[1])
		VUNPCKLPD(a[3], a[1], out[2])
		VUNPCKHPD(a[3], a[1], out[3])
	} else {
		out = l.Vecs(2)
		VUNPCKLPD(v[1], v[0], out[0])
		VUNPCKHPD(v[1], v[0], out[1])
	}
	for j := range out {
		VMOVUPS(out[j], line(d, to, to3, j))
	}
	for q := range base {
		ADDQ(U8(16), base[q])
	}
	LEAQ(Mem{Base: d, Index: to, Scale: uint8(broad)}, d)
	SUBQ(U8(broad), left)
	CMPQ(left, U8(broad))
	JGE(LabelRef("columns"))
	TESTQ(left, left)
	JZ(LabelRef("next"))
	// Step back so that the last columns fill a tile.
	SUBQ(U8(broad), left)
	back := GP64()
	MOVQ(left, back)
	l.Scale(back)
	for q := range base {
		ADDQ(back, base[q])
	}
	MOVQ(left, back)
	IMULQ(to, back)
	ADDQ(back, d)
	MOVQ(U32(broad), left)
	JMP(LabelRef("columns"))

	Label("next")
	SUBQ(U8(tall), rows)
	JZ(LabelRef("done"))
	down := GP64()
	MOVQ(U32(tall), down)
	CMPQ(rows, down)
	JGE(LabelRef("move"))
	SUBQ(down, rows) // step back so that the last rows fill a tile
	ADDQ(rows, down)
	MOVQ(U32(tall), rows)
	Label("move")
	at := GP64()
	MOVQ(down, at)
	l.Scale(at)
	ADDQ(at, dst)
	IMULQ(from, down)
	ADDQ(down, src)
	JMP(LabelRef("rows"))
	Label("done")
	VZEROUPPER()
	RET()
}
