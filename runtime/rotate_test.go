package nnrt

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// saveSteps saves a checkpoint after each number of steps.
func saveSteps(t *testing.T, c Checkpoints, steps ...int) {
	t.Helper()
	tr := newTestTrainer[float32](1)
	for _, tr.steps = range steps {
		path, err := c.Save(tr.State(), testSections)
		if err != nil {
			t.Fatal(err)
		}
		if path != c.path(uint64(tr.steps)) {
			t.Errorf("step %d saved as %s", tr.steps, path)
		}
	}
}

func TestCheckpointsRotate(t *testing.T) {
	c := Checkpoints{Dir: filepath.Join(t.TempDir(), "a", "b")}
	others := []string{"step-1.safetensors", "step-000000001.safetensors.bak", "step--00000001.safetensors", "step-0000000001.safetensors", "notes.txt"}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(c.Dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tr := newTestTrainer[float32](7)
	if path, err := c.SaveBest(tr.State(), nil); err != nil || filepath.Base(path) != "best.safetensors" {
		t.Fatal(path, err)
	}
	check := func(want ...string) {
		t.Helper()
		want = append(append(want, others...), "best.safetensors")
		slices.Sort(want)
		if got := names(t, c.Dir); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	saveSteps(t, c, 0, 5)
	check("step-000000000.safetensors", "step-000000005.safetensors")
	saveSteps(t, c, 10, 999999999, 1000000000)
	check("step-000000010.safetensors", "step-999999999.safetensors", "step-1000000000.safetensors")
	c.Keep = 1
	saveSteps(t, c, 1000000000)
	check("step-1000000000.safetensors")
	to := newTestTrainer[float32](100)
	if _, err := LoadCheckpoint(filepath.Join(c.Dir, "best.safetensors"), to.State()); err != nil || to.print() != tr.print() {
		t.Errorf("best: %v", err)
	}
	if r, err := c.Load(to.State()); err != nil || to.steps != 1000000000 || r.Path != c.path(1000000000) || len(r.Skipped) != 0 || string(r.Sections["history"]) != "[0.5,0.25]" {
		t.Errorf("resumed %+v at %d, error %v", r, to.steps, err)
	}
}

func TestCheckpointsDue(t *testing.T) {
	for steps, want := range []bool{true, false, false, true, false, false, true} {
		if got := (Checkpoints{Every: 3}).Due(steps); got != want {
			t.Errorf("every 3 steps: after %d got %v, want %v", steps, got, want)
		}
		if (Checkpoints{}).Due(steps) {
			t.Errorf("without Every, a checkpoint is due after %d steps", steps)
		}
	}
}

// damage alters a byte of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointsDamaged(t *testing.T) {
	c := Checkpoints{Dir: t.TempDir()}
	saveSteps(t, c, 1, 2, 3)
	damage(t, c.path(3))
	if err := os.Truncate(c.path(2), 100); err != nil {
		t.Fatal(err)
	}
	to := newTestTrainer[float32](100)
	r, err := c.Load(to.State())
	if err != nil {
		t.Fatal(err)
	}
	if to.steps != 1 || r.Path != c.path(1) || to.restored != 1 || len(r.Skipped) != 2 {
		t.Errorf("resumed %+v at %d", r, to.steps)
	}
	for i, err := range r.Skipped {
		var e *FileError
		if !errors.Is(err, ErrDamaged) || !errors.As(err, &e) || e.Path != c.path(uint64(3-i)) {
			t.Errorf("skipped %v", err)
		}
	}
	path, skipped, err := Latest(c.Dir)
	if err != nil || path != c.path(1) || len(skipped) != 2 || skipped[0].Error() != r.Skipped[0].Error() {
		t.Errorf("latest %s, %v, %v", path, skipped, err)
	}
	// Training goes on over the damaged ones.
	saveSteps(t, c, 2, 3)
	if path, skipped, err := Latest(c.Dir); path != c.path(3) || skipped != nil || err != nil {
		t.Errorf("latest %s, %v, %v", path, skipped, err)
	}
	// Nothing whole is not the same as nothing at all.
	for step := range 3 {
		damage(t, c.path(uint64(step+1)))
	}
	before := to.print()
	if r, err := c.Load(to.State()); !errors.Is(err, ErrDamaged) || errors.Is(err, ErrNoCheckpoint) || r != nil || to.print() != before ||
		!strings.Contains(err.Error(), "step-000000001") || !strings.Contains(err.Error(), "step-000000003") {
		t.Errorf("%+v, error %v", r, err)
	}
}

func TestCheckpointsErrors(t *testing.T) {
	dir := t.TempDir()
	c := Checkpoints{Dir: filepath.Join(dir, "absent")}
	tr := newTestTrainer[float32](100)
	s := tr.State()
	if _, err := c.Load(s); !errors.Is(err, ErrNoCheckpoint) || err.Error() != c.Dir+": no checkpoint" {
		t.Errorf("got %v", err)
	}
	c.Dir = dir
	if _, err := c.Load(s); !errors.Is(err, ErrNoCheckpoint) {
		t.Errorf("got %v", err)
	}
	saveSteps(t, c, 5)
	// A whole checkpoint of another model stops, although an older one might fit.
	other := s
	other.Model = "Other"
	if r, err := c.Load(other); !errors.Is(err, ErrMismatch) || r != nil {
		t.Errorf("%+v, error %v", r, err)
	}
	tr.steps = 4
	_, err := c.Save(s, nil)
	want := c.path(4) + ": not written: got a checkpoint of a later step, step-000000005.safetensors, in the folder, want a folder of this run, resumed from its newest checkpoint"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	damage(t, c.path(5)) // a later one that is damaged is no obstacle: training was resumed from the one before
	if _, err := c.Save(s, nil); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Checkpoints{{}, {Dir: dir, Keep: -1}, {Dir: file}} {
		if path, err := c.Save(s, nil); err == nil || path != "" || !strings.HasPrefix(err.Error(), "checkpoints: got ") && !strings.Contains(err.Error(), "got a file, want a folder") {
			t.Errorf("%+v: %s, %v", c, path, err)
		}
	}
	if _, err := (Checkpoints{}).Load(s); err == nil || errors.Is(err, ErrNoCheckpoint) {
		t.Errorf("got %v", err)
	}
	if _, _, err := Latest(file); err == nil || errors.Is(err, ErrNoCheckpoint) {
		t.Errorf("got %v", err)
	}
}
