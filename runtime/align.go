package nnrt

// This file answers: how are buffers allocated?

import (
	"sync"
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

// stagger returns how many bytes after its allocation the next large buffer begins.
func stagger() int { return int(largeBuffers.Add(1)%staggers) * staggerBytes }

// Small buffers lie side by side in chunks. The allocator puts the first buffer of each size at the beginning of a page, so that in the first trainer of
// a program all of them would share a few sets of the first-level cache: a step of a net of 4, 16 and 3 units with Adam took up to a fifth longer than
// in trainers that came later.
const (
	smallBytes = 4 << 10
	chunkBytes = 64 << 10
)

var chunk struct {
	sync.Mutex
	left []uint64
}

// small returns zeroed memory of a multiple of 64 bytes, at a multiple of 64.
func small(bytes int) unsafe.Pointer {
	chunk.Lock()
	defer chunk.Unlock()
	if len(chunk.left)*8 < bytes {
		fresh := make([]uint64, (chunkBytes+alignBytes)/8)
		chunk.left = fresh[-uintptr(unsafe.Pointer(unsafe.SliceData(fresh)))%alignBytes/8:]
	}
	p := unsafe.Pointer(unsafe.SliceData(chunk.left))
	chunk.left = chunk.left[bytes/8:]
	return p
}

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
	if bytes := (padded*size + alignBytes - 1) &^ (alignBytes - 1); 0 < bytes && bytes <= smallBytes {
		return unsafe.Slice((*T)(small(bytes)), padded)[:n]
	}
	extra, skip := alignBytes/size, 0
	if padded >= largeBytes/size {
		extra += (staggers - 1) * staggerBytes / size
		skip = stagger() / size
	}
	buf := make([]T, padded+extra)
	if off := int(uintptr(unsafe.Pointer(unsafe.SliceData(buf))) % alignBytes); off != 0 {
		skip += (alignBytes - off) / size
	}
	return buf[skip : skip+n : skip+padded]
}
