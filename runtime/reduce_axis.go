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

// rowChunk is the number of rows that are summed before the partial sum enters the tree.
const rowChunk = 512

// SumRows sums down the columns of src, which holds rows of cols values at row stride ld: dst[j] is the sum over
// r of src[r*ld+j], or is increased by it if acc. With no rows the sum is zero.
func SumRows[T Float](dst []T, src []T, rows, cols, ld int, acc bool) {
	dst = dst[:cols]
	for j := range dst {
		var tree treeSum[T]
		for r := 0; r < rows; r += rowChunk {
			var lane [4]T
			for i := r; i < min(r+rowChunk, rows); i++ {
				lane[i&3] += src[i*ld+j]
			}
			tree.add((lane[0] + lane[2]) + (lane[1] + lane[3]))
		}
		if s := tree.sum(); acc {
			dst[j] += s
		} else {
			dst[j] = s
		}
	}
}

// ReduceSum sums src, viewed as [outer, n, inner], over its middle axis into dst [outer, inner]. The sum of
// nothing is zero.
func ReduceSum[T Float](dst, src []T, outer, n, inner int) {
	if inner == 1 {
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
	for o := range outer {
		for j := range inner {
			m := negInf[T]()
			for i := range n {
				m = max(m, src[(o*n+i)*inner+j])
			}
			dst[o*inner+j] = m
		}
	}
}

// ArgMax finds the position of the maximum of src, viewed as [outer, n, inner], along its middle axis, into dst
// [outer, inner]. Of equal maxima the first wins; NaN counts as the greatest value, and the first NaN wins. The
// position in an empty axis is zero.
func ArgMax[T Float](dst []int32, src []T, outer, n, inner int) {
	for o := range outer {
		for j := range inner {
			best := 0
			if n > 0 {
				m := src[o*n*inner+j]
				for i := 1; i < n && m == m; i++ {
					if v := src[(o*n+i)*inner+j]; v > m || v != v {
						m, best = v, i
					}
				}
			}
			dst[o*inner+j] = int32(best)
		}
	}
}

// CumSum computes running sums of src, viewed as [outer, n, inner], along its middle axis into dst of the same
// shape, in order of the position: dst[o, i, j] = src[o, 0, j] + ... + src[o, i, j]. With reverse the sums run
// from the end. dst may be src.
func CumSum[T Float](dst, src []T, outer, n, inner int, reverse bool) {
	for o := range outer {
		d, s := dst[o*n*inner:(o+1)*n*inner], src[o*n*inner:(o+1)*n*inner]
		for j := range inner {
			var sum T
			for i := range n {
				at := i*inner + j
				if reverse {
					at = (n-1-i)*inner + j
				}
				sum += s[at]
				d[at] = sum
			}
		}
	}
}
