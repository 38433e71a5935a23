package nnrt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// treeSpec is the tree of TreeSum by its second definition.
func treeSpec[T Float](x []T) T {
	switch len(x) {
	case 0:
		return 0
	case 1:
		return x[0]
	}
	p := 1
	for 2*p < len(x) {
		p *= 2
	}
	return treeSpec(x[:p]) + treeSpec(x[p:])
}

// flatSpec is the order of flat sums, term by term.
func flatSpec[T Float](x, y []T) T {
	var chunks []T
	for c := 0; c == 0 || c < len(x); c += flatChunk {
		var lane [16]T
		for i := c; i < min(c+flatChunk, len(x)); i++ {
			lane[(i-c)&15] += T(x[i] * y[i])
		}
		for _, w := range []int{8, 4, 2, 1} {
			for l := range w {
				lane[l] += lane[l+w]
			}
		}
		chunks = append(chunks, lane[0])
	}
	return treeSpec(chunks)
}

// columnSpec is the order of sums down a column, term by term.
func columnSpec[T Float](src []T, rows, ld int) T {
	var chunks []T
	for c := 0; c < rows; c += rowChunk {
		var lane [4]T
		for r := c; r < min(c+rowChunk, rows); r++ {
			lane[r&3] += src[r*ld]
		}
		chunks = append(chunks, (lane[0]+lane[2])+(lane[1]+lane[3]))
	}
	return treeSpec(chunks)
}

func TestTreeSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 70 {
		x := guarded[float32](rng, n).s
		if got, want := TreeSum(x), treeSpec(x); !sameBits(got, want) {
			t.Errorf("%d partials: %g, want %g", n, got, want)
		}
	}
	var lanes [16]float32
	for i := range lanes {
		lanes[i] = float32(rng.NormFloat64())
	}
	l := lanes
	want := (((l[0] + l[8]) + (l[4] + l[12])) + ((l[2] + l[10]) + (l[6] + l[14]))) +
		(((l[1] + l[9]) + (l[5] + l[13])) + ((l[3] + l[11]) + (l[7] + l[15])))
	if got := Sum16(&lanes); got != want {
		t.Errorf("Sum16 = %g, want %g", got, want)
	}
}

// sprinkle puts special values among x.
func sprinkle[T Float](rng *rand.Rand, x []T) {
	tiny := T(math.SmallestNonzeroFloat32)
	if !is32(tiny) {
		tiny = 5e-324
	}
	special := []T{T(math.NaN()), T(math.Inf(1)), T(math.Inf(-1)), T(math.Copysign(0, -1)), 0, tiny, -tiny}[rng.IntN(7)]
	for i := range x {
		if rng.IntN(5) == 0 {
			x[i] = special
		}
	}
}

func TestFlatSums(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testFlatSums[float32])
		t.Run("float64", testFlatSums[float64])
	})
}

func testFlatSums[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	lengths := []int{100, flatChunk - 1, flatChunk, flatChunk + 1, 2 * flatChunk, 5*flatChunk + 77}
	for n := range 131 {
		lengths = append(lengths, n)
	}
	for i, n := range lengths {
		x, y := guarded[T](rng, n).s, guarded[T](rng, n).s
		if i%3 == 2 {
			sprinkle(rng, x)
		}
		ones := make([]T, n)
		for i := range ones {
			ones[i] = 1
		}
		if got, want := Dot(x, y), flatSpec(x, y); !sameBits(got, want) {
			t.Errorf("Dot of %d: %g, want %g", n, got, want)
		}
		if got, want := Dot(x, x), flatSpec(x, x); !sameBits(got, want) {
			t.Errorf("squares of %d: %g, want %g", n, got, want)
		}
		if got, want := SumFlat(x), flatSpec(x, ones); !sameBits(got, want) {
			t.Errorf("SumFlat of %d: %g, want %g", n, got, want)
		}
	}
}

func TestSumRows(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testSumRows[float32])
		t.Run("float64", testSumRows[float64])
	})
}

func testSumRows[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, rows := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 40, 511, 512, 513, 1024, 1700, 3 * 512, 6*512 + 1} {
		for _, cols := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 33, 40, 64, 79, 131} {
			ld := cols + rng.IntN(3)
			src, dst := guarded[T](rng, rows*ld+cols), guarded[T](rng, cols)
			if cols%5 == 3 {
				sprinkle(rng, src.s)
			}
			for _, acc := range []bool{false, true} {
				want := append([]T(nil), dst.all...)
				for j := range cols {
					s := columnSpec(src.s[j:], rows, ld)
					if acc {
						s = dst.s[j] + s
					}
					want[guardLen+j] = s
				}
				SumRows(dst.s, src.s, rows, cols, ld, acc)
				if i := diffBits(dst.all, want); i >= 0 {
					t.Fatalf("%d x %d, ld %d, acc %v: column %d is %g, want %g", rows, cols, ld, acc, i-guardLen, dst.all[i], want[i])
				}
			}
		}
	}
}

// axisSpec reduces [outer, n, inner] by a function of the elements along the axis.
func axisSpec[T, R any](src []T, outer, n, inner int, f func([]T) R) []R {
	var out []R
	for o := range outer {
		for j := range inner {
			axis := make([]T, n)
			for i := range axis {
				axis[i] = src[(o*n+i)*inner+j]
			}
			out = append(out, f(axis))
		}
	}
	return out
}

func TestAxisReductions(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testAxisReductions[float32])
		t.Run("float64", testAxisReductions[float64])
	})
}

func testAxisReductions[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	nan, inf := T(math.NaN()), T(math.Inf(1))
	lengths := []int{200, 1000}
	for n := range 131 {
		lengths = append(lengths, n)
	}
	for i, n := range lengths {
		outers, inners := []int{7}, []int{1} // rows of a group and rows alone
		if i%8 == 4 {
			outers, inners = []int{0, 1, 2, 5}, []int{0, 1, 2, 3, 8, 17, 70}
		}
		for _, outer := range outers {
			for _, inner := range inners {
				for _, special := range []T{1, 0, -1 / inf, nan, inf, -inf} {
					name := fmt.Sprintf("[%d %d %d] with %g", outer, n, inner, special)
					src := guarded[T](rng, outer*n*inner).s
					if special != 1 {
						for i := range src {
							if rng.IntN(5) == 0 {
								src[i] = special
							}
						}
					}
					dst := guarded[T](rng, outer*inner)
					same := func(what string, want []T) {
						t.Helper()
						all := append([]T(nil), dst.all...)
						copy(all[guardLen:], want)
						if i := diffBits(dst.all, all); i >= 0 {
							t.Fatalf("%s %s: element %d is %g, want %g", what, name, i-guardLen, dst.all[i], all[i])
						}
					}
					ReduceSum(dst.s, src, outer, n, inner)
					same("ReduceSum", axisSpec(src, outer, n, inner, func(x []T) T {
						if inner == 1 {
							ones := make([]T, n)
							for i := range ones {
								ones[i] = 1
							}
							return flatSpec(x, ones)
						}
						return columnSpec(x, n, 1)
					}))
					ReduceProd(dst.s, src, outer, n, inner)
					same("ReduceProd", axisSpec(src, outer, n, inner, func(x []T) T {
						var lane [16]T
						for l := range lane {
							lane[l] = 1
						}
						for i, v := range x {
							lane[i&15] *= v
						}
						for _, w := range []int{8, 4, 2, 1} {
							for l := range w {
								lane[l] *= lane[l+w]
							}
						}
						return lane[0]
					}))
					ReduceMax(dst.s, src, outer, n, inner)
					same("ReduceMax", axisSpec(src, outer, n, inner, func(x []T) T {
						m := -inf
						for _, v := range x {
							if v != v {
								return v
							}
							if v > m || v == 0 && m == 0 && math.Signbit(float64(m)) {
								m = v
							}
						}
						return m
					}))
					arg := make([]int32, outer*inner)
					ArgMax(arg, src, outer, n, inner)
					wantArg := axisSpec(src, outer, n, inner, func(x []T) int32 {
						best := 0
						for i, v := range x {
							if v != v {
								return int32(i)
							}
							if v > x[best] {
								best = i
							}
						}
						return int32(best)
					})
					for i := range arg {
						if arg[i] != wantArg[i] {
							t.Fatalf("ArgMax %s: element %d is %d, want %d", name, i, arg[i], wantArg[i])
						}
					}
				}
			}
		}
	}
}

// Rows and columns that take more than one call.
func TestLongMaxima(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(6, 6))
		const n, rows = 150_001, 9001
		x := make([]float32, 2*n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		for _, at := range []int{0, 65_535, 65_536, 131_072, n - 1} {
			for _, v := range []float32{100, float32(math.NaN()), float32(math.Inf(1))} {
				old := x[n+at]
				x[n+at] = v
				dst, arg, col := make([]float32, 2), make([]int32, 2), make([]float32, 33)
				ReduceMax(dst, x, 2, n, 1)
				ArgMax(arg, x, 2, n, 1)
				if !sameBits(dst[1], v) || arg[1] != int32(at) || dst[0] != x[arg[0]] {
					t.Errorf("%g at %d: got %g at %d, and %g at %d before it", v, at, dst[1], arg[1], dst[0], arg[0])
				}
				ReduceMax(col, x, 1, rows, 33)
				for j, got := range col {
					want := float32(math.Inf(-1))
					for r := range rows {
						want = max(want, x[r*33+j])
					}
					if !sameBits(got, want) {
						t.Errorf("column %d of %d rows: %g, want %g", j, rows, got, want)
					}
				}
				x[n+at] = old
			}
		}
	})
}

func TestCumSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, outer := range []int{0, 1, 3} {
		for n := range 12 {
			for _, inner := range []int{1, 2, 5} {
				for _, reverse := range []bool{false, true} {
					src, dst := guarded[float64](rng, outer*n*inner), guarded[float64](rng, outer*n*inner)
					want := append([]float64(nil), dst.all...)
					for o := range outer {
						for j := range inner {
							sum := 0.0
							for i := range n {
								k := i
								if reverse {
									k = n - 1 - i
								}
								sum += src.s[(o*n+k)*inner+j]
								want[guardLen+(o*n+k)*inner+j] = sum
							}
						}
					}
					CumSum(dst.s, src.s, outer, n, inner, reverse)
					if i := diffBits(dst.all, want); i >= 0 {
						t.Fatalf("[%d %d %d] reverse %v: element %d is %g, want %g", outer, n, inner, reverse, i-guardLen, dst.all[i], want[i])
					}
					CumSum(src.s, src.s, outer, n, inner, reverse)
					if i := diffBits(src.s, dst.s); i >= 0 {
						t.Fatalf("[%d %d %d] reverse %v in place: element %d differs", outer, n, inner, reverse, i)
					}
				}
			}
		}
	}
}

func TestReductionsDoNotAllocate(t *testing.T) {
	src, dst, arg := make([]float32, 3*40000), make([]float32, 40000), make([]int32, 40000)
	for name, f := range map[string]func(){
		"SumRows":    func() { SumRows(dst, src, 1200, 100, 100, true) },
		"SumFlat":    func() { dst[0] = SumFlat(src) },
		"Dot":        func() { dst[0] = Dot(src, src) },
		"TreeSum":    func() { dst[0] = TreeSum(src) },
		"ReduceSum":  func() { ReduceSum(dst, src, 30, 40, 100) },
		"ReduceProd": func() { ReduceProd(dst, src, 30, 40, 100) },
		"ReduceMax":  func() { ReduceMax(dst, src, 30, 40, 100) },
		"ArgMax":     func() { ArgMax(arg, src, 30, 40, 100) },
		"CumSum":     func() { CumSum(src, src, 30, 40, 100, false) },
	} {
		if n := testing.AllocsPerRun(5, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkReduce reports gigabytes read a second on every level.
func BenchmarkReduce(b *testing.B) {
	const rows, cols = 64, 128
	src, dst, arg := make([]float32, 1024*512), make([]float32, rows*cols), make([]int32, rows*cols)
	wide := make([]float64, rows*cols)
	for i := range src {
		src[i] = float32(i * 7919 % 1000)
	}
	for i := range wide {
		wide[i] = float64(src[i])
	}
	for _, c := range []struct {
		name  string
		bytes int64
		f     func()
	}{
		{"SumRows/4x3", 48, func() { SumRows(dst, src, 4, 3, 3, false) }},
		{"SumRows/16x16", 1024, func() { SumRows(dst, src, 16, 16, 16, false) }},
		{"SumRows/64x10", 2560, func() { SumRows(dst, src, 64, 10, 10, false) }},
		{"SumRows/64x128", 4 * rows * cols, func() { SumRows(dst, src, rows, cols, cols, false) }},
		{"SumRows/128x512", 128 * 512 * 4, func() { SumRows(dst, src, 128, 512, 512, false) }},
		{"SumRows/1024x512", 1024 * 512 * 4, func() { SumRows(dst, src, 1024, 512, 512, false) }},
		{"SumRows/float64", 8 * rows * cols, func() { SumRows(wide, wide, rows, cols, cols, false) }},
		{"SumFlat/3", 12, func() { dst[0] = SumFlat(src[:3]) }},
		{"SumFlat/100", 400, func() { dst[0] = SumFlat(src[:100]) }},
		{"SumFlat/8192", 4 * 8192, func() { dst[0] = SumFlat(src[:8192]) }},
		{"SumFlat/512K", 4 * 1024 * 512, func() { dst[0] = SumFlat(src) }},
		{"Dot/8192", 8 * 8192, func() { dst[0] = Dot(src[:8192], src[8192:16384]) }},
		{"ReduceSum/64x10", 2560, func() { ReduceSum(dst, src, 64, 10, 1) }},
		{"ReduceSum/64x128", 4 * rows * cols, func() { ReduceSum(dst, src, rows, cols, 1) }},
		{"ReduceProd/64x128", 4 * rows * cols, func() { ReduceProd(dst, src, rows, cols, 1) }},
		{"ReduceMax/64x10", 2560, func() { ReduceMax(dst, src, 64, 10, 1) }},
		{"ReduceMax/64x128", 4 * rows * cols, func() { ReduceMax(dst, src, rows, cols, 1) }},
		{"ReduceMax/columns", 4 * rows * cols, func() { ReduceMax(dst, src, 1, rows, cols) }},
		{"ArgMax/4x3", 48, func() { ArgMax(arg, src, 4, 3, 1) }},
		{"ArgMax/64x10", 2560, func() { ArgMax(arg, src, 64, 10, 1) }},
		{"ArgMax/64x128", 4 * rows * cols, func() { ArgMax(arg, src, rows, cols, 1) }},
		{"CumSum/columns", 4 * rows * cols, func() { CumSum(dst, src, 1, rows, cols, false) }},
	} {
		benchEachCPU(b, c.name, c.bytes, c.f)
	}
}

// benchEachCPU runs a benchmark on every level that the machine has.
func benchEachCPU(b *testing.B, name string, bytes int64, f func()) {
	before := ActiveCPU()
	defer func() { activeCPU = before }()
	for c := Portable; c <= BestCPU(); c++ {
		activeCPU = c
		b.Run(name+"/"+c.String(), func(b *testing.B) {
			b.SetBytes(bytes)
			for b.Loop() {
				f()
			}
		})
	}
}
