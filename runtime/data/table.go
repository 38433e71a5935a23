package data

// This file answers: how is a data set held in memory?

import (
	"fmt"
	"slices"

	"nngen/runtime"
)

// Table is a data set: a row of features and a target per sample. The target is a class, a number, or several numbers.
type Table[T nnrt.Float] struct {
	Columns  []string // names of the feature columns
	Rows     int      // number of samples
	Features []T      // [Rows, len(Columns)], row-major

	Label   string   // name of the target column; empty if there is none, or several
	Targets []string // names of the target columns if there are several
	Target  []T      // the target as a number per row, [Rows, len(Targets)] if there are several; nil if some value is not a number
	Classes []string // the distinct values of the target, sorted; nil if some value is a number with a fraction
	Labels  []int32  // the target as an index into Classes per row; nil if Classes is

	Dropped int // rows of the file left out by [Options.DropMissing]
}

// Row returns the features of sample i, a view of the table's memory.
func (t *Table[T]) Row(i int) []T {
	n := len(t.Columns)
	return t.Features[i*n : (i+1)*n : (i+1)*n]
}

// TargetRow returns the numbers to predict for sample i, a view of the table's memory; Target must not be nil.
func (t *Table[T]) TargetRow(i int) []T {
	n := t.targetWidth()
	return t.Target[i*n : (i+1)*n : (i+1)*n]
}

// targetWidth is the number of elements of Target in a row.
func (t *Table[T]) targetWidth() int { return max(len(t.Targets), 1) }

// Take copies the given rows, in the order given, into a new table; a row may come several times. All classes are kept, so equal indices mean
// equal classes. Rows must be from 0 to t.Rows-1.
func (t *Table[T]) Take(rows []int) *Table[T] {
	e := t.empty()
	e.Rows = len(rows)
	e.Features = nnrt.GatherRows(e.Features, t.Features, rows, len(t.Columns))
	if t.Target != nil {
		e.Target = nnrt.GatherRows(e.Target, t.Target, rows, t.targetWidth())
	}
	if t.Labels != nil {
		e.Labels = nnrt.GatherRows(e.Labels, t.Labels, rows, 1)
	}
	return e
}

// Clone returns a copy that shares only names with t.
func (t *Table[T]) Clone() *Table[T] {
	c := *t
	c.Features, c.Target, c.Labels = slices.Clone(t.Features), slices.Clone(t.Target), slices.Clone(t.Labels)
	return &c
}

// empty returns a table without rows that is like t in everything else.
func (t *Table[T]) empty() *Table[T] {
	e := &Table[T]{Columns: t.Columns, Label: t.Label, Targets: t.Targets, Classes: t.Classes}
	if t.Target != nil {
		e.Target = []T{}
	}
	if t.Labels != nil {
		e.Labels = []int32{}
	}
	return e
}

// Check returns an error that names what does not fit in a table: the length of a slice, a label that is no class, a number that is not finite.
// Tables that this package makes pass; it is for those made or changed by hand.
func (t *Table[T]) Check() error {
	switch width := t.targetWidth(); {
	case t.Rows < 0 || len(t.Columns) == 0:
		return fmt.Errorf("table: got %s of %s, want at least one column", counted(t.Rows, "row"), counted(len(t.Columns), "column"))
	case !product(len(t.Features), t.Rows, len(t.Columns)):
		return fmt.Errorf("table: got %s, want %s of %d", counted(len(t.Features), "feature"), counted(t.Rows, "row"), len(t.Columns))
	case t.Target != nil && !product(len(t.Target), t.Rows, width):
		return fmt.Errorf("table: got %s, want %s of %d", counted(len(t.Target), "target"), counted(t.Rows, "row"), width)
	case t.Labels != nil && len(t.Labels) != t.Rows:
		return fmt.Errorf("table: got %s, want %d", counted(len(t.Labels), "label"), t.Rows)
	}
	for i, l := range t.Labels {
		if l < 0 || int(l) >= len(t.Classes) {
			return fmt.Errorf("table: row %d: got label %d, want an index into %d classes", i, l, len(t.Classes))
		}
	}
	for i, v := range t.Features {
		if !finite(v) {
			n := len(t.Columns)
			return fmt.Errorf("table: row %d, column %q: got %v, want a finite number", i/n, t.Columns[i%n], v)
		}
	}
	for i, v := range t.Target {
		if !finite(v) {
			n := t.targetWidth()
			name := t.Label
			if len(t.Targets) > 0 {
				name = t.Targets[i%n]
			}
			return fmt.Errorf("table: row %d, target %q: got %v, want a finite number", i/n, name, v)
		}
	}
	return nil
}

// product reports whether n = rows * width, without overflow.
func product(n, rows, width int) bool { return n%width == 0 && n/width == rows }
