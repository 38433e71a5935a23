//go:build !purego

package nnrt

// This file answers: how do transposing copies and rows of tables reach the vector kernels?

import "unsafe"

// moveBytes is about how many bytes a kernel moves in one call.
const moveBytes = 4 * callElems

// transposePanel is how many columns of the source a call turns: a line of the cache for float32. Their rows in the destination, which
// may be a power of two apart, stay in the cache until a line of them is full.
const transposePanel = 16

// transposeVector sets dst[j*dstLd+i] = src[i*srcLd+j] for i < rows and j < cols; it returns false where there is no kernel for it.
func transposeVector[T any](dst, src []T, rows, cols, dstLd, srcLd int) bool {
	size := int(unsafe.Sizeof(*new(T)))
	if activeCPU == Portable || size < 4 || rows < 32/size || cols < 16/size || !plain[T]() {
		return false
	}
	_, _ = dst[(cols-1)*dstLd+rows-1], src[(rows-1)*srcLd+cols-1]
	tall := callElems / transposePanel
	for j := 0; j < cols; {
		n := min(transposePanel, cols-j)
		if rest := cols - j - n; rest > 0 && rest < 16/size { // too few for a panel of their own
			n += rest
		}
		for i := 0; i < rows; {
			m := min(tall, rows-i)
			if rest := rows - i - m; rest < 8 {
				m += rest
			}
			transposeTiles(dst[j*dstLd+i:], src[i*srcLd+j:], m, n, dstLd, srcLd, size)
			i += m
		}
		j += n
	}
	return true
}

// transposeTiles calls the kernel for elements of 4 or 8 bytes.
func transposeTiles[T any](dst, src []T, rows, cols, dstLd, srcLd, size int) {
	d, s := unsafe.Pointer(unsafe.SliceData(dst)), unsafe.Pointer(unsafe.SliceData(src))
	if size == 4 {
		transpose32AVX2((*float32)(d), (*float32)(s), rows, cols, dstLd, srcLd)
	} else {
		transpose64AVX2((*float64)(d), (*float64)(s), rows, cols, dstLd, srcLd)
	}
}

// plain reports whether T is a number of 4 or 8 bytes. The collector must see how pointers move.
func plain[T any]() bool {
	switch any(*new(T)).(type) {
	case float32, int32, float64:
		return true
	}
	return false
}

// mostBytes is the length of rows from which the copies of the Go runtime are as fast.
const mostBytes = 1024

// copyRowsVector copies rows of cols elements which begin dstLd and srcLd elements apart; it returns false where there is no kernel for it.
func copyRowsVector[T any](dst, src []T, rows, cols, dstLd, srcLd int) bool {
	size := int(unsafe.Sizeof(*new(T)))
	if activeCPU == Portable || cols*size > mostBytes || dstLd < 0 || srcLd < 0 || !plain[T]() {
		return false
	}
	_, _ = dst[(rows-1)*dstLd+cols-1], src[(rows-1)*srcLd+cols-1]
	for step := moveBytes / (cols * size); rows > 0; {
		n := min(step, rows)
		d, s := (*byte)(unsafe.Pointer(unsafe.SliceData(dst))), (*byte)(unsafe.Pointer(unsafe.SliceData(src)))
		if activeCPU == AVX512 {
			copyRowsAVX512(d, s, n, cols*size, dstLd*size, srcLd*size)
		} else {
			copyRowsAVX2(d, s, n, cols*size, dstLd*size, srcLd*size)
		}
		if rows -= n; rows > 0 {
			dst, src = dst[n*dstLd:], src[n*srcLd:]
		}
	}
	return true
}

// gatherVector copies the rows of a table that indices name; it returns false where there is no kernel for it, and for indices outside
// the table, which the portable code meets in its own way.
func gatherVector[T any, I int32 | int](dst, table []T, idx []I, width int) bool {
	bytes := width * int(unsafe.Sizeof(*new(T)))
	if activeCPU == Portable || width <= 1 || bytes > mostBytes || len(idx) == 0 || !plain[T]() || !inTable(idx, len(table)/width) {
		return false
	}
	dst = dst[:len(idx)*width]
	t := (*byte)(unsafe.Pointer(unsafe.SliceData(table)))
	for step := moveBytes / bytes; len(idx) > 0; {
		n := min(step, len(idx))
		d, i := (*byte)(unsafe.Pointer(unsafe.SliceData(dst))), unsafe.Pointer(unsafe.SliceData(idx))
		switch wide := activeCPU == AVX512; {
		case unsafe.Sizeof(idx[0]) == 4 && wide:
			gatherRows32AVX512(d, t, (*int32)(i), n, bytes)
		case unsafe.Sizeof(idx[0]) == 4:
			gatherRows32AVX2(d, t, (*int32)(i), n, bytes)
		case wide:
			gatherRows64AVX512(d, t, (*int64)(i), n, bytes)
		default:
			gatherRows64AVX2(d, t, (*int64)(i), n, bytes)
		}
		dst, idx = dst[n*width:], idx[n:]
	}
	return true
}

// inTable reports whether all indices are below rows and none is negative.
func inTable[I int32 | int](idx []I, rows int) bool {
	ok := true
	for _, r := range idx {
		if uint64(r) >= uint64(rows) { // what is negative is greater than every length
			ok = false
		}
	}
	return ok
}

// scatterAddVector is ScatterAdd for lo < hi, and false where there is no kernel for it.
func scatterAddVector[T Float](dst, upd []T, idx []int32, width, lo, hi int) bool {
	if activeCPU == Portable || len(idx) == 0 || lo < 0 || hi > width || !inTable(idx, len(dst)/width) {
		return false
	}
	upd = upd[:len(idx)*width]
	for step := max(callElems/(hi-lo), 1); len(idx) > 0; {
		n := min(step, len(idx))
		i := unsafe.SliceData(idx)
		switch wide := activeCPU == AVX512; {
		case is32(*new(T)) && wide:
			scatterAdd32AVX512(ptr32(dst[lo:]), ptr32(upd[lo:]), i, n, width, hi-lo)
		case is32(*new(T)):
			scatterAdd32AVX2(ptr32(dst[lo:]), ptr32(upd[lo:]), i, n, width, hi-lo)
		case wide:
			scatterAdd64AVX512(ptr64(dst[lo:]), ptr64(upd[lo:]), i, n, width, hi-lo)
		default:
			scatterAdd64AVX2(ptr64(dst[lo:]), ptr64(upd[lo:]), i, n, width, hi-lo)
		}
		upd, idx = upd[n*width:], idx[n:]
	}
	return true
}
