//go:build !purego

package nnrt

// This file answers: how do buffers of random values reach the vector kernels? A kernel writes whole groups of blocks; where a buffer
// begins or ends inside a group, the group goes through the stack.

import "math"

// A fillKernel says which values a buffer gets.
type fillKernel uint8

const (
	uniformFill fillKernel = iota
	normalFill
)

func fillUniformVector[T Float](dst []T, k Key, start uint64) bool {
	return fillVector(uniformFill, dst, k, start)
}

func fillNormalVector[T Float](dst []T, k Key, start uint64) bool {
	return fillVector(normalFill, dst, k, start)
}

// fillVector sets dst[i] to element start+i of the stream; it returns false where there is no kernel for it or too little for a kernel to do.
func fillVector[T Float](f fillKernel, dst []T, k Key, start uint64) bool {
	per := 16 / uint64(sizeOf[T]()) // elements of a block
	if activeCPU == Portable || len(dst) <= int(per) || start > math.MaxUint64-uint64(len(dst)) {
		return false
	}
	blocks := uint64(4)
	if activeCPU == AVX512 {
		blocks = 8
	}
	group := int(blocks * per)
	most := callElems
	if f == normalFill {
		most /= 4
	}
	var buf [32]T
	block, skip := start/per, int(start%per)
	if skip > 0 {
		fillGroups(f, buf[:group], k, block)
		dst = dst[copy(dst, buf[skip:group]):]
		block += blocks
	}
	for len(dst) >= group {
		n := min(len(dst), most) / group * group
		fillGroups(f, dst[:n], k, block)
		dst = dst[n:]
		block += uint64(n) / per
	}
	if len(dst) > 0 {
		fillGroups(f, buf[:group], k, block)
		copy(dst, buf[:])
	}
	return true
}

// fillGroups fills dst with the elements of whole groups of blocks.
func fillGroups[T Float](f fillKernel, dst []T, k Key, block uint64) {
	n := len(dst) * sizeOf[T]() / 16 // blocks
	if f == normalFill {
		normalGroups(dst, n, k, block)
		return
	}
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		fillUniform32AVX512(ptr32(dst), n/8, k.key, block, k.step)
	case is32(*new(T)):
		fillUniform32AVX2(ptr32(dst), n/4, k.key, block, k.step)
	case wide:
		fillUniform64AVX512(ptr64(dst), n/8, k.key, block, k.step)
	default:
		fillUniform64AVX2(ptr64(dst), n/4, k.key, block, k.step)
	}
}

func normalGroups[T Float](dst []T, n int, k Key, block uint64) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		fillNormal32AVX512(ptr32(dst), n/8, k.key, block, k.step)
	case is32(*new(T)):
		fillNormal32AVX2(ptr32(dst), n/4, k.key, block, k.step)
	case wide:
		fillNormal64AVX512(ptr64(dst), n/8, k.key, block, k.step)
	default:
		fillNormal64AVX2(ptr64(dst), n/4, k.key, block, k.step)
	}
}

// sizeOf returns the bytes of an element.
func sizeOf[T Float]() int {
	if is32(*new(T)) {
		return 4
	}
	return 8
}
