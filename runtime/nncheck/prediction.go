package nncheck

// This file answers: does a model predict as its compiler promises?

import (
	"sync"
	"testing"

	nnrt "nngen/runtime"
)

// A Predictor is what a generated predictor has, for inputs I and outputs O.
type Predictor[I, O any] interface {
	Predict(in I) (O, error)
}

// Live is what the generated type for concurrent predictions has.
type Live[I, O any] interface {
	PredictInto(in I, out *O) error
}

// Prediction is a predictor at work, with the same model for concurrent predictions. F is the model's float type.
type Prediction[F nnrt.Float, I, O any] struct {
	Predictor Predictor[I, O]
	Live      Live[I, O]
	Input     I
	Rows      int // of the input
}

// TestPrediction runs all checks of a predictor. fresh makes equal ones from equal options.
//
//   - allocations: a prediction allocates nothing, neither alone nor among concurrent ones.
//   - workers: any number of workers and processors gives the same bits.
//   - concurrent: predictions of several goroutines give the bits of a single one.
//   - vectors: outputs by vector instructions agree with portable Go, and AVX2 and AVX-512 with one another to the last bit.
func TestPrediction[F nnrt.Float, I, O any](t *testing.T, fresh func(Options) (Prediction[F, I, O], error)) {
	predict := func(t *testing.T, o Options) []value {
		c := must(t, fresh, o)
		out, err := c.Predictor.Predict(c.Input)
		if err != nil {
			t.Fatal(err)
		}
		return valuesOf(out)
	}
	t.Run("allocations", func(t *testing.T) {
		for _, workers := range []int{1, 2} {
			c := must(t, fresh, Options{Seed: 1, Workers: workers})
			noAllocations(t, "Predict", workers, func() error { _, err := c.Predictor.Predict(c.Input); return err })
			var out O
			noAllocations(t, "PredictInto", workers, func() error { return c.Live.PredictInto(c.Input, &out) })
		}
	})
	t.Run("workers", func(t *testing.T) {
		sameBits(t, func(workers int) []value { return predict(t, Options{Seed: 1, Workers: workers}) })
	})
	t.Run("concurrent", func(t *testing.T) {
		want := predict(t, Options{Seed: 1, Workers: 1})
		c := must(t, fresh, Options{Seed: 1, Workers: 1})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				var out O
				for range 3 {
					if err := c.Live.PredictInto(c.Input, &out); err != nil {
						t.Error(err)
						return
					}
					if err := equalBits(valuesOf(out), want); err != nil {
						t.Errorf("concurrent predictions against a single one: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
	t.Run("vectors", func(t *testing.T) {
		compareLevels[F](t, func(seed uint64) []value { return predict(t, Options{Seed: seed, Workers: 1}) })
	})
}

// BenchmarkPredict measures one prediction with as many workers as there are processors.
func BenchmarkPredict[F nnrt.Float, I, O any](b *testing.B, fresh func(Options) (Prediction[F, I, O], error)) {
	c := must(b, fresh, Options{Seed: 1})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Predictor.Predict(c.Input); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, c.Rows)
}
