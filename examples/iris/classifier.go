package main

// This file answers: what of a trained net must be kept, and how is it used?

import (
	"fmt"

	nnrt "nngen/runtime"
	"nngen/runtime/data"
)

// A classifier is a net with what it is worthless without: how the measures are scaled before it sees them, and what its answers mean.
type classifier struct {
	net     *Iris
	scaling *data.Scaling[float32]
	classes []string
}

// save writes everything into one file.
func (c *classifier) save(path string) error {
	return c.net.Save(path, nnrt.Attach("scaling", c.scaling), nnrt.Attach("classes", c.classes))
}

// load reads a file that save has written.
func load(path string) (*classifier, error) {
	c := &classifier{scaling: new(data.Scaling[float32])}
	var err error
	if c.net, err = LoadIris(path, nnrt.Attach("scaling", c.scaling), nnrt.Attach("classes", &c.classes)); err != nil {
		return nil, err
	}
	if len(c.scaling.Columns) != features || len(c.classes) != species {
		return nil, fmt.Errorf("%s: got %d columns of scaling and %d classes, want %d and %d", path, len(c.scaling.Columns), len(c.classes), features, species)
	}
	return c, nil
}

// classify returns the most probable class of a flower, as an index, and its probability. The measures are as in the file of flowers.
func (c *classifier) classify(flower []float32) (class int, probability float64, err error) {
	var x [features]float32
	if err := c.scaling.Row(x[:], flower); err != nil {
		return 0, 0, err
	}
	out, err := c.net.Predict(IrisInput{X: x[:]})
	if err != nil {
		return 0, 0, err
	}
	for k, p := range out.Probs {
		if p > out.Probs[class] {
			class = k
		}
	}
	return class, float64(out.Probs[class]), nil
}
