package nnrt

// This file answers: in which order are the terms of a flat reduction added?
//
// Two numbers and two trees fix the order of every sum:
//
//   - a flat sum is cut into chunks of 8192 elements; inside a chunk element i belongs to virtual lane i&15, each
//     lane adds its elements in order starting from zero, and [Sum16] combines the lanes;
//   - chunk sums are combined by [TreeSum].

// flatChunk is the length of the chunks of a flat reduction: 512 rounds of 16 lanes.
const flatChunk = 512 * 16

// Sum16 combines 16 lane sums by a fixed tree: lane i takes lane i+8, then i+4, i+2, i+1. acc is overwritten.
func Sum16[T Float](acc *[16]T) T {
	for i := range 8 {
		acc[i] += acc[i+8]
	}
	for i := range 4 {
		acc[i] += acc[i+4]
	}
	acc[0] += acc[2]
	acc[1] += acc[3]
	return acc[0] + acc[1]
}

// TreeSum adds partial results by a fixed tree that depends on their number only: neighbours are added in
// pairs, an odd last one moves up unchanged, and so on level by level; equally, the sum of the largest power of
// two smaller than the number, plus the sum of the rest. It is how the results of row blocks are combined.
// The sum of no partials is zero.
func TreeSum[T Float](partials []T) T {
	var tree treeSum[T]
	for _, x := range partials {
		tree.add(x)
	}
	return tree.sum()
}

// treeSum adds a stream of partials by the tree of [TreeSum], holding one sum per complete subtree as a binary
// counter does.
type treeSum[T Float] struct {
	sums  [64]T
	count uint64
}

func (t *treeSum[T]) add(x T) {
	level := 0
	for n := t.count; n&1 == 1; n >>= 1 {
		x = t.sums[level] + x
		level++
	}
	t.sums[level] = x
	t.count++
}

// sum combines what is left from the smallest subtree up.
func (t *treeSum[T]) sum() T {
	var x T
	first := true
	level := 0
	for n := t.count; n != 0; n >>= 1 {
		if n&1 == 1 {
			if first {
				x, first = t.sums[level], false
			} else {
				x = t.sums[level] + x
			}
		}
		level++
	}
	return x
}

// SumFlat returns the sum of x.
func SumFlat[T Float](x []T) T {
	if sum, ok := sumFlatVector(x); ok {
		return sum
	}
	if len(x) <= flatChunk { // the tree of one partial
		return sumChunk(x)
	}
	var tree treeSum[T]
	for len(x) > flatChunk {
		tree.add(sumChunk(x[:flatChunk]))
		x = x[flatChunk:]
	}
	tree.add(sumChunk(x))
	return tree.sum()
}

// Dot returns the sum of the products x[i]*y[i], each rounded, in the order of [SumFlat]. The slices have equal
// length.
func Dot[T Float](x, y []T) T {
	y = y[:len(x)]
	if sum, ok := dotVector(x, y); ok {
		return sum
	}
	if len(x) <= flatChunk {
		return dotChunk(x, y)
	}
	var tree treeSum[T]
	for len(x) > flatChunk {
		tree.add(dotChunk(x[:flatChunk], y[:flatChunk]))
		x, y = x[flatChunk:], y[flatChunk:]
	}
	tree.add(dotChunk(x, y))
	return tree.sum()
}

// sumChunk and dotChunk take two passes over the chunk, of eight lanes each, since sixteen sums do not fit the
// registers.
func sumChunk[T Float](x []T) T {
	var acc [16]T
	sumLanes(x, 0, (*[8]T)(acc[:8]))
	sumLanes(x, 8, (*[8]T)(acc[8:]))
	return Sum16(&acc)
}

// sumLanes adds the elements of lanes first to first+7 of a chunk.
func sumLanes[T Float](x []T, first int, acc *[8]T) {
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	i := first
	for ; i+8 <= len(x); i += 16 {
		v := (*[8]T)(x[i : i+8])
		s0 += v[0]
		s1 += v[1]
		s2 += v[2]
		s3 += v[3]
		s4 += v[4]
		s5 += v[5]
		s6 += v[6]
		s7 += v[7]
	}
	*acc = [8]T{s0, s1, s2, s3, s4, s5, s6, s7}
	for l := 0; i+l < len(x); l++ {
		acc[l] += x[i+l]
	}
}

func dotChunk[T Float](x, y []T) T {
	var acc [16]T
	dotLanes(x, y, 0, (*[8]T)(acc[:8]))
	dotLanes(x, y, 8, (*[8]T)(acc[8:]))
	return Sum16(&acc)
}

// dotLanes adds the products of lanes first to first+7 of a chunk.
func dotLanes[T Float](x, y []T, first int, acc *[8]T) {
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	i := first
	for ; i+8 <= len(x); i += 16 {
		v, w := (*[8]T)(x[i:i+8]), (*[8]T)(y[i:i+8])
		s0 += T(v[0] * w[0])
		s1 += T(v[1] * w[1])
		s2 += T(v[2] * w[2])
		s3 += T(v[3] * w[3])
		s4 += T(v[4] * w[4])
		s5 += T(v[5] * w[5])
		s6 += T(v[6] * w[6])
		s7 += T(v[7] * w[7])
	}
	*acc = [8]T{s0, s1, s2, s3, s4, s5, s6, s7}
	for l := 0; i+l < len(x); l++ {
		acc[l] += T(x[i+l] * y[i+l])
	}
}
