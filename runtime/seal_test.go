package nnrt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"nngen/runtime/safetensors"
)

// memoryFile is a file in memory.
type memoryFile struct{ data []byte }

func (f *memoryFile) Write(p []byte) (int, error) {
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *memoryFile) WriteAt(p []byte, off int64) (int, error) {
	return copy(f.data[off:], p), nil
}

// digestOf is the digest of a file as the comment on metaSHA describes it: over the data, then over the header.
func digestOf(data, header []byte) string {
	h := sha256.New()
	h.Write(data)
	h.Write(header)
	return hex.EncodeToString(h.Sum(nil))
}

// The seal is what its description says, and texts that look like it do not disturb it.
func TestSeal(t *testing.T) {
	var f memoryFile
	metadata := map[string]string{
		"a": `"nngen.sha256":"` + strings.Repeat("1", 64) + `"`, metaFormat: formatVersion,
	}
	entries := []safetensors.Entry{{Name: `"nngen.sha256":"`, Data: []float32{1}}, {Name: "z", Shape: []int{3}, Data: []byte("123")}, {Name: "empty", Shape: []int{0}, Data: []byte{}}}
	if err := writeSealed(&f, metadata, entries); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Parse(f.data, "f")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSeal(file, "f"); err != nil {
		t.Fatal(err)
	}
	got := file.Metadata[metaSHA]
	header := strings.Replace(string(f.data[:file.HeaderSize]), got, strings.Repeat("0", 64), 1)
	if want := digestOf(f.data[file.HeaderSize:], []byte(header)); got != want {
		t.Errorf("got digest %s, want %s", got, want)
	}
	// The last tensor of the file is z. Its CRC-32C was computed bit by bit by another program, which gives the published e3069283 for
	// 123456789.
	if crc := file.Metadata[metaCRC]; len(crc) != 24 || crc[16:] != "107b2fb2" {
		t.Errorf("checksums %s", crc)
	}
	if len(metadata) != 2 {
		t.Error("the caller's metadata changed")
	}
}

// failingFile fails after n bytes, as a full disk does: after writing what fits.
type failingFile struct {
	memoryFile
	n int
}

var errFull = errors.New("no space left")

func (f *failingFile) Write(p []byte) (int, error) {
	if len(p) > f.n {
		k, _ := f.memoryFile.Write(p[:f.n])
		f.n = 0
		return k, errFull
	}
	f.n -= len(p)
	return f.memoryFile.Write(p)
}

func (f *failingFile) WriteAt(p []byte, off int64) (int, error) {
	if f.n == 0 {
		return 0, errFull
	}
	return f.memoryFile.WriteAt(p, off)
}

// A write that fails at any byte fails the whole.
func TestSealFailingWrites(t *testing.T) {
	metadata, entries, err := checkpointEntries(newTestTrainer[float32](1).State(), testSections)
	if err != nil {
		t.Fatal(err)
	}
	var whole memoryFile
	if err := writeSealed(&whole, metadata, entries); err != nil {
		t.Fatal(err)
	}
	for n := range len(whole.data) + 1 {
		if err := writeSealed(&failingFile{n: n}, metadata, entries); !errors.Is(err, errFull) {
			t.Fatalf("space for %d of %d bytes: %v", n, len(whole.data), err)
		}
	}
}

// brokenFile is a file whose disk fails on reading behind a byte.
type brokenFile struct {
	data []byte
	from int64
}

var errDisk = errors.New("input/output error")

func (b brokenFile) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return copy(p, b.data[min(off, b.from):b.from]), errDisk
	}
	return copy(p, b.data[off:]), nil
}

func TestSealFailingReads(t *testing.T) {
	raw := checkpointBytes(t)
	for from := range int64(len(raw)) {
		_, err := openCheckpoint(brokenFile{raw, from}, int64(len(raw)), "c")
		if !errors.Is(err, errDisk) || errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), "c: ") {
			t.Fatalf("error of the disk at byte %d became %v", from, err)
		}
	}
}
