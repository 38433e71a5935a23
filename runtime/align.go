package nnrt

// This file answers: how are buffers allocated?

import "unsafe"

const (
	// alignBytes is the alignment of buffers: one cache line, one AVX-512 register.
	alignBytes = 64
	// padElems is what capacities are padded to, so that flat loops over a buffer need no tail.
	padElems = 16
)

// Aligned returns a zeroed slice of n elements whose first element lies on a 64-byte boundary and whose
// capacity is n rounded up to a multiple of 16, so that flat loops may run over s[:cap(s)] without a tail. T
// must not contain pointers, and its size must divide 64. A negative n counts as zero.
func Aligned[T any](n int) []T {
	n = max(n, 0)
	var zero T
	size := int(unsafe.Sizeof(zero))
	padded := (n + padElems - 1) / padElems * padElems
	if size == 0 {
		return make([]T, n, padded)
	}
	extra := alignBytes / size
	buf := make([]T, padded+extra)
	skip := 0
	if off := int(uintptr(unsafe.Pointer(unsafe.SliceData(buf))) % alignBytes); off != 0 {
		skip = (alignBytes - off) / size
	}
	return buf[skip : skip+n : skip+padded]
}
