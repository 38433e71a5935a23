package main

import (
	"math"
	"runtime"
	"slices"
	"testing"
)

// TestAccuracy trains from the seeds that main uses: the mean accuracy on unseen images must be at least 96 %.
func TestAccuracy(t *testing.T) {
	train, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 1438 || test.Len() != 359 {
		t.Fatalf("got %d rows to train on and %d to test on, want 1438 and 359", train.Len(), test.Len())
	}
	mean := 0.0
	for seed := uint64(1); seed <= 5; seed++ {
		model, err := fit(train, seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		m, err := evaluate(model, test)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: accuracy %.4f", seed, m.Accuracy)
		mean += m.Accuracy / 5
	}
	if mean < 0.96 {
		t.Errorf("mean accuracy is %.4f, want at least 0.96", mean)
	}
}

// TestShortBatch checks that the last, shorter chunk of an evaluation counts by its rows: chunks of any size give what one
// batch gives.
func TestShortBatch(t *testing.T) {
	_, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	measure := func(capacity int) DigitsMetrics {
		trainer, err := NewDigitsTrainer(NewDigits(1), DigitsTrainerOptions{MaxBatch: capacity})
		if err != nil {
			t.Fatal(err)
		}
		m, err := trainer.Evaluate(test)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	whole := measure(test.Len())
	for _, capacity := range []int{1, 7, 64, 1000} {
		m := measure(capacity)
		if math.Abs(m.Loss-whole.Loss) > 1e-6*whole.Loss || math.Abs(m.Accuracy-whole.Accuracy) > 1e-9 {
			t.Errorf("capacity %d: got %+v, want %+v as in one batch", capacity, m, whole)
		}
	}
}

// stepWhole does one step on all rows of a set, in parts of the trainer's capacity.
func stepWhole(t *DigitsTrainer, d DigitsData) (DigitsMetrics, error) {
	var part DigitsBatch
	for lo := 0; lo < d.Len(); lo += t.Capacity() {
		d.Slice(lo, min(lo+t.Capacity(), d.Len()), &part)
		if err := t.Accumulate(part, d.Len()); err != nil {
			return DigitsMetrics{}, err
		}
	}
	return t.Apply()
}

// TestWholeSet checks that a step on the whole set is the same in parts of any size.
func TestWholeSet(t *testing.T) {
	train, _, err := load()
	if err != nil {
		t.Fatal(err)
	}
	step := func(capacity int) (DigitsMetrics, []float32) {
		trainer, err := NewDigitsTrainer(NewDigits(1), DigitsTrainerOptions{MaxBatch: capacity})
		if err != nil {
			t.Fatal(err)
		}
		m, err := stepWhole(trainer, train)
		if err != nil {
			t.Fatal(err)
		}
		return m, trainer.Gradients().Flat()
	}
	want, gradient := step(train.Len())
	for _, capacity := range []int{1, 7, 64} {
		m, g := step(capacity)
		if math.Abs(m.Loss-want.Loss) > 1e-5*want.Loss || math.Abs(m.Accuracy-want.Accuracy) > 1e-5 {
			t.Errorf("parts of %d rows: got %+v, want %+v as in one batch", capacity, m, want)
		}
		for i := range g {
			if math.Abs(float64(g[i]-gradient[i])) > 1e-6 {
				t.Errorf("parts of %d rows: element %d of the gradient is %v, want %v as in one batch", capacity, i, g[i], gradient[i])
				break
			}
		}
	}
}

// TestSameBits checks that the number of processors does not change a single bit of the trained parameters.
func TestSameBits(t *testing.T) {
	train, _, err := load()
	if err != nil {
		t.Fatal(err)
	}
	params := func(procs int) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		model := NewDigits(7)
		trainer, err := NewDigitsTrainer(model, DigitsTrainerOptions{MaxBatch: train.Len()})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := trainer.Step(DigitsBatch(train)); err != nil {
				t.Fatal(err)
			}
		}
		return model.Flat()
	}
	if !slices.Equal(params(1), params(2)) {
		t.Error("parameters differ between GOMAXPROCS 1 and 2")
	}
}

// TestPredict checks that the two ways to predict agree, and that the predictor allocates nothing.
func TestPredict(t *testing.T) {
	_, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	model := NewDigits(1)
	in := DigitsInput{X: test.X[:5*pixels]}
	want, err := model.Predict(in)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewDigitsPredictor(model, DigitsPredictorOptions{MaxBatch: 5})
	if err != nil {
		t.Fatal(err)
	}
	var got DigitsOutput
	if n := testing.AllocsPerRun(20, func() {
		if got, err = p.Predict(in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("the predictor allocates %v times", n)
	}
	if !slices.Equal(got.Probs, want.Probs) {
		t.Error("the predictor disagrees with the model's Predict")
	}
}

// TestNoAllocation checks the loop's parts: gathering a batch, stepping, evaluating.
func TestNoAllocation(t *testing.T) {
	train, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := NewDigitsTrainer(NewDigits(1), DigitsTrainerOptions{MaxBatch: batchSize})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]int, batchSize)
	var batch DigitsBatch
	train.Gather(rows, &batch)
	if n := testing.AllocsPerRun(10, func() {
		train.Gather(rows, &batch)
		if _, err := trainer.Step(batch); err != nil {
			t.Fatal(err)
		}
		if _, err := trainer.Evaluate(test); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("gather, step and evaluate allocate %v times", n)
	}
}

// TestBadData checks that data that does not fit is an error that names the field, never a panic.
func TestBadData(t *testing.T) {
	model := NewDigits(1)
	trainer, err := NewDigitsTrainer(model, DigitsTrainerOptions{MaxBatch: 4})
	if err != nil {
		t.Fatal(err)
	}
	for name, batch := range map[string]DigitsBatch{
		"empty":       {},
		"short":       {X: make([]float32, 63), Y: make([]int32, 1)},
		"two lengths": {X: make([]float32, 2*pixels), Y: make([]int32, 1)},
		"label high":  {X: make([]float32, pixels), Y: []int32{10}},
		"label low":   {X: make([]float32, pixels), Y: []int32{-1}},
		"too large":   {X: make([]float32, 5*pixels), Y: make([]int32, 5)},
	} {
		if _, err := trainer.Step(batch); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
	if err := trainer.Backward(); err == nil {
		t.Error("Backward before Forward: no error")
	}
	if err := trainer.Update(); err == nil {
		t.Error("Update before Backward: no error")
	}
	if _, err := model.Predict(DigitsInput{X: make([]float32, 65)}); err == nil {
		t.Error("65 pixels: no error")
	}
}
