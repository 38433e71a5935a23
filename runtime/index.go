package nnrt

// This file answers: how are rows of a table read and added to by index?

// Gather copies rows of a table: dst[i*width+j] = table[idx[i]*width+j] for every i < len(idx) and j < width.
// Indices must lie inside the table; [CheckIndex] proves it at the border of a model.
func Gather[T any](dst, table []T, idx []int32, width int) {
	if gatherVector(dst, table, idx, width) {
		return
	}
	if width == 1 {
		dst = dst[:len(idx)]
		for i, r := range idx {
			dst[i] = table[r]
		}
		return
	}
	for i, r := range idx {
		row := int64(r) * int64(width) // more than an int of 32 bits holds, if the index is wrong
		copy(dst[i*width:(i+1)*width], table[row:row+int64(width)])
	}
}

// ScatterAdd is the transpose of [Gather], restricted to a range of columns:
// dst[idx[i]*width+j] += upd[i*width+j] for j in [lo, hi), in increasing order of i. Workers divide the columns
// among themselves, so that equal indices are added in the same order for any number of workers.
func ScatterAdd[T Float](dst, upd []T, idx []int32, width, lo, hi int) {
	if lo >= hi || scatterAddVector(dst, upd, idx, width, lo, hi) {
		return
	}
	for i, r := range idx {
		base := int64(r) * int64(width)
		d := dst[base+int64(lo) : base+int64(hi)]
		u := upd[i*width+lo : i*width+hi]
		u = u[:len(d)]
		for j := range d {
			d[j] += u[j]
		}
	}
}
