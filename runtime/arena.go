package nnrt

import "math"

// This file answers: how do the frames of a trainer share memory? Frames that never run at the same time lie on top of each other.

// An Arena hands out aligned pieces of one buffer, in order. Without a buffer it only counts.
type Arena[T any] struct {
	buf []T
	off int
}

// Take returns the next n elements, aligned to 64 bytes for float32 and float64.
func (a *Arena[T]) Take(n int) []T {
	lo := a.off
	a.off += (n + 15) &^ 15
	if a.buf == nil {
		return nil
	}
	return a.buf[lo : lo+n : lo+n]
}

// Overlay lays frames out in one buffer, one on top of the other: each init takes its memory from an arena that starts at the
// beginning. It calls every init twice, first to measure.
func Overlay[T any](inits ...func(*Arena[T])) {
	size := 0
	for _, init := range inits {
		var a Arena[T]
		init(&a)
		size = max(size, a.off)
	}
	buf := Aligned[T](max(size, 1))
	for _, init := range inits {
		init(&Arena[T]{buf: buf})
	}
}

// Inf returns positive infinity for sign >= 0, else negative infinity.
func Inf[T Float](sign int) T { return T(math.Inf(sign)) }

// NaN returns a quiet NaN.
func NaN[T Float]() T { return T(math.NaN()) }

// NegZero returns -0, which no Go constant is.
func NegZero[T Float]() T { return T(math.Copysign(0, -1)) }
