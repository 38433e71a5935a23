package codegen

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"nngen/dsl"
)

// TestManyKernelsInOneRegion compiles a net of more different layers, and a model of more metrics, than the alphabet has letters: their
// tiles and partial sums are numbered fields of one frame.
func TestManyKernelsInOneRegion(t *testing.T) {
	var b strings.Builder
	b.WriteString("model Many {\n    input  x [batch, 3]\n    target y [batch, 3]\n    h0 := x\n")
	const n = 30
	for i := range n {
		fmt.Fprintf(&b, "    h%d := dense(h%d, %d, act: tanh)\n", i+1, i, i+4)
	}
	fmt.Fprintf(&b, "    z := dense(h%d, 3)\n    loss = mean(mse(z, y))\n", n)
	for i := range n {
		fmt.Fprintf(&b, "    metric m%d = mean(z*%d > y)\n", i, i+2)
	}
	b.WriteString("    optimizer sgd(lr: 0.1)\n}\n")
	pkg, list := dsl.Load(dsl.Options{}, "many.nn", []byte(b.String()))
	if list.HasErrors() {
		t.Fatal(list.Err(pkg.Fset, pkg.Sources))
	}
	files, err := Generate(pkg.Models, Config{Package: "main", Source: "many.nn", Fset: pkg.Fset})
	if err != nil {
		t.Fatal(err)
	}
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": manyMain}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	if out, err := exec.Command(exe).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

const manyMain = `package main

import "log"

func main() {
	t, err := NewManyTrainer(NewMany(1), ManyTrainerOptions{MaxBatch: 2})
	if err != nil {
		log.Fatal(err)
	}
	b := ManyBatch{X: []float32{1, 2, 3, 4, 5, 6}, Y: []float32{1, 0, 1, 0, 1, 0}}
	first, err := t.Step(b)
	if err != nil {
		log.Fatal(err)
	}
	for range 50 {
		t.Step(b)
	}
	if last, _ := t.Forward(b); !(last.Loss < first.Loss) {
		log.Fatalf("the loss went from %v to %v", first.Loss, last.Loss)
	}
}
`
