package nnrt

// This file answers: how many operations a second can one core do at best?

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// fmaVectors is the number of vectors of fused multiply-adds in one iteration of the loops that the probe times.
const fmaVectors = 24

// PeakFLOPS measures the peak of one core in floating-point operations a second, where a fused multiply-add is two: independent ones on
// registers, on vectors of level c with elements of 32 or 64 bits. It takes some 20 milliseconds and returns the best of many short runs,
// since another program, or a clock that has yet to rise, can only make one slower. At level Portable it measures products and sums of
// plain Go. An error says that the machine or the build has no level c, or that there is no such element.
func PeakFLOPS(c CPU, bits int) (float64, error) {
	if c > bestCPU {
		return 0, fmt.Errorf("nnrt: this machine or build has no %s, the best it has is %s", c, bestCPU)
	}
	if bits != 32 && bits != 64 {
		return 0, fmt.Errorf("nnrt: an element has 32 or 64 bits, not %d", bits)
	}
	loop, lanes := fmaLoop(c, bits)
	const n = 5000 // some 40 microseconds, which is as long as assembly may run
	best := 0.0
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; {
		t := time.Now()
		loop(n)
		best = max(best, float64(2*fmaVectors*lanes*n)/time.Since(t).Seconds())
	}
	return best, nil
}

// portableFMALoop is the loop of plain Go.
func portableFMALoop(bits int) func(n int) {
	if bits == 32 {
		return portableLoop[float32]
	}
	return portableLoop[float64]
}

// The factors come from memory and the sums go there, so that no compiler computes the loop away.
var (
	portableFactor = 1.0
	portableSink   atomic.Uint64
)

// portableLoop is the loop of plain Go: as many products and sums, in as many chains as registers hold.
func portableLoop[T Float](n int) {
	x, y := T(portableFactor), T(portableFactor)
	s0, s1, s2, s3 := y, 2*y, 3*y, 4*y
	s4, s5, s6, s7 := 5*y, 6*y, 7*y, 8*y
	s8, s9, s10, s11 := 9*y, 10*y, 11*y, 12*y
	for range n * (fmaVectors / 12) {
		s0 = T(s0*x) + y
		s1 = T(s1*x) + y
		s2 = T(s2*x) + y
		s3 = T(s3*x) + y
		s4 = T(s4*x) + y
		s5 = T(s5*x) + y
		s6 = T(s6*x) + y
		s7 = T(s7*x) + y
		s8 = T(s8*x) + y
		s9 = T(s9*x) + y
		s10 = T(s10*x) + y
		s11 = T(s11*x) + y
	}
	portableSink.Store(math.Float64bits(float64(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11)))
}
