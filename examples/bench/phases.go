package main

// This file answers: how does the time of a step divide, and what would its operations take at the machine's best?

import (
	"fmt"
	"math"
	"time"
)

// A phaseLine is one workload's step in parts. Its products are measured alone, with their operands in cache where they fit; what forward and
// backward pass take beyond them is elementwise work, reductions and the cost of getting from one to the other.
type phaseLine struct {
	Workload     string  `json:"workload"`
	Threads      int     `json:"threads"`
	USPerStep    float64 `json:"us_per_step"`
	ForwardUS    float64 `json:"forward_us"`
	BackwardUS   float64 `json:"backward_us"`
	UpdateUS     float64 `json:"update_us"`
	ProductsUS   float64 `json:"products_us"`
	ArithmeticUS float64 `json:"arithmetic_us"` // all operations at the measured peak
	GBS          float64 `json:"gbs"`           // bytes that `nngen stat` counts, per time of the step
	CPU          string  `json:"cpu"`
	ISA          string  `json:"isa"`
}

// phases measures the parts of a workload's step and the products that it has.
func (m machine) phases(name string, seconds float64) (phaseLine, error) {
	all, err := counts()
	if err != nil {
		return phaseLine{}, err
	}
	for i, w := range workloads {
		if w.name == name {
			return m.divide(w, all[i], seconds)
		}
	}
	return phaseLine{}, fmt.Errorf("no workload %s", name)
}

// divide spends a third of the time on each of the whole step, its parts and its products.
func (m machine) divide(w workload, c count, seconds float64) (phaseLine, error) {
	whole, err := m.measure(task{w.name, c.Operations, func(threads int) (func() (float64, error), error) {
		s, err := w.setup(threads)
		return s.step, err
	}}, seconds/3)
	if err != nil {
		return phaseLine{}, err
	}
	parts, err := m.parts(w, max(int(seconds/3*1e6/whole.USPerStep), 5))
	if err != nil {
		return phaseLine{}, fmt.Errorf("%s: %w", w.name, err)
	}
	products := 0.0
	for _, p := range c.Shapes {
		l, err := m.measure(task{p.String(), 1, p.setup}, seconds/3/float64(len(c.Shapes)))
		if err != nil {
			return phaseLine{}, err
		}
		products += l.USPerStep * float64(p.Count)
	}
	return phaseLine{
		Workload: w.name, Threads: m.threads, USPerStep: whole.USPerStep,
		ForwardUS: round(parts[0], 1e4), BackwardUS: round(parts[1], 1e4), UpdateUS: round(parts[2], 1e4), ProductsUS: round(products, 1e4),
		ArithmeticUS: round(float64(c.Operations)/m.peak/1e3, 1e4), GBS: round(float64(c.Bytes)/whole.USPerStep/1e3, 1e2), CPU: m.cpu, ISA: isa(),
	}, nil
}

// parts returns the microseconds of forward pass, backward pass and update: of each the best of five means over a fifth of n steps.
func (m machine) parts(w workload, n int) ([3]float64, error) {
	best := [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	s, err := w.setup(m.threads)
	if err != nil {
		return best, err
	}
	do := [3]func() error{s.forward, s.backward, s.update}
	for range 5 {
		var spent [3]time.Duration
		for range n / 5 {
			for i, part := range do {
				began := time.Now()
				if err := part(); err != nil {
					return best, err
				}
				spent[i] += time.Since(began)
			}
		}
		for i, d := range spent {
			best[i] = min(best[i], d.Seconds()*1e6/float64(n/5))
		}
	}
	return best, nil
}
