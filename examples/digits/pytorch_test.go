package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestWeightsFromPyTorch runs the Python programs of docs/from-pytorch.md and checks that the weights that they save do in Go what they do in
// Python: the same share of unseen images is read right. It needs NNGEN_PYTHON, a Python with torch, numpy and safetensors.
func TestWeightsFromPyTorch(t *testing.T) {
	python := os.Getenv("NNGEN_PYTHON")
	if python == "" {
		t.Skip("NNGEN_PYTHON names no Python with torch, numpy and safetensors")
	}
	path := filepath.Join(t.TempDir(), "digits.safetensors")
	cmd := exec.Command(python, "-c", "import sys; sys.argv = ['', 'digits.csv']; sys.path.insert(0, '../../docs/pytorch'); "+
		"import digits, weights; weights.save_for_nngen(digits.model, '"+filepath.ToSlash(path)+"')")
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, text, ok := strings.Cut(strings.TrimSpace(string(out)), "accuracy on unseen images: ")
	want, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil {
		t.Fatalf("unexpected output %s", out)
	}
	model, err := LoadDigits(path)
	if err != nil {
		t.Fatal(err)
	}
	_, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := evaluate(model, test)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(m.Accuracy-want) > 0.6/float64(test.Len()) {
		t.Errorf("accuracy %.4f in Go, %.3f in Python", m.Accuracy, want)
	}
}
