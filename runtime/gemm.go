package nnrt

// This file answers: what do the three matrix products compute, and how are they cut into tiles?

import "unsafe"

// KC is the largest number of terms of a matrix product that are accumulated before the partial sum is added to the
// result. It is part of the specification of [GemmNN], [GemmNT] and [GemmTN].
const KC = 512

// termBlock returns how many of k terms make one partial sum: all of them up to [KC], and otherwise a multiple of 8 that leaves as few and as
// equal blocks as can be, so that they are worth the same when workers share them (see [GemmNNSplit]).
func termBlock(k int) int {
	if k <= KC {
		return KC
	}
	blocks := (k + KC - 1) / KC
	return ((k+blocks-1)/blocks + 7) &^ 7
}

// GemmNN computes c = a*b, or c += a*b if acc, for row-major matrices a [m, k], b [k, n] and c [m, n] with row
// strides lda, ldb and ldc.
//
// For each element of c, k runs in order in as few equal blocks as [KC] allows: a block's partial sum starts at zero, takes one
// product after the other, and is added to c; the first one becomes c unless acc. Vector instructions fuse a product with its sum, plain Go
// rounds both (see [CPU]). So each element depends on its row of a and its column of b only; computing c in pieces, cut in any way along m
// and n, gives the same bits as computing it whole. c must not overlap a or b.
func GemmNN[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	var p product
	p.c, p.a, p.b = view(c, m, n, ldc, 1), view(a, m, k, lda, 1), view(b, k, n, ldb, 1)
	p.m, p.n, p.k, p.acc = m, n, k, accFlag(acc)
	if m > 0 && n > 0 && k > 0 && gemmTile[T](&p) {
		return // without one more call, which a tiny product would feel
	}
	gemm[T](&p)
}

// GemmNT is [GemmNN] with b stored transposed, as [n, k] with row stride ldb.
func GemmNT[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	var p product
	p.c, p.a, p.b = view(c, m, n, ldc, 1), view(a, m, k, lda, 1), view(b, k, n, 1, ldb)
	p.m, p.n, p.k, p.acc = m, n, k, accFlag(acc)
	gemm[T](&p)
}

// GemmTN is [GemmNN] with a stored transposed, as [k, m] with row stride lda.
func GemmTN[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	var p product
	p.c, p.a, p.b = view(c, m, n, ldc, 1), view(a, m, k, 1, lda), view(b, k, n, ldb, 1)
	p.m, p.n, p.k, p.acc = m, n, k, accFlag(acc)
	if m > 0 && n > 0 && k > 0 && gemmTile[T](&p) {
		return
	}
	gemm[T](&p)
}

// GemmTNDescend computes c = transpose(a)*b, [GemmTN] without acc, and p -= rate*c for a p [m, n] with the row stride of c: a gradient of weights
// and the step of plain gradient descent by it, while the gradient is in registers. rate*c and the difference are both rounded.
func GemmTNDescend[T Float](p []T, rate T, c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int) {
	var x product
	x.c, x.a, x.b = view(c, m, n, ldc, 1), view(a, m, k, 1, lda), view(b, k, n, ldb, 1)
	x.descends = view(p, m, n, ldc, 1).p
	*(*T)(unsafe.Pointer(&x.rate)) = -rate
	x.m, x.n, x.k = m, n, k
	gemm[T](&x)
}

// GemmNNBias computes c = a*b + bias: [GemmNN] without acc, with bias [n] added to each row of c after the last product.
func GemmNNBias[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, bias []T, m, n, k int) {
	var p product
	p.c, p.a, p.b = view(c, m, n, ldc, 1), view(a, m, k, lda, 1), view(b, k, n, ldb, 1)
	p.bias = view(bias, 1, n, n, 1).p
	p.m, p.n, p.k = m, n, k
	gemm[T](&p)
}

// A Batch says how the matrices of a batch of products follow each other: product i has c at i*C, a at i*A and b at i*B elements. A stride
// of zero gives all products the same a or b.
type Batch struct{ N, C, A, B int }

// GemmNNBatch computes [GemmNN] for each member of a batch.
func GemmNNBatch[T Float](s Batch, c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	for i := range s.N {
		GemmNN(c[i*s.C:], ldc, a[i*s.A:], lda, b[i*s.B:], ldb, m, n, k, acc)
	}
}

// GemmNTBatch computes [GemmNT] for each member of a batch.
func GemmNTBatch[T Float](s Batch, c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	for i := range s.N {
		GemmNT(c[i*s.C:], ldc, a[i*s.A:], lda, b[i*s.B:], ldb, m, n, k, acc)
	}
}

// GemmTNBatch computes [GemmTN] for each member of a batch.
func GemmTNBatch[T Float](s Batch, c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	for i := range s.N {
		GemmTN(c[i*s.C:], ldc, a[i*s.A:], lda, b[i*s.B:], ldb, m, n, k, acc)
	}
}

// A product is what a matrix product has to do: c = a*b, with c [m, n], a [m, k] and b [k, n] stored in any way. The assembly reads it by
// the offsets in _asm/gemm; the fields after acc are for it.
type product struct {
	c, a, b matrix
	bias    unsafe.Pointer // row that is added to each row of c at last, or nil
	m, n, k int
	acc     int // 1 if c is added to, 0 if it is set

	offC, offA, offB, offBias int // where a strip begins, in bytes
	tiles                     int // number of tiles, one below the other; the assembly counts them down, and the taller ones
	rows                      int // rows of a tile; the first `taller` tiles have one more
	taller                    int
	mask                      uintptr // lanes of the last vector: bits for AVX-512, the address of a vector for AVX2
	shape                     int     // position in the list of tileShapes
	ahead, lines              int     // from a row of b to the first line to ask for, and how many; none if both are zero

	descends unsafe.Pointer // parameters that lie like c and move against it, or nil
	rate     uint64         // bits of how far, negative
	fetch    bool           // ask for b ahead of its use
}

func accFlag(b bool) int {
	if b {
		return 1
	}
	return 0
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

// from is the view that begins at element (i, j).
func (v matrix) from(i, j int) matrix { return matrix{v.at(i, j), v.row, v.col} }

// A strip of four columns of b is copied to contiguous memory when it serves at least packRows rows of a;
// below that the copy costs more than the strides of b do. A transposed b is packed earlier, since reading it
// in place takes a slower loop.
const (
	packRows  = 16
	packRowsT = 12
	packK     = 32
)

// gemm computes a product on the instruction set that is active.
func gemm[T Float](p *product) {
	if p.m <= 0 || p.n <= 0 {
		return
	}
	if p.k <= 0 {
		gemmEmpty[T](p)
		return
	}
	if p.ends() && gemmTile[T](p) || gemmVector[T](p) { // without an end, GemmNN and GemmTN have tried one tile
		return
	}
	if exact {
		gemmExact[T](p)
	} else {
		gemmPortable[T](p.c, p.a, p.b, p.m, p.n, p.k, p.acc != 0)
	}
	end[T](p)
}

// ends reports whether something follows the last term of each element.
func (p *product) ends() bool { return p.bias != nil || p.descends != nil }

// gemmEmpty is the product without terms.
func gemmEmpty[T Float](p *product) {
	if p.acc == 0 {
		for i := range p.m {
			clear(unsafe.Slice((*T)(p.c.at(i, 0)), p.n))
		}
	}
	end[T](p)
}

// end does to the finished sums what the assembly does at the end of a tile: it adds the bias to each row of c and moves parameters.
func end[T Float](p *product) {
	if p.bias != nil {
		bias := unsafe.Slice((*T)(p.bias), p.n)
		for i := range p.m {
			c := unsafe.Slice((*T)(p.c.at(i, 0)), p.n)
			for j, v := range bias {
				c[j] += v
			}
		}
	}
	if p.descends != nil {
		rate := *(*T)(unsafe.Pointer(&p.rate))
		for i := range p.m {
			c := unsafe.Slice((*T)(p.c.at(i, 0)), p.n)
			w := unsafe.Slice((*T)(unsafe.Add(p.descends, i*p.c.row)), p.n)
			for j, g := range c {
				w[j] += T(rate * g)
			}
		}
	}
}

// gemmPortable is the product in plain Go. The tile is 2 x 4, what fits the 15 free vector registers of amd64 with operands
// and products; edges take 1 x 4, 4 x 1 and 1 x 1 tiles.
func gemmPortable[T Float](c, a, b matrix, m, n, k int, acc bool) {
	size := int(unsafe.Sizeof(*new(T)))
	transposed := b.col != size
	pack := m >= packRows || transposed && m >= packRowsT
	block := termBlock(k)
	for k0 := 0; k0 < k; k0 += block {
		kc := min(k-k0, block)
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
