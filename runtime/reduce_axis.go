package nnrt

// This file answers: in which order are the terms of a reduction along one axis combined?
//
// The source of an axis reduction is viewed as [outer, n, inner], row-major and dense, the result as
// [outer, inner]. With inner = 1 the reduced elements are neighbours and the order is that of reduce.go. With
// inner > 1 the sums run down columns, in the order of SumRows:
//
//   - rows are cut into chunks of 512; inside a chunk row r belongs to row lane r&3, each row lane adds its rows
//     in order starting from zero, and the four are combined as (0+2) + (1+3);
//   - chunk sums are combined by the tree of TreeSum.
//
// A column's sum does not depend on the columns beside it, so callers may ask for any range of columns.

import "math"

// rowChunk is the number of rows that are summed before the partial sum enters the tree.
const rowChunk = 512

// SumRows sums down the columns of src, which holds rows of cols values at row stride ld: dst[j] is the sum over
// r of src[r*ld+j], or is increased by it if acc. With no rows the sum is zero.
func SumRows[T Float](dst []T, src []T, rows, cols, ld int, acc bool) {
	dst = dst[:cols]
	if sumRowsVector(dst, src, rows, ld, acc) {
		return
	}
	j := 0
	for ; j+2 <= cols; j += 2 {
		var s0, s1 T
		if rows > rowChunk {
			var t0, t1 treeSum[T]
			for r := 0; r < rows; r += rowChunk {
				s0, s1 = sumColumns(src[r*ld+j:], min(rows-r, rowChunk), ld)
				t0.add(s0)
				t1.add(s1)
			}
			s0, s1 = t0.sum(), t1.sum()
		} else if rows > 0 {
			s0, s1 = sumColumns(src[j:], rows, ld)
		}
		if acc {
			s0, s1 = dst[j]+s0, dst[j+1]+s1
		}
		dst[j], dst[j+1] = s0, s1
	}
	if j < cols {
		var tree treeSum[T]
		for r := 0; r < rows; r += rowChunk {
			tree.add(sumColumn(src[r*ld+j:], min(rows-r, rowChunk), ld))
		}
		s := tree.sum()
		if acc {
			s = dst[j] + s
		}
		dst[j] = s
	}
}

// sumColumns sums the first two columns of one chunk.
func sumColumns[T Float](src []T, rows, ld int) (T, T) {
	var a0, a1, b0, b1, c0, c1, d0, d1 T
	o := 0
	for ; rows >= 4; rows -= 4 {
		v, w := (*[2]T)(src[o:]), (*[2]T)(src[o+ld:])
		x, y := (*[2]T)(src[o+2*ld:]), (*[2]T)(src[o+3*ld:])
		a0 += v[0]
		a1 += v[1]
		b0 += w[0]
		b1 += w[1]
		c0 += x[0]
		c1 += x[1]
		d0 += y[0]
		d1 += y[1]
		o += 4 * ld
	}
	if rows > 0 {
		a0, a1 = a0+src[o], a1+src[o+1]
	}
	if rows > 1 {
		b0, b1 = b0+src[o+ld], b1+src[o+ld+1]
	}
	if rows > 2 {
		c0, c1 = c0+src[o+2*ld], c1+src[o+2*ld+1]
	}
	return (a0 + c0) + (b0 + d0), (a1 + c1) + (b1 + d1)
}

// sumColumn sums the first column of one chunk.
func sumColumn[T Float](src []T, rows, ld int) T {
	var lane [4]T
	for r := range rows {
		lane[r&3] += src[r*ld]
	}
	return (lane[0] + lane[2]) + (lane[1] + lane[3])
}

// ReduceSum sums src, viewed as [outer, n, inner], over its middle axis into dst [outer, inner]. The sum of
// nothing is zero.
func ReduceSum[T Float](dst, src []T, outer, n, inner int) {
	if inner == 1 {
		if reduceSumVector(dst[:outer], src, n) {
			return
		}
		for o := range outer {
			dst[o] = SumFlat(src[o*n : (o+1)*n])
		}
		return
	}
	for o := range outer {
		SumRows(dst[o*inner:(o+1)*inner], src[o*n*inner:(o+1)*n*inner], n, inner, inner, false)
	}
}

// ReduceProd multiplies src, viewed as [outer, n, inner], over its middle axis into dst [outer, inner]: element
// i belongs to lane i&15, and the lanes are multiplied by the tree of [Sum16]. The product of nothing is one.
func ReduceProd[T Float](dst, src []T, outer, n, inner int) {
	if inner == 1 && reduceProdVector(dst[:outer], src, n) {
		return
	}
	for o := range outer {
		for j := range inner {
			var lane [16]T
			for l := range lane {
				lane[l] = 1
			}
			for i := range n {
				lane[i&15] *= src[(o*n+i)*inner+j]
			}
			for w := 8; w > 0; w >>= 1 {
				for l := range w {
					lane[l] *= lane[l+w]
				}
			}
			dst[o*inner+j] = lane[0]
		}
	}
}

// ReduceMax takes the maximum of src, viewed as [outer, n, inner], over its middle axis into dst [outer, inner].
// A NaN among the elements makes the maximum NaN; the maximum of nothing is -Inf.
func ReduceMax[T Float](dst, src []T, outer, n, inner int) {
	if inner == 1 && reduceMaxVector(dst[:outer], src, n) {
		return
	}
	for o := range outer {
		block := src[o*n*inner : (o+1)*n*inner]
		if inner == 1 {
			dst[o] = maxFlat(block)
			continue
		}
		d := dst[o*inner : (o+1)*inner]
		if maxColumnsVector(d, block, n) {
			continue
		}
		for j := range d {
			d[j] = T(math.Inf(-1))
		}
		for i := range n {
			row := block[i*inner : (i+1)*inner]
			row = row[:len(d)]
			for j := range d {
				d[j] = max(d[j], row[j])
			}
		}
	}
}

// maxFlat keeps four maxima to hide latency; the order of a maximum does not matter.
func maxFlat[T Float](x []T) T {
	m0 := T(math.Inf(-1))
	m1, m2, m3 := m0, m0, m0
	for ; len(x) >= 4; x = x[4:] {
		m0, m1, m2, m3 = max(m0, x[0]), max(m1, x[1]), max(m2, x[2]), max(m3, x[3])
	}
	for _, v := range x {
		m0 = max(m0, v)
	}
	return max(max(m0, m2), max(m1, m3))
}

// ArgMax finds the position of the maximum of src, viewed as [outer, n, inner], along its middle axis, into dst
// [outer, inner]. Of equal maxima the first wins; NaN counts as the greatest value, and the first NaN wins. The
// position in an empty axis is zero.
func ArgMax[T Float](dst []int32, src []T, outer, n, inner int) {
	if inner == 1 && argMaxVector(dst[:outer], src, n) {
		return
	}
	for o := range outer {
		block := src[o*n*inner : (o+1)*n*inner]
		if inner == 1 {
			dst[o] = argMaxFlat(block)
			continue
		}
		d := dst[o*inner : (o+1)*inner]
		clear(d)
		for i := 1; i < n; i++ {
			for j, v := range block[i*inner : (i+1)*inner] {
				if best := block[int(d[j])*inner+j]; best == best && (v > best || v != v) {
					d[j] = int32(i)
				}
			}
		}
	}
}

func argMaxFlat[T Float](x []T) int32 {
	if len(x) == 0 {
		return 0
	}
	best, at := x[0], 0
	for i, v := range x {
		if !(v <= best) { // greater, or one of them is NaN
			if best != best {
				break
			}
			best, at = v, i
		}
	}
	return int32(at)
}

// CumSum computes running sums of src, viewed as [outer, n, inner], along its middle axis into dst of the same
// shape, in order of the position: dst[o, i, j] = src[o, 0, j] + ... + src[o, i, j]. With reverse the sums run
// from the end. dst may be src.
func CumSum[T Float](dst, src []T, outer, n, inner int, reverse bool) {
	for o := range outer {
		d, s := dst[o*n*inner:(o+1)*n*inner], src[o*n*inner:(o+1)*n*inner]
		for i := range n {
			row, last := i*inner, (i-1)*inner
			if reverse {
				row, last = (n-1-i)*inner, (n-i)*inner
			}
			if i == 0 {
				for j := range inner {
					d[row+j] = 0 + s[row+j]
				}
				continue
			}
			out, in, sum := d[row:row+inner], s[row:row+inner], d[last:last+inner]
			in, sum = in[:len(out)], sum[:len(out)]
			for j := range out {
				out[j] = sum[j] + in[j]
			}
		}
	}
}
