//go:build !purego

package nnrt

// This file answers: how do sums, products and maxima reach the vector kernels? Here are the trees above one chunk and the blocks that
// keep a call short, since assembly cannot be interrupted. Every level adds in the order of reduce.go and reduce_axis.go, so all give
// the same bits.

import (
	"math"
	"math/bits"
	"unsafe"
)

// callElems is about how many elements a kernel reads in one call: some ten microseconds' worth.
const callElems = 1 << 16

// sumPanel is the number of columns whose partial sums wait on the stack.
const sumPanel = 128

func ptr32[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }
func ptr64[T Float](x []T) *float64 { return (*float64)(unsafe.Pointer(unsafe.SliceData(x))) }

// sumRowsVector is SumRows into all of dst, and false where there is no kernel for it.
func sumRowsVector[T Float](dst, src []T, rows, ld int, acc bool) bool {
	cols := len(dst)
	if activeCPU == Portable || rows <= 0 || cols == 0 || ld < 0 {
		return false
	}
	_ = src[(rows-1)*ld+cols-1]
	if rows <= rowChunk {
		if rows*cols <= callElems {
			sumChunkRows(dst, src, rows, ld, acc)
			return true
		}
		step := (callElems / rows) &^ 63
		for j := 0; j < cols; j += step {
			sumChunkRows(dst[j:min(j+step, cols)], src[j:], rows, ld, acc)
		}
		return true
	}
	var sum [sumPanel]T
	for j := 0; j < cols; j += sumPanel {
		d := dst[j:min(j+sumPanel, cols)]
		if !acc {
			sumTreeRows(d, src[j:], rows, ld)
			continue
		}
		s := sum[:len(d)]
		sumTreeRows(s, src[j:], rows, ld)
		sumChunkRows(d, s, 1, 0, true)
	}
	return true
}

// sumTreeRows combines the chunks of some rows by the tree of TreeSum: the largest power of two of chunks, and the rest.
func sumTreeRows[T Float](dst, src []T, rows, ld int) {
	if rows <= rowChunk {
		sumChunkRows(dst, src, rows, ld, false)
		return
	}
	chunks := (rows + rowChunk - 1) / rowChunk
	left := rowChunk << (bits.Len(uint(chunks-1)) - 1)
	sumTreeRows(dst, src, left, ld)
	src, rows = src[left*ld:], rows-left
	if rows <= rowChunk {
		sumChunkRows(dst, src, rows, ld, true)
		return
	}
	var sum [sumPanel]T
	s := sum[:len(dst)]
	sumTreeRows(s, src, rows, ld)
	sumChunkRows(dst, s, 1, 0, true)
}

// sumChunkRows calls the kernel for rows of one chunk. A sum of lanes that began at zero is never -0, so a partial sum may pass
// through it once more as a row of its own.
func sumChunkRows[T Float](dst, src []T, rows, ld int, acc bool) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		sumRows32AVX512(ptr32(dst), ptr32(src), rows, len(dst), ld, acc)
	case is32(*new(T)):
		sumRows32AVX2(ptr32(dst), ptr32(src), rows, len(dst), ld, acc)
	case wide:
		sumRows64AVX512(ptr64(dst), ptr64(src), rows, len(dst), ld, acc)
	default:
		sumRows64AVX2(ptr64(dst), ptr64(src), rows, len(dst), ld, acc)
	}
}

// sumFlatVector is SumFlat, and false where there is no kernel for it.
func sumFlatVector[T Float](x []T) (sum T, ok bool) {
	if activeCPU == Portable {
		return 0, false
	}
	var sums [4]T
	if len(x) <= flatChunk {
		sumEach(sums[:1], x, len(x), 0)
		return sums[0], true
	}
	var tree treeSum[T]
	for len(x) > flatChunk {
		n := min((len(x)-1)/flatChunk, len(sums))
		sumEach(sums[:n], x, flatChunk, flatChunk)
		for _, s := range sums[:n] {
			tree.add(s)
		}
		x = x[n*flatChunk:]
	}
	sumEach(sums[:1], x, len(x), 0)
	tree.add(sums[0])
	return tree.sum(), true
}

// dotVector is Dot of slices of equal length, and false where there is no kernel for it.
func dotVector[T Float](x, y []T) (sum T, ok bool) {
	if activeCPU == Portable {
		return 0, false
	}
	var sums [4]T
	if len(x) <= flatChunk {
		dotEach(sums[:1], x, y, len(x), 0)
		return sums[0], true
	}
	var tree treeSum[T]
	for len(x) > flatChunk {
		n := min((len(x)-1)/flatChunk, len(sums))
		dotEach(sums[:n], x, y, flatChunk, flatChunk)
		for _, s := range sums[:n] {
			tree.add(s)
		}
		x, y = x[n*flatChunk:], y[n*flatChunk:]
	}
	dotEach(sums[:1], x, y, len(x), 0)
	tree.add(sums[0])
	return tree.sum(), true
}

// rowKernel selects what reduceVector does with rows.
type rowKernel uint8

const (
	rowSum rowKernel = iota
	rowProd
	rowMax
)

// reduceVector reduces the rows of src, each n elements long, in blocks; it returns false where there is no kernel. A product of a row
// so long that it would have to be cut is left to the portable code.
func reduceVector[T Float](k rowKernel, dst, src []T, n int) bool {
	if activeCPU == Portable || n == 0 || n > callElems || k == rowSum && n > flatChunk {
		return false
	}
	src = src[:len(dst)*n]
	for step := max(callElems/n, 1); len(dst) > 0; {
		rows := min(step, len(dst))
		switch k {
		case rowSum:
			sumEach(dst[:rows], src, n, n)
		case rowProd:
			mulEach(dst[:rows], src, n, n)
		default:
			maxEach(dst[:rows], src, n, n)
		}
		dst, src = dst[rows:], src[rows*n:]
	}
	return true
}

func reduceSumVector[T Float](dst, src []T, n int) bool  { return reduceVector(rowSum, dst, src, n) }
func reduceProdVector[T Float](dst, src []T, n int) bool { return reduceVector(rowProd, dst, src, n) }

// reduceMaxVector takes the maximum of rows, long ones in pieces.
func reduceMaxVector[T Float](dst, src []T, n int) bool {
	if activeCPU == Portable || n <= callElems {
		return reduceVector(rowMax, dst, src, n)
	}
	for o := range dst {
		row := src[o*n : (o+1)*n]
		best := T(math.Inf(-1))
		for len(row) > 0 {
			var part [1]T
			k := min(len(row), callElems)
			maxEach(part[:], row, k, k)
			best = max(best, part[0])
			row = row[k:]
		}
		dst[o] = best
	}
	return true
}

// maxColumnsVector takes the maximum of each column of src, which has rows of len(dst) elements; it returns false where there is no kernel.
func maxColumnsVector[T Float](dst, src []T, rows int) bool {
	cols := len(dst)
	if activeCPU == Portable || rows == 0 || cols == 0 {
		return false
	}
	src = src[:rows*cols]
	tall := max(callElems/cols, 16)
	broad := callElems / 16
	for r := 0; r < rows; r += tall {
		for j := 0; j < cols; j += broad {
			maxRows(dst[j:min(j+broad, cols)], src[r*cols+j:], min(tall, rows-r), cols, r > 0)
		}
	}
	return true
}

// maxRows calls the kernel for rows at stride ld.
func maxRows[T Float](dst, src []T, rows, ld int, acc bool) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		maxRows32AVX512(ptr32(dst), ptr32(src), rows, len(dst), ld, acc)
	case is32(*new(T)):
		maxRows32AVX2(ptr32(dst), ptr32(src), rows, len(dst), ld, acc)
	case wide:
		maxRows64AVX512(ptr64(dst), ptr64(src), rows, len(dst), ld, acc)
	default:
		maxRows64AVX2(ptr64(dst), ptr64(src), rows, len(dst), ld, acc)
	}
}

// argMaxVector finds the position of the maximum in each row of n elements, long ones in pieces; it returns false where there is no kernel.
func argMaxVector[T Float](dst []int32, src []T, n int) bool {
	if activeCPU == Portable || n == 0 {
		return false
	}
	src = src[:len(dst)*n]
	if n > callElems {
		for o := range dst {
			dst[o] = argMaxLong(src[o*n : (o+1)*n])
		}
		return true
	}
	for step := callElems / n; len(dst) > 0; {
		rows := min(step, len(dst))
		argMaxEach(dst[:rows], src, n)
		dst, src = dst[rows:], src[rows*n:]
	}
	return true
}

func argMaxLong[T Float](row []T) int32 {
	best := 0
	for i := 0; i < len(row); i += callElems {
		var part [1]int32
		n := min(callElems, len(row)-i)
		argMaxEach(part[:], row[i:], n)
		at := i + int(part[0])
		if v, b := row[at], row[best]; b == b && (v > b || v != v) {
			best = at
		}
	}
	return int32(best)
}

func argMaxEach[T Float](dst []int32, src []T, n int) {
	switch wide, d := activeCPU == AVX512, unsafe.SliceData(dst); {
	case is32(*new(T)) && wide:
		argMaxEach32AVX512(d, ptr32(src), len(dst), n)
	case is32(*new(T)):
		argMaxEach32AVX2(d, ptr32(src), len(dst), n)
	case wide:
		argMaxEach64AVX512(d, ptr64(src), len(dst), n)
	default:
		argMaxEach64AVX2(d, ptr64(src), len(dst), n)
	}
}

// sumEach sums len(dst) rows of n elements at stride ld.
func sumEach[T Float](dst, src []T, n, ld int) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		sumEach32AVX512(ptr32(dst), ptr32(src), len(dst), n, ld)
	case is32(*new(T)):
		sumEach32AVX2(ptr32(dst), ptr32(src), len(dst), n, ld)
	case wide:
		sumEach64AVX512(ptr64(dst), ptr64(src), len(dst), n, ld)
	default:
		sumEach64AVX2(ptr64(dst), ptr64(src), len(dst), n, ld)
	}
}

func dotEach[T Float](dst, x, y []T, n, ld int) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		dotEach32AVX512(ptr32(dst), ptr32(x), ptr32(y), len(dst), n, ld)
	case is32(*new(T)):
		dotEach32AVX2(ptr32(dst), ptr32(x), ptr32(y), len(dst), n, ld)
	case wide:
		dotEach64AVX512(ptr64(dst), ptr64(x), ptr64(y), len(dst), n, ld)
	default:
		dotEach64AVX2(ptr64(dst), ptr64(x), ptr64(y), len(dst), n, ld)
	}
}

func mulEach[T Float](dst, src []T, n, ld int) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		mulEach32AVX512(ptr32(dst), ptr32(src), len(dst), n, ld)
	case is32(*new(T)):
		mulEach32AVX2(ptr32(dst), ptr32(src), len(dst), n, ld)
	case wide:
		mulEach64AVX512(ptr64(dst), ptr64(src), len(dst), n, ld)
	default:
		mulEach64AVX2(ptr64(dst), ptr64(src), len(dst), n, ld)
	}
}

func maxEach[T Float](dst, src []T, n, ld int) {
	switch wide := activeCPU == AVX512; {
	case is32(*new(T)) && wide:
		maxEach32AVX512(ptr32(dst), ptr32(src), len(dst), n, ld)
	case is32(*new(T)):
		maxEach32AVX2(ptr32(dst), ptr32(src), len(dst), n, ld)
	case wide:
		maxEach64AVX512(ptr64(dst), ptr64(src), len(dst), n, ld)
	default:
		maxEach64AVX2(ptr64(dst), ptr64(src), len(dst), n, ld)
	}
}
