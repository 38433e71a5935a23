package codegen

import (
	"errors"
	"fmt"
	"go/types"
	"os/exec"
	"strings"
	"testing"

	"nngen/dsl"
)

// TestNamesThatMeetInGo compiles and runs models whose names Go spells alike, that are methods of generated types or fields of frames, and
// numbered layers that differ.
func TestNamesThatMeetInGo(t *testing.T) {
	src := `layer outer(x [b, n], k int) [b, n] {
    h := x
    for i in 0..k { h = h + dense(h, n) as inner[i] }
    return h
}
model P {
    input  len [batch, 2]
    input  Len [batch, 2]
    input  nBatch [batch, 2]
    input  body0 [batch, 2]
    input  ids [batch, total <= 3]
    target check [batch, 2]
    hyper step = 3
    hyper forward = 0.5
    hyper apply = 1
    hyper capacity = 1
    param W [2, 2] = normal()
    param w [2, 2] = normal()
    z := (len + Len*step + nBatch*forward + body0) @ W @ w
    u := dense(z, 2) as flat
    g := outer(outer(u, 1) as l[0], 2) as l[1]
    q := dense(dense(dense(g, 3) as ll[0], 2, bias: false) as ll[1], 2) as save
    output o    = q
    output O    = q*2
    loss        = apply*mean(mse(q, check)) + capacity*mean(ids)
    metric Loss = mean(q)
    metric names = mean(q)
    metric append_to = mean(q)
    optimizer sgd(lr: 0.001)
}
model NoRows {
    precision float64
    target y [3]
    param w [3] = normal()
    output o = w
    loss     = sum(mse(w, y))
    optimizer sgd(lr: 0.1)
}
`
	files, err := generateText(t, src)
	if err != nil {
		t.Fatal(err)
	}
	main := `package main

import (
	"log"
	"slices"
)

func main() {
	m := NewP(1)
	t, err := NewPTrainer(m, PTrainerOptions{MaxBatch: 2})
	if err != nil {
		log.Fatal(err)
	}
	x := []float32{1, 2, 3, 4}
	if _, err := t.Step(PBatch{Len2: x, Len3: x, NBatch: x, Body0: x, Check2: x, Ids: x}); err != nil {
		log.Fatal(err)
	}
	t.Apply2, t.Capacity2 = 0.5, 2
	if err := t.Accumulate(PBatch{Len2: x, Len3: x, NBatch: x, Body0: x, Check2: x, Ids: x}, 2); err != nil || t.Capacity() != 2 {
		log.Fatal(err)
	}
	var measures interface {
		Names() []string
		AppendTo([]float64) []float64
	}
	measures, err = t.Apply()
	if got := measures.Names(); err != nil || !slices.Equal(got, []string{"loss", "Loss", "names", "append_to"}) || len(measures.AppendTo(nil)) != 4 {
		log.Fatal(got, err)
	}
	for _, p := range [][]float32{m.W, m.W2, m.Flat2.B, m.L0.Inner[0].B, m.L1.Inner[1].B, m.Ll0.B, m.Ll1.W, m.Save2.B} {
		if len(p) == 0 {
			log.Fatal("a view of nothing")
		}
	}
	if out, err := NewNoRows(1).Predict(NoRowsInput{}); err != nil || len(out.O) != 3 {
		log.Fatal(out, err)
	}
}
`
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": main}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	if out, err := exec.Command(exe).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestNamesOfFrames compiles a model whose parameters have the names of fields, methods and variables of the frames that it needs: products whose terms
// are shared, tiles of several kernels, updates that follow gradients, panels, and sums over rows.
func TestNamesOfFrames(t *testing.T) {
	var params, chain strings.Builder
	for _, name := range []string{"done", "numbers", "span", "kernel", "tile", "counts1", "tile1a", "parts0a", "part1a", "columns0a", "moved1a", "rate1a", "block0", "panel0", "body1", "tiles1", "rows0", "localFloat32", "done2"} {
		fmt.Fprintf(&params, "    param %s [32, 32] = normal()\n", name)
		fmt.Fprintf(&chain, "    h = relu(h @ %s)\n", name)
	}
	src := "model M {\n    input x [batch, 784]\n    target y [batch]int\n    param moved [784, 32] = normal()\n" + params.String() +
		"    h := x @ moved\n" + chain.String() + "    logits := dense(h, 10)\n    loss = mean(cross_entropy(logits, y))\n    optimizer sgd(lr: 0.1)\n}\n"
	files, err := generateText(t, src)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == "names_nn.go" && !strings.Contains(string(f.Data), "GemmTNDescend(f.moved") {
			t.Error("no update follows a gradient")
		}
	}
	if exe, message := goBuild(t, withFiles(map[string]string{"main.go": "package main\n\nfunc main() {}\n"}, files), "build"); exe == "" {
		t.Error(message)
	}
}

// TestNamesOfGo compiles models whose inputs, parameters, outputs and variables have the names that Go and the packages of generated code declare.
func TestNamesOfGo(t *testing.T) {
	names := append(types.Universe.Names(), "unsafe", "nnrt", "math", "io", "fs", "errors", "fmt", "slices", "main", "init")
	var inputs, params, outputs, read, used strings.Builder
	for i, name := range names {
		fmt.Fprintf(&inputs, "    input %s [batch, 4]\n", name)
		fmt.Fprintf(&params, "    param %s [4, 9] = normal()\n", name)
		fmt.Fprintf(&outputs, "    output %s = z*%d\n", name, i)
		fmt.Fprintf(&read, " + sigmoid(%s)", name)
		fmt.Fprintf(&used, " + x @ %s", name)
	}
	end := "    loss = mean(mse(z, y))\n    optimizer adam()\n}\n"
	src := "model Inputs {\n" + inputs.String() + "    target y [batch, 9]\n    z := dense(" + read.String()[3:] + ", 9)\n    output o = z\n" + end +
		"model Params {\n    input x [batch, 4]\n    target y [batch, 9]\n" + params.String() + "    z := softmax(" + used.String()[3:] + ")\n    output o = z\n" + end +
		"model Outputs {\n    input x [batch, 4]\n    target y [batch, 9]\n    z := softmax(dense(x, 9))\n" + outputs.String() + end
	files, err := generateText(t, src)
	if err != nil {
		t.Fatal(err)
	}
	if exe, message := goBuild(t, withFiles(map[string]string{"main.go": "package main\n\nfunc main() {}\n"}, files), "build"); exe == "" {
		t.Error(message)
	}
}

// TestModelsThatMeetInGo wants an error at the second of two models of one Go name.
func TestModelsThatMeetInGo(t *testing.T) {
	_, err := generateText(t, "model Foo {\n    input x [batch, 2]\n    output o = x*2\n}\nmodel foo {\n    input x [batch, 2]\n    output o = x*2\n}\n")
	var model *ModelError
	if !errors.As(err, &model) || !strings.Contains(model.Message, "rename foo") {
		t.Errorf("got %v, want a ModelError that says to rename foo", err)
	}
}

func generateText(t *testing.T, src string) ([]File, error) {
	t.Helper()
	pkg, list := dsl.Load(dsl.Options{}, "names.nn", []byte(src))
	if list.HasErrors() {
		t.Fatal(list.Err(pkg.Fset, pkg.Sources))
	}
	return Generate(pkg.Models, Config{Package: "main", Source: "names.nn", Fset: pkg.Fset})
}
