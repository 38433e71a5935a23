package nnrt

import "testing"

// onEachCPU runs a test on every level that the machine has, the best one last. Which levels ran is in the names of the subtests.
func onEachCPU(t *testing.T, test func(t *testing.T)) {
	before := ActiveCPU()
	defer func() { activeCPU = before }()
	for c := Portable; c <= BestCPU(); c++ {
		if err := SetCPU(c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.String(), test)
	}
}

func TestStartCPU(t *testing.T) {
	for _, row := range []struct {
		name string
		want CPU
	}{{"", BestCPU()}, {"generic", Portable}, {"Portable", Portable}, {"avx2", min(AVX2, BestCPU())}, {"avx512", BestCPU()}, {"nonsense", BestCPU()}} {
		if got := startCPU(row.name); got != row.want {
			t.Errorf("NNGEN_CPU=%q: got %v, want %v", row.name, got, row.want)
		}
	}
	if err := SetCPU(BestCPU() + 1); err == nil {
		t.Error("SetCPU accepted a level that is not there")
	}
}
