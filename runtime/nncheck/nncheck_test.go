package nncheck

import (
	"errors"
	"math"
	"strings"
	"testing"

	nnrt "nngen/runtime"
)

type outputs struct {
	Probs []float32
	Best  []int32
	Sure  bool
	Mean  float64
}

func TestCompare(t *testing.T) {
	want := outputs{[]float32{1, 2, 2, 4}, []int32{3}, true, 7}
	for _, c := range []struct {
		name        string
		got         outputs
		bits, close string // what the error names; empty: equal
	}{
		{"equal", outputs{[]float32{1, 2, 2, 4}, []int32{3}, true, 7}, "", ""},
		{"rounding", outputs{[]float32{1, 2.00001, 2, 4}, []int32{3}, true, 7}, "Probs: got 2.00001", ""},
		{"a float", outputs{[]float32{1, 2.1, 2, 4}, []int32{3}, true, 7}, "Probs", "Probs: differs by 0.05"},
		{"an integer", outputs{[]float32{1, 2, 2, 4}, []int32{2}, true, 7}, "Best: got 2 at position 0, want 3", "Best"},
		{"a bool", outputs{[]float32{1, 2, 2, 4}, []int32{3}, false, 7}, "Sure", "Sure"},
		{"NaN", outputs{[]float32{1, 2, float32(math.NaN()), 4}, []int32{3}, true, 7}, "Probs: got NaN at position 2", "Probs"},
		{"too few", outputs{[]float32{1, 2, 2}, []int32{3}, true, 7}, "Probs: got 3 values, want 4", ""},
		{"a number", outputs{[]float32{1, 2, 2, 4}, []int32{3}, true, -7}, "Mean", "Mean"},
	} {
		check := func(err error, want string) {
			if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", c.name, err, want)
			}
		}
		check(equalBits(valuesOf(c.got), valuesOf(want)), c.bits)
		if len(c.got.Probs) == len(want.Probs) {
			check(near(valuesOf(c.got), valuesOf(want), 1e-4), c.close)
		}
	}
	schema := nnrt.Schema{{Path: "w", Shape: []int{2}}, {Path: "blk.#.b", Offset: 4, Shape: []int{}, Count: 2, Stride: 2}}
	a, b := []float64{1, 2, 0, 0, 1e-9, 0, 3}, []float64{1, 2, 0, 0, -1e-9, 0, 3.1}
	if err := near(tensors("gradient of", schema, a), tensors("gradient of", schema, b), 1e-4); err == nil || !strings.HasPrefix(err.Error(), "gradient of blk.1.b: ") {
		t.Errorf("got %v, want an error for blk.1.b: what is tiny beside the others is rounding", err)
	}
}

func TestDraw(t *testing.T) {
	a, b := NewDraw(7), NewDraw(7)
	x, y := Floats[float32](a, 100), Floats[float32](b, 100)
	for i := range x {
		if x[i] != y[i] || !(x[i] > 0 && x[i] < 1) {
			t.Fatalf("draws %v and %v of one seed, want equal numbers between 0 and 1", x[i], y[i])
		}
	}
	classes := map[int32]int{}
	for _, v := range a.Indices(1000, 3) {
		classes[v]++
	}
	if len(classes) != 3 || classes[0]+classes[1]+classes[2] != 1000 {
		t.Errorf("drew %v, want the integers from 0 to 2", classes)
	}
	largest := 0
	for _, v := range a.Bytes(2000) {
		largest = max(largest, int(v))
	}
	if largest < 250 {
		t.Errorf("the largest of 2000 bytes is %d", largest)
	}
	yes := 0
	for _, v := range a.Bools(1000) {
		if v {
			yes++
		}
	}
	if yes < 650 || yes > 850 {
		t.Errorf("%d of 1000 bools are true, want some 750", yes)
	}
	if NewDraw(8).next() == NewDraw(7).next() {
		t.Error("two seeds give the same data")
	}
}

// predictor stands for a generated one.
type predictor struct {
	out outputs
}

func (p *predictor) Predict(in []float32) (outputs, error) {
	if in == nil {
		return outputs{}, errors.New("no input")
	}
	p.out.Probs = append(p.out.Probs[:0], in...)
	return p.out, nil
}

func (p *predictor) PredictInto(in []float32, out *outputs) error {
	out.Probs = append(out.Probs[:0], in...)
	return nil
}

// TestPasses runs the checks of something right; the tests of generated models in package codegen show that they fail for wrong ones.
func TestPasses(t *testing.T) {
	fresh := func(o Options) (Prediction[float32, []float32, outputs], error) {
		p := new(predictor)
		return Prediction[float32, []float32, outputs]{Predictor: p, Live: p, Input: Floats[float32](NewDraw(o.Seed), 8), Rows: 8}, nil
	}
	TestPrediction(t, fresh)
	r := testing.Benchmark(func(b *testing.B) { BenchmarkPredict(b, fresh) })
	if r.Extra["rows/s"] <= 0 || r.AllocsPerOp() != 0 {
		t.Errorf("the benchmark says %v", r)
	}
}
