package nnrt

import (
	"fmt"
	"slices"
	"strconv"
	"unsafe"
)

// This file answers: how do batches of typed data come out of a whole data set?

// GatherRows returns rows idx of src, each width elements wide, in dst's memory; fresh memory where dst is too small or part of src, as
// a batch is after Slice.
func GatherRows[T any](dst, src []T, idx []int, width int) []T {
	if overlap(dst[:cap(dst)], src) {
		dst = nil
	}
	dst = slices.Grow(dst[:0], len(idx)*width)[:len(idx)*width]
	if width == 1 {
		for i, r := range idx {
			dst[i] = src[r]
		}
		return dst
	}
	if gatherVector(dst, src, idx, width) {
		return dst
	}
	for i, r := range idx {
		row := int64(r) * int64(width) // more than an int of 32 bits holds, if the index is wrong
		if width > 0 {
			_ = src[row+int64(width)-1] // a slice expression would accept what lies beyond the length
		}
		copy(dst[i*width:][:width], src[row:])
	}
	return dst
}

// overlap reports whether two slices share memory.
func overlap[T any](a, b []T) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	size := unsafe.Sizeof(a[0])
	a0, b0 := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return a0 < b0+uintptr(len(b))*size && b0 < a0+uintptr(len(a))*size
}

// PerRow returns how many of n elements belong to each of rows rows; none where there are no rows.
func PerRow(n, rows int) int {
	if rows == 0 {
		return 0
	}
	return n / rows
}

// CheckSize returns an error unless a run-time size is from 1 to max.
func CheckSize(model, field string, got, max int) error {
	if got < 1 || got > max {
		return &BorderError{Model: model, Field: field, Got: fmt.Sprint(got), Want: fmt.Sprintf("a size from 1 to %d", max)}
	}
	return nil
}

// CheckDerived returns an error unless the run-time size that the length of a field says is from 1 to max.
func CheckDerived(model, field, size string, values, got, max int) error {
	if got < 1 || got > max {
		return &BorderError{Model: model, Field: field, Got: fmt.Sprintf("%s, which makes %s %d", counted(values, "value"), size, got), Want: fmt.Sprintf("%s from 1 to %d", size, max)}
	}
	return nil
}

// MaxRows is the largest capacity of a trainer or predictor: what is larger is a mistake, and sizes computed from it could overflow.
const MaxRows = 1 << 27

// CheckCapacity returns an error unless n can be the capacity of a trainer or predictor.
func CheckCapacity(model string, n int) error {
	if n < 1 || n > MaxRows {
		return &BorderError{Model: model, Field: "MaxBatch", Got: strconv.Itoa(n), Want: fmt.Sprintf("1 to %d", MaxRows)}
	}
	return nil
}

// Itoa returns n in decimal.
func Itoa(n int) string { return strconv.Itoa(n) }

// Fill sets every element of x to v.
func Fill[T any](x []T, v T) {
	const few = 32
	for i := range x[:min(few, len(x))] {
		x[i] = v
	}
	for n := few; n < len(x); n *= 2 { // a copy moves more at once than a loop
		copy(x[n:], x[:n])
	}
}

// View returns the n elements of flat from off on.
func View[T any](flat []T, off, n int) []T { return flat[off : off+n : off+n] }
