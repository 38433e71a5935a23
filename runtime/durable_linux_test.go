package nnrt

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// On a full disk, saving is an error that says so, the checkpoints before it stay whole, and nothing half-written is left.
func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("nngen-test", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("SKIPPED: a small disk cannot be mounted here: %v; TestSealFailingWrites and TestReplaceFile simulate one", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	tr := newTestTrainer[float32](1)
	c := Checkpoints{Dir: filepath.Join(dir, "ckpt"), Keep: 100}
	var full error
	for full == nil {
		tr.steps++
		if tr.steps > 100 {
			t.Fatal("a disk of 64 KiB is never full")
		}
		_, full = c.Save(tr.State(), testSections)
	}
	if !errors.Is(full, syscall.ENOSPC) || !strings.HasPrefix(full.Error(), c.path(uint64(tr.steps))+": not written (there was no such file before): ") {
		t.Errorf("got %v", full)
	}
	before := names(t, c.Dir)
	if len(before) != tr.steps-2 || slices.ContainsFunc(before, func(n string) bool { return strings.HasSuffix(n, tempSuffix) }) {
		t.Errorf("at step %d there are %q", tr.steps, before)
	}
	for _, name := range before {
		if err := checkFile(filepath.Join(c.Dir, name)); err != nil {
			t.Error(err)
		}
	}
	// The same on replacing a file.
	last := filepath.Join(c.Dir, before[len(before)-1])
	was, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	err = SaveCheckpoint(last, tr.State(), testSections)
	if is, _ := os.ReadFile(last); !errors.Is(err, syscall.ENOSPC) || !slices.Equal(is, was) {
		t.Errorf("replacing a file on a full disk: %v", err)
	}
	// With space again, it goes on.
	if err := os.Remove(filepath.Join(c.Dir, before[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Save(tr.State(), testSections); err != nil {
		t.Error(err)
	}
}
