package nnrt

import "testing"

func TestPeakFLOPS(t *testing.T) {
	for c := Portable; c <= BestCPU(); c++ {
		for _, bits := range []int{32, 64} {
			p, err := PeakFLOPS(c, bits)
			if err != nil || !(p > 0) {
				t.Errorf("%v, %d bits: %g FLOP/s, %v", c, bits, p, err)
			}
			t.Logf("%v, %d bits: %.1f GFLOP/s", c, bits, p/1e9)
		}
	}
	if _, err := PeakFLOPS(BestCPU()+1, 32); err == nil {
		t.Error("no error for a level that is not there")
	}
	if _, err := PeakFLOPS(Portable, 16); err == nil {
		t.Error("no error for 16 bits")
	}
}
