package nncheck

// This file answers: what data is a model tested on?

import nnrt "nngen/runtime"

// A Draw makes random data that depends on its seed only. Numbers lie between 0 and 1: there a model's functions are defined more often
// than elsewhere (logarithms, roots, probabilities as targets).
type Draw struct {
	key nnrt.Key
	n   uint64
}

// NewDraw returns the data of a seed.
func NewDraw(seed uint64) *Draw { return &Draw{key: nnrt.NewKey(seed, "nncheck")} }

// next returns a number from 0 to 1, both excluded.
func (d *Draw) next() float64 {
	d.n++
	return 0.999*nnrt.Uniform[float64](d.key, d.n) + 0.0005
}

// Floats draws n numbers between 0 and 1.
func Floats[F nnrt.Float](d *Draw, n int) []F {
	x := make([]F, n)
	for i := range x {
		x[i] = F(d.next())
	}
	return x
}

// Indices draws n integers from 0 to limit-1.
func (d *Draw) Indices(n, limit int) []int32 {
	x := make([]int32, n)
	for i := range x {
		x[i] = int32(d.next() * float64(limit))
	}
	return x
}

// Bytes draws n values from 0 to 255.
func (d *Draw) Bytes(n int) []uint8 {
	x := make([]uint8, n)
	for i := range x {
		x[i] = uint8(d.next() * 256)
	}
	return x
}

// Bools draws n values, three quarters of them true, so that what they select is seldom empty.
func (d *Draw) Bools(n int) []bool {
	x := make([]bool, n)
	for i := range x {
		x[i] = d.next() < 0.75
	}
	return x
}
