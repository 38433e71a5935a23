package data

// This file answers: how is a data set held in memory?

import "nngen/runtime"

// Table is a data set: a row of features and a target per sample.
type Table[T nnrt.Float] struct {
	Columns  []string // names of the feature columns
	Rows     int      // number of samples
	Features []T      // [Rows, len(Columns)], row-major

	Label   string   // name of the target column; empty if there is none
	Target  []T      // the target as a number per row; nil if some value is not a number
	Classes []string // the distinct values of the target, sorted; nil if some value is a number with a fraction
	Labels  []int32  // the target as an index into Classes per row; nil if Classes is
}

// Row returns the features of sample i.
func (t *Table[T]) Row(i int) []T {
	n := len(t.Columns)
	return t.Features[i*n : (i+1)*n : (i+1)*n]
}

// Split copies the rows i for which the rule holds into one table and the others into another, in their order.
// Both keep all classes, so equal indices mean equal classes.
func (t *Table[T]) Split(rule func(i int) bool) (yes, no *Table[T]) {
	yes, no = t.empty(), t.empty()
	for i := range t.Rows {
		to := no
		if rule(i) {
			to = yes
		}
		to.Rows++
		to.Features = append(to.Features, t.Row(i)...)
		if t.Target != nil {
			to.Target = append(to.Target, t.Target[i])
		}
		if t.Labels != nil {
			to.Labels = append(to.Labels, t.Labels[i])
		}
	}
	return yes, no
}

// empty returns a table without rows that is like t in everything else.
func (t *Table[T]) empty() *Table[T] {
	e := &Table[T]{Columns: t.Columns, Label: t.Label, Classes: t.Classes}
	if t.Target != nil {
		e.Target = []T{}
	}
	if t.Labels != nil {
		e.Labels = []int32{}
	}
	return e
}
