package nnrt

// This file answers: is the run still getting better, and what follows if it is not?

import (
	"fmt"
	"math"
)

// Mode says whether a measure is to fall or to rise.
type Mode uint8

// The modes. The zero value is Minimize for the loss; of any other measure the mode must be stated.
const (
	modeUnset Mode = iota
	Minimize       // the smaller the better
	Maximize       // the larger the better
)

// String returns "min" or "max".
func (m Mode) String() string {
	switch m {
	case Minimize:
		return "min"
	case Maximize:
		return "max"
	}
	return "unset"
}

// better reports whether v is better than best by more than delta. NaN is never better.
func (m Mode) better(v, best, delta float64) bool {
	if m == Maximize {
		return v > best+delta
	}
	return v < best-delta
}

// worst is what every value is better than.
func (m Mode) worst() float64 {
	if m == Maximize {
		return math.Inf(-1)
	}
	return math.Inf(1)
}

// EarlyStop ends a run that gets no better.
type EarlyStop struct {
	// Patience is the number of measurements in a row without improvement after which the run ends; 0 never ends it.
	Patience int
	// MinDelta is how much better than the last improvement a value must be, in the measure's own unit, to be one.
	MinDelta float64
}

// Plateau lowers the learning rate when the monitored measure stops getting better. Its meaning is that of PyTorch's
// ReduceLROnPlateau, whose defaults are Factor 0.1, Patience 10, Threshold 1e-4, relative, Cooldown 0, MinRate 0 and MinChange 1e-8.
// Here every field is meant as it stands.
//
// What is lowered is the trainer's LR, or its LRScale if the model has a schedule.
type Plateau struct {
	Factor    float64 // the rate is multiplied by it; above 0 and below 1. 0 switches the plateau off
	Patience  int     // measurements in a row without improvement that are let pass; at the next one the rate is lowered
	Threshold float64 // how much better a value must be: as a part of the best one, or by itself if Absolute
	Absolute  bool
	Cooldown  int     // measurements after lowering in which none counts as bad
	MinRate   float64 // the rate is not lowered below
	MinChange float64 // a change of the rate by no more than this is not made
}

// better reports whether v is better than best, as PyTorch compares them.
func (p *Plateau) better(mode Mode, v, best float64) bool {
	switch {
	case p.Absolute && mode == Maximize:
		return v > best+p.Threshold
	case p.Absolute:
		return v < best-p.Threshold
	case mode == Maximize:
		return v > best*(p.Threshold+1)
	}
	return v < best*(1-p.Threshold)
}

// check returns an error if a field makes no sense.
func (p *Plateau) check() error {
	for _, f := range []struct {
		name string
		got  float64
		ok   bool
		want string
	}{
		{"Factor", p.Factor, p.Factor >= 0 && p.Factor < 1, "0 to 1, without 1"},
		{"Patience", float64(p.Patience), p.Patience >= 0, "0 or more"},
		{"Threshold", p.Threshold, p.Threshold >= 0 && !math.IsInf(p.Threshold, 1), "0 or more"},
		{"Cooldown", float64(p.Cooldown), p.Cooldown >= 0, "0 or more"},
		{"MinRate", p.MinRate, p.MinRate >= 0 && !math.IsInf(p.MinRate, 1), "0 or more"},
		{"MinChange", p.MinChange, p.MinChange >= 0 && !math.IsInf(p.MinChange, 1), "0 or more"},
	} {
		if !f.ok {
			return fmt.Errorf("fit: Plateau.%s: got %v, want %s", f.name, f.got, f.want)
		}
	}
	return nil
}

// stopState is what early stopping and the plateau remember; a checkpoint keeps it. The mode's worst value stands where nothing was
// measured yet.
type stopState struct {
	Reference jsonFloat `json:"reference"` // last value that was an improvement for early stopping
	Waited    int       `json:"waited"`    // measurements since

	PlateauBest jsonFloat `json:"plateau_best"`
	PlateauBad  int       `json:"plateau_bad"`
	CoolingDown int       `json:"cooling_down"`
}

func newStopState(mode Mode) stopState {
	worst := jsonFloat(mode.worst())
	return stopState{Reference: worst, PlateauBest: worst}
}

// patience notes a measurement and reports whether the run has waited long enough.
func (s *stopState) patience(e EarlyStop, mode Mode, v float64) bool {
	if mode.better(v, float64(s.Reference), e.MinDelta) {
		s.Reference, s.Waited = jsonFloat(v), 0
	} else {
		s.Waited++
	}
	return e.Patience > 0 && s.Waited >= e.Patience
}

// plateau notes a measurement and returns the rate to go on with: ReduceLROnPlateau.step.
func (s *stopState) plateau(p *Plateau, mode Mode, v, rate float64) float64 {
	if p.better(mode, v, float64(s.PlateauBest)) {
		s.PlateauBest, s.PlateauBad = jsonFloat(v), 0
	} else {
		s.PlateauBad++
	}
	if s.CoolingDown > 0 {
		s.CoolingDown--
		s.PlateauBad = 0
	}
	if s.PlateauBad > p.Patience {
		if lower := max(rate*p.Factor, p.MinRate); rate-lower > p.MinChange {
			rate = lower
		}
		s.CoolingDown, s.PlateauBad = p.Cooldown, 0
	}
	return rate
}
