package main

// This file answers: how does the network's loss fall, epoch after epoch, with each optimizer and each way of choosing samples, and at
// which learning rates?

import (
	"errors"
	"fmt"
	"io"
	"math"

	nnrt "nngen/runtime"
)

const (
	epochs = 200  // of a run
	goal   = 0.06 // the loss that every run reaches, and stays below to its end
)

// rates are the learning rates that the network is trained at: by optimizer and sampling, the best of 1, 2 and 5 times powers of ten
// from 0.0001 to 50, as search finds them. Without a choice for each, the comparison would be one of rates.
var rates = [len(optimizers)][samplings]float64{
	{2, 0.2, 0.02, 0.01},       // gradient descent
	{1, 0.02, 0.002, 0.001},    // momentum
	{1, 0.2, 0.2, 0.2},         // Adagrad
	{0.05, 0.01, 0.002, 0.001}, // RMSprop
	{10, 5, 2, 0.5},            // Adadelta
	{0.2, 0.02, 0.002, 0.001},  // Adam
}

// A curve is the loss over the whole set, epoch after epoch.
type curve struct {
	optimizer int
	by        sampling
	rate      float64
	loss      []float64 // loss[0] is from before the first step, loss[e] from after epoch e
}

// follow trains a new network and measures it after every epoch.
func follow(f *flowers, opt int, by sampling, rate float64) (curve, error) {
	c := curve{optimizer: opt, by: by, rate: rate}
	l, err := optimizers[opt].net(f)
	if err != nil {
		return c, err
	}
	*l.rate = rate
	start, err := l.measure()
	if err != nil {
		return c, err
	}
	history, err := l.train(by, nnrt.FitOptions{Epochs: epochs, Validate: l.loss})
	if err != nil {
		return c, fmt.Errorf("%s, %s, learning rate %g: %w", optimizers[opt].name, by, rate, err)
	}
	c.loss = append([]float64{start}, history.Column("val_loss")...)
	return c, nil
}

// followAll trains with every optimizer and every sampling: the curves of one optimizer follow each other.
func followAll(f *flowers) ([]curve, error) {
	var out []curve
	for opt := range optimizers {
		for by := range sampling(samplings) {
			c, err := follow(f, opt, by, rates[opt][by])
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// settled returns the epoch from whose end on the loss is never above the goal again; false if it is above it in the end.
func (c *curve) settled() (epoch int, ok bool) {
	for epoch = len(c.loss); epoch > 0 && c.loss[epoch-1] <= goal; epoch-- {
	}
	return epoch, epoch < len(c.loss)
}

// better reports whether c settles in fewer epochs than d, or in as many and has the smaller loss in the end.
func (c *curve) better(d *curve) bool {
	a, ok := c.settled()
	b, other := d.settled()
	if !ok || !other || a == b {
		return ok && (!other || c.loss[epochs] < d.loss[epochs])
	}
	return a < b
}

// grid returns the learning rates that search tries, in rising order.
func grid() []float64 {
	var out []float64
	for power := -4; power <= 1; power++ {
		for _, m := range []float64{1, 2, 5} {
			out = append(out, m*math.Pow10(power))
		}
	}
	return out
}

// search tries every learning rate of the grid, for every optimizer and sampling, and writes a line about each pair.
func search(f *flowers, w io.Writer) error {
	for opt := range optimizers {
		for by := range sampling(samplings) {
			var best curve
			working := 0
			for _, rate := range grid() {
				c, err := follow(f, opt, by, rate)
				if diverged := (*nnrt.DivergenceError)(nil); errors.As(err, &diverged) {
					continue
				} else if err != nil {
					return err
				}
				if _, ok := c.settled(); ok {
					working++
				}
				if best.loss == nil || c.better(&best) {
					best = c
				}
			}
			epoch, _ := best.settled()
			if _, err := fmt.Fprintf(w, "%-17s %-23s best rate %-6g settles at %g after %3d epochs, %2d of %d rates do\n",
				optimizers[opt].name, by, best.rate, goal, epoch, working, len(grid())); err != nil {
				return err
			}
		}
	}
	return nil
}
