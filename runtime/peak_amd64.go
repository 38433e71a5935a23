//go:build !purego

package nnrt

// fmaLoop is the loop that PeakFLOPS times, and the number of lanes of its vectors.
func fmaLoop(c CPU, bits int) (loop func(n int), lanes int) {
	switch {
	case c == AVX512 && bits == 32:
		return fmaAVX512F32, 16
	case c == AVX512:
		return fmaAVX512F64, 8
	case c == AVX2 && bits == 32:
		return fmaAVX2F32, 8
	case c == AVX2:
		return fmaAVX2F64, 4
	}
	return portableFMALoop(bits), 1
}
