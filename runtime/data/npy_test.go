package data

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// truth is what NumPy computed; testdata/make.py says how.
type truth struct {
	Iris   struct{ Mean, Deviation, Least, Largest []float64 }
	Images struct{ Sum []float64 }
	Halves uint32
}

func readTruth(t *testing.T) (v truth) {
	t.Helper()
	b, err := os.ReadFile("testdata/truth.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every element type, byte order and order of axes, as NumPy writes them.
func TestReadNPZTypes(t *testing.T) {
	want, err := ReadNPZFile[float64]("testdata/arrays.npz", "want")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want.Shape, []int{2, 2, 3}) || !slices.Equal(want.Data, []float64{0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1}) {
		t.Fatalf("got %+v", want)
	}
	for _, kind := range []string{"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"} {
		for _, order := range []string{"le", "be"} {
			for _, axes := range []string{"", "_fortran"} {
				name := kind + order + axes
				if strings.HasSuffix(name, "1le"+axes) && axes != "" {
					continue // one byte has no order
				}
				sign := 1.0
				if kind[0] == 'i' {
					sign = -1
				}
				got, err := ReadNPZFile[float32]("testdata/arrays.npz", name)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range want.Data {
					if !slices.Equal(got.Shape, want.Shape) || float64(got.Data[i]) != sign*v {
						t.Fatalf("%s: got %+v", name, got)
					}
				}
			}
		}
	}
	flags, err := ReadNPZFile[uint8]("testdata/arrays.npz", "b1")
	if err != nil || !slices.Equal(flags.Data, []uint8{0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1}) {
		t.Errorf("bools: %v, %v", flags, err)
	}
	empty, err := ReadNPZFile[int8]("testdata/arrays.npz", "empty")
	if err != nil || !slices.Equal(empty.Shape, []int{3, 0, 2}) || len(empty.Data) != 0 {
		t.Errorf("no elements: %v, %v", empty, err)
	}
	scalar, err := ReadNPZFile[float64]("testdata/arrays.npz", "scalar")
	if err != nil || len(scalar.Shape) != 0 || !slices.Equal(scalar.Data, []float64{-2.5}) {
		t.Errorf("a single number: %v, %v", scalar, err)
	}
	vector, err := ReadNPZFile[int64]("testdata/arrays.npz", "vector")
	if err != nil || !slices.Equal(vector.Shape, []int{5}) || !slices.Equal(vector.Data, []int64{0, 1, 2, 3, 4}) {
		t.Errorf("one axis: %v, %v", vector, err)
	}
	packed, err := ReadNPZFile[float32]("testdata/packed.npz", "x")
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range packed.Data {
		if len(packed.Data) != 20000 || v != float32(i%7) {
			t.Fatalf("packed: element %d of %d is %v", i, len(packed.Data), v)
		}
	}
}

// limits reads the least and the largest number of an integer type as every other type.
func limits[T, U Element](t *testing.T, name string, least, largest T) {
	t.Helper()
	got, err := ReadNPZFile[T]("testdata/arrays.npz", name)
	if err != nil || !slices.Equal(got.Data, []T{least, largest}) {
		t.Errorf("%s: %v, %v", name, got, err)
	}
	if _, err := ReadNPZFile[U]("testdata/arrays.npz", name); err == nil || !strings.Contains(err.Error(), "want a value that fits") {
		t.Errorf("%s as a smaller type: error %v", name, err)
	}
}

func TestReadNPYLimits(t *testing.T) {
	limits[int8, uint8](t, "int8_limits", math.MinInt8, math.MaxInt8)
	limits[int16, int8](t, "int16_limits", math.MinInt16, math.MaxInt16)
	limits[int32, uint32](t, "int32_limits", math.MinInt32, math.MaxInt32)
	limits[int64, int32](t, "int64_limits", math.MinInt64, math.MaxInt64)
	limits[uint8, int8](t, "uint8_limits", 0, math.MaxUint8)
	limits[uint16, int16](t, "uint16_limits", 0, math.MaxUint16)
	limits[uint32, int32](t, "uint32_limits", 0, math.MaxUint32)
	limits[uint64, int64](t, "uint64_limits", 0, math.MaxUint64)

	got, err := ReadNPZFile[float64]("testdata/arrays.npz", "f8_limits")
	want := []float64{math.Pi, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.SmallestNonzeroFloat64, math.MaxFloat64}
	if d := cmp.Diff(want, got.Data, cmpopts.EquateNaNs()); err != nil || d != "" || !math.Signbit(got.Data[1]) {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	_, err = ReadNPZFile[float32]("testdata/arrays.npz", "f8_limits")
	if err == nil || !strings.Contains(err.Error(), "f8_limits.npy: element 6 at byte 176: got 1.7976931348623157e+308, want a value that fits float32") {
		t.Errorf("float64 as float32: %v", err)
	}
}

// A floating-point number becomes an integer where it is one, and otherwise an error.
func TestReadNPYFloatAsInteger(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string // empty if int64 holds it
	}{
		{-1 << 63, ""}, {1<<63 - 1024, ""}, {math.Copysign(0, -1), ""}, {1 << 63, "int64"}, {1 << 64, "int64"}, {-1<<63 - 2048, "int64"},
		{0.5, "int64"}, {math.NaN(), "int64"}, {math.Inf(-1), "int64"},
	} {
		var b bytes.Buffer
		if err := WriteNPY(&b, &Array[float64]{Data: []float64{c.v}}); err != nil {
			t.Fatal(err)
		}
		a, err := ReadNPY[int64](bytes.NewReader(b.Bytes()))
		if c.want == "" && (err != nil || a.Data[0] != int64(c.v)) || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), "want a value that fits "+c.want)) {
			t.Errorf("%v as int64: %v, %v", c.v, a, err)
		}
		u, err := ReadNPY[uint64](&b)
		if fits := c.v >= 0 && c.v < 1<<64 && c.v == math.Trunc(c.v); fits != (err == nil) || fits && u.Data[0] != uint64(c.v) {
			t.Errorf("%v as uint64: %v, %v", c.v, u, err)
		}
	}
}

// Files are read from where they stand, and pipes, which do not know their size.
func TestReadNPYPlace(t *testing.T) {
	b, err := os.ReadFile("testdata/v1.npy")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append([]byte("before"), b...)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(6, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if a, err := ReadNPY[float32](f); err != nil || len(a.Data) != 6 {
		t.Errorf("in the middle of a file: %v, %v", a, err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Skip(err)
	}
	defer r.Close()
	go func() {
		w.Write(b)
		w.Close()
	}()
	if a, err := ReadNPY[float32](r); err != nil || len(a.Data) != 6 {
		t.Errorf("from a pipe: %v, %v", a, err)
	}
}

// All 65536 numbers of 16 bits, compared with NumPy by a checksum.
func TestHalf(t *testing.T) {
	var file bytes.Buffer
	file.WriteString("\x93NUMPY\x01\x00\x46\x00{'descr': '<f2', 'fortran_order': False, 'shape': (65536,)}           ")
	for i := range 1 << 16 {
		file.Write([]byte{byte(i), byte(i >> 8)})
	}
	a, err := ReadNPY[float32](&file)
	if err != nil {
		t.Fatal(err)
	}
	sum := crc32.NewIEEE()
	nans := 0
	for i, v := range a.Data {
		if v != v {
			if nans++; i>>10&31 != 31 {
				t.Fatalf("%04x is NaN", i)
			}
			continue
		}
		b := math.Float32bits(v)
		sum.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
	}
	if want := readTruth(t).Halves; sum.Sum32() != want || nans != 2*1023 {
		t.Errorf("got checksum %d and %d NaNs, want %d and %d", sum.Sum32(), nans, want, 2*1023)
	}
}

// Versions 1 to 3, and our own file, byte for byte that of numpy.save.
func TestWriteNPY(t *testing.T) {
	want := []float32{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}
	for _, name := range []string{"v1", "v2", "v3"} {
		a, err := ReadNPYFile[float32]("testdata/" + name + ".npy")
		if err != nil || !slices.Equal(a.Shape, []int{2, 3}) || !slices.Equal(a.Data, want) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	same := func(name string, err error, got bytes.Buffer) {
		t.Helper()
		file, fileErr := os.ReadFile("testdata/" + name)
		if err != nil || fileErr != nil || !bytes.Equal(got.Bytes(), file) {
			t.Errorf("%s: %v, %v\ngot  %q\nwant %q", name, err, fileErr, got.Bytes(), file)
		}
	}
	var b bytes.Buffer
	err := WriteNPY(&b, &Array[float32]{Shape: []int{2, 3}, Data: want})
	same("v1.npy", err, b)
	b.Reset()
	err = WriteNPY(&b, &Array[int64]{Shape: []int{5}, Data: []int64{-2, -1, 0, 1, 2}})
	same("long.npy", err, b)

	if err := WriteNPY(io.Discard, &Array[int8]{Shape: []int{2, 2}, Data: []int8{1}}); err == nil || err.Error() != "array: got 1 element, want 4 as shape [2 2] says" {
		t.Errorf("wrong shape: %v", err)
	}
	roundTrip(t, int8(-128))
	roundTrip(t, uint8(255))
	roundTrip(t, int16(-300))
	roundTrip(t, uint16(65535))
	roundTrip(t, int32(-70000))
	roundTrip(t, uint32(math.MaxUint32))
	roundTrip(t, int64(math.MinInt64))
	roundTrip(t, uint64(math.MaxUint64))
	roundTrip(t, float32(math.Pi))
	roundTrip(t, math.Pi)
}

func roundTrip[T Element](t *testing.T, v T) {
	t.Helper()
	for _, shape := range [][]int{{}, {1}, {0}, {3}, {2, 0, 4}, {3, 3, 1000}} {
		n, _ := volume(shape)
		a := &Array[T]{Shape: shape, Data: make([]T, n)}
		for i := range a.Data {
			a.Data[i] = v - T(i%2)
		}
		var b bytes.Buffer
		if err := WriteNPY(&b, a); err != nil {
			t.Fatal(err)
		}
		if start := b.Len() - n*int(unsafe.Sizeof(v)); start%64 != 0 {
			t.Errorf("data of %T begin at byte %d", v, start)
		}
		got, err := ReadNPY[T](&b)
		if d := cmp.Diff(a, got, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Errorf("%T %v: %v (-want +got):\n%s", v, shape, err, d)
		}
	}
}

// npy makes a file of a header and data.
func npy(header, data string) string {
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + data
}

func TestReadNPYErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", `magic string at byte 0: got the end of the file, want 8 bytes, of which there are 0`},
		{"\x93NUMPX\x01\x00", `magic string at byte 0: got "\x93NUMPX", want "\x93NUMPY"`},
		{"\x93NUMPY\x04\x00", `version at byte 6: got 4.0, want 1.0, 2.0 or 3.0`},
		{"\x93NUMPY\x01\x00\x05", `length of the header at byte 8: got the end of the file, want 2 bytes, of which there are 1`},
		{"\x93NUMPY\x02\x00\xff\xff\xff\xff", `length of the header at byte 8: got 4294967295, want at most 65536`},
		{"\x93NUMPY\x01\x00\x05\x00{}", `header at byte 10: got the end of the file, want 5 bytes, of which there are 2`},
		{npy("{}", ""), `header at byte 12: got no key "descr", want descr, fortran_order and shape`},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", ""), `header at byte 64: got the end of the header, want "}"`},
		{npy("{'descr': '<f4', 'descr': '<f4'}", ""), `header at byte 27: got the key "descr" twice, want it once`},
		{npy("{'shape': (2,), 'x': 1}", ""), `header at byte 26: got the key "x", want descr, fortran_order or shape`},
		{npy("{'descr': '|O', }", ""), `descr at byte 20: got "|O", want bool, an integer or a floating-point number, such as '<f4'`},
		{npy("{'descr': [('a', '<f4')], }", ""), `descr at byte 20: got a structured type, want bool, an integer or a floating-point number, such as '<f4'`},
		{npy("{'descr': '|f4', }", ""), `descr at byte 20: got "|f4", want bool, an integer or a floating-point number, such as '<f4'`},
		{npy("{'fortran_order': 1}", ""), `fortran_order at byte 28: got "1}", want True or False`},
		{npy("{'shape': (-1,)}", ""), `shape at byte 21: got "-1,)}", want a size`},
		{npy("{'shape': (99999999999999999999,)}", ""), `shape at byte 21: got "99999999999999999999", want a size that fits an int`},
		{npy("{'shape': (4611686018000000000, 3)}", ""), `shape at byte 20: got [4611686018000000000 3], want sizes whose product fits an int`},
		{npy("{'shape': 3}", ""), `header at byte 20: got "3}", want "("`},
		{npy("{'shape' 3}", ""), `header at byte 19: got "3}", want ":"`},
		{npy("{shape: 3}", ""), `header at byte 11: got "shape: 3}", want a text in quotes`},
		{npy("{'shape: 3}", ""), `header at byte 11: got "'shape: 3}", want a text that ends with its quote`},
		{npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", ""), `header at byte 66: got "x", want the end of the header`},
		{
			npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000)}", "12345678"),
			`shape at byte 60: got shape [1000000000 1000000] of float64, want one for the 8 bytes that follow`,
		},
		{
			npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "1234567890"),
			`shape at byte 60: got shape [1] of float64, want one for the 10 bytes that follow`,
		},
		{npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", "\x01\x02"), `element 1 at byte 66: got 2, want a bool: 0 or 1`},
	} {
		_, err := ReadNPY[int64](strings.NewReader(c.in))
		var e *Error
		if strconv.IntSize == 32 && strings.Contains(c.in, "000") {
			continue // an int is too small already, which is another error
		}
		if !errors.As(err, &e) || e.Error() != c.want {
			t.Errorf("%q:\ngot  %v\nwant %v", c.in, err, c.want)
		}
	}
	for name, want := range map[string]string{
		"complex":    `got "<c8", want bool`,
		"text":       `got "<U1", want bool`,
		"structured": `got a structured type, want bool`,
		"none":       `testdata/arrays.npz: got arrays "want", "b1", "empty", "scalar", "vector", `,
	} {
		if _, err := ReadNPZFile[float64]("testdata/arrays.npz", name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadNPZFile[float64]("testdata/v1.npy", "x"); err == nil || !strings.Contains(err.Error(), "testdata/v1.npy: zip: not a valid zip file") {
		t.Errorf("no archive: %v", err)
	}
	if _, err := ReadNPYFile[float64]("testdata/nothing.npy"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := ReadNPYFile[float64]("testdata/arrays.npz"); err == nil || !strings.HasPrefix(err.Error(), "testdata/arrays.npz: magic string at byte 0: got ") {
		t.Errorf("an archive as array: %v", err)
	}
}

// An archive that is cut anywhere, or has a byte changed, gives an error or an array, and takes little memory.
func TestDamagedNPZ(t *testing.T) {
	whole, err := os.ReadFile("testdata/packed.npz")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.npz")
	read := func(b []byte) error {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		var a *Array[float32]
		if n := allocated(func() { a, err = ReadNPZFile[float32](path, "x") }); n > 4<<20 {
			t.Errorf("%d bytes allocated", n)
		}
		if err == nil {
			return a.Check()
		}
		if !strings.HasPrefix(err.Error(), path) {
			t.Errorf("an error that does not name the file: %v", err)
		}
		return err
	}
	for n := 0; n < len(whole); n += 7 {
		if err := read(whole[:n]); err == nil {
			t.Errorf("no error for the first %d bytes of %d", n, len(whole))
		}
	}
	failed := 0
	for i := 0; i < len(whole); i += 3 {
		b := slices.Clone(whole)
		b[i] ^= 0x55
		if read(b) != nil {
			failed++
		}
	}
	if failed < len(whole)/12 {
		t.Errorf("only %d of %d changes were found", failed, len(whole)/3)
	}
}

// allocated returns the bytes that f allocates, to within some kilobytes.
func allocated(f func()) uint64 {
	now := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := now()
	f()
	return now() - before
}

// A header that promises a terabyte costs no memory, whether the size of the file is known or not.
func TestHostileNPY(t *testing.T) {
	in := npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000, 128)}", strings.Repeat("x", 1000))
	for name, r := range map[string]io.Reader{"known": strings.NewReader(in), "unknown": io.MultiReader(strings.NewReader(in))} {
		var err error
		if n := allocated(func() { _, err = ReadNPY[float64](r) }); err == nil || n > 1<<20 {
			t.Errorf("%s: %d bytes allocated, error %v", name, n, err)
		}
	}
}

// Whatever the bytes are, reading ends in a whole array that can be written and read again, or in an error; memory is bounded by the input.
func FuzzReadNPY(f *testing.F) {
	for _, name := range []string{"v1.npy", "v2.npy", "v3.npy", "long.npy"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"", npy("{'descr': '>f2', 'fortran_order': True, 'shape': (2, 2)}", "12345678"), npy("{\"descr\": '|b1', 'fortran_order': False, 'shape': ()}", "\x01"),
		npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4L)}", ""), "\x1f\x8b\x08",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var a *Array[float64]
		var err error
		if n, most := allocated(func() { a, err = ReadNPY[float64](bytes.NewReader(in)) }), uint64(1<<20+64*inflation*len(in)); n > most {
			t.Errorf("%d bytes allocated for %d", n, len(in))
		}
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteNPY(&b, a); err != nil {
			t.Fatal(err)
		}
		again, err := ReadNPY[float64](&b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a, again, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if _, err := ReadNPY[int8](bytes.NewReader(in)); err != nil && err.Error() == "" {
			t.Error("an error without text")
		}
	})
}

// The same for an archive: its directory may lie, too.
func FuzzReadNPZ(f *testing.F) {
	for _, name := range []string{"arrays.npz", "packed.npz", "v1.npy"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "x")
	}
	f.Add(storedNPZ(f, "x.npy", strings.Repeat("\x93NUMPY", 3)), "x")
	f.Add(storedNPZ(f, "x.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000)}", "12345678")), "x")
	path := filepath.Join(f.TempDir(), "x.npz")
	f.Fuzz(func(t *testing.T, in []byte, name string) {
		if err := os.WriteFile(path, in, 0o600); err != nil {
			t.Fatal(err)
		}
		var a *Array[float64]
		var err error
		if n, most := allocated(func() { a, err = ReadNPZFile[float64](path, name) }), uint64(1<<20+64*inflation*len(in)); n > most {
			t.Errorf("%d bytes allocated for %d", n, len(in))
		}
		switch {
		case err == nil:
			if err := a.Check(); err != nil {
				t.Error(err)
			}
		case !strings.HasPrefix(err.Error(), path) || len(err.Error()) > 1<<10+len(name)*4:
			t.Errorf("an error that does not name the file, or of %d bytes: %.300v", len(err.Error()), err)
		}
	})
}

// storedNPZ returns an archive with one part, not packed.
func storedNPZ(tb testing.TB, name, content string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name})
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
