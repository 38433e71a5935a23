package nnrt

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The cuts of products of models that people train: (m, n, k) and the tasks of Tile over m and of Grid.
func TestGridShapes(t *testing.T) {
	type cut struct{ Tile, Rows, Cols, Tasks int }
	for _, row := range []struct {
		m, n, k int
		want    cut
	}{
		{784, 128, 64, cut{48, 64, 128, 13}},     // 64-row tiles leave 13 tasks
		{512, 512, 128, cut{32, 64, 256, 16}},    // 8 x 2
		{512, 512, 512, cut{32, 64, 256, 16}},    //
		{1024, 1024, 256, cut{64, 64, 1024, 16}}, // rows are enough
		{16, 512, 128, cut{16, 16, 128, 4}},      // few rows: columns only, as many tasks as are worth it
		{32, 256, 256, cut{16, 32, 32, 8}},       //
		{1, 4096, 4096, cut{1, 1, 256, 16}},      // a vector times a large matrix
		{64, 10, 128, cut{64, 64, 10, 1}},        // too little for two tasks
		{4096, 10, 128, cut{208, 208, 10, 20}},   // many rows of little work each
		{4, 8, 2, cut{4, 4, 8, 1}},
	} {
		var got cut
		got.Tile = Tile(row.m, row.n*row.k)
		got.Rows, got.Cols = Grid(row.m, row.n, row.k)
		got.Tasks = Blocks(row.m, got.Rows) * Blocks(row.n, got.Cols)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%d x %d x %d (-want +got):\n%s", row.m, row.n, row.k, diff)
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
				tm, tn := Grid(m, n, k)
				if !whole(tm, m) || !whole(tn, n) {
					t.Errorf("Grid(%d, %d, %d) = %d, %d: neither all nor a multiple of 16", m, n, k, tm, tn)
				}
				if tasks := Blocks(m, tm) * Blocks(n, tn); tasks > 1 && int64(tm)*int64(tn)*int64(k) < taskWork {
					t.Errorf("Grid(%d, %d, %d) = %d, %d: %d tasks, too small", m, n, k, tm, tn, tasks)
				}
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

// A product computed in the tasks of its grid has the bits of the product computed at once.
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
	for _, work := range []int{k, 1000, 100_000} {
		tm, tn := Grid(m, n, work)
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
