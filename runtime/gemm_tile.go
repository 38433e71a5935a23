package nnrt

// This file answers: how is one register tile of a matrix product computed?
//
// Each function returns the partial sums of one tile over kc terms, in order. Addresses are a base plus a running
// offset in bytes, so no pointer ever leaves its slice. The loops are unrolled, by eight where most of the time goes: the compiler schedules
// the accumulations that feed the next iteration last, and with a single term per iteration the products it
// computes first do not fit the registers (see docs of BenchmarkGemm for the figures).

import "unsafe"

// tile2x4 multiplies two rows of a, row bytes apart with elements col bytes apart, by four neighbouring columns
// of b with rows step bytes apart.
func tile2x4[T Float](a unsafe.Pointer, row, col int, b unsafe.Pointer, step, kc int) (s00, s01, s02, s03, s10, s11, s12, s13 T) {
	a1 := unsafe.Add(a, row)
	ao, bo := 0, 0
	for ; kc >= 8; kc -= 8 {
		x, y, w := *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
		x, y, w = *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
	}
	for ; kc > 0; kc-- {
		x, y, w := *(*T)(unsafe.Add(a, ao)), *(*T)(unsafe.Add(a1, ao)), (*[4]T)(unsafe.Add(b, bo))
		s00 += T(x * w[0])
		s10 += T(y * w[0])
		s01 += T(x * w[1])
		s11 += T(y * w[1])
		s02 += T(x * w[2])
		s12 += T(y * w[2])
		s03 += T(x * w[3])
		s13 += T(y * w[3])
		ao += col
		bo += step
	}
	return
}

// tile2x4T multiplies two rows of a by four rows of a transposed b; rows are row and ldb bytes apart, elements
// are neighbours.
func tile2x4T[T Float](a unsafe.Pointer, row int, b unsafe.Pointer, ldb, kc int) (s00, s01, s02, s03, s10, s11, s12, s13 T) {
	size := int(unsafe.Sizeof(s00))
	a1 := unsafe.Add(a, row)
	b1, b2, b3 := unsafe.Add(b, ldb), unsafe.Add(b, 2*ldb), unsafe.Add(b, 3*ldb)
	o := 0
	for ; kc >= 4; kc -= 4 {
		x, y := (*[4]T)(unsafe.Add(a, o)), (*[4]T)(unsafe.Add(a1, o))
		v, w := (*[4]T)(unsafe.Add(b, o)), (*[4]T)(unsafe.Add(b1, o))
		s00 += T(x[0] * v[0])
		s10 += T(y[0] * v[0])
		s01 += T(x[0] * w[0])
		s11 += T(y[0] * w[0])
		s00 += T(x[1] * v[1])
		s10 += T(y[1] * v[1])
		s01 += T(x[1] * w[1])
		s11 += T(y[1] * w[1])
		s00 += T(x[2] * v[2])
		s10 += T(y[2] * v[2])
		s01 += T(x[2] * w[2])
		s11 += T(y[2] * w[2])
		s00 += T(x[3] * v[3])
		s10 += T(y[3] * v[3])
		s01 += T(x[3] * w[3])
		s11 += T(y[3] * w[3])
		v, w = (*[4]T)(unsafe.Add(b2, o)), (*[4]T)(unsafe.Add(b3, o))
		s02 += T(x[0] * v[0])
		s12 += T(y[0] * v[0])
		s03 += T(x[0] * w[0])
		s13 += T(y[0] * w[0])
		s02 += T(x[1] * v[1])
		s12 += T(y[1] * v[1])
		s03 += T(x[1] * w[1])
		s13 += T(y[1] * w[1])
		s02 += T(x[2] * v[2])
		s12 += T(y[2] * v[2])
		s03 += T(x[2] * w[2])
		s13 += T(y[2] * w[2])
		s02 += T(x[3] * v[3])
		s12 += T(y[3] * v[3])
		s03 += T(x[3] * w[3])
		s13 += T(y[3] * w[3])
		o += 4 * size
	}
	for ; kc > 0; kc-- {
		x, y := *(*T)(unsafe.Add(a, o)), *(*T)(unsafe.Add(a1, o))
		s00 += T(x * *(*T)(unsafe.Add(b, o)))
		s10 += T(y * *(*T)(unsafe.Add(b, o)))
		s01 += T(x * *(*T)(unsafe.Add(b1, o)))
		s11 += T(y * *(*T)(unsafe.Add(b1, o)))
		s02 += T(x * *(*T)(unsafe.Add(b2, o)))
		s12 += T(y * *(*T)(unsafe.Add(b2, o)))
		s03 += T(x * *(*T)(unsafe.Add(b3, o)))
		s13 += T(y * *(*T)(unsafe.Add(b3, o)))
		o += size
	}
	return
}

// tile1x4 multiplies one row of a by four neighbouring columns of b.
func tile1x4[T Float](a unsafe.Pointer, col int, b unsafe.Pointer, step, kc int) (s0, s1, s2, s3 T) {
	ao, bo := 0, 0
	for ; kc >= 2; kc -= 2 {
		x, w := *(*T)(unsafe.Add(a, ao)), (*[4]T)(unsafe.Add(b, bo))
		s0 += T(x * w[0])
		s1 += T(x * w[1])
		s2 += T(x * w[2])
		s3 += T(x * w[3])
		ao += col
		bo += step
		x, w = *(*T)(unsafe.Add(a, ao)), (*[4]T)(unsafe.Add(b, bo))
		s0 += T(x * w[0])
		s1 += T(x * w[1])
		s2 += T(x * w[2])
		s3 += T(x * w[3])
		ao += col
		bo += step
	}
	if kc > 0 {
		x, w := *(*T)(unsafe.Add(a, ao)), (*[4]T)(unsafe.Add(b, bo))
		s0 += T(x * w[0])
		s1 += T(x * w[1])
		s2 += T(x * w[2])
		s3 += T(x * w[3])
	}
	return
}

// tile4x1 multiplies four rows of a by one column of b.
func tile4x1[T Float](a unsafe.Pointer, row, col int, b unsafe.Pointer, step, kc int) (s0, s1, s2, s3 T) {
	a1, a2, a3 := unsafe.Add(a, row), unsafe.Add(a, 2*row), unsafe.Add(a, 3*row)
	ao, bo := 0, 0
	for ; kc > 0; kc-- {
		w := *(*T)(unsafe.Add(b, bo))
		s0 += T(*(*T)(unsafe.Add(a, ao)) * w)
		s1 += T(*(*T)(unsafe.Add(a1, ao)) * w)
		s2 += T(*(*T)(unsafe.Add(a2, ao)) * w)
		s3 += T(*(*T)(unsafe.Add(a3, ao)) * w)
		ao += col
		bo += step
	}
	return
}

// tile1x1 multiplies one row of a by one column of b.
func tile1x1[T Float](a unsafe.Pointer, col int, b unsafe.Pointer, step, kc int) (s T) {
	ao, bo := 0, 0
	for ; kc > 0; kc-- {
		s += T(*(*T)(unsafe.Add(a, ao)) * *(*T)(unsafe.Add(b, bo)))
		ao += col
		bo += step
	}
	return s
}
