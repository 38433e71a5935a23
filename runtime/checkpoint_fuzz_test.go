package nnrt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"nngen/runtime/safetensors"
)

// allocatedBy returns the bytes that a call allocates.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Saving streams: it allocates some buffers, but no copy of the tensors. Loading holds the file once.
func TestCheckpointMemory(t *testing.T) {
	const n = 1 << 20
	flat, m := make([]float32, n), make([]float32, n)
	steps, seed := 1, uint64(2)
	s := State{
		Model: "Large", Schema: Schema{{Path: "W", Shape: []int{n}}}, Steps: &steps, Seed: &seed,
		Tensors: []StateTensors{{F32: flat}, {Prefix: "state/m/", F32: m}},
	}
	path := filepath.Join(t.TempDir(), "c")
	var err error
	if got := allocatedBy(func() { err = SaveCheckpoint(path, s, nil) }); err != nil || got > 400<<10 {
		t.Errorf("saving 8 MiB allocates %d bytes, want at most 400 KiB; error %v", got, err)
	}
	if got := allocatedBy(func() { _, err = LoadCheckpoint(path, s) }); err != nil || got > 8<<20+400<<10 {
		t.Errorf("loading 8 MiB allocates %d bytes, want at most 400 KiB more; error %v", got, err)
	}
	if _, err := LoadCheckpoint(t.TempDir(), s); err == nil || !strings.HasSuffix(err.Error(), "got a folder or a device, want a file") {
		t.Errorf("got %v", err)
	}
}

// resealed gives bytes the digest that they should have, if they have one at all, so that a test gets past it.
func resealed(raw []byte) []byte {
	f, err := safetensors.Parse(raw, "")
	if err != nil {
		return raw
	}
	raw = slices.Clone(raw)
	text := headerText(raw[:f.HeaderSize], metaSHA, 64)
	if text == nil {
		return raw
	}
	copy(text, strings.Repeat("0", 64))
	copy(text, digestOf(raw[f.HeaderSize:], raw[:f.HeaderSize]))
	return raw
}

// Whatever the bytes are, loading ends in an error and an untouched trainer, or the trainer's state is that of the file: saved and
// loaded, it is the same.
func FuzzLoadCheckpoint(f *testing.F) {
	raw := checkpointBytes(f)
	f.Add(raw)
	for _, n := range []int{0, 7, 8, 100, len(raw) / 2, len(raw) - 1} {
		f.Add(raw[:n])
	}
	for _, change := range [][2]string{{"nngen.", "mngen."}, {`"1"`, `"2"`}, {"[2,3]", "[3,2]"}, {"F32", "F64"}, {"h.W", "h.V"}, {"epoch", `e"och`}, {`"nngen.steps":"1"`, `"nngen.steps":"-"`}} {
		f.Add(bytes.ReplaceAll(raw, []byte(change[0]), []byte(change[1])))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, raw := range [][]byte{raw, resealed(raw)} {
			to := newTestTrainer[float32](100)
			before := to.print()
			var sections Sections
			var err error
			sections, err = loadCheckpoint(raw, "c", to.State())
			if err != nil {
				if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrMismatch) || !strings.HasPrefix(err.Error(), "c: ") {
					t.Errorf("error %v", err)
				}
				if to.print() != before || to.restored != 0 || sections != nil {
					t.Error("the trainer changed")
				}
				continue
			}
			metadata, entries, err := checkpointEntries(to.State(), sections)
			if err != nil {
				t.Fatal(err)
			}
			var file memoryFile
			if err := writeSealed(&file, metadata, entries); err != nil {
				t.Fatal(err)
			}
			again := newTestTrainer[float32](200)
			if _, err := loadCheckpoint(file.data, "c", again.State()); err != nil || again.print() != to.print() {
				t.Errorf("what was loaded does not survive being saved: %v", err)
			}
		}
	})
}

// Sizes that a header claims do not make loading allocate more than the file's size allows.
func TestCheckpointHostile(t *testing.T) {
	raw := checkpointBytes(t)
	header := binary.LittleEndian.Uint64(raw)
	for _, change := range [][2]string{{"[2,3]", "[9999999999999,3]"}, {"[2,3]", "[9223372036854775807]"}, {`"data_offsets":[0,`, `"data_offsets":[0,99999999999999`}} {
		changed := bytes.ReplaceAll(raw, []byte(change[0]), []byte(change[1]))
		binary.LittleEndian.PutUint64(changed, header+uint64(len(changed)-len(raw)))
		if n := allocatedBy(func() { refused(t, changed, change[1]) }); n > uint64(24*len(changed)+64<<10) {
			t.Errorf("%s: %d bytes allocated for a file of %d", change[1], n, len(changed))
		}
	}
}

// The time of a checkpoint with its digests and the sync of the disk, and of loading it.
func BenchmarkCheckpoint(b *testing.B) {
	const n = 16 << 20
	flat := make([]float32, n)
	steps, seed := 1, uint64(2)
	s := State{Model: "Large", Schema: Schema{{Path: "W", Shape: []int{n}}}, Steps: &steps, Seed: &seed, Tensors: []StateTensors{{F32: flat}}}
	path := filepath.Join(b.TempDir(), "c")
	if err := SaveCheckpoint(path, s, nil); err != nil {
		b.Fatal(err)
	}
	b.Run("save", func(b *testing.B) {
		b.SetBytes(4 * n)
		for b.Loop() {
			if err := SaveCheckpoint(path, s, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.SetBytes(4 * n)
		for b.Loop() {
			if _, err := LoadCheckpoint(path, s); err != nil {
				b.Fatal(err)
			}
		}
	})
}
