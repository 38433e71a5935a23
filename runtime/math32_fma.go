//go:build !nnexact

package nnrt

// fma32 returns a*b + c with the product rounded, which is fast on every processor. With the build tag nnexact it is rounded once, so that formulas give
// the bits that vector instructions give.
func fma32(a, b, c float32) float32 { return float32(a*b) + c }
