package nnrt

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// kinked is a small model with gradients by hand: loss = mean over rows of (sum_j v_j*max(0, x·w_j + b_j) - y)^2 + mean |w|, where some rows
// are zero, so that relu sits exactly on its kink where b is zero.
type kinked[T Float] struct {
	rows, in, hidden int
	x, y             []T
	params, grads    []T
	schema           Schema
	change           func(grads []T) // a mistake
	calls            int
}

func newKinked[T Float](change func([]T)) *kinked[T] {
	k := &kinked[T]{rows: 12, in: 5, hidden: 7, change: change}
	k.schema = Schema{
		{Path: "h.W", Offset: 0, Shape: []int{5, 7}},
		{Path: "h.b", Offset: 35, Shape: []int{7}},
		{Path: "blk.#.v", Offset: 42, Shape: []int{7}, Count: 2, Stride: 8},
	}
	k.params, k.grads = make([]T, 57), make([]T, 57)
	key := NewKey(3, "kinked")
	for i := range 35 {
		k.params[i] = Normal[T](key, uint64(i))
	}
	for i := range 15 {
		k.params[42+i] = Normal[T](key, uint64(40+i))
	}
	k.x, k.y = make([]T, k.rows*k.in), make([]T, k.rows)
	for i := range k.x {
		if i >= 2*k.in {
			k.x[i] = Normal[T](key, uint64(100+i))
		}
	}
	for i := range k.y {
		k.y[i] = Normal[T](key, uint64(200+i))
	}
	return k
}

// pass computes the loss, and the gradients where they are wanted.
func (k *kinked[T]) pass(backward bool) float64 {
	w, b, v1, v2 := k.params[:35], k.params[35:42], k.params[42:49], k.params[50:57]
	loss := T(0)
	if backward {
		clear(k.grads)
	}
	for r := range k.rows {
		x, out := k.x[r*k.in:][:k.in], T(0)
		var h [7]T
		for j := range h {
			for i := range x {
				h[j] += x[i] * w[i*7+j]
			}
			h[j] = max(0, h[j]+b[j])
			out += h[j] * (v1[j] + v2[j])
		}
		d := out - k.y[r]
		loss += d * d / T(k.rows)
		if !backward {
			continue
		}
		for j := range h {
			g := 2 * d / T(k.rows)
			k.grads[42+j] += g * h[j]
			k.grads[50+j] += g * h[j]
			if h[j] > 0 {
				g *= v1[j] + v2[j]
				k.grads[35+j] += g
				for i := range x {
					k.grads[i*7+j] += g * x[i]
				}
			}
		}
	}
	for i, x := range w {
		loss += T(math.Abs(float64(x))) / 35
		if backward {
			k.grads[i] += T(math.Copysign(1, float64(x))) / 35
		}
	}
	return float64(loss)
}

func (k *kinked[T]) check() error {
	return CheckGradients(GradientCheck[T]{Model: "Kinked", Schema: k.schema, Params: k.params, Gradients: k.grads,
		Forward: func() (float64, error) { k.calls++; return k.pass(false), nil },
		Backward: func() error {
			k.pass(true)
			if k.change != nil {
				k.change(k.grads)
			}
			return nil
		}})
}

func TestCheckGradients(t *testing.T) {
	t.Run("float32", testCheckGradients[float32])
	t.Run("float64", testCheckGradients[float64])
}

func testCheckGradients[T Float](t *testing.T) {
	right := newKinked[T](nil)
	before := slices.Clone(right.params)
	if err := right.check(); err != nil {
		t.Errorf("right gradients: %v", err)
	}
	if !slices.Equal(before, right.params) {
		t.Error("the parameters changed")
	}
	if right.calls > 5+4*50 {
		t.Errorf("%d evaluations for four tensors", right.calls)
	}
	for _, c := range []struct {
		name, path string
		change     func(g []T)
	}{
		{"a factor", "h.W", func(g []T) { scaleBy(g[:35], 1.05) }},
		{"the sign", "h.b", func(g []T) { scaleBy(g[35:42], -1) }},
		{"nothing", "h.b", func(g []T) { clear(g[35:42]) }},
		{"the first half only", "h.W", func(g []T) { clear(g[:17]) }},
		{"one element", "blk.1.v", func(g []T) { g[52] = 2*g[52] + 0.1 }},
		{"two elements exchanged", "blk.0.v", func(g []T) { g[42], g[43] = g[43], g[42] }},
		{"the penalty left out", "h.W", func(g []T) { // less than float32 shows: a hundredth of the gradient
			for i := range 35 {
				g[i] -= 1. / 35
			}
		}},
	} {
		if c.name == "the penalty left out" && is32(T(0)) {
			continue
		}
		err := newKinked[T](c.change).check()
		var wrong *GradientError
		if !errors.As(err, &wrong) {
			t.Errorf("%s: got %v, want an error for %s", c.name, err, c.path)
			continue
		}
		if wrong.Path != c.path || wrong.Model != "Kinked" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one error for %s alone", c.name, err, c.path)
		}
	}
	nan := newKinked[T](func(g []T) { g[36] = NaN[T]() })
	if err := nan.check(); err == nil || !strings.Contains(err.Error(), "the gradient of h.b is NaN at position 1") {
		t.Errorf("a gradient that is NaN: got %v", err)
	}
	infinite := newKinked[T](nil)
	infinite.params[0] = Inf[T](1)
	if err := infinite.check(); err == nil || !strings.Contains(err.Error(), "its gradients cannot be checked") {
		t.Errorf("a loss that is infinite: got %v", err)
	}
}

func scaleBy[T Float](x []T, f T) {
	for i := range x {
		x[i] *= f
	}
}

// TestCheckGradientsErrors checks that what Forward and Backward say reaches the caller, and that the parameters are restored.
func TestCheckGradientsErrors(t *testing.T) {
	stop := errors.New("stop")
	for after := range 12 {
		k := newKinked[float64](nil)
		before := slices.Clone(k.params)
		calls := 0
		err := CheckGradients(GradientCheck[float64]{Model: "Kinked", Schema: k.schema, Params: k.params, Gradients: k.grads,
			Forward: func() (float64, error) {
				if calls++; calls > after {
					return 0, stop
				}
				return k.pass(false), nil
			},
			Backward: func() error { k.pass(true); return nil }})
		if err != stop {
			t.Errorf("an error at evaluation %d: got %v", after, err)
		}
		if !slices.Equal(before, k.params) {
			t.Errorf("an error at evaluation %d: the parameters changed", after)
		}
	}
	k := newKinked[float64](nil)
	err := CheckGradients(GradientCheck[float64]{Model: "Kinked", Schema: k.schema, Params: k.params, Gradients: k.grads,
		Forward: func() (float64, error) { return 1, nil }, Backward: func() error { return stop }})
	if err != stop {
		t.Errorf("an error of Backward: got %v", err)
	}
}
