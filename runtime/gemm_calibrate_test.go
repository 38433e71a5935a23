//go:build amd64 && !purego

package nnrt

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// These tests measure again what the thresholds in gemm_amd64.go and gemm_plan_amd64.go were chosen from; CALIBRATE.md says how to read
// their tables.

// TestCalibrateWays compares the ways of computing a product on shapes of training steps, in GFLOP/s.
func TestCalibrateWays(t *testing.T) {
	calibrateEach(t, calibrateWays[float32], calibrateWays[float64])
}

// TestCalibrateTiles compares the shapes of tiles on products whose operands stay in the first-level cache, in GFLOP/s.
func TestCalibrateTiles(t *testing.T) {
	calibrateEach(t, calibrateTiles[float32], calibrateTiles[float64])
}

func calibrateEach(t *testing.T, f32, f64 func(t *testing.T)) {
	if !*calibrate {
		t.Skip("with -calibrate")
	}
	onEachCPU(t, func(t *testing.T) {
		if activeCPU != Portable {
			t.Run("float32", f32)
			t.Run("float64", f64)
		}
	})
}

// interleaved runs the functions in turn and returns the least time of each in nanoseconds, so that what else the machine does strikes all
// of them.
func interleaved(fs ...func()) []float64 {
	best := make([]float64, len(fs))
	for i := range best {
		best[i] = math.Inf(1)
	}
	for start, round := time.Now(), 0; round < 5 || time.Since(start) < 150*time.Millisecond; round++ {
		for i, f := range fs {
			reps := 1
			if best[i] < 1e5 {
				reps = int(1e5 / best[i])
			}
			t0 := time.Now()
			for range reps {
				f()
			}
			best[i] = min(best[i], float64(time.Since(t0).Nanoseconds())/float64(reps))
		}
	}
	return best
}

func calibrateWays[T Float](t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "%-24s %9s %9s %9s %9s  chosen\n", "product", "in place", "packing", "swapped", "dotted")
	for _, s := range []struct {
		kind string
		gemmSize
	}{
		{"NN", gemmSize{64, 128, 784}}, {"NN", gemmSize{16, 128, 784}}, {"NN", gemmSize{128, 512, 784}}, {"NN", gemmSize{128, 512, 512}}, {"NN", gemmSize{32, 512, 512}},
		{"NN", gemmSize{512, 512, 512}}, {"NN", gemmSize{1024, 1024, 256}}, {"NN", gemmSize{512, 256, 64}}, {"NN", gemmSize{64, 512, 16}},
		{"NN", gemmSize{64, 10, 128}}, {"NN", gemmSize{128, 10, 512}}, {"NN", gemmSize{32, 8, 256}}, {"NN", gemmSize{64, 3, 64}}, {"NN", gemmSize{16, 3, 16}}, {"NN", gemmSize{64, 20, 64}}, {"NN", gemmSize{128, 40, 64}},
		{"TN", gemmSize{784, 128, 64}}, {"TN", gemmSize{784, 512, 128}}, {"TN", gemmSize{512, 512, 512}}, {"TN", gemmSize{256, 256, 32}},
		{"TN", gemmSize{128, 10, 64}}, {"TN", gemmSize{512, 10, 128}}, {"TN", gemmSize{256, 8, 32}}, {"TN", gemmSize{16, 3, 16}}, {"TN", gemmSize{64, 20, 64}}, {"TN", gemmSize{128, 40, 64}},
		{"NT", gemmSize{64, 128, 10}}, {"NT", gemmSize{128, 512, 10}}, {"NT", gemmSize{32, 256, 8}}, {"NT", gemmSize{16, 16, 3}}, {"NT", gemmSize{128, 512, 512}}, {"NT", gemmSize{16, 256, 256}},
		{"NT", gemmSize{4, 256, 256}}, {"NT", gemmSize{1, 512, 512}}, {"NT", gemmSize{1, 64, 64}}, {"NT", gemmSize{512, 64, 64}}, {"NT", gemmSize{512, 512, 512}},
	} {
		x, y, z := benchSlice[T](s.m*s.k), benchSlice[T](s.k*s.n), benchSlice[T](s.m*s.n)
		p := product{c: view(z, s.m, s.n, s.n, 1), a: view(x, s.m, s.k, s.k, 1), b: view(y, s.k, s.n, s.n, 1), m: s.m, n: s.n, k: s.k}
		switch s.kind {
		case "TN":
			p.a = view(x, s.m, s.k, 1, s.m)
		case "NT":
			p.b = view(y, s.k, s.n, 1, s.k)
		}
		var ways []func()
		for w := inPlace; w <= swapped; w++ {
			if w == inPlace && s.kind == "NT" {
				w++
			}
			ways = append(ways, func() { q := p; multiply[T](w, &q) })
		}
		if dottable(&p, int(unsafe.Sizeof(x[0]))) {
			ways = append(ways, func() { q := p; multiply[T](dotted, &q) })
		}
		ns := interleaved(ways...)
		fmt.Fprintf(&table, "%s %-21s", s.kind, fmt.Sprintf("%d x %d x %d", s.m, s.n, s.k))
		if s.kind == "NT" {
			fmt.Fprintf(&table, " %9s", "-")
		}
		for _, ns := range ns {
			fmt.Fprintf(&table, " %9.1f", s.flops()/ns)
		}
		if !dottable(&p, int(unsafe.Sizeof(x[0]))) {
			fmt.Fprintf(&table, " %9s", "-")
		}
		fmt.Fprintf(&table, "  %s\n", [...]string{"in place", "packing", "swapped", "dotted"}[chooseWay(&p, int(unsafe.Sizeof(x[0])))])
	}
	t.Log("\n" + table.String())
}

func calibrateTiles[T Float](t *testing.T) {
	size := int(unsafe.Sizeof(*new(T)))
	shapes := shapesAVX2
	if activeCPU == AVX512 {
		shapes = shapesAVX512
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%-12s %-6s %9s %9s %9s\n", "bytes a row", "rows", "k = 8", "k = 64", "k = 512")
	for i, s := range shapes {
		for _, rows := range []int{1, 2, 4, 6, 8, 10, 12, 14} {
			if rows > s.rows {
				break
			}
			fmt.Fprintf(&table, "%-12d %-6d", s.width, rows)
			for _, k := range []int{8, 64, 512} {
				x, y, z := benchSlice[T](rows*k), benchSlice[T](k*s.width/size), benchSlice[T](rows*s.width/size)
				p := product{c: view(z, rows, s.width/size, s.width/size, 1), a: view(x, rows, k, k, 1), b: view(y, k, s.width/size, s.width/size, 1), k: k, rows: rows, shape: i}
				if s.mask >= 0 {
					p.mask = maskOf[T](s.width - s.mask)
				}
				ns := interleaved(func() { p.tiles = 1; callTiles[T](&p) })
				fmt.Fprintf(&table, " %9.1f", gemmSize{rows, s.width / size, k}.flops()/ns[0])
			}
			fmt.Fprintln(&table)
		}
	}
	t.Log("\n" + table.String())
}
