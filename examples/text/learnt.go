package main

// This file answers: what has the model learnt, in words?

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

const (
	width      = 32 // of a word's vector
	leastOften = 5  // times that a word must occur in the training part to be shown
)

// vector returns the vector of a word.
func vector(m *Speaker, word int) []float32 { return m.E.W[word*width:][:width] }

// dot returns the scalar product.
func dot(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// often returns the words, by number, that occur at least leastOften times in the training part.
func often(c *corpus) []int {
	counts := make([]int, len(c.words))
	for _, p := range c.train {
		for _, w := range p.words {
			counts[c.at[w]]++ // those that are not in the vocabulary count for padding
		}
	}
	var words []int
	for w := 2; w < len(c.words); w++ {
		if counts[w] >= leastOften {
			words = append(words, w)
		}
	}
	return words
}

// telling returns for each speaker the n words that speak most for him: what the word's vector adds to his logit, less what it adds to those of the
// others on average.
func telling(m *Speaker, c *corpus, n int) [speakers][]string {
	var out [speakers][]string
	weights := make([]float64, len(c.words))
	for s := range speakers {
		column := make([]float32, width)
		for i := range column {
			for other := range speakers {
				column[i] -= m.Logits.W[i*speakers+other] / speakers
			}
			column[i] += m.Logits.W[i*speakers+s]
		}
		words := often(c)
		for _, w := range words {
			weights[w] = dot(vector(m, w), column)
		}
		slices.SortStableFunc(words, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
		for _, w := range words[:n] {
			out[s] = append(out[s], c.words[w])
		}
	}
	return out
}

// nearest returns the n words whose vectors have the smallest angle with that of a word.
func nearest(m *Speaker, c *corpus, word string, n int) ([]string, error) {
	at, ok := c.at[word]
	if !ok {
		return nil, fmt.Errorf("got the word %q, want one of the vocabulary", word)
	}
	angle := func(w int) float64 {
		return dot(vector(m, int(at)), vector(m, w)) / math.Sqrt(dot(vector(m, w), vector(m, w)))
	}
	words := slices.DeleteFunc(often(c), func(w int) bool { return w == int(at) })
	slices.SortStableFunc(words, func(a, b int) int { return cmp.Compare(angle(b), angle(a)) })
	var out []string
	for _, w := range words[:n] {
		out = append(out, c.words[w])
	}
	return out, nil
}
