//go:build !purego

package nnrt

// This file answers: which way of computing a product with vector instructions takes the least time?

import "unsafe"

// stripBytes is the width of the strips of packed operands: the width of the widest tile for many rows, without gaps between the terms.
const stripBytes = 256

// A way is an order in which to read the operands of a product.
type way uint8

const (
	inPlace way = iota // vectors of b as it lies
	packing            // vectors of strips copied from b, transposed if b is
	swapped            // vectors of strips of a (copied, if a is not transposed) for a transposed c, copied back
	dotted             // one row of a: vectors of elements of c, from a transposed b that is turned in registers
)

// gemmVector is gemm with vector instructions; it returns false if there are none.
func gemmVector[T Float](p *product) bool {
	if activeCPU == Portable {
		return false
	}
	size := int(unsafe.Sizeof(*new(T)))
	if p.n == 1 && p.c.row == size && !p.ends() {
		// A column without gaps is a row, and so are its sums.
		p.a, p.b = matrix{p.b.p, p.b.col, p.b.row}, matrix{p.a.p, p.a.col, p.a.row}
		p.m, p.n = 1, p.m
	}
	multiply[T](chooseWay(p, size), p)
	return true
}

// multiply computes a product in the given way. A transposed b cannot be read in place.
func multiply[T Float](w way, p *product) {
	a, b, k, bias, descends := p.a, p.b, p.k, p.bias, p.descends
	p.bias, p.descends = nil, nil
	block := termBlock(k)
	for k0 := 0; k0 < k; k0 += block {
		p.k = min(k-k0, block)
		p.a.p, p.b.p = a.at(0, k0), b.at(k0, 0)
		if k0 > 0 {
			p.acc = 1
		}
		if k0+block >= k {
			p.bias, p.descends = bias, descends
		}
		switch w {
		case inPlace:
			p.offB, p.offC, p.offBias = 0, 0, 0
			p.fetch = p.k*p.n*int(unsafe.Sizeof(*new(T))) > fetchBytes
			strips[T](p, p.m, p.n*int(unsafe.Sizeof(*new(T))))
		case packing:
			packed[T](*p)
		case swapped:
			swap[T](p)
		case dotted:
			dots[T](p)
		}
	}
}

// chooseWay compares what the ways cost, in half vectors of multiplications.
func chooseWay(p *product, size int) way {
	a, b, m, n, k := &p.a, &p.b, p.m, p.n, p.k
	if b.col == size && (n*size > wideBytes || m*n*k < swapWork) {
		if far(m, b.row, n*min(k, termBlock(k))*size) {
			return packing
		}
		return inPlace
	}
	if dottable(p, size) {
		return dotted
	}
	direct := m * halves(n, size) * k
	turned := n*halves(m, size)*k + copyCost(m, n, size)
	if p.acc != 0 {
		turned += copyCost(m, n, size)
	}
	if a.row != size {
		turned += copyCost(m, k, size)
		if k*stripBytes/2 > nearBytes {
			turned += copyCost(m, k, size)
		}
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
	wideBytes  = 256     // with longer rows of c, few lanes are idle
	swapWork   = 1 << 12 // below so many products nothing is worth a choice
	fetchBytes = 1 << 18 // a larger matrix comes from beyond the second-level cache, or shares it with what the rest of a step needs
	nearBytes  = 1 << 15 // a larger strip leaves the first-level cache before it is used
)

// far says whether m rows of c pay for packing so many bytes of b: if they are more than the core's own caches hold, or if the rows of b lie
// apart by so round a number that they share a few sets of those caches. The narrow tiles of AVX2 read each row more often.
func far(m, row, bytes int) bool {
	if activeCPU == AVX512 {
		return m >= 256 && (bytes >= 1<<20 || row%4096 == 0)
	}
	return m >= 64 && row%2048 == 0 || m >= 128 && bytes >= 1<<18
}

// halves is the number of vectors of 32 bytes that a tile works on for a row of n elements: those that it takes, and one that is idle where
// no shape is as narrow as the rest.
func halves(n, size int) int {
	h := (n*size + 31) / 32
	if activeCPU == AVX512 && h%4 == 3 {
		h++
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

// packed computes c from strips copied from b. The rows go in blocks, of what one call of assembly computes, so that the second-level cache
// keeps their part of a for all tiles of a strip.
func packed[T Float](p product) {
	size := int(unsafe.Sizeof(*new(T)))
	cols := stripBytes / size
	s := getScratch()
	b, k := p.b, p.k
	block := max(fewRows, callBytes/(stripBytes*k))
	for j := 0; j < p.n; j += cols {
		w := min(cols, p.n-j)
		p.b = matrix{s.aligned(), stripRow(w * size), size}
		switch {
		case b.col != size:
			transpose[T](p.b, matrix{b.at(0, j), b.col, b.row}, w, k)
		case w == cols:
			copyStrip((*byte)(p.b.p), (*byte)(b.at(0, j)), b.row, k)
		default:
			p.b = b.from(0, j)
		}
		for i := 0; i < p.m; i += block {
			p.offA, p.offB, p.offC, p.offBias = i*p.a.row, 0, i*p.c.row+j*size, j*size
			strips[T](&p, min(block, p.m-i), w*size)
		}
	}
	putScratch(s)
}

// stripRow is the distance between the rows of a strip with so many bytes in each.
func stripRow(bytes int) int { return (bytes + 63) &^ 63 }

// dottable says whether a product is one row by a transposed b that has the rows of at least one block.
func dottable(p *product, size int) bool {
	return p.m == 1 && p.b.row == size && p.n*size >= 32
}

// dotColumns is how many elements of c one call of assembly computes.
const dotColumns = 1024

// dots computes one row of c.
func dots[T Float](p *product) {
	size := int(unsafe.Sizeof(*new(T)))
	s := getScratch()
	sums := (*[dotColumns]T)(s.aligned())
	x := p.a.p
	if p.a.col != size {
		row := (*[KC]T)(unsafe.Add(s.aligned(), dotColumns*size))
		for i := range p.k {
			row[i] = *(*T)(p.a.at(0, i))
		}
		x = unsafe.Pointer(row)
	}
	for j, w := 0, 0; j < p.n; j += w {
		w = min(dotColumns, p.n-j)
		if rest := p.n - j - w; rest > 0 && rest*size < 32 {
			w -= 32 / size // what is left has to be a block
		}
		if size == 4 {
			dotsF32((*byte)(s.aligned()), (*byte)(x), (*byte)(p.b.at(0, j)), p.b.col, p.k, w)
		} else {
			dotsF64((*byte)(s.aligned()), (*byte)(x), (*byte)(p.b.at(0, j)), p.b.col, p.k, w)
		}
		c := unsafe.Slice((*T)(p.c.at(0, j)), w)
		if p.acc == 0 {
			copy(c, sums[:])
			continue
		}
		for i := range c {
			c[i] += sums[i]
		}
	}
	if p.ends() {
		end[T](p)
	}
	putScratch(s)
}

// fewRows is how many rows the tile that is half as wide as a strip has.
const fewRows = 12

// swapRows is the number of rows of a transposed c that are computed before they are copied to c.
const swapRows = 128

// swap computes the transposed c as the product of the transposed b and the transposed a, strip by strip.
func swap[T Float](p *product) {
	size := int(unsafe.Sizeof(*new(T)))
	cols := stripBytes / size
	if p.n <= fewRows { // one tile, which reads the strip once
		cols /= 2
	}
	s := getScratch()
	var t product
	t.a = matrix{p.b.p, p.b.col, p.b.row}
	t.k, t.acc = p.k, p.acc
	for i := 0; i < p.m; i += cols {
		w := min(cols, p.m-i)
		t.c = matrix{s.aligned(), stripRow(w * size), size}
		if p.a.row == size {
			t.b = matrix{p.a.p, p.a.col, size}
		} else {
			t.b = t.c.from(swapRows, 0)
		}
		offB := i * size
		if p.a.row != size {
			transpose[T](t.b, p.a.from(i, 0), w, p.k)
			offB = 0
		}
		for j := 0; j < p.n; j += swapRows {
			h := min(swapRows, p.n-j)
			if p.acc != 0 {
				transpose[T](t.c, p.c.from(i, j), w, h)
			}
			t.offA, t.offB, t.offC = j*t.a.row, offB, 0
			strips[T](&t, h, w*size)
			transpose[T](p.c.from(i, j), t.c, h, w)
		}
	}
	if p.ends() {
		end[T](p)
	}
	putScratch(s)
}

// transpose sets dst(j, i) to src(i, j) for a src of rows x cols.
func transpose[T Float](dst, src matrix, rows, cols int) {
	size := int(unsafe.Sizeof(*new(T)))
	switch {
	case rows < 32/size || cols < 32/size:
		for i := range rows {
			from, to := i*src.row, i*dst.col
			for range cols {
				*(*T)(unsafe.Add(dst.p, to)) = *(*T)(unsafe.Add(src.p, from))
				from += src.col
				to += dst.row
			}
		}
	case size == 4:
		transposeF32((*byte)(dst.p), (*byte)(src.p), dst.row, src.row, rows, cols)
	default:
		transposeF64((*byte)(dst.p), (*byte)(src.p), dst.row, src.row, rows, cols)
	}
}
