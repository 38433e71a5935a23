package main

// This file answers: how is a net trained, and how is it known what it can do?

import (
	"context"

	nnrt "nngen/runtime"
	"nngen/runtime/data"
)

const (
	epochs    = 100
	batchSize = 8
	seed      = 1
	folds     = 5
)

// train fits scaling and net to a table, which it leaves as it is.
func train(ctx context.Context, table *data.Table[float32]) (*classifier, error) {
	scaling, err := data.Standardise(table)
	if err != nil {
		return nil, err
	}
	scaled := table.Clone()
	if err := scaling.Apply(scaled); err != nil {
		return nil, err
	}
	trainer, err := NewIrisTrainer(NewIris(seed), IrisTrainerOptions{MaxBatch: batchSize, Seed: seed})
	if err != nil {
		return nil, err
	}
	set := IrisData{X: scaled.Features, Y: scaled.Labels}
	if _, err := nnrt.Fit(ctx, trainer, nnrt.MiniBatch(&set, batchSize, seed), nnrt.FitOptions{Epochs: epochs}); err != nil {
		return nil, err
	}
	return &classifier{trainer.Model, scaling, table.Classes}, nil
}

// A validation is what cross-validation found.
type validation struct {
	accuracy [folds]float64 // of each fold, on the flowers that its net has not seen
	answers  []int          // for each flower, by the net that has not seen it
}

// mean returns the mean accuracy over the folds.
func (v *validation) mean() float64 {
	sum := 0.0
	for _, a := range v.accuracy {
		sum += a
	}
	return sum / folds
}

// crossValidate trains a net for each fold on the flowers outside it and tests it on those inside, the rows i with i%5 == fold. A net's
// scaling, too, knows nothing of the flowers that it is tested on.
func crossValidate(ctx context.Context, table *data.Table[float32]) (*validation, error) {
	v := &validation{answers: make([]int, table.Rows)}
	parts, err := table.Folds(folds)
	if err != nil {
		return nil, err
	}
	for fold, part := range parts {
		c, err := train(ctx, part.Train)
		if err != nil {
			return nil, err
		}
		right := 0
		for i, is := range part.Test.Labels {
			answer, _, err := c.classify(part.Test.Row(i))
			if err != nil {
				return nil, err
			}
			if answer == int(is) {
				right++
			}
			v.answers[i*folds+fold] = answer
		}
		v.accuracy[fold] = float64(right) / float64(part.Test.Rows)
	}
	return v, nil
}
