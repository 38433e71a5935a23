// Command reduce writes the kernels of sums, products and maxima: down the columns of a matrix, and along its rows.
package main

//go:generate go run . -out ../../reduce_amd64.s -stubs ../../reduce_stubs_amd64.go -pkg nnrt

import (
	. "github.com/mmcloughlin/avo/build"

	"nngen/runtime/asm/reduce/vec"
)

func main() {
	ConstraintExpr("amd64,!purego")
	vec.Table()
	for _, l := range vec.Levels {
		columns(l)
		columnMaxima(l)
		for _, op := range rowOps {
			op.rows(l)
		}
		argMax(l)
	}
	Generate()
}
