package nnrt

import (
	"math"
	"math/rand/v2"
)

// guardLen is the number of elements on either side of a guarded slice that nobody may touch.
const guardLen = 17

// guard is a slice s inside a larger one, with room for misplaced stores to show.
type guard[T Float] struct{ all, s []T }

// guarded returns a slice of n normal values between values nobody may change.
func guarded[T Float](rng *rand.Rand, n int) guard[T] {
	all := make([]T, n+2*guardLen)
	for i := range all {
		all[i] = T(rng.NormFloat64())
	}
	return guard[T]{all, all[guardLen : guardLen+n]}
}

// diffBits returns the first position where x and y differ in value or sign, and -1 if there is none; NaNs are
// equal.
func diffBits[T Float](x, y []T) int {
	for i := range x {
		if !sameBits(x[i], y[i]) {
			return i
		}
	}
	return -1
}

func sameBits[T Float](x, y T) bool {
	if x != x || y != y {
		return x != x && y != y
	}
	return x == y && math.Signbit(float64(x)) == math.Signbit(float64(y))
}
