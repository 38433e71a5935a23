package nnrt

// Tests of gather, scatter, strided copies, conversions and aligned buffers.

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

func TestGatherScatter(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testGatherScatter[float32])
		t.Run("float64", testGatherScatter[float64])
	})
}

func testGatherScatter[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const rows = 5
	for width := range 131 {
		for _, n := range []int{0, 1, 2, 3, 12} {
			idx := make([]int32, n)
			for i := range idx {
				idx[i] = rng.Int32N(rows)
			}
			table, upd := guarded[T](rng, rows*width), guarded[T](rng, n*width)
			if width%3 == 2 {
				sprinkle(rng, table.s)
				sprinkle(rng, upd.s)
			}
			dst := guarded[T](rng, n*width)
			want := append([]T(nil), dst.all...)
			for i, r := range idx {
				for j := range width {
					want[guardLen+i*width+j] = table.s[int(r)*width+j]
				}
			}
			Gather(dst.s, table.s, idx, width)
			if i := diffBits(dst.all, want); i >= 0 {
				t.Fatalf("Gather n %d width %d: element %d is %g, want %g", n, width, i-guardLen, dst.all[i], want[i])
			}
			wide := make([]int, n)
			for i, r := range idx {
				wide[i] = int(r)
			}
			clear(dst.s)
			if got := GatherRows(dst.s, table.s, wide, width); len(got) != n*width || n*width > 0 && &got[0] != &dst.s[0] {
				t.Fatalf("GatherRows n %d width %d: %d elements elsewhere", n, width, len(got))
			}
			if i := diffBits(dst.all, want); i >= 0 {
				t.Fatalf("GatherRows n %d width %d: element %d is %g, want %g", n, width, i-guardLen, dst.all[i], want[i])
			}
			for lo := 0; lo <= width; lo += 1 + width/3 {
				for _, hi := range []int{lo, (lo + width + 1) / 2, width} {
					want := append([]T(nil), table.all...)
					for i, r := range idx {
						for j := lo; j < hi; j++ {
							want[guardLen+int(r)*width+j] += upd.s[i*width+j]
						}
					}
					ScatterAdd(table.s, upd.s, idx, width, lo, hi)
					if i := diffBits(table.all, want); i >= 0 {
						t.Fatalf("ScatterAdd n %d width %d [%d,%d): element %d is %g, want %g", n, width, lo, hi, i-guardLen, table.all[i], want[i])
					}
				}
			}
		}
	}
}

// An index outside the table is a panic on every level, never memory of somebody else.
func TestIndexOutsideTable(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		table, rows := make([]float32, 5*40), make([]float32, 2*40)
		for _, bad := range []int32{-1, 5, math.MaxInt32, math.MinInt32} {
			for name, f := range map[string]func(){
				"Gather":     func() { Gather(rows, table, []int32{0, bad}, 40) },
				"GatherRows": func() { GatherRows(rows, table, []int{0, int(bad)}, 40) },
				"ScatterAdd": func() { ScatterAdd(table, rows, []int32{0, bad}, 40, 0, 40) },
			} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s took index %d", name, bad)
						}
					}()
					f()
				}()
			}
		}
	})
}

func TestStrided(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(2, 2))
		for i := range 3000 {
			rank, most := rng.IntN(5), 5
			if i%4 == 0 { // tiles fit into fewer, longer axes
				rank, most = 1+rng.IntN(3), 40
			}
			if i%100 == 1 {
				rank, most = stridedRank+1+rng.IntN(2), 3
			}
			size := make([]int, rank)
			for d := range size {
				size[d] = rng.IntN(most)
				if most == 3 {
					size[d] = 1 + rng.IntN(2)
				}
			}
			testStrided[float32](t, rng, size)
			testStrided[float64](t, rng, size)
		}
	})
}

func testStrided[T Float](t *testing.T, rng *rand.Rand, size []int) {
	t.Helper()
	rank := len(size)
	// Strides of a dense layout in a random order of the axes, some reversed, with gaps.
	strides := func(broadcast bool) (stride []int, extent, origin int) {
		stride, extent = make([]int, rank), 1
		for _, d := range rng.Perm(rank) {
			if broadcast && rng.IntN(4) == 0 {
				continue
			}
			if rng.IntN(3) == 0 {
				extent += rng.IntN(3)
			}
			stride[d] = extent
			extent *= max(size[d], 1)
		}
		for d := range stride {
			if rng.IntN(6) == 0 && size[d] > 0 {
				stride[d] = -stride[d]
				origin -= stride[d] * (size[d] - 1)
			}
		}
		return stride, extent * 2, origin
	}
	ds, dn, do := strides(false)
	ss, sn, so := strides(true)
	src, dst := guarded[T](rng, sn), guarded[T](rng, dn)
	want := append([]T(nil), dst.all...)
	var walk func(d, i, o int)
	walk = func(d, i, o int) {
		if d == rank {
			want[guardLen+i] = src.s[o]
			return
		}
		for k := range size[d] {
			walk(d+1, i+k*ds[d], o+k*ss[d])
		}
	}
	walk(0, do, so)
	Strided(dst.s, ds, src.s, ss, size)
	if i := diffBits(dst.all, want); i >= 0 {
		t.Fatalf("Strided size %v strides %v <- %v: element %d is %g, want %g", size, ds, ss, i-guardLen, dst.all[i], want[i])
	}
}

// Every number of rows and columns around the tiles, and panels of more than one call.
func TestTranspose(t *testing.T) {
	onEachCPU(t, func(t *testing.T) {
		t.Run("float32", testTranspose[float32])
		t.Run("int32", testTranspose[int32])
		t.Run("float64", testTranspose[float64])
		t.Run("bool", testTranspose[bool])
	})
}

func testTranspose[T comparable](t *testing.T) {
	check := func(rows, cols, gap int) {
		src, dst := make([]T, rows*(cols+gap)), make([]T, cols*(rows+gap)+guardLen)
		values := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(src))), len(src)*int(unsafe.Sizeof(*new(T))))
		for i := range values {
			values[i] = byte(i * 7 % 61)
			if unsafe.Sizeof(*new(T)) == 1 {
				values[i] &= 1
			}
		}
		Strided(dst, []int{1, rows + gap}, src, []int{cols + gap, 1}, []int{rows, cols})
		for k, got := range dst {
			var want T
			if j, i := k/(rows+gap), k%(rows+gap); i < rows && j < cols {
				want = src[i*(cols+gap)+j]
			}
			if got != want {
				t.Fatalf("%d x %d, gap %d: element %d is %v, want %v", rows, cols, gap, k, got, want)
			}
		}
	}
	for rows := 1; rows < 40; rows++ {
		for cols := 1; cols < 40; cols++ {
			check(rows, cols, rows%3)
		}
	}
	for _, n := range []int{63, 64, 65, 66, 67, 68, 127, 130, 131} {
		check(n, 2*n+1, 0)
		check(1000+n, n, 1)
	}
}

func TestFill(t *testing.T) {
	for n := range 131 {
		x := make([]int16, n+1)
		Fill(x[:n], 7)
		for i, v := range x {
			if want := int16(7 * min(1, n-i)); v != want {
				t.Fatalf("element %d of %d is %d", i, n, v)
			}
		}
	}
}

func TestConversions(t *testing.T) {
	var bytes []uint8
	for i := range 256 {
		bytes = append(bytes, uint8(i))
	}
	f := make([]float32, 257)
	f[256] = -1
	FromUint8(f, bytes)
	for i := range 256 {
		if f[i] != float32(i) {
			t.Errorf("FromUint8(%d) = %g", i, f[i])
		}
	}
	if f[256] != -1 {
		t.Error("FromUint8 stored after the last element")
	}
}

func TestAligned(t *testing.T) {
	for n := -1; n < 70; n++ {
		checkAligned(t, Aligned[float32](n), n)
		checkAligned(t, Aligned[float64](n), n)
		checkAligned(t, Aligned[int32](n), n)
		checkAligned(t, Aligned[bool](n), n)
	}
}

func checkAligned[T comparable](t *testing.T, s []T, n int) {
	t.Helper()
	n = max(n, 0)
	if len(s) != n || cap(s)%16 != 0 || cap(s) < n || cap(s) >= n+16 {
		t.Errorf("Aligned[%T](%d): length %d, capacity %d", *new(T), n, len(s), cap(s))
	}
	if a := uintptr(unsafe.Pointer(unsafe.SliceData(s))) % 64; cap(s) > 0 && a != 0 {
		t.Errorf("Aligned[%T](%d): address is %d mod 64", *new(T), n, a)
	}
	for _, v := range s[:cap(s)] {
		if v != *new(T) {
			t.Errorf("Aligned[%T](%d): not zero", v, n)
		}
	}
}

func TestLayoutDoesNotAllocate(t *testing.T) {
	x, y := make([]float32, 1000), make([]float32, 1000)
	idx := []int32{3, 1, 4}
	if n := testing.AllocsPerRun(10, func() {
		Gather(x, y, idx, 7)
		ScatterAdd(x, y, idx, 7, 2, 5)
		Strided(x, []int{1, 10, 100}, y, []int{100, 10, 1}, []int{10, 10, 10})
		GemmNN(x, 10, y, 10, y, 10, 10, 10, 10, false)
		GemmNT(x, 10, y, 10, y, 10, 50, 10, 10, false)
		GemmTN(x, 10, y, 10, y, 10, 10, 10, 50, true)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMove reports gigabytes written a second on every level.
func BenchmarkMove(b *testing.B) {
	const n = 512
	x, y := make([]float32, n*n), make([]float32, n*n+16)[16:] // not as far apart as a power of two
	wide, wider := make([]float64, 128*128), make([]float64, 128*128+8)[8:]
	idx := make([]int32, 256)
	for i := range idx {
		idx[i] = int32(i * 7919 % 256)
	}
	order := make([]int, 64)
	for i := range order {
		order[i] = i * 31 % 64
	}
	turn := func(rows, cols int) func() {
		size, to, from := []int{rows, cols}, []int{1, rows}, []int{cols, 1}
		return func() { Strided(x, to, y, from, size) }
	}
	for _, c := range []struct {
		name  string
		bytes int64
		f     func()
	}{
		{"Transpose/2x3", 24, turn(2, 3)},
		{"Transpose/64x10", 4 * 640, turn(64, 10)},
		{"Transpose/64x128", 4 * 64 * 128, turn(64, 128)},
		{"Transpose/512x512", 4 * n * n, turn(n, n)},
		{"Transpose/float64/128x128", 8 * 128 * 128, func() {
			Strided(wide, []int{1, 128}, wider, []int{128, 1}, []int{128, 128})
		}},
		{"Permute/8x32x4x16", 4 * 8 * 32 * 4 * 16, func() { // heads of an attention
			Strided(x, []int{2048, 16, 512, 1}, y, []int{2048, 64, 16, 1}, []int{8, 32, 4, 16})
		}},
		{"Broadcast/64x128", 4 * 64 * 128, func() { Strided(x, []int{128, 1}, y, []int{1, 0}, []int{64, 128}) }},
		{"Slice/64x10", 4 * 640, func() { Strided(x, []int{10, 1}, y, []int{20, 1}, []int{64, 10}) }},
		{"Gather/256x1", 4 * 256, func() { Gather(x, y, idx, 1) }},
		{"Gather/256x8", 4 * 256 * 8, func() { Gather(x, y, idx, 8) }},
		{"Gather/256x64", 4 * 256 * 64, func() { Gather(x, y, idx, 64) }},
		{"Gather/2x3", 24, func() { Gather(x, y, idx[:2], 3) }},
		{"GatherRows/16x4", 4 * 16 * 4, func() { GatherRows(x, y, order[:16], 4) }},
		{"GatherRows/64x1", 4 * 64, func() { GatherRows(x, y, order[:64], 1) }},
		{"GatherRows/64x784", 4 * 64 * 784, func() { GatherRows(x, y, order[:64], 784) }},
		{"ScatterAdd/2x3", 24, func() { ScatterAdd(x, y, idx[:2], 3, 0, 3) }},
		{"ScatterAdd/256x10", 4 * 256 * 10, func() { ScatterAdd(x, y, idx, 10, 0, 10) }},
		{"ScatterAdd/256x64", 4 * 256 * 64, func() { ScatterAdd(x, y, idx, 64, 0, 64) }},
	} {
		benchEachCPU(b, c.name, c.bytes, c.f)
	}
}

// TestAlignedApart checks that large buffers begin at different distances from where the allocator puts them, and are whole at each of these.
func TestAlignedApart(t *testing.T) {
	for range staggers {
		before := largeBuffers.Load()
		checkAligned(t, Aligned[float32](largeBytes/4), largeBytes/4)
		if largeBuffers.Load() == before {
			t.Fatal("a large buffer is not staggered")
		}
	}
	seen := map[int]bool{}
	for range staggers {
		seen[stagger()] = true
	}
	if len(seen) != staggers || !seen[0] || !seen[(staggers-1)*staggerBytes] {
		t.Errorf("distances %v, want %d from 0 on", seen, staggers)
	}
}

// TestAlignedSmall checks that small buffers of different sizes and types follow each other in memory.
func TestAlignedSmall(t *testing.T) {
	address := func(p unsafe.Pointer) uintptr { return uintptr(p) }
	for range 10 { // now and then a chunk ends, or another test takes a piece of it
		a, b, c := Aligned[float32](20), Aligned[bool](3), Aligned[float64](5)
		first, second, third := address(unsafe.Pointer(&a[0])), address(unsafe.Pointer(&b[0])), address(unsafe.Pointer(&c[0]))
		if second == first+128 && third == second+64 {
			return
		}
	}
	t.Error("no three small buffers in ten lay side by side")
}
