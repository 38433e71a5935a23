package main

// This file answers: what do the two models learn from?

import (
	"bytes"
	_ "embed"
	"fmt"

	"nngen/runtime/data"
)

//go:embed iris.csv
var irisCSV []byte

// A flowers is the data of both models, standardised: each column has mean 0 and deviation 1.
type flowers struct {
	x      []float64 // [rows, 4], the four measures
	class  []int32   // the species
	length []float64 // of the petals
	width  []float64 // of the petals
}

// load reads the 150 flowers. All of them are trained on: this program compares how losses fall, not how well a model judges flowers
// that it has not seen.
func load() (*flowers, error) {
	table, err := data.ReadCSV[float64](bytes.NewReader(irisCSV), data.Options{Label: "species"})
	if err != nil {
		return nil, fmt.Errorf("iris.csv: %w", err)
	}
	scaling, err := data.Standardise(table)
	if err != nil {
		return nil, fmt.Errorf("iris.csv: %w", err)
	}
	if err := scaling.Apply(table); err != nil {
		return nil, fmt.Errorf("iris.csv: %w", err)
	}
	f := &flowers{x: table.Features, class: table.Labels}
	const columns = 4
	for r := range table.Rows {
		f.length = append(f.length, table.Features[r*columns+2])
		f.width = append(f.width, table.Features[r*columns+3])
	}
	return f, nil
}
