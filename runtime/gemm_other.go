//go:build !amd64 || purego

package nnrt

// gemmVector is gemm with vector instructions, which this build does not have.
func gemmVector[T Float](*product) bool { return false }

// gemmTile is gemm for a product of one strip or less.
func gemmTile[T Float](*product) bool { return false }
