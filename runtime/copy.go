package nnrt

// This file answers: how are tensors copied between layouts?

// Strided copies a tensor of the given size from one strided layout to another:
// dst[sum(i[d]*dstStride[d])] = src[sum(i[d]*srcStride[d])] for every index i below size. Any rank is allowed;
// rank 0 copies one element. A stride of zero in src broadcasts. A negative stride walks its axis backwards
// from the last element, so both slices start at the lowest element touched in any case. dst and src must not
// overlap, nor may two elements of dst.
func Strided[T any](dst []T, dstStride []int, src []T, srcStride []int, size []int) {
	d, s := 0, 0 // where index 0 lies
	for k, n := range size {
		if n <= 0 {
			return
		}
		if dstStride[k] < 0 {
			d -= (n - 1) * dstStride[k]
		}
		if srcStride[k] < 0 {
			s -= (n - 1) * srcStride[k]
		}
	}
	stridedFrom(dst, d, dstStride, src, s, srcStride, size)
}

// stridedRank is the highest rank whose axes are put in order; the axes above it are walked as they come.
const stridedRank = 8

// stridedFew is how many elements of a matrix are copied sooner than their axes are put in order.
const stridedFew = 16

func stridedFrom[T any](dst []T, d int, dstStride []int, src []T, s int, srcStride, size []int) {
	if len(size) > stridedRank {
		for range size[0] {
			stridedFrom(dst, d, dstStride[1:], src, s, srcStride[1:], size[1:])
			d += dstStride[0]
			s += srcStride[0]
		}
		return
	}
	if len(size) == 2 && size[0]*size[1] <= stridedFew {
		row := stridedAxis{size[1], dstStride[1], srcStride[1]}
		for range size[0] {
			stridedRow(dst, d, src, s, row)
			d += dstStride[0]
			s += srcStride[0]
		}
		return
	}
	var buf [stridedRank]stridedAxis
	stridedCopy(dst, d, src, s, stridedAxes(&buf, dstStride, srcStride, size))
}

// A stridedAxis is an axis of a copy: its length, and the distance of its elements in dst and in src.
type stridedAxis struct{ n, d, s int }

// stridedAxes puts the axes in the order in which they are best walked. Since nothing overlaps, every order copies the same: the axis
// whose elements are nearest in dst comes last, and axes that continue each other in both layouts become one. Where the last axis does
// not run along src, an axis that does comes before it, and the two are a transposition.
func stridedAxes(buf *[stridedRank]stridedAxis, dstStride, srcStride, size []int) []stridedAxis {
	count := 0
	for k, n := range size {
		if n == 1 {
			continue
		}
		x := stridedAxis{n, dstStride[k], srcStride[k]}
		at := count
		for ; at > 0 && abs(buf[at-1].d) < abs(x.d); at-- {
			buf[at] = buf[at-1]
		}
		buf[at] = x
		count++
	}
	axes := buf[:0]
	for _, x := range buf[:count] {
		if k := len(axes) - 1; k >= 0 && axes[k].d == x.n*x.d && axes[k].s == x.n*x.s {
			axes[k] = stridedAxis{axes[k].n * x.n, x.d, x.s}
			continue
		}
		axes = append(axes, x)
	}
	if last := len(axes) - 1; last > 1 && axes[last].s != 1 {
		for k := range axes[:last-1] {
			if x := axes[k]; x.s == 1 {
				copy(axes[k:], axes[k+1:last])
				axes[last-1] = x
				break
			}
		}
	}
	return axes
}

func abs(x int) int { return max(x, -x) }

func stridedCopy[T any](dst []T, d int, src []T, s int, axes []stridedAxis) {
	switch len(axes) {
	case 0:
		dst[d] = src[s]
	case 1:
		stridedRow(dst, d, src, s, axes[0])
	case 2:
		x, y := axes[0], axes[1]
		if x.s == 1 && y.d == 1 && x.d > 1 && y.s > 1 {
			transposeCopy(dst[d:], src[s:], y.n, x.n, x.d, y.s)
			return
		}
		if y.d == 1 && y.s == 1 && copyRowsVector(dst[d:], src[s:], x.n, y.n, x.d, x.s) {
			return
		}
		for range x.n {
			stridedRow(dst, d, src, s, y)
			d += x.d
			s += x.s
		}
	default:
		for range axes[0].n {
			stridedCopy(dst, d, src, s, axes[1:])
			d += axes[0].d
			s += axes[0].s
		}
	}
}

func stridedRow[T any](dst []T, d int, src []T, s int, x stridedAxis) {
	switch {
	case x.d == 1 && x.s == 1:
		copy(dst[d:d+x.n], src[s:s+x.n])
	case x.d == 1 && x.s == 0:
		Fill(dst[d:d+x.n], src[s])
	case x.d == 1:
		out := dst[d : d+x.n]
		for i := range out {
			out[i] = src[s]
			s += x.s
		}
	default:
		for range x.n {
			dst[d] = src[s]
			d += x.d
			s += x.s
		}
	}
}

// transposeCopy sets dst[j*dstLd+i] = src[i*srcLd+j] for i < rows and j < cols. Without vectors it takes some rows at a time, so that what a
// line of the cache brings is used before it goes.
func transposeCopy[T any](dst, src []T, rows, cols, dstLd, srcLd int) {
	if transposeVector(dst, src, rows, cols, dstLd, srcLd) {
		return
	}
	const tile = 16
	for i := 0; i < rows; i += tile {
		n := min(tile, rows-i)
		for j := range cols {
			out, s := dst[j*dstLd+i:][:n], i*srcLd+j
			for k := range out {
				out[k] = src[s]
				s += srcLd
			}
		}
	}
}

// FromUint8 converts bytes to floats: dst[i] = T(src[i]). dst must be at least as long as src.
func FromUint8[T Float](dst []T, src []uint8) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = T(v)
	}
}
