package nnrt

// This file answers: how does plain Go add a term to a sum as vector instructions do?

import (
	"math"
	"unsafe"
)

// fusedTerm is s + x*y, rounded once as fused instructions do it. Plain Go computes sums so under the build tag nnexact (where exact is true),
// to be compared with vector instructions bit for bit; otherwise it rounds the product and the sum, which is faster. A float32 is rounded
// to float64 before, and that changes the result where the float64 lies halfway between two float32: about once in 2**29 terms.
func fusedTerm[T Float](s, x, y T) T {
	if unsafe.Sizeof(s) == 4 {
		return T(float64(float64(x)*float64(y)) + float64(s))
	}
	return T(math.FMA(float64(x), float64(y), float64(s)))
}
