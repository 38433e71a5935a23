package nnrt

// What Fit adds to a step: benchmarks of runs whose steps do nothing, and that they allocate nothing.

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// idleTrainer takes batches and does nothing with them.
type idleTrainer struct {
	m        lineMeasures
	steps    int
	capacity int
}

func (t *idleTrainer) Step(points) (lineMeasures, error) { t.steps++; return t.m, nil }
func (t *idleTrainer) Accumulate(points, int) error      { return nil }
func (t *idleTrainer) Apply() (lineMeasures, error)      { t.steps++; return t.m, nil }
func (t *idleTrainer) Capacity() int                     { return t.capacity }
func (t *idleTrainer) Steps() int                        { return t.steps }
func (t *idleTrainer) State() State                      { return State{} }
func (t *idleTrainer) NonFinite() string                 { return "" }

// fitSources are the ways a tiny set is seen.
func fitSources() []struct {
	name string
	make func() *SetSource[points]
} {
	xor := linePoints(4, 1)
	return []struct {
		name string
		make func() *SetSource[points]
	}{
		{"whole", func() *SetSource[points] { return WholeSet(xor) }},
		{"stochastic", func() *SetSource[points] { return Stochastic(xor, 1) }},
		{"drawn", func() *SetSource[points] { return Stochastic(xor, 1, WithReplacement()) }},
		{"minibatch", func() *SetSource[points] { return MiniBatch(xor, 2, 1) }},
	}
}

// BenchmarkFit measures a step of Fit; impl=loop is the same by hand, with the same source: the difference is what Fit adds.
func BenchmarkFit(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, s := range fitSources() {
		b.Run(fmt.Sprintf("impl=loop/source=%s", s.name), func(b *testing.B) {
			src, batch := s.make(), points{}
			var tr Trainer[points, lineMeasures] = &idleTrainer{capacity: 64}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := src.Next(&batch, 64); err != nil {
					b.Fatal(err)
				}
				if _, err := tr.Step(batch); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("impl=fit/source=%s", s.name), func(b *testing.B) {
			b.ReportAllocs()
			if _, err := Fit(ctx, &idleTrainer{capacity: 64}, s.make(), FitOptions{Steps: b.N}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// TestFitAllocatesNothing compares a run with one of many more steps: both may allocate for what they set up, and for a history that
// grows by doubling.
func TestFitAllocatesNothing(t *testing.T) {
	for _, s := range fitSources() {
		o := FitOptions{OnStep: func(*FitEvent) error { return nil }, OnEpoch: func(*FitEvent) error { return nil }, Report: func(*FitEvent) {}, RestoreBest: true, EarlyStop: EarlyStop{Patience: 1 << 30}}
		count := func(steps int) float64 {
			return testing.AllocsPerRun(5, func() {
				o.Steps = steps
				if _, err := Fit(context.Background(), &idleTrainer{capacity: 64}, s.make(), o); err != nil {
					t.Fatal(err)
				}
			})
		}
		few, many := count(100), count(10100)
		if (many-few)/10000 > 0.01 {
			t.Errorf("%s: %v allocations in 10000 steps", s.name, many-few)
		}
	}
}

// TestFitClock checks that the clock is read often enough for slow steps and seldom for quick ones.
func TestFitClock(t *testing.T) {
	var c fitClock
	c.start(0, 0)
	reads := 0
	const quick = 1 << 20
	for step := 1; step <= quick; step++ {
		last := c.lastStep
		c.read(step, step, false)
		if c.lastStep != last {
			reads++
		}
	}
	if reads > quick/64 { // a loop of some milliseconds
		t.Errorf("%d readings in %d steps of nothing", reads, quick)
	}
	c.stride = clockStrides
	c.due = quick + 1
	for step := quick + 1; step <= quick+20; step++ { // as if a long validation lay between
		c.begun = c.begun.Add(-50 * time.Millisecond)
		c.read(step, step, false)
	}
	if c.stride != 1 || c.lastStep != quick+20 {
		t.Errorf("stride %d, last reading after step %d of %d, with 50 ms a step", c.stride, c.lastStep, quick+20)
	}
	if c.now < time.Second {
		t.Errorf("%v have passed", c.now)
	}
}
