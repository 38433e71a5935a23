package data

// This file answers: how does a CSV file become a table?

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"nngen/runtime"
)

// Options says how to read a file. The zero value reads a file with a header whose last column is the target.
type Options struct {
	// NoHeader is set for files whose first line holds data. The columns are then called "1", "2" and so on.
	NoHeader bool
	// Label is the name of the target column; empty means the last one.
	Label string
	// NoLabel is set for files without a target, where every column is a feature.
	NoLabel bool
	// Columns are the names of the feature columns, in the order wanted; empty means all but the target.
	Columns []string
	// Scale is a factor for all features; zero means one.
	Scale float64
	// Comma separates the fields; zero means ','.
	Comma rune
}

// Error says what is wrong with a file.
type Error struct {
	Line   int    // line in the file, from 1; 0 when the file as a whole is wrong
	Column string // name of the column; empty when the line as a whole is wrong
	Got    string // what was found
	Want   string // what fits
}

// Error returns, for example, `line 3, column "width": got "abc", want a number`.
func (e *Error) Error() string {
	at := ""
	if e.Line > 0 {
		at = fmt.Sprintf("line %d", e.Line)
	}
	if e.Column != "" {
		if at != "" {
			at += ", "
		}
		at += fmt.Sprintf("column %q", e.Column)
	}
	if at != "" {
		at += ": "
	}
	return at + "got " + e.Got + ", want " + e.Want
}

// ReadFile reads a CSV file by [ReadCSV]; errors begin with its path.
func ReadFile[T nnrt.Float](path string, o Options) (*Table[T], error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := ReadCSV[T](f, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// ReadCSV reads comma-separated values: features are finite numbers, the target is a number or a text. Fields may
// be quoted as in RFC 4180; spaces around them and empty lines are ignored. What does not fit is an [*Error].
func ReadCSV[T nnrt.Float](r io.Reader, o Options) (*Table[T], error) {
	in := bufio.NewReader(r)
	if bom, _ := in.Peek(3); string(bom) == "\ufeff" {
		in.Discard(3)
	}
	c := csv.NewReader(in)
	c.FieldsPerRecord = -1 // checked below, to say how many were wanted
	c.ReuseRecord = true
	c.TrimLeadingSpace = true
	if o.Comma != 0 {
		c.Comma = o.Comma
	}
	first, err := next(c)
	if err == io.EOF {
		return nil, &Error{Got: "an empty file", Want: "at least one row"}
	}
	if err != nil {
		return nil, err
	}
	names, err := header(first, o, line(c))
	if err != nil {
		return nil, err
	}
	layout, err := choose(names, o, line(c))
	if err != nil {
		return nil, err
	}
	t := &Table[T]{Label: layout.labelName(names)}
	for _, i := range layout.features {
		t.Columns = append(t.Columns, names[i])
	}
	scale := o.Scale
	if scale == 0 {
		scale = 1
	}
	var texts []string
	row := first
	if !o.NoHeader {
		row, err = next(c)
	}
	for ; err == nil; row, err = next(c) {
		if len(row) != len(names) {
			return nil, &Error{Line: line(c), Got: counted(len(row)), Want: strconv.Itoa(len(names))}
		}
		for _, i := range layout.features {
			v, ok := number[T](row[i])
			if !ok {
				return nil, &Error{Line: line(c), Column: names[i], Got: strconv.Quote(row[i]), Want: "a finite number"}
			}
			t.Features = append(t.Features, T(float64(v)*scale))
		}
		if layout.label >= 0 {
			if row[layout.label] == "" {
				return nil, &Error{Line: line(c), Column: t.Label, Got: "an empty field", Want: "a target"}
			}
			texts = append(texts, strings.Clone(row[layout.label]))
		}
		t.Rows++
	}
	if err != io.EOF {
		return nil, err
	}
	if t.Rows == 0 {
		return nil, &Error{Got: "no rows after the header", Want: "at least one"}
	}
	if layout.label >= 0 {
		t.setTarget(texts)
	}
	return t, nil
}

// next reads a record, trims its fields and turns errors of syntax into the package's own.
func next(c *csv.Reader) ([]string, error) {
	row, err := c.Read()
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return nil, &Error{Line: syntax.Line, Got: fmt.Sprintf("%v at byte %d", syntax.Err, syntax.Column), Want: "comma-separated fields"}
	}
	if err != nil {
		return nil, err
	}
	for i, f := range row {
		row[i] = strings.TrimSpace(f)
	}
	return row, nil
}

// line is the line where the last record began.
func line(c *csv.Reader) int {
	n, _ := c.FieldPos(0)
	return n
}

// header returns the names of the columns from the first record.
func header(first []string, o Options, line int) ([]string, error) {
	names := make([]string, len(first))
	if o.NoHeader {
		for i := range names {
			names[i] = strconv.Itoa(i + 1)
		}
		return names, nil
	}
	numbers := 0
	for i, f := range first {
		names[i] = strings.Clone(f)
		if _, ok := number[float64](f); ok {
			numbers++
		}
	}
	if numbers == len(first) {
		return nil, &Error{Line: line, Got: "a header of numbers only", Want: "column names, or the option NoHeader"}
	}
	return names, nil
}

// layout says which columns are read; label is -1 when there is none.
type layout struct {
	features []int
	label    int
}

func (l layout) labelName(names []string) string {
	if l.label < 0 {
		return ""
	}
	return names[l.label]
}

// choose finds the columns that the options name.
func choose(names []string, o Options, line int) (layout, error) {
	find := func(name string) (int, error) {
		i := slices.Index(names, name)
		switch {
		case i < 0:
			return 0, &Error{Line: line, Got: "columns " + quoted(names), Want: fmt.Sprintf("one called %q", name)}
		case slices.Contains(names[i+1:], name):
			return 0, &Error{Line: line, Column: name, Got: "two columns of this name", Want: "one"}
		}
		return i, nil
	}
	l := layout{label: -1}
	if !o.NoLabel {
		l.label = len(names) - 1
		if o.Label != "" {
			i, err := find(o.Label)
			if err != nil {
				return l, err
			}
			l.label = i
		}
	}
	if len(o.Columns) == 0 {
		for i := range names {
			if i != l.label {
				l.features = append(l.features, i)
			}
		}
		if len(l.features) == 0 {
			return l, &Error{Line: line, Got: "a target column only", Want: "at least one feature column"}
		}
		return l, nil
	}
	for _, name := range o.Columns {
		i, err := find(name)
		if err != nil {
			return l, err
		}
		l.features = append(l.features, i)
	}
	return l, nil
}

// quoted lists names for a message, shortened when there are many.
func quoted(names []string) string {
	const most = 8
	var b strings.Builder
	for i, n := range names {
		if i == most && len(names) > most+1 {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(n))
	}
	return b.String()
}

// number parses a finite number of type T.
func number[T nnrt.Float](s string) (T, bool) {
	v, err := strconv.ParseFloat(s, int(unsafe.Sizeof(T(0)))*8)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	return T(v), true
}

// setTarget fills Target, Classes and Labels from the texts of the target column. Integers are sorted by value,
// other texts by their bytes.
func (t *Table[T]) setTarget(texts []string) {
	numeric, integer := true, true
	t.Target = make([]T, len(texts))
	for i, s := range texts {
		v, ok := number[T](s)
		if !ok {
			numeric = false
			break
		}
		t.Target[i] = v
		if _, err := strconv.ParseInt(s, 10, 64); err != nil {
			integer = false
		}
	}
	if !numeric {
		t.Target = nil
	} else if !integer {
		return
	}
	t.Classes = slices.Clone(texts)
	slices.SortFunc(t.Classes, func(a, b string) int {
		if numeric {
			x, _ := strconv.ParseInt(a, 10, 64)
			y, _ := strconv.ParseInt(b, 10, 64)
			if x != y {
				if x < y {
					return -1
				}
				return 1
			}
		}
		return strings.Compare(a, b)
	})
	t.Classes = slices.Clip(slices.Compact(t.Classes))
	index := make(map[string]int32, len(t.Classes))
	for i, c := range t.Classes {
		index[c] = int32(i)
	}
	t.Labels = make([]int32, len(texts))
	for i, s := range texts {
		t.Labels[i] = index[s]
	}
}

func counted(n int) string {
	if n == 1 {
		return "1 field"
	}
	return strconv.Itoa(n) + " fields"
}
