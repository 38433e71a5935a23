package nnrt

// This file answers: what did a training run do, epoch by epoch?

import (
	"math"
	"slices"
)

// History is what [Fit] recorded: one row at the end of every epoch and one at every validation between. Its columns are
//
//	epoch, step, samples                   epochs begun, updates done and rows seen, from the beginning of the run
//	loss and the model's metrics           means over the epoch so far, weighted by rows, of what the steps reported
//	val_loss, val_ and the model's metrics of the validation at that step; missing where there was none
//	lr or lr_scale                         the trainer's, in the step before the row
//	seconds, samples_per_second            wall time of the run so far; rows by time of the epoch's steps, without validations
//
// A missing value is NaN in memory, an empty cell in CSV and null in JSON. All columns but the last two are the same in every run from
// the same seeds, resumed or not.
type History struct {
	Stopped StopReason // why the run ended
	Best    Best       // the best value of the monitored measure; zero if none was monitored

	columns []historyColumn
	rows    int
	expect  int // rows that it is likely to have
}

type historyColumn struct {
	name   string
	values []float64
}

// Best says when the monitored measure was best.
type Best struct {
	Measure string // such as "val_loss"
	Value   float64
	Epoch   int // counted from 1; 0 if nothing was measured yet
	Step    int // updates done when it was measured
}

// StopReason says why a run ended.
type StopReason string

// The reasons to stop.
const (
	StopEpochs    StopReason = "epochs"    // FitOptions.Epochs are done
	StopSteps     StopReason = "steps"     // FitOptions.Steps are done
	StopPatience  StopReason = "patience"  // no improvement for FitOptions.EarlyStop.Patience measurements
	StopCallback  StopReason = "callback"  // a callback returned ErrStop
	StopCancelled StopReason = "cancelled" // the context was cancelled
	StopError     StopReason = "error"     // Fit returned an error
)

// Len returns the number of rows.
func (h *History) Len() int { return h.rows }

// Names returns the names of the columns in their order.
func (h *History) Names() []string {
	names := make([]string, len(h.columns))
	for i, c := range h.columns {
		names[i] = c.name
	}
	return names
}

// Column returns a copy of a column, one value a row and NaN where it is missing; nil if there is no column of that name.
func (h *History) Column(name string) []float64 {
	if c := h.find(name); c != nil {
		return slices.Clone(c.values)
	}
	return nil
}

// Last returns the newest value of a column that is not missing; NaN if there is none.
func (h *History) Last(name string) float64 {
	if c := h.find(name); c != nil {
		for _, v := range slices.Backward(c.values) {
			if !math.IsNaN(v) {
				return v
			}
		}
	}
	return math.NaN()
}

func (h *History) find(name string) *historyColumn {
	for i := range h.columns {
		if h.columns[i].name == name {
			return &h.columns[i]
		}
	}
	return nil
}

// insert makes a new column number i, with values missing in the rows so far.
func (h *History) insert(i int, name string) {
	c := historyColumn{name: name, values: make([]float64, h.rows, max(h.rows+16, h.expect))}
	Fill(c.values, math.NaN())
	h.columns = slices.Insert(h.columns, i, c)
}

// add appends a row with a value for each column.
func (h *History) add(row []float64) {
	for i, v := range row {
		c := &h.columns[i]
		if len(c.values) == cap(c.values) {
			c.values = slices.Grow(c.values, len(c.values)+16) // append alone would copy long columns several times
		}
		c.values = append(c.values, v)
	}
	h.rows++
}
