//go:build !amd64 || purego

package nnrt

// fmaLoop is the loop that PeakFLOPS times, and the number of lanes of its vectors.
func fmaLoop(_ CPU, bits int) (loop func(n int), lanes int) { return portableFMALoop(bits), 1 }
