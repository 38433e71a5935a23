package data

// This file answers: what are the mean, deviation and range of each column?

import (
	"math"

	"nngen/runtime"
)

// moments collects the statistics of the values of one column, in one pass and in their order (Welford 1962), so that a table and a stream of
// the same rows have the same bits.
type moments struct {
	n              int
	mean, squares  float64 // squares: sum of the squared differences from the mean
	least, largest float64
}

func (m *moments) add(v float64) {
	if m.n == 0 {
		m.least, m.largest = v, v
	}
	m.n++
	d := v - m.mean
	m.mean += d / float64(m.n)
	m.squares += float64(d * (v - m.mean))
	m.least, m.largest = min(m.least, v), max(m.largest, v)
}

// deviation is the standard deviation of the values as a whole population, divided by n.
func (m *moments) deviation() float64 {
	if m.n == 0 {
		return 0
	}
	return math.Sqrt(m.squares / float64(m.n))
}

// addRows adds rows of len(m) values each.
func addRows[T nnrt.Float](m []moments, values []T) {
	for len(values) >= len(m) && len(m) > 0 {
		for c := range m {
			m[c].add(float64(values[c]))
		}
		values = values[len(m):]
	}
}

// momentsOf returns the statistics of the columns of a table's rows.
func momentsOf[T nnrt.Float](values []T, width int) []moments {
	m := make([]moments, width)
	addRows(m, values)
	return m
}
