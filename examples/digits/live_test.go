package main

// This file answers: do predictions go on while the model learns, and at what price?

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	clients  = 8
	requests = 100 // of each client
)

// learn trains on mini-batches, at least one, until stop; around calls each step, after says what follows it.
func learn(tb testing.TB, train *DigitsData, model *Digits, stop *atomic.Bool, around func(step func()), after func()) (steps int) {
	trainer, err := NewDigitsTrainer(model, DigitsTrainerOptions{MaxBatch: 64, Workers: 1})
	if err != nil {
		tb.Error(err)
		return 0
	}
	var batch DigitsBatch
	for steps == 0 || !stop.Load() {
		lo := steps * 64 % (train.Len() - 64)
		train.Slice(lo, lo+64, &batch)
		around(func() {
			if _, err := trainer.Step(batch); err != nil {
				tb.Error(err)
			}
		})
		after()
		if steps++; steps%8 == 0 {
			runtime.Gosched() // as a program does that waits for its samples now and then
		}
	}
	return steps
}

// serve lets clients ask for predictions of one row, with pauses, and returns how long each took, sorted.
func serve(tb testing.TB, test *DigitsData, predict func(client int, in DigitsInput, out *DigitsOutput) error) []time.Duration {
	times := make([]time.Duration, clients*requests)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			var out DigitsOutput
			for i := range requests {
				row := (c*requests + i) % test.Len()
				in := DigitsInput{X: test.X[row*64:][:64]}
				start := time.Now()
				err := predict(c, in, &out)
				times[c*requests+i] = time.Since(start)
				sum := 0.0
				for _, p := range out.Probs {
					sum += float64(p)
				}
				if err != nil || len(out.Probs) != 10 || math.Abs(sum-1) > 1e-5 {
					tb.Errorf("client %d: got probabilities %v of sum %v (%v)", c, out.Probs, sum, err)
					return
				}
				time.Sleep(500 * time.Microsecond)
			}
		})
	}
	wg.Wait()
	slices.Sort(times)
	return times
}

// serveLive serves from a DigitsLive while a trainer publishes every step.
func serveLive(tb testing.TB, train, test *DigitsData) (times []time.Duration, steps int) {
	model := NewDigits(1)
	live, err := NewDigitsLive(model, DigitsPredictorOptions{MaxBatch: 1})
	if err != nil {
		tb.Fatal(err)
	}
	var stop atomic.Bool
	done := make(chan int)
	go func() {
		done <- learn(tb, train, model, &stop, func(step func()) { step() }, func() {
			if err := live.Publish(model); err != nil {
				tb.Error(err)
			}
		})
	}()
	times = serve(tb, test, func(_ int, in DigitsInput, out *DigitsOutput) error { return live.PredictInto(in, out) })
	stop.Store(true)
	steps = <-done
	if got := live.Version(); got != uint64(steps) {
		tb.Errorf("got version %d, want %d as there were steps", got, steps)
	}
	last, version := live.Snapshot()
	if version != uint64(steps) || !slices.Equal(last.Flat(), model.Flat()) {
		tb.Errorf("the last snapshot is version %d of %d steps, and its parameters are the trainer's: %v", version, steps, slices.Equal(last.Flat(), model.Flat()))
	}
	return times, steps
}

// serveLocked does the same with a lock: a step has it alone, predictions share it.
func serveLocked(tb testing.TB, train, test *DigitsData) (times []time.Duration, steps int) {
	model := NewDigits(1)
	var lock sync.RWMutex
	predictors := make([]*DigitsPredictor, clients)
	for i := range predictors {
		p, err := NewDigitsPredictor(model, DigitsPredictorOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			tb.Fatal(err)
		}
		predictors[i] = p
	}
	var stop atomic.Bool
	done := make(chan int)
	go func() {
		done <- learn(tb, train, model, &stop, func(step func()) { lock.Lock(); step(); lock.Unlock() }, func() {})
	}()
	times = serve(tb, test, func(client int, in DigitsInput, out *DigitsOutput) (err error) {
		lock.RLock()
		defer lock.RUnlock()
		*out, err = predictors[client].Predict(in)
		return err
	})
	stop.Store(true)
	return times, <-done
}

// TestServeWhileTraining serves eight clients while the model learns: no error, and the last version is the trainer's model.
func TestServeWhileTraining(t *testing.T) {
	train, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	serveLive(t, &train, &test)
}

// BenchmarkServeWhileTraining reports the latency of predictions from eight clients while a trainer publishes every step, and what parts of those of a
// model behind a read-write lock they are, measured in turns.
func BenchmarkServeWhileTraining(b *testing.B) {
	train, test, err := load()
	if err != nil {
		b.Fatal(err)
	}
	var live, locked struct {
		times   []time.Duration
		steps   int
		seconds float64
	}
	for b.Loop() {
		start := time.Now()
		times, steps := serveLive(b, &train, &test)
		live.seconds += time.Since(start).Seconds()
		live.times, live.steps = append(live.times, times...), live.steps+steps
		start = time.Now()
		times, steps = serveLocked(b, &train, &test)
		locked.seconds += time.Since(start).Seconds()
		locked.times, locked.steps = append(locked.times, times...), locked.steps+steps
	}
	slices.Sort(live.times)
	slices.Sort(locked.times)
	at := func(times []time.Duration, share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))].Nanoseconds()) / 1e3
	}
	b.ReportMetric(at(live.times, 0.5), "p50-us")
	b.ReportMetric(at(live.times, 0.99), "p99-us")
	b.ReportMetric(at(live.times, 0.5)/at(locked.times, 0.5), "p50/locked")
	b.ReportMetric(at(live.times, 0.99)/at(locked.times, 0.99), "p99/locked")
	b.ReportMetric(float64(live.steps)/live.seconds, "steps/s")
	b.ReportMetric(float64(live.steps)/live.seconds/(float64(locked.steps)/locked.seconds), "steps/locked")
	b.ReportMetric(0, "ns/op")
}
