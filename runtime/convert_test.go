package nnrt

import (
	"math"
	"testing"
)

func TestInt32(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want int32
	}{
		{0, 0}, {1.9, 1}, {-1.9, -1}, {math.NaN(), 0}, {math.Inf(1), math.MaxInt32}, {math.Inf(-1), math.MinInt32},
		{1e20, math.MaxInt32}, {-1e20, math.MinInt32}, {2147483520, 2147483520}, {-2147483648, math.MinInt32},
	} {
		if got := Int32(c.in); got != c.want {
			t.Errorf("Int32(%v) = %d, want %d", c.in, got, c.want)
		}
		if got := Int32(float32(c.in)); got != c.want {
			t.Errorf("Int32(float32 %v) = %d, want %d", c.in, got, c.want)
		}
	}
}

func TestOverlayShares(t *testing.T) {
	var a, b, c []float32
	Overlay(
		func(m *Arena[float32]) { a = m.Take(3); b = m.Take(20) },
		func(m *Arena[float32]) { c = m.Take(30) },
	)
	if len(a) != 3 || len(b) != 20 || len(c) != 30 {
		t.Fatalf("got lengths %d, %d, %d, want 3, 20, 30", len(a), len(b), len(c))
	}
	if &a[0] != &c[0] {
		t.Error("frames do not share memory")
	}
	a[2], b[0] = 1, 2
	if a[2] != 1 || b[0] != 2 {
		t.Error("pieces of one frame overlap")
	}
	if cap(a) != 3 {
		t.Errorf("capacity %d lets a frame write into its neighbour", cap(a))
	}
}

func TestGrid(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 784, 5000} {
		for _, work := range []int{0, 1, 100, 8192, 1 << 30} {
			tile := Tile(n, work)
			if tile < 1 || tile > n {
				t.Errorf("Tile(%d, %d) = %d", n, work, tile)
			}
			if covered := Blocks(n, tile) * tile; covered < n || covered-n >= tile {
				t.Errorf("Tile(%d, %d) = %d does not cover", n, work, tile)
			}
		}
	}
	for _, c := range [][3]int{{7, 2, 3}, {-7, 2, -4}, {6, 3, 2}, {-6, 3, -2}, {0, 5, 0}} {
		if got := FloorDiv(c[0], c[1]); got != c[2] {
			t.Errorf("FloorDiv(%d, %d) = %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestSetKeys(t *testing.T) {
	keys := make([]Key, 3)
	SetKeys(keys, 7, "blk.#/drop")
	SetStep(keys, 5)
	if want := NewKey(7, "blk.2/drop").At(5); keys[2] != want {
		t.Errorf("got %v, want %v", keys[2], want)
	}
}

func TestGatherRows(t *testing.T) {
	src := []float32{0, 1, 10, 11, 20, 21}
	dst := GatherRows(nil, src, []int{2, 0, 2}, 2)
	for i, want := range []float32{20, 21, 0, 1, 20, 21} {
		if dst[i] != want {
			t.Fatalf("got %v", dst)
		}
	}
	// A batch that points into the set must not be written over it.
	part := src[0:4:4]
	if got := GatherRows(part, src, []int{2, 2}, 2); got[0] != 20 || src[0] != 0 {
		t.Errorf("gathering into a part of the set gives %v and leaves %v", got, src)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a row beyond the length was read")
			}
		}()
		GatherRows(nil, src[:4], []int{2}, 2)
	}()
	if n := testing.AllocsPerRun(10, func() { dst = GatherRows(dst, src, []int{1}, 2) }); n != 0 {
		t.Errorf("%v allocations in steady state", n)
	}
}
