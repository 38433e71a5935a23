package nnrt

import (
	"fmt"
	"slices"
	"strconv"
)

// This file answers: how do batches of typed data come out of a whole data set?

// GatherRows returns rows idx of src, each width elements wide, in dst's memory, which grows when it is too small.
func GatherRows[T any](dst, src []T, idx []int, width int) []T {
	dst = slices.Grow(dst[:0], len(idx)*width)[:len(idx)*width]
	for i, r := range idx {
		copy(dst[i*width:][:width], src[r*width:][:width])
	}
	return dst
}

// CheckSize returns an error unless a run-time size is from 1 to max.
func CheckSize(model, field string, got, max int) error {
	if got < 1 || got > max {
		return &BorderError{Model: model, Field: field, Got: fmt.Sprint(got), Want: fmt.Sprintf("a size from 1 to %d", max)}
	}
	return nil
}

// Itoa returns n in decimal.
func Itoa(n int) string { return strconv.Itoa(n) }

// Fill sets every element of x to v.
func Fill[T any](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

// View returns the n elements of flat from off on.
func View[T any](flat []T, off, n int) []T { return flat[off : off+n : off+n] }
