package nnrt

// This file answers: how are buffers allocated?

import (
	"sync/atomic"
	"unsafe"
)

const (
	// alignBytes is the alignment of buffers: one cache line, one AVX-512 register.
	alignBytes = 64
	// padElems is what capacities are padded to, so that flat loops over a buffer need no tail.
	padElems = 16
)

// Buffers of at least largeBytes begin at different multiples of staggerBytes from where the allocator puts them, in turn. It puts buffers of equal
// powers of two 8 kB apart, modulo that power, and an update that reads four such arrays at once took 15 % longer than with 16 kB or more
// between them (Zen 4, arrays of 64 MB, 0.77 ns an element and 0.67; 4 kB were as bad, and nothing was fine).
const (
	largeBytes   = 4 << 20
	staggerBytes = 16 << 10
	staggers     = 4
)

var largeBuffers atomic.Uint32

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
	extra, skip := alignBytes/size, 0
	if padded >= largeBytes/size {
		extra += (staggers - 1) * staggerBytes / size
		skip = int(largeBuffers.Add(1)%staggers) * staggerBytes / size
	}
	buf := make([]T, padded+extra)
	if off := int(uintptr(unsafe.Pointer(unsafe.SliceData(buf))) % alignBytes); off != 0 {
		skip += (alignBytes - off) / size
	}
	return buf[skip : skip+n : skip+padded]
}
