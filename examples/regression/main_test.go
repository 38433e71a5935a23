package main

import (
	"math"
	"runtime"
	"slices"
	"testing"
)

// TestClosedForm checks that descent on both losses ends where the normal equations say.
func TestClosedForm(t *testing.T) {
	x, y, err := load()
	if err != nil {
		t.Fatal(err)
	}
	want, err := leastSquares(x, y)
	if err != nil {
		t.Fatal(err)
	}
	mean, err := fitMean(x, y, func(int, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := fitSum(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(mean[i]-want[i]) > 1e-6 {
			t.Errorf("mean loss: coefficient %d is %v, want %v", i, mean[i], want[i])
		}
		if math.Abs(sum[i]-want[i]) > 1e-6 {
			t.Errorf("sum loss: coefficient %d is %v, want %v", i, sum[i], want[i])
		}
	}
}

// TestLeastSquares checks the closed form itself: its residuals are orthogonal to every column.
func TestLeastSquares(t *testing.T) {
	x, y, err := load()
	if err != nil {
		t.Fatal(err)
	}
	b, err := leastSquares(x, y)
	if err != nil {
		t.Fatal(err)
	}
	n := len(features)
	for col := range n + 1 {
		dot := 0.0
		for r := range y {
			fit, a := b[n], 1.0
			for j := range n {
				fit += b[j] * x[r*n+j]
			}
			if col < n {
				a = x[r*n+col]
			}
			dot += a * (y[r] - fit)
		}
		if math.Abs(dot) > 1e-9 {
			t.Errorf("column %d: residuals have product %v with it, want 0", col, dot)
		}
	}
	if _, err := leastSquares(make([]float64, 2*n), make([]float64, 2)); err == nil {
		t.Error("columns of zeros: no error")
	}
}

// TestSameBits checks that the number of processors does not change a bit.
func TestSameBits(t *testing.T) {
	x, y, err := load()
	if err != nil {
		t.Fatal(err)
	}
	fit := func(procs int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		b, err := fitMean(x, y, func(int, float64) {})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !slices.Equal(fit(1), fit(2)) {
		t.Error("coefficients differ between GOMAXPROCS 1 and 2")
	}
}
