package main

// This file answers: where do the images come from, and which are kept for the test?

import (
	"bytes"
	_ "embed"
	"fmt"

	"nngen/runtime/data"
)

const (
	pixels  = 64 // of one image, values from 0 to 1
	classes = 10
)

//go:embed digits.csv
var digitsCSV []byte

// load reads the images and keeps every fifth for the test.
func load() (train, test DigitsData, err error) {
	table, err := data.ReadCSV[float32](bytes.NewReader(digitsCSV), data.Options{Scale: 1.0 / 16})
	if err != nil {
		return train, test, fmt.Errorf("digits.csv: %w", err)
	}
	if len(table.Columns) != pixels || len(table.Classes) != classes {
		return train, test, fmt.Errorf("digits.csv: got %d columns and %d classes, want %d and %d", len(table.Columns), len(table.Classes), pixels, classes)
	}
	kept, rest := table.Split(func(i int) bool { return i%5 == 4 })
	return DigitsData{X: rest.Features, Y: rest.Labels}, DigitsData{X: kept.Features, Y: kept.Labels}, nil
}
