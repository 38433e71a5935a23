package main

// This file answers: where do the flowers come from?

import (
	"bytes"
	_ "embed"
	"fmt"

	"nngen/runtime/data"
)

const (
	features = 4
	species  = 3
)

//go:embed iris.csv
var irisCSV []byte

// readFlowers reads the measures of all flowers and their species.
func readFlowers() (*data.Table[float32], error) {
	table, err := data.ReadCSV[float32](bytes.NewReader(irisCSV), data.Options{Label: "species"})
	if err != nil {
		return nil, fmt.Errorf("iris.csv: %w", err)
	}
	if len(table.Columns) != features || len(table.Classes) != species {
		return nil, fmt.Errorf("iris.csv: got %d measures and %d species, want %d and %d", len(table.Columns), len(table.Classes), features, species)
	}
	return table, nil
}
