package main

// This file answers: is the committed picture that of this program, and is it what a service would have learnt?

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	nnrt "nngen/runtime"
)

// unseenCurve returns the learning curve of the shipped model, and its last parameters.
func unseenCurve(t *testing.T) (curve []reading, last []float32) {
	t.Helper()
	train, test := images()
	model, _, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLearner(model)
	if err != nil {
		t.Fatal(err)
	}
	if curve, err = learningCurve(l, train[knownRows:], test); err != nil {
		t.Fatal(err)
	}
	return curve, model.Flat()
}

// TestPicture draws by the command and compares with the committed picture; with NNGEN_UPDATE=1 it writes it. A curve must have been drawn
// on every processor, but its bytes are those of the vector code.
func TestPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "learnt.svg")
	var logged bytes.Buffer
	if err := run(t.Context(), []string{"-picture", path, "-images", digitsCSV}, &logged); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	readings := 0
	for dec := xml.NewDecoder(bytes.NewReader(got)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.StartElement); ok && slices.Contains(s.Attr, xml.Attr{Name: xml.Name{Local: "class"}, Value: "curve"}) {
			for _, a := range s.Attr {
				if a.Name.Local == "d" {
					readings += 1 + strings.Count(a.Value, "L")
				}
			}
		}
	}
	if want := 125; readings != want { // after 0, 10, ... 1230 and 1238 samples
		t.Errorf("got a curve of %d readings, want %d", readings, want)
	}
	if nnrt.ActiveCPU() == nnrt.Portable {
		t.Skip("the portable code rounds in other places than the vector code that drew learnt.svg, so some images are read otherwise")
	}
	if want := "83.6 % as shipped, 95.8 % after 1238 samples"; !strings.Contains(logged.String(), want) {
		t.Errorf("got the line %q, want %q in it", logged.String(), want)
	}
	if os.Getenv("NNGEN_UPDATE") != "" {
		if err := os.WriteFile("learnt.svg", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("learnt.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("learnt.svg is not the picture of this model: NNGEN_UPDATE=1 go test draws it")
	}
}

// TestPictureIsTheService posts the samples of the picture to a service, in other portions than one by one: it has the parameters that the
// curve ends with, bit for bit.
func TestPictureIsTheService(t *testing.T) {
	_, want := unseenCurve(t)
	train, _ := images()
	s, _ := open(t, t.TempDir(), nil)
	give(t, s, train[knownRows:], maxImages)
	if got := end(t, s); !slices.Equal(got, want) {
		t.Error("the parameters of the picture's learner are not those of a service that was posted the same samples")
	}
}

// TestPictureTable compares the curve with what README.md says of it: the table, the dip and the range of the second half.
func TestPictureTable(t *testing.T) {
	if nnrt.ActiveCPU() == nnrt.Portable {
		t.Skip("the portable code rounds in other places than the vector code whose accuracies README.md states")
	}
	_, test := images()
	curve, _ := unseenCurve(t)
	row := fmt.Sprintf("| accuracy on %d images for the test |", test.Len())
	for _, r := range curve {
		if r.posted%200 == 0 || r == curve[len(curve)-1] {
			row += fmt.Sprintf(" %.1f %% |", 100*r.accuracy)
		}
	}
	byAccuracy := func(a, b reading) int { return cmp.Compare(a.accuracy, b.accuracy) }
	dip := slices.MinFunc(curve, byAccuracy)
	half := curve[len(curve)/2:]
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		row,
		fmt.Sprintf("%.1f %% after %d samples", 100*dip.accuracy, dip.posted),
		fmt.Sprintf("between %.1f and %.1f %%", 100*slices.MinFunc(half, byAccuracy).accuracy, 100*slices.MaxFunc(half, byAccuracy).accuracy),
	} {
		if !strings.Contains(string(readme), want) {
			t.Errorf("README.md does not say %q", want)
		}
	}
}

// TestPictureRefusals asks for pictures that cannot be drawn: each error names the file or flag, what was found and what fits.
func TestPictureRefusals(t *testing.T) {
	dir := t.TempDir()
	csv, err := os.ReadFile(digitsCSV)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(csv), "\n")
	write := func(name string, lines []string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	short := write("short.csv", lines[:251]) // a header and 250 rows, of which 200 are to train on
	named := slices.Clone(lines)
	for i, line := range named {
		if text, ok := strings.CutSuffix(strings.TrimSpace(line), ",9"); ok {
			named[i] = text + ",nine\n"
		}
	}
	other := write("other.csv", named)
	out := filepath.Join(dir, "learnt.svg")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-picture", out, "-images", short}, short + ": got 200 rows to train on, want more than the 200 that the shipped model has seen"},
		{[]string{"-picture", out, "-images", other}, other + `: got the classes ["0" "1" "2" "3" "4" "5" "6" "7" "8" "nine"], want those of the shipped model`},
		{[]string{"-picture", out, "-images", filepath.Join(dir, "none.csv")}, "none.csv"},
		{[]string{"-picture", out, "-pretrain", digitsCSV}, "got -pretrain beside -picture, want one or the other"},
		{[]string{"-picture", filepath.Join(dir, "no", "folder.svg"), "-images", digitsCSV}, "folder.svg"},
	} {
		if err := run(t.Context(), c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got error %v, want %q", c.args, err, c.want)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused picture was written (%v)", err)
	}
}
