package data

// This file answers: how do features come to a common scale, in training and when serving?

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"nngen/runtime"
)

// Scaling moves and stretches each column of a row: y = (x - Shift) / Scale, computed in float64. It is fitted on the training part only, by
// [Standardise] or [MinMax], and then applied to every part and to every row that a model predicts from. Marshalled as JSON it keeps every
// bit, so it can be saved with the model's weights; what is unmarshalled is checked.
type Scaling[T nnrt.Float] struct {
	Kind    string    `json:"kind"`    // "standardise" or "minmax"
	Columns []string  `json:"columns"` // names of the columns
	Shift   []float64 `json:"shift"`   // mean or least value of each column
	Scale   []float64 `json:"scale"`   // deviation or range of each column; 1 for a column whose values are all equal, which becomes 0
}

// Standardise returns the scaling that gives each feature column of train mean 0 and standard deviation 1 (of the population: divided by n).
func Standardise[T nnrt.Float](train *Table[T]) (*Scaling[T], error) {
	if err := train.Check(); err != nil {
		return nil, err
	}
	return fit[T]("standardise", train.Columns, momentsOf(train.Features, len(train.Columns)))
}

// MinMax returns the scaling that moves each feature column of train into 0 to 1. Values that lie outside what train has seen come to lie
// outside of 0 to 1.
func MinMax[T nnrt.Float](train *Table[T]) (*Scaling[T], error) {
	if err := train.Check(); err != nil {
		return nil, err
	}
	return fit[T]("minmax", train.Columns, momentsOf(train.Features, len(train.Columns)))
}

// StandardiseTarget is [Standardise] for the numbers to predict; [Scaling.InverseRow] brings a prediction back to their own scale.
func StandardiseTarget[T nnrt.Float](train *Table[T]) (*Scaling[T], error) {
	if err := train.Check(); err != nil {
		return nil, err
	}
	names, err := train.targetNames()
	if err != nil {
		return nil, err
	}
	return fit[T]("standardise", names, momentsOf(train.Target, len(names)))
}

// targetNames returns the names of the numbers to predict.
func (t *Table[T]) targetNames() ([]string, error) {
	switch {
	case t.Target == nil:
		return nil, fmt.Errorf("scaling: got a table without a numeric target, want one")
	case len(t.Targets) > 0:
		return t.Targets, nil
	}
	return []string{t.Label}, nil
}

// fit makes a scaling of what was seen in each column.
func fit[T nnrt.Float](kind string, columns []string, m []moments) (*Scaling[T], error) {
	s := &Scaling[T]{Kind: kind, Columns: columns, Shift: make([]float64, len(m)), Scale: make([]float64, len(m))}
	for i := range m {
		if m[i].n == 0 {
			return nil, fmt.Errorf("scaling: got no rows, want at least one")
		}
		s.Shift[i], s.Scale[i] = m[i].mean, m[i].deviation()
		if kind == "minmax" {
			s.Shift[i], s.Scale[i] = m[i].least, m[i].largest-m[i].least
		}
		if s.Scale[i] == 0 { // equal values, whose mean and deviation are exact, or differences so tiny that their squares vanish
			s.Scale[i] = 1
		}
	}
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("%w: the values of the column are too large", err)
	}
	return s, nil
}

// Check returns an error that names the column whose numbers cannot be used; nil when the scaling is whole.
func (s *Scaling[T]) Check() error {
	if s.Kind != "standardise" && s.Kind != "minmax" {
		return fmt.Errorf("scaling: got kind %s, want standardise or minmax", clipped(s.Kind))
	}
	n := len(s.Columns)
	if n == 0 || len(s.Shift) != n || len(s.Scale) != n {
		return fmt.Errorf("scaling: got %s, %s and %s, want as many of each, and at least one",
			counted(n, "column"), counted(len(s.Shift), "shift"), counted(len(s.Scale), "scale"))
	}
	for i, name := range s.Columns {
		if !finite(s.Shift[i]) || !finite(s.Scale[i]) || s.Scale[i] <= 0 {
			return fmt.Errorf("scaling: column %s: got shift %v and scale %v, want finite numbers, and a scale above 0", clipped(name), s.Shift[i], s.Scale[i])
		}
	}
	return nil
}

// UnmarshalJSON reads and checks a scaling; it leaves s alone if anything is wrong.
func (s *Scaling[T]) UnmarshalJSON(b []byte) error {
	type plain Scaling[T]
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		if e := (*json.UnmarshalTypeError)(nil); errors.As(err, &e) { // whose own text names the type plain
			want := e.Type.String()
			if e.Type == reflect.TypeFor[plain]() {
				want = "an object with kind, columns, shift and scale"
			}
			if e.Field != "" {
				return fmt.Errorf("scaling: %s: got %s, want %s", e.Field, e.Value, want)
			}
			return fmt.Errorf("scaling: got %s, want %s", e.Value, want)
		}
		return fmt.Errorf("scaling: %w", err)
	}
	read := Scaling[T](p)
	if err := read.Check(); err != nil {
		return err
	}
	*s = read
	return nil
}

// Row scales the features of one row from src to dst, which may be the same slice. It does not allocate.
func (s *Scaling[T]) Row(dst, src []T) error {
	shift, scale := s.Shift, s.Scale
	if n := len(src); len(dst) != n || len(s.Columns) != n || len(shift) != n || len(scale) != n {
		return s.lengthError(len(dst), len(src))
	}
	for i, x := range src {
		dst[i] = T((float64(x) - shift[i]) / scale[i])
	}
	return nil
}

// InverseRow undoes [Scaling.Row], up to rounding. It does not allocate.
func (s *Scaling[T]) InverseRow(dst, src []T) error {
	shift, scale := s.Shift, s.Scale
	if n := len(src); len(dst) != n || len(s.Columns) != n || len(shift) != n || len(scale) != n {
		return s.lengthError(len(dst), len(src))
	}
	for i, y := range src {
		dst[i] = T(float64(float64(y)*scale[i]) + shift[i])
	}
	return nil
}

func (s *Scaling[T]) lengthError(dst, src int) error {
	if err := s.Check(); err != nil {
		return err
	}
	return fmt.Errorf("scaling: got a row of %s for one of %d, want %d, one for each column", counted(src, "value"), dst, len(s.Columns))
}

// Apply scales the features of a table in place; use [Table.Clone] to keep the original. The columns must be those that the scaling was fitted on.
func (s *Scaling[T]) Apply(t *Table[T]) error {
	return s.each(t.Features, t.Columns, s.Row)
}

// Inverse undoes [Scaling.Apply], up to rounding.
func (s *Scaling[T]) Inverse(t *Table[T]) error {
	return s.each(t.Features, t.Columns, s.InverseRow)
}

// ApplyTarget scales the numbers to predict in place, by a scaling of [StandardiseTarget].
func (s *Scaling[T]) ApplyTarget(t *Table[T]) error {
	names, err := t.targetNames()
	if err != nil {
		return err
	}
	return s.each(t.Target, names, s.Row)
}

// each calls f for rows of values in place, after it has compared their columns with the scaling's.
func (s *Scaling[T]) each(values []T, columns []string, f func(dst, src []T) error) error {
	n := len(s.Columns)
	if len(columns) != n || n == 0 {
		return fmt.Errorf("scaling: got a table of %s, want %d", counted(len(columns), "column"), n)
	}
	for i, name := range columns {
		if name != s.Columns[i] {
			return fmt.Errorf("scaling: column %d: got %s, want %s", i+1, clipped(name), clipped(s.Columns[i]))
		}
	}
	if len(values)%n != 0 {
		return fmt.Errorf("scaling: got %s, want rows of %d", counted(len(values), "value"), n)
	}
	for ; len(values) > 0; values = values[n:] {
		if err := f(values[:n], values[:n]); err != nil {
			return err
		}
	}
	return nil
}
