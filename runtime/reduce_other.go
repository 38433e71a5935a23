//go:build !amd64 || purego

package nnrt

// This file answers: what do reductions do without vector kernels? They take the portable way.

func sumRowsVector[T Float](dst, src []T, rows, ld int, acc bool) bool { return false }
func sumFlatVector[T Float](x []T) (T, bool)                           { return 0, false }
func dotVector[T Float](x, y []T) (T, bool)                            { return 0, false }
func reduceSumVector[T Float](dst, src []T, n int) bool                { return false }
func reduceProdVector[T Float](dst, src []T, n int) bool               { return false }
func reduceMaxVector[T Float](dst, src []T, n int) bool                { return false }
func argMaxVector[T Float](dst []int32, src []T, n int) bool           { return false }
func maxColumnsVector[T Float](dst, src []T, rows int) bool            { return false }
