package main

// This file answers: where do the speeches come from, and which are kept for validation and test?

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

const (
	speakers     = 6 // who say the most lines
	passageLines = 4 // lines of one speech that are one sample, at most
	leastWords   = 3 // of a sample; less says too little

	maxTime = 48 // words of a sample, as the model declares; the longest passage has fewer
)

// speechesText holds the speeches of the six speakers, cut from tinyshakespeare.txt by -cut.
//
//go:embed speeches.txt
var speechesText string

// A speech is what one person says without interruption.
type speech struct {
	speaker string
	lines   []string
}

// parseSpeeches reads a text in which a speech is a line with a name and a colon, then lines, then an empty line. A part of another form is an error that
// names its first line.
func parseSpeeches(text string) ([]speech, error) {
	var all []speech
	var open *speech
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		default:
			name, ok := strings.CutSuffix(line, ":")
			if !ok || name == "" {
				return nil, fmt.Errorf("line %d: got %q, want a name and a colon, as a speech begins here", number, line)
			}
			all = append(all, speech{speaker: name})
			open = &all[len(all)-1]
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("got a text of %d lines without a speech, want some", number)
	}
	return all, nil
}

// most returns the n speakers with the most lines, sorted by name.
func most(all []speech, n int) ([]string, error) {
	lines := map[string]int{}
	var names []string
	for _, s := range all {
		if _, known := lines[s.speaker]; !known {
			names = append(names, s.speaker)
		}
		lines[s.speaker] += len(s.lines)
	}
	if len(names) < n {
		return nil, fmt.Errorf("got %d speakers, want at least %d", len(names), n)
	}
	slices.SortStableFunc(names, func(a, b string) int { return lines[b] - lines[a] })
	names = names[:n]
	slices.Sort(names)
	return names, nil
}

// cut returns the speeches of the speakers with the most lines, in the form of parseSpeeches, without those that are a name only.
func cut(text string) ([]byte, error) {
	all, err := parseSpeeches(text)
	if err != nil {
		return nil, err
	}
	names, err := most(all, speakers)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, s := range all {
		if slices.Contains(names, s.speaker) && len(s.lines) > 0 {
			fmt.Fprintf(&out, "%s:\n%s\n\n", s.speaker, strings.Join(s.lines, "\n"))
		}
	}
	return out.Bytes(), nil
}

// A passage is some words of a speech, and who says them.
type passage struct {
	words []string
	who   int
}

// passages cuts each speech into passages and divides them: of ten speeches of a speaker two are for the test and one is for validation. All passages of
// a speech go to the same part, so that no model is tested on the other half of a sentence that it has learnt.
func passages(all []speech, names []string) (train, valid, test []passage) {
	count := make([]int, len(names))
	for _, s := range all {
		who := slices.Index(names, s.speaker)
		if who < 0 {
			continue
		}
		part := &train
		switch i := count[who]; {
		case i%5 == 4:
			part = &test
		case i%10 == 7:
			part = &valid
		}
		count[who]++
		for lines := range slices.Chunk(s.lines, passageLines) {
			if words := tokens(strings.Join(lines, " ")); len(words) >= leastWords {
				*part = append(*part, passage{words, who})
			}
		}
	}
	return train, valid, test
}
