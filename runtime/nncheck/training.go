package nncheck

// This file answers: does a model train as its compiler promises?

import (
	"math"
	"runtime"
	"testing"

	nnrt "nngen/runtime"
)

// Options says what a model is made with.
type Options struct {
	Seed    uint64 // of the initial values, of random draws in training, and of the data
	Workers int    // as in the options of trainers and predictors
}

// A Trainer is what a generated trainer has, for batches B and measures M.
type Trainer[B, M any] interface {
	Forward(b B) (M, error)
	Backward() error
	Step(b B) (M, error)
}

// Training is a trainer at work.
type Training[F nnrt.Float, B, M any] struct {
	Trainer           Trainer[B, M]
	Batch             B
	Rows              int // of the batch
	Schema            nnrt.Schema
	Params, Gradients []F // flat buffers that Schema describes
	// CheckGradients is the trainer's method; nil where stop_gradient makes the gradients differ from the derivatives on purpose.
	CheckGradients func(B) error
}

// TestTraining runs all checks of a trainer. fresh makes equal ones from equal options.
//
//   - gradients: they agree with finite differences of the loss ([nnrt.CheckGradients]).
//   - allocations: a step allocates nothing.
//   - workers: any number of workers and processors gives the same bits.
//   - vectors: loss and gradients by vector instructions agree with portable Go, and AVX2 and AVX-512 with one another to the last bit.
func TestTraining[F nnrt.Float, B, M any](t *testing.T, fresh func(Options) (Training[F, B, M], error)) {
	t.Run("gradients", func(t *testing.T) {
		c := must(t, fresh, Options{Seed: 1, Workers: 1})
		if c.CheckGradients == nil {
			t.Skip("the model stops gradients: they are not the derivatives that differences of the loss show")
		}
		m, err := c.Trainer.Forward(c.Batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range valuesOf(m)[:1] {
			if x := v.numbers[0]; math.IsNaN(x) || math.IsInf(x, 0) {
				t.Skipf("the loss of data between 0 and 1 is %v: check the gradients with data of yours, by the trainer's method CheckGradients", x)
			}
		}
		if err := c.CheckGradients(c.Batch); err != nil {
			t.Error(err)
		}
	})
	t.Run("allocations", func(t *testing.T) {
		for _, workers := range []int{1, 2} {
			c := must(t, fresh, Options{Seed: 1, Workers: workers})
			noAllocations(t, "Step", workers, func() error { _, err := c.Trainer.Step(c.Batch); return err })
		}
	})
	t.Run("workers", func(t *testing.T) {
		sameBits(t, func(workers int) []value {
			c := must(t, fresh, Options{Seed: 1, Workers: workers})
			var m M
			for range 3 {
				var err error
				if m, err = c.Trainer.Step(c.Batch); err != nil {
					t.Fatal(err)
				}
			}
			return append(valuesOf(m), tensors("parameter", c.Schema, c.Params)...)
		})
	})
	t.Run("vectors", func(t *testing.T) {
		compareLevels[F](t, func(seed uint64) []value {
			c := must(t, fresh, Options{Seed: seed, Workers: 1})
			m, err := c.Trainer.Forward(c.Batch)
			if err == nil {
				err = c.Trainer.Backward()
			}
			if err != nil {
				t.Fatal(err)
			}
			return append(valuesOf(m), tensors("gradient of", c.Schema, c.Gradients)...)
		})
	})
}

// BenchmarkStep measures one training step with as many workers as there are processors.
func BenchmarkStep[F nnrt.Float, B, M any](b *testing.B, fresh func(Options) (Training[F, B, M], error)) {
	c := must(b, fresh, Options{Seed: 1})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Trainer.Step(c.Batch); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, c.Rows)
}

// must makes what is checked.
func must[C any](t testing.TB, fresh func(Options) (C, error), o Options) C {
	t.Helper()
	c, err := fresh(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noAllocations fails when f, which a first call has prepared, allocates.
func noAllocations(t *testing.T, name string, workers int, f func() error) {
	t.Helper()
	if err := f(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { f() }); n > 0 {
		t.Errorf("%s with %d workers allocates %v times, want none", name, workers, n)
	}
}

// sameBits compares what compute returns with one worker and processor, with two of both, and with more workers than processors.
func sameBits(t *testing.T, compute func(workers int) []value) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := compute(1)
	for _, c := range []struct{ procs, workers int }{{2, 1}, {2, 2}, {1, 2}} {
		runtime.GOMAXPROCS(c.procs)
		if err := equalBits(compute(c.workers), want); err != nil {
			t.Errorf("GOMAXPROCS %d, %d workers against one of both: %v", c.procs, c.workers, err)
		}
	}
}

// perRow reports how many rows a second were worked on.
func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
