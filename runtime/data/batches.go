package data

// This file answers: how does a stream train a model?

import (
	"fmt"

	"nngen/runtime"
)

// Batches returns a source for nnrt.Fit that serves the rows of a shuffled stream. Convert fills a model's batch from a table, which is its own
// until the next call: it may scale it, and point the batch at its slices.
func Batches[T nnrt.Float, B any](s *Shuffle[T], convert func(t *Table[T], b *B) error) nnrt.Source[B] {
	return &batches[T, B]{s, convert}
}

type batches[T nnrt.Float, B any] struct {
	rows    *Shuffle[T]
	convert func(t *Table[T], b *B) error
}

// Next implements nnrt.Source.
func (s *batches[T, B]) Next(b *B, capacity int) (nnrt.Served, error) {
	t, p, err := s.rows.NextTable(capacity)
	if err != nil {
		return nnrt.Served{}, err
	}
	return nnrt.Served{Rows: t.Rows, Of: p.Of, Last: p.Last, EpochEnd: p.EpochEnd}, s.convert(t, b)
}

// Position implements nnrt.Source.
func (s *batches[T, B]) Position() nnrt.Position {
	epoch, row := s.rows.Position()
	return nnrt.Position{Epoch: epoch, Row: row, Order: s.rows.Order()}
}

// Seek implements nnrt.Source.
func (s *batches[T, B]) Seek(p nnrt.Position) error {
	if order := s.rows.Order(); p.Order != "" && p.Order != order {
		return fmt.Errorf("position: got one of %q, want %q", p.Order, order)
	}
	return s.rows.Seek(p.Epoch, p.Row)
}

// PerEpoch returns the number of batches in an epoch.
func (s *batches[T, B]) PerEpoch() int { return s.rows.PerEpoch() }
