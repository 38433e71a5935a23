package main

// This file answers: how is a net trained, and how well does it read images that it has not seen?

import (
	"context"
	"sort"

	nnrt "nngen/runtime"
)

const (
	epochs    = 30
	batchSize = 64
)

// fit trains a net from a seed on shuffled mini-batches and gives it back as it was after its best epoch on the validation images. With
// a folder for checkpoints it saves its whole state there after each epoch, and goes on from what it finds there.
func fit(ctx context.Context, train, valid MnistData, seed uint64, epochs int, folder string, report func(*nnrt.FitEvent)) (*Mnist, *nnrt.History, error) {
	trainer, err := NewMnistTrainer(NewMnist(seed), MnistTrainerOptions{MaxBatch: batchSize, Seed: seed})
	if err != nil {
		return nil, nil, err
	}
	options := nnrt.FitOptions{
		Epochs:      epochs,
		Validate:    trainer.On(valid),
		RestoreBest: true,
		Report:      report,
	}
	if folder != "" {
		options.Checkpoints = nnrt.Checkpoints{Dir: folder, EveryEpochs: 1, Resume: true}
	}
	history, err := nnrt.Fit(ctx, trainer, nnrt.MiniBatch(&train, batchSize, seed), options)
	return trainer.Model, history, err
}

// evaluate returns the share of images that a net reads right.
func evaluate(model *Mnist, images MnistData) (float64, error) {
	trainer, err := NewMnistTrainer(model, MnistTrainerOptions{MaxBatch: batchSize})
	if err != nil {
		return 0, err
	}
	m, err := trainer.Evaluate(images)
	return m.Accuracy, err
}

// A mistake is an image that a net reads wrong.
type mistake struct {
	image     []float32 // its pixels
	is, got   int       // the digit, and what the net takes it for
	certainty float64   // the probability that the net gives its answer
}

// mistakes returns what a net reads wrong, first what it is most certain of.
func mistakes(model *Mnist, images MnistData) ([]mistake, error) {
	out, err := model.Predict(MnistInput{X: images.X})
	if err != nil {
		return nil, err
	}
	var wrong []mistake
	for i, is := range images.Y {
		probs := out.Probs[i*classes : (i+1)*classes]
		got := 0
		for c, p := range probs {
			if p > probs[got] {
				got = c
			}
		}
		if got != int(is) {
			wrong = append(wrong, mistake{images.X[i*pixels : (i+1)*pixels], int(is), got, float64(probs[got])})
		}
	}
	sort.SliceStable(wrong, func(a, b int) bool { return wrong[a].certainty > wrong[b].certainty })
	return wrong, nil
}
