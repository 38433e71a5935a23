package nnrt

// This file answers: where do kernels that pack their operands get memory from?

import (
	"sync/atomic"
	"unsafe"
)

// scratchBytes is the size of a scratch buffer: the strip of a product with KC terms, and swapRows rows of its result.
const scratchBytes = 160 << 10

// A scratch is memory that a kernel borrows for one call. It holds no pointers, and what was in it before.
type scratch struct {
	bytes [scratchBytes + 64]byte
}

// freeScratch holds the buffers that nobody uses. Buffers that find no slot are left to the garbage collector; so as many calls at the
// same time as there are slots allocate nothing after their first. (A sync.Pool forgets its buffers with every second collection.)
var freeScratch [64]atomic.Pointer[scratch]

// getScratch returns a buffer for putScratch to take back.
func getScratch() *scratch {
	for i := range freeScratch {
		if freeScratch[i].Load() == nil {
			continue
		}
		if s := freeScratch[i].Swap(nil); s != nil {
			return s
		}
	}
	return new(scratch)
}

func putScratch(s *scratch) {
	for i := range freeScratch {
		if freeScratch[i].Load() == nil && freeScratch[i].CompareAndSwap(nil, s) {
			return
		}
	}
}

// aligned returns the address of the first whole cache line.
func (s *scratch) aligned() unsafe.Pointer {
	p := unsafe.Pointer(s)
	return unsafe.Add(p, -uintptr(p)&63)
}
