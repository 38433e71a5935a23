package nnrt

// Tests of gather, scatter, strided copies, conversions and aligned buffers.

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

func TestGatherScatter(t *testing.T) {
	t.Run("float32", testGatherScatter[float32])
	t.Run("float64", testGatherScatter[float64])
}

func testGatherScatter[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const rows = 5
	for _, width := range []int{0, 1, 2, 3, 8, 17} {
		for n := range 13 {
			idx := make([]int32, n)
			for i := range idx {
				idx[i] = rng.Int32N(rows)
			}
			table, upd := guarded[T](rng, rows*width), guarded[T](rng, n*width)
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
			for lo := 0; lo <= width; lo += 3 {
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

func TestStrided(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		rank := rng.IntN(5)
		size := make([]int, rank)
		for d := range size {
			size[d] = rng.IntN(5)
		}
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
				if rng.IntN(4) == 0 && size[d] > 0 {
					stride[d] = -stride[d]
					origin -= stride[d] * (size[d] - 1)
				}
			}
			return stride, extent * 2, origin
		}
		ds, dn, do := strides(false)
		ss, sn, so := strides(true)
		src, dst := guarded[float32](rng, sn), guarded[float32](rng, dn)
		copied, added := append([]float32(nil), dst.all...), append([]float32(nil), dst.all...)
		var walk func(d, i, o int)
		walk = func(d, i, o int) {
			if d == rank {
				copied[guardLen+i] = src.s[o]
				added[guardLen+i] += src.s[o]
				return
			}
			for k := range size[d] {
				walk(d+1, i+k*ds[d], o+k*ss[d])
			}
		}
		walk(0, do, so)
		add := guard[float32]{all: append([]float32(nil), dst.all...)}
		StridedAdd(add.all[guardLen:guardLen+dn], ds, src.s, ss, size)
		if i := diffBits(add.all, added); i >= 0 {
			t.Fatalf("StridedAdd size %v strides %v <- %v: element %d is %g, want %g", size, ds, ss, i-guardLen, add.all[i], added[i])
		}
		Strided(dst.s, ds, src.s, ss, size)
		if i := diffBits(dst.all, copied); i >= 0 {
			t.Fatalf("Strided size %v strides %v <- %v: element %d is %g, want %g", size, ds, ss, i-guardLen, dst.all[i], copied[i])
		}
	}
}

// Zero strides in the destination of StridedAdd sum over an axis.
func TestStridedAddReduces(t *testing.T) {
	src := []float64{1, 2, 3, 10, 20, 30}
	dst := make([]float64, 3)
	StridedAdd(dst, []int{0, 1}, src, []int{3, 1}, []int{2, 3})
	if i := diffBits(dst, []float64{11, 22, 33}); i >= 0 {
		t.Errorf("sum over rows: %v", dst)
	}
	sum := []float64{0.5}
	StridedAdd(sum, []int{0, 0}, src, []int{3, 1}, []int{2, 3})
	if sum[0] != 66.5 {
		t.Errorf("sum of all: %v", sum)
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
	ints := []int32{0, -1, 1 << 24, 1<<24 + 1, 1<<24 + 3, math.MinInt32, math.MaxInt32}
	FromInt32(f, ints)
	for i, v := range ints {
		if f[i] != float32(v) {
			t.Errorf("FromInt32(%d) = %g", v, f[i])
		}
	}
	FromBool(f, []bool{true, false})
	if f[0] != 1 || f[1] != 0 || f[256] != -1 {
		t.Errorf("FromBool gave %v, the element after the last is %v", f[:2], f[256])
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
		StridedAdd(x, []int{1, 10, 100}, y, []int{100, 10, 1}, []int{10, 10, 10})
		GemmNN(x, 10, y, 10, y, 10, 10, 10, 10, false)
		GemmNT(x, 10, y, 10, y, 10, 50, 10, 10, false)
		GemmTN(x, 10, y, 10, y, 10, 10, 10, 50, true)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
