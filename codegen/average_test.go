package codegen

import (
	"os/exec"
	"testing"

	"nngen/dsl"
)

// TestAverage trains with both kinds of averaged weights, parameter groups and clipping, and follows the averages by their definitions.
func TestAverage(t *testing.T) {
	src := `model Ema {
    precision float64
    input  x [batch, 2]
    target y [batch, 1]
    z := dense(x, 1)
    loss = mean(mse(z, y))
    optimizer adam(lr: 0.1, average: ema(0.9), clip: global_norm(1)) {
        for "*.b" { lr: 0.01 }
    }
}
model Mean = Ema {
    optimizer sgd(lr: 0.05, average: mean_weights)
}
`
	pkg, list := dsl.Load(dsl.Options{}, "average.nn", []byte(src))
	if list.HasErrors() {
		t.Fatal(list.Err(pkg.Fset, pkg.Sources))
	}
	files, err := Generate(pkg.Models, Config{Package: "main", Source: "average.nn", Fset: pkg.Fset})
	if err != nil {
		t.Fatal(err)
	}
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": averageMain}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	if out, err := exec.Command(exe).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

const averageMain = `package main

import (
	"log"
	"math"
)

func near(step int, got, want []float64) {
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12*(1+math.Abs(want[i])) {
			log.Fatalf("step %d, element %d: got %v, want %v", step, i, got[i], want[i])
		}
	}
}

func main() {
	x, y := []float64{1, 2, 3, 4, -1, 1}, []float64{1, -1, 0.5}
	e := NewEma(1)
	te, err := NewEmaTrainer(e, EmaTrainerOptions{MaxBatch: 3})
	if err != nil {
		log.Fatal(err)
	}
	m := NewMean(2)
	tm, err := NewMeanTrainer(m, MeanTrainerOptions{MaxBatch: 3})
	if err != nil {
		log.Fatal(err)
	}
	ema, sum := make([]float64, len(e.Flat())), make([]float64, len(m.Flat()))
	near(0, te.Average.Flat(), e.Flat()) // before any update the copy is the model
	for step := 1; step <= 12; step++ {
		if _, err := te.Step(EmaBatch{X: x, Y: y}); err != nil {
			log.Fatal(err)
		}
		if _, err := tm.Step(MeanBatch{X: x, Y: y}); err != nil {
			log.Fatal(err)
		}
		mean := make([]float64, len(sum))
		for i, p := range e.Flat() {
			if step == 1 {
				ema[i] = p
			}
			ema[i] = 0.9*ema[i] + 0.1*p
		}
		for i, p := range m.Flat() {
			sum[i] += p
			mean[i] = sum[i] / float64(step)
		}
		near(step, te.Average.Flat(), ema)
		near(step, tm.Average.Flat(), mean)
	}
	if te.Average.Z.W[0] == e.Z.W[0] {
		log.Fatal("the average is the model")
	}
}
`
