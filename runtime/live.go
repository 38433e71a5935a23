package nnrt

// This file answers: how do many goroutines predict with one model's parameters while a trainer changes them?
//
// By copies that nobody changes while they are read. A trainer's parameters move in place, so a Live keeps its own: a few snapshots, each
// a whole copy in a buffer of its own, one of which is current. A reader takes the current snapshot and computes with it as long as it
// likes; a publisher writes a snapshot that no reader holds and makes it the current one by storing one pointer.
//
// # Why no reader ever sees a mixture
//
// A reader adds one to a snapshot's count of readers and then looks whether it is still the current one. If it is not, it takes its one
// back and begins again. A publisher writes only a snapshot that is not current and whose count is zero. Operations of sync/atomic behave
// as if they ran one after the other in one order for all goroutines (Go memory model, "Atomic Values"). So for a reader that found its
// snapshot current after adding one, and a publisher that made another one current and then finds the count zero:
//
//   - the reader's addition comes before its look, its look before the publisher's store, the store before the publisher's look at the
//     count; that count then includes the reader until it gives the snapshot back;
//   - what the reader read before it took its one back happens before the publisher that sees the zero writes;
//   - if the same snapshot was made current again in between, the look saw the later store, and so all that was written before it.
//
// A reader that was too late has read nothing of the snapshot but its count.

import (
	"sync"
	"sync/atomic"
)

// A Live hands snapshots of a model's parameters to concurrent readers. T is the element type of the parameters, P what a reader computes
// with (a generated predictor), which reads one snapshot's buffer. Generated code wraps it: see the type XLive of a model X.
//
// Acquire and Release may be called from any number of goroutines; they take no lock and wait for nobody. Publish may run at the same
// time; it waits for other calls of Publish only, never for readers.
//
// Memory: at most two snapshots more than there have ever been readers at one time, and in each as many P as have been used at one time.
// Two snapshots are enough as long as readers are quicker than the time between two publications.
type Live[T Float, P any] struct {
	current atomic.Pointer[Snapshot[T, P]]
	_       [64]byte // readers write nothing on the line of current

	newReader func(flat []T) (*P, error)

	publishing sync.Mutex // held by Publish; guards what follows
	all        []*Snapshot[T, P]
	version    uint64
}

// A Snapshot is one unchanging copy of a model's parameters, from Acquire to Release.
type Snapshot[T Float, P any] struct {
	readers atomic.Int64 // who holds it, and for moments who wanted to and came too late
	_       [64]byte     // what readers count on is not what they read

	flat    []T
	version uint64
	live    *Live[T, P]
	idle    slots[P]
}

// NewLive returns a Live whose first snapshot, version 0, is a copy of flat. newReader makes what a reader computes with; it is called with
// a snapshot's buffer, in the goroutine of a reader that finds none idle, and must not change the buffer. It is called once here, and its
// error is returned.
func NewLive[T Float, P any](flat []T, newReader func(flat []T) (*P, error)) (*Live[T, P], error) {
	l := &Live[T, P]{newReader: newReader}
	s := l.grow(len(flat))
	p, err := newReader(s.flat)
	if err != nil {
		return nil, err
	}
	s.Return(p)
	copy(s.flat, flat)
	l.current.Store(s)
	return l, nil
}

// grow adds a snapshot of n parameters.
func (l *Live[T, P]) grow(n int) *Snapshot[T, P] {
	s := &Snapshot[T, P]{flat: Aligned[T](n), live: l}
	l.all = append(l.all, s)
	return s
}

// Publish copies flat, which must be as long as in NewLive and must not change meanwhile, and makes the copy current. It allocates only
// when readers hold every snapshot but the current one.
func (l *Live[T, P]) Publish(flat []T) {
	l.publishing.Lock()
	defer l.publishing.Unlock()
	s := l.unread(len(flat))
	copy(s.flat, flat)
	l.version++
	s.version = l.version
	l.current.Store(s)
}

// unread returns a snapshot that is not current and that no reader holds.
func (l *Live[T, P]) unread(n int) *Snapshot[T, P] {
	current := l.current.Load()
	for _, s := range l.all {
		if s != current && s.readers.Load() == 0 {
			return s
		}
	}
	return l.grow(n)
}

// Acquire returns the current snapshot, which does not change until Release.
func (l *Live[T, P]) Acquire() *Snapshot[T, P] {
	for {
		s := l.current.Load()
		s.readers.Add(1)
		if l.current.Load() == s {
			return s
		}
		s.readers.Add(-1) // a publication came between: s may be written now
	}
}

// Version returns the number of publications so far.
func (l *Live[T, P]) Version() uint64 {
	s := l.Acquire()
	defer s.Release()
	return s.version
}

// Release gives the snapshot back. It must be called once for each Acquire, and the snapshot is not to be used afterwards.
func (s *Snapshot[T, P]) Release() { s.readers.Add(-1) }

// Version returns the number of publications before and including this one; 0 for the parameters given to NewLive.
func (s *Snapshot[T, P]) Version() uint64 { return s.version }

// Flat returns the parameters, which are not to be changed.
func (s *Snapshot[T, P]) Flat() []T { return s.flat }

// Borrow returns something to compute with on this snapshot, for one goroutine until Return. It allocates when none is idle.
func (s *Snapshot[T, P]) Borrow() (*P, error) {
	if p := s.idle.take(); p != nil {
		return p, nil
	}
	return s.live.newReader(s.flat)
}

// Return gives back what Borrow returned.
func (s *Snapshot[T, P]) Return(p *P) { s.idle.put(p) }

// slots hold pointers that nobody uses, in no order. Many goroutines may take and put at once; no one waits for another. A slot is taken
// and filled by one operation, so there are no links between entries that a reused entry could break (the ABA problem of lists).
type slots[P any] struct {
	slot [16]atomic.Pointer[P]
	next atomic.Pointer[slots[P]] // more of them, made when these are full and kept
}

// take returns one of the pointers; nil if there is none.
func (s *slots[P]) take() *P {
	for ; s != nil; s = s.next.Load() {
		for i := range s.slot {
			if s.slot[i].Load() == nil {
				continue
			}
			if p := s.slot[i].Swap(nil); p != nil {
				return p
			}
		}
	}
	return nil
}

// put adds p.
func (s *slots[P]) put(p *P) {
	for {
		for i := range s.slot {
			if s.slot[i].Load() == nil && s.slot[i].CompareAndSwap(nil, p) {
				return
			}
		}
		if s.next.Load() == nil {
			s.next.CompareAndSwap(nil, new(slots[P]))
		}
		s = s.next.Load()
	}
}
