//go:build !purego

package nnrt

// This file answers: how is a product given to the assembly, strip by strip?

import "unsafe"

// tileArgs describes a strip of c to the assembly, which counts tiles and taller down. Strides are in bytes. The order of the fields is in
// _asm/gemm, too.
type tileArgs struct {
	c, a, b                   unsafe.Pointer // operands; the strip begins so many bytes after them
	bias                      unsafe.Pointer // row that is added to each row of c at last, or nil
	offC, offA, offB, offBias int
	rowC                      int
	rowA, colA                int // from a row of a to the next, and from one of its elements to the next
	rowB                      int
	k                         int
	tiles                     int // number of tiles, one below the other
	rows                      int // rows of a tile; the first `taller` tiles have one more
	taller                    int
	mask                      uintptr // lanes of the last vector: bits for AVX-512, the address of a vector for AVX2
	shape                     int
	acc                       int // 1 if c is added to, 0 if it is set
}

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
	shapesAVX512 = []tileShape{{32, 0, 14, anyRows, 0}, {64, 32, 14, anyRows, 0}, {128, 64, 12, anyRows, 64}, {256, 192, 6, 6, 192}, {512, 448, 2, 2, 448}}
	shapesAVX2   = []tileShape{{32, 0, 12, anyRows, 0}, {32, 31, 12, anyRows, -1}, {64, 63, 6, anyRows, -1}, {128, 127, 2, 2, -1}, {256, 255, 1, 1, -1}}
)

// vectorMask has the mask of a vector with the first i words at position 8-i.
var vectorMask = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// callBytes bounds the work of one call of assembly, which nothing can interrupt: the bytes of b that it multiplies, some 30 microseconds.
const callBytes = 6 << 20

// strips computes c, with rows of so many bytes, from b as it lies.
func strips[T Float](t *tileArgs, m, bytes int) {
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
		t.shape = i
		if s.mask >= 0 {
			t.mask = maskOf[T](min(bytes, s.width) - s.mask)
		}
		if m <= s.rows {
			t.tiles, t.rows, t.taller = 1, m, 0
			tiles[T](t)
		} else {
			strip[T](t, m, s)
		}
		bytes -= s.width
		t.offB += s.width
		t.offC += s.width
		t.offBias += s.width
	}
}

// strip computes one strip of c in as many calls as its work takes, with rows spread evenly over the tiles.
func strip[T Float](t *tileArgs, m int, s *tileShape) {
	offC, offA := t.offC, t.offA
	for m > 0 {
		mc := min(m, max(s.rows, callBytes/(s.width*t.k)))
		t.tiles = (mc + s.rows - 1) / s.rows
		t.rows, t.taller = mc/t.tiles, mc%t.tiles
		tiles[T](t)
		t.offC += mc * t.rowC
		t.offA += mc * t.rowA
		m -= mc
	}
	t.offC, t.offA = offC, offA
}

// maskOf is the mask of a vector with so many bytes.
func maskOf[T Float](bytes int) uintptr {
	if activeCPU == AVX512 {
		return 1<<(bytes/int(unsafe.Sizeof(*new(T)))) - 1
	}
	return uintptr(unsafe.Pointer(&vectorMask[8-bytes/4]))
}

// tiles calls the assembly.
func tiles[T Float](t *tileArgs) {
	args := (*byte)(unsafe.Pointer(t))
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
