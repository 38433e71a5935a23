package nnrt

// This file answers: has a batch that comes in parts come whole?

import "strconv"

// Parts counts the rows of a batch that comes in parts. The zero value is a batch that has not begun.
type Parts struct {
	of   int // rows of the whole batch; 0 before the first part
	rows int // rows so far
}

// Rows returns the rows that have come so far.
func (p *Parts) Rows() int { return p.rows }

// Check returns an error unless a part of rows rows is one, or the next one, of a batch of of rows.
func (p *Parts) Check(model string, rows, of int) error {
	switch {
	case of < 1:
		return &BorderError{Model: model, Got: "a part of a batch of " + counted(of, "row"), Want: "at least 1 row"}
	case p.of != 0 && p.of != of:
		return &BorderError{Model: model, Got: "a part of a batch of " + counted(of, "row"), Want: "one of " + counted(p.of, "row") + ", as the parts before it"}
	case p.rows+rows > of:
		got := "a part of " + counted(rows, "row")
		if p.rows > 0 {
			got += " after " + counted(p.rows, "row")
		}
		return &BorderError{Model: model, Got: got, Want: "at most " + counted(of, "row") + " together"}
	}
	return nil
}

// Add counts a part that [Parts.Check] accepts and returns its share of the whole batch.
func (p *Parts) Add(rows, of int) (share float64) {
	p.of = of
	p.rows += rows
	return float64(rows) / float64(of)
}

// Close forgets the parts and returns an error unless they were the whole batch.
func (p *Parts) Close(model string) error {
	of, rows := p.of, p.rows
	*p = Parts{}
	if rows != of {
		return &BorderError{Model: model, Got: "parts of " + counted(rows, "row") + " in all", Want: strconv.Itoa(of) + ", as Accumulate was told"}
	}
	return nil
}

// CheckPartSize returns an error unless a run-time size is what it was in the parts before: the number of elements that a mean is over
// would differ.
func CheckPartSize(model, size string, parts *Parts, got, before int) error {
	if parts.rows == 0 || got == before {
		return nil
	}
	return &BorderError{Model: model, Got: "a part with " + size + " " + strconv.Itoa(got), Want: size + " " + strconv.Itoa(before) + ", as in the parts before it"}
}
