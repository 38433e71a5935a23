package nnrt

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Tile for products of models that people train: m lines of n*k multiplications.
func TestTileShapes(t *testing.T) {
	for _, row := range []struct{ m, n, k, want int }{
		{784, 128, 64, 48},
		{512, 512, 128, 32},
		{512, 512, 512, 32},
		{1024, 1024, 256, 64},
		{16, 512, 128, 16},
		{32, 256, 256, 16},
		{1, 4096, 4096, 1},
		{64, 10, 128, 64},    // too little for two tasks
		{4096, 10, 128, 208}, // many rows of little work each
		{4, 8, 2, 4},
	} {
		if got := Tile(row.m, row.n*row.k); got != row.want {
			t.Errorf("%d x %d x %d: got tiles of %d, want %d", row.m, row.n, row.k, got, row.want)
		}
	}
}

// Whatever the shape, a cut is a multiple of 16 or everything, and a task that is not alone is worth its price.
func TestGridRules(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 7, 10, 15, 16, 17, 31, 48, 63, 64, 65, 100, 127, 128, 129, 255, 256, 300, 512, 784, 1000, 4096, 50257}
	whole := func(t, n int) bool { return t == max(n, 1) || t > 0 && t < n && t%16 == 0 }
	for _, m := range sizes {
		for _, n := range sizes {
			for _, k := range []int{0, 1, 10, 64, 512, 4096} {
				if int64(n)*int64(k) > math.MaxInt {
					continue
				}
				tile := Tile(m, n*k)
				if !whole(tile, m) {
					t.Errorf("Tile(%d, %d) = %d: neither all nor a multiple of 16", m, n*k, tile)
				}
				if tile < m && int64(tile)*int64(n)*int64(k) < taskWork {
					t.Errorf("Tile(%d, %d) = %d: tasks too small", m, n*k, tile)
				}
			}
		}
	}
	for n := range 1000 {
		for _, least := range []int{16, 32, 64, 256} {
			if b := RowBlock(n, least); b < least || b%16 != 0 || b > max(least, tallRows) {
				t.Errorf("RowBlock(%d, %d) = %d", n, least, b)
			}
		}
	}
}

// A product computed in tasks over rows and columns has the bits of the product computed at once.
func TestGridSameBits(t *testing.T) {
	const m, n, k = 130, 170, 40
	a, b := make([]float32, m*k), make([]float32, k*n)
	for i := range a {
		a[i] = float32(i%17)*0.37 - 3
	}
	for i := range b {
		b[i] = float32(i%23)*0.11 - 1
	}
	whole, parts := make([]float32, m*n), make([]float32, m*n)
	GemmNN(whole, n, a, k, b, n, m, n, k, false)
	for _, cut := range [][2]int{{64, 96}, {16, 16}, {130, 64}, {48, 170}} {
		tm, tn := cut[0], cut[1]
		across := Blocks(n, tn)
		NewPool(0).Run(Blocks(m, tm)*across, func(_, task int) {
			i, j := task/across*tm, task%across*tn
			GemmNN(parts[i*n+j:], n, a[i*k:], k, b[j:], n, min(tm, m-i), min(tn, n-j), k, false)
		})
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Errorf("in tasks of %d x %d (-whole +parts):\n%s", tm, tn, diff)
		}
		clear(parts)
	}
}

func TestRunWork(t *testing.T) {
	withProcs(t, 2, func() {
		p := NewPool(0)
		for _, row := range []struct {
			work  int
			forks uint64
		}{{0, 0}, {forkWork - 1, 0}, {forkWork, 1}} {
			before, n := p.Forks(), [3]int{}
			p.RunWork(row.work, len(n), func(_, task int) { n[task]++ })
			if n != [3]int{1, 1, 1} || p.Forks()-before != row.forks {
				t.Errorf("work %d: tasks ran %v times with %d forks, want %d", row.work, n, p.Forks()-before, row.forks)
			}
		}
	})
}
