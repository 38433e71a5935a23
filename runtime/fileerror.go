package nnrt

// This file answers: what does a user hear about a model file or a checkpoint that does not load?

import (
	"errors"
	"strconv"

	"nngen/runtime/safetensors"
)

// What a [FileError] is, for errors.Is.
var (
	// ErrDamaged: the bytes are not those of a file that this package wrote. It was truncated, altered, or is of another kind.
	ErrDamaged = errors.New("damaged or foreign file")
	// ErrMismatch: the file is whole, but of another model, another schema, or a newer format.
	ErrMismatch = errors.New("file of another model")
	// ErrNoCheckpoint: there is no checkpoint in the folder, not even a damaged one.
	ErrNoCheckpoint = errors.New("no checkpoint")
)

// FileError says which file does not load, where in it, and why.
type FileError struct {
	Path  string // of the file; "embedded file" for bytes in memory
	Place string // such as "parameter h.W" or "byte 91"; empty if the file as a whole is meant
	Got   string // what was found
	Want  string // what fits
	Err   error  // ErrDamaged or ErrMismatch, or what went wrong with an attachment
}

// Error returns, for example, "digits.safetensors: parameter h.W: got shape [64, 32], want [64, 128]".
func (e *FileError) Error() string {
	s := e.Path + ": "
	if e.Place != "" {
		s += e.Place + ": "
	}
	s += "got " + e.Got
	if e.Want != "" {
		s += ", want " + e.Want
	}
	return s
}

// Unwrap returns Err.
func (e *FileError) Unwrap() error { return e.Err }

// damaged returns the error of a file that this package has not written like this.
func damaged(path, place, got, want string) error {
	return &FileError{Path: path, Place: place, Got: got, Want: want, Err: ErrDamaged}
}

// mismatch returns the error of a whole file that does not fit.
func mismatch(path, place, got, want string) error {
	return &FileError{Path: path, Place: place, Got: got, Want: want, Err: ErrMismatch}
}

// formatError gives errors of the format the type of this package: what is wrong with the bytes is damage, and what does not fit a
// request is a mismatch. Errors of the operating system stay as they are.
func formatError(path string, err error) error {
	var e *safetensors.Error
	if !errors.As(err, &e) || e.Err != nil && e.Err != safetensors.ErrFormat {
		return err
	}
	out := &FileError{Path: path, Got: e.Got, Want: e.Want, Err: ErrMismatch}
	if e.Err == safetensors.ErrFormat {
		out.Err = ErrDamaged
	}
	if e.Tensor != "" {
		out.Place = "tensor " + clip(e.Tensor)
	}
	if e.Byte >= 0 {
		if out.Place != "" {
			out.Place += ", "
		}
		out.Place += "byte " + strconv.FormatInt(e.Byte, 10)
	}
	return out
}

// clip shortens a text from a file and makes it printable.
func clip(s string) string {
	const most = 80
	tail := ""
	if len(s) > most {
		s, tail = s[:most], "..."
	}
	q := strconv.Quote(s)
	if q[1:len(q)-1] == s {
		return s + tail
	}
	return q + tail
}
