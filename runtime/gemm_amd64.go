//go:build !purego

package nnrt

// This file answers: how is a product given to the assembly, strip by strip?

import "unsafe"

// A tileShape is a width of tiles that the assembly has, in the order in which it numbers them.
type tileShape struct {
	width int // bytes of c in a row of a tile
	above int // it is for strips with more bytes than this: so that no vector is idle, or masked where there is no mask
	rows  int // most rows of a tile
	use   int // most rows of c for which this shape is used
	mask  int // bytes before the vector that is masked; -1 if none is
}

const anyRows = int(^uint(0) >> 1)

var (
	shapesAVX512 = []tileShape{{32, 0, 14, anyRows, 0}, {64, 32, 14, anyRows, 0}, {128, 64, 12, anyRows, 64}, {256, 192, 6, anyRows, 192}, {512, 448, 2, 2, 448}}
	shapesAVX2   = []tileShape{{32, 0, 12, anyRows, 0}, {32, 31, 12, anyRows, -1}, {64, 63, 6, anyRows, -1}, {128, 127, 2, 2, -1}, {256, 255, 1, 1, -1}}
)

// vectorMask has the mask of a vector with the first i words at position 8-i.
var vectorMask = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// callBytes bounds the work of one call of assembly, which nothing can interrupt: the bytes of b that it multiplies, some 30 microseconds.
const callBytes = 6 << 20

// gemmTile computes a product that is one strip of one tile or two, with as little around it as can be; it returns false if the product is
// none, or if there are no vector instructions.
func gemmTile[T Float](p *product) bool {
	size := int(unsafe.Sizeof(*new(T)))
	bytes := p.n * size
	if bytes > 128 || p.m > 24 || p.k > KC || p.b.col != size {
		return false
	}
	p.tiles, p.rows = 1, p.m
	if p.m > 12 {
		p.tiles, p.rows, p.taller = 2, p.m/2, p.m%2
	}
	switch {
	case activeCPU == AVX512:
		last := bytes // bytes of the last vector
		if bytes > 64 {
			p.shape, last = 2, bytes-64
		} else if bytes > 32 {
			p.shape = 1
		}
		p.mask = 1<<(uint(last)/uint(size)%64) - 1
		if size == 4 {
			tilesAVX512F32((*byte)(unsafe.Pointer(p)))
		} else {
			tilesAVX512F64((*byte)(unsafe.Pointer(p)))
		}
		return true
	case activeCPU == AVX2 && bytes <= 32:
		p.mask = maskOf[T](bytes)
		callTiles[T](p)
		return true
	}
	return false
}

// strips computes c, with rows of so many bytes, from b as it lies.
func strips[T Float](p *product, m, bytes int) {
	shapes := shapesAVX2
	if activeCPU == AVX512 {
		shapes = shapesAVX512
	}
	i := len(shapes) - 1
	for bytes > 0 {
		for bytes <= shapes[i].above || m > shapes[i].use {
			i--
		}
		s := &shapes[i]
		p.shape = i
		if s.mask >= 0 {
			p.mask = maskOf[T](min(bytes, s.width) - s.mask)
		}
		p.ahead, p.lines = 0, 0
		if p.fetch && bytes > s.width {
			p.ahead, p.lines = s.width, min(s.width, bytes-s.width+63)/64
		}
		if m <= crowdedRows && m <= s.rows {
			p.tiles, p.rows, p.taller = 1, m, 0
			callTiles[T](p)
		} else {
			strip[T](p, m, s)
		}
		bytes -= s.width
		p.offB += s.width
		p.offC += s.width
		p.offBias += s.width
	}
}

// crowdedRow is the distance of rows of a at which they all lie in one set of the first-level cache, and crowdedRows what it holds of them
// besides the other operands.
const (
	crowdedRow  = 4096
	crowdedRows = 6
)

// strip computes one strip of c in as many calls as its work takes, with rows spread evenly over the tiles.
func strip[T Float](p *product, m int, s *tileShape) {
	offC, offA := p.offC, p.offA
	most := s.rows
	if p.a.row%crowdedRow == 0 {
		most = min(most, crowdedRows)
	}
	for m > 0 {
		mc := min(m, max(most, callBytes/(s.width*p.k)))
		p.tiles = (mc + most - 1) / most
		p.rows, p.taller = mc/p.tiles, mc%p.tiles
		callTiles[T](p)
		p.offC += mc * p.c.row
		p.offA += mc * p.a.row
		m -= mc
	}
	p.offC, p.offA = offC, offA
}

// maskOf is the mask of a vector with so many bytes.
func maskOf[T Float](bytes int) uintptr {
	if activeCPU == AVX512 {
		return 1<<(uint(bytes)/uint(unsafe.Sizeof(*new(T)))%64) - 1
	}
	return uintptr(unsafe.Pointer(&vectorMask[(8-bytes/4)&15]))
}

// callTiles calls the assembly.
func callTiles[T Float](p *product) {
	args := (*byte)(unsafe.Pointer(p))
	f32 := unsafe.Sizeof(*new(T)) == 4
	switch {
	case activeCPU == AVX512 && f32:
		tilesAVX512F32(args)
	case activeCPU == AVX512:
		tilesAVX512F64(args)
	case f32:
		tilesAVX2F32(args)
	default:
		tilesAVX2F64(args)
	}
}
