// Command philox writes the kernels that fill buffers with random values.
package main

//go:generate go run . -out ../../philox_amd64.s -stubs ../../philox_stubs_amd64.go -pkg nnrt

import (
	. "github.com/mmcloughlin/avo/build"

	"nngen/runtime/asm/reduce/vec"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, l := range vec.Levels {
		uniform(l)
		normal(l)
	}
	Generate()
}
