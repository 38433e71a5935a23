package nnrt

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// reader stands for a predictor: it reads the buffer that it was made for, and counts who uses it at a time.
type reader struct {
	flat  []float32
	users atomic.Int32
}

func newReader(flat []float32) (*reader, error) { return &reader{flat: flat}, nil }

// fill sets every parameter to a version.
func fill(flat []float32, version int) {
	for i := range flat {
		flat[i] = float32(version)
	}
}

// TestLiveIsWhole publishes while readers check that all parameters of a snapshot carry its version, that versions never go back for a
// reader, and that nobody shares what it borrowed. Under the race detector a write to a snapshot that is read is an error as well.
func TestLiveIsWhole(t *testing.T) {
	const size, readers, publications = 257, 8, 4000
	own := make([]float32, size)
	l, err := NewLive(own, newReader)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var done atomic.Bool
	for range readers {
		wg.Go(func() {
			last := uint64(0)
			for round := 0; !done.Load() || round == 0; round++ {
				s := l.Acquire()
				p, err := s.Borrow()
				if err != nil {
					t.Error(err)
					return
				}
				if n := p.users.Add(1); n != 1 {
					t.Errorf("%d goroutines use one reader", n)
				}
				if &p.flat[0] != &s.Flat()[0] {
					t.Error("a borrowed reader belongs to another snapshot")
				}
				for i, v := range p.flat {
					if v != float32(s.Version()) {
						t.Errorf("version %d: parameter %d is of version %v", s.Version(), i, v)
						done.Store(true)
						break
					}
				}
				if s.Version() < last {
					t.Errorf("version %d came after %d", s.Version(), last)
				}
				last = s.Version()
				p.users.Add(-1)
				s.Return(p)
				s.Release()
			}
		})
	}
	for v := 1; v <= publications && !done.Load(); v++ {
		fill(own, v)
		l.Publish(own)
	}
	done.Store(true)
	wg.Wait()
	if got := l.Version(); got != publications {
		t.Errorf("got version %d, want %d", got, publications)
	}
	if most := readers + 2; len(l.all) > most {
		t.Errorf("%d snapshots for %d readers, want at most %d", len(l.all), readers, most)
	}
	for i, s := range l.all {
		if n := s.readers.Load(); n != 0 {
			t.Errorf("snapshot %d: %d readers are left", i, n)
		}
	}
}

// TestLiveHeld checks that a snapshot that is held stays as it is, and that publishing goes on around it with no more memory than that.
func TestLiveHeld(t *testing.T) {
	own := make([]float32, 40)
	l, err := NewLive(own, newReader)
	if err != nil {
		t.Fatal(err)
	}
	for v := 1; v <= 10; v++ {
		fill(own, v)
		l.Publish(own)
	}
	if len(l.all) != 2 {
		t.Errorf("%d snapshots without readers, want 2", len(l.all))
	}
	held := l.Acquire()
	for v := 11; v <= 20; v++ {
		fill(own, v)
		l.Publish(own)
	}
	if held.Version() != 10 || held.Flat()[39] != 10 {
		t.Errorf("the held snapshot became version %d with value %v, want 10", held.Version(), held.Flat()[39])
	}
	if len(l.all) != 3 {
		t.Errorf("%d snapshots while one is held, want 3", len(l.all))
	}
	held.Release()
	if n := testing.AllocsPerRun(20, func() { l.Publish(own) }); n != 0 {
		t.Errorf("publishing allocates %v times", n)
	}
	if len(l.all) != 3 {
		t.Errorf("%d snapshots, want the 3 that there were", len(l.all))
	}
}

// TestLivePublishers checks that publications from several goroutines are each counted once.
func TestLivePublishers(t *testing.T) {
	l, err := NewLive(make([]float32, 8), newReader)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			own := make([]float32, 8)
			for range 100 {
				l.Publish(own)
			}
		})
	}
	wg.Wait()
	if got := l.Version(); got != 400 {
		t.Errorf("got version %d, want 400", got)
	}
}

// TestLiveBorrow checks that readers in use at the same time are different ones, that all come back, and that then nothing is allocated.
func TestLiveBorrow(t *testing.T) {
	made := 0
	l, err := NewLive(make([]float32, 8), func(flat []float32) (*reader, error) { made++; return newReader(flat) })
	if err != nil {
		t.Fatal(err)
	}
	const many = 50 // more than slots hold at first
	s := l.Acquire()
	defer s.Release()
	for range 3 {
		seen := map[*reader]bool{}
		for range many {
			p, err := s.Borrow()
			if err != nil {
				t.Fatal(err)
			}
			seen[p] = true
		}
		if len(seen) != many || made != many {
			t.Errorf("%d different readers of %d that were made, want %d of %d", len(seen), made, many, many)
		}
		for p := range seen {
			s.Return(p)
		}
	}
	use := func() {
		s := l.Acquire()
		if p, err := s.Borrow(); err == nil {
			s.Return(p)
		}
		s.Release()
	}
	if n := testing.AllocsPerRun(20, use); n != 0 {
		t.Errorf("taking a reader allocates %v times", n)
	}
}

// TestLiveErrors checks that what the maker of readers says reaches the caller.
func TestLiveErrors(t *testing.T) {
	want := errors.New("no reader")
	if _, err := NewLive(nil, func([]float32) (*reader, error) { return nil, want }); err != want {
		t.Errorf("got %v, want %v", err, want)
	}
}
