package data

// This file answers: how does a CSV file become a table?

import (
	"io"
	"slices"
	"strings"

	"nngen/runtime"
)

// Options says how to read a CSV file. The zero value reads a file with a header whose last column is the target.
type Options struct {
	// NoHeader is set for files whose first line holds data. The columns are then called "1", "2" and so on.
	NoHeader bool
	// Label is the name of the target column; empty means the last one.
	Label string
	// NoLabel is set for files without a target, where every column is a feature.
	NoLabel bool
	// Targets are the names of several columns that hold numbers to predict, instead of one target.
	Targets []string
	// Columns are the names of the feature columns, in the order wanted; empty means all that are no target.
	Columns []string
	// Classes are the classes that the target may have, in the order of their indices, such as the Classes of the table that a model was
	// trained on. Another class is then an error. Empty means those of the file, sorted.
	Classes []string
	// Scale is a factor for all features; zero means one.
	Scale float64
	// Comma separates the fields; zero means ',', and that a first line of one field with ';' or a tab in it is an error.
	Comma rune
	// DropMissing leaves out rows in which a column that is read holds no value; otherwise they are an error.
	DropMissing bool
}

// ReadFile reads a CSV file by [ReadCSV]; errors begin with its path.
func ReadFile[T nnrt.Float](path string, o Options) (*Table[T], error) {
	return fromFile(path, func(r io.Reader) (*Table[T], error) { return ReadCSV[T](r, o) })
}

// ReadCSV reads comma-separated values, gzip or not: features are finite numbers, the target is a number or a text. Fields may be quoted as in
// RFC 4180; spaces around them and empty lines are ignored. A column in which every value is an integer or some value is a text holds classes:
// integers are sorted by value, texts by their bytes. A missing value (an empty field, ?, NA, N/A, NaN, null, none or nil, in capital or small
// letters) is an error unless [Options.DropMissing] is set or [Options.Classes] names it. What does not fit is an [*Error].
func ReadCSV[T nnrt.Float](r io.Reader, o Options) (*Table[T], error) {
	c, err := newCSVRows[T](r, o)
	if err != nil {
		return nil, err
	}
	t := c.table()
	features, target := make([]T, len(t.Columns)), make([]T, len(t.Targets))
	var texts []string
	for {
		label, err := c.read(features, target)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		t.Features = append(t.Features, features...)
		t.Target = append(t.Target, target...)
		if c.layout.label >= 0 {
			texts = append(texts, strings.Clone(label)) // it points into its whole record
		}
		t.Rows++
	}
	t.Dropped = c.dropped
	if t.Rows == 0 {
		return nil, c.noRows()
	}
	if c.layout.label >= 0 {
		t.setTarget(texts, c)
	}
	return t, nil
}

// setTarget fills Target, Classes and Labels from the texts of the target column.
func (t *Table[T]) setTarget(texts []string, c *csvRows[T]) {
	var col column[T]
	t.Target = make([]T, len(texts))
	for i, s := range texts {
		t.Target[i] = col.add(s)
	}
	if !col.numeric() {
		t.Target = nil
	}
	switch {
	case c.index != nil:
		t.Classes = slices.Clone(c.options.Classes)
		t.Labels = make([]int32, len(texts))
		for i, s := range texts {
			t.Labels[i] = c.index[s]
		}
	case col.classes():
		t.Classes, t.Labels = classesOf(texts, col.order())
	}
}
