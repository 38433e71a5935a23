package main

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"
)

// TestLearns trains from ten seeds; every one must learn all four rows.
func TestLearns(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		model, err := train(seed, func(int, XorMetrics) {})
		if err != nil {
			t.Fatal(err)
		}
		out, err := model.Predict(XorInput{X: inputs})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range out.P {
			if d := p - targets[i]; d > 0.1 || d < -0.1 {
				t.Errorf("seed %d: row %d is %.3f, want %.0f", seed, i, p, targets[i])
			}
		}
		m, err := trainAdam(seed)
		if err != nil {
			t.Fatal(err)
		}
		if m.Loss > 0.05 || m.Accuracy != 1 {
			t.Errorf("seed %d: Adam ends at loss %.4f and accuracy %.2f, want below 0.05 and 1", seed, m.Loss, m.Accuracy)
		}
	}
}

// TestNoAllocation checks that a step allocates nothing once the trainer is built.
func TestNoAllocation(t *testing.T) {
	trainer, err := NewXorTrainer(NewXor(1), XorTrainerOptions{MaxBatch: 4})
	if err != nil {
		t.Fatal(err)
	}
	batch := XorBatch{X: inputs, Y: targets}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := trainer.Step(batch); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// TestSameBits checks that the number of processors does not change a single bit of the trained parameters.
func TestSameBits(t *testing.T) {
	bits := func(procs int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		model, err := train(3, func(int, XorMetrics) {})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := binary.Write(&b, binary.LittleEndian, model.Flat()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if !bytes.Equal(bits(1), bits(2)) {
		t.Error("parameters differ between GOMAXPROCS 1 and 2")
	}
}
