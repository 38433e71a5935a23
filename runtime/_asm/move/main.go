// Command move writes the kernels that move data: transposed, row by row, and added to rows of a table.
package main

//go:generate go run . -out ../../move_amd64.s -stubs ../../move_stubs_amd64.go -pkg nnrt

import (
	. "github.com/mmcloughlin/avo/build"

	"nngen/runtime/asm/reduce/vec"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, l := range vec.Levels {
		if !l.Wide { // wider registers take longer to fill than they save, on a Zen 4
			transpose(l)
		}
		scatterAdd(l)
		if l.Size == 4 {
			gather(l, 4)
			gather(l, 8)
			copyRows(l)
		}
	}
	Generate()
}
