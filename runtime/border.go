package nnrt

// This file answers: what does a user hear when data does not fit the model?

import (
	"fmt"
	"math"
	"strconv"
)

// BorderError says that data handed to a model does not fit it.
type BorderError struct {
	Model string // name of the model, as declared
	Field string // Go field of the input struct; empty when the batch as a whole is wrong
	Got   string // what was found
	Want  string // what fits
}

// Error returns, for example, "digits: field X: got 12 values, want 64 (= batch 1 x 64)".
func (e *BorderError) Error() string {
	if e.Field == "" {
		return e.Model + ": got " + e.Got + ", want " + e.Want
	}
	return e.Model + ": field " + e.Field + ": got " + e.Got + ", want " + e.Want
}

// CheckLen returns an error unless a field of got values holds exactly rows rows of width values.
func CheckLen(model, field string, got, rows, width int) error {
	if got == rows*width {
		return nil
	}
	return lenError(model, field, got, rows, width)
}

// The errors are made apart from the checks, which are then so short that they become part of the generated code: a tiny model's step
// takes a tenth of a microsecond.
func lenError(model, field string, got, rows, width int) error {
	return &BorderError{
		Model: model, Field: field,
		Got:  counted(got, "value"),
		Want: fmt.Sprintf("%d (= batch %d x %d)", rows*width, rows, width),
	}
}

// CheckIndex returns an error that names the first position whose index lies outside [0, limit).
func CheckIndex(model, field string, idx []int32, limit int) error {
	most := uint32(min(uint64(limit), 1<<31)) // what is below zero is above it
	for i, v := range idx {
		if uint32(v) >= most {
			return &BorderError{
				Model: model, Field: field,
				Got:  fmt.Sprintf("%d at position %d", v, i),
				Want: fmt.Sprintf("a value from 0 to %d", limit-1),
			}
		}
	}
	return nil
}

// CheckMultiple returns an error unless a field of got values holds whole rows of width values.
func CheckMultiple(model, field string, got, width int) error {
	if width > 0 && got%width == 0 {
		return nil
	}
	return multipleError(model, field, got, width)
}

func multipleError(model, field string, got, width int) error {
	return &BorderError{Model: model, Field: field, Got: counted(got, "value"), Want: fmt.Sprintf("a multiple of %d (one row)", width)}
}

// CheckModel returns an error for a trainer or predictor of no model.
func CheckModel(model string, missing bool) error {
	if !missing {
		return nil
	}
	return &BorderError{Model: model, Got: "a nil or empty model", Want: "one made by New" + model}
}

// CheckBatch returns an error unless n is a batch size from 1 to the capacity max.
func CheckBatch(model string, n, max int) error {
	if n > 0 && n <= max {
		return nil
	}
	return batchError(model, n, max)
}

func batchError(model string, n, max int) error {
	if n <= 0 {
		want := "1 to " + counted(max, "row")
		if max == math.MaxInt {
			want = "at least 1 row"
		}
		return &BorderError{Model: model, Got: "an empty batch", Want: want}
	}
	return &BorderError{Model: model, Got: "a batch of " + counted(n, "row"), Want: fmt.Sprintf("at most %d (MaxBatch, the capacity)", max)}
}

func counted(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// OrderError says that the parts of a training step were called out of order.
type OrderError struct {
	Model string // name of the model, as declared
	Call  string // the method called
	Need  string // the method that must come before it
}

// Error returns, for example, "digits: Backward called without Forward before it".
func (e *OrderError) Error() string {
	return e.Model + ": " + e.Call + " called without " + e.Need + " before it"
}
