// Is descent on a whole set the same for any capacity of the trainer? Fit with WholeSet, which accumulates, against one batch a step, for mean
// and sum losses, with and without penalties.
package codegen

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

func TestWholeSetByFit(t *testing.T) {
	var src, runs strings.Builder
	for i, loss := range []string{
		"mean(mse(z, y))",
		"sum(mse(z, y))/100",
		"mean(mse(z, y)) + 0.1*sum(W^2)",
		"sum(mse(z, y))/100 + 0.1*sum(W^2) + 0.05*sum(abs(v))",
	} {
		fmt.Fprintf(&src, `model M%d {
    precision float64
    input  x [batch, 3]
    target y [batch, 1]
    param W [3, 5] = normal()
    param v [5, 1] = normal()
    z := tanh(x @ W) @ v
    loss         = %s
    metric worst = mean(abs(z - y))
    optimizer sgd(lr: 0.1, momentum: 0.9)
}
`, i, loss)
		fmt.Fprintf(&runs, `	check(%q, &M%[2]dData{X: x, Y: y}, func(capacity int) (nnrt.Trainer[M%[2]dBatch, M%[2]dMetrics], []float64, []float64, error) {
		m := NewM%[2]d(1)
		t, err := NewM%[2]dTrainer(m, M%[2]dTrainerOptions{MaxBatch: capacity})
		if err != nil {
			return nil, nil, nil, err
		}
		return t, m.Flat(), t.Gradients().Flat(), nil
	})
`, loss, i)
	}
	files, err := generateText(t, src.String())
	if err != nil {
		t.Fatal(err)
	}
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": fmt.Sprintf(wholeSetMain, runs.String())}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	out, err := exec.Command(exe).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("\n%s", out)
}

const wholeSetMain = `package main

import (
	"context"
	"fmt"
	"log"
	"math"

	nnrt "nngen/runtime"
)

const rows, epochs = 150, 20

// check trains at each capacity. Gradients of the first step and the losses, parameters and gradients of the last must be those of one batch.
func check[B any, M nnrt.Measures](loss string, set nnrt.Set[B], fresh func(capacity int) (nnrt.Trainer[B, M], []float64, []float64, error)) {
	run := func(capacity, epochs int) []float64 {
		t, flat, gradients, err := fresh(capacity)
		if err != nil {
			log.Fatal(err)
		}
		h, err := nnrt.Fit(context.Background(), t, nnrt.WholeSet(set), nnrt.FitOptions{Epochs: epochs})
		if err != nil {
			log.Fatal(err)
		}
		if t.Steps() != epochs || h.Len() != epochs {
			log.Fatalf("%%s: capacity %%d: %%d steps in %%d epochs", loss, capacity, t.Steps(), epochs)
		}
		out := append(append([]float64{}, gradients...), flat...)
		return append(append(out, h.Column("loss")...), h.Column("worst")...)
	}
	for _, epochs := range []int{1, epochs} {
		want := run(rows, epochs)
		for _, capacity := range []int{1, 7, 64, rows - 1} {
			worst := 0.0
			for i, v := range run(capacity, epochs) {
				worst = max(worst, math.Abs(v-want[i])/max(1, math.Abs(want[i])))
			}
			if !(worst <= 1e-12) {
				log.Fatalf("%%s: capacity %%d, %%d epochs: off by %%g", loss, capacity, epochs, worst)
			}
			fmt.Printf("%%s: parts of %%d, %%d epochs: off by %%.1e\n", loss, capacity, epochs, worst)
		}
	}
}

func main() {
	x, y := make([]float64, rows*3), make([]float64, rows)
	nnrt.FillNormal(x, nnrt.NewKey(1, "x"), 0)
	for i := range y {
		y[i] = x[3*i] - 0.5*x[3*i+1]*x[3*i+2]
	}
%s}
`
