package nnrt

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
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
	// All terms at once up to KC, else the fewest blocks, as equal as multiples of 8 can be.
	block := k
	if blocks := (k + KC - 1) / KC; blocks > 1 {
		block = ((k+blocks-1)/blocks + 7) / 8 * 8
	}
	for i := range m {
		for j := range n {
			var sum T
			if acc {
				sum = c[i*ldc+j]
			}
			for k0 := 0; k0 < k; k0 += block {
				var s T
				for kk := k0; kk < min(k0+block, k); kk++ {
					x, y := a[i*ar+kk*ac], b[kk*br+j*bc]
					switch {
					case activeCPU != Portable:
						s = fusedSum(s, x, y)
					case exact:
						s = fusedTerm(s, x, y)
					default:
						s += T(x * y)
					}
				}
				if k0 == 0 && !acc {
					sum = s
				} else {
					sum += s
				}
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

type gemmSize struct{ m, n, k int }

// gemmSizes are small sizes completely, and some of those up to 130 and with several blocks of terms.
func gemmSizes(rng *rand.Rand) []gemmSize {
	sizes := []gemmSize{{33, 41, 64}, {64, 9, 513}, {3, 5, 1025}, {40, 40, 33}, {34, 7, 31}, {12, 13, 600}, {1, 40, 40}, {40, 1, 40}, {40, 40, 1}, {129, 10, 70}, {70, 130, 20}, {1, 130, 130}, {130, 1, 130}, {2, 129, 40}, {5, 128, 16}, {70, 40, 514}, {13, 150, 520}, {26, 257, 300}, {3, 130, 700}}
	for m := range 10 {
		for n := range 10 {
			for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 40} {
				sizes = append(sizes, gemmSize{m, n, k})
			}
		}
	}
	for range 100 {
		sizes = append(sizes, gemmSize{rng.IntN(41), rng.IntN(41), rng.IntN(41)})
	}
	for range 20 {
		sizes = append(sizes, gemmSize{rng.IntN(131), rng.IntN(131), rng.IntN(131)})
	}
	return sizes
}

// A gemmCase is one product with its operands, between guards.
type gemmCase[T Float] struct {
	gemmSize
	lda, ldb, ldc  int
	ar, ac, br, bc int // strides of a and b as views [m, k] and [k, n]
	a, b, c        guard[T]
}

func newGemmCase[T Float](rng *rand.Rand, s gemmSize, ta, tb bool, pad int) gemmCase[T] {
	x := gemmCase[T]{gemmSize: s, lda: s.k + pad, ldb: s.n + 2*pad, ldc: s.n + 3*pad}
	x.ar, x.ac, x.br, x.bc = x.lda, 1, x.ldb, 1
	arows, brows := s.m, s.k
	if ta {
		x.lda = s.m + pad
		x.ar, x.ac, arows = 1, x.lda, s.k
	}
	if tb {
		x.ldb = s.k + pad
		x.br, x.bc, brows = 1, x.ldb, s.n
	}
	x.a, x.b, x.c = guarded[T](rng, arows*x.lda), guarded[T](rng, brows*x.ldb), guarded[T](rng, s.m*x.ldc)
	return x
}

// want is all of c after the product, guards included.
func (x *gemmCase[T]) want(acc bool) []T {
	all := append([]T(nil), x.c.all...)
	gemmSpec(all[guardLen:guardLen+len(x.c.s)], x.ldc, x.a.s, x.ar, x.ac, x.b.s, x.br, x.bc, x.m, x.n, x.k, acc)
	return all
}

// check compares all of c, which finds stores between the rows and outside the slice, too.
func (x *gemmCase[T]) check(t *testing.T, name string, want []T) {
	t.Helper()
	if i := diffBits(x.c.all, want); i >= 0 {
		t.Fatalf("%s %+v ldc %d: element %d is %v, want %v", name, x.gemmSize, x.ldc, i-guardLen, x.c.all[i], want[i])
	}
}

// descend moves all of w, guards included, by the finished product.
func (x *gemmCase[T]) descend(w []T, rate T, c []T) {
	for i := range x.m {
		for j := range x.n {
			at := guardLen + i*x.ldc + j
			w[at] -= T(rate * c[at])
		}
	}
}

func testGemm[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, kind := range gemmKinds[T]() {
		for _, s := range gemmSizes(rng) {
			for _, acc := range []bool{false, true} {
				x := newGemmCase[T](rng, s, kind.ta, kind.tb, rng.IntN(3))
				want := x.want(acc)
				kind.run(x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, s.m, s.n, s.k, acc)
				x.check(t, kind.name, want)
			}
		}
	}
}

func TestGemmBias(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testGemmBias[float32])
		t.Run("float64", testGemmBias[float64])
	})
}

func testGemmBias[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, s := range gemmSizes(rng) {
		x := newGemmCase[T](rng, s, false, false, 1)
		want := x.want(false)
		bias := guarded[T](rng, s.n)
		for i := range s.m {
			for j := range s.n {
				want[guardLen+i*x.ldc+j] += bias.s[j]
			}
		}
		GemmNNBias(x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, bias.s, s.m, s.n, s.k)
		x.check(t, "bias", want)
	}
}

// Gradient and parameters are those of a product and of an update that follows it.
func TestGemmDescend(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testGemmDescend[float32])
		t.Run("float64", testGemmDescend[float64])
	})
}

func testGemmDescend[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, s := range gemmSizes(rng) {
		x := newGemmCase[T](rng, s, true, false, rng.IntN(3))
		want := x.want(false)
		w := guarded[T](rng, len(x.c.s))
		moved := append([]T(nil), w.all...)
		x.descend(moved, 0.3, want)
		GemmTNDescend(w.s, 0.3, x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, s.m, s.n, s.k)
		x.check(t, "gradient", want)
		if i := diffBits(w.all, moved); i >= 0 {
			t.Fatalf("%+v ldc %d: parameter %d is %v, want %v", s, x.ldc, i-guardLen, w.all[i], moved[i])
		}
	}
}

// A batch is its products one by one, also with an operand in common.
func TestGemmBatch(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const n = 3
	for i, batch := range []func(s Batch, c []float32, ldc int, a []float32, lda int, b []float32, ldb int, m, n, k int, acc bool){
		GemmNNBatch[float32], GemmNTBatch[float32], GemmTNBatch[float32],
	} {
		kind := gemmKinds[float32]()[i]
		for _, s := range []Batch{{n, 50, 60, 70}, {n, 50, 0, 70}, {n, 50, 60, 0}, {0, 1, 1, 1}} {
			a, b, got := guarded[float32](rng, 60*n+100).s, guarded[float32](rng, 70*n+100).s, make([]float32, 50*n+100)
			want := append([]float32(nil), got...)
			for i := range s.N {
				kind.run(want[i*s.C:], 7, a[i*s.A:], 8, b[i*s.B:], 9, 6, 7, 5, true)
			}
			batch(s, got, 7, a, 8, b, 9, 6, 7, 5, true)
			if i := diffBits(got, want); i >= 0 {
				t.Fatalf("%s %+v: element %d is %v, want %v", kind.name, s, i, got[i], want[i])
			}
		}
	}
}

// Every level agrees with plain Go to what rounding the terms separately can make: less than one unit of the last place of the sum of the
// absolute terms for each term.
func TestGemmTolerance(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, s := range []gemmSize{{20, 30, 40}, {5, 7, 1100}} {
		x := newGemmCase[float32](rng, s, false, false, 0)
		got := make([]float32, s.m*s.n)
		GemmNN(got, s.n, x.a.s, x.lda, x.b.s, x.ldb, s.m, s.n, s.k, false)
		for i := range s.m {
			for j := range s.n {
				var sum, size float64
				for kk := range s.k {
					term := float64(x.a.s[i*x.lda+kk]) * float64(x.b.s[kk*x.ldb+j])
					sum += term
					size += math.Abs(term)
				}
				if d := math.Abs(float64(got[i*s.n+j]) - sum); d > size*float64(s.k)*0x1p-23 {
					t.Fatalf("%+v: (%d, %d) differs by %g of %g", s, i, j, d, size)
				}
			}
		}
	}
}

// Products allocate nothing, also when several run at the same time.
func TestGemmAllocs(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		a, c := make([]float32, 80*80), make([]float32, 80*80)
		for _, kind := range gemmKinds[float32]() {
			for _, n := range []int{3, 80} {
				if got := testing.AllocsPerRun(5, func() { kind.run(c, 80, a, 80, a, 80, 80, n, 80, false) }); got > 0 {
					t.Errorf("%s with %d columns: %v allocations", kind.name, n, got)
				}
			}
		}
	})
}

func TestGemmConcurrent(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	x := newGemmCase[float32](rng, gemmSize{70, 60, 50}, false, true, 0)
	want := make([]float32, 70*60)
	GemmNT(want, 60, x.a.s, x.lda, x.b.s, x.ldb, 70, 60, 50, false)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got := make([]float32, 70*60)
			for range 50 {
				GemmNT(got, 60, x.a.s, x.lda, x.b.s, x.ldb, 70, 60, 50, false)
				if i := diffBits(got, want); i >= 0 {
					t.Errorf("element %d is %v, want %v", i, got[i], want[i])
					return
				}
			}
		})
	}
	wg.Wait()
}

// Any piece of c has the bits that it has when c is computed whole.
func TestGemmPieces(t *testing.T) { onEachCPU(t, testGemmPieces) }

func testGemmPieces(t *testing.T) {
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

// A zero factor does not hide NaN or infinity in the other one, and lanes that no column uses do not spread what is in them.
func TestGemmNaN(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		for _, kind := range gemmKinds[float32]() {
			for _, special := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
				for _, size := range []int{1, 2, 4, 5, 17, 40} {
					a, b := make([]float32, size*size), make([]float32, size*size)
					b[0] = special // row 0 and column 0, however stored
					c := make([]float32, size*size)
					kind.run(c, size, a, size, b, size, size, size, size, false)
					for i := range c {
						if nan := c[i] != c[i]; nan != (i%size == 0) {
							t.Fatalf("%s size %d: 0 * %v: element %d is %v", kind.name, size, special, i, c[i])
						}
					}
				}
			}
		}
	})
}

// Subnormal numbers are not flushed, and a sum of negative zeros is what it is term by term.
func TestGemmExtremes(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		values := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0x1p-149, -0x1p-130, 0x1p-75, -0x1p-74, math.MaxFloat32, -0x1p127}
		for _, kind := range gemmKinds[float32]() {
			for _, s := range []gemmSize{{9, 35, 3}, {20, 10, 2}, {17, 40, 9}} {
				x := newGemmCase[float32](rng, s, kind.ta, kind.tb, 0)
				for _, v := range [][]float32{x.a.s, x.b.s} {
					for i := range v {
						v[i] = values[rng.IntN(len(values))]
					}
				}
				want := x.want(false)
				kind.run(x.c.s, x.ldc, x.a.s, x.lda, x.b.s, x.ldb, s.m, s.n, s.k, false)
				x.check(t, kind.name, want)
			}
		}
	})
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

// calibrate makes the tests that measure thresholds run.
var calibrate = flag.Bool("calibrate", false, "measure the thresholds of the kernels again")

// benchSlice is n elements at the start of a cache line, all of them written: memory that nobody wrote is one page of zeros, many times.
func benchSlice[T Float](n int) []T {
	const line = 64 / unsafe.Sizeof(float32(0))
	s := make([]T, n+int(line))
	for uintptr(unsafe.Pointer(&s[0]))%64 != 0 {
		s = s[1:]
	}
	for i := range s[:n] {
		s[i] = 0.5
	}
	return s[:n]
}

func (s gemmSize) flops() float64 { return 2 * float64(s.m) * float64(s.n) * float64(s.k) }

// BenchmarkGemm reports GFLOP/s of one core on each instruction set, and their share of the peak that PeakFLOPS measures at the same
// level. On an AMD EPYC of family 25 model 17 the 2 x 4 tile of plain Go reaches 10 GFLOP/s with four terms per iteration, 7.5 with one,
// and 5 with a bounds check per term; the tiles of vector instructions reach 97 to 99 % of the peak when nothing else runs.
func BenchmarkGemm(b *testing.B) {
	before := activeCPU
	defer func() { activeCPU = before }()
	for c := Portable; c <= BestCPU(); c++ {
		b.Run(c.String(), func(b *testing.B) {
			activeCPU = c
			b.Run("float32", benchGemm[float32])
			b.Run("float64", benchGemm[float64])
		})
	}
}

func benchGemm[T Float](b *testing.B) {
	peak, err := PeakFLOPS(activeCPU, 8*int(unsafe.Sizeof(*new(T))))
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range []gemmSize{
		{4, 8, 2}, {4, 2, 8}, {16, 16, 16}, {1, 128, 784}, {64, 1, 64}, {64, 10, 128}, {64, 128, 10}, {64, 128, 784}, {784, 128, 64}, {32, 256, 256}, {128, 512, 512}, {512, 512, 512},
	} {
		for _, kind := range gemmKinds[T]() {
			b.Run(fmt.Sprintf("%s/m=%d/n=%d/k=%d", kind.name, s.m, s.n, s.k), func(b *testing.B) {
				x, y, z := benchSlice[T](s.m*s.k), benchSlice[T](s.k*s.n), benchSlice[T](s.m*s.n)
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
				flops := s.flops() * float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(flops/1e9, "GFLOP/s")
				b.ReportMetric(100*flops/peak, "%peak")
			})
		}
	}
}
