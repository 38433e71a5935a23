// Command peak writes loops of independent fused multiply-adds, for the probe of a core's peak.
package main

//go:generate go run . -out ../../peak_amd64.s -stubs ../../peak_stubs_amd64.go -pkg nnrt

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Twelve sums cover a latency of up to six cycles with two operations a cycle, and fit sixteen registers.
const sums = 12

func main() {
	ConstraintExpr("amd64,!purego")
	ymm := []Register{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13}
	zmm := []Register{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13}
	loop("fmaAVX2F32", ymm, VFMADD231PS)
	loop("fmaAVX2F64", ymm, VFMADD231PD)
	loop("fmaAVX512F32", zmm, VFMADD231PS)
	loop("fmaAVX512F64", zmm, VFMADD231PD)
	Generate()
}

func loop(name string, v []Register, fma func(ops ...operand.Op)) {
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(name + " computes n times 24 vectors of fused multiply-adds on registers.")
	Load(Param("n"), RAX)
	for _, x := range []Register{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13} {
		VPXOR(x, x, x)
	}
	Label("loop")
	for range 2 {
		for i := range sums {
			fma(v[12], v[13], v[i])
		}
	}
	DECQ(RAX)
	JNZ(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
