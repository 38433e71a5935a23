package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// idx makes a file of a type code, sizes and elements.
func idx(code byte, sizes []uint32, elements ...any) []byte {
	b := []byte{0, 0, code, byte(len(sizes))}
	for _, s := range sizes {
		b = binary.BigEndian.AppendUint32(b, s)
	}
	for _, e := range elements {
		b, _ = binary.Append(b, binary.BigEndian, e)
	}
	return b
}

// packed returns b as gzip.
func packed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestReadIDXArray(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []byte
		want Array[float64]
	}{
		{"uint8", idx(0x08, []uint32{3}, []uint8{0, 1, 255}), Array[float64]{[]int{3}, []float64{0, 1, 255}}},
		{"int8", idx(0x09, []uint32{1, 3}, []int8{-128, -1, 127}), Array[float64]{[]int{1, 3}, []float64{-128, -1, 127}}},
		{"int16", idx(0x0b, []uint32{2, 1}, []int16{-32768, 258}), Array[float64]{[]int{2, 1}, []float64{-32768, 258}}},
		{"int32", idx(0x0c, []uint32{2}, []int32{-1 << 31, 1<<31 - 1}), Array[float64]{[]int{2}, []float64{-1 << 31, 1<<31 - 1}}},
		{"float32", idx(0x0d, []uint32{2}, []float32{-0.1, math.MaxFloat32}), Array[float64]{[]int{2}, []float64{float64(float32(-0.1)), math.MaxFloat32}}},
		{"float64", idx(0x0e, []uint32{2, 1, 1}, []float64{math.Pi, -1e300}), Array[float64]{[]int{2, 1, 1}, []float64{math.Pi, -1e300}}},
		{"no elements", idx(0x08, []uint32{0, 1 << 15, 1 << 15}), Array[float64]{[]int{0, 1 << 15, 1 << 15}, []float64{}}},
	} {
		for name, in := range map[string]io.Reader{
			"plain": bytes.NewReader(c.in), "of unknown size": io.MultiReader(bytes.NewReader(c.in)), "packed": bytes.NewReader(packed(c.in)),
		} {
			got, err := ReadIDXArray[float64](in)
			if d := cmp.Diff(&c.want, got); err != nil || d != "" {
				t.Errorf("%s, %s: %v (-want +got):\n%s", c.name, name, err, d)
			}
		}
	}
	_, err := ReadIDXArray[uint8](bytes.NewReader(idx(0x0b, []uint32{2}, []int16{255, 256})))
	if want := "element 1 at byte 10: got 256, want a value that fits uint8"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The first images of MNIST, as everybody knows them.
func TestReadIDXFiles(t *testing.T) {
	table, err := ReadIDXFiles[float64]("testdata/ten-images-idx3-ubyte.gz", "testdata/ten-labels-idx1-ubyte.gz", IDXOptions{Scale: 1.0 / 255})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Check(); err != nil || table.Rows != 10 || len(table.Columns) != 784 {
		t.Fatalf("got %d rows of %d, %v", table.Rows, len(table.Columns), err)
	}
	if want := []int32{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}; !slices.Equal(table.Labels, want) || len(table.Classes) != 10 || table.Classes[9] != "9" {
		t.Errorf("got labels %v of %q, want %v", table.Labels, table.Classes, want)
	}
	for i, want := range readTruth(t).Images.Sum {
		sum := 0.0
		for _, v := range table.Row(i) {
			sum += v * 255
		}
		if math.Abs(sum-want) > 1e-6 {
			t.Errorf("image %d: sum of pixels %v, want %v", i, sum, want)
		}
	}
	for _, c := range []struct{ features, labels, want string }{
		{"testdata/ten-labels-idx1-ubyte.gz", "testdata/ten-images-idx3-ubyte.gz", "testdata/ten-labels-idx1-ubyte.gz: magic number at byte 0: got 1 axis, as files of labels have, want at least two: rows, and the values of a row"},
		{"testdata/ten-images-idx3-ubyte.gz", "testdata/ten-images-idx3-ubyte.gz", "testdata/ten-images-idx3-ubyte.gz: magic number at byte 0: got 3 dimensions, want 1, a label for each row"},
		{"testdata/v1.npy", "", "testdata/v1.npy: magic number at byte 0: got 93 4e 55 4d, want 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of axes (from 1)"},
	} {
		_, err := ReadIDXFiles[float32](c.features, c.labels, IDXOptions{})
		_, streamErr := OpenIDX[float32](c.features, c.labels, IDXOptions{})
		if err == nil || err.Error() != c.want || streamErr == nil || streamErr.Error() != c.want {
			t.Errorf("got  %v\nand  %v\nwant %s", err, streamErr, c.want)
		}
	}
	if _, err := ReadIDXFiles[float32]("testdata/nothing", "", IDXOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// What can be wrong with features and labels, in memory and as a stream alike.
func TestReadIDXErrors(t *testing.T) {
	images := idx(0x08, []uint32{2, 2}, []uint8{1, 2, 3, 4})
	labels := idx(0x08, []uint32{2}, []uint8{1, 0})
	promise := packed(idx(0x08, []uint32{1 << 20, 1 << 10}, []uint8{1}))
	canFollow := strconv.Itoa(len(promise)*inflation - 12)
	for _, c := range []struct {
		name             string
		features, labels []byte
		options          IDXOptions
		want             string
	}{
		{"empty", nil, nil, IDXOptions{}, "features: magic number at byte 0: got the end of the file, want 4 bytes, of which there are 0"},
		{"type", idx(0x0a, []uint32{1}), nil, IDXOptions{}, "features: magic number at byte 0: got 00 00 0a 01, want 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of axes (from 1)"},
		{"bytes the other way round", []byte{3, 8, 0, 0}, nil, IDXOptions{}, "features: magic number at byte 0: got 03 08 00 00, want 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and the number of axes (from 1)"},
		{"short header", images[:10], nil, IDXOptions{}, "features: dimension 2 at byte 8: got the end of the file, want 4 bytes, of which there are 2"},
		{"short data", images[:15], nil, IDXOptions{}, "features: dimension 1 at byte 4: got shape [2 2] of uint8, want one for the 3 bytes that follow"},
		{"more data", append(slices.Clone(images), 0), nil, IDXOptions{}, "features: dimension 1 at byte 4: got shape [2 2] of uint8, want one for the 5 bytes that follow"},
		{"far too short packed data", promise, nil, IDXOptions{}, "features: dimension 1 at byte 4: got shape [1048576 1024] of uint8, want one for the " + canFollow + " bytes that can follow at most"},
		{"short packed data", packed(images[:15]), nil, IDXOptions{}, "features: data at byte 12: got the end of the file, want 4 bytes, of which there are 3"},
		{"more packed data", packed(append(slices.Clone(images), 0)), nil, IDXOptions{}, "features: end at byte 16: got more bytes, want the end of the file, since the header announces no more"},
		{"cut packed data", packed(images)[:30], nil, IDXOptions{}, "features: end at byte 16: got the end of the file, want the rest of the packed data"},
		{"no rows", idx(0x08, []uint32{0, 2}), nil, IDXOptions{}, "features: dimension 1 at byte 4: got no rows, want at least one"},
		{"empty rows", idx(0x08, []uint32{2, 3, 0}), nil, IDXOptions{}, "features: dimension 2 at byte 8: got rows of shape [3 0], want at least one value in a row"},
		{"overflow", idx(0x0e, []uint32{1 << 31, 1 << 31, 1 << 31}), nil, IDXOptions{}, "features: dimension 1 at byte 4: got shape [2147483648 2147483648 2147483648], want sizes whose product fits an int"},
		{"NaN", idx(0x0d, []uint32{1, 2}, []float32{1, float32(math.NaN())}), nil, IDXOptions{}, "features: element 1 at byte 16: got NaN, want a finite number"},
		{"scale", images, nil, IDXOptions{Scale: math.MaxFloat64}, "features: element 1 at byte 13: got 2, times the scale 1.7976931348623157e+308, want a finite number"},
		{"NaN to predict", images, idx(0x0e, []uint32{2}, []float64{math.NaN(), 1}), IDXOptions{}, "labels: element 0 at byte 8: got NaN, want a finite number"},
		{"short labels", images, packed(labels[:9]), IDXOptions{}, "labels: data at byte 8: got the end of the file, want 2 bytes, of which there are 1"},
		{"more labels", images, packed(append(slices.Clone(labels), 0)), IDXOptions{}, "labels: end at byte 10: got more bytes, want the end of the file, since the header announces no more"},
		{"number of labels", images, idx(0x08, []uint32{3}, []uint8{0, 0, 0}), IDXOptions{}, "labels: dimension 1 at byte 4: got 3 labels, want 2, one for each row of features"},
		{"label", images, labels, IDXOptions{Classes: []string{"a"}}, "labels: label 0 at byte 8: got 1, want a class index from 0 to 0"},
		{"negative label", images, idx(0x09, []uint32{2}, []int8{0, -1}), IDXOptions{}, "labels: label 1 at byte 9: got -1, want a class index from 0 to 255"},
		{"label out of all reason", images, idx(0x0c, []uint32{2}, []int32{0, 1 << 30}), IDXOptions{}, "labels: label 1 at byte 12: got 1073741824, want a class index from 0 to 255"},
		{"classes of numbers", images, idx(0x0d, []uint32{2}, []float32{0, 1}), IDXOptions{Classes: []string{"a", "b"}}, "labels: magic number at byte 0: got labels of a floating-point type, want an integer type, since the options name classes"},
		{"infinite target", images, idx(0x0d, []uint32{2}, []float32{0, float32(math.Inf(1))}), IDXOptions{}, "labels: element 1 at byte 12: got +Inf, want a finite number"},
		{"class twice", images, labels, IDXOptions{Classes: []string{"a", "a"}}, `labels: option Classes: got "a" twice, want distinct names`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "overflow" && math.MaxInt == math.MaxInt32 {
				t.Skip("an int is too small already, which is another error")
			}
			dir := t.TempDir()
			features, labels := filepath.Join(dir, "x"), ""
			var r io.Reader
			if c.labels != nil {
				labels, r = filepath.Join(dir, "y"), bytes.NewReader(c.labels)
				os.WriteFile(labels, c.labels, 0o600)
			}
			os.WriteFile(features, c.features, 0o600)
			_, err := ReadIDX[float64](bytes.NewReader(c.features), r, c.options)
			if err == nil || err.Error() != c.want {
				t.Errorf("in memory\ngot  %v\nwant %s", err, c.want)
			}
			want := strings.NewReplacer("features: ", features+": ", "labels: ", labels+": ").Replace(c.want)
			if _, err := ReadIDXFiles[float64](features, labels, c.options); err == nil || err.Error() != want {
				t.Errorf("of a file\ngot  %v\nwant %s", err, want)
			}
			s, err := OpenIDX[float64](features, labels, c.options)
			if err == nil {
				_, err = all(s)
			}
			switch c.name { // a stream takes smaller pieces
			case "short packed data":
				want = features + ": data at byte 14: got the end of the file, want 2 bytes, of which there are 1"
			case "short labels":
				want = labels + ": data at byte 9: got the end of the file, want 1 byte, of which there are 0"
			}
			if err == nil || err.Error() != want {
				t.Errorf("of a stream\ngot  %v\nwant %s", err, want)
			}
		})
	}
}

// A header that promises terabytes costs no memory, packed or not; a long run of zeros costs what it unpacks to at most.
func TestHostileIDX(t *testing.T) {
	head := idx(0x0e, []uint32{1 << 20, 1 << 20})
	bomb := idx(0x0e, []uint32{1 << 20, 1 << 8}, make([]byte, 1<<20))
	for name, in := range map[string]io.Reader{
		"known": bytes.NewReader(head), "unknown": io.MultiReader(bytes.NewReader(head)),
		"packed": bytes.NewReader(packed(head)), "packed of unknown size": io.MultiReader(bytes.NewReader(packed(head))),
		"bomb": bytes.NewReader(packed(bomb)),
	} {
		var err error
		if n := allocated(func() { _, err = ReadIDXArray[float64](in) }); err == nil || n > 1<<20 {
			t.Errorf("%s: %d bytes allocated, error %v", name, n, err)
		}
	}
	// Of unknown size, memory grows with what arrives: counting what growth throws away, at most four times as much.
	var err error
	if n := allocated(func() { _, err = ReadIDXArray[float64](io.MultiReader(bytes.NewReader(bomb))) }); err == nil || n > 9<<19 {
		t.Errorf("growing: %d bytes allocated, error %v", n, err)
	}
}

// Whatever the bytes are, a table of them is whole; a stream of them holds the same rows. Memory is bounded by the input.
func FuzzReadIDX(f *testing.F) {
	images, labels := idx(0x08, []uint32{2, 2}, []uint8{1, 2, 3, 4}), idx(0x08, []uint32{2}, []uint8{1, 0})
	f.Add(images, labels)
	f.Add(packed(images), labels)
	f.Add(images, []byte{})
	f.Add(images[:9], labels[:4])
	f.Add(idx(0x0e, []uint32{1 << 31, 1 << 31, 1 << 31, 0}), labels)
	f.Add(idx(0x0d, []uint32{2, 1, 1}, []float32{1, float32(math.NaN())}), idx(0x0e, []uint32{2}, []float64{0.5, math.Inf(1)}))
	f.Add(idx(0x0c, []uint32{1, 1}, []int32{-1}), idx(0x0c, []uint32{1}, []int32{300}))
	dir := f.TempDir()
	x, y := filepath.Join(dir, "x"), filepath.Join(dir, "y")
	f.Fuzz(func(t *testing.T, features, targets []byte) {
		var r io.Reader
		path := ""
		if len(targets) > 0 {
			r, path = bytes.NewReader(targets), y
		}
		var table *Table[float32]
		var err error
		most := uint64(2<<20 + 64*inflation*(len(features)+len(targets)))
		if n := allocated(func() { table, err = ReadIDX[float32](bytes.NewReader(features), r, IDXOptions{Scale: 0.5}) }); n > most {
			t.Errorf("%d bytes allocated for %d and %d", n, len(features), len(targets))
		}
		if os.WriteFile(x, features, 0o600) != nil || os.WriteFile(y, targets, 0o600) != nil {
			t.Skip("no disk")
		}
		s, streamErr := OpenIDX[float32](x, path, IDXOptions{Scale: 0.5})
		var streamed *Table[float32]
		if streamErr == nil {
			streamed, streamErr = all(s)
		}
		if (err == nil) != (streamErr == nil) {
			t.Fatalf("in memory: %v; as a stream: %v", err, streamErr)
		}
		if err != nil {
			return
		}
		if err := table.Check(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(table, streamed); d != "" {
			t.Errorf("(-memory +stream):\n%s", d)
		}
	})
}

// all reads a whole stream into one table.
func all[T float32 | float64](s *Stream[T]) (*Table[T], error) {
	var whole *Table[T]
	for t, err := range s.Tables(3) {
		if err != nil {
			return nil, err
		}
		if whole == nil {
			whole = t.Clone()
			whole.Dropped = s.Dropped
			continue
		}
		whole.Rows += t.Rows
		whole.Features = append(whole.Features, t.Features...)
		whole.Target = append(whole.Target, t.Target...)
		whole.Labels = append(whole.Labels, t.Labels...)
	}
	return whole, nil
}
