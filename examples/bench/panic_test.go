package main

import (
	"slices"
	"testing"
)

// TestStepThatPanicked checks that Backward moves no parameters after a Step that somebody recovered from in the middle of its backward pass, where
// updates follow gradients.
func TestStepThatPanicked(t *testing.T) {
	tr, err := NewMnistTrainer(NewMnist(1), MnistTrainerOptions{MaxBatch: 4})
	if err != nil {
		t.Fatal(err)
	}
	b := MnistBatch{X: make([]float32, 4*784), Y: make([]int32, 4)}
	for i := range b.X {
		b.X[i] = float32(i%5) / 5
	}
	gradient := tr.backward.gradHW
	tr.backward.gradHW = nil
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("a Step without memory for a gradient did not panic")
			}
		}()
		tr.Step(b)
	}()
	tr.backward.gradHW = gradient
	if tr.Backward() == nil || tr.Update() == nil {
		t.Error("Backward or Update of the Step that panicked was no error")
	}
	if _, err := tr.Forward(b); err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(tr.Model.flat)
	if err := tr.Backward(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tr.Model.flat, before) {
		t.Error("Backward moved the parameters")
	}
}
