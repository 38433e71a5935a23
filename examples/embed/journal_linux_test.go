package main

// This file answers: what becomes of samples that do not fit on the disk?

import (
	"errors"
	"slices"
	"syscall"
	"testing"
)

// TestJournalFull limits the size of files, so that a write fails half done, as on a full disk: nothing of it is kept, what was there before
// is, and the journal goes on when there is room again.
func TestJournalFull(t *testing.T) {
	dir := t.TempDir()
	want, ends := writeJournal(t, dir, 3)
	j, err := OpenJournal(dir, 0, func(*sample) error { return nil }, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	small := limit
	small.Cur = uint64(ends[1]) + 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Skip(err)
	}
	full := j.Append(want[:1])
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(full, syscall.EFBIG) || j.size != ends[1] {
		t.Fatalf("got %v with %d bytes in the journal, want %v with %d", full, j.size, syscall.EFBIG, ends[1])
	}
	if info, err := j.file.Stat(); err != nil || info.Size() != ends[1] {
		t.Errorf("the file has %d bytes after a failed write (%v), want %d", info.Size(), err, ends[1])
	}
	if err := errors.Join(j.Append(want[1:3]), j.Close()); err != nil {
		t.Fatal(err)
	}
	if got, notes, err := readJournal(dir, 0); err != nil || len(notes) > 0 || !slices.Equal(got, append(want, want[1:3]...)) {
		t.Errorf("got %d samples and the notes %q (%v), want 5", len(got), notes, err)
	}
}
