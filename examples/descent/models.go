package main

// This file answers: which models are compared, and how is each of their trainers made? The models are types of their own, so each has its
// lines here; a learner hides the difference from everything else.

import (
	"context"

	nnrt "nngen/runtime"
)

const seed = 1 // of the initial values, which depend on it and on the parameters' names only, and of the order of the samples

// A learner is a model about to be trained, whatever its type.
type learner struct {
	params []float64                                                   // its parameters
	rate   *float64                                                    // its learning rate
	loss   func() (nnrt.Measures, error)                               // over the whole set
	train  func(by sampling, o nnrt.FitOptions) (*nnrt.History, error) // goes on with its training
}

// measure returns its loss over the whole set.
func (l *learner) measure() (float64, error) {
	m, err := l.loss()
	if err != nil {
		return 0, err
	}
	return m.AppendTo(nil)[0], nil
}

// learn makes a learner of a trainer of any type.
func learn[B any, M nnrt.Measures](t nnrt.Trainer[B, M], set nnrt.Set[B], params []float64, rate *float64, loss func() (nnrt.Measures, error)) learner {
	return learner{params: params, rate: rate, loss: loss, train: func(by sampling, o nnrt.FitOptions) (*nnrt.History, error) {
		return nnrt.Fit(context.Background(), t, source(set, by), o)
	}}
}

// A sampling is a way of choosing the samples of a step.
type sampling int

const (
	wholeSet    sampling = iota // all samples
	miniBatch                   // the next few of a shuffle
	single                      // the next one of a shuffle
	replacement                 // one drawn from all, independent of those before
	samplings   = iota
)

// batch is the number of samples of a mini-batch: ten steps in an epoch.
const batch = 15

// source serves a set in the order of a sampling.
func source[B any](set nnrt.Set[B], by sampling) nnrt.Source[B] {
	switch by {
	case wholeSet:
		return nnrt.WholeSet(set)
	case miniBatch:
		return nnrt.MiniBatch(set, batch, seed)
	case single:
		return nnrt.Stochastic(set, seed)
	default:
		return nnrt.Stochastic(set, seed, nnrt.WithReplacement())
	}
}

// String returns its name in tables.
func (s sampling) String() string {
	return [samplings]string{"whole set", "mini-batches", "single samples", "with replacement"}[s]
}

// An optimizer is what the comparison compares, with its models.
type optimizer struct {
	name    string
	formula []string                          // of a step
	why     string                            // in one line
	net     func(f *flowers) (learner, error) // a new network of descent.nn
	valley  func(f *flowers) (learner, error) // a new model of valley.nn
}

var optimizers = [...]optimizer{
	{
		name:    "gradient descent",
		formula: []string{"p ← p − η·g"},
		why:     "Down the slope. The step is as long as the slope is steep.",
		net: func(f *flowers) (learner, error) {
			t, err := NewDescentTrainer(NewDescent(seed), DescentTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := DescentData{X: f.x, Y: f.class}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
		valley: func(f *flowers) (learner, error) {
			t, err := NewValleyTrainer(NewValley(seed), ValleyTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := ValleyData{X: f.length, Y: f.width}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
	},
	{
		name:    "momentum",
		formula: []string{"m ← 0.9·m + g", "p ← p − η·m"},
		why:     "Steps in the same direction add up, up to ten times one; those to and fro cancel.",
		net: func(f *flowers) (learner, error) {
			t, err := NewDescentMomentumTrainer(NewDescentMomentum(seed), DescentMomentumTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := DescentMomentumData{X: f.x, Y: f.class}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
		valley: func(f *flowers) (learner, error) {
			t, err := NewValleyMomentumTrainer(NewValleyMomentum(seed), ValleyMomentumTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := ValleyMomentumData{X: f.length, Y: f.width}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
	},
	{
		name:    "Adagrad",
		formula: []string{"s ← s + g²", "p ← p − η·g / (√s + ε)"},
		why:     "Each weight has its own rate, which only shrinks: rare or small gradients count as much as large ones.",
		net: func(f *flowers) (learner, error) {
			t, err := NewDescentAdagradTrainer(NewDescentAdagrad(seed), DescentAdagradTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := DescentAdagradData{X: f.x, Y: f.class}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
		valley: func(f *flowers) (learner, error) {
			t, err := NewValleyAdagradTrainer(NewValleyAdagrad(seed), ValleyAdagradTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := ValleyAdagradData{X: f.length, Y: f.width}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
	},
	{
		name:    "RMSprop",
		formula: []string{"s ← 0.9·s + 0.1·g²", "p ← p − η·g / (√s + ε)"},
		why:     "As Adagrad, but old gradients are forgotten, so that the rate can recover. Steps are about η long whatever the slope.",
		net: func(f *flowers) (learner, error) {
			t, err := NewDescentRMSpropTrainer(NewDescentRMSprop(seed), DescentRMSpropTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := DescentRMSpropData{X: f.x, Y: f.class}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
		valley: func(f *flowers) (learner, error) {
			t, err := NewValleyRMSpropTrainer(NewValleyRMSprop(seed), ValleyRMSpropTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := ValleyRMSpropData{X: f.length, Y: f.width}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
	},
	{
		name:    "Adadelta",
		formula: []string{"s ← 0.9·s + 0.1·g²", "d = g·√(u + ε) / √(s + ε)", "u ← 0.9·u + 0.1·d²", "p ← p − η·d"},
		why:     "As RMSprop, with the size of the steps so far in place of a rate: a step has the unit of the weight. η, if not 1, is only a factor. It starts slowly, as the first steps have nothing to go by but ε.",
		net: func(f *flowers) (learner, error) {
			t, err := NewDescentAdadeltaTrainer(NewDescentAdadelta(seed), DescentAdadeltaTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := DescentAdadeltaData{X: f.x, Y: f.class}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
		valley: func(f *flowers) (learner, error) {
			t, err := NewValleyAdadeltaTrainer(NewValleyAdadelta(seed), ValleyAdadeltaTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := ValleyAdadeltaData{X: f.length, Y: f.width}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
	},
	{
		name:    "Adam",
		formula: []string{"m ← 0.9·m + 0.1·g", "s ← 0.999·s + 0.001·g²", "m̂ = m / (1 − 0.9ᵗ)", "ŝ = s / (1 − 0.999ᵗ)", "p ← p − η·m̂ / (√ŝ + ε)"},
		why:     "The mean direction of momentum with the scale of RMSprop; the two divisions make up for the zeros that m and s begin at.",
		net: func(f *flowers) (learner, error) {
			t, err := NewDescentAdamTrainer(NewDescentAdam(seed), DescentAdamTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := DescentAdamData{X: f.x, Y: f.class}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
		valley: func(f *flowers) (learner, error) {
			t, err := NewValleyAdamTrainer(NewValleyAdam(seed), ValleyAdamTrainerOptions{MaxBatch: len(f.class)})
			if err != nil {
				return learner{}, err
			}
			set := ValleyAdamData{X: f.length, Y: f.width}
			return learn(t, &set, t.Model.Flat(), &t.LR, t.On(set)), nil
		},
	},
}
