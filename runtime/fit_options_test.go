package nnrt

// Tests of what a user hears about options and measures that make no sense.

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"
)

// named is a trainer whose measures have other names.
type renamed struct {
	*lineTrainer
	names []string
}

type renamedMeasures struct {
	lineMeasures
	names []string
}

func (m renamedMeasures) Names() []string { return m.names }

func (r renamed) Step(b points) (renamedMeasures, error) {
	m, err := r.lineTrainer.Step(b)
	return renamedMeasures{m, r.names}, err
}

func (r renamed) Apply() (renamedMeasures, error) {
	m, err := r.lineTrainer.Apply()
	return renamedMeasures{m, r.names}, err
}

// rateless is a trainer without a learning rate.
type rateless struct{ *lineTrainer }

func (r rateless) State() State {
	s := r.lineTrainer.State()
	s.Numbers = nil
	return s
}

func TestFitOptionErrors(t *testing.T) {
	valid := falling(1, 1, 1, 1, 1)
	for want, o := range map[string]FitOptions{
		"fit: got neither Epochs nor Steps, want one of them above 0":     {},
		"fit: Epochs: got -1, want 0 or more":                             {Epochs: -1},
		"fit: Steps: got -2, want 0 or more":                              {Epochs: 1, Steps: -2},
		"fit: ValidateEvery: got -3, want 0 or more":                      {Epochs: 1, Validate: valid, ValidateEvery: -3},
		"fit: ValidateEvery: got 3 without Validate, want both":           {Epochs: 1, ValidateEvery: 3},
		"fit: EarlyStop.Patience: got -1, want 0 or more":                 {Epochs: 1, EarlyStop: EarlyStop{Patience: -1}},
		"fit: EarlyStop.MinDelta: got NaN, want 0 or more":                {Epochs: 1, EarlyStop: EarlyStop{MinDelta: math.NaN()}},
		"fit: Mode: got none for val_worst, want Minimize or Maximize":    {Epochs: 1, Validate: valid, Monitor: "val_worst"},
		"fit: Monitor: got val_loss without Validate, want both":          {Epochs: 1, Monitor: "val_loss"},
		`fit: Monitor: got accuracy, want one of ["loss" "worst"]`:        {Epochs: 1, Monitor: "accuracy", Mode: Maximize},
		`fit: Monitor: got val_f1, want one of ["val_loss" "val_worst"]`:  {Epochs: 1, Validate: valid, Monitor: "val_f1", Mode: Maximize},
		"fit: Plateau.Factor: got 1, want 0 to 1, without 1":              {Epochs: 1, Plateau: Plateau{Factor: 1}},
		"fit: Checkpoints.Dir: got none, want a folder":                   {Epochs: 1, Checkpoints: Checkpoints{Every: 10}},
		"fit: Checkpoints.Every: got -1, want 0 or more":                  {Epochs: 1, Checkpoints: Checkpoints{Dir: "x", Every: -1}},
		"fit: Checkpoints.Interval: got -1s, want 0 or more":              {Epochs: 1, Checkpoints: Checkpoints{Dir: "x", Interval: -time.Second}},
		"validation: got no measures, want some":                          {Epochs: 1, Validate: func() (Measures, error) { return nil, nil }},
		`validation: measures: got ["f1"], want the loss first`:           {Epochs: 1, Validate: func() (Measures, error) { return renamedMeasures{names: []string{"f1"}}, nil }},
		`measures ["loss"] with 2 values, want ["loss"] as before`:        {Epochs: 1, Validate: func() (Measures, error) { return renamedMeasures{names: []string{"loss"}}, nil }},
		"fit: measure val_x: got a name that another column of the histo": {Epochs: 1, Validate: func() (Measures, error) { return renamedMeasures{names: []string{"loss", "x", "x"}}, nil }},
	} {
		_, err := Fit(context.Background(), newLine(8), WholeSet(linePoints(8, 1)), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	set := WholeSet(linePoints(8, 1))
	if _, err := Fit(context.Background(), rateless{newLine(8)}, set, FitOptions{Epochs: 1, Plateau: Plateau{Factor: 0.1}}); err == nil || err.Error() != "fit: Plateau: got a trainer of Line without a learning rate, want one with LR or LRScale" {
		t.Errorf("no rate: %v", err)
	}
	if h, err := Fit(context.Background(), rateless{newLine(8)}, set, FitOptions{Epochs: 1}); err != nil || h.Column("lr") != nil {
		t.Errorf("no rate and no plateau: %v, columns %q", err, h.Names())
	}
	if _, err := Fit[points, lineMeasures](context.Background(), nil, set, FitOptions{Epochs: 1}); err == nil {
		t.Error("no trainer is no error")
	}
	for want, names := range map[string][]string{
		`fit: measures: got ["accuracy" "loss"], want the loss first`:                         {"accuracy", "loss"},
		`fit: measures: got [], want the loss first`:                                          {},
		"fit: measure seconds: got a name that another column of the history has, want anoth": {"loss", "seconds"},
		"measures: got 2 values, want 1":                                                      {"loss"},
	} {
		_, err := Fit(context.Background(), renamed{newLine(8), names}, set, FitOptions{Epochs: 1})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if _, err := Fit(context.Background(), newLine(8), WholeSet(&points{}), FitOptions{Epochs: 1}); err == nil || err.Error() != "fit: after step 0 (epoch 1): the data set has no rows" {
		t.Errorf("empty set: %v", err)
	}
	if _, err := Fit(context.Background(), newLine(8), badSource{}, FitOptions{Epochs: 1}); err == nil || !strings.Contains(err.Error(), "batch does not fit") {
		t.Errorf("step: %v", err)
	}
}

// badSource serves more rows than the capacity.
type badSource struct{}

func (badSource) Next(b *points, capacity int) (Served, error) {
	*b = *linePoints(capacity+1, 1)
	return Served{capacity + 1, capacity + 1, true, true}, nil
}
func (badSource) Position() Position  { return Position{} }
func (badSource) Seek(Position) error { return nil }

// TestLearningRate checks that a model's own number called lr is not taken for the optimizer's, which come after it.
func TestLearningRate(t *testing.T) {
	var model, rate float64
	for _, c := range []struct {
		numbers []StateNumber
		want    *float64
		name    string
	}{
		{nil, nil, ""},
		{[]StateNumber{{"beta", &model}}, nil, ""},
		{[]StateNumber{{"LR", &rate}, {"beta", &model}}, &rate, "lr"},
		{[]StateNumber{{"lr", &model}, {"LRScale", &rate}}, &rate, "lr_scale"},
		{[]StateNumber{{"lr", &model}, {"LR", &rate}, {"state/0/v", &model}}, &rate, "lr"},
	} {
		if got, name := learningRate(State{Numbers: c.numbers}); got != c.want || name != c.name {
			t.Errorf("%v: got %q", c.numbers, name)
		}
	}
}
