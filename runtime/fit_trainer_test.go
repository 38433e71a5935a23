package nnrt

// A trainer written by hand, for the tests of Fit: linear regression in float64 with momentum, through the same interface as generated
// trainers.

import (
	"errors"
	"math"
	"slices"
)

// lineMeasures is what a step of lineTrainer reports: the mean squared error and the largest error.
type lineMeasures struct{ Loss, Worst float64 }

func (lineMeasures) Names() []string { return lineNames }

var lineNames = []string{"loss", "worst"}

func (m lineMeasures) AppendTo(dst []float64) []float64 { return append(dst, m.Loss, m.Worst) }

// lineTrainer fits y = w0*x0 + w1*x1 + b by gradient descent with momentum. Its random stream adds noise to the gradient, so that a run
// that loses the step or the seed is another run.
type lineTrainer struct {
	p        [3]float64 // w0, w1, b
	v        [3]float64 // momentum
	lr       float64
	steps    int
	seed     uint64
	capacity int

	g             [3]float64 // of the parts so far
	sum, worst    float64
	rows, of      int
	poison        int // a step after which the parameters are NaN; 0: none
	applied, lone int // calls of Apply and Step
}

func newLine(capacity int) *lineTrainer { return &lineTrainer{lr: 0.05, seed: 3, capacity: capacity} }

func (t *lineTrainer) add(b points) {
	for i, y := range b.Y {
		e := t.p[0]*b.X[2*i] + t.p[1]*b.X[2*i+1] + t.p[2] - y
		t.sum += e * e
		t.worst = math.Max(t.worst, math.Abs(e))
		t.g[0] += 2 * e * b.X[2*i]
		t.g[1] += 2 * e * b.X[2*i+1]
		t.g[2] += 2 * e
	}
	t.rows += len(b.Y)
}

func (t *lineTrainer) update() lineMeasures {
	m := lineMeasures{t.sum / float64(t.rows), t.worst}
	t.steps++
	noise := NewKey(t.seed, "noise").At(uint64(t.steps))
	for i := range t.p {
		g := t.g[i]/float64(t.rows) + 0.01*Normal[float64](noise, uint64(i))
		t.v[i] = 0.9*t.v[i] + g
		t.p[i] -= t.lr * t.v[i]
	}
	if t.steps == t.poison {
		t.p[1] = math.NaN()
	}
	t.forget()
	return m
}

func (t *lineTrainer) forget() { t.g, t.sum, t.worst, t.rows, t.of = [3]float64{}, 0, 0, 0, 0 }

func (t *lineTrainer) Step(b points) (lineMeasures, error) {
	if t.rows > 0 {
		return lineMeasures{}, errors.New("Step between parts")
	}
	if len(b.Y) == 0 || len(b.Y) > t.capacity {
		return lineMeasures{}, errors.New("batch does not fit")
	}
	t.lone++
	t.add(b)
	return t.update(), nil
}

func (t *lineTrainer) Accumulate(b points, of int) error {
	if t.rows > 0 && of != t.of || t.rows+len(b.Y) > of || len(b.Y) > t.capacity {
		return errors.New("part does not fit")
	}
	t.of = of
	t.add(b)
	return nil
}

func (t *lineTrainer) Apply() (lineMeasures, error) {
	if t.rows != t.of {
		t.forget()
		return lineMeasures{}, errors.New("parts are not whole")
	}
	t.applied++
	return t.update(), nil
}

func (t *lineTrainer) Capacity() int { return t.capacity }
func (t *lineTrainer) Steps() int    { return t.steps }

var lineSchema = Schema{{Path: "w", Shape: []int{2}}, {Path: "b", Offset: 2}}

func (t *lineTrainer) State() State {
	return State{
		Model: "Line", Schema: lineSchema, Steps: &t.steps, Seed: &t.seed,
		Numbers:  []StateNumber{{"LR", &t.lr}},
		Tensors:  []StateTensors{{F64: t.p[:]}, {Prefix: "state/v/", F64: t.v[:]}},
		Restored: t.forget,
	}
}

func (t *lineTrainer) NonFinite() string {
	for _, x := range []struct {
		name   string
		values []float64
	}{{"w", t.p[:2]}, {"b", t.p[2:]}, {"state v of w", t.v[:2]}, {"state v of b", t.v[2:]}} {
		if slices.ContainsFunc(x.values, func(v float64) bool { return v-v != 0 }) {
			return x.name
		}
	}
	return ""
}

// on returns a function that validates on a set.
func (t *lineTrainer) on(set *points) func() (Measures, error) {
	return func() (Measures, error) {
		probe := lineTrainer{p: t.p}
		probe.add(*set)
		return lineMeasures{probe.sum / float64(probe.rows), probe.worst}, nil
	}
}

// linePoints returns n noisy points of a plane.
func linePoints(n int, seed uint64) *points {
	k := NewKey(seed, "points")
	p := &points{X: make([]float64, 2*n), Y: make([]float64, n)}
	FillNormal(p.X, k, 0)
	for i := range p.Y {
		p.Y[i] = 2*p.X[2*i] - p.X[2*i+1] + 0.5 + 0.3*Normal[float64](k.At(1), uint64(i))
	}
	return p
}
