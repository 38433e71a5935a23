package main

// This file answers: does a journal give back what was acknowledged, and tell a crash from corruption?

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writeJournal writes frames of the given sizes and returns the samples, and where each frame ends; ends[0] is the end of the header.
func writeJournal(t testing.TB, dir string, sizes ...int) (samples []sample, ends []int64) {
	t.Helper()
	train, _ := images()
	j, err := OpenJournal(dir, 0, func(*sample) error { return nil }, func(line string) { t.Error(line) })
	if err != nil {
		t.Fatal(err)
	}
	ends = append(ends, j.size)
	for _, n := range sizes {
		part := train[len(samples) : len(samples)+n]
		if err := j.Append(part[:n/2], part[n/2:]); err != nil {
			t.Fatal(err)
		}
		samples = append(samples, part...)
		ends = append(ends, j.size)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return samples, ends
}

// readJournal opens a journal, closes it, and returns its samples and notes.
func readJournal(dir string, durable int64) (samples []sample, notes []string, err error) {
	j, err := OpenJournal(dir, durable, func(s *sample) error { samples = append(samples, *s); return nil }, func(line string) { notes = append(notes, line) })
	if err != nil {
		return samples, notes, err
	}
	return samples, notes, j.Close()
}

// TestJournalRoundTrip checks that samples come back bit by bit and in order, and that a journal that was read can be appended to.
func TestJournalRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want, ends := writeJournal(t, dir, 1, 3, 20)
	for range 2 {
		got, notes, err := readJournal(dir, ends[3])
		if err != nil || len(notes) > 0 || !slices.Equal(got, want) {
			t.Fatalf("got %d samples, notes %q (%v), want %d", len(got), notes, err, len(want))
		}
	}
	j, err := OpenJournal(dir, 0, func(*sample) error { return nil }, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, groups := range [][][]sample{nil, {make([]sample, maxFrame/sampleBytes+1)}} {
		if err := j.Append(groups...); err == nil {
			t.Errorf("a frame of %d groups: no error", len(groups))
		}
	}
	if err := errors.Join(j.Append(want[:2]), j.Close()); err != nil {
		t.Fatal(err)
	}
	if got, _, err := readJournal(dir, 0); err != nil || !slices.Equal(got, append(want, want[:2]...)) {
		t.Errorf("got %d samples (%v), want %d", len(got), err, len(want)+2)
	}
}

// worthTrying chooses bytes of a journal: those of and around all headers, and some of the samples.
func worthTrying(at int, ends []int64) bool {
	for _, e := range ends {
		if d := int64(at) - e; d >= -2 && d <= frameHead+1 && (d < 2 || at%3 == 0) {
			return true
		}
	}
	return at < 2 || at%101 == 0
}

// TestJournalTorn cuts a journal at many places, as a crash does: the whole frames come back, the rest is cut off with a note and kept in a file
// beside, and the next opening finds nothing to note. Where a checkpoint says that the bytes were synced once, it is an error.
func TestJournalTorn(t *testing.T) {
	source := t.TempDir()
	want, ends := writeJournal(t, source, 2, 1)
	whole, err := os.ReadFile(filepath.Join(source, journalName))
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(whole) + 1 {
		if !worthTrying(at, ends) {
			continue
		}
		dir := t.TempDir()
		path := filepath.Join(dir, journalName)
		if err := os.WriteFile(path, whole[:at], 0o666); err != nil {
			t.Fatal(err)
		}
		if wrong := (*JournalError)(nil); at < len(whole) {
			if _, _, err := readJournal(dir, int64(len(whole))); !errors.As(err, &wrong) || wrong.Path != path {
				t.Fatalf("cut at byte %d, with a checkpoint of all: got %v, want an error of the journal", at, err)
			}
		}
		samples, notes, err := readJournal(dir, 0)
		frames := 0
		for frames < 2 && ends[frames+1] <= int64(at) {
			frames++
		}
		count := []int{0, 2, 3}[frames]
		torn := int64(at) > ends[frames]
		if err != nil || !slices.Equal(samples, want[:count]) || (len(notes) == 1) != torn {
			t.Fatalf("cut at byte %d: got %d samples and the notes %q (%v), want %d", at, len(samples), notes, err, count)
		}
		kept, err := filepath.Glob(filepath.Join(dir, journalName+"-cut-*"))
		if err != nil || (len(kept) == 1) != torn {
			t.Fatalf("cut at byte %d: got the files %q (%v)", at, kept, err)
		}
		if torn {
			if b, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(b, whole[ends[frames]:at]) {
				t.Fatalf("cut at byte %d: the file beside does not hold what was cut off (%v)", at, err)
			}
		}
		if samples, notes, err := readJournal(dir, ends[frames]); err != nil || len(notes) > 0 || len(samples) != count {
			t.Fatalf("cut at byte %d, opened again: got %d samples and the notes %q (%v)", at, len(samples), notes, err)
		}
	}
}

// TestJournalCorrupt changes bytes of a journal, one at a time: in the last frame it may be what a crash left, before it is an error
// that names the file and the frame's first byte, and the file stays as it was.
func TestJournalCorrupt(t *testing.T) {
	dir := t.TempDir()
	want, ends := writeJournal(t, dir, 1, 2, 1)
	path := filepath.Join(dir, journalName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		if !worthTrying(at, ends) {
			continue
		}
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x40
		if err := os.WriteFile(path, damaged, 0o666); err != nil {
			t.Fatal(err)
		}
		samples, notes, err := readJournal(dir, 0)
		if int64(at) >= ends[2] {
			if err != nil || len(notes) != 1 || !slices.Equal(samples, want[:3]) {
				t.Fatalf("byte %d, in the last frame: got %d samples and the notes %q (%v), want 3 and a note", at, len(samples), notes, err)
			}
			continue
		}
		begin := int64(0)
		for _, e := range ends {
			if e <= int64(at) {
				begin = e
			}
		}
		wrong := (*JournalError)(nil)
		if !errors.As(err, &wrong) || wrong.Path != path || wrong.Byte != begin {
			t.Fatalf("byte %d: got %v, want an error of byte %d", at, err, begin)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, damaged) {
			t.Fatalf("byte %d: the file was changed (%v)", at, err)
		}
	}
}

// TestJournalForeign checks that whole frames with other numbers, other classes or gaps are errors.
func TestJournalForeign(t *testing.T) {
	dir := t.TempDir()
	_, ends := writeJournal(t, dir, 1, 2)
	path := filepath.Join(dir, journalName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	j, err := OpenJournal(other, 0, func(*sample) error { return nil }, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	odd := []sample{{Y: 10}}
	if err := errors.Join(j.Append(odd), j.Close()); err != nil {
		t.Fatal(err)
	}
	oddClass, err := os.ReadFile(filepath.Join(other, journalName))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"gap":     {slices.Concat(whole[:ends[0]], whole[ends[1]:]), "got a frame that begins with sample 1, want sample 0"},
		"twice":   {slices.Concat(whole, whole[ends[0]:ends[1]]), "got a frame that begins with sample 0, want sample 3"},
		"class":   {oddClass, "got a frame with class 10, want 0 to 9"},
		"text":    {[]byte("5.1,3.5,1.4,0.2,setosa\n5.0,3.4,1.5,0.2,setosa\n"), "got the header"},
		"garbage": {slices.Concat(whole, make([]byte, maxFrame+100)), "want a whole frame"},
	} {
		if err := os.WriteFile(path, c.bytes, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readJournal(dir, 0); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path+": byte ") {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}

// FuzzJournal reads anything as the frames of a journal: it never panics, memory is bounded by the input, and what is whole is read again with the same
// samples and nothing damaged.
func FuzzJournal(f *testing.F) {
	dir := f.TempDir()
	_, ends := writeJournal(f, dir, 1, 2)
	whole, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		f.Fatal(err)
	}
	whole = whole[headerLength:]
	first := ends[1] - ends[0]
	f.Add([]byte{})
	f.Add(whole)
	f.Add(whole[:first+100])
	f.Add(slices.Concat(whole, whole[:50]))
	f.Add(slices.Concat(whole[:first-8], []byte{1, 2, 3, 4}, whole[first-4:]))
	read := func(b []byte) (samples []sample, r *frameReader, err error) {
		r = newFrameReader("journal", bytes.NewReader(b), 0, int64(len(b)))
		for r.at < r.end {
			ok, err := r.next()
			if !ok || err != nil {
				return samples, r, err
			}
			for b := r.payload; len(b) > 0; b = b[sampleBytes:] {
				s, err := r.decode(b[:sampleBytes])
				if err != nil {
					return samples, r, err
				}
				samples = append(samples, s)
			}
		}
		return samples, r, nil
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		samples, r, err := read(b)
		if cap(r.payload) > len(b) {
			t.Fatalf("took %d bytes for an input of %d", cap(r.payload), len(b))
		}
		if err != nil {
			return
		}
		again, whole, err := read(b[:r.at])
		if err != nil || whole.damage != "" || whole.at != r.at || !slices.Equal(again, samples) {
			t.Fatalf("got %d samples, then %d to byte %d and the damage %q (%v)", len(samples), len(again), whole.at, whole.damage, err)
		}
	})
}
