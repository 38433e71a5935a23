package data

// This file answers: what does the next row of a CSV file hold?

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"nngen/runtime"
)

// longestRecord is how many bytes a record may have. A quote without its end, or a line without one, would otherwise collect the rest of a
// file in memory, however long it is.
const longestRecord = 4 << 20

// csvRows reads a file row by row.
type csvRows[T nnrt.Float] struct {
	in       *csv.Reader
	limit    *recordLimit
	options  Options
	names    []string // of all columns
	layout   layout
	scale    float64
	index    map[string]int32 // the classes that the options name; nil if they name none
	first    []string         // the first record of a file without header, until it was read
	headless bool             // the last record is the first of a file without header
	started  bool             // whether a record was read
	line     int              // where the last record began
	dropped  int
}

// newCSVRows reads the header.
func newCSVRows[T nnrt.Float](r io.Reader, o Options) (*csvRows[T], error) {
	in, err := unpack(r)
	if err != nil {
		return nil, err
	}
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		in.Discard(3)
	}
	limit := &recordLimit{in: in.Reader, left: longestRecord}
	c := &csvRows[T]{in: csv.NewReader(limit), limit: limit, options: o, scale: o.Scale}
	c.in.FieldsPerRecord = -1 // checked below, to say how many were wanted
	c.in.ReuseRecord = true
	c.in.TrimLeadingSpace = true
	if o.Comma != 0 {
		c.in.Comma = o.Comma
	}
	if c.scale == 0 {
		c.scale = 1
	}
	if len(o.Classes) > 0 {
		if err := distinct(o.Classes); err != nil {
			return nil, err
		}
		c.index = make(map[string]int32, len(o.Classes))
		for i, s := range o.Classes {
			c.index[s] = int32(i)
		}
	}
	first, err := c.record()
	if err == io.EOF {
		return nil, &Error{Got: "an empty file", Want: "at least one row"}
	}
	if err != nil {
		return nil, err
	}
	if c.names, err = header(first, o, c.line); err != nil {
		return nil, err
	}
	if c.layout, err = choose(c.names, o, c.line); err != nil {
		return nil, err
	}
	if o.NoHeader {
		c.first = first
	}
	return c, nil
}

// table returns a table without rows of the columns that are read.
func (c *csvRows[T]) table() *Table[T] {
	t := &Table[T]{Targets: slices.Clone(c.options.Targets)}
	if c.layout.label >= 0 {
		t.Label = c.names[c.layout.label]
	}
	for _, i := range c.layout.features {
		t.Columns = append(t.Columns, c.names[i])
	}
	return t
}

// read fills features and target, if there are several, with the next row, and returns the text of the target column, if there is one. The text
// is part of the memory of its record. It returns io.EOF after the last row.
func (c *csvRows[T]) read(features, target []T) (label string, err error) {
	for {
		row := c.first
		c.first, c.headless = nil, row != nil
		if row == nil {
			if row, err = c.record(); err != nil {
				return "", err
			}
		}
		if len(row) != len(c.names) {
			return "", &Error{Line: c.line, Got: counted(len(row), "field"), Want: strconv.Itoa(len(c.names))}
		}
		if c.options.DropMissing && c.incomplete(row) {
			c.dropped++
			continue
		}
		return c.parse(row, features, target)
	}
}

// incomplete reports whether a column that is read holds no value.
func (c *csvRows[T]) incomplete(row []string) bool {
	for _, i := range c.layout.features {
		if isMissing(row[i]) {
			return true
		}
	}
	for _, i := range c.layout.targets {
		if isMissing(row[i]) {
			return true
		}
	}
	return c.layout.label >= 0 && c.noLabel(row[c.layout.label])
}

// noLabel reports whether the target column holds no value: a class that the options name is one, whatever it is called.
func (c *csvRows[T]) noLabel(s string) bool {
	_, named := c.index[s]
	return !named && isMissing(s)
}

func (c *csvRows[T]) parse(row []string, features, target []T) (label string, err error) {
	for j, i := range c.layout.features {
		v, ok := number[T](row[i])
		if !ok {
			return "", c.notFeature(row, i)
		}
		features[j] = T(float64(v) * c.scale)
		if !finite(features[j]) {
			return "", &Error{Line: c.line, Column: c.names[i], Got: scaled(v, c.scale), Want: "a finite number"}
		}
	}
	for j, i := range c.layout.targets {
		v, ok := number[T](row[i])
		if !ok {
			return "", c.notNumber(row[i], i)
		}
		target[j] = v
	}
	if c.layout.label < 0 {
		return "", nil
	}
	label = row[c.layout.label]
	if c.noLabel(label) {
		return "", &Error{Line: c.line, Column: c.names[c.layout.label], Got: "a missing value (" + clipped(label) + ")", Want: "a target"}
	}
	if c.index != nil {
		if _, ok := c.index[label]; !ok {
			return "", &Error{Line: c.line, Column: c.names[c.layout.label], Got: "class " + clipped(label), Want: "one of " + quoted(c.options.Classes)}
		}
	}
	return label, nil
}

// notFeature says that a feature is no number, and what may be behind it: the header of a file that is said to have none, or a column of texts.
func (c *csvRows[T]) notFeature(row []string, column int) error {
	e := c.notNumber(row[column], column)
	switch {
	case c.headless && !slices.ContainsFunc(row, func(s string) bool { return !isText(s) }):
		e.Want += "; is this line a header? then leave out Options.NoHeader"
	case isText(row[column]) && !isMissing(row[column]):
		e.Want += ", or leave the column out by Options.Columns"
	}
	return e
}

// isText reports whether a field is not written as a number, be it one that is too large.
func isText(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return errors.Is(err, strconv.ErrSyntax)
}

func (c *csvRows[T]) notNumber(s string, column int) *Error {
	e := &Error{Line: c.line, Column: c.names[column], Got: clipped(s), Want: "a finite number"}
	if isMissing(s) {
		e.Got = "a missing value (" + e.Got + ")"
	}
	return e
}

// noRows says that there is nothing to learn from.
func (c *csvRows[T]) noRows() error {
	if c.dropped > 0 {
		return &Error{Got: fmt.Sprintf("%s, each with a missing value", counted(c.dropped, "row")), Want: "at least one that is complete"}
	}
	return &Error{Got: "no rows after the header", Want: "at least one"}
}

// record reads a record and trims its fields.
func (c *csvRows[T]) record() ([]string, error) {
	c.limit.left = longestRecord
	row, err := c.in.Read()
	if err != nil {
		return nil, c.recordError(err)
	}
	c.started = true
	c.line, _ = c.in.FieldPos(0)
	for i, f := range row {
		row[i] = strings.TrimSpace(f)
	}
	return row, nil
}

// recordError turns errors of syntax into the package's own and says where reading failed.
func (c *csvRows[T]) recordError(err error) error {
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, errLong):
		return &Error{Line: c.line + 1, Got: fmt.Sprintf("a record of more than %d bytes (is a quote left open?)", longestRecord), Want: "a shorter one"}
	case errors.As(err, &syntax):
		return &Error{Line: syntax.Line, Got: fmt.Sprintf("%v at byte %d", syntax.Err, syntax.Column), Want: "comma-separated fields"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Line: c.line + 1, Got: "the end of the packed data", Want: "a whole gzip file"}
	case err != io.EOF && c.started:
		return fmt.Errorf("after line %d: %w", c.line, err)
	}
	return err
}

// recordLimit ends a record that is too long with an error.
type recordLimit struct {
	in   io.Reader
	left int
}

var errLong = errors.New("record too long")

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLong
	}
	n, err := l.in.Read(p)
	l.left -= n
	return n, err
}

// number parses a finite number of type T.
func number[T nnrt.Float](s string) (T, bool) {
	v, err := strconv.ParseFloat(s, bitsOf[T]())
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	return T(v), true
}
