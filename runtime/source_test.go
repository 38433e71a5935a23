package nnrt

// Tests of sources in memory: what they serve, in which parts, and that any position can be reached again.

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// points is a data set and its batch, as generated code has them: rows of two inputs and a target.
type points struct{ X, Y []float64 }

func (p *points) Len() int { return len(p.Y) }

func (p *points) Gather(rows []int, b *points) {
	b.X = GatherRows(b.X, p.X, rows, 2)
	b.Y = GatherRows(b.Y, p.Y, rows, 1)
}

func (p *points) Slice(lo, hi int, b *points) {
	b.X = p.X[lo*2 : hi*2 : hi*2]
	b.Y = p.Y[lo:hi:hi]
}

// numbered returns a set of n rows whose target is the row's number.
func numbered(n int) *points {
	p := &points{X: make([]float64, 2*n), Y: make([]float64, n)}
	for i := range n {
		p.X[2*i], p.X[2*i+1], p.Y[i] = float64(i), float64(-i), float64(i)
	}
	return p
}

// rowsOf returns the rows that a batch of a numbered set holds; X must tell the same.
func rowsOf(t *testing.T, b points) []int {
	t.Helper()
	rows := make([]int, len(b.Y))
	for i, y := range b.Y {
		rows[i] = int(y)
		if len(b.X) != 2*len(b.Y) || b.X[2*i] != y || b.X[2*i+1] != -y {
			t.Fatalf("row %d of the batch mixes samples: %v %v", i, b.X, b.Y)
		}
	}
	return rows
}

func TestSourceServes(t *testing.T) {
	for _, c := range []struct {
		name     string
		source   *SetSource[points]
		capacity int
		want     string // [rows], /n before the last part of n rows together, | at the end of an epoch
	}{
		{"whole", WholeSet(numbered(4)), 4, "[0 1 2 3] | [0 1 2 3] | "},
		{"whole, larger capacity", WholeSet(numbered(2)), 99, "[0 1] | [0 1] | "},
		{"whole in parts", WholeSet(numbered(5)), 2, "[0 1]/5 [2 3]/5 [4] | [0 1]/5 [2 3]/5 [4] | "},
		{"whole in single rows", WholeSet(numbered(2)), 1, "[0]/2 [1] | [0]/2 [1] | "},
		{"in order", MiniBatch(numbered(5), 2, 9, InOrder()), 8, "[0 1] [2 3] [4] | [0 1] [2 3] [4] | "},
		{"in order, parts", MiniBatch(numbered(5), 3, 9, InOrder()), 2, "[0 1]/3 [2] [3 4] | [0 1]/3 [2] [3 4] | "},
		{"drop last", MiniBatch(numbered(5), 2, 9, InOrder(), DropLast()), 8, "[0 1] [2 3] | [0 1] [2 3] | "},
		{"all rows by size 0", MiniBatch(numbered(3), 0, 9, InOrder()), 8, "[0 1 2] | [0 1 2] | "},
		{"one row", Stochastic(numbered(1), 9), 8, "[0] | [0] | "},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b points
			got := ""
			for epochs := 0; epochs < 2; {
				s, err := c.source.Next(&b, c.capacity)
				if err != nil {
					t.Fatal(err)
				}
				got += fmt.Sprint(rowsOf(t, b))
				if !s.Last {
					got += fmt.Sprintf("/%d", s.Of)
				}
				got += " "
				if s.Rows != len(b.Y) {
					t.Errorf("says %d rows, serves %d", s.Rows, len(b.Y))
				}
				if s.EpochEnd {
					got += "| "
					epochs++
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestSourceServesEveryRowOnce checks shuffled sources: an epoch is a permutation of the rows and as many steps as it should be.
func TestSourceServesEveryRowOnce(t *testing.T) {
	const n = 23
	for _, c := range []struct {
		name   string
		source *SetSource[points]
		steps  int
	}{
		{"stochastic", Stochastic(numbered(n), 1), 23},
		{"mini-batch", MiniBatch(numbered(n), 5, 1), 5},
		{"mini-batch in parts", MiniBatch(numbered(n), 7, 1), 4},
	} {
		var b points
		var before []int
		for epoch := range 3 {
			var rows []int
			steps := 0
			for end := false; !end; {
				s, err := c.source.Next(&b, 5)
				if err != nil {
					t.Fatal(err)
				}
				rows = append(rows, rowsOf(t, b)...)
				if s.Last {
					steps++
				}
				end = s.EpochEnd
			}
			if steps != c.steps || c.source.PerEpoch() != c.steps {
				t.Errorf("%s: %d steps an epoch, PerEpoch says %d, want %d", c.name, steps, c.source.PerEpoch(), c.steps)
			}
			if slices.Equal(rows, before) {
				t.Errorf("%s: epoch %d has the order of the one before", c.name, epoch)
			}
			before = slices.Clone(rows)
			slices.Sort(rows)
			for i, r := range rows {
				if i != r {
					t.Fatalf("%s: epoch %d serves %v", c.name, epoch, rows)
				}
			}
		}
	}
}

// everySource is one of each kind, over a set of n rows.
func everySource(n int) map[string]func() *SetSource[points] {
	set := numbered(n)
	return map[string]func() *SetSource[points]{
		"whole":                  func() *SetSource[points] { return WholeSet(set) },
		"stochastic":             func() *SetSource[points] { return Stochastic(set, 2) },
		"stochastic drawn":       func() *SetSource[points] { return Stochastic(set, 2, WithReplacement()) },
		"batches":                func() *SetSource[points] { return MiniBatch(set, 4, 2) },
		"batches without a rest": func() *SetSource[points] { return MiniBatch(set, 4, 2, DropLast()) },
		"batches in order":       func() *SetSource[points] { return MiniBatch(set, 4, 2, InOrder()) },
		"batches drawn":          func() *SetSource[points] { return MiniBatch(set, 4, 2, WithReplacement()) },
		"batches drawn, no rest": func() *SetSource[points] { return MiniBatch(set, 4, 2, WithReplacement(), DropLast()) },
	}
}

// take serves whole batches and returns what came, as text.
func take(t *testing.T, s *SetSource[points], batches, capacity int) []string {
	t.Helper()
	var b points
	var got []string
	for range batches {
		text := ""
		for last := false; !last; {
			served, err := s.Next(&b, capacity)
			if err != nil {
				t.Fatal(err)
			}
			text += fmt.Sprint(rowsOf(t, b), served)
			last = served.Last
		}
		got = append(got, text)
	}
	return got
}

func TestSourceSeeksEveryPosition(t *testing.T) {
	for name, source := range everySource(11) {
		for _, capacity := range []int{1, 3, 20} {
			all := source()
			batches := 3*all.PerEpoch() + 2
			want := take(t, all, batches, capacity)
			walk := source()
			for i := range batches {
				p := walk.Position()
				resumed := source()
				if i%2 == 1 {
					take(t, resumed, 5, capacity) // from anywhere, not only from the beginning
				}
				if err := resumed.Seek(p); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if again := resumed.Position(); again != p {
					t.Errorf("%s: position %+v after Seek of %+v", name, again, p)
				}
				if got := take(t, resumed, batches-i, capacity); !slices.Equal(got, want[i:]) {
					t.Fatalf("%s, capacity %d: resumed at batch %d (%+v)\ngot  %v\nwant %v", name, capacity, i, p, got, want[i:])
				}
				take(t, walk, 1, capacity)
			}
		}
	}
}

func TestPositionBetweenPartsIsThatOfTheBatch(t *testing.T) {
	s := MiniBatch(numbered(10), 4, 1)
	var b points
	take(t, s, 1, 4)
	want := s.Position()
	first, _ := s.Next(&b, 3)
	rows := rowsOf(t, b)
	if first.Last || s.Position() != want {
		t.Fatalf("after a part %+v the position is %+v, want %+v", first, s.Position(), want)
	}
	if err := s.Seek(s.Position()); err != nil {
		t.Fatal(err)
	}
	if again, _ := s.Next(&b, 3); again != first || !slices.Equal(rowsOf(t, b), rows) {
		t.Errorf("served again: %+v %v, want %+v %v", again, rowsOf(t, b), first, rows)
	}
}

func TestSourceAllocatesNothing(t *testing.T) {
	for name, source := range everySource(11) {
		s := source()
		var b points
		for range 2 * s.PerEpoch() {
			s.Next(&b, 3)
		}
		if n := testing.AllocsPerRun(200, func() { s.Next(&b, 3) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(200, func() { s.Position() }); n != 0 {
			t.Errorf("%s: Position makes %v allocations", name, n)
		}
	}
}

func TestSourceErrors(t *testing.T) {
	shrunk := numbered(4)
	changed := MiniBatch(shrunk, 2, 1)
	shrunk.X, shrunk.Y = shrunk.X[:6], shrunk.Y[:3]
	next := func(s *SetSource[points], capacity int) error {
		var b points
		_, err := s.Next(&b, capacity)
		return err
	}
	batches := MiniBatch(numbered(10), 4, 1, DropLast())
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"empty", next(WholeSet(&points{}), 4), "the data set has no rows"},
		{"none", next(Stochastic[points](nil, 4), 4), "the data set has no rows"},
		{"shrunk", next(changed, 4), "the data set has 3 rows, but had 4 when the source was made"},
		{"capacity", next(WholeSet(numbered(3)), 0), "capacity: got 0 rows, want at least 1"},
		{"other seed", batches.Seek(MiniBatch(numbered(10), 4, 2, DropLast()).Position()),
			"the position belongs to another source: got batches of 4 of 10 rows shuffled by seed 2, no short last batch, want batches of 4 of 10 rows shuffled by seed 1, no short last batch"},
		{"other kind", WholeSet(numbered(10)).Seek(Stochastic(numbered(10), 4, WithReplacement()).Position()),
			"the position belongs to another source: got single samples of 10 rows drawn with replacement by seed 4, want the whole set of 10 rows"},
		{"row", batches.Seek(Position{Row: 3}), "position: got row 3 of an epoch, want a multiple of 4 below 8"},
		{"row after the last", batches.Seek(Position{Row: 8}), "position: got row 8 of an epoch, want a multiple of 4 below 8"},
		{"negative row", batches.Seek(Position{Row: -4}), "position: got row -4 of an epoch, want a multiple of 4 below 8"},
		{"epoch", batches.Seek(Position{Epoch: -1}), "position: got epoch -1, want 0 or more"},
		{"row of an empty set", WholeSet(&points{}).Seek(Position{Row: 1}), "position: got row 1 of an epoch, want a multiple of 1 below 0"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, c.err, c.want)
		}
	}
	want := batches.Position()
	_ = batches.Seek(Position{Row: 3})
	if got := batches.Position(); got != want {
		t.Errorf("a refused Seek moves from %+v to %+v", want, got)
	}
}
