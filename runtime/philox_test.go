package nnrt

import (
	"math"
	"slices"
	"testing"
)

// The known-answer vectors of the Random123 distribution for philox4x32 with 10 rounds.
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{
			[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
			[2]uint32{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
		{
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
			[2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	} {
		join := func(lo, hi uint32) uint64 { return uint64(hi)<<32 | uint64(lo) }
		got := philox(join(c.key[0], c.key[1]), join(c.counter[0], c.counter[1]), join(c.counter[2], c.counter[3]))
		if got != c.want {
			t.Errorf("philox(%x, %x) = %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

// FNV-1a test values of its authors.
func TestFNV1a(t *testing.T) {
	for s, want := range map[string]uint64{"": 0xcbf29ce484222325, "a": 0xaf63dc4c8601ec8c, "foobar": 0x85944171f73967e8} {
		if got := fnv1a(fnvOffset, s); got != want {
			t.Errorf("fnv1a(%q) = %x, want %x", s, got, want)
		}
	}
}

func TestFillEqualsElements(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testFillEqualsElements[float32])
		t.Run("float64", testFillEqualsElements[float64])
	})
}

func testFillEqualsElements[T Float](t *testing.T) {
	k := NewKey(7, "dense.W").At(3)
	for n := range 131 {
		// The counter passes 2**32 inside a group, and the numbers of elements end.
		for _, start := range []uint64{0, 1, 2, 3, 4, 5, 1 << 40, 1<<33 - 7, 1<<34 - 11, math.MaxUint32 - 3, math.MaxUint64 - 60} {
			for name, fill := range map[string]func([]T, Key, uint64){"uniform": FillUniform[T], "normal": FillNormal[T]} {
				element := Uniform[T]
				if name == "normal" {
					element = Normal[T]
				}
				k := k
				if start&1 == 1 {
					k = k.At(0xFEDCBA98_76543210)
				}
				all := make([]T, n+2)
				all[0], all[n+1] = 77, 77
				fill(all[1:n+1], k, start)
				for i := range n {
					if want := element(k, start+uint64(i)); !sameBits(all[i+1], want) {
						t.Fatalf("%s start %d: element %d of %d is %g, want %g", name, start, i, n, all[i+1], want)
					}
				}
				if all[0] != 77 || all[n+1] != 77 {
					t.Fatalf("%s start %d: stored outside of %d elements", name, start, n)
				}
			}
		}
	}
}

// Every level draws the same normal values, over many quadrants, exponents and signs.
func TestManyNormals(t *testing.T) {
	t.Run("float32", testManyNormals[float32])
	t.Run("float64", testManyNormals[float64])
}

func testManyNormals[T Float](t *testing.T) {
	const n = 300_007
	k := NewKey(11, "many").At(5)
	want := make([]T, n)
	for i := range want {
		want[i] = Normal[T](k, uint64(i)+3)
	}
	onEachCPU(t, func(t *testing.T) {
		x := make([]T, n)
		FillNormal(x, k, 3)
		if i := diffBits(x, want); i >= 0 {
			t.Errorf("element %d is %g, want %g", i, x[i], want[i])
		}
	})
}

// Streams of other seeds, paths and steps share no values.
func TestKeysDiffer(t *testing.T) {
	base := NewKey(1, "a")
	if base != NewKey(1, "a") || base.At(2) != base.At(9).At(2) || base != base.At(0) {
		t.Error("equal keys differ")
	}
	seen := map[uint64]string{}
	for name, k := range map[string]Key{
		"base": base, "seed": NewKey(2, "a"), "path": NewKey(1, "b"), "swapped": NewKey(0, "a"),
		"step": base.At(1), "far step": base.At(1 << 33), "empty": NewKey(1, ""),
	} {
		for i := range uint64(1000) {
			v := k.Uint64(i)
			if other, ok := seen[v]; ok {
				t.Fatalf("%s and %s share a value", name, other)
			}
			seen[v] = name
		}
	}
}

func TestUniformMoments(t *testing.T) {
	t.Run("float32", testUniformMoments[float32])
	t.Run("float64", testUniformMoments[float64])
}

func testUniformMoments[T Float](t *testing.T) {
	const n = 200_000
	x := make([]T, n)
	FillUniform(x, NewKey(3, "u"), 0)
	var bins [20]int
	sum := 0.0
	for _, v := range x {
		if !(v >= 0 && v < 1) {
			t.Fatalf("value %g outside [0, 1)", v)
		}
		bins[int(v*20)]++
		sum += float64(v)
	}
	if mean := sum / n; math.Abs(mean-0.5) > 4*math.Sqrt(1.0/12/n) {
		t.Errorf("mean %g", mean)
	}
	chi := 0.0
	for _, b := range bins {
		d := float64(b) - n/20
		chi += d * d / (n / 20)
	}
	if chi > 50 { // 19 degrees of freedom: above 50 once in ten thousand
		t.Errorf("chi-square %g of %v", chi, bins)
	}
}

func TestNormalMoments(t *testing.T) {
	t.Run("float32", testNormalMoments[float32])
	t.Run("float64", testNormalMoments[float64])
}

func testNormalMoments[T Float](t *testing.T) {
	const n = 200_000
	x := make([]T, n)
	FillNormal(x, NewKey(3, "n"), 0)
	var m [5]float64
	pair, below := 0.0, 0
	for i, v := range x {
		p := 1.0
		for k := range m {
			m[k] += p / n
			p *= float64(v)
		}
		if i&1 == 1 {
			pair += float64(x[i-1]) * float64(v) / (n / 2)
		}
		if v < -1 {
			below++
		}
	}
	for _, c := range []struct {
		what           string
		got, want, tol float64
	}{
		{"mean", m[1], 0, 4 / math.Sqrt(n)},
		{"variance", m[2], 1, 4 * math.Sqrt(2.0/n)},
		{"third moment", m[3], 0, 4 * math.Sqrt(15.0/n)},
		{"fourth moment", m[4], 3, 4 * math.Sqrt(96.0/n)},
		{"covariance of a pair", pair, 0, 4 / math.Sqrt(n/2)},
		{"share below -1", float64(below) / n, 0.15865525, 4 * math.Sqrt(0.1335/n)},
	} {
		if math.Abs(c.got-c.want) > c.tol {
			t.Errorf("%s: %g, want %g within %g", c.what, c.got, c.want, c.tol)
		}
	}
}

// The transform agrees with the one written with package math.
func TestBoxMuller(t *testing.T) {
	for _, u := range []float64{0x1p-54, 1e-9, 0.1, 0.5, 0.70710678, 0.7072, 0.9, 1 - 0x1p-53} {
		for i := range 64 {
			v := float64(i) / 64
			c, s := boxMuller(u, v)
			r := math.Sqrt(-2 * math.Log(u))
			sin, cos := math.Sincos(2 * math.Pi * v)
			if math.Abs(c-r*cos) > 1e-15*r || math.Abs(s-r*sin) > 1e-15*r {
				t.Errorf("boxMuller(%g, %g) = %g, %g, want %g, %g", u, v, c, s, r*cos, r*sin)
			}
		}
	}
}

func TestPerm(t *testing.T) {
	counts := [4][4]int{}
	perm := make([]int, 4)
	const n = 24_000
	for i := range uint64(n) {
		Perm(NewKey(1, "p").At(i), perm)
		sorted := slices.Sorted(slices.Values(perm))
		if !slices.Equal(sorted, []int{0, 1, 2, 3}) {
			t.Fatalf("%v is no permutation", perm)
		}
		for at, v := range perm {
			counts[at][v]++
		}
	}
	for at := range counts {
		for v, c := range counts[at] {
			if math.Abs(float64(c)-n/4) > 4*math.Sqrt(n*3.0/16) {
				t.Errorf("%d stands at %d in %d of %d permutations", v, at, c, n)
			}
		}
	}
	Perm(NewKey(1, "p"), nil)
}

func TestRandomDoesNotAllocate(t *testing.T) {
	x := make([]float32, 1000)
	perm := make([]int, 100)
	k := NewKey(1, "x")
	if n := testing.AllocsPerRun(10, func() {
		FillUniform(x, k.At(1), 3)
		FillNormal(x, k.At(2), 3)
		Perm(k, perm)
		x[0] = Normal[float32](k, 1) + Uniform[float32](k, 2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRandom reports gigabytes written a second on every level.
func BenchmarkRandom(b *testing.B) {
	x, y := make([]float32, 8192), make([]float64, 4096)
	k := NewKey(1, "x")
	for _, c := range []struct {
		name  string
		bytes int64
		f     func()
	}{
		{"Uniform/float32", 4 * 8192, func() { FillUniform(x, k, 0) }},
		{"Uniform/float32/128", 4 * 128, func() { FillUniform(x[:128], k, 128) }},
		{"Uniform/float32/5", 4 * 5, func() { FillUniform(x[:5], k, 128) }},
		{"Uniform/float64", 8 * 4096, func() { FillUniform(y, k, 0) }},
		{"Normal/float32", 4 * 8192, func() { FillNormal(x, k, 0) }},
		{"Normal/float64", 8 * 4096, func() { FillNormal(y, k, 0) }},
	} {
		benchEachCPU(b, c.name, c.bytes, c.f)
	}
}

// TestFrom reads streams from the middle: element i of what From leaves is element first+i of the whole, however it is drawn, on every
// implementation.
func TestFrom(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		testFrom[float32](t)
		testFrom[float64](t)
	})
	k := NewKey(3, "site").At(2)
	keys := []Key{k, k}
	SetFirst(keys, 5, 3)
	SetStep(keys, 7)
	if want := k.At(7).From(15); keys[0] != want || keys[1] != want {
		t.Errorf("streams are %v, want %v", keys, want)
	}
	if SetFirst(keys, 0, 3); keys[0] != k.At(7) {
		t.Errorf("from element 0 the stream is %v, want %v", keys[0], k.At(7))
	}
}

func testFrom[T Float](t *testing.T) {
	k := NewKey(3, "site").At(2)
	for _, first := range []uint64{0, 1, 3, 4, 17, 1 << 33} {
		from := k.From(99).From(first)
		for _, start := range []uint64{0, 1, 6} {
			uniform, normal := make([]T, 75), make([]T, 75)
			FillUniform(uniform, from, start)
			FillNormal(normal, from, start)
			for i := range uint64(75) {
				at := first + start + i
				if from.Uint64(start+i) != k.Uint64(at) || Uniform[T](from, start+i) != Uniform[T](k, at) || Normal[T](from, start+i) != Normal[T](k, at) {
					t.Fatalf("element %d from %d is not element %d", start+i, first, at)
				}
				if uniform[i] != Uniform[T](k, at) || normal[i] != Normal[T](k, at) {
					t.Fatalf("filled element %d from %d is not element %d", start+i, first, at)
				}
			}
		}
	}
}
