package main

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	nnrt "nngen/runtime"
	"nngen/runtime/data"
)

func flowers(t *testing.T) *data.Table[float32] {
	t.Helper()
	table, err := readFlowers()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestAccuracy holds the five folds to a mean of 95 % of unseen flowers, and counts right answers once more from what the nets said.
func TestAccuracy(t *testing.T) {
	table := flowers(t)
	v, err := crossValidate(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("accuracy %v, mean %.4f", v.accuracy, v.mean())
	if v.mean() < 0.95 {
		t.Errorf("mean accuracy is %.4f, want at least 0.95", v.mean())
	}
	var right [folds]float64
	for i, answer := range v.answers {
		if answer == int(table.Labels[i]) {
			right[i%folds]++
		}
	}
	for fold, n := range right {
		if a := n / 30; a != v.accuracy[fold] {
			t.Errorf("fold %d: %v of the answers are right, but its accuracy is %v", fold, a, v.accuracy[fold])
		}
	}
}

// TestTrainingPartOnly checks that the scaling of a fold is that of its training part.
func TestTrainingPartOnly(t *testing.T) {
	table := flowers(t)
	parts, err := table.Folds(folds)
	if err != nil {
		t.Fatal(err)
	}
	for fold, part := range parts {
		c, err := train(t.Context(), part.Train)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i := range table.Rows {
			if i%folds != fold {
				sum += float64(table.Row(i)[across])
			}
		}
		if mean := sum / 120; c.scaling.Shift[across]-mean > 1e-12 || mean-c.scaling.Shift[across] > 1e-12 {
			t.Errorf("fold %d: petals are moved by %v, want the mean length of the training part, %v", fold, c.scaling.Shift[across], mean)
		}
	}
}

// TestSameBits checks that the number of processors does not change a bit.
func TestSameBits(t *testing.T) {
	table := flowers(t)
	params := func(procs int) []float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		c, err := train(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		return c.net.Flat()
	}
	if !slices.Equal(params(1), params(2)) {
		t.Error("parameters differ between GOMAXPROCS 1 and 2")
	}
}

// TestSave checks that a net comes back from its file with scaling and classes, and that another file is an error.
func TestSave(t *testing.T) {
	c, err := train(t.Context(), flowers(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "iris.safetensors")
	if err := c.save(path); err != nil {
		t.Fatal(err)
	}
	got, err := load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.net.Flat(), c.net.Flat()) || !reflect.DeepEqual(got.scaling, c.scaling) || !slices.Equal(got.classes, c.classes) {
		t.Errorf("got %+v, want %+v", got, c)
	}

	for name, attachments := range map[string][]nnrt.Attachment{
		"attachment": {nnrt.Attach("classes", c.classes)},
		"classes":    {nnrt.Attach("scaling", c.scaling), nnrt.Attach("classes", c.classes[:2])},
	} {
		bad := filepath.Join(t.TempDir(), "bad.safetensors")
		if err := c.net.Save(bad, attachments...); err != nil {
			t.Fatal(err)
		}
		if _, err := load(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s missing: got error %v, want one that names the file", name, err)
		}
	}
}

// TestPicture reads the committed picture and compares it with what the program draws; with NNGEN_UPDATE=1 it writes it. The portable
// code rounds in other places than the vector code that drew it, so there only the signs are counted.
func TestPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iris.svg")
	if err := run([]string{"-picture", path}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("NNGEN_UPDATE") != "" {
		if err := os.WriteFile("iris.svg", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("iris.svg")
	if err != nil {
		t.Fatal(err)
	}
	if nnrt.ActiveCPU() != nnrt.Portable && !bytes.Equal(got, want) {
		t.Error("iris.svg is not the picture of this net: NNGEN_UPDATE=1 go test draws it")
	}
	signs := map[string]int{}
	for dec := xml.NewDecoder(bytes.NewReader(got)); ; {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.StartElement); ok {
			for _, a := range s.Attr {
				if a.Name.Local == "fill" {
					signs[a.Value]++
				}
			}
		}
	}
	for class := range species {
		if signs[dark[class]] != 51 || signs[light[class]] != 1 { // flowers and legend
			t.Errorf("species %d: got %d signs and %d regions, want 51 and 1", class, signs[dark[class]], signs[light[class]])
		}
	}
}

// TestRun trains, saves and names flowers by the command, and makes every mistake there is.
func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "iris.safetensors")
	var out bytes.Buffer
	if err := run([]string{"-save", path}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "mean: 9") || !strings.Contains(out.String(), path) {
		t.Errorf("got:\n%s", out.String())
	}
	for species, flower := range map[string]string{ // their means, rounded
		"setosa": "5.0 3.4 1.5 0.2", "versicolor": "5.9 2.8 4.3 1.3", "virginica": "6.6 3.0 5.6 2.0",
	} {
		out.Reset()
		if err := run(append([]string{"-load", path}, strings.Fields(flower)...), &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(out.String(), species+" (probability 0.9") && !strings.HasPrefix(out.String(), species+" (probability 1.0") {
			t.Errorf("%s: got %q, want %s", flower, out.String(), species)
		}
	}
	for args, want := range map[string]string{
		"5 3 1 0":                       `got argument "5" without -load`,
		"-load " + path + " 5 3 1":      "got 3 measures, want 4: sepal_length, sepal_width, petal_length, petal_width",
		"-load " + path + " 5 3 x 1":    `petal_length: got "x", want a number of centimetres`,
		"-load " + path + " 5 3 1 NaN":  `petal_width: got "NaN", want a number of centimetres`,
		"-load " + path + " 5 3 1 0":    `petal_width: got "0", want a number of centimetres`,
		"-load " + path + "x 5 3 1 1":   path + "x",
		"-load main.go 5 3 1 1":         "main.go",
		"-load a -save b":               "got -load beside -save",
		"-save " + path + "/no/net":     "/no/net",
		"-picture " + path + "/no/file": "/no/file",
	} {
		if err := run(strings.Fields(args), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", args, err, want)
		}
	}
	if err := run([]string{"-unknown"}, io.Discard, io.Discard); err != flag.ErrHelp {
		t.Errorf("an unknown flag: got error %v", err)
	}
}
