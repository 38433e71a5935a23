//go:build !purego

package nnrt

// This file answers: which way of computing a product with vector instructions takes the least time?

import "unsafe"

// Strips of packed operands are 128 bytes wide, the width of the tile that is used for all but few rows: two cache lines a term, with no
// gap between the terms.
const stripBytes = 128

// panelStrips is how many strips are packed at a time, so that they stay in the second-level cache while all rows use them.
const panelStrips = 8

// A way is an order in which to read the operands of a product.
type way uint8

const (
	inPlace way = iota // vectors of b as it lies
	packing            // vectors of strips copied from b, transposed if b is
	swapped            // vectors of strips of a (copied, if a is not transposed) for a transposed c, copied back
)

// gemmVector is gemm with vector instructions; it returns false if there are none.
func gemmVector[T Float](c, a, b matrix, bias unsafe.Pointer, m, n, k int, acc bool) bool {
	if activeCPU == Portable {
		return false
	}
	multiply[T](chooseWay(a, b, int(unsafe.Sizeof(*new(T))), m, n, k, acc), c, a, b, bias, m, n, k, acc)
	return true
}

// multiply computes a product in the given way. A transposed b cannot be read in place.
func multiply[T Float](w way, c, a, b matrix, bias unsafe.Pointer, m, n, k int, acc bool) {
	t := tileArgs{c: c.p, a: a.p, b: b.p, rowC: c.row, rowA: a.row, colA: a.col, rowB: b.row}
	for k0 := 0; k0 < k; k0 += KC {
		t.k = min(k-k0, KC)
		t.offA = k0 * a.col
		if acc || k0 > 0 {
			t.acc = 1
		}
		if k0+KC >= k {
			t.bias = bias
		}
		switch w {
		case inPlace:
			t.offB, t.offC, t.offBias = k0*b.row, 0, 0
			strips[T](&t, m, n*int(unsafe.Sizeof(*new(T))))
		case packing:
			packed[T](t, matrix{b.at(k0, 0), b.row, b.col}, m, n)
		case swapped:
			swap[T](c, matrix{a.at(0, k0), a.row, a.col}, matrix{b.at(k0, 0), b.row, b.col}, m, n, t.k, acc || k0 > 0)
		}
	}
}

// chooseWay compares what the ways cost, in half vectors of multiplications.
func chooseWay(a, b matrix, size, m, n, k int, acc bool) way {
	if b.col == size && (n*size > wideBytes || m*n*k < swapWork) {
		if n*k*size > farBytes && m >= farRows {
			return packing
		}
		return inPlace
	}
	direct := m * halves(n, size) * k
	turned := n*halves(m, size)*k + copyCost(m, n, size)
	if acc {
		turned += copyCost(m, n, size)
	}
	if a.row != size {
		turned += copyCost(m, k, size)
	}
	if b.col != size {
		direct += copyCost(n, k, size)
	}
	switch {
	case turned < direct:
		return swapped
	case b.col != size:
		return packing
	}
	return inPlace
}

const (
	wideBytes = 64      // with longer rows of c, few lanes are idle
	swapWork  = 1 << 12 // below so many products nothing is worth a choice
	farBytes  = 1 << 20 // a larger b comes from the third-level cache, whose latency rows far apart do not hide
	farRows   = 128     // that many rows of c pay for packing b
)

// halves is the number of vectors of 32 bytes that n elements take, in rows that no tile can share if they are short.
func halves(n, size int) int {
	h := (n*size + 31) / 32
	if activeCPU == AVX512 && h > 1 {
		return (h + 1) &^ 1
	}
	return h
}

// copyCost is what copying a transposed matrix costs, in half vectors of multiplications. Fewer rows than a block has are copied one by one.
func copyCost(rows, cols, size int) int {
	if min(rows, cols)*size < 32 {
		return 3 * rows * cols
	}
	return rows * cols * size / 8
}

// packed computes c from strips copied from b, some at a time.
func packed[T Float](t tileArgs, b matrix, m, n int) {
	size := int(unsafe.Sizeof(*new(T)))
	cols := stripBytes / size
	s := getScratch()
	t.b, t.rowB = s.aligned(), stripBytes
	for j := 0; j < n; j += panelStrips * cols {
		w := min(panelStrips*cols, n-j)
		bj := matrix{b.at(0, j), b.row, b.col}
		if b.col == size {
			w = w / cols * cols
			if w == 0 { // the rest is less than a strip
				t.b, t.rowB, t.offB, t.offC, t.offBias = bj.p, b.row, 0, j*size, j*size
				strips[T](&t, m, (n-j)*size)
				break
			}
			packStrips((*byte)(t.b), (*byte)(bj.p), b.row, t.k, w/cols)
		} else {
			for jj := 0; jj < w; jj += cols {
				transpose[T](matrix{unsafe.Add(t.b, jj*size*t.k), stripBytes, size}, matrix{bj.at(0, jj), b.col, b.row}, min(cols, w-jj), t.k)
			}
		}
		for jj := 0; jj < w; jj += cols {
			t.offB, t.offC, t.offBias = jj*size*t.k, (j+jj)*size, (j+jj)*size
			strips[T](&t, m, min(cols, w-jj)*size)
		}
	}
	putScratch(s)
}

// swapRows is the number of rows of a transposed c that are computed before they are copied to c.
const swapRows = 128

// swap computes the transposed c as the product of the transposed b and the transposed a, in pieces of stripBytes columns.
func swap[T Float](c, a, b matrix, m, n, kc int, acc bool) {
	size := int(unsafe.Sizeof(*new(T)))
	s := getScratch()
	ct := matrix{s.aligned(), stripBytes, size}
	at := unsafe.Add(ct.p, swapRows*stripBytes)
	cols := stripBytes / size
	t := tileArgs{c: ct.p, a: b.p, b: at, rowC: ct.row, rowA: b.col, colA: b.row, rowB: stripBytes, k: kc}
	if acc {
		t.acc = 1
	}
	if a.row == size {
		t.b, t.rowB = a.p, a.col
	}
	for i := 0; i < m; i += cols {
		w := min(cols, m-i)
		offB := 0
		if a.row == size {
			offB = i * size
		} else {
			transpose[T](matrix{at, stripBytes, size}, matrix{a.at(i, 0), a.row, a.col}, w, kc)
		}
		for j := 0; j < n; j += swapRows {
			h := min(swapRows, n-j)
			if acc {
				transpose[T](ct, matrix{c.at(i, j), c.row, c.col}, w, h)
			}
			t.offA, t.offB, t.offC = j*b.col, offB, 0
			strips[T](&t, h, w*size)
			transpose[T](matrix{c.at(i, j), c.row, c.col}, ct, h, w)
		}
	}
	putScratch(s)
}

// transpose sets dst(j, i) to src(i, j) for a src of rows x cols.
func transpose[T Float](dst, src matrix, rows, cols int) {
	size := int(unsafe.Sizeof(*new(T)))
	switch {
	case rows < 32/size || cols < 32/size:
		for i := range rows {
			for j := range cols {
				*(*T)(dst.at(j, i)) = *(*T)(src.at(i, j))
			}
		}
	case size == 4:
		transposeF32((*byte)(dst.p), (*byte)(src.p), dst.row, src.row, rows, cols)
	default:
		transposeF64((*byte)(dst.p), (*byte)(src.p), dst.row, src.row, rows, cols)
	}
}
