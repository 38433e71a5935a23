// Do generated tests pass for right models, and fail for wrong ones?
package codegen

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nngen/dsl"
	nnrt "nngen/runtime"
	_ "nngen/runtime/nncheck" // what the tests below build depends on it
)

// withTests generates a model of testdata/models under another name, with its tests. Every old text in it is replaced by the new one after it.
func withTests(t *testing.T, file, name string, replace ...string) map[string]string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata/models", file))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(replace...).Replace(string(src))
	base := strings.ToLower(name)
	pkg, list := dsl.Load(dsl.Options{}, base+".nn", []byte(text))
	if list.HasErrors() {
		t.Fatalf("%s: %v", file, list)
	}
	files, err := Generate(pkg.Models, Config{Package: "main", Source: base + ".nn", Fset: pkg.Fset, Tests: true, task: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Data)
	}
	return out
}

var ended = regexp.MustCompile(`--- (FAIL|SKIP|PASS): (Test\w+/\w+)`)

// TestGeneratedTests runs the tests of models of all kinds, and of models with mistakes in their backward halves: those fail, and say where.
func TestGeneratedTests(t *testing.T) {
	files := map[string]string{"main.go": "package main\n\nfunc main() {}\n"}
	add := func(more map[string]string, replace ...string) {
		for name, text := range more {
			for i := 0; i < len(replace); i += 2 {
				if strings.HasSuffix(name, "_nn.go") && !strings.Contains(text, replace[i]) {
					t.Fatalf("%s: no %q", name, replace[i])
				}
				text = strings.ReplaceAll(text, replace[i], replace[i+1])
			}
			files[name] = text
		}
	}
	add(withTests(t, "kinds.nn", "Kinds"))
	add(withTests(t, "slopes.nn", "Slopes"))
	add(withTests(t, "odd.nn", "Odd"))
	add(withTests(t, "dropout.nn", "Dropout64", inFloat64("Dropout")...))
	add(withTests(t, "series.nn", "Series64", inFloat64("Series")...))
	add(withTests(t, "../line.nn", "Line"))
	add(withTests(t, "../line.nn", "Point", "model Line", "model Point", "input  x [batch]", "", "target y [batch]", "", "mean((a*x + b - y)^2)", "(a - 3)^2 + (b + 1)^2"))
	add(withTests(t, "xor.nn", "Hyper", "model Xor", "model Hyper", "output p        = sigmoid(z)", "hyper temp = 2\n    output p = sigmoid(z*temp)"))
	add(withTests(t, "xor.nn", "Stopped", "model Xor", "model Stopped", "bce_logits(z,", "bce_logits(z + stop_gradient(z),"))
	add(withTests(t, "digits.nn", "Wrong", "model Digits", "model Wrong"),
		"	t.backward.run()\n", "	t.backward.run()\n	t.gradient.Logits.B[3] *= -1\n")
	add(withTests(t, "xor.nn", "Wrong64", inFloat64("Xor")[0], "model Wrong64 {\n    precision float64\n"),
		"	t.backward.run()\n", "	t.backward.run()\n	t.gradient.H.W[1] *= 1.01\n")
	_, message := goBuild(t, files, "test", "-v", "-count=1")
	var got []string
	passed := map[string]bool{}
	for _, m := range ended.FindAllStringSubmatch(message, -1) {
		switch {
		case m[1] == "PASS":
			passed[m[2]] = true
		case m[1] == "FAIL" || nnrt.BestCPU() != nnrt.Portable || !strings.HasSuffix(m[2], "/vectors"):
			got = append(got, m[1]+" "+m[2])
		}
	}
	slices.Sort(got)
	want := []string{"FAIL TestWrong64NNTraining/gradients", "FAIL TestWrongNNTraining/gradients", "SKIP TestStoppedNNTraining/gradients"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"TestKindsNNTraining/gradients", "TestKindsNNPrediction/concurrent", "TestOddNNTraining/workers", "TestLineNNTraining/allocations",
		"TestPointNNTraining/gradients", "TestHyperNNPrediction/concurrent"} {
		if !passed[name] {
			t.Errorf("%s did not run", name)
		}
	}
	for _, text := range []string{"Wrong: the gradient of logits.b says", "Wrong64: the gradient of h.W says", "the model stops gradients"} {
		if strings.Count(message, text) != 1 {
			t.Errorf("%q is not said once", text)
		}
	}
	if t.Failed() {
		t.Log(message)
	}
}
