package data

// This file answers: how is a data set read that is larger than memory?

import (
	"fmt"
	"io"
	"iter"
	"slices"

	"nngen/runtime"
)

// Stream is a data set in a file, whose rows are read when they are needed. [OpenCSV] and [OpenIDX] read the whole file once, to check it, to
// count its rows and to learn its classes; every pass after that opens it anew. A stream holds no file open, and many goroutines may use
// one at once.
type Stream[T nnrt.Float] struct {
	Columns []string // names of the feature columns
	Label   string   // name of the target column; empty if there is none, or several
	Targets []string // names of the target columns if there are several
	Classes []string // the classes of the target; nil if it is a number

	Dropped int // rows of the file left out by [Options.DropMissing]

	name    string             // of the file, in front of errors
	numeric bool               // the target is a number in every row
	total   int                // rows of the file
	rows    int                // of these, rows of the stream
	rules   []func(i int) bool // of splits: each counts the rows for which the one before it holds
	open    func() (rowReader[T], error)
}

// rowReader reads a file row by row. Its errors begin with the path of the file.
type rowReader[T nnrt.Float] interface {
	// next fills features and, if the target is numeric, target, and returns the class if there are classes; io.EOF after the last row.
	next(features, target []T) (label int32, err error)
	Close() error
}

// Len returns the number of rows.
func (s *Stream[T]) Len() int { return s.rows }

// Split returns the rows i of the stream for which the rule holds as one stream, and the others as another, both over the same file, as
// [Table.Split] does in memory. The rule is asked in every pass and must always answer the same.
func (s *Stream[T]) Split(rule func(i int) bool) (yes, no *Stream[T]) {
	not := func(i int) bool { return !rule(i) }
	part := func(rule func(i int) bool) *Stream[T] {
		p := *s
		p.rules = append(slices.Clip(s.rules), rule)
		p.rows = 0
		for i := range s.rows {
			if rule(i) {
				p.rows++
			}
		}
		return &p
	}
	return part(rule), part(not)
}

// Tables yields all rows in the order of the file, in tables of the given number of rows, the last of which may be shorter. A table's memory is
// used again for the next. An error ends the sequence.
func (s *Stream[T]) Tables(rows int) iter.Seq2[*Table[T], error] {
	return func(yield func(*Table[T], error) bool) {
		if rows < 1 {
			yield(nil, fmt.Errorf("stream: got tables of %d rows, want at least 1", rows))
			return
		}
		r := s.pass()
		defer r.close()
		t := s.table(min(rows, s.rows))
		for r.taken < s.rows {
			n := min(rows, s.rows-r.taken)
			s.resize(t, n)
			for i := range n {
				if err := r.read(t, i); err != nil {
					yield(nil, err)
					return
				}
			}
			if !yield(t, nil) {
				return
			}
		}
		if err := r.read(s.table(1), 0); err != io.EOF {
			yield(nil, err)
		}
	}
}

// Standardise is the function [Standardise] over all rows of the stream, in one pass; the result has the same bits.
func (s *Stream[T]) Standardise() (*Scaling[T], error) { return s.fit("standardise") }

// MinMax is the function [MinMax] over all rows of the stream, in one pass; the result has the same bits.
func (s *Stream[T]) MinMax() (*Scaling[T], error) { return s.fit("minmax") }

func (s *Stream[T]) fit(kind string) (*Scaling[T], error) {
	m := make([]moments, len(s.Columns))
	for t, err := range s.Tables(256) {
		if err != nil {
			return nil, err
		}
		addRows(m, t.Features)
	}
	return fit[T](kind, s.Columns, m)
}

// table returns a table of the stream with memory for some rows.
func (s *Stream[T]) table(rows int) *Table[T] {
	t := &Table[T]{Columns: s.Columns, Label: s.Label, Targets: s.Targets, Classes: s.Classes}
	t.Features = make([]T, rows*len(s.Columns))
	if s.numeric {
		t.Target = make([]T, rows*max(len(s.Targets), 1))
	}
	if s.Classes != nil {
		t.Labels = make([]int32, rows)
	}
	t.Rows = rows
	return t
}

// resize sets the number of rows of a table that has memory for them.
func (s *Stream[T]) resize(t *Table[T], rows int) {
	t.Rows = rows
	t.Features = t.Features[:rows*len(s.Columns)]
	if t.Target != nil {
		t.Target = t.Target[:rows*t.targetWidth()]
	}
	if t.Labels != nil {
		t.Labels = t.Labels[:rows]
	}
}

// pass is one pass over the rows of a stream.
type pass[T nnrt.Float] struct {
	stream *Stream[T]
	file   rowReader[T] // nil before the first row and after the end
	at     int          // rows read from the file
	passed []int        // of these, how many each rule was asked about
	taken  int          // of these, rows of the stream
}

func (s *Stream[T]) pass() *pass[T] { return &pass[T]{stream: s, passed: make([]int, len(s.rules))} }

// keeps reports whether the row that was just read belongs to the stream.
func (p *pass[T]) keeps() bool {
	for level, rule := range p.stream.rules {
		i := p.passed[level]
		p.passed[level]++
		if !rule(i) {
			return false
		}
	}
	return true
}

// read puts the next row of the stream into row i of t, which may be overwritten at the end, too. After the last row it returns io.EOF; a file
// with more rows or fewer than it had at first is an error.
func (p *pass[T]) read(t *Table[T], i int) error {
	s := p.stream
	if p.file == nil {
		f, err := s.open()
		if err != nil {
			return err
		}
		p.file = f
	}
	var target []T
	if t.Target != nil {
		target = t.TargetRow(i)
	}
	for {
		label, err := p.file.next(t.Row(i), target)
		switch full := p.at == s.total; {
		case err == io.EOF && full:
			return err
		case err == io.EOF:
			return s.changed(counted(p.at, "row"))
		case err != nil:
			return err
		case full:
			return s.changed("more rows")
		}
		p.at++
		if p.keeps() {
			p.taken++
			if t.Labels != nil {
				t.Labels[i] = label
			}
			return nil
		}
	}
}

// changed says that the file is no longer what it was.
func (s *Stream[T]) changed(got string) error {
	return inFile(s.name, &Error{Got: got, Want: fmt.Sprintf("%d, as when the stream was opened", s.total)})
}

func (p *pass[T]) close() {
	if p.file != nil {
		p.file.Close() // was only read
		p.file = nil
	}
}
