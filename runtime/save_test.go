package nnrt

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nngen/runtime/safetensors"
)

// scaling stands for what a program keeps beside its weights.
type scaling struct{ Mean, Std []float64 }

func TestModelRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	narrow := newTestTrainer[float32](1).flat
	classes, scale := []string{"setosa", "é\"\\"}, scaling{[]float64{1.0 / 3}, []float64{1e-300}}
	if err := SaveModel(path, "Test", testSchema, narrow, Attach("classes", classes), Attach("scale", &scale)); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var gotClasses []string
	var gotScale scaling
	got := make([]float32, 20)
	if err := LoadModel(path, "Test", testSchema, got, Attach("scale", &gotScale), Attach("classes", &gotClasses)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, narrow) || !slices.Equal(gotClasses, classes) || gotScale.Mean[0] != scale.Mean[0] || gotScale.Std[0] != scale.Std[0] {
		t.Errorf("got %v %v %v", got, gotClasses, gotScale)
	}
	wide := make([]float64, 20)
	if err := LoadModelBytes(raw, "Other", testSchema, wide); err != nil {
		t.Fatal(err)
	}
	for i, v := range wide {
		if v != float64(narrow[i]) {
			t.Errorf("parameter %d: got %g in float64, want %g", i, v, narrow[i])
		}
	}
	// And back: what float32 holds comes back exactly, other values rounded.
	wide[3] = 1 + 1.0/(1<<24)
	if err := SaveModel(path, "Test", testSchema, wide); err != nil {
		t.Fatal(err)
	}
	if err := LoadModel(path, "Test", testSchema, got); err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(narrow)
	want[3] = 1
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	wide[16] = 1e39
	if err := SaveModel(path, "Test", testSchema, wide); err != nil {
		t.Fatal(err)
	}
	if err := LoadModel(path, "Test", testSchema, got); err == nil || !strings.Contains(err.Error(), ": tensor h.W, byte ") || !strings.HasSuffix(err.Error(), "want a value within the range of float32") {
		t.Errorf("got %v", err)
	}
}

// The order of declarations and the layout in memory do not matter to a model's file.
func TestModelOtherLayout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := SaveModel(path, "Test", testSchema, newTestTrainer[float32](1).flat); err != nil {
		t.Fatal(err)
	}
	other := Schema{
		{Path: "scale", Offset: 0}, {Path: "h.W", Offset: 1, Shape: []int{3}},
		{Path: "blk.#.b", Offset: 4, Shape: []int{2}, Count: 2, Stride: 2}, {Path: "blk.#.W", Offset: 8, Shape: []int{2, 3}, Count: 2, Stride: 6},
	}
	got, from := make([]float32, 20), newTestTrainer[float32](1).flat
	if err := LoadModel(path, "Test", other, got); err != nil {
		t.Fatal(err)
	}
	other.Each(func(path string, offset int, shape []int) {
		was, _, _ := testSchema.Find(path)
		n := elements(shape)
		if !slices.Equal(got[offset:][:n], from[was:][:n]) {
			t.Errorf("%s: got %v, want %v", path, got[offset:][:n], from[was:][:n])
		}
	})
}

// A plain safetensors file has no seal; it loads if all parameters are there, whatever else is.
func TestModelFromElsewhere(t *testing.T) {
	entries := []safetensors.Entry{{Name: "num_batches_tracked", Data: []int64{7}}}
	flat := newTestTrainer[float64](1).flat
	testSchema.Each(func(path string, offset int, shape []int) {
		entries = append(entries, safetensors.Entry{Name: path, Shape: shape, Data: flat[offset:][:elements(shape)]})
	})
	load := func(entries []safetensors.Entry) ([]float64, error) {
		var plain bytes.Buffer
		if err := safetensors.Write(&plain, map[string]string{"format": "pt"}, entries); err != nil {
			t.Fatal(err)
		}
		got := make([]float64, 20)
		return got, LoadModelBytes(plain.Bytes(), "Test", testSchema, got)
	}
	if got, err := load(entries); err != nil || !slices.Equal(got, flat) {
		t.Errorf("got %v, error %v", got, err)
	}
	if _, err := load(entries[:len(entries)-1]); !errors.Is(err, ErrMismatch) || err.Error() != "embedded file: parameter scale: got no tensor of this name, want one of shape []" {
		t.Errorf("got %v", err)
	}
	entries[len(entries)-1].Data = []int32{1}
	if _, err := load(entries); !errors.Is(err, ErrMismatch) || err.Error() != `embedded file: tensor scale: got dtype "I32", want one that converts to float64` {
		t.Errorf("got %v", err)
	}
}

// A checkpoint serves as the file of a model.
func TestModelFromCheckpoint(t *testing.T) {
	got := make([]float64, 20)
	if err := LoadModelBytes(checkpointBytes(t), "Test", testSchema, got); err != nil {
		t.Fatal(err)
	}
	for i, v := range newTestTrainer[float32](1).flat {
		if got[i] != float64(v) {
			t.Errorf("parameter %d: got %g, want %g", i, got[i], v)
		}
	}
}

func TestModelErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	flat := newTestTrainer[float32](1).flat
	if err := SaveModel(path, "Test", testSchema, flat, Attach("classes", []string{"a"})); err != nil {
		t.Fatal(err)
	}
	changed := func(i int, p ParamSpec) Schema {
		s := slices.Clone(testSchema)
		s[i] = p
		return s
	}
	var classes []string
	for _, c := range []struct {
		schema      Schema
		attachments []Attachment
		model, want string
		is          error
	}{
		{changed(2, ParamSpec{Path: "h.W", Offset: 16, Shape: []int{1, 3}}), nil, "Test", "parameter h.W: got shape [3], want [1, 3]", ErrMismatch},
		{changed(2, ParamSpec{Path: "h.W", Offset: 16, Shape: []int{1, 3}}), nil, "Iris", "parameter h.W: got shape [3] in a file of model Test, want [1, 3]", ErrMismatch},
		{changed(2, ParamSpec{Path: "i.W", Offset: 16, Shape: []int{3}}), nil, "Test", "parameter i.W: got no tensor of this name, want one of shape [3]", ErrMismatch},
		{
			append(slices.Clone(testSchema[1:]), ParamSpec{Path: "blk.0.W", Shape: []int{2, 3}}), nil, "Test",
			"tensor blk.1.W: got shape [2, 3], want no tensor that is not a parameter of the model", ErrMismatch,
		},
		{testSchema, []Attachment{Attach("scale", &classes)}, "Test", "attachment scale: got none of this name, want one that was saved with the model; there is classes", ErrMismatch},
		{testSchema, []Attachment{Attach("classes", classes)}, "Test", "attachment classes: got a []string to load into, want a pointer that is not nil", nil},
		{testSchema, []Attachment{Attach("classes", new(int))}, "Test", `attachment classes: got "[\"a\"]" (json: cannot unmarshal array into Go value of type int), want JSON for a *int`, nil},
	} {
		err := LoadModel(path, c.model, c.schema, make([]float32, c.schema.Size()), c.attachments...)
		var e *FileError
		if !errors.As(err, &e) || err.Error() != path+": "+c.want || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	if err := LoadModel(path, "Test", testSchema, flat[:19]); err == nil || err.Error() != path+": got 19 parameters in memory, want 20" {
		t.Errorf("got %v", err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{SaveModel(path, "Test", testSchema, flat[:19]), path + ": got 19 parameters in memory, want 20"},
		{SaveModel(path, "Test", testSchema, flat, Attach("f", math.NaN())), path + ": attachment f: json: unsupported value: NaN"},
		{SaveModel(path, "Test", testSchema, flat, Attach("f", 1), Attach("f", 2)), path + ": attachment f: got two of this name, want each name once"},
		{SaveModel(dir, "Test", testSchema, flat), dir + ": got a folder or a device, want the name of a file"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", c.err, c.want)
		}
	}
	if err := LoadModel(path, "Test", testSchema, flat, Attach("classes", &classes)); err != nil || !slices.Equal(classes, []string{"a"}) {
		t.Errorf("after failed saves: %v, %v", classes, err)
	}
	if err := LoadModel(filepath.Join(dir, "absent"), "Test", testSchema, flat); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestModelDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := SaveModel(path, "Test", testSchema, newTestTrainer[float32](1).flat, Attach("classes", []string{"a"})); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	load := func(raw []byte) error { return LoadModelBytes(raw, "Test", testSchema, make([]float32, 20)) }
	for i := range raw {
		if err := load(raw[:i]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("%d of %d bytes: %v", i, len(raw), err)
		}
		raw[i] ^= 1
		if err := load(raw); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d of %d altered: %v", i, len(raw), err)
		}
		raw[i] ^= 1
	}
	raw = bytes.Replace(raw, []byte(`"nngen.format":"1"`), []byte(`"nngen.format":"2"`), 1)
	if err := load(resealed(raw)); !errors.Is(err, ErrMismatch) || err.Error() != "embedded file: metadata nngen.format: got 2, want 1; the file is of another version of nngen" {
		t.Errorf("a newer version: %v", err)
	}
}

// Whatever the bytes are, loading a model ends in an error or in parameters.
func FuzzLoadModel(f *testing.F) {
	path := filepath.Join(f.TempDir(), "m.safetensors")
	if err := SaveModel(path, "Test", testSchema, newTestTrainer[float64](1).flat, Attach("classes", []string{"a"})); err != nil {
		f.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(checkpointBytes(f))
	f.Add(bytes.ReplaceAll(raw, []byte("nngen."), []byte("other.")))
	f.Add(bytes.ReplaceAll(raw, []byte(`[\"a\"]`), []byte(`[\"a]\"`)))
	f.Add(bytes.ReplaceAll(raw, []byte("F64"), []byte("F32")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, raw := range [][]byte{raw, resealed(raw)} {
			var classes []string
			flat := make([]float32, 20)
			err := LoadModelBytes(raw, "Test", testSchema, flat, Attach("classes", &classes))
			var e *FileError
			if err != nil && (!errors.As(err, &e) || !strings.HasPrefix(err.Error(), "embedded file: ")) {
				t.Errorf("error %v", err)
			}
		}
	})
}
