package nnrt

// Tests of what follows when a run gets no better.

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// TestPlateauIsPyTorchs compares with what testdata/plateau.py has recorded of ReduceLROnPlateau, rate for rate.
func TestPlateauIsPyTorchs(t *testing.T) {
	text, err := os.ReadFile("testdata/plateau.json")
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Cases []struct {
			Options struct {
				Mode      string
				Factor    float64
				Patience  int
				Threshold float64
				Relative  string `json:"threshold_mode"`
				Cooldown  int
				MinLR     float64 `json:"min_lr"`
				Eps       float64
			}
			First  float64
			Values []jsonFloat
			Rates  []float64
		}
	}
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	lowered := 0
	for i, c := range truth.Cases {
		o := c.Options
		p := Plateau{Factor: o.Factor, Patience: o.Patience, Threshold: o.Threshold, Absolute: o.Relative == "abs", Cooldown: o.Cooldown, MinRate: o.MinLR, MinChange: o.Eps}
		if err := p.check(); err != nil {
			t.Fatal(err)
		}
		mode := Minimize
		if o.Mode == "max" {
			mode = Maximize
		}
		s, rate := newStopState(mode), c.First
		for j, v := range c.Values {
			// What a checkpoint keeps must be all there is to know.
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			s = stopState{}
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			before := rate
			if rate = s.plateau(&p, mode, float64(v), rate); rate != c.Rates[j] {
				t.Errorf("case %d %+v: rate %v after value %d, PyTorch has %v", i, o, rate, j, c.Rates[j])
				break
			}
			if rate != before {
				lowered++
			}
		}
	}
	if len(truth.Cases) != 32 || lowered < 50 {
		t.Errorf("%d cases lower the rate %d times: too few to mean anything", len(truth.Cases), lowered)
	}
}

func TestPatience(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		e      EarlyStop
		mode   Mode
		values []float64
		stop   int // number of the value, from 1, after which the run ends; 0 if it does not
	}{
		{"never", EarlyStop{}, Minimize, []float64{1, 2, 3, 4, 5}, 0},
		{"first bad value", EarlyStop{Patience: 1}, Minimize, []float64{3, 2, 2, 1}, 3},
		{"three in a row", EarlyStop{Patience: 3}, Minimize, []float64{3, 4, 4, 2, 2, 2, 2, 1}, 7},
		{"rising", EarlyStop{Patience: 2}, Maximize, []float64{.5, .6, .6, .7, .7, .65, .9}, 6},
		{"small steps do not count", EarlyStop{Patience: 2, MinDelta: .5}, Minimize, []float64{5, 4.8, 4.6, 4}, 3},
		{"small steps add up", EarlyStop{Patience: 3, MinDelta: .5}, Minimize, []float64{5, 4.8, 4.4, 4.3, 4.2, 3.8, 3.8, 3.8, 3.8}, 9},
		{"exactly the least step is none", EarlyStop{Patience: 1, MinDelta: 1}, Minimize, []float64{5, 4}, 2},
		{"NaN is no improvement", EarlyStop{Patience: 2}, Maximize, []float64{1, nan, nan, 2}, 3},
	} {
		s, stop := newStopState(c.mode), 0
		for i, v := range c.values {
			if s.patience(c.e, c.mode, v) {
				stop = i + 1
				break
			}
		}
		if stop != c.stop {
			t.Errorf("%s: ends after value %d, want %d", c.name, stop, c.stop)
		}
	}
}

func TestPlateauChecks(t *testing.T) {
	ok := Plateau{Factor: 0.1, Patience: 10, Threshold: 1e-4, MinChange: 1e-8}
	if err := ok.check(); err != nil {
		t.Error(err)
	}
	for want, p := range map[string]Plateau{
		"Plateau.Factor: got 1, want 0 to 1, without 1": {Factor: 1},
		"Plateau.Factor: got NaN":                       {Factor: math.NaN()},
		"Plateau.Patience: got -1, want 0 or more":      {Factor: .1, Patience: -1},
		"Plateau.Threshold: got -0.5, want 0 or more":   {Factor: .1, Threshold: -.5},
		"Plateau.Cooldown: got -2, want 0 or more":      {Factor: .1, Cooldown: -2},
		"Plateau.MinRate: got +Inf, want 0 or more":     {Factor: .1, MinRate: math.Inf(1)},
		"Plateau.MinChange: got NaN, want 0 or more":    {Factor: .1, MinChange: math.NaN()},
	} {
		if err := p.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
