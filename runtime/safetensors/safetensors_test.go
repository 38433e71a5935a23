package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tricky is the text of testdata/make.py with one of each kind of character that JSON treats specially.
const tricky = "é\"\\\b\f\n\r\t\x01\x1f\x7f\u2028/<&>\U0001f600"

// sameEntries is what testdata/make.py puts into same.safetensors.
func sameEntries() []Entry {
	w := make([]float32, 12)
	for i := range w {
		w[i] = (float32(i) - 5) / 3
	}
	return []Entry{
		{"h.W", []int{3, 4}, w},
		{"h.b", []int{4}, []float32{1.5, float32(math.Copysign(0, -1)), float32(math.Inf(1)), math.Float32frombits(0x7fc00000)}},
		{"steps", nil, []int64{-7}},
		{"double", []int{2, 1}, []float64{1.0 / 3, -1e300}},
		{"ints", []int{3}, []int32{math.MinInt32, math.MaxInt32, 0}},
		{"bytes", []int{3}, []uint8{0, 1, 255}},
		{"flags", []int{1, 2}, []bool{true, false}},
		{"empty", []int{0, 5}, []float32{}},
		{tricky, nil, []float32{0.1}},
	}
}

// Python wrote the same tensors; the bytes must be equal, so each reads what the other writes.
func TestWriteEqualsPython(t *testing.T) {
	want, err := os.ReadFile("testdata/same.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Write(&got, map[string]string{tricky: tricky}, sameEntries()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got  %q\nwant %q", got.Bytes(), want)
	}
}

// equalBits compares elements by their bits, NaN included.
func equalBits[T Element](a, b []T) bool {
	return slices.EqualFunc(a, b, func(x, y T) bool { return x == y && fmt.Sprint(x) == fmt.Sprint(y) || x != x && y != y })
}

func readAll[T Element](t *testing.T, f *File, name string) []T {
	t.Helper()
	tensor, ok := f.Find(name)
	if !ok {
		t.Fatalf("no tensor %q", name)
	}
	dst := make([]T, tensor.Len())
	if err := Read(f, tensor, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

func TestReadPython(t *testing.T) {
	const path = "testdata/same.safetensors"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inMemory, err := Parse(raw, path)
	if err != nil {
		t.Fatal(err)
	}
	onDisk, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer onDisk.Close()
	for _, f := range []*File{inMemory, onDisk} {
		if len(f.Tensors) != len(sameEntries()) || f.Metadata[tricky] != tricky || len(f.Metadata) != 1 {
			t.Errorf("%d tensors, metadata %q", len(f.Tensors), f.Metadata)
		}
		for _, e := range sameEntries() {
			tensor, _ := f.Find(e.Name)
			if !slices.Equal(tensor.Shape, e.Shape) {
				t.Errorf("%q: shape %v, want %v", e.Name, tensor.Shape, e.Shape)
			}
			ok := false
			switch want := e.Data.(type) {
			case []float32:
				ok = equalBits(readAll[float32](t, f, e.Name), want)
			case []float64:
				ok = equalBits(readAll[float64](t, f, e.Name), want)
			case []int32:
				ok = equalBits(readAll[int32](t, f, e.Name), want)
			case []int64:
				ok = equalBits(readAll[int64](t, f, e.Name), want)
			case []uint8:
				ok = equalBits(readAll[uint8](t, f, e.Name), want)
			case []bool:
				ok = equalBits(readAll[bool](t, f, e.Name), want)
			}
			if !ok {
				t.Errorf("%q differs", e.Name)
			}
			if b, err := f.Bytes(tensor); err != nil || !bytes.Equal(b, raw[tensor.Offset:][:tensor.Size]) {
				t.Errorf("%q: bytes % x, error %v", e.Name, b, err)
			}
		}
	}
	view, _ := inMemory.Find("bytes")
	if b, _ := inMemory.Bytes(view); &b[0] != &raw[view.Offset] {
		t.Error("the bytes of a file in memory are a copy")
	}
}

func TestReadTypes(t *testing.T) {
	f, err := Open("testdata/types.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"half", "brain"} {
		want := readAll[float32](t, f, name+" as float")
		if got := readAll[float32](t, f, name); !equalBits(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		for i, v := range readAll[float64](t, f, name) {
			if v != float64(want[i]) {
				t.Errorf("%s, element %d: got %g in float64, want %g", name, i, v, want[i])
			}
		}
	}
	i8, _ := f.Find("i8")
	if b, err := f.Bytes(i8); err != nil || !bytes.Equal(b, []byte{0xff}) {
		t.Errorf("bytes % x, error %v", b, err)
	}
	for _, name := range []string{"i8", "u16", "c64"} {
		tensor, _ := f.Find(name)
		want := fmt.Sprintf(`testdata/types.safetensors: tensor %q: got dtype %q, want one that converts to float32`, name, tensor.DType)
		if err := Read(f, tensor, make([]float32, 1)); err == nil || err.Error() != want || errors.Is(err, ErrFormat) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// Conversions between float32 and float64, at the edges of their ranges.
func TestReadConverts(t *testing.T) {
	f := written(t, []Entry{
		{"narrow", []int{3}, []float32{0.1, math.MaxFloat32, math.SmallestNonzeroFloat32}},
		{"wide", []int{5}, []float64{0.1, math.MaxFloat32, 1e-300, math.Inf(-1), 1 + 1.0/(1<<24)}},
		{"beyond", []int{2}, []float64{0, 1e39}},
	})
	narrow := []float32{0.1, math.MaxFloat32, math.SmallestNonzeroFloat32}
	if got, want := readAll[float64](t, f, "narrow"), []float64{float64(narrow[0]), float64(narrow[1]), float64(narrow[2])}; !equalBits(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := readAll[float32](t, f, "wide"), []float32{0.1, math.MaxFloat32, 0, float32(math.Inf(-1)), 1}; !equalBits(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	tensor, _ := f.Find("beyond")
	err := Read(f, tensor, make([]float32, 2))
	want := fmt.Sprintf(`f: tensor "beyond": byte %d: got element 1 with bytes db ae 03 65 9d 7f 07 48, want a value within the range of float32`, tensor.Offset+8)
	value := make([]byte, 8)
	binary.LittleEndian.PutUint64(value, math.Float64bits(1e39))
	want = strings.Replace(want, "db ae 03 65 9d 7f 07 48", fmt.Sprintf("% x", value), 1)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := Read(f, tensor, make([]float32, 3)); err == nil || err.Error() != `f: tensor "beyond": got shape [2], 2 elements, want 3` {
		t.Errorf("got %v", err)
	}
}

// Tensors longer than a chunk are read and written in pieces.
func TestLong(t *testing.T) {
	const n = chunk/8*2 + 3
	narrow, wide, flags := make([]float32, n), make([]float64, n), make([]bool, 3*chunk)
	for i := range n {
		narrow[i], wide[i] = float32(i), -float64(i)
	}
	flags[3*chunk-2] = true
	entries := []Entry{{"a", []int{n}, narrow}, {"b", []int{n}, wide}, {"c", []int{3 * chunk}, flags}}
	var out bytes.Buffer
	if err := Write(&out, nil, entries); err != nil {
		t.Fatal(err)
	}
	// A reader that is not the file in memory takes the other way through Read.
	f, err := NewFile(bytes.NewReader(out.Bytes()), int64(out.Len()), "f")
	if err != nil {
		t.Fatal(err)
	}
	if !equalBits(readAll[float32](t, f, "a"), narrow) || !equalBits(readAll[float64](t, f, "b"), wide) || !equalBits(readAll[bool](t, f, "c"), flags) {
		t.Error("what was read is not what was written")
	}
	c, _ := f.Find("c")
	out.Bytes()[c.Offset+2*chunk] = 7
	want := fmt.Sprintf(`f: tensor "c": byte %d: got element %d with bytes 07, want 0 or 1`, c.Offset+2*chunk, 2*chunk)
	if err := Read(f, c, flags); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// written writes entries and reads the file again.
func written(t *testing.T, entries []Entry) *File {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, nil, entries); err != nil {
		t.Fatal(err)
	}
	f, err := Parse(out.Bytes(), "f")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// file puts the length before a header and zeros behind it.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// Python's verdict on each header of headers.json is ours, but for unknown types. What Python lets pass against the format's
// description (names twice, unknown keys, white space that is no padding) is in TestErrors.
func TestHeadersLikePython(t *testing.T) {
	raw, err := os.ReadFile("testdata/headers.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Header string
		Data   int
		OK     bool
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		_, err := Parse(file(c.Header, c.Data), "")
		if strings.Contains(c.Header, `"f32"`) {
			c.OK = true // a type that we do not know is listed, not refused
		}
		if (err == nil) != c.OK {
			t.Errorf("%s with %d bytes: got error %v, Python loads it: %v", c.Header, c.Data, err, c.OK)
		}
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v is no ErrFormat", c.Header, err)
		}
	}
}

func TestErrors(t *testing.T) {
	const a = `{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{nil, "f: byte 0: got a file of 0 bytes, want at least 8, the length of the header"},
		{[]byte("PK\x03\x04 zipped"), "f: byte 0: got a header of 8100139682727414608 bytes, want at most 100000000; this is no safetensors file"},
		{binary.LittleEndian.AppendUint64(nil, 9), "f: byte 0: got a header of 9 bytes in a file of 8, want at most 0"},
		{file("\xff", 0), "f: byte 8: got byte 0xff, want valid UTF-8"},
		{file(" {}", 0), "f: byte 8: got ' ', want '{', the start of a header"},
		{file("{}\n", 0), "f: byte 10: got '\\n', want spaces up to the end of the header"},
		{file(`{"a":`+a+`,"a":`+a+`}`, 4), `f: tensor "a": byte 62: got a second tensor of this name, want each name once`},
		{file(`{"__metadata__":{"k":"1","k":"2"}}`, 0), `f: byte 33: got a second text "k" in __metadata__, want each name once`},
		{file(`{"__metadata__":{},"__metadata__":{}}`, 0), `f: byte 27: got a second __metadata__, want one`},
		{file(`{"a":{"dtype":"F32","dtype":"F32"}}`, 0), `f: tensor "a": byte 28: got a second dtype, want one`},
		{file(`{"a":{"strides":[1]}}`, 0), `f: tensor "a": byte 14: got "strides", want dtype, shape or data_offsets`},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8), `f: tensor "a": byte 9: got 8 bytes for F32 of shape [1], want 4`},
		{file(`{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}`, 8), `f: tensor "a": byte 9: got F32 of shape [4611686018427387904], want a whole number of bytes that does not overflow`},
		{file(`{"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,8]}}`, 8), `f: tensor "a": byte 9: got shape [9223372036854775807, 2], want a number of elements that does not overflow`},
		{file(`{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}`, 8), `f: tensor "a": byte 37: got "9223372036854775808", want at most 9223372036854775807`},
		{file(`{"a":`+a+`,"b":`+a+`}`, 8), `f: tensor "b": got an overlap: data_offsets begin at 0, want 4`},
		{file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), `f: tensor "a": got a hole: data_offsets begin at 4, want 0`},
		{file(`{"a":`+a+`}`, 3), `f: tensor "a": byte 65: got the end of the file, want the tensor's 4 bytes from byte 62`},
		{file(`{"a":`+a+`}`, 5), `f: byte 66: got 1 bytes behind the last tensor, want the end of the file`},
		{file(`{"`+strings.Repeat("é", 60)+`":{}}`, 0), `f: tensor "` + strings.Repeat("é", 40) + `"...: byte 9: got no dtype, want one`},
	} {
		if math.MaxInt == math.MaxInt32 && strings.Contains(c.want, "9223372036854775807") || strings.Contains(c.want, "4611686018427387904") && math.MaxInt == math.MaxInt32 {
			continue // the limit is another on this platform
		}
		_, err := Parse(c.raw, "f")
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\ngot  %v\nwant %s", c.raw, err, c.want)
		}
	}
}

// A type of the future is listed and its bytes are there, but it does not convert.
func TestUnknownType(t *testing.T) {
	f, err := Parse(file(`{"a":{"dtype":"X128","shape":[3],"data_offsets":[0,7]}}`, 7), "")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := f.Bytes(f.Tensors[0]); len(b) != 7 || err != nil {
		t.Errorf("%d bytes, error %v", len(b), err)
	}
	if err := Read(f, f.Tensors[0], make([]float32, 3)); err == nil || err.Error() != `tensor "a": got dtype "X128", want one that converts to float32` {
		t.Errorf("got %v", err)
	}
}

func TestWriteErrors(t *testing.T) {
	for _, c := range []struct {
		metadata map[string]string
		entries  []Entry
		want     string
	}{
		{nil, []Entry{{"a", []int{2}, []int{1, 2}}}, `tensor "a": got data of type []int, want a slice of float32, float64, int32, int64, uint8 or bool`},
		{nil, []Entry{{"a", []int{3}, []float32{1, 2}}}, `tensor "a": got shape [3] for 2 elements, want as many elements as the shape says`},
		{nil, []Entry{{"a", []int{-1, -2}, []float32{1, 2}}}, `tensor "a": got shape [-1, -2] for 2 elements, want as many elements as the shape says`},
		{nil, []Entry{{"a", nil, []float32{1}}, {"a", nil, []int32{1}}}, `tensor "a": got two tensors of this name, want each name once`},
		{nil, []Entry{{"__metadata__", nil, []float32{1}}}, `tensor "__metadata__": got a reserved name, want another`},
		{nil, []Entry{{"\xff", nil, []float32{1}}}, `tensor "\xff": got a name that is not valid UTF-8, want one that is`},
		{map[string]string{"k": "\xff"}, nil, `got text "k" in __metadata__ that is not valid UTF-8, want one that is`},
		{map[string]string{"k": strings.Repeat(" ", MaxHeader)}, nil, `got a header of 100000001 bytes or more, want at most 100000000`},
	} {
		if err := Write(io.Discard, c.metadata, c.entries); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := Open(dir); err == nil || !strings.HasPrefix(err.Error(), dir+": ") && !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

// brokenReader fails from a byte on.
type brokenReader struct {
	r    io.ReaderAt
	from int64
}

var errDisk = errors.New("input/output error")

func (b brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if n := b.from - off; n < int64(len(p)) {
		k, _ := b.r.ReadAt(p[:max(n, 0)], off)
		return k, errDisk
	}
	return b.r.ReadAt(p, off)
}

func TestReaderErrors(t *testing.T) {
	raw, err := os.ReadFile("testdata/same.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	for from := range int64(len(raw)) {
		f, err := NewFile(brokenReader{bytes.NewReader(raw), from}, int64(len(raw)), "f")
		for i := 0; err == nil && i < len(f.Tensors); i++ {
			_, err = f.Bytes(f.Tensors[i])
		}
		var e *Error
		if !errors.Is(err, errDisk) || !errors.As(err, &e) || e.Byte != from || errors.Is(err, ErrFormat) {
			t.Fatalf("error at byte %d became %v", from, err)
		}
	}
	if _, err := NewFile(bytes.NewReader(raw[:20]), int64(len(raw)), "f"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that shrank: %v", err)
	}
}
