//go:build amd64 && !purego

package nnrt

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"
)

var calibrate = flag.Bool("calibrate", false, "measure the thresholds of kernels again")

func alignedSlice[T Float](n int) []T {
	s := make([]T, n+64)
	for uintptr(unsafe.Pointer(&s[0]))%64 != 0 {
		s = s[1:]
	}
	s = s[:n]
	for i := range s {
		s[i] = 0.5 // memory that nobody wrote is one page of zeros, and not what a product meets
	}
	return s
}

func TestCalibrateWays(t *testing.T) {
	if !*calibrate {
		t.Skip("with -calibrate")
	}
	t.Run("float32", calibrateWays[float32])
	t.Run("float64", calibrateWays[float64])
}

func calibrateWays[T Float](t *testing.T) {
	size := int(unsafe.Sizeof(*new(T)))
	for _, s := range []struct {
		kind    string
		m, n, k int
	}{
		{"NN", 64, 128, 784}, {"NN", 16, 128, 784}, {"NN", 128, 512, 784}, {"NN", 128, 512, 512}, {"NN", 64, 512, 512}, {"NN", 32, 512, 512}, {"NN", 128, 10, 512}, {"NN", 64, 10, 128}, {"NN", 32, 256, 64}, {"NN", 32, 8, 256},
		{"NN", 512, 64, 64}, {"NN", 512, 256, 64}, {"NN", 512, 192, 64}, {"NN", 64, 512, 16}, {"NN", 1024, 256, 256}, {"NN", 1024, 1024, 256}, {"NN", 512, 512, 512}, {"NN", 64, 1, 64}, {"NN", 16, 512, 512}, {"NN", 256, 512, 512}, {"NN", 16, 512, 784}, {"NN", 64, 512, 784}, {"NN", 64, 1024, 1024}, {"NN", 32, 1000, 500},
		{"TN", 784, 128, 64}, {"TN", 784, 512, 128}, {"TN", 512, 512, 128}, {"TN", 128, 10, 64}, {"TN", 512, 10, 128}, {"TN", 256, 8, 32}, {"TN", 64, 256, 32}, {"TN", 256, 256, 32}, {"TN", 64, 64, 512}, {"TN", 512, 512, 512}, {"TN", 256, 1024, 1024},
		{"NT", 64, 128, 10}, {"NT", 128, 512, 10}, {"NT", 128, 512, 512}, {"NT", 32, 256, 8}, {"NT", 32, 256, 256}, {"NT", 512, 64, 64}, {"NT", 512, 256, 64}, {"NT", 1024, 256, 1024}, {"NT", 512, 512, 512},
	} {
		m, n, k := s.m, s.n, s.k
		if f := os.Getenv("GW"); f != "" && !strings.Contains(fmt.Sprintf("%s %d %d %d", s.kind, m, n, k), f) {
			continue
		}
		x, y, z := alignedSlice[T](m*k), alignedSlice[T](k*n), alignedSlice[T](m*n)
		c, a, b := view(z, m, n, n, 1), view(x, m, k, k, 1), view(y, k, n, n, 1)
		if s.kind == "TN" {
			a = view(x, m, k, 1, m)
		}
		if s.kind == "NT" {
			b = view(y, k, n, 1, k)
		}
		line := fmt.Sprintf("%s %4d %4d %4d", s.kind, m, n, k)
		best := [3][1]float64{}
		for range 5 {
			for w := inPlace; w <= swapped; w++ {
				if w == inPlace && b.col != size {
					continue
				}
				for i := range 1 {
					reps := int(3e7/(2*float64(m*n*k))) + 1
					for range 3 {
						t0 := time.Now()
						for range reps {
							multiply[T](w, &product{c: c, a: a, b: b, m: m, n: n, k: k})
						}
						best[w][i] = max(best[w][i], 2*float64(m*n*k)*float64(reps)/float64(time.Since(t0).Nanoseconds()))
					}
				}
			}
		}
		for w := range best {
			line += fmt.Sprintf(" | %6.1f", best[w][0])
		}
		t.Log(line, " chosen", chooseWay(&product{c: c, a: a, b: b, m: m, n: n, k: k}, size))
	}
}
