package data

// This file answers: how do values that a program already has become a table?

import (
	"fmt"
	"iter"

	"nngen/runtime"
)

// Target is what a row may say that it is: a text is a class, an integer the index of a class, a floating-point number a number to predict.
type Target interface {
	string | int | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// FromRows makes a table of rows of features and their targets, in the order in which an iterator yields them; it copies them. Columns names the
// features; nil means "1", "2" and so on. Classes of texts are sorted; integers are class indices as they are, and Classes "0" to the largest.
// What does not fit is an error that names the row, from 0.
func FromRows[T nnrt.Float, L Target](columns []string, rows iter.Seq2[[]T, L]) (*Table[T], error) {
	t := &Table[T]{Columns: columns, Label: "target"}
	var targets []L
	for x, y := range rows {
		if err := t.add(x); err != nil {
			return nil, err
		}
		targets = append(targets, y)
	}
	if t.Rows == 0 {
		return nil, fmt.Errorf("rows: got none, want at least one")
	}
	return t, setTargets(t, targets)
}

// FromSlices makes a table of rows x of equal length and their targets y, by the rules of [FromRows]; y may be nil for a table without a target.
func FromSlices[T nnrt.Float, L Target](columns []string, x [][]T, y []L) (*Table[T], error) {
	if y == nil {
		t := &Table[T]{Columns: columns}
		for _, row := range x {
			if err := t.add(row); err != nil {
				return nil, err
			}
		}
		if t.Rows == 0 {
			return nil, fmt.Errorf("rows: got none, want at least one")
		}
		return t, t.Check()
	}
	if len(x) != len(y) {
		return nil, fmt.Errorf("target: got %s, want %d, one for each row", counted(len(y), "value"), len(x))
	}
	return FromRows(columns, func(yield func([]T, L) bool) {
		for i, row := range x {
			if !yield(row, y[i]) {
				return
			}
		}
	})
}

// add appends a row of features; the first says how many there are if columns have no names yet.
func (t *Table[T]) add(x []T) error {
	if t.Rows == 0 && t.Columns == nil {
		t.Columns = numbered(len(x))
	}
	if len(x) != len(t.Columns) || len(x) == 0 {
		return fmt.Errorf("row %d: got %s, want %d", t.Rows, counted(len(x), "feature"), max(len(t.Columns), 1))
	}
	t.Features = append(t.Features, x...)
	t.Rows++
	return nil
}

// setTargets fills the target from values of any kind and checks the table.
func setTargets[T nnrt.Float, L Target](t *Table[T], y []L) error {
	switch y := any(y).(type) {
	case []string:
		for i, s := range y {
			if s == "" {
				return fmt.Errorf("row %d: got an empty class name, want a text", i)
			}
		}
		t.Classes, t.Labels = classesOf(y, textOrder)
		return t.Check()
	case []int:
		wide := make([]int64, len(y))
		for i, v := range y {
			wide[i] = int64(v)
		}
		return setNumbers(t, wide)
	case []int8:
		return setNumbers(t, y)
	case []int16:
		return setNumbers(t, y)
	case []int32:
		return setNumbers(t, y)
	case []int64:
		return setNumbers(t, y)
	case []uint8:
		return setNumbers(t, y)
	case []uint16:
		return setNumbers(t, y)
	case []uint32:
		return setNumbers(t, y)
	case []uint64:
		return setNumbers(t, y)
	case []float32:
		return setNumbers(t, y)
	default:
		return setNumbers(t, any(y).([]float64))
	}
}
