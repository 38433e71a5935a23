//go:build amd64 && !purego

package nnrt

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// All ways of computing a product give the same bits, also the one that is not chosen.
func TestGemmWays(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		if activeCPU == Portable {
			t.Skip("plain Go has one way")
		}
		t.Run("float32", testGemmWays[float32])
		t.Run("float64", testGemmWays[float64])
	})
}

func testGemmWays[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	sizes := append(gemmSizes(rng), gemmSize{150, 300, 20}, gemmSize{20, 290, 600})
	for _, kind := range gemmKinds[T]() {
		for i, s := range sizes {
			if s.m == 0 || s.n == 0 || s.k == 0 {
				continue
			}
			acc := i%2 == 1
			x := newGemmCase[T](rng, s, kind.ta, kind.tb, i%3)
			before, want := append([]T(nil), x.c.all...), x.want(acc)
			for w := inPlace; w <= swapped; w++ {
				if w == inPlace && kind.tb {
					continue
				}
				copy(x.c.all, before)
				p := &product{m: s.m, n: s.n, k: s.k, acc: accFlag(acc)}
				p.c, p.a, p.b = view(x.c.s, s.m, s.n, x.ldc, 1), view(x.a.s, s.m, s.k, x.ar, x.ac), view(x.b.s, s.k, s.n, x.br, x.bc)
				multiply[T](w, p)
				x.check(t, fmt.Sprintf("%s way %d", kind.name, w), want)
			}
		}
	}
}

func TestGemmDots(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testGemmDots[float32])
		t.Run("float64", testGemmDots[float64])
	})
}

// One row by a transposed b, and a column by what is the same from the other side.
func testGemmDots[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for n := range 131 {
		for _, k := range []int{1, 2, 3, 4, 5, 6, 7, 8, 30, 131, 515} {
			acc := rng.IntN(2) == 1
			x := newGemmCase[T](rng, gemmSize{1, n, k}, false, true, rng.IntN(3))
			want := x.want(acc)
			GemmNT(x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, 1, n, k, acc)
			x.check(t, "row", want)
			x = newGemmCase[T](rng, gemmSize{n, 1, k}, false, false, 0)
			want = x.want(acc)
			GemmNN(x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, n, 1, k, acc)
			x.check(t, "column", want)
		}
	}
	for _, n := range []int{1024, 1025, 1031, 1033, 2047, 2049} {
		x := newGemmCase[T](rng, gemmSize{1, n, 5}, false, true, 0)
		want := x.want(true)
		GemmNT(x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, 1, n, 5, true)
		x.check(t, "row", want)
	}
}

// The assembly reads a product by these offsets.
func TestProductLayout(t *testing.T) {
	var p product
	for name, row := range map[string]struct{ got, want uintptr }{
		"c": {unsafe.Offsetof(p.c), 0}, "a": {unsafe.Offsetof(p.a), 24}, "b": {unsafe.Offsetof(p.b), 48}, "bias": {unsafe.Offsetof(p.bias), 72},
		"k": {unsafe.Offsetof(p.k), 96}, "acc": {unsafe.Offsetof(p.acc), 104}, "offC": {unsafe.Offsetof(p.offC), 112}, "offA": {unsafe.Offsetof(p.offA), 120},
		"offB": {unsafe.Offsetof(p.offB), 128}, "offBias": {unsafe.Offsetof(p.offBias), 136}, "tiles": {unsafe.Offsetof(p.tiles), 144}, "rows": {unsafe.Offsetof(p.rows), 152},
		"taller": {unsafe.Offsetof(p.taller), 160}, "mask": {unsafe.Offsetof(p.mask), 168}, "shape": {unsafe.Offsetof(p.shape), 176},
		"ahead": {unsafe.Offsetof(p.ahead), 184}, "lines": {unsafe.Offsetof(p.lines), 192}, "descends": {unsafe.Offsetof(p.descends), 200}, "rate": {unsafe.Offsetof(p.rate), 208},
		"row of a matrix": {unsafe.Offsetof(p.c.row), 8}, "column of a matrix": {unsafe.Offsetof(p.c.col), 16},
	} {
		if row.got != row.want {
			t.Errorf("%s lies at %d, the assembly takes it from %d", name, row.got, row.want)
		}
	}
}

// Every kind of tile is tried: each shape with each number of rows, whole and masked.
func TestTiles(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		if activeCPU == Portable {
			t.Skip("plain Go has other tiles")
		}
		t.Run("float32", testTiles[float32])
		t.Run("float64", testTiles[float64])
	})
}

func testTiles[T Float](t *testing.T) {
	size := int(unsafe.Sizeof(*new(T)))
	rng := rand.New(rand.NewPCG(17, 18))
	shapes := shapesAVX2
	if activeCPU == AVX512 {
		shapes = shapesAVX512
	}
	for i, s := range shapes {
		for bytes := max(s.above+1, size) / size * size; bytes <= s.width; bytes += size {
			if bytes <= s.above || s.mask < 0 && bytes != s.width {
				continue
			}
			for rows := 1; rows <= s.rows; rows++ {
				for _, tiles := range []int{1, 3} {
					taller := 0
					if tiles > 1 && rows < s.rows {
						taller = 2
					}
					x := newGemmCase[T](rng, gemmSize{rows*tiles + taller, bytes / size, 1 + rng.IntN(9)}, rng.IntN(2) == 1, false, rng.IntN(3))
					acc := rng.IntN(2)
					want := x.want(acc == 1)
					p := &product{m: x.m, n: x.n, k: x.k, acc: acc, tiles: tiles, rows: rows, taller: taller, shape: i}
					p.c, p.a, p.b = view(x.c.s, x.m, x.n, x.ldc, 1), view(x.a.s, x.m, x.k, x.ar, x.ac), view(x.b.s, x.k, x.n, x.br, x.bc)
					if s.mask >= 0 {
						p.mask = maskOf[T](bytes - s.mask)
					}
					w := guarded[T](rng, len(x.c.s))
					moved := append([]T(nil), w.all...)
					if rng.IntN(2) == 1 {
						*(*T)(unsafe.Pointer(&p.rate)) = -0.3
						p.descends = view(w.s, x.m, x.n, x.ldc, 1).p
						x.descend(moved, 0.3, want)
					}
					callTiles[T](p)
					name := fmt.Sprintf("shape %d, %d tiles of %d rows", i, tiles, rows)
					x.check(t, name, want)
					if i := diffBits(w.all, moved); i >= 0 {
						t.Fatalf("%s %+v ldc %d: parameter %d is %v, want %v", name, x.gemmSize, x.ldc, i-guardLen, w.all[i], moved[i])
					}
				}
			}
		}
	}
}
