package data

// This file answers: which classes does a target column hold, and in which order?

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nngen/runtime"
)

// missing are the texts that stand for "no value", in small letters: what pandas and R write, and the question mark of UCI's files.
var missing = map[string]bool{
	"": true, "?": true, "na": true, "n/a": true, "#n/a": true, "#na": true, "<na>": true, "nan": true, "-nan": true, "null": true, "none": true, "nil": true,
}

// isMissing reports whether a field holds no value.
func isMissing(s string) bool {
	const longest = 4 // of the texts above
	return len(s) <= longest && missing[strings.ToLower(s)]
}

// textOrder sorts class names by their bytes.
func textOrder(a, b string) int { return strings.Compare(a, b) }

// integerOrder sorts class names that are integers by value, and equal values ("1", "01") by their bytes.
func integerOrder(a, b string) int {
	x, _ := strconv.ParseInt(a, 10, 64)
	y, _ := strconv.ParseInt(b, 10, 64)
	return cmp.Or(cmp.Compare(x, y), strings.Compare(a, b))
}

// classesOf returns the distinct texts in an order, and the place of each text among them.
func classesOf(texts []string, order func(a, b string) int) (classes []string, labels []int32) {
	index := make(map[string]int32)
	labels = make([]int32, len(texts))
	for i, s := range texts { // numbered in order of appearance first, so that only the distinct are sorted
		n, ok := index[s]
		if !ok {
			n = int32(len(classes))
			index[s] = n
			classes = append(classes, s)
		}
		labels[i] = n
	}
	appeared := slices.Clone(classes)
	slices.SortFunc(classes, order)
	for i, c := range classes {
		index[c] = int32(i)
	}
	rank := make([]int32, len(appeared))
	for i, c := range appeared {
		rank[i] = index[c]
	}
	for i, n := range labels {
		labels[i] = rank[n]
	}
	return slices.Clip(classes), labels
}

// distinct returns an error if a list of class names has one twice.
func distinct(classes []string) error {
	seen := make(map[string]bool, len(classes))
	for _, c := range classes {
		if seen[c] {
			return fmt.Errorf("option Classes: got %s twice, want distinct names", clipped(c))
		}
		seen[c] = true
	}
	return nil
}

// column collects what a target column holds, to decide at its end what it is: numbers to predict, or classes.
type column[T nnrt.Float] struct {
	words   bool // some value is not a number
	decimal bool // some value is a number, but no integer
}

// add looks at one value and returns it as a number, if it is one.
func (c *column[T]) add(s string) T {
	v, ok := number[T](s)
	if !ok {
		c.words = true
	} else if _, err := strconv.ParseInt(s, 10, 64); err != nil {
		c.decimal = true
	}
	return v
}

// numeric reports whether every value is a number, classes whether the values name classes: texts, or integers.
func (c *column[T]) numeric() bool { return !c.words }
func (c *column[T]) classes() bool { return c.words || !c.decimal }

// order is the order of the classes.
func (c *column[T]) order() func(a, b string) int {
	if c.words {
		return textOrder
	}
	return integerOrder
}
