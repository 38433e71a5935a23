package data

// This file answers: how do rows come from a CSV file, one at a time?

import (
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"nngen/runtime"
)

// mostClassBytes bounds the memory for the names of classes that a stream collects; a column that needs more holds no classes.
const mostClassBytes = 16 << 20

// OpenCSV opens a CSV file, gzip or not, as a stream, by the rules and with the errors of [ReadCSV]. It reads the file once. Unlike ReadCSV it
// takes a target column with more than some hundred thousand distinct integers for numbers only.
func OpenCSV[T nnrt.Float](path string, o Options) (*Stream[T], error) {
	s := &Stream[T]{name: path}
	if err := s.survey(path, o); err != nil {
		return nil, err
	}
	var index map[string]int32
	if s.Classes != nil {
		index = make(map[string]int32, len(s.Classes))
		for i, c := range s.Classes {
			index[c] = int32(i)
		}
		o.Classes = s.Classes // what a changed file has besides them is an error
	}
	s.open = func() (rowReader[T], error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		rows, err := newCSVRows[T](f, o)
		if err == nil && !slices.Equal(rows.table().Columns, s.Columns) {
			err = &Error{Line: rows.line, Got: "columns " + quoted(rows.table().Columns), Want: quoted(s.Columns) + ", as when the stream was opened"}
		}
		if err != nil {
			f.Close()
			return nil, inFile(path, err)
		}
		return &csvReader[T]{rows: rows, file: f, index: index}, nil
	}
	return s, nil
}

// survey reads the file once and fills in what the stream knows.
func (s *Stream[T]) survey(path string, o Options) error {
	_, err := fromFile(path, func(r io.Reader) (*Stream[T], error) { return s, s.surveyRows(r, o) })
	return err
}

func (s *Stream[T]) surveyRows(r io.Reader, o Options) error {
	rows, err := newCSVRows[T](r, o)
	if err != nil {
		return err
	}
	t := rows.table()
	s.Columns, s.Label, s.Targets = t.Columns, t.Label, t.Targets
	var col column[T]
	seen, bytes := map[string]bool{}, 0
	features, target := make([]T, len(t.Columns)), make([]T, len(t.Targets))
	for {
		label, err := rows.read(features, target)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		s.total++
		if rows.layout.label < 0 { // not by its name, which a file may leave empty
			continue
		}
		col.add(label)
		if rows.index != nil || seen[label] {
			continue
		}
		if bytes <= mostClassBytes {
			const overhead = 64 // of an entry of the map
			bytes += len(label) + overhead
			seen[strings.Clone(label)] = true
		}
		if bytes > mostClassBytes && col.words {
			return &Error{Line: rows.line, Column: t.Label, Got: "too many classes for a stream", Want: "classes, or numbers only"}
		}
	}
	s.rows, s.Dropped = s.total, rows.dropped
	if s.total == 0 {
		return rows.noRows()
	}
	s.numeric = len(t.Targets) > 0 || rows.layout.label >= 0 && col.numeric()
	switch {
	case rows.index != nil:
		s.Classes = slices.Clone(o.Classes)
	case rows.layout.label >= 0 && col.classes() && bytes <= mostClassBytes:
		s.Classes = slices.SortedFunc(maps.Keys(seen), col.order())
	}
	return nil
}

// csvReader is a [rowReader] of a CSV file.
type csvReader[T nnrt.Float] struct {
	rows  *csvRows[T]
	file  *os.File
	index map[string]int32
}

func (r *csvReader[T]) next(features, target []T) (int32, error) {
	label, err := r.read(features, target)
	if err != nil && err != io.EOF {
		err = inFile(r.file.Name(), err)
	}
	return label, err
}

func (r *csvReader[T]) read(features, target []T) (int32, error) {
	c := r.rows
	if len(c.layout.targets) > 0 {
		_, err := c.read(features, target)
		return 0, err
	}
	label, err := c.read(features, nil)
	if err != nil {
		return 0, err
	}
	if len(target) > 0 {
		v, ok := number[T](label)
		if !ok {
			return 0, c.notNumber(label, c.layout.label)
		}
		target[0] = v
	}
	return r.index[label], nil
}

func (r *csvReader[T]) Close() error { return r.file.Close() }
