package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// allocated returns the bytes that a call allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// hostile are headers that ask for much.
func hostile() map[string][]byte {
	var entries, axes, metadata strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&entries, `,"%x":{"dtype":"","shape":[],"data_offsets":[0,0]}`, i)
		fmt.Fprintf(&metadata, `,"%x":""`, i)
		axes.WriteString(",1")
	}
	long := file("{}", 0)
	binary.LittleEndian.PutUint64(long, MaxHeader)
	return map[string][]byte{
		"a long header":   long,
		"large shape":     file(`{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`, 16),
		"large unknown":   file(`{"a":{"dtype":"X","shape":[1],"data_offsets":[0,4398046511104]}}`, 16),
		"many tensors":    file("{"+entries.String()[1:]+"}", 0),
		"many texts":      file(`{"__metadata__":{`+metadata.String()[1:]+"}}", 0),
		"many axes":       file(`{"a":{"dtype":"U8","shape":[`+axes.String()[1:]+`],"data_offsets":[0,1]}}`, 1),
		"many data ends":  file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[`+axes.String()[1:]+`]}}`, 1),
		"nested":          file(`{"a":`+strings.Repeat("[", 50000), 0),
		"one long string": file(`{"`+strings.Repeat(`\n`, 50000), 0),
	}
}

// allocationFactor bounds what reading a header allocates, in bytes for each byte of the file. A tensor takes some 50 bytes in a header
// at least, and as a value 72 bytes, its entry in the index 24; an axis takes two and eight. All grow by doubling.
const allocationFactor = 24

func TestHostileHeaders(t *testing.T) {
	for name, raw := range hostile() {
		var err error
		n := allocated(func() { _, err = Parse(raw, "f") })
		if limit := uint64(allocationFactor*len(raw) + 16<<10); n > limit {
			t.Errorf("%s: %d bytes allocated for a file of %d, want at most %d", name, n, len(raw), limit)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// Whatever the bytes are, reading ends in an error with a text or in a file whose tensors lie within it; such a file's writable tensors
// survive being written and read again.
func FuzzParse(f *testing.F) {
	for _, path := range []string{"testdata/same.safetensors", "testdata/types.safetensors"} {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, raw := range hostile() {
		if len(raw) < 1000 {
			f.Add(raw)
		}
	}
	f.Add(file(`{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"__metadata__":{"\u00e9":"\ud83d\ude00"}}  `, 16))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := Parse(raw, "f")
		if err != nil {
			if !errors.Is(err, ErrFormat) || !strings.HasPrefix(err.Error(), "f: ") {
				t.Errorf("error %v", err)
			}
			return
		}
		var entries []Entry
		end := file.HeaderSize
		for _, tensor := range file.Tensors {
			if tensor.Offset != end {
				t.Fatalf("%q begins at %d, the one before ends at %d", tensor.Name, tensor.Offset, end)
			}
			end += tensor.Size
			var data any
			switch tensor.DType {
			case F32:
				data = readAll[float32](t, file, tensor.Name)
			case F64:
				data = readAll[float64](t, file, tensor.Name)
			case I64:
				data = readAll[int64](t, file, tensor.Name)
			case U8:
				data = readAll[uint8](t, file, tensor.Name)
			default:
				_ = Read(file, tensor, make([]bool, tensor.Size))
				continue
			}
			entries = append(entries, Entry{tensor.Name, tensor.Shape, data})
		}
		if end != int64(len(raw)) {
			t.Fatalf("tensors end at %d of %d", end, len(raw))
		}
		var out bytes.Buffer
		if err := Write(&out, file.Metadata, entries); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(out.Bytes(), "again")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			was, _ := file.Find(e.Name)
			is, ok := again.Find(e.Name)
			a, _ := file.Bytes(was)
			b, _ := again.Bytes(is)
			if !ok || !bytes.Equal(a, b) || !slices.Equal(was.Shape, is.Shape) || was.DType != is.DType {
				t.Fatalf("%q: %v became %v", e.Name, was, is)
			}
		}
		for k, v := range file.Metadata {
			if again.Metadata[k] != v {
				t.Fatalf("text %q: %q became %q", k, v, again.Metadata[k])
			}
		}
	})
}
