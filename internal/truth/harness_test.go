package truth

// This file tests the comparison itself: it must reject what it is for.

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"nngen/internal/truth/driver"
)

func TestCompareRule(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want []float64
		scale     float64
		sums      int
		ok        bool
	}{
		{"equal", []float64{1, -2}, []float64{1, -2}, 2, 0, true},
		{"within", []float64{1 + 0.9e-10}, []float64{1}, 1, 0, true},
		{"beyond", []float64{1 + 1.1e-10}, []float64{1}, 1, 0, false},
		{"near zero within the row's scale", []float64{0.9e-10}, []float64{0}, 1e6, 0, true},
		{"near zero beyond the row's scale", []float64{1.1e-10}, []float64{0}, 1e6, 0, false},
		{"zero wanted, row of zeros", []float64{1e-300}, []float64{0}, 0, 0, false},
		{"NaN", []float64{math.NaN()}, []float64{1}, 1, 0, false},
		{"infinity", []float64{math.Inf(1)}, []float64{1}, 1, 0, false},
		{"one missing", []float64{1}, []float64{1, 1}, 1, 0, false},
		{"nothing", nil, []float64{1}, 1, 0, false},
		{"sums", []float64{3, 4}, []float64{7, 25}, 0, 2, true},
		{"another sum", []float64{3, 4}, []float64{7.001, 25}, 0, 2, false},
		{"another sum of squares", []float64{3, 4}, []float64{7, 25.001}, 0, 2, false},
		{"sum of NaN", []float64{math.NaN(), 4}, []float64{7, 25}, 0, 2, false},
	} {
		w := want{what: c.name, want: c.want, tol: 1e-10, sums: c.sums, got: func(driver.Result) []float64 { return c.got }}
		if err := w.compare(driver.Result{}, c.scale); (err == nil) != c.ok {
			t.Errorf("%s: got %v, want agreement %v", c.name, err, c.ok)
		}
	}
}

// TestUnreadRows checks that what a row says and the comparison would ignore is an error: a member, a setting, a layer or a
// kind of model that nobody knows.
func TestUnreadRows(t *testing.T) {
	for _, c := range []struct {
		name, naming, text, want string
		build                    func(*row, *truthCase)
	}{
		{"unknown member", "function", `{"function": "exp", "x": [1], "y": [1], "weight": [1], "grad_x": [1], "hint": 3}`, "hint", functionCase},
		{"no x", "function", `{"function": "exp"}`, `no member "x"`, functionCase},
		{"shape and data disagree", "function", `{"function": "exp", "x": {"shape": [2], "data": [1]}, "y": [1], "weight": [1], "grad_x": [1]}`, "has 2 elements", functionCase},
		{"unknown layer", "layer", `{"layer": "dance"}`, "neither a form", layerCase},
		{"unknown optimizer", "optimizer", `{"optimizer": "x", "class": "Walk", "hyper": {}, "p0": [1], "grads": [[1]], "params_after_step": {}}`, "Walk", optimizerCase},
		{"unknown kind", "workload", `{"workload": "w", "model": {"kind": "tree"}}`, "neither a form", curveCase},
		{"unknown formula", "workload", `{"workload": "w", "model": {"kind": "mlp", "sizes": [1, 1], "activation": "tanh"}, "init": "random"}`, "formula", curveCase},
		{"unknown model setting", "workload", `{"workload": "w", "model": {"kind": "mlp", "sizes": [1, 1], "activation": "tanh", "skip": "yes"}}`, "skip", curveCase},
	} {
		var member map[string]json.RawMessage
		if err := json.Unmarshal([]byte(c.text), &member); err != nil {
			t.Fatal(err)
		}
		r := &row{key: "test", member: member, read: map[string]bool{}}
		r.name = r.text(c.naming)
		err := buildCase(c.build, r, &truthCase{row: r, name: "T"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}

// TestPendingRows checks that pending rows are exempt, and only they.
func TestPendingRows(t *testing.T) {
	for _, name := range pendingLayers {
		if _, both := layerForms[name]; both {
			t.Errorf("%s is pending and compared", name)
		}
	}
	r := &row{key: "test", name: "lstm", member: map[string]json.RawMessage{}, read: map[string]bool{}}
	c := &truthCase{row: r}
	if err := buildCase(layerCase, r, c); err != nil || !c.pending {
		t.Errorf("lstm: pending %v, error %v", c.pending, err)
	}
}
