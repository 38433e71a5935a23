// Command gemmpack writes the copies with which matrix products bring operands into order: transposed blocks, and rows without gaps. They
// are bound by loads and stores, so vectors of 32 bytes are as fast as longer ones.
package main

//go:generate go run . -out ../../gemm_pack_amd64.s -stubs ../../gemm_pack_stubs_amd64.go -pkg nnrt

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	transpose("transposeF32", 4)
	transpose("transposeF64", 8)
	copyStrip()
	dots("dotsF32", 4)
	dots("dotsF64", 8)
	Generate()
}

func label(name string) operand.LabelRef { return operand.LabelRef(name) }

// transpose writes the function that copies a matrix block by block, of 32 bytes in both directions. The last blocks overlap the ones
// before, which changes nothing.
func transpose(name string, size int) {
	TEXT(name, NOSPLIT, "func(dst, src *byte, rowDst, rowSrc, rows, cols int)")
	Pragma("noescape")
	Doc(name + " sets dst[j][i] to src[i][j] for a src of rows x cols elements, at least 32 bytes of them each way, with rows so many bytes apart.")
	side := 32 / size
	dst, src, rowDst, rowSrc, rows, cols := R8, R9, R10, R11, R12, R13
	i, j, row3, col3 := RCX, RDX, RAX, RBX
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("rowDst"), rowDst)
	Load(Param("rowSrc"), rowSrc)
	Load(Param("rows"), rows)
	Load(Param("cols"), cols)
	LEAQ(operand.Mem{Base: rowSrc, Index: rowSrc, Scale: 2}, row3)
	LEAQ(operand.Mem{Base: rowDst, Index: rowDst, Scale: 2}, col3)
	SUBQ(operand.Imm(uint64(side)), rows) // the last places where a block may begin
	SUBQ(operand.Imm(uint64(side)), cols)
	XORQ(i, i)
	Label("rows")
	XORQ(j, j)
	Label("cols")
	from, to := [2]Register{RSI, R14}, [2]Register{RDI, R15}
	MOVQ(i, from[0])
	IMULQ(rowSrc, from[0])
	ADDQ(src, from[0])
	LEAQ(operand.Mem{Base: from[0], Index: j, Scale: uint8(size)}, from[0])
	MOVQ(j, to[0])
	IMULQ(rowDst, to[0])
	ADDQ(dst, to[0])
	LEAQ(operand.Mem{Base: to[0], Index: i, Scale: uint8(size)}, to[0])
	if size == 4 {
		LEAQ(operand.Mem{Base: from[0], Index: rowSrc, Scale: 4}, from[1])
		LEAQ(operand.Mem{Base: to[0], Index: rowDst, Scale: 4}, to[1])
	}
	at := func(base [2]Register, row, row3 Register, n, disp int) operand.Mem {
		m := operand.Mem{Base: base[n/4], Disp: disp}
		switch n % 4 {
		case 1:
			m.Index, m.Scale = row, 1
		case 2:
			m.Index, m.Scale = row, 2
		case 3:
			m.Index, m.Scale = row3, 1
		}
		return m
	}
	source := func(n, disp int) operand.Mem { return at(from, rowSrc, row3, n, disp) }
	target := func(n int) operand.Mem { return at(to, rowDst, col3, n, 0) }
	x := []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}
	y := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	for half := range 2 { // columns of the first and of the second 16 bytes
		h := 8 * half
		for r := range side / 2 { // rows r and r+side/2, in the halves of a vector
			VMOVUPS(source(r, 16*half), x[h+r])
			VINSERTF128(operand.Imm(1), source(r+side/2, 16*half), y[h+r], y[h+r])
		}
		if size == 8 {
			VUNPCKLPD(y[h+1], y[h], y[h+2])
			VUNPCKHPD(y[h+1], y[h], y[h+3])
			VMOVUPD(y[h+2], target(2*half))
			VMOVUPD(y[h+3], target(2*half+1))
			continue
		}
		VUNPCKLPS(y[h+1], y[h], y[h+4])
		VUNPCKHPS(y[h+1], y[h], y[h+5])
		VUNPCKLPS(y[h+3], y[h+2], y[h+6])
		VUNPCKHPS(y[h+3], y[h+2], y[h+7])
		VUNPCKLPD(y[h+6], y[h+4], y[h])
		VUNPCKHPD(y[h+6], y[h+4], y[h+1])
		VUNPCKLPD(y[h+7], y[h+5], y[h+2])
		VUNPCKHPD(y[h+7], y[h+5], y[h+3])
		for n := range 4 {
			VMOVUPS(y[h+n], target(4*half+n))
		}
	}
	next(j, cols, side, from[0], "cols")
	next(i, rows, side, from[0], "rows")
	VZEROUPPER()
	RET()
}

// next goes to the next block, the last of which begins at last.
func next(n, last Register, side int, t Register, loop string) {
	CMPQ(n, last)
	JEQ(label(loop + "_done"))
	ADDQ(operand.Imm(uint64(side)), n)
	CMPQ(n, last)
	CMOVQGT(last, n)
	JMP(label(loop))
	Label(loop + "_done")
}

// copyStrip writes the function that brings rows together.
func copyStrip() {
	TEXT("copyStrip", NOSPLIT, "func(dst, src *byte, rowSrc, rows int)")
	Pragma("noescape")
	Doc("copyStrip copies rows of 256 bytes, rowSrc bytes apart, to a place without gaps.")
	src, rowSrc, rows, dst := RSI, R8, R9, RDI
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("rowSrc"), rowSrc)
	Load(Param("rows"), rows)
	y := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7}
	Label("rows")
	for i := range y {
		VMOVUPS(operand.Mem{Base: src, Disp: 32 * i}, y[i])
	}
	for i := range y {
		VMOVUPS(y[i], operand.Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(rowSrc, src)
	ADDQ(operand.U32(256), dst)
	DECQ(rows)
	JNZ(label("rows"))
	VZEROUPPER()
	RET()
}
