package nnrt

// This file answers: what does a running Fit tell, and how does a line of it read?

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// EventKind says when an event happens.
type EventKind uint8

// The kinds of events.
const (
	EventStart    EventKind = iota // before the first step, after resuming
	EventStep                      // after an update
	EventProgress                  // between steps, for Report
	EventRow                       // a validation within an epoch
	EventEpoch                     // the end of an epoch
	EventEnd                       // the end of the run
)

// FitEvent is where a run stands. It belongs to [Fit], which uses it again: what is needed later must be copied.
type FitEvent struct {
	Kind   EventKind
	Epoch  int // the epoch of the last step, counted from 1
	Epochs int // asked for; 0 if only steps were
	Step   int // updates of the run so far
	Steps  int // updates of the whole run; 0 if not known
	Rows   int // rows of the step for EventStep, otherwise of the epoch so far

	// Names and Values are the training measures: of the step for EventStep, otherwise their means over the epoch so far, weighted by
	// rows. Values is empty before the first step, and before the first of a resumed run.
	Names  []string
	Values []float64

	// Validation holds the measures of the last validation, ValidationNames their names, such as "val_loss"; empty before the first.
	ValidationNames []string
	Validation      []float64
	Validated       bool // the validation was after this very update
	Best            bool // and the monitored measure, or that of the epoch, is the best so far

	RateName         string  // "lr" or "lr_scale"; empty if the trainer has neither
	Rate             float64 // its value
	Seconds          float64 // wall time of the run so far, read about every millisecond
	SamplesPerSecond float64 // rows by time in the steps of the last epoch or the last part of one; 0 if not known yet
	Stopped          StopReason
}

// Value returns a measure by name, such as "loss" or "val_accuracy"; NaN if there is none.
func (e *FitEvent) Value(name string) float64 {
	if i := slices.Index(e.Names, name); i >= 0 && i < len(e.Values) {
		return e.Values[i]
	}
	if i := slices.Index(e.ValidationNames, name); i >= 0 && i < len(e.Validation) {
		return e.Validation[i]
	}
	return math.NaN()
}

// AppendLine appends the event as a line of text without an end of line:
//
//	epoch 3/20  step 1407  loss 0.2113  accuracy 0.9378  val_loss 0.1951  val_accuracy 0.943  best  lr 0.001  182k samples/s  2.3s
//
// Validation measures are in the line only if they are new.
func (e *FitEvent) AppendLine(dst []byte) []byte {
	dst = append(dst, "epoch "...)
	dst = strconv.AppendInt(dst, int64(e.Epoch), 10)
	if e.Epochs > 0 {
		dst = append(dst, '/')
		dst = strconv.AppendInt(dst, int64(e.Epochs), 10)
	}
	dst = append(dst, "  step "...)
	dst = strconv.AppendInt(dst, int64(e.Step), 10)
	for i, v := range e.Values {
		dst = appendMeasure(dst, e.Names[i], v)
	}
	if e.Validated {
		for i, v := range e.Validation {
			dst = appendMeasure(dst, e.ValidationNames[i], v)
		}
	}
	if e.Best {
		dst = append(dst, "  best"...)
	}
	if e.RateName != "" {
		dst = appendMeasure(dst, e.RateName, e.Rate)
	}
	if e.SamplesPerSecond > 0 {
		dst = append(dst, ' ', ' ')
		dst = appendCount(dst, e.SamplesPerSecond)
		dst = append(dst, " samples/s"...)
	}
	dst = append(dst, ' ', ' ')
	return appendSeconds(dst, e.Seconds)
}

// appendMeasure appends a name and four digits of a value.
func appendMeasure(dst []byte, name string, v float64) []byte {
	dst = append(append(append(dst, ' ', ' '), name...), ' ')
	return strconv.AppendFloat(dst, v, 'g', 4, 64)
}

// appendCount appends a number of things in three digits: 934, 12.3k, 182k, 4.05M.
func appendCount(dst []byte, v float64) []byte {
	unit := ""
	for _, u := range []string{"k", "M", "G", "T"} {
		if v < 999.5 {
			break
		}
		v /= 1000
		unit = u
	}
	digits := 0
	switch {
	case unit != "" && v < 9.995:
		digits = 2
	case unit != "" && v < 99.95:
		digits = 1
	}
	return append(strconv.AppendFloat(dst, v, 'f', digits, 64), unit...)
}

// appendSeconds appends a time: 0.4s, 12.1s, 3m7s, 2h5m0s.
func appendSeconds(dst []byte, s float64) []byte {
	if s < 59.95 {
		return append(strconv.AppendFloat(dst, s, 'f', 1, 64), 's')
	}
	return append(dst, (time.Duration(s * float64(time.Second))).Round(time.Second).String()...)
}
