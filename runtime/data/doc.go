// Package data reads data sets for training into flat slices, the form in which generated models take them.
//
//	t, err := data.ReadFile[float32]("digits.csv", data.Options{Label: "class", Scale: 1.0 / 16})
//	test, train := t.Split(func(i int) bool { return i%5 == 4 })
//	// train.Features holds train.Rows rows of len(train.Columns) values, train.Labels a class index per row.
//
// Errors name the line, the column, what was found and what was wanted.
package data
