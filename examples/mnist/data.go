package main

// This file answers: where do the images come from, and which are for training, for validation and for the test?

import (
	"bytes"
	_ "embed"
	"fmt"

	"nngen/runtime/data"
)

const (
	side    = 28 // rows and columns of an image
	pixels  = side * side
	classes = 10
)

var (
	//go:embed t10k-images-idx3-ubyte.gz
	imagesIDX []byte
	//go:embed t10k-labels-idx1-ubyte.gz
	labelsIDX []byte
)

// load reads the images, with grey values from 0 to 1, and divides them by the last digit of their number: those with 9 are the test,
// those with 8 say when a net is at its best, and a net learns from all others.
func load() (train, valid, test MnistData, err error) {
	all, err := data.ReadIDX[float32](bytes.NewReader(imagesIDX), bytes.NewReader(labelsIDX), data.IDXOptions{Scale: 1.0 / 255})
	if err != nil {
		return train, valid, test, fmt.Errorf("t10k-*.gz: %w", err)
	}
	if len(all.Columns) != pixels || len(all.Classes) != classes {
		return train, valid, test, fmt.Errorf("t10k-*.gz: got %d pixels and %d classes, want %d and %d", len(all.Columns), len(all.Classes), pixels, classes)
	}
	part := func(has func(digit int) bool) MnistData {
		rows, _ := all.Split(func(i int) bool { return has(i % 10) })
		return MnistData{X: rows.Features, Y: rows.Labels}
	}
	train = part(func(digit int) bool { return digit < 8 })
	valid = part(func(digit int) bool { return digit == 8 })
	test = part(func(digit int) bool { return digit == 9 })
	return train, valid, test, nil
}
