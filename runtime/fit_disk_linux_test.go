package nnrt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a disk of 64 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
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
	return dir
}

// TestFitOnAFullDisk checks that a run whose disk is full ends with an error that says so, that all its checkpoints are whole, and that it
// goes on to the bit once there is room.
func TestFitOnAFullDisk(t *testing.T) {
	disk, s := smallDisk(t), setups[0]
	s.o.Epochs, s.o.EarlyStop.Patience = 12, 0
	want, wantHistory, err := s.run(context.Background(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(disk, "ckpt")
	often := func(o *FitOptions) { o.Checkpoints.Every, o.Checkpoints.Keep = 1, 99 }
	stopped, h, err := s.run(context.Background(), dir, often)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "not written") || h.Stopped != StopError {
		t.Fatalf("stopped by %s after step %d: %v", h.Stopped, stopped.steps, err)
	}
	steps, err := listSteps(dir)
	if err != nil || len(steps) < 2 || int(steps[0]) != stopped.steps-1 {
		t.Fatalf("after step %d there are the checkpoints %d, %v", stopped.steps, steps, err)
	}
	c := Checkpoints{Dir: dir}
	for _, step := range steps {
		if err := checkFile(c.path(step)); err != nil {
			t.Error(err)
		}
	}
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, tempSuffix) {
			t.Errorf("%s is left", name)
		}
	}
	// Again, the disk as full as before: the same error, nothing lost.
	if _, _, err := s.run(context.Background(), dir, often); !errors.Is(err, syscall.ENOSPC) || checkFile(c.path(steps[0])) != nil {
		t.Errorf("again: %v", err)
	}
	for _, step := range steps[1:] {
		if err := os.Remove(c.path(step)); err != nil {
			t.Fatal(err)
		}
	}
	got, h, err := s.run(context.Background(), dir, func(o *FitOptions) { o.Checkpoints.Every = 1 })
	if err != nil || got.p != want.p || got.v != want.v || timeless(t, h) != timeless(t, wantHistory) {
		t.Errorf("with room: %v, parameters %v, want %v", err, got.p, want.p)
	}
}

// TestFitOnAReadOnlyDisk checks that a run that could save nothing does not begin, and that one that has ended can be read.
func TestFitOnAReadOnlyDisk(t *testing.T) {
	disk, s := smallDisk(t), setups[0]
	dir := filepath.Join(disk, "ckpt")
	if _, _, err := s.run(context.Background(), dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("nngen-test", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	more := func(o *FitOptions) { o.Epochs, o.EarlyStop.Patience = 99, 0 }
	first := 0
	_, _, err := s.run(context.Background(), dir, func(o *FitOptions) {
		more(o)
		o.OnStep = func(e *FitEvent) error { first = e.Step; return nil }
	})
	want := "fit: checkpoints: " + dir + ": got a folder that cannot be written to, want one that can: "
	if !errors.Is(err, syscall.EROFS) || !strings.HasPrefix(err.Error(), want) || first != 0 {
		t.Errorf("step %d: got %v, want %s", first, err, want)
	}
	if _, h, err := s.run(context.Background(), dir, nil); err != nil || h.Len() == 0 {
		t.Errorf("a run that has ended: %v", err)
	}
}
