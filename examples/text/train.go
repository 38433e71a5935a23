package main

// This file answers: how is the model trained, and how good is it on speeches that it has not seen?

import (
	"context"
	"fmt"
	"io"
	"math"

	nnrt "nngen/runtime"
)

const (
	batchSize = 32
	maxEpochs = 60
	patience  = 8 // epochs without a lower loss on the validation part after which training ends
)

// A corpus is the speeches as the model reads them.
type corpus struct {
	names              []string // speakers, by class
	words              []string // vocabulary, by number
	at                 index
	train, valid, test []passage
}

// load divides the speeches and chooses the vocabulary, from the training part only.
func load() (*corpus, error) {
	all, err := parseSpeeches(speechesText)
	if err != nil {
		return nil, fmt.Errorf("speeches.txt: %w", err)
	}
	c := new(corpus)
	if c.names, err = most(all, speakers); err != nil {
		return nil, fmt.Errorf("speeches.txt: %w", err)
	}
	c.train, c.valid, c.test = passages(all, c.names)
	c.words = chooseWords(c.train)
	c.at = newIndex(c.words)
	return c, nil
}

// fit trains a model from a seed until the loss on the validation part falls no more, and returns the one with the lowest. Log receives a line an epoch.
func fit(ctx context.Context, c *corpus, seed uint64, log io.Writer) (*Speaker, *nnrt.History, error) {
	model := NewSpeaker(seed)
	trainer, err := NewSpeakerTrainer(model, SpeakerTrainerOptions{MaxBatch: batchSize, Seed: seed})
	if err != nil {
		return nil, nil, err
	}
	train := c.at.set(c.train)
	history, err := nnrt.Fit(ctx, trainer, nnrt.MiniBatch(&train, batchSize, seed), nnrt.FitOptions{
		Epochs:      maxEpochs,
		Validate:    trainer.On(c.at.set(c.valid)),
		EarlyStop:   nnrt.EarlyStop{Patience: patience},
		RestoreBest: true,
		Log:         log,
	})
	return model, history, err
}

// A result says how a model, or a rule, does on passages.
type result struct {
	accuracy  float64
	confusion [speakers][speakers]int // by who speaks, then by who was named
}

// judge asks a rule about passages.
func judge(all []passage, rule func(words []string) int) (r result) {
	for _, p := range all {
		named := rule(p.words)
		r.confusion[p.who][named]++
		if named == p.who {
			r.accuracy += 1 / float64(len(all))
		}
	}
	return r
}

// predict returns the probabilities of the speakers for some words.
func predict(model *Speaker, at index, words []string) ([]float32, error) {
	in := SpeakerInput{Words: make([]int32, maxTime), Time: maxTime}
	at.encode(in.Words, words)
	out, err := model.Predict(in)
	return out.Probs, err
}

// ofModel is the rule that a model has learnt.
func ofModel(model *Speaker, at index) func(words []string) int {
	return func(words []string) int {
		probs, err := predict(model, at, words)
		if err != nil {
			panic(err) // encode gives what the model takes
		}
		return largest(probs)
	}
}

// ofMost is the rule that always names who has most of the passages: over those that it is judged by, no constant answer is better.
func ofMost(all []passage) func(words []string) int {
	var counts [speakers]float64
	for _, p := range all {
		counts[p.who]++
	}
	return func([]string) int { return largest(counts[:]) }
}

// ofCounts is the naive Bayes rule: it multiplies how often each speaker says each of the words, smoothed by adding 0.3 to every count. It knows all
// words of the training part.
func ofCounts(train []passage) func(words []string) int {
	const smoothing = 0.3
	var passages, total [speakers]float64
	counts := map[string]*[speakers]float64{}
	for _, p := range train {
		passages[p.who]++
		for _, w := range p.words {
			if counts[w] == nil {
				counts[w] = new([speakers]float64)
			}
			counts[w][p.who]++
			total[p.who]++
		}
	}
	return func(words []string) int {
		var score [speakers]float64
		for s := range score {
			score[s] = math.Log(passages[s])
			for _, w := range words {
				if n := counts[w]; n != nil {
					score[s] += math.Log((n[s] + smoothing) / (total[s] + smoothing*float64(len(counts))))
				}
			}
		}
		return largest(score[:])
	}
}

// largest returns the index of the largest value, the first one of equal ones.
func largest[T float32 | float64](values []T) int {
	at := 0
	for i, v := range values {
		if v > values[at] {
			at = i
		}
	}
	return at
}
