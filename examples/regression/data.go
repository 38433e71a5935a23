package main

// This file answers: where do the measurements come from?

import (
	"bytes"
	_ "embed"
	"fmt"

	"nngen/runtime/data"
)

//go:embed iris.csv
var irisCSV []byte

// features are the columns that the petal width is computed from.
var features = [...]string{"sepal_length", "sepal_width", "petal_length"}

// load reads the features, each column moved to mean 0 and deviation 1, and the petal widths.
func load() (x, y []float64, err error) {
	table, err := data.ReadCSV[float64](bytes.NewReader(irisCSV), data.Options{Columns: features[:], Label: "petal_width"})
	if err != nil {
		return nil, nil, fmt.Errorf("iris.csv: %w", err)
	}
	scaling, err := data.Standardise(table)
	if err != nil {
		return nil, nil, fmt.Errorf("iris.csv: %w", err)
	}
	if err := scaling.Apply(table); err != nil {
		return nil, nil, fmt.Errorf("iris.csv: %w", err)
	}
	return table.Features, table.Target, nil
}
