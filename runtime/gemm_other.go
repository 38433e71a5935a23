//go:build !amd64 || purego

package nnrt

import "unsafe"

// gemmVector is gemm with vector instructions, which this build does not have.
func gemmVector[T Float](c, a, b matrix, bias unsafe.Pointer, m, n, k int, acc bool) bool {
	return false
}
