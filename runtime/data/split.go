package data

// This file answers: which rows are for training, and which are held out?

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"

	"nngen/runtime"
)

// Split copies the rows i for which the rule holds into one table and the others into another, in their order.
// Both keep all classes, so equal indices mean equal classes.
func (t *Table[T]) Split(rule func(i int) bool) (yes, no *Table[T]) {
	var in, out []int
	for i := range t.Rows {
		if rule(i) {
			in = append(in, i)
		} else {
			out = append(out, i)
		}
	}
	return t.Take(in), t.Take(out)
}

// SplitSeed copies a fraction of the rows, from 0 to 1, chosen at random by a seed, into one table and the others into another. The number of
// rows chosen is rounded to the nearest; both tables keep the order of t. Equal seeds choose equal rows.
func (t *Table[T]) SplitSeed(fraction float64, seed uint64) (part, rest *Table[T], err error) {
	if err := checkFraction(fraction); err != nil {
		return nil, nil, err
	}
	order := shuffled(t.Rows, seed, "data.split")
	return t.divide(order[:int(math.RoundToEven(fraction*float64(t.Rows)))])
}

// SplitStratified is [Table.SplitSeed] that takes the fraction of each class. The part has as many rows as SplitSeed's; where a class's share is
// no whole number, the largest remainders are rounded up (and of equal ones, the class of lower index).
func (t *Table[T]) SplitStratified(fraction float64, seed uint64) (part, rest *Table[T], err error) {
	if err := checkFraction(fraction); err != nil {
		return nil, nil, err
	}
	classes, err := t.byClass(seed)
	if err != nil {
		return nil, nil, err
	}
	left := int(math.RoundToEven(fraction * float64(t.Rows)))
	take := make([]int, len(classes))
	remainder := make([]float64, len(classes))
	largest := make([]int, len(classes))
	for c, rows := range classes {
		share := fraction * float64(len(rows))
		take[c] = int(share)
		remainder[c] = share - float64(take[c])
		largest[c] = c
		left -= take[c]
	}
	slices.SortStableFunc(largest, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	for _, c := range largest {
		if left > 0 && take[c] < len(classes[c]) {
			take[c]++
			left--
		}
	}
	var chosen []int
	for c, rows := range classes {
		chosen = append(chosen, rows[:take[c]]...)
	}
	return t.divide(chosen)
}

// Fold is one of the ways in which k-fold cross-validation divides a table: each row is in Test of one fold and in Train of all others.
type Fold[T nnrt.Float] struct{ Train, Test *Table[T] }

// Folds divides t into k folds by index: row i is tested in fold i%k. The sequence yields the number of the fold, from 0, and its tables, which
// are made when it comes to them. It is an error unless k is from 2 to the number of rows.
func (t *Table[T]) Folds(k int) (iter.Seq2[int, Fold[T]], error) {
	order := make([]int, t.Rows)
	for i := range order {
		order[i] = i
	}
	return t.folds(k, order)
}

// FoldsSeed is [Table.Folds] over rows in random order. Equal seeds make equal folds.
func (t *Table[T]) FoldsSeed(k int, seed uint64) (iter.Seq2[int, Fold[T]], error) {
	return t.folds(k, shuffled(t.Rows, seed, "data.folds"))
}

// FoldsStratified is [Table.FoldsSeed] in which the folds differ by at most one row of each class, and by at most one row in all.
func (t *Table[T]) FoldsStratified(k int, seed uint64) (iter.Seq2[int, Fold[T]], error) {
	classes, err := t.byClass(seed)
	if err != nil {
		return nil, err
	}
	return t.folds(k, slices.Concat(classes...)) // dealt round, class after class
}

// folds deals rows in an order to k folds.
func (t *Table[T]) folds(k int, order []int) (iter.Seq2[int, Fold[T]], error) {
	if k < 2 || k > t.Rows {
		return nil, fmt.Errorf("folds: got %d, want 2 to %d, the number of rows", k, t.Rows)
	}
	fold := make([]int, t.Rows)
	for i, row := range order {
		fold[row] = i % k
	}
	return func(yield func(int, Fold[T]) bool) {
		for f := range k {
			test, train := t.Split(func(i int) bool { return fold[i] == f })
			if !yield(f, Fold[T]{train, test}) {
				return
			}
		}
	}, nil
}

// divide copies the chosen rows into one table and the others into another, both in t's order.
func (t *Table[T]) divide(chosen []int) (part, rest *Table[T], err error) {
	in := make([]bool, t.Rows)
	for _, row := range chosen {
		in[row] = true
	}
	part, rest = t.Split(func(i int) bool { return in[i] })
	return part, rest, nil
}

// byClass returns the rows of each class in random order.
func (t *Table[T]) byClass(seed uint64) ([][]int, error) {
	if t.Labels == nil {
		return nil, fmt.Errorf("split by class: got a target that has no classes, want one that has (use the split by seed)")
	}
	classes := make([][]int, len(t.Classes))
	for i, l := range t.Labels {
		if l < 0 || int(l) >= len(classes) {
			return nil, fmt.Errorf("table: row %d: got label %d, want an index into %d classes", i, l, len(classes))
		}
		classes[l] = append(classes[l], i)
	}
	key := nnrt.NewKey(seed, "data.classes")
	for c, rows := range classes {
		nnrt.Shuffle(key.At(uint64(c)), rows)
	}
	return classes, nil
}

func checkFraction(f float64) error {
	if f >= 0 && f <= 1 {
		return nil
	}
	return fmt.Errorf("split: got fraction %v, want 0 to 1", f)
}

// shuffled returns 0 to n-1 in a random order that depends on the seed and the use.
func shuffled(n int, seed uint64, use string) []int {
	order := make([]int, n)
	nnrt.Perm(nnrt.NewKey(seed, use), order)
	return order
}

// below maps 64 random bits to 0 to n-1, as nnrt.Shuffle does: by the high half of the product (Lemire 2019, without rejection).
func below(random uint64, n int) int {
	hi, _ := bits.Mul64(random, uint64(n))
	return int(hi)
}
