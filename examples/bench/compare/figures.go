package main

// This file answers: what was measured, and how do the contenders compare?

import (
	"math"
	"slices"
)

// A figure is what one contender needs for one workload.
type figure struct {
	Name     string    `json:"name"`
	Library  string    `json:"library"`
	Version  string    `json:"version"` // what the contender calls itself
	Threads  int       `json:"threads"`
	Workload string    `json:"workload"`
	US       float64   `json:"us_per_step"` // best of all rounds
	Rounds   []float64 `json:"rounds_us"`
	GFLOPS   float64   `json:"gflops,omitempty"` // at the best, where the contender says it
	Loss     float64   `json:"final_loss"`
}

// take adds a measurement.
func (f *figure) take(l line) {
	f.Rounds = append(f.Rounds, l.USPerStep)
	if f.US == 0 || l.USPerStep < f.US {
		f.US, f.GFLOPS, f.Loss = l.USPerStep, l.GFLOPS, l.FinalLoss
	}
}

// A report is a whole run.
type report struct {
	Date       string          `json:"date"`
	CPU        string          `json:"cpu"`
	ISA        string          `json:"isa"` // that nngen uses
	Cores      int             `json:"cores"`
	OS         string          `json:"os"`
	Go         string          `json:"go"`
	Rounds     int             `json:"rounds"`
	Seconds    float64         `json:"seconds"`
	Threads    []int           `json:"threads"`
	Peak       map[int]float64 `json:"peak_gflops,omitempty"` // by threads: multiply-adds in registers
	Workloads  []string        `json:"workloads"`
	Contenders []contender     `json:"contenders"`
	Skipped    []skip          `json:"skipped,omitempty"`
	Figures    []figure        `json:"figures"`
}

// find returns the figure of a contender; nil where there is none.
func (r *report) find(name string, threads int, workload string) *figure {
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Name == name && f.Threads == threads && f.Workload == workload {
			return f
		}
	}
	return nil
}

// ratio returns how many times nngen's time with the same number of threads a contender takes; 0 where either is missing.
func (r *report) ratio(f *figure) float64 {
	if f == nil {
		return 0
	}
	own := r.find(nngenName, f.Threads, f.Workload)
	if own == nil {
		return 0
	}
	return f.US / own.US
}

// best returns the fastest figure of a workload among those that match; nil where none does.
func (r *report) best(workload string, match func(*figure) bool) *figure {
	var out *figure
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Workload == workload && match(f) && (out == nil || f.US < out.US) {
			out = f
		}
	}
	return out
}

// libraries returns the names of the others, in the order of the contenders.
func (r *report) libraries() []string {
	var out []string
	for _, c := range r.Contenders {
		if c.Library != nngenLib && !slices.Contains(out, c.Library) {
			out = append(out, c.Library)
		}
	}
	return out
}

// names returns the contenders with a number of threads that have a figure, in their order.
func (r *report) names(threads int) []string {
	var out []string
	for _, c := range r.Contenders {
		if c.Threads == threads && slices.ContainsFunc(r.Figures, func(f figure) bool { return f.Name == c.Name && f.Threads == threads }) {
			out = append(out, c.Name)
		}
	}
	return out
}

// most is the largest number of threads.
func (r *report) most() int { return slices.Max(r.Threads) }

// A duel is nngen against the fastest of the others on one workload.
type duel struct {
	Own, Other *figure
}

// Ratio is how many times nngen's time the other takes; 0 where one is missing.
func (d duel) Ratio() float64 {
	if d.Own == nil || d.Other == nil {
		return 0
	}
	return d.Other.US / d.Own.US
}

// sameThreads is nngen against the fastest of the others, all with the same number of threads.
func (r *report) sameThreads(workload string, threads int) duel {
	return duel{r.find(nngenName, threads, workload), r.best(workload, func(f *figure) bool { return f.Library != nngenLib && f.Threads == threads })}
}

// anySetting is nngen with the most threads against the fastest of the others in whatever setting suits it.
func (r *report) anySetting(workload string) duel {
	return duel{r.find(nngenName, r.most(), workload), r.best(workload, func(f *figure) bool { return f.Library != nngenLib })}
}

// geometricMean returns the mean of ratios; zeros, which stand for what is missing, do not count. Without any it is 0.
func geometricMean(ratios []float64) float64 {
	sum, n := 0.0, 0
	for _, x := range ratios {
		if x > 0 {
			sum += math.Log(x)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return math.Exp(sum / float64(n))
}
