package nnrt

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nngen/runtime/safetensors"
)

// testTrainer holds what a generated trainer would: parameters of repeated layers and single ones, two groups of which the first has two
// states and the second one state of the same name, averaged weights, numbers.
type testTrainer[T Float] struct {
	flat, m0, v0, m1, average []T
	lr, prod                  float64
	steps                     int
	seed                      uint64
	restored                  int
}

var testSchema = Schema{
	{Path: "blk.#.W", Offset: 0, Shape: []int{2, 3}, Count: 2, Stride: 8},
	{Path: "blk.#.b", Offset: 6, Shape: []int{2}, Count: 2, Stride: 8},
	{Path: "h.W", Offset: 16, Shape: []int{3}},
	{Path: "scale", Offset: 19},
}

// newTestTrainer returns a trainer whose values all differ, and between starts, too.
func newTestTrainer[T Float](start float64) *testTrainer[T] {
	t := &testTrainer[T]{
		flat: make([]T, 20), m0: make([]T, 16), v0: make([]T, 16), m1: make([]T, 4), average: make([]T, 20),
		lr: start / 3, prod: start / 7, steps: int(start), seed: uint64(start) + 1<<63,
	}
	for _, s := range [][]T{t.flat, t.m0, t.v0, t.m1, t.average} {
		for i := range s {
			start += 1.1
			s[i] = T(start)
		}
	}
	return t
}

func (t *testTrainer[T]) State() State {
	s := State{
		Model: "Test", Schema: testSchema, Steps: &t.steps, Seed: &t.seed, Restored: func() { t.restored++ },
		Numbers: []StateNumber{{"LR", &t.lr}, {"state/prod", &t.prod}},
	}
	add := func(prefix string, lo int, memory []T) {
		x := StateTensors{Prefix: prefix, Lo: lo}
		switch memory := any(memory).(type) {
		case []float32:
			x.F32 = memory
		case []float64:
			x.F64 = memory
		}
		s.Tensors = append(s.Tensors, x)
	}
	add("", 0, t.flat)
	add("state/m/", 0, t.m0)
	add("state/v/", 0, t.v0)
	add("state/m/", 16, t.m1)
	add("average/", 0, t.average)
	return s
}

// print writes all values down with their bits.
func (t *testTrainer[T]) print() string {
	var b []byte
	for _, s := range [][]T{t.flat, t.m0, t.v0, t.m1, t.average} {
		for _, v := range s {
			b = append(strconv.AppendUint(b, math.Float64bits(float64(v)), 16), ' ')
		}
	}
	return fmt.Sprintf("%s%x %x %d %d", b, math.Float64bits(t.lr), math.Float64bits(t.prod), t.steps, t.seed)
}

var testSections = Sections{"position": []byte(`{"epoch":3,"row":17}`), "history": []byte(`[0.5,0.25]`)}

func testCheckpointRoundTrip[T Float](t *testing.T) {
	from, to := newTestTrainer[T](1), newTestTrainer[T](100)
	from.flat[3], from.m0[1], from.average[5] = T(math.Inf(-1)), T(math.NaN()), T(math.Copysign(0, -1))
	from.lr = math.NaN()
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := SaveCheckpoint(path, from.State(), testSections); err != nil {
		t.Fatal(err)
	}
	sections, err := LoadCheckpoint(path, to.State())
	if err != nil {
		t.Fatal(err)
	}
	if to.print() != from.print() || to.restored != 1 {
		t.Errorf("restored %d times:\ngot  %s\nwant %s", to.restored, to.print(), from.print())
	}
	if len(sections) != 2 || string(sections["history"]) != `[0.5,0.25]` || string(sections["position"]) != `{"epoch":3,"row":17}` {
		t.Errorf("sections %s", sections)
	}
	// Equal states give equal bytes.
	again := filepath.Join(t.TempDir(), "again.safetensors")
	if err := SaveCheckpoint(again, to.State(), sections); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(path)
	b, _ := os.ReadFile(again)
	if !bytes.Equal(a, b) {
		t.Error("saved again, the file has other bytes")
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	t.Run("float32", testCheckpointRoundTrip[float32])
	t.Run("float64", testCheckpointRoundTrip[float64])
}

// The names in the file are by parameter and do not depend on the layout.
func TestCheckpointNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := SaveCheckpoint(path, newTestTrainer[float32](1).State(), Sections{}); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []string
	for _, x := range f.Tensors {
		got = append(got, fmt.Sprint(x.Name, x.Shape))
	}
	slices.Sort(got)
	want := strings.Fields(`average/blk.0.W[2,3] average/blk.0.b[2] average/blk.1.W[2,3] average/blk.1.b[2] average/h.W[3] average/scale[] blk.0.W[2,3] blk.0.b[2]
		blk.1.W[2,3] blk.1.b[2] h.W[3] number/LR[] number/state/prod[] scale[] state/m/blk.0.W[2,3] state/m/blk.0.b[2] state/m/blk.1.W[2,3] state/m/blk.1.b[2]
		state/m/h.W[3] state/m/scale[] state/v/blk.0.W[2,3] state/v/blk.0.b[2] state/v/blk.1.W[2,3] state/v/blk.1.b[2]`)
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], ",", " ")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	m := f.Metadata
	if m["nngen.format"] != "1" || m["nngen.kind"] != "checkpoint" || m["nngen.model"] != "Test" || m["nngen.steps"] != "1" || m["nngen.seed"] != "9223372036854775809" ||
		m["nngen.schema"] != fmt.Sprintf("%016x", testSchema.Hash()) {
		t.Errorf("metadata %q", m)
	}
}

// checkpointBytes returns the bytes of a checkpoint of newTestTrainer(1).
func checkpointBytes(t testing.TB) []byte {
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := SaveCheckpoint(path, newTestTrainer[float32](1).State(), testSections); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// refused fails the test unless loading the bytes is an error that is ErrDamaged, and leaves the trainer as it was.
func refused(t *testing.T, raw []byte, what string) error {
	t.Helper()
	to := newTestTrainer[float32](100)
	before := to.print()
	sections, err := loadCheckpoint(raw, "c", to.State())
	if !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "c: ") || sections != nil {
		t.Fatalf("%s: error %v, sections %v", what, err, sections)
	}
	if to.print() != before || to.restored != 0 {
		t.Fatalf("%s: the trainer changed", what)
	}
	return err
}

func TestCheckpointTruncated(t *testing.T) {
	raw := checkpointBytes(t)
	for n := range raw {
		refused(t, raw[:n], fmt.Sprintf("%d of %d bytes", n, len(raw)))
	}
	refused(t, append(slices.Clone(raw), 0), "a byte more")
}

func TestCheckpointFlipped(t *testing.T) {
	raw := checkpointBytes(t)
	f, err := safetensors.Parse(raw, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for _, mask := range []byte{1 << (i % 8), 0xff} {
			raw[i] ^= mask
			err := refused(t, raw, fmt.Sprintf("byte %d of %d, mask %x", i, len(raw), mask))
			raw[i] ^= mask
			// Where the header is whole, the error names the tensor.
			for _, x := range f.Tensors {
				if int64(i) >= x.Offset && int64(i) < x.Offset+x.Size && !strings.Contains(err.Error(), "tensor "+x.Name+": ") {
					t.Fatalf("byte %d of tensor %s: %v", i, x.Name, err)
				}
			}
		}
	}
}

func TestCheckpointForeign(t *testing.T) {
	var plain bytes.Buffer
	if err := safetensors.Write(&plain, nil, []safetensors.Entry{{Name: "h.W", Shape: []int{3}, Data: []float32{1, 2, 3}}}); err != nil {
		t.Fatal(err)
	}
	for what, raw := range map[string][]byte{
		"a safetensors file that nngen has not written": plain.Bytes(),
		"a header of 8100139682727414608 bytes":         []byte("PK\x03\x04 zipped"),
		"a file of 0 bytes":                             {},
	} {
		if err := refused(t, raw, what); !strings.Contains(err.Error(), "got "+what) {
			t.Errorf("got %v", err)
		}
	}
}

func TestCheckpointMismatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := SaveCheckpoint(path, newTestTrainer[float32](1).State(), testSections); err != nil {
		t.Fatal(err)
	}
	number := 1.0
	for _, c := range []struct {
		change func(s *State)
		want   string
	}{
		{func(s *State) { s.Model = "Other" }, "got a checkpoint of model Test, want Other"},
		{func(s *State) { s.Schema = slices.Clone(s.Schema); s.Schema[2].Path = "i.W" }, "parameter i.W: got no tensor of this name, want one of shape [3]"},
		{func(s *State) { s.Schema = slices.Clone(s.Schema); s.Schema[2].Shape = []int{3, 1} }, "parameter h.W: got shape [3], want [3, 1]"},
		{
			func(s *State) { s.Schema = slices.Clone(s.Schema); s.Schema[2], s.Schema[3] = s.Schema[3], s.Schema[2] },
			"metadata nngen.schema: got SAVED, want OWN; the parameters are equal, but were declared in another order or beside others",
		},
		{
			func(s *State) { s.Tensors[2].Prefix = "state/u/" },
			"tensor state/u/blk.0.W: got none of this name, want one of shape [2, 3]; was the optimizer changed?",
		},
		{func(s *State) { s.Tensors = s.Tensors[:4] }, "tensor average/blk.0.W: got shape [2, 3], want no tensor that the trainer does not have; was the optimizer changed?"},
		{
			func(s *State) { s.Tensors[4].F64, s.Tensors[4].F32 = make([]float64, 20), nil },
			"tensor average/blk.0.W: got F32, want F64",
		},
		{func(s *State) { s.Numbers[1].Name = "beta" }, "tensor number/beta: got none of this name, want one of shape []; was the optimizer changed?"},
		{func(s *State) { s.Numbers = s.Numbers[:1] }, "tensor number/state/prod: got shape [], want no tensor that the trainer does not have; was the optimizer changed?"},
		{func(s *State) { s.Numbers = append(s.Numbers, StateNumber{"new", &number}) }, "tensor number/new: got none of this name, want one of shape []; was the optimizer changed?"},
	} {
		to := newTestTrainer[float32](100)
		before := to.print()
		s := to.State()
		c.change(&s)
		want := strings.NewReplacer("SAVED", hashText(testSchema), "OWN", hashText(s.Schema)).Replace(path + ": " + c.want)
		_, err := LoadCheckpoint(path, s)
		if !errors.Is(err, ErrMismatch) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if to.print() != before || to.restored != 0 {
			t.Error("the trainer changed")
		}
	}
}

// A state that no trainer should hand out is an error that says what is wrong with it.
func TestStateMistakes(t *testing.T) {
	for _, c := range []struct {
		change func(s *State)
		want   string
	}{
		{func(s *State) { s.Tensors[0].F32 = s.Tensors[0].F32[:19] }, "Test: state: scale: got a parameter without memory, want all parameters"},
		{func(s *State) { s.Tensors[0].F32 = s.Tensors[0].F32[:18] }, "Test: state: h.W: got elements 16 to 19 of memory for 0 to 18, want a part that holds whole parameters"},
		{func(s *State) { s.Tensors[3].Lo = 12 }, "Test: state: state/m/blk.1.W: got elements -4 to 2 of memory for 0 to 4, want a part that holds whole parameters"},
		{func(s *State) { s.Tensors[3] = s.Tensors[1] }, "Test: state: state/m/blk.0.W: got two tensors of this name, want each name once"},
		{func(s *State) { s.Tensors[0].F64 = make([]float64, 20) }, `Test: state: "": got memory of both types, want one`},
		{func(s *State) { s.Numbers[1].Name = "LR" }, "Test: state: LR: got two numbers of this name, want each name once"},
		{func(s *State) { s.Seed = nil }, "Test: state: got no steps or no seed, want both"},
	} {
		s := newTestTrainer[float32](1).State()
		c.change(&s)
		dir := t.TempDir()
		path := filepath.Join(dir, "c")
		if err := SaveCheckpoint(path, s, nil); err == nil || err.Error() != path+": not written: "+c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("left %v", entries)
		}
	}
}

func TestSections(t *testing.T) {
	s := Sections{}
	type position struct {
		Epoch int
		Loss  float64
	}
	if err := s.Put("position", position{3, 1.0 / 3}); err != nil {
		t.Fatal(err)
	}
	var got position
	if err := s.Get("position", &got); err != nil || got != (position{3, 1.0 / 3}) {
		t.Errorf("got %v, error %v", got, err)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{s.Get("history", &got), "section history: got none in the checkpoint, want it; there is position"},
		{Sections{}.Get("history", &got), "section history: got none in the checkpoint, want it; there is none"},
		{s.Put("nan", math.NaN()), "section nan: json: unsupported value: NaN"},
		{s.Get("position", new(string)), "section position: json: cannot unmarshal object into Go value of type string"},
		{
			SaveCheckpoint("c", newTestTrainer[float32](1).State(), Sections{"x": []byte("{")}),
			"c: not written: section x: got {, want JSON",
		},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", c.err, c.want)
		}
	}
}
