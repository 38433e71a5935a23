package nnrt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// fusedSum is acc + x*y with one rounding. The product of two float32 is exact in float64, and a sum that is rounded to odd there keeps
// what the rounding to float32 needs to know.
func fusedSum[T Float](acc, x, y T) T {
	if unsafe.Sizeof(x) == 8 {
		return T(math.FMA(float64(x), float64(y), float64(acc)))
	}
	p, a := float64(x)*float64(y), float64(acc)
	s := p + a
	t := s - p
	if e := (p - (s - t)) + (a - t); e != 0 && e == e && !math.IsInf(s, 0) && math.Float64bits(s)&1 == 0 {
		s = math.Nextafter(s, math.Inf(int(math.Copysign(1, e))))
	}
	return T(s)
}

// gemmSpec is the specification of the products, term by term: element (i, kk) of a lies at i*ar + kk*ac, element
// (kk, j) of b at kk*br + j*bc. Vector instructions round a term once, plain Go twice.
func gemmSpec[T Float](c []T, ldc int, a []T, ar, ac int, b []T, br, bc int, m, n, k int, acc bool) {
	for i := range m {
		for j := range n {
			var sum T
			if acc {
				sum = c[i*ldc+j]
			}
			for k0 := 0; k0 < k; k0 += KC {
				var s T
				for kk := k0; kk < min(k0+KC, k); kk++ {
					x, y := a[i*ar+kk*ac], b[kk*br+j*bc]
					if activeCPU != Portable {
						s = fusedSum(s, x, y)
					} else {
						s += T(x * y)
					}
				}
				sum += s
			}
			c[i*ldc+j] = sum
		}
	}
}

// gemmKinds are the products with the way their operands are stored.
func gemmKinds[T Float]() []struct {
	name   string
	run    func(c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool)
	ta, tb bool
} {
	return []struct {
		name   string
		run    func(c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool)
		ta, tb bool
	}{
		{"NN", GemmNN[T], false, false},
		{"NT", GemmNT[T], false, true},
		{"TN", GemmTN[T], true, false},
	}
}

func TestGemm(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testGemm[float32])
		t.Run("float64", testGemm[float64])
	})
}

func testGemm[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := []struct{ m, n, k int }{{33, 41, 64}, {64, 9, 513}, {3, 5, 1025}, {40, 40, 33}, {34, 7, 31}, {12, 13, 600}, {1, 40, 40}, {40, 1, 40}, {40, 40, 1}}
	for m := range 10 {
		for n := range 10 {
			for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 40} {
				sizes = append(sizes, struct{ m, n, k int }{m, n, k})
			}
		}
	}
	for range 200 {
		sizes = append(sizes, struct{ m, n, k int }{rng.IntN(41), rng.IntN(41), rng.IntN(41)})
	}
	for _, kind := range gemmKinds[T]() {
		for _, s := range sizes {
			for pad := range 3 {
				lda, ldb, ldc := s.k+pad, s.n+2*pad, s.n+3*pad
				ar, ac, br, bc := lda, 1, ldb, 1
				arows, brows := s.m, s.k
				if kind.ta {
					lda = s.m + pad
					ar, ac, arows = 1, lda, s.k
				}
				if kind.tb {
					ldb = s.k + pad
					br, bc, brows = 1, ldb, s.n
				}
				for _, acc := range []bool{false, true} {
					a, b := guarded[T](rng, arows*lda), guarded[T](rng, brows*ldb)
					c := guarded[T](rng, s.m*ldc)
					want := append([]T(nil), c.all...)
					gemmSpec(want[guardLen:guardLen+len(c.s)], ldc, a.s, ar, ac, b.s, br, bc, s.m, s.n, s.k, acc)
					kind.run(c.s, ldc, a.s, lda, b.s, ldb, s.m, s.n, s.k, acc)
					// Comparing everything finds stores between the rows and outside the slice, too.
					if i := diffBits(c.all, want); i >= 0 {
						t.Fatalf("%s %v pad %d acc %v: element %d is %v, want %v", kind.name, s, pad, acc, i-guardLen, c.all[i], want[i])
					}
				}
			}
		}
	}
}

// Any piece of c has the bits that it has when c is computed whole.
func TestGemmPieces(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const m, n, k = 70, 37, 700
	for _, kind := range gemmKinds[float32]() {
		a, b := guarded[float32](rng, m*k).s, guarded[float32](rng, k*n).s
		lda, ldb := k, n
		if kind.ta {
			lda = m
		}
		if kind.tb {
			ldb = k
		}
		whole := make([]float32, m*n)
		kind.run(whole, n, a, lda, b, ldb, m, n, k, false)
		for range 30 {
			i0, j0 := rng.IntN(m), rng.IntN(n)
			mm, nn := 1+rng.IntN(m-i0), 1+rng.IntN(n-j0)
			ao, bo := i0*k, j0
			if kind.ta {
				ao = i0
			}
			if kind.tb {
				bo = j0 * k
			}
			piece := make([]float32, m*n)
			kind.run(piece[i0*n+j0:], n, a[ao:], lda, b[bo:], ldb, mm, nn, k, false)
			for i := i0; i < i0+mm; i++ {
				if d := diffBits(piece[i*n+j0:i*n+j0+nn], whole[i*n+j0:i*n+j0+nn]); d >= 0 {
					t.Fatalf("%s: row %d column %d of piece [%d:%d, %d:%d] differs", kind.name, i, j0+d, i0, i0+mm, j0, j0+nn)
				}
			}
		}
	}
}

// A zero factor does not hide NaN or infinity in the other one.
func TestGemmNaN(t *testing.T) {
	for _, kind := range gemmKinds[float32]() {
		for _, special := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
			for _, size := range []int{1, 2, 4, 5, 40} {
				a, b := make([]float32, size*size), make([]float32, size*size)
				b[0] = special // row 0 and column 0, however stored
				c := make([]float32, size*size)
				kind.run(c, size, a, size, b, size, size, size, size, false)
				for i := range size {
					if c[i*size] == c[i*size] {
						t.Fatalf("%s size %d: 0 * %v = %v in row %d", kind.name, size, special, c[i*size], i)
					}
				}
			}
		}
	}
}

func TestGemmShortSlicePanics(t *testing.T) {
	for _, kind := range gemmKinds[float64]() {
		for short := range 3 {
			n := [3]int{16, 16, 16}
			n[short]--
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: operand %d one element short: no panic", kind.name, short)
					}
				}()
				kind.run(make([]float64, n[0]), 4, make([]float64, n[1]), 4, make([]float64, n[2]), 4, 4, 4, 4, false)
			}()
		}
	}
}

// BenchmarkGemm reports GFLOP/s of one core. On an AMD EPYC of family 25 model 17 the 2 x 4 tile reaches 10
// with four terms per iteration, 7.5 with one, and 5 with a bounds check per term.
func BenchmarkGemm(b *testing.B) {
	b.Run("float32", benchGemm[float32])
	b.Run("float64", benchGemm[float64])
}

func benchGemm[T Float](b *testing.B) {
	for _, s := range []struct{ m, n, k int }{{4, 8, 2}, {4, 2, 8}, {1, 128, 784}, {64, 10, 128}, {64, 128, 784}, {784, 128, 64}, {256, 256, 256}, {784, 128, 512}, {512, 512, 512}, {64, 1, 64}, {16, 16, 16}} {
		for _, kind := range gemmKinds[T]() {
			b.Run(fmt.Sprintf("%s/m=%d/n=%d/k=%d", kind.name, s.m, s.n, s.k), func(b *testing.B) {
				x, y, z := make([]T, s.m*s.k), make([]T, s.k*s.n), make([]T, s.m*s.n)
				lda, ldb := s.k, s.n
				if kind.ta {
					lda = s.m
				}
				if kind.tb {
					ldb = s.k
				}
				for b.Loop() {
					kind.run(z, s.n, x, lda, y, ldb, s.m, s.n, s.k, false)
				}
				b.ReportMetric(2*float64(s.m*s.n*s.k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
