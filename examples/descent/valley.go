package main

// This file answers: which way does each optimizer go over the loss surface of the model with two weights?

import (
	"fmt"

	nnrt "nngen/runtime"
)

const steps = 200 // of a path

// steep are the learning rates of the paths, by optimizer, with every sampling. They are chosen so that a path shows how its optimizer
// moves, not so that it arrives soon. None makes an optimizer
// hop about the minimum, where the last digit of a number decides what the next step is.
var steep = [len(optimizers)]float64{0.2, 0.02, 0.5, 0.02, 5, 0.1}

// A point is a place on the surface.
type point struct{ w, v float64 }

// A path is where the two weights were.
type path struct {
	optimizer int
	by        sampling
	at        []point // at[0] is the start, at[t] the place after step t
	loss      float64 // over the whole set in the end
}

// walk trains a new model of two weights and notes where it goes.
func walk(f *flowers, opt int, by sampling) (path, error) {
	p := path{optimizer: opt, by: by}
	l, err := optimizers[opt].valley(f)
	if err != nil {
		return p, err
	}
	*l.rate = steep[opt]
	note := func(*nnrt.FitEvent) error {
		p.at = append(p.at, point{l.params[0], l.params[1]})
		return nil
	}
	note(nil)
	if _, err := l.train(by, nnrt.FitOptions{Steps: steps, OnStep: note}); err != nil {
		return p, fmt.Errorf("%s, %s, over the surface: %w", optimizers[opt].name, by, err)
	}
	p.loss, err = l.measure()
	return p, err
}

// walkAll goes with every optimizer and every sampling.
func walkAll(f *flowers) ([]path, error) {
	var out []path
	for opt := range optimizers {
		for by := range sampling(samplings) {
			p, err := walk(f, opt, by)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// The part of the surface that is drawn is a square, measured at cells*cells squares' corners.
const (
	reach = 3.0 // |w| and |v| at the edges
	cells = 120
)

// A surface is the loss over the whole set at the corners of squares: loss[j][i] is for w = -reach + 2*reach*i/cells and the like v of j.
type surface [cells + 1][cells + 1]float64

// measure computes the surface by evaluating the model with its two weights set to each corner.
func measure(f *flowers) (*surface, error) {
	l, err := optimizers[0].valley(f)
	if err != nil {
		return nil, err
	}
	var s surface
	for j := range s {
		for i := range s[j] {
			l.params[0], l.params[1] = corner(float64(i)), corner(float64(j))
			if s[j][i], err = l.measure(); err != nil {
				return nil, err
			}
		}
	}
	return &s, nil
}

// corner returns the weight at a corner's number, or between corners.
func corner(i float64) float64 { return -reach + 2*reach*i/cells }
