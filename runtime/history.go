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

	names  []string  // of the columns
	values []float64 // row after row
	rows   int
	expect int // rows that it is likely to have
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
func (h *History) Names() []string { return slices.Clone(h.names) }

// Column returns a copy of a column, one value a row and NaN where it is missing; nil if there is no column of that name.
func (h *History) Column(name string) []float64 {
	i := slices.Index(h.names, name)
	if i < 0 {
		return nil
	}
	out := make([]float64, h.rows)
	for row := range out {
		out[row] = h.at(row, i)
	}
	return out
}

// Has reports whether there is a column of that name.
func (h *History) Has(name string) bool { return slices.Contains(h.names, name) }

// Last returns the newest value of a column that is not missing; NaN if there is none, which is also so for a name that [History.Has] does
// not know, such as a misspelt one.
func (h *History) Last(name string) float64 {
	if i := slices.Index(h.names, name); i >= 0 {
		for row := h.rows - 1; row >= 0; row-- {
			if v := h.at(row, i); !math.IsNaN(v) {
				return v
			}
		}
	}
	return math.NaN()
}

func (h *History) at(row, column int) float64 { return h.values[row*len(h.names)+column] }

// insert makes a new column number i, with values missing in the rows so far.
func (h *History) insert(i int, name string) {
	wide := make([]float64, 0, h.rows*(len(h.names)+1))
	for row := range h.rows {
		old := h.values[row*len(h.names):][:len(h.names)]
		wide = append(append(append(wide, old[:i]...), math.NaN()), old[i:]...)
	}
	h.values = wide
	h.names = slices.Insert(h.names, i, name)
}

// add appends a row with a value for each column.
func (h *History) add(row []float64) {
	if len(h.values)+len(row) > cap(h.values) { // append alone would copy a long history several times
		h.values = slices.Grow(h.values, max(len(h.values)+16*len(row), h.expect*len(row)-len(h.values)))
	}
	h.values = append(h.values, row...)
	h.rows++
}
