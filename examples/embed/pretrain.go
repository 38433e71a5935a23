package main

// This file answers: what does the service know before it has seen a single sample, and where does that come from?

import (
	_ "embed"
	"fmt"
	"log"

	nnrt "nngen/runtime"
	"nngen/runtime/data"
)

const (
	pixels    = 64
	classes   = 10
	maxPixel  = 16  // pixels count from 0 to this; the model reads them divided by it
	knownRows = 200 // images that the embedded model was trained on
)

// digitModel is the model as it is shipped: parameters, and the names of the classes in the order of its outputs.
//
//go:embed digit.safetensors
var digitModel []byte

// shipped returns the embedded model and the names of its classes.
func shipped() (model *Digit, names []string, err error) {
	model, err = DigitFromBytes(digitModel, nnrt.Attach("classes", &names))
	if err == nil && len(names) != classes {
		err = fmt.Errorf("embedded file: got %d names of classes, want %d", len(names), classes)
	}
	return model, names, err
}

// readImages reads images and splits off every fifth, which no program trains on, as the digits example does.
func readImages(path string) (train, test DigitData, names []string, err error) {
	table, err := data.ReadFile[float32](path, data.Options{Scale: 1.0 / maxPixel})
	if err != nil {
		return train, test, nil, err
	}
	if len(table.Columns) != pixels || len(table.Classes) != classes {
		return train, test, nil, fmt.Errorf("%s: got %d columns and %d classes, want %d and %d", path, len(table.Columns), len(table.Classes), pixels, classes)
	}
	kept, rest := table.Split(func(i int) bool { return i%5 == 4 })
	return DigitData{X: rest.Features, Y: rest.Labels}, DigitData{X: kept.Features, Y: kept.Labels}, table.Classes, nil
}

// samplesOf returns images as a client posts them, in their order.
func samplesOf(d DigitData) []sample {
	samples := make([]sample, d.Len())
	for i := range samples {
		copy(samples[i].X[:], d.X[i*pixels:])
		samples[i].Y = d.Y[i]
	}
	return samples
}

// pretrain writes the model that is embedded: it knows the first images only, so that there is something left to learn.
func pretrain(path, out string, logger *log.Logger) error {
	train, test, names, err := readImages(path)
	if err != nil {
		return err
	}
	if train.Len() < knownRows {
		return fmt.Errorf("%s: got %d rows to train on, want at least %d", path, train.Len(), knownRows)
	}
	const batchSize, epochs, seed = 20, 30, 1
	model := NewDigit(seed)
	trainer, err := NewDigitTrainer(model, DigitTrainerOptions{MaxBatch: batchSize, Seed: seed})
	if err != nil {
		return err
	}
	var batch DigitBatch
	for range epochs {
		for lo := 0; lo < knownRows; lo += batchSize {
			train.Slice(lo, lo+batchSize, &batch)
			if _, err := trainer.Step(batch); err != nil {
				return err
			}
		}
	}
	m, err := trainer.Evaluate(test)
	if err != nil {
		return err
	}
	logger.Printf("trained on %d images: accuracy on %d unseen ones %.1f %%", knownRows, test.Len(), 100*m.Accuracy)
	return model.Save(out, nnrt.Attach("classes", names))
}
