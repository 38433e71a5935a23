package nnrt

// This file answers: how does each kind of gradient descent see a data set in memory?

import (
	"errors"
	"fmt"
)

// SetSource serves a data set in memory, as [WholeSet], [Stochastic] or [MiniBatch] says. It is a [Source] for one goroutine at a time,
// and allocates nothing once b has grown to the size of a batch. The set must keep its length. If it has a
// method Check() error, as generated sets do, its error is that of the first Next.
type SetSource[B any] struct {
	set     Set[B]
	batches *Batches
	batch   []int // rows of the current batch
	served  int   // how many of them Next has served
	slice   bool  // rows of a part lie next to each other: they are shown, not copied
	order   string
	err     error // of the set when the source was made
}

// WholeSet is batch gradient descent: every step sees all rows of the set, so an epoch is one step. Where the set exceeds the capacity
// of the trainer it is served in parts, which [Fit] accumulates: the step is that of one batch.
func WholeSet[B any](set Set[B]) *SetSource[B] {
	s := newSetSource(set, 0)
	s.order = fmt.Sprintf("the whole set of %d rows", len(s.batches.rows))
	return s
}

// Stochastic is stochastic gradient descent in the strict sense: every step sees a single sample chosen at random, by passes over fresh
// shuffles of the set, or independently of all others if the option is [WithReplacement]. An epoch is as many steps as the set has rows.
func Stochastic[B any](set Set[B], seed uint64, options ...BatchOption) *SetSource[B] {
	s := newSetSource(set, 1, append([]BatchOption{Shuffled(seed)}, options...)...)
	s.order = "single samples of " + s.describe()
	return s
}

// MiniBatch is mini-batch gradient descent: every step sees the given number of rows, by passes over fresh shuffles of the set. The last
// batch of an epoch may be shorter. A size of zero or less, or above the number of rows, is the whole set. The options [InOrder],
// [WithReplacement] and [DropLast] change that. A batch that exceeds the capacity of the trainer is served in parts, which [Fit]
// accumulates.
func MiniBatch[B any](set Set[B], size int, seed uint64, options ...BatchOption) *SetSource[B] {
	s := newSetSource(set, size, append([]BatchOption{Shuffled(seed)}, options...)...)
	s.order = fmt.Sprintf("batches of %d of %s", s.batches.size, s.describe())
	return s
}

func newSetSource[B any](set Set[B], size int, options ...BatchOption) *SetSource[B] {
	n := 0
	var err error
	if !isNil(set) {
		if c, ok := set.(interface{ Check() error }); ok {
			err = c.Check() // Gather and Slice do not look, and Len may not know
		}
		if err == nil {
			n = set.Len()
		}
	}
	b := NewBatches(n, size, options...)
	// A part of one row is shown as well, but only where all are: GatherRows leaves memory that was shown alone and takes fresh.
	return &SetSource[B]{set: set, err: err, batches: b, slice: b.order == ascendingOrder || b.size == 1}
}

// describe says what the order of rows depends on.
func (s *SetSource[B]) describe() string {
	b := s.batches
	text := fmt.Sprintf("%d rows", len(b.rows))
	switch b.order {
	case ascendingOrder:
		text += " in order"
	case shuffledOrder:
		text += fmt.Sprintf(" shuffled by seed %d", b.seed)
	case drawnOrder:
		text += fmt.Sprintf(" drawn with replacement by seed %d", b.seed)
	}
	if b.dropLast {
		text += ", no short last batch"
	}
	return text
}

// PerEpoch returns the number of batches, which are steps of a trainer, in an epoch.
func (s *SetSource[B]) PerEpoch() int { return s.batches.PerEpoch() }

// Next fills b with the next batch, or with the next part of at most capacity rows. An empty set is an error.
func (s *SetSource[B]) Next(b *B, capacity int) (Served, error) {
	if s.served == len(s.batch) {
		if err := s.begin(); err != nil {
			return Served{}, err
		}
	}
	if capacity < 1 {
		return Served{}, fmt.Errorf("capacity: got %d rows, want at least 1", capacity)
	}
	of := len(s.batch)
	part := s.batch[s.served:min(s.served+capacity, of)]
	s.served += len(part)
	if s.slice {
		s.set.Slice(part[0], part[0]+len(part), b)
	} else {
		s.set.Gather(part, b)
	}
	last := s.served == of
	return Served{Rows: len(part), Of: of, Last: last, EpochEnd: last && s.batches.EpochEnd()}, nil
}

// begin takes the next batch, unless the set has no rows or not those that it had.
func (s *SetSource[B]) begin() error {
	if s.err != nil {
		return s.err
	}
	if len(s.batches.rows) == 0 {
		return errors.New("the data set has no rows")
	}
	if n := s.set.Len(); n != len(s.batches.rows) {
		return fmt.Errorf("the data set has %d rows, but had %d when the source was made", n, len(s.batches.rows))
	}
	s.batch, s.served = s.batches.Next(), 0
	return nil
}

// Position returns where the next batch begins; between the parts of a batch, where that batch begins.
func (s *SetSource[B]) Position() Position {
	b := s.batches
	p := Position{Epoch: b.epoch, Row: b.next, Order: s.order}
	switch {
	case s.served < len(s.batch):
		p.Row -= len(s.batch)
	case b.started && b.EpochEnd():
		p.Epoch, p.Row = p.Epoch+1, 0
	}
	return p
}

// Seek makes p the position of the next batch, in time proportional to the rows of the set. A position of a source with another seed,
// size or number of rows is an error.
func (s *SetSource[B]) Seek(p Position) error {
	b := s.batches
	if p.Order != "" && p.Order != s.order {
		return fmt.Errorf("the position belongs to another source: got %s, want %s", p.Order, s.order)
	}
	if p.Epoch < 0 {
		return fmt.Errorf("position: got epoch %d, want 0 or more", p.Epoch)
	}
	if size := max(b.size, 1); p.Row < 0 || p.Row%size != 0 || p.Row > 0 && p.Row/size >= b.PerEpoch() {
		return fmt.Errorf("position: got row %d of an epoch, want a multiple of %d below %d", p.Row, size, b.PerEpoch()*size)
	}
	s.batch, s.served = nil, 0
	b.Seek(p.Epoch, p.Row/max(b.size, 1))
	return nil
}
