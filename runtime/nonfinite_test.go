package nnrt

import (
	"math"
	"testing"
)

// TestNonFinite checks that the first tensor with a NaN or an infinity is named: numbers that the user sets before gradients, these before
// parameters, states and the optimizer's own numbers.
func TestNonFinite(t *testing.T) {
	schema := Schema{{Path: "h.W", Offset: 0, Shape: []int{2, 2}}, {Path: "blk.#.b", Offset: 4, Shape: []int{2}, Count: 2, Stride: 2}}
	steps, seed, rate, scalar := 1, uint64(1), 0.1, 1.0
	grad, flat, m := make([]float32, 8), make([]float32, 8), make([]float32, 4)
	s := State{Model: "M", Schema: schema, Steps: &steps, Seed: &seed, Numbers: []StateNumber{{"state/0/v", &scalar}, {"lr", &rate}},
		Tensors: []StateTensors{{F32: flat}, {Prefix: "state/m/", Lo: 4, F32: m}}}
	gradients := StateTensors{Prefix: "gradient of ", F32: grad}
	want := func(name string) {
		t.Helper()
		if got := s.NonFinite(gradients); got != name {
			t.Errorf("got %q, want %q", got, name)
		}
	}
	want("")
	scalar = math.NaN()
	want("state/0/v")
	m[3] = float32(math.Inf(-1))
	want("state/m/blk.1.b")
	flat[2] = float32(math.NaN())
	want("h.W")
	grad[7] = float32(math.Inf(1))
	want("gradient of blk.1.b")
	rate = math.Inf(1)
	want("lr")
}
