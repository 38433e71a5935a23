package nnrt

// This file answers: what do the three matrix products compute, and how are they cut into tiles?

import "unsafe"

// KC is the number of terms of a matrix product that are accumulated before the partial sum is added to the
// result. It is part of the specification of [GemmNN], [GemmNT] and [GemmTN].
const KC = 512

// GemmNN computes c = a*b, or c += a*b if acc, for row-major matrices a [m, k], b [k, n] and c [m, n] with row
// strides lda, ldb and ldc.
//
// For each element of c, k runs in order in blocks of [KC]: a block's partial sum starts at zero, takes one
// rounded product after the other, and is added to c (which starts at zero unless acc). So each element depends
// on its row of a and its column of b only; computing c in pieces, cut in any way along m and n, gives the same
// bits as computing it whole. c must not overlap a or b.
func GemmNN[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	gemm[T](view(c, m, n, ldc, 1), view(a, m, k, lda, 1), view(b, k, n, ldb, 1), m, n, k, acc)
}

// GemmNT is [GemmNN] with b stored transposed, as [n, k] with row stride ldb.
func GemmNT[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	gemm[T](view(c, m, n, ldc, 1), view(a, m, k, lda, 1), view(b, k, n, 1, ldb), m, n, k, acc)
}

// GemmTN is [GemmNN] with a stored transposed, as [k, m] with row stride lda.
func GemmTN[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	gemm[T](view(c, m, n, ldc, 1), view(a, m, k, 1, lda), view(b, k, n, ldb, 1), m, n, k, acc)
}

// matrix is a checked view: element (i, j) lies i*row + j*col bytes after p. The inner loops of a product run on
// such addresses, because a bounds check between two accumulations splits the loop body, and the compiler then
// spills the accumulators (half the speed, measured).
type matrix struct {
	p        unsafe.Pointer
	row, col int
}

// view panics, as an index expression does, unless s holds a rows x cols matrix with these strides in elements.
func view[T Float](s []T, rows, cols, row, col int) matrix {
	if rows > 0 && cols > 0 {
		_ = s[(rows-1)*row+(cols-1)*col]
	}
	size := int(unsafe.Sizeof(*new(T)))
	return matrix{unsafe.Pointer(unsafe.SliceData(s)), row * size, col * size}
}

func (v matrix) at(i, j int) unsafe.Pointer { return unsafe.Add(v.p, i*v.row+j*v.col) }

// A strip of four columns of b is copied to contiguous memory when it serves at least packRows rows of a;
// below that the copy costs more than the strides of b do. A transposed b is packed earlier, since reading it
// in place takes a slower loop.
const (
	packRows  = 16
	packRowsT = 12
	packK     = 32
)

// gemm is the product of views. The tile is 2 x 4, what fits the 15 free vector registers of amd64 with operands
// and products; edges take 1 x 4, 4 x 1 and 1 x 1 tiles.
func gemm[T Float](c, a, b matrix, m, n, k int, acc bool) {
	if m <= 0 || n <= 0 {
		return
	}
	if k <= 0 && !acc {
		for i := range m {
			clear(unsafe.Slice((*T)(c.at(i, 0)), n))
		}
		return
	}
	if gemmVector[T](c, a, b, nil, m, n, k, acc) {
		return
	}
	size := int(unsafe.Sizeof(*new(T)))
	transposed := b.col != size
	pack := m >= packRows || transposed && m >= packRowsT
	for k0 := 0; k0 < k; k0 += KC {
		kc := min(k-k0, KC)
		ak, bk := matrix{a.at(0, k0), a.row, a.col}, matrix{b.at(k0, 0), b.row, b.col}
		acc := acc || k0 > 0
		j := 0
		if n >= 4 {
			switch {
			case pack && kc >= packK:
				j = gemmPacked[T](c, ak, bk, m, n, kc, acc)
			case transposed:
				j = gemmDots[T](c, ak, bk, m, n, kc, acc)
			default:
				for ; j+4 <= n; j += 4 {
					gemmStrip[T](matrix{c.at(0, j), c.row, c.col}, ak, bk.at(0, j), bk.row, m, kc, acc)
				}
			}
		}
		for ; j < n; j++ {
			gemmColumn[T](matrix{c.at(0, j), c.row, c.col}, ak, bk.at(0, j), bk.row, m, kc, acc)
		}
	}
}

// gemmPacked computes the columns of c that full strips cover, and returns their number.
func gemmPacked[T Float](c, a, b matrix, m, n, kc int, acc bool) int {
	var strip [KC][4]T
	step := int(unsafe.Sizeof(strip[0]))
	j := 0
	for ; j+4 <= n; j += 4 {
		packStrip(strip[:kc], b.at(0, j), b.row, b.col)
		gemmStrip[T](matrix{c.at(0, j), c.row, c.col}, a, unsafe.Pointer(&strip), step, m, kc, acc)
	}
	return j
}

// packStrip copies four columns, col bytes apart with elements row bytes apart.
func packStrip[T Float](strip [][4]T, b unsafe.Pointer, row, col int) {
	o := 0
	if col == int(unsafe.Sizeof(*new(T))) {
		for kk := range strip {
			strip[kk] = *(*[4]T)(unsafe.Add(b, o))
			o += row
		}
		return
	}
	b1, b2, b3 := unsafe.Add(b, col), unsafe.Add(b, 2*col), unsafe.Add(b, 3*col)
	for kk := range strip {
		s := &strip[kk]
		s[0] = *(*T)(unsafe.Add(b, o))
		s[1] = *(*T)(unsafe.Add(b1, o))
		s[2] = *(*T)(unsafe.Add(b2, o))
		s[3] = *(*T)(unsafe.Add(b3, o))
		o += row
	}
}

// gemmStrip computes four columns of c from four neighbouring columns of b, whose rows are step bytes apart.
func gemmStrip[T Float](c, a matrix, b unsafe.Pointer, step, m, kc int, acc bool) {
	i := 0
	for ; i+2 <= m; i += 2 {
		s00, s01, s02, s03, s10, s11, s12, s13 := tile2x4[T](a.at(i, 0), a.row, a.col, b, step, kc)
		store4(c.at(i, 0), acc, s00, s01, s02, s03)
		store4(c.at(i+1, 0), acc, s10, s11, s12, s13)
	}
	if i < m {
		s0, s1, s2, s3 := tile1x4[T](a.at(i, 0), a.col, b, step, kc)
		store4(c.at(i, 0), acc, s0, s1, s2, s3)
	}
}

// gemmDots computes the columns of c that full strips cover from the rows of a transposed b, and returns their
// number.
func gemmDots[T Float](c, a, b matrix, m, n, kc int, acc bool) int {
	j := 0
	for ; j+4 <= n; j += 4 {
		bj := b.at(0, j)
		i := 0
		for ; i+2 <= m; i += 2 {
			s00, s01, s02, s03, s10, s11, s12, s13 := tile2x4T[T](a.at(i, 0), a.row, bj, b.col, kc)
			store4(c.at(i, j), acc, s00, s01, s02, s03)
			store4(c.at(i+1, j), acc, s10, s11, s12, s13)
		}
		if i < m {
			// One row of a and four of b: the 4 x 1 tile with the roles exchanged.
			s0, s1, s2, s3 := tile4x1[T](bj, b.col, b.row, a.at(i, 0), a.col, kc)
			store4(c.at(i, j), acc, s0, s1, s2, s3)
		}
	}
	return j
}

// gemmColumn computes one column of c from one column of b, whose elements are step bytes apart.
func gemmColumn[T Float](c, a matrix, b unsafe.Pointer, step, m, kc int, acc bool) {
	i := 0
	for ; i+4 <= m; i += 4 {
		s0, s1, s2, s3 := tile4x1[T](a.at(i, 0), a.row, a.col, b, step, kc)
		store1(c.at(i, 0), acc, s0)
		store1(c.at(i+1, 0), acc, s1)
		store1(c.at(i+2, 0), acc, s2)
		store1(c.at(i+3, 0), acc, s3)
	}
	for ; i < m; i++ {
		store1(c.at(i, 0), acc, tile1x1[T](a.at(i, 0), a.col, b, step, kc))
	}
}

func store4[T Float](p unsafe.Pointer, acc bool, s0, s1, s2, s3 T) {
	c := (*[4]T)(p)
	if acc {
		s0, s1, s2, s3 = c[0]+s0, c[1]+s1, c[2]+s2, c[3]+s3
	}
	c[0], c[1], c[2], c[3] = s0, s1, s2, s3
}

func store1[T Float](p unsafe.Pointer, acc bool, s T) {
	c := (*T)(p)
	if acc {
		s = *c + s
	}
	*c = s
}
