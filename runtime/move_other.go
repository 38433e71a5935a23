//go:build !amd64 || purego

package nnrt

// This file answers: how does data move without vector kernels? The portable way.

func transposeVector[T any](dst, src []T, rows, cols, dstLd, srcLd int) bool      { return false }
func gatherVector[T any, I int32 | int](dst, table []T, idx []I, width int) bool  { return false }
func scatterAddVector[T Float](dst, upd []T, idx []int32, width, lo, hi int) bool { return false }
func copyRowsVector[T any](dst, src []T, rows, cols, dstLd, srcLd int) bool       { return false }
