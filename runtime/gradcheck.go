package nnrt

// This file answers: are the gradients of a model the derivatives of its loss?
//
// For a tensor p of parameters, its gradient g and a direction u, the loss changes from p - hu to p + hu by 2h(g·u), up to what follows.
// A few directions see a mistake anywhere in g without a loop over all elements. What makes the two sides differ although g is right, and
// what is done about it:
//
//   - The third derivative: an error of order h³. Rounding of the loss: an error that does not depend on h. Together they are least
//     near the cube root of the precision (Nocedal and Wright, Numerical Optimization, 2006, section 8.1), 4e-3 for float32 and 5e-6
//     for float64, in units of p's size; where exactly depends on the model. So several steps h are tried, from long to short. How much
//     rounding moves the loss is measured, by parameters that differ in their last bits only; how much the third derivative does, by
//     the slope of the step before: what slopes differ by is no mistake of g.
//   - Rounding of p ± hu: the change is multiplied by g as it was rounded, p⁺ - p⁻.
//   - Kinks (relu, abs, max): inside 2h of one the difference is a mean of two slopes. The shorter a step, the fewer kinks it reaches, and one
//     step that agrees is enough, among those that say anything; and one random direction may disagree, on whose way many kinks lie. Initial values can lie exactly on a kink, as relu of a bias 0 does where
//     the input is 0: so the check is made beside the model's parameters, each moved by up to a fifth of the root mean square of its
//     tensor. This also tests tensors whose gradients vanish between initial zeros.
//   - Jumps (comparisons, derivatives of relu in the loss): a gradient knows nothing of them, but where there are many, longer steps see them as
//     a slope. Where no step agrees, the steps are cut into parts, and the median of the changes is compared, which few jumps do not move.

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A GradientCheck is a model at work, for [CheckGradients].
type GradientCheck[T Float] struct {
	Model             string // name, as declared
	Schema            Schema // the parameters whose gradients are computed
	Params, Gradients []T    // flat buffers that Schema describes
	// Forward computes the loss with the present Params. Equal parameters give equal losses.
	Forward func() (loss float64, err error)
	// Backward computes Gradients after a Forward.
	Backward func() error
}

// A GradientError says that a gradient is not the derivative of the loss.
type GradientError struct {
	Model string  // name, as declared
	Path  string  // the parameter, such as h.W
	Got   float64 // change of the loss that the gradient says, for a small change of the parameter
	Want  float64 // what the loss changed by
	Slack float64 // by how much the two may differ

	step float64
}

// Error returns, for example, "Digits: the gradient of h.W says that the loss changes by 0.0012, want 0.0031 (within 1e-05) as it did".
func (e *GradientError) Error() string {
	return fmt.Sprintf("%s: the gradient of %s says that the loss changes by %.6g, want %.6g (within %.1g) as it did", e.Model, e.Path, e.Got, e.Want, e.Slack)
}

// gradientSteps are the lengths h, in units of a tensor's root mean square, and the relative error that is left at the best of them.
func gradientSteps[T Float]() (steps []float64, tolerance, epsilon float64) {
	if is32(T(0)) {
		return []float64{1e-1, 3e-2, 1e-2, 3e-3, 1e-3}, 1e-2, 0x1p-24
	}
	return []float64{1e-3, 1e-4, 1e-5, 1e-6}, 1e-6, 0x1p-53
}

const (
	gradientDirections = 5   // for each tensor: its gradient, and random ones, of which one may disagree
	gradientProbes     = 4   // evaluations that measure rounding
	gradientNoise      = 4.  // how much rounding may exceed the largest that was measured
	gradientParts      = 64  // of a step, to see jumps
	gradientSays       = 0.1 // a step says something when its slack is at most this part of the change
)

// CheckGradients compares the gradients of a loss with its finite differences, for each parameter along its gradient and along random
// directions, at a point beside the present parameters. It returns nil, or an error for each parameter whose gradient is wrong
// ([GradientError], joined). Params are as before afterwards, bit by bit; Gradients are those of another point.
//
// In the models that nngen is tested on, a wrong sign, a missing gradient and, in float64, an error of a hundredth is found in every tensor whose
// gradient is not zero; an error of a tenth in float32 in nearly all. What rounding of the loss hides is not found: where the loss of a float32
// model hardly depends on a parameter, its differences say nothing. A loss that jumps nearly everywhere is taken for what it looks like from
// afar, so that right gradients can look wrong.
//
// It evaluates the loss some 20 times for each tensor, up to 50 times where kinks or rounding demand other steps, and some 800 times more
// for a wrong one.
func CheckGradients[T Float](c GradientCheck[T]) error {
	saved := append([]T(nil), c.Params...)
	defer copy(c.Params, saved)
	g := gradientChecker[T]{GradientCheck: c, key: NewKey(1, "nnrt.gradients")}
	g.steps, g.tolerance, g.epsilon = gradientSteps[T]()

	var scales []float64 // of the tensors
	c.Schema.Each(func(_ string, offset int, shape []int) {
		p := c.Params[offset:][:elementsOf(shape)]
		scales = append(scales, weight(p))
		move := 0.2 * scales[len(scales)-1]
		for i := range p {
			p[i] += T(move * g.random())
		}
	})
	g.base = append([]T(nil), c.Params...)
	loss, err := g.loss()
	if err != nil {
		return err
	}
	if err := c.Backward(); err != nil {
		return err
	}
	g.grad = append([]T(nil), c.Gradients...)
	if err := g.measureNoise(loss); err != nil {
		return err
	}
	var wrong []error
	number := 0
	c.Schema.Each(func(path string, offset int, shape []int) {
		if err == nil {
			var bad *GradientError
			if bad, err = g.tensor(path, offset, elementsOf(shape), scales[number]); bad != nil {
				wrong = append(wrong, bad)
			}
			number++
		}
	})
	if err != nil {
		return err
	}
	return errors.Join(wrong...)
}

type gradientChecker[T Float] struct {
	GradientCheck[T]
	base, grad         []T // parameters and gradients of the point that is looked at
	steps              []float64
	tolerance, epsilon float64
	noise              float64 // how far rounding moves the loss
	key                Key
	drawn              uint64
}

// random returns the next number from -1 to 1.
func (g *gradientChecker[T]) random() float64 {
	g.drawn++
	return 2*Uniform[float64](g.key, g.drawn) - 1
}

// loss evaluates the loss, which must be a number for differences to say something.
func (g *gradientChecker[T]) loss() (float64, error) {
	loss, err := g.Forward()
	if err == nil && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		err = fmt.Errorf("%s: the loss is %v: its gradients cannot be checked", g.Model, loss)
	}
	return loss, err
}

// measureNoise finds out how far rounding moves the loss: parameters that differ in their last bits give losses that differ so much.
func (g *gradientChecker[T]) measureNoise(loss float64) error {
	g.noise = g.epsilon * math.Abs(loss)
	for range gradientProbes {
		for i, p := range g.base {
			g.Params[i] = T(float64(p) * (1 + 4*g.epsilon*g.random()))
		}
		l, err := g.loss()
		if err != nil {
			return err
		}
		g.noise = max(g.noise, math.Abs(l-loss))
	}
	copy(g.Params, g.base)
	return nil
}

// tensor checks the gradient of n parameters from offset on, by steps in units of scale.
func (g *gradientChecker[T]) tensor(path string, offset, n int, scale float64) (wrong *GradientError, err error) {
	base, grad, p := g.base[offset:][:n], g.grad[offset:][:n], g.Params[offset:][:n]
	defer copy(p, base)
	most := 0.0
	for i, x := range grad {
		if v := math.Abs(float64(x)); v > most {
			most = v
		} else if v != v || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%s: the gradient of %s is %v at position %d", g.Model, path, x, i)
		}
	}
	u := make([]float64, n)
	votes := 0
	for d := range gradientDirections {
		for i := range u {
			if u[i] = 1.7 * g.random(); d == 0 && most > 0 { // of variance one, or the gradient
				u[i] = float64(grad[i]) / most
			}
		}
		bad, err := g.direction(path, base, grad, p, u, scale)
		if err != nil {
			return nil, err
		}
		if bad == nil {
			continue
		}
		if wrong == nil || bad.excess() > wrong.excess() {
			wrong = bad
		}
		if votes++; d == 0 || votes == 2 {
			return wrong, nil
		}
	}
	return nil, nil
}

// direction compares along u, step by step, until one agrees that says something; else it returns the comparison that comes nearest.
func (g *gradientChecker[T]) direction(path string, base, grad, p []T, u []float64, scale float64) (*GradientError, error) {
	var best, vague *GradientError // among the steps that say something, among the others
	before := 0.0                  // the slope of the step before
	for k, h := range g.steps {
		e, spread, err := g.step(path, base, grad, p, u, h*scale)
		if err != nil {
			return nil, err
		}
		slope := e.Want / h
		drift := math.Abs(slope-before) * h
		before = slope
		if k == 0 {
			continue // nothing is known of the third derivative
		}
		size := max(math.Abs(e.Got), math.Abs(e.Want), spread)
		e.Slack = g.tolerance*size + 2*gradientNoise*g.noise + drift
		switch {
		case e.Slack > gradientSays*size:
			if vague == nil || e.Slack/e.step < vague.Slack/vague.step {
				vague = e
			}
		case e.excess() <= 1:
			return nil, nil
		case best == nil || e.excess() < best.excess():
			best = e
		}
	}
	if best == nil && vague.excess() > 1 {
		best = vague
	}
	if best == nil {
		return nil, nil
	}
	if smooth, err := g.betweenJumps(path, base, grad, p, u, scale); smooth || err != nil {
		return nil, err
	}
	return best, nil
}

// betweenJumps reports whether the gradient is the slope of most of the parts that a step is cut into.
func (g *gradientChecker[T]) betweenJumps(path string, base, grad, p []T, u []float64, scale float64) (bool, error) {
	changes := make([]float64, gradientParts)
	for _, h := range g.steps {
		e, spread, err := g.step(path, base, grad, p, u, h*scale)
		if err != nil {
			return false, err
		}
		before := 0.0
		for i := range gradientParts + 1 {
			at := h * scale * (2*float64(i)/gradientParts - 1)
			for j, x := range base {
				p[j] = T(float64(x) + at*u[j])
			}
			loss, err := g.loss()
			if err != nil {
				return false, err
			}
			if i > 0 {
				changes[i-1] = loss - before
			}
			before = loss
		}
		slices.Sort(changes)
		e.Want = gradientParts * (changes[gradientParts/2-1] + changes[gradientParts/2]) / 2
		size := max(math.Abs(e.Got), math.Abs(e.Want), spread)
		e.Slack = g.tolerance*size + math.Sqrt(gradientParts)*gradientNoise*g.noise
		if e.Slack <= gradientSays*size && e.excess() <= 1 {
			return true, nil
		}
	}
	return false, nil
}

// step compares the change from base - hu to base + hu. It also returns the change that a random direction of u's size would show.
func (g *gradientChecker[T]) step(path string, base, grad, p []T, u []float64, h float64) (e *GradientError, spread float64, err error) {
	for i, x := range base {
		p[i] = T(float64(x) + h*u[i])
	}
	ahead, err := g.loss()
	if err != nil {
		return nil, 0, err
	}
	e = &GradientError{Model: g.Model, Path: path, step: h}
	for i, x := range base {
		p1 := p[i]
		p[i] = T(float64(x) - h*u[i])
		v := float64(grad[i]) * (float64(p1) - float64(p[i]))
		e.Got += v
		spread += v * v
	}
	behind, err := g.loss()
	if err != nil {
		return nil, 0, err
	}
	e.Want = ahead - behind
	return e, math.Sqrt(spread), nil
}

// excess returns the difference in units of what is allowed.
func (e *GradientError) excess() float64 { return math.Abs(e.Got-e.Want) / e.Slack }

// elementsOf returns the number of elements of a tensor.
func elementsOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// weight returns the root mean square of a tensor's elements, or what weights often have where it is zero.
func weight[T Float](p []T) float64 {
	sum := 0.0
	for _, x := range p {
		sum += float64(x) * float64(x)
	}
	if rms := math.Sqrt(sum / float64(max(len(p), 1))); rms > 0 {
		return rms
	}
	return 0.1
}
