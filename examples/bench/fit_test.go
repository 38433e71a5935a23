package main

// What nnrt.Fit adds to the steps of a loop written by hand: time, and no allocation.

import (
	"context"
	"math"
	"testing"
	"time"

	nnrt "nngen/runtime"
)

// A race is the same training twice: by a loop of some steps written by hand, and by Fit. Both use one trainer, because where its memory
// happens to lie makes a larger difference than what is measured.
type race struct {
	name  string
	steps int // of a round
	start func(tb testing.TB) (loop, fit func(steps int) error)
}

var races = []race{
	{"xor_2_8_1_b4_sgd", 100_000, func(tb testing.TB) (loop, fit func(steps int) error) { // the whole set at once: a step is an epoch
		set := XorData{X: normal("x", 4*2), Y: normal("y", 4)}
		trainer, err := NewXorTrainer(NewXor(1), XorTrainerOptions{MaxBatch: 4, Workers: 1})
		check(tb, err)
		batch := XorBatch(set)
		loop = func(steps int) error {
			for range steps {
				if _, err := trainer.Step(batch); err != nil {
					return err
				}
			}
			return nil
		}
		return loop, func(steps int) error {
			_, err := nnrt.Fit(tb.Context(), trainer, nnrt.WholeSet(&set), nnrt.FitOptions{Steps: steps})
			return err
		}
	}},
	{"mnist_784_128_10_b64_sgd", 192, func(tb testing.TB) (loop, fit func(steps int) error) { // shuffled mini-batches: 16 steps an epoch
		const rows = 1024
		set := MnistData{X: normal("x", rows*784), Y: labels(rows, 10)}
		trainer, err := NewMnistTrainer(NewMnist(1), MnistTrainerOptions{MaxBatch: 64, Workers: 1})
		check(tb, err)
		loop = func(steps int) error {
			batches, batch := nnrt.NewBatches(rows, 64, nnrt.Shuffled(1)), MnistBatch{}
			for range steps {
				set.Gather(batches.Next(), &batch)
				if _, err := trainer.Step(batch); err != nil {
					return err
				}
			}
			return nil
		}
		return loop, func(steps int) error {
			_, err := nnrt.Fit(tb.Context(), trainer, nnrt.MiniBatch(&set, 64, 1), nnrt.FitOptions{Steps: steps})
			return err
		}
	}},
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkFit runs loop and Fit in turns and reports the best round of each, and what Fit adds. The machine's noise is larger than what is
// measured: use -benchtime 3s or so.
func BenchmarkFit(b *testing.B) {
	for _, r := range races {
		b.Run(r.name, func(b *testing.B) {
			loop, fit := r.start(b)
			best := func(so float64, run func(int) error) float64 {
				start := time.Now()
				check(b, run(r.steps))
				return min(so, float64(time.Since(start).Nanoseconds())/float64(r.steps))
			}
			byHand, byFit := math.Inf(1), math.Inf(1)
			for b.Loop() { // in both orders, so that each side comes to every place in memory that the allocator has for its batch
				byHand = best(byHand, loop)
				byFit = best(byFit, fit)
				byFit = best(byFit, fit)
				byHand = best(byHand, loop)
			}
			b.ReportMetric(0, "ns/op") // of four rounds: nothing that anyone wants to know
			b.ReportMetric(byHand, "loop-ns/step")
			b.ReportMetric(byFit, "fit-ns/step")
			b.ReportMetric(byFit-byHand, "added-ns/step")
			b.ReportMetric(100*(byFit/byHand-1), "added-%")
		})
	}
}

// TestFitAllocatesNothing compares a run with one of many more steps: both allocate for what they set up. A few more are for the history,
// which grows by doubling: far fewer than there are steps.
func TestFitAllocatesNothing(t *testing.T) {
	for _, r := range races {
		_, fit := r.start(t)
		count := func(steps int) float64 {
			return testing.AllocsPerRun(2, func() { check(t, fit(steps)) })
		}
		const few = 16
		many := few + r.steps
		if a, b := count(few), count(many); b > a+16 {
			t.Errorf("%s: %v allocations in %d steps, %v in %d", r.name, b, many, a, few)
		}
	}
}

// TestFitTrains checks that the two sides of a race do the same: equal parameters after equal steps.
func TestFitTrains(t *testing.T) {
	set := MnistData{X: normal("x", 256*784), Y: labels(256, 10)}
	train := func(run func(*MnistTrainer) error) []float32 {
		trainer, err := NewMnistTrainer(NewMnist(1), MnistTrainerOptions{MaxBatch: 64})
		check(t, err)
		check(t, run(trainer))
		return trainer.Model.Flat()
	}
	byHand := train(func(trainer *MnistTrainer) error {
		batches, batch := nnrt.NewBatches(256, 64, nnrt.Shuffled(1)), MnistBatch{}
		for range 10 {
			set.Gather(batches.Next(), &batch)
			if _, err := trainer.Step(batch); err != nil {
				return err
			}
		}
		return nil
	})
	byFit := train(func(trainer *MnistTrainer) error {
		_, err := nnrt.Fit(context.Background(), trainer, nnrt.MiniBatch(&set, 64, 1), nnrt.FitOptions{Steps: 10})
		return err
	})
	for i := range byHand {
		if byHand[i] != byFit[i] {
			t.Fatalf("parameter %d is %v by hand and %v by Fit", i, byHand[i], byFit[i])
		}
	}
}
