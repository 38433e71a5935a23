package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dots writes the function that multiplies one vector with rows of a matrix. Terms of a sum must follow each other, so lanes are rows: blocks
// of the matrix are transposed in registers, four of them at a time to hide the latency of the sums.
func dots(name string, size int) {
	TEXT(name, NOSPLIT, "func(sums, x, b *byte, rowB, k, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s sets sums[j] to the sum of x[i]*b[j][i] over i below k, in order and fused, for j below n, which is at least %d.", name, 32/size),
		"Rows of b are rowB bytes apart.")
	d := &dotPrinter{size: size, side: 32 / size, part: 16 / size}
	if size == 4 {
		d.fma, d.bcast, d.lo, d.hi = VFMADD231PS, VBROADCASTSS, VUNPCKLPD, VUNPCKHPD
	} else {
		d.fma, d.bcast, d.lo, d.hi = VFMADD231PD, VBROADCASTSD, VUNPCKLPD, VUNPCKHPD
	}
	Load(Param("rowB"), R9)
	LEAQ(operand.Mem{Base: R9, Index: R9, Scale: 2}, R10)
	XORQ(R12, R12) // j
	Label("next")
	Load(Param("n"), RAX)
	SUBQ(R12, RAX)
	JLE(label("done"))
	CMPQ(RAX, operand.Imm(uint64(4*d.side)))
	JGE(label("blocks4_start"))
	CMPQ(RAX, operand.Imm(uint64(d.side)))
	JGE(label("blocks1_start"))
	// The last block overlaps the one before, whose sums are the same.
	Load(Param("n"), R12)
	SUBQ(operand.Imm(uint64(d.side)), R12)
	Label("blocks1_start")
	d.blocks(1)
	JMP(label("next"))
	Label("blocks4_start")
	d.blocks(4)
	JMP(label("next"))
	Label("done")
	VZEROUPPER()
	RET()
}

type dotPrinter struct {
	size, side, part   int // bytes of an element, rows of a block, elements that are loaded from a row at once
	fma, bcast, lo, hi func(ops ...operand.Op)
}

// row is what lies disp bytes after the cursor in row r of block g; a register serves four rows.
func (d *dotPrinter) row(g, r, disp int) operand.Mem {
	bases := []Register{RSI, RDI, RBX, RDX, R11, R13, R14, R15}
	m := operand.Mem{Base: bases[(g*d.side+r)/4], Disp: disp}
	switch r % 4 {
	case 1:
		m.Index, m.Scale = R9, 1
	case 2:
		m.Index, m.Scale = R9, 2
	case 3:
		m.Index, m.Scale = R10, 1
	}
	return m
}

// blocks writes the sums of so many blocks of rows.
func (d *dotPrinter) blocks(count int) {
	name := fmt.Sprintf("blocks%d", count)
	bases := []Register{RSI, RDI, RBX, RDX, R11, R13, R14, R15}[:count*d.side/4]
	low := []VecPhysical{X8, X9}
	MOVQ(R12, RAX)
	IMULQ(R9, RAX)
	Load(Param("b"), RSI)
	ADDQ(RAX, RSI)
	for i := 1; i < len(bases); i++ {
		LEAQ(operand.Mem{Base: bases[i-1], Index: R9, Scale: 4}, bases[i])
	}
	Load(Param("x"), RAX)
	Load(Param("k"), RCX)
	for g := range count {
		VPXOR([]VecPhysical{X0, X1, X2, X3}[g], []VecPhysical{X0, X1, X2, X3}[g], []VecPhysical{X0, X1, X2, X3}[g])
	}
	// Whole cache lines of two blocks at a time: rows may lie so that the cache does not hold a line of each.
	d.loop(name+"_lines", count, 4, bases)
	d.loop(name+"_parts", count, 1, bases)
	TESTQ(RCX, RCX)
	JEQ(label(name + "_store"))
	Label(name + "_single")
	d.bcast(operand.Mem{Base: RAX}, Y4)
	ADDQ(operand.Imm(uint64(d.size)), RAX)
	for g := range count {
		for half := range 2 {
			for r := range d.part {
				m := d.row(g, half*d.part+r, 0)
				switch {
				case d.size == 4 && r == 0:
					VMOVSS(m, low[half])
				case d.size == 4:
					VINSERTPS(operand.Imm(uint64(16*r)), m, low[half], low[half])
				case r == 0:
					VMOVSD(m, low[half])
				default:
					VMOVHPD(m, low[half], low[half])
				}
			}
		}
		VINSERTF128(operand.Imm(1), X9, Y8, Y8)
		d.fma(Y8, Y4, dotSum[g])
	}
	for _, base := range bases {
		ADDQ(operand.Imm(uint64(d.size)), base)
	}
	DECQ(RCX)
	JNZ(label(name + "_single"))
	Label(name + "_store")
	Load(Param("sums"), RAX)
	LEAQ(operand.Mem{Base: RAX, Index: R12, Scale: uint8(d.size)}, RAX)
	for g := range count {
		VMOVUPS(dotSum[g], operand.Mem{Base: RAX, Disp: 32 * g})
	}
	ADDQ(operand.Imm(uint64(count*d.side)), R12)
}

var dotSum = []VecPhysical{Y0, Y1, Y2, Y3}

// loop writes the loop over so many parts of 16 bytes of each row.
func (d *dotPrinter) loop(name string, count, parts int, bases []Register) {
	elements := uint64(parts * d.part)
	SUBQ(operand.Imm(elements), RCX)
	JLT(label(name + "_end"))
	Label(name)
	for pair := 0; pair < count; pair += 2 {
		for part := range parts {
			for g := pair; g < min(pair+2, count); g++ {
				d.terms(g, part)
			}
		}
	}
	for _, base := range bases {
		ADDQ(operand.Imm(uint64(16*parts)), base)
	}
	ADDQ(operand.Imm(uint64(16*parts)), RAX)
	SUBQ(operand.Imm(elements), RCX)
	JGE(label(name))
	Label(name + "_end")
	ADDQ(operand.Imm(elements), RCX)
}

// terms writes the terms of block g that come from the given part of its rows.
func (d *dotPrinter) terms(g, part int) {
	low := []VecPhysical{X8, X9, X10, X11}
	y := []VecPhysical{Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	for r := range d.part {
		VMOVUPS(d.row(g, r, 16*part), low[r])
		VINSERTF128(operand.Imm(1), d.row(g, r+d.part, 16*part), y[r], y[r])
	}
	columns := y[:2]
	if d.size == 8 {
		d.lo(y[1], y[0], y[2])
		d.hi(y[1], y[0], y[3])
		columns = y[2:4]
	} else {
		VUNPCKLPS(y[1], y[0], y[4])
		VUNPCKHPS(y[1], y[0], y[5])
		VUNPCKLPS(y[3], y[2], y[6])
		VUNPCKHPS(y[3], y[2], y[7])
		d.lo(y[6], y[4], y[0])
		d.hi(y[6], y[4], y[1])
		d.lo(y[7], y[5], y[2])
		d.hi(y[7], y[5], y[3])
		columns = y[:4]
	}
	for i, column := range columns {
		d.bcast(operand.Mem{Base: RAX, Disp: 16*part + d.size*i}, Y4)
		d.fma(column, Y4, dotSum[g])
	}
}
