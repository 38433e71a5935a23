package nnrt

import (
	"encoding/binary"
	"math"
	"testing"
)

// FuzzKernels compares every level with the portable code on matrices of any bits: sums, maxima, products, positions, copies, tables and
// random values. None of them has a product that is added unrounded, so all bits agree.
func FuzzKernels(f *testing.F) {
	f.Add([]byte("\x00\x00\x80\x7f\x00\x00\xc0\x7f\x00\x00\x80\xff\x00\x00\x00\x80\x01\x00\x00\x00\x00\x00\x80\x3f"), uint8(5), uint8(0))
	f.Add([]byte("not a number of numbers, and some more of them than one vector holds: seventeen, or eighteen"), uint8(17), uint8(1))
	f.Add([]byte{0, 0, 0, 128, 0, 0, 0, 0}, uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, cols, skip uint8) {
		x := make([]float32, 0, len(data)/4+64)
		for ; len(data) >= 4; data = data[4:] {
			x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
		if len(x) == 0 {
			return
		}
		for len(x) < 64 { // enough for a tile
			x = append(x, x[len(x)/2])
		}
		wide := make([]float64, len(x))
		for i, v := range x {
			wide[i] = float64(v)
		}
		compareLevels(t, x, int(cols), int(skip))
		compareLevels(t, wide, int(cols), int(skip))
	})
}

func compareLevels[T Float](t *testing.T, x []T, cols, skip int) {
	defer func(c CPU) { activeCPU = c }(activeCPU)
	x = x[min(skip, len(x)-1):]
	cols = 1 + cols%len(x)
	rows := len(x) / cols
	idx := make([]int32, rows)
	for i := range idx {
		idx[i] = int32((i*5 + skip) % rows)
	}
	results := func() (out []T, at []int32) {
		n := rows * cols
		out, at = make([]T, 2*(rows+cols)+5*n+2), make([]int32, rows)
		left := out
		next := func(n int) []T {
			s := left[:n:n]
			left = left[n:]
			return s
		}
		SumRows(next(cols), x, rows, cols, cols, skip&1 == 1)
		ReduceMax(next(cols), x, 1, rows, cols)
		ReduceSum(next(rows), x, rows, cols, 1)
		ReduceMax(next(rows), x, rows, cols, 1)
		ArgMax(at, x, rows, cols, 1)
		next(1)[0] = SumFlat(x)
		next(1)[0] = Dot(x, x[:len(x):len(x)])
		Strided(next(n), []int{1, rows}, x, []int{cols, 1}, []int{rows, cols})
		Gather(next(n), x, idx, cols)
		ScatterAdd(next(n), x, idx, cols, 0, cols)
		FillUniform(next(n), NewKey(uint64(skip), "x"), uint64(cols))
		FillNormal(next(n), NewKey(uint64(skip), "y"), uint64(cols))
		return out, at
	}
	activeCPU = Portable
	want, wantAt := results()
	for c := Portable + 1; c <= BestCPU(); c++ {
		activeCPU = c
		got, at := results()
		if i := diffBits(got, want); i >= 0 {
			t.Errorf("%v, %d x %d: value %d is %g, want %g", c, rows, cols, i, got[i], want[i])
		}
		for i := range at {
			if at[i] != wantAt[i] {
				t.Errorf("%v, %d x %d: maximum of row %d at %d, want %d", c, rows, cols, i, at[i], wantAt[i])
			}
		}
	}
}
