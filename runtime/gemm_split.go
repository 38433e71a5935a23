package nnrt

// This file answers: how do workers share the terms of a product, so that each reads a part of the second matrix and of that alone?
//
// A weight matrix that an update has changed lies in the caches of the cores that changed it. A forward product cut along its rows makes
// every core fetch all of it from the others, and each then has to claim its part back before it can write to it again; together that took a
// seventh of a step of a small net on two cores (docs/performance.md). Cut along the terms, as the gradient of the matrix and its update are cut along
// the matrix's rows, nothing but sums moves. Blocks of terms have sums of their own by the specification of a product, so that the result
// has the same bits.

const (
	splitMost = 128 // rows of a product up to which its terms are shared; more of them pay for reading the whole matrix
	splitCols = 256 // columns of a task: narrower ones share cache lines, and what is fetched ahead, with their neighbours
)

// splitGrid returns how a product of m rows, n columns and k terms is cut: into blocks of terms, columns and rows, all by shapes alone.
func splitGrid(m, n, k int) (blocks, cols, rows int) {
	blocks, cols = 1, Blocks(n, splitCols)
	if m > splitMost {
		return blocks, cols, tallRows
	}
	return Blocks(k, termBlock(k)), cols, min(max(lanes((m+1)/2), 16), tallRows)
}

// SplitTasks returns the number of tasks of [GemmNNSplit].
func SplitTasks(m, n, k int) int {
	blocks, cols, rows := splitGrid(m, n, k)
	return blocks * cols * Blocks(m, rows)
}

// SplitParts returns how many elements [GemmNNSplit] needs for sums of blocks of terms, for up to m rows.
func SplitParts(m, n, k int) int {
	return (Blocks(k, termBlock(k)) - 1) * min(m, splitMost) * n
}

// GemmNNSplit does one task of c = a*b, for matrices without gaps: the first block of terms goes to c, the others go to parts. Neighbouring tasks read the
// same part of b. When all tasks are done, [JoinSplit] makes c what [GemmNN] computes, bit by bit.
func GemmNNSplit[T Float](task int, c, parts, a, b []T, m, n, k int) {
	blocks, cols, rows := splitGrid(m, n, k)
	bands := Blocks(m, rows)
	i0 := task % bands * rows
	j0 := task / bands % cols * splitCols
	mc, nc := min(rows, m-i0), min(splitCols, n-j0)
	if blocks == 1 {
		GemmNN(c[i0*n+j0:], n, a[i0*k:], k, b[j0:], n, mc, nc, k, false)
		return
	}
	block, terms := task/(bands*cols), termBlock(k)
	k0 := block * terms
	if block > 0 {
		c = parts[(block-1)*m*n:]
	}
	GemmNN(c[i0*n+j0:], n, a[i0*k+k0:], k, b[k0*n+j0:], n, mc, nc, min(terms, k-k0), false)
}

// JoinSplit adds the sums of the later blocks of terms to rows r0 to r1 of c, in order.
func JoinSplit[T Float](c, parts []T, r0, r1, m, n, k int) {
	blocks, _, _ := splitGrid(m, n, k)
	rows := c[r0*n : r1*n]
	for i := range blocks - 1 {
		SumRows(rows, parts[(i*m+r0)*n:], 1, len(rows), len(rows), true)
	}
}
