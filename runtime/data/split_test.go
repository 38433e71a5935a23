package data

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// counting returns a table of n rows whose only feature is the row's number, in the given classes, turn by turn.
func counting(t *testing.T, n int, classes ...string) *Table[float64] {
	t.Helper()
	x := make([][]float64, n)
	y := make([]string, n)
	for i := range x {
		x[i], y[i] = []float64{float64(i)}, classes[i%len(classes)]
	}
	table, err := FromSlices(nil, x, y)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// perClass counts the rows of each class.
func perClass(t *Table[float64]) []int {
	n := make([]int, len(t.Classes))
	for _, l := range t.Labels {
		n[l]++
	}
	return n
}

// partition fails unless the tables hold every row of whole once, each in ascending order.
func partition(t *testing.T, whole *Table[float64], parts ...*Table[float64]) {
	t.Helper()
	var all []float64
	for _, p := range parts {
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(p.Features) {
			t.Errorf("rows out of order: %v", p.Features)
		}
		for i, v := range p.Features {
			if p.Labels[i] != whole.Labels[int(v)] {
				t.Errorf("row %v has label %d, want %d", v, p.Labels[i], whole.Labels[int(v)])
			}
		}
		all = append(all, p.Features...)
	}
	slices.Sort(all)
	if !slices.Equal(all, whole.Features) {
		t.Errorf("together got %v, want %v", all, whole.Features)
	}
}

func TestSplitSeed(t *testing.T) {
	table := counting(t, 101, "a", "b", "c")
	for _, c := range []struct {
		fraction float64
		want     int
	}{{0, 0}, {0.2, 20}, {0.5, 50}, {0.999, 101}, {1, 101}} {
		part, rest, err := table.SplitSeed(c.fraction, 7)
		if err != nil || part.Rows != c.want {
			t.Fatalf("%v: %d rows, %v; want %d", c.fraction, part.Rows, err, c.want)
		}
		partition(t, table, part, rest)
		again, _, _ := table.SplitSeed(c.fraction, 7)
		if d := cmp.Diff(part, again); d != "" {
			t.Errorf("the same seed (-first +second):\n%s", d)
		}
	}
	one, _, _ := table.SplitSeed(0.5, 1)
	two, _, _ := table.SplitSeed(0.5, 2)
	if slices.Equal(one.Features, two.Features) {
		t.Error("two seeds choose the same rows")
	}
	for _, f := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if _, _, err := table.SplitSeed(f, 1); err == nil || err.Error() != fmt.Sprintf("split: got fraction %v, want 0 to 1", f) {
			t.Errorf("fraction %v: %v", f, err)
		}
		if _, _, err := table.SplitStratified(f, 1); err == nil {
			t.Errorf("fraction %v of each class is no error", f)
		}
	}
}

// Every row is chosen as often as every other: over many seeds, chi-square stays below the 99.9 % quantile for 19 degrees of freedom.
func TestSplitSeedIsFair(t *testing.T) {
	table := counting(t, 20, "a")
	const seeds = 4000
	var chosen [20]float64
	for seed := range uint64(seeds) {
		part, _, err := table.SplitSeed(0.25, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range part.Features {
			chosen[int(v)]++
		}
	}
	const want = seeds * 0.25
	chi := 0.0
	for _, n := range chosen {
		chi += (n - want) * (n - want) / want
	}
	if chi > 43.8 {
		t.Errorf("chi-square %.1f: %v", chi, chosen)
	}
}

func TestSplitStratified(t *testing.T) {
	table := counting(t, 100, "a", "a", "a", "b", "b", "c", "d") // 45, 28, 14 and 13 or so
	have := perClass(table)
	for _, fraction := range []float64{0, 0.1, 0.25, 1.0 / 3, 0.5, 0.9, 1} {
		part, rest, err := table.SplitStratified(fraction, 3)
		if err != nil {
			t.Fatal(err)
		}
		partition(t, table, part, rest)
		if want := int(math.RoundToEven(fraction * 100)); part.Rows != want {
			t.Errorf("%v: %d rows, want %d", fraction, part.Rows, want)
		}
		for c, n := range perClass(part) {
			if d := float64(n) - fraction*float64(have[c]); d <= -1 || d >= 1 {
				t.Errorf("%v: %d rows of class %s, which has %d", fraction, n, table.Classes[c], have[c])
			}
		}
	}
	// By hand: shares 2.5, 1.25 and 1.25 of five rows; the largest remainder is a's.
	part, _, err := counting(t, 20, "a", "b", "a", "c").SplitStratified(0.25, 1)
	if n := perClass(part); err != nil || !slices.Equal(n, []int{3, 1, 1}) {
		t.Errorf("got %v, %v; want 3, 1, 1", n, err)
	}
	one, _, _ := table.SplitStratified(0.5, 1)
	two, _, _ := table.SplitStratified(0.5, 2)
	if slices.Equal(one.Features, two.Features) {
		t.Error("two seeds choose the same rows")
	}
	numbers, err := FromSlices(nil, [][]float64{{1}, {2}}, []float64{0.5, 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := numbers.SplitStratified(0.5, 1); err == nil || !strings.Contains(err.Error(), "got a target that has no classes") {
		t.Errorf("numbers: %v", err)
	}
	if _, err := numbers.FoldsStratified(2, 1); err == nil || !strings.Contains(err.Error(), "got a target that has no classes") {
		t.Errorf("folds of numbers: %v", err)
	}
}

func TestFolds(t *testing.T) {
	table := counting(t, 23, "a", "b", "b")
	folds, err := table.Folds(5)
	if err != nil {
		t.Fatal(err)
	}
	var tests []*Table[float64]
	for f, fold := range folds {
		if f != len(tests) {
			t.Errorf("got fold %d, want %d", f, len(tests))
		}
		for _, v := range fold.Test.Features {
			if int(v)%5 != f {
				t.Errorf("fold %d tests row %v", f, v)
			}
		}
		partition(t, table, fold.Test, fold.Train)
		tests = append(tests, fold.Test)
	}
	partition(t, table, tests...)
	for range folds {
		break // a loop may end early
	}

	var first [2][]float64
	for seed := range uint64(2) {
		folds, err := table.FoldsSeed(4, seed)
		if err != nil {
			t.Fatal(err)
		}
		tests = nil
		for _, fold := range folds {
			if n := fold.Test.Rows; n < 5 || n > 6 {
				t.Errorf("a fold of %d rows", n)
			}
			partition(t, table, fold.Test, fold.Train)
			tests = append(tests, fold.Test)
		}
		partition(t, table, tests...)
		first[seed] = tests[0].Features
	}
	if slices.Equal(first[0], first[1]) {
		t.Error("two seeds make the same folds")
	}

	stratified, err := table.FoldsStratified(4, 1)
	if err != nil {
		t.Fatal(err)
	}
	have := perClass(table)
	tests = nil
	for _, fold := range stratified {
		if n := fold.Test.Rows; n < 5 || n > 6 {
			t.Errorf("a fold of %d rows", n)
		}
		for c, n := range perClass(fold.Test) {
			if n < have[c]/4 || n > have[c]/4+1 {
				t.Errorf("a fold has %d of %d rows of class %d", n, have[c], c)
			}
		}
		partition(t, table, fold.Test, fold.Train)
		tests = append(tests, fold.Test)
	}
	partition(t, table, tests...)

	for _, k := range []int{-1, 0, 1, 24} {
		if _, err := table.Folds(k); err == nil || err.Error() != fmt.Sprintf("folds: got %d, want 2 to 23, the number of rows", k) {
			t.Errorf("%d folds: %v", k, err)
		}
	}
}
