package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	nnrt "nngen/runtime"
)

// TestData checks the division of the images: by index, without a row in two parts.
func TestData(t *testing.T) {
	train, valid, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		name string
		got  MnistData
		rows int
		y    []int32 // labels of the first rows, as `zcat t10k-labels-idx1-ubyte.gz | tail -c +9 | od -t u1` shows them
	}{
		{"train", train, 8000, []int32{7, 2, 1, 0, 4, 1, 4, 9, 0, 6}},
		{"valid", valid, 1000, []int32{5}},
		{"test", test, 1000, []int32{9}},
	} {
		if part.got.Len() != part.rows || !slices.Equal(part.got.Y[:len(part.y)], part.y) {
			t.Errorf("%s: got %d rows that begin with %v, want %d with %v", part.name, part.got.Len(), part.got.Y[:len(part.y)], part.rows, part.y)
		}
		if err := part.got.Check(); err != nil {
			t.Errorf("%s: %v", part.name, err)
		}
		if lo, hi := slices.Min(part.got.X), slices.Max(part.got.X); lo != 0 || hi != 1 {
			t.Errorf("%s: grey values go from %v to %v, want 0 to 1", part.name, lo, hi)
		}
	}
}

// TestAccuracy trains from the seeds that main uses: the mean accuracy on unseen images must be at least 95.5 %. That takes some ten
// seconds, so without NNGEN_LONG=1 it trains one net for three epochs, which must reach 90 %.
func TestAccuracy(t *testing.T) {
	train, valid, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	seeds, epochs, want := seeds, epochs, 0.955
	if os.Getenv("NNGEN_LONG") != "1" {
		seeds, epochs, want = 1, 3, 0.90
	}
	mean := 0.0
	for seed := 1; seed <= seeds; seed++ {
		model, history, err := fit(t.Context(), train, valid, uint64(seed), epochs, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		accuracy, err := evaluate(model, test)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: accuracy %.4f, %.1f s", seed, accuracy, history.Last("seconds"))
		mean += accuracy / float64(seeds)
		if seed == 1 && os.Getenv("NNGEN_LONG") == "1" {
			checkPictures(t, model, test)
		}
	}
	if mean < want {
		t.Errorf("mean accuracy is %.4f, want at least %.3f", mean, want)
	}
}

// checkPictures compares the pictures of the first net with the committed ones, or, with NNGEN_UPDATE=1, writes them. The portable code
// rounds in other places than the vector code that drew those, and a few thousand steps make that visible.
func checkPictures(t *testing.T, model *Mnist, test MnistData) {
	if nnrt.ActiveCPU() == nnrt.Portable {
		t.Log("the pictures are those of vector code")
		return
	}
	folder := t.TempDir()
	if os.Getenv("NNGEN_UPDATE") != "" {
		folder = "."
	}
	if err := draw(folder, model, test); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"weights.png", "mistakes.svg"} {
		got, want := readFile(t, filepath.Join(folder, name)), readFile(t, name)
		if strings.HasSuffix(name, ".png") { // versions of Go may compress differently
			got, want = pixelsOf(t, got), pixelsOf(t, want)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not the picture of this net: NNGEN_LONG=1 NNGEN_UPDATE=1 go test draws it", name)
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pixelsOf decodes a picture.
func pixelsOf(t *testing.T, file []byte) []byte {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, a := img.At(x, y).RGBA()
			fmt.Fprintln(&out, r, g, b, a)
		}
	}
	return out.Bytes()
}

// TestPictures draws an untrained net, which makes mistakes enough, and reads the pictures back.
func TestPictures(t *testing.T) {
	_, _, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	model := NewMnist(1)
	for p := range pixels { // unit 0: dark to the left, bright to the right, nothing between
		model.H.W[p*len(model.H.B)] = float32(p%side/7) - 1.5
	}
	folder := filepath.Join(t.TempDir(), "new")
	if err := draw(folder, model, test); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(readFile(t, filepath.Join(folder, "weights.png"))))
	if err != nil {
		t.Fatal(err)
	}
	colour := func(x int) [3]uint32 {
		r, g, b, _ := img.At(gap+zoom*x, gap).RGBA()
		return [3]uint32{r >> 8, g >> 8, b >> 8}
	}
	if left, right := colour(0), colour(27); left != [3]uint32{30, 30, 255} || right != [3]uint32{255, 30, 30} {
		t.Errorf("least and greatest weight have colours %v and %v, want full blue and full red", left, right)
	}

	dec := xml.NewDecoder(bytes.NewReader(readFile(t, filepath.Join(folder, "mistakes.svg"))))
	count := map[string]int{}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := token.(xml.StartElement); ok {
			count[s.Name.Local]++
		}
	}
	if count["g"] != shown || count["text"] != shown+1 || count["path"] < shown {
		t.Errorf("got %v, want %d images with captions", count, shown)
	}
}

// TestRuns compares the bars of an image with its pixels.
func TestRuns(t *testing.T) {
	image := make([]float32, pixels)
	image[0], image[1], image[side+2], image[pixels-1] = 1, 1, 1, 0.4
	if got, want := runs(image, greys-1), "M0 0h6v3h-6zM6 3h3v3h-3z"; got != want {
		t.Errorf("black: got %s, want %s", got, want)
	}
	if got, want := runs(image, 2), "M81 81h3v3h-3z"; got != want {
		t.Errorf("grey: got %s, want %s", got, want)
	}
}

// TestResume interrupts a run at the end of its second epoch and goes on from its checkpoints: the net is that of an undisturbed run, bit by bit,
// and a run that is complete trains no further.
func TestResume(t *testing.T) {
	train, valid, _, err := load()
	if err != nil {
		t.Fatal(err)
	}
	train = MnistData{X: train.X[:1000*pixels], Y: train.Y[:1000]}
	want, _, err := fit(t.Context(), train, valid, 1, 3, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "checkpoints")
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err = fit(ctx, train, valid, 1, 3, folder, func(e *nnrt.FitEvent) {
		if e.Epoch == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want that of the context", err)
	}
	for range 2 {
		got, history, err := fit(t.Context(), train, valid, 1, 3, folder, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Flat(), want.Flat()) || history.Last("epoch") != 3 {
			t.Errorf("after %v epochs the net differs from that of an undisturbed run", history.Last("epoch"))
		}
	}
}

// TestRun runs the command for one epoch, with checkpoints and pictures, and with mistakes in its command line.
func TestRun(t *testing.T) {
	folder := t.TempDir()
	var out, msg bytes.Buffer
	args := []string{"-checkpoints", filepath.Join(folder, "checkpoints"), "-pictures", folder}
	if err := run(t.Context(), args, 1, &out, &msg); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"8000 images to learn from", "seed 3: best on validation after epoch 1", "mean accuracy on unseen images: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if !strings.Contains(msg.String(), "val_accuracy") {
		t.Errorf("no line of progress in:\n%s", msg.String())
	}
	readFile(t, filepath.Join(folder, "weights.png"))

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(cancelled, []string{"-checkpoints", filepath.Join(folder, "others")}, 1, io.Discard, io.Discard)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the same command goes on") {
		t.Errorf("interrupted: got error %v", err)
	}
	if err := run(t.Context(), []string{"more"}, 1, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), `"more"`) {
		t.Errorf("an argument: got error %v", err)
	}
	if err := run(t.Context(), []string{"-unknown"}, 1, io.Discard, io.Discard); err != flag.ErrHelp {
		t.Errorf("an unknown flag: got error %v", err)
	}
}
