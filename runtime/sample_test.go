package nnrt

// Tests of the order of rows: that it is the one asked for, random in every way that counts, and the same again.

import (
	"fmt"
	"slices"
	"testing"
)

func TestBatchesSequential(t *testing.T) {
	for _, c := range []struct {
		n, size int
		options []BatchOption
		want    string // batches of two epochs
	}{
		{5, 2, nil, "[0 1]0 [2 3]0 [4]0 [0 1]1 [2 3]1 [4]1"},
		{5, 2, []BatchOption{DropLast()}, "[0 1]0 [2 3]0 [0 1]1 [2 3]1"},
		{4, 2, nil, "[0 1]0 [2 3]0 [0 1]1 [2 3]1"},
		{3, 0, nil, "[0 1 2]0 [0 1 2]1"},
		{3, 9, []BatchOption{DropLast()}, "[0 1 2]0 [0 1 2]1"},
		{1, 1, nil, "[0]0 [0]1"},
	} {
		b := NewBatches(c.n, c.size, c.options...)
		got := ""
		for i := range 2 * b.PerEpoch() {
			got += fmt.Sprintf("%v%d ", b.Next(), b.Epoch())
			if end := (i+1)%b.PerEpoch() == 0; b.EpochEnd() != end {
				t.Errorf("n %d size %d: after batch %d EpochEnd is %v", c.n, c.size, i, b.EpochEnd())
			}
		}
		if got != c.want+" " {
			t.Errorf("n %d size %d:\ngot  %s\nwant %s", c.n, c.size, got, c.want)
		}
	}
	for _, n := range []int{0, -1} {
		if b := NewBatches(n, 4); len(b.Next()) != 0 || b.PerEpoch() != 0 {
			t.Errorf("an empty set has batches")
		}
	}
}

func TestBatchesShuffled(t *testing.T) {
	const n, size, epochs = 23, 5, 4
	epoch := func(b *Batches) []int {
		var rows []int
		for range b.PerEpoch() {
			rows = append(rows, b.Next()...)
		}
		return rows
	}
	a, b, other := NewBatches(n, size, Shuffled(1)), NewBatches(n, size, Shuffled(1)), NewBatches(n, size, Shuffled(2))
	var seen [][]int
	for e := range epochs {
		x, y, z := epoch(a), epoch(b), epoch(other)
		if !slices.Equal(x, y) {
			t.Errorf("epoch %d: equal seeds differ", e)
		}
		if slices.Equal(x, z) {
			t.Errorf("epoch %d: different seeds agree", e)
		}
		sorted := slices.Sorted(slices.Values(x))
		for i, v := range sorted {
			if i != v {
				t.Fatalf("epoch %d: rows %v", e, x)
			}
		}
		for i, s := range seen {
			if slices.Equal(s, x) {
				t.Errorf("epochs %d and %d have the same order", i, e)
			}
		}
		seen = append(seen, x)
	}
	resumed := NewBatches(n, size, Shuffled(1))
	resumed.Seek(2, 3)
	if got := resumed.Next(); !slices.Equal(got, seen[2][15:20]) || resumed.Epoch() != 2 {
		t.Errorf("resumed at epoch %d with %v, want %v", resumed.Epoch(), got, seen[2][15:20])
	}
	if n := testing.AllocsPerRun(100, func() { a.Next() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// chiSquare returns Pearson's statistic of counts against equal expectations.
func chiSquare(counts []int) float64 {
	total := 0
	for _, c := range counts {
		total += c
	}
	want := float64(total) / float64(len(counts))
	sum := 0.0
	for _, c := range counts {
		d := float64(c) - want
		sum += d * d / want
	}
	return sum
}

// checkUniform fails unless the statistic of counts lies between the quantiles 0.0001 and 0.9999 of its distribution, as scipy.stats.chi2
// says them. Seeds are fixed, so a test that passes passes always.
func checkUniform(t *testing.T, what string, counts []int) {
	t.Helper()
	bounds := map[int][2]float64{
		9: {0.6608, 33.7199}, 15: {2.4082, 44.2632}, 35: {11.9957, 74.9262}, 49: {20.3787, 94.5967}, 63: {29.5000, 113.5050},
		99: {54.9869, 160.0557}, 119: {69.9677, 185.0860}, 575: {457.3470, 709.7498},
	}
	b, ok := bounds[len(counts)-1]
	if !ok {
		t.Fatalf("no quantiles for %d cells", len(counts))
	}
	if x := chiSquare(counts); x < b[0] || x > b[1] {
		t.Errorf("%s: chi-square %.1f with %d degrees of freedom, want %.1f to %.1f", what, x, len(counts)-1, b[0], b[1])
	}
}

func TestDrawnRowsAreUniformAndIndependent(t *testing.T) {
	const n, epochs = 50, 2000
	one := NewRandom(n, 1, 7)
	var last [n]int // the draws of the epoch before
	var rows [n]int
	var next, across [100]int // pairs of draws, by their tens of rows
	before := 0
	for e := range epochs {
		for i := range n {
			r := one.Next()[0]
			rows[r]++
			if i > 0 {
				next[before/5*10+r/5]++
			}
			if e > 0 {
				across[last[i]/5*10+r/5]++
			}
			last[i], before = r, r
		}
	}
	checkUniform(t, "rows", rows[:])
	checkUniform(t, "a draw and the next", next[:])
	checkUniform(t, "a draw and that of the next epoch", across[:])
}

func TestDrawsDoNotDependOnTheBatchSize(t *testing.T) {
	const n = 10
	for size := 1; size <= n; size++ {
		a, b := NewRandom(n, size, 1), NewRandom(n, 1, 1)
		for range 5 * a.PerEpoch() {
			for _, r := range a.Next() {
				if one := b.Next()[0]; one != r || a.Epoch() != b.Epoch() {
					t.Fatalf("size %d: row %d of epoch %d, with size 1 row %d of epoch %d", size, r, a.Epoch(), one, b.Epoch())
				}
			}
		}
		if n := testing.AllocsPerRun(100, func() { a.Next() }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
	if empty := NewRandom(0, 4, 1); len(empty.Next()) != 0 || empty.Epoch() != 0 {
		t.Error("an empty set has rows")
	}
}

// rank numbers the permutations of len(p) values from 0, by Lehmer's code.
func rank(p []int) int {
	r := 0
	for i, v := range p {
		less := 0
		for _, w := range p[i+1:] {
			if w < v {
				less++
			}
		}
		r = r*(len(p)-i) + less
	}
	return r
}

func TestShufflesAreUniform(t *testing.T) {
	const n, epochs = 5, 24000
	b := NewBatches(n, n, Shuffled(3))
	var all [120]int
	for range epochs {
		all[rank(b.Next())]++
	}
	checkUniform(t, "permutations of 5", all[:])
	big := NewBatches(10, 10, Shuffled(4))
	var at [10][10]int
	for range epochs {
		for i, r := range big.Next() {
			at[i][r]++
		}
	}
	for i := range at {
		checkUniform(t, fmt.Sprintf("rows at position %d", i), at[i][:])
	}
}

func TestShufflesAreIndependent(t *testing.T) {
	const n, epochs = 4, 40000
	b, other := NewBatches(n, n, Shuffled(5)), NewBatches(n, n, Shuffled(6))
	var epoch, seed [576]int
	before := -1
	for range epochs {
		r := rank(b.Next())
		if before >= 0 {
			epoch[before*24+r]++
		}
		seed[r*24+rank(other.Next())]++
		before = r
	}
	checkUniform(t, "shuffles of an epoch and the next", epoch[:])
	checkUniform(t, "shuffles of neighbouring seeds", seed[:])
}

// TestChiSquareFindsBias shows that the checks above see what they are for: a shuffle that swaps every element with any other, the
// usual mistake, and draws modulo a number that does not divide their range.
func TestChiSquareFindsBias(t *testing.T) {
	k := NewKey(1, "bias")
	var naive [120]int
	draw := uint64(0)
	for range 24000 {
		p := []int{0, 1, 2, 3, 4}
		for i := range p {
			j := int(bounded(k.Uint64(draw), 5))
			p[i], p[j] = p[j], p[i]
			draw++
		}
		naive[rank(p)]++
	}
	if x := chiSquare(naive[:]); x < 185.086 {
		t.Errorf("a biased shuffle passes with %.1f", x)
	}
	var modulo [50]int
	for i := range uint64(100000) {
		modulo[k.Uint64(i)>>56%50]++
	}
	if x := chiSquare(modulo[:]); x < 94.597 {
		t.Errorf("biased draws pass with %.1f", x)
	}
}
