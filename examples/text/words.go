package main

// This file answers: how does text become what the model reads?

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
)

const (
	padding     = 0 // fills up short passages; the model's mean leaves it out
	unknown     = 1 // any word that is not in the vocabulary
	vocabulary  = 3000
	paddingName = "(padding)"
	unknownName = "(unknown)"
)

// tokens returns the words of a text in lower case. A word is letters, with apostrophes and hyphens inside.
func tokens(text string) []string {
	text = strings.ReplaceAll(strings.ToLower(text), "--", " ") // a dash
	fields := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' })
	words := fields[:0]
	for _, w := range fields {
		if w = strings.Trim(w, "'-"); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// chooseWords returns the vocabulary by index: padding, unknown, then the words that occur most often in the passages, ties in the order of the alphabet.
func chooseWords(train []passage) []string {
	counts := map[string]int{}
	for _, p := range train {
		for _, w := range p.words {
			counts[w]++
		}
	}
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return append([]string{paddingName, unknownName}, words[:min(len(words), vocabulary-2)]...)
}

// An index maps words to their numbers.
type index map[string]int32

// newIndex returns the index of a vocabulary.
func newIndex(words []string) index {
	at := make(index, len(words))
	for i, w := range words[2:] {
		at[w] = int32(i + 2)
	}
	return at
}

// encode writes the numbers of words to dst, fills it up with padding, and leaves out words that have no room.
func (at index) encode(dst []int32, words []string) {
	for i := range dst {
		switch {
		case i >= len(words):
			dst[i] = padding
		default:
			n, ok := at[words[i]]
			if !ok {
				n = unknown
			}
			dst[i] = n
		}
	}
}

// set makes a data set of passages.
func (at index) set(all []passage) SpeakerData {
	d := SpeakerData{Words: make([]int32, len(all)*maxTime), Who: make([]int32, len(all))}
	for i, p := range all {
		at.encode(d.Words[i*maxTime:][:maxTime], p.words)
		d.Who[i] = int32(p.who)
	}
	return d
}
