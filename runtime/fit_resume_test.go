package nnrt

// Tests of interrupted runs: whatever the moment, a resumed run is the run that was not interrupted, to the bit.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// timeless returns a history as JSON without the columns that depend on the clock.
func timeless(t *testing.T, h *History) string {
	t.Helper()
	c := History{Stopped: h.Stopped, Best: h.Best, rows: h.rows}
	n := len(h.names) - 2
	if !slices.Equal(h.names[n:], []string{"seconds", "samples_per_second"}) {
		t.Fatalf("columns %q", h.names)
	}
	c.names = h.names[:n]
	for row := range h.rows {
		c.values = append(c.values, h.values[row*(n+2):][:n]...)
	}
	var b bytes.Buffer
	if err := c.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A setup is a run with everything that a checkpoint must keep.
type setup struct {
	name     string
	capacity int
	source   func(*points) *SetSource[points]
	o        FitOptions
}

var setups = []setup{
	{"mini-batches, validation by epochs", 8,
		func(p *points) *SetSource[points] { return MiniBatch(p, 4, 1) },
		FitOptions{Epochs: 5, RestoreBest: true, EarlyStop: EarlyStop{Patience: 3}, Plateau: Plateau{Factor: 0.5, Cooldown: 1}}},
	{"mini-batches in parts, validation by steps", 3,
		func(p *points) *SetSource[points] { return MiniBatch(p, 4, 1, DropLast()) },
		FitOptions{Steps: 17, ValidateEvery: 3, Monitor: "val_worst", Mode: Minimize, RestoreBest: true, Plateau: Plateau{Factor: 0.5}}},
	{"drawn with replacement, no validation", 8,
		func(p *points) *SetSource[points] { return MiniBatch(p, 5, 1, WithReplacement()) },
		FitOptions{Epochs: 4, Plateau: Plateau{Factor: 0.5, Threshold: 0.2}}},
}

// run trains by a setup with checkpoints in dir; none if it is empty.
func (s setup) run(ctx context.Context, dir string, change func(*FitOptions)) (*lineTrainer, *History, error) {
	train, valid := linePoints(14, 1), linePoints(6, 2)
	tr, o := newLine(s.capacity), s.o
	tr.lr = 0.3
	if !strings.Contains(s.name, "no validation") {
		o.Validate = tr.on(valid)
	}
	o.Checkpoints = Checkpoints{Dir: dir, Resume: dir != ""}
	if change != nil {
		change(&o)
	}
	h, err := Fit(ctx, tr, s.source(train), o)
	return tr, h, err
}

func TestResumedRunsAreUndisturbed(t *testing.T) {
	for _, s := range setups {
		t.Run(s.name, func(t *testing.T) {
			want, wantHistory, err := s.run(context.Background(), "", nil)
			if err != nil {
				t.Fatal(err)
			}
			steps := want.steps
			if steps < 12 || want.lr == 0.3 || s.o.RestoreBest && wantHistory.Best.Step == steps {
				t.Fatalf("%d steps, rate %v, best %+v: the run tests too little", steps, want.lr, wantHistory.Best)
			}
			for _, every := range []int{0, 3} { // 0: only when cancelled
				for at := 1; at < steps; at++ {
					dir := t.TempDir()
					checkpoints := func(o *FitOptions) {
						if o.Checkpoints.Every = every; every == 0 {
							o.Checkpoints.Interval = time.Hour
						}
					}
					// Cancelled, which saves once more, or killed, which does not: a callback that fails is as if.
					ctx, cancel := context.WithCancel(context.Background())
					_, _, err := s.run(ctx, dir, func(o *FitOptions) {
						checkpoints(o)
						o.OnStep = func(e *FitEvent) error {
							if e.Step == at && every == 0 {
								cancel()
							}
							return stopAt(e.Step == at && every > 0, errors.New("killed"))
						}
					})
					cancel()
					if err == nil {
						t.Fatal("not interrupted")
					}
					first := 0
					got, h, err := s.run(context.Background(), dir, func(o *FitOptions) {
						checkpoints(o)
						o.OnStep = func(e *FitEvent) error {
							if first == 0 {
								first = e.Step
							}
							return nil
						}
					})
					if err != nil {
						t.Fatal(err)
					}
					wantFirst := at + 1
					if every > 0 {
						wantFirst = (at-1)/every*every + 1
					}
					if first != wantFirst {
						t.Errorf("every %d, interrupted after %d: went on with step %d, want %d", every, at, first, wantFirst)
					}
					if got.p != want.p || got.v != want.v || got.steps != want.steps || got.lr != want.lr {
						t.Errorf("every %d, interrupted after %d: parameters %v, want %v", every, at, got.p, want.p)
					}
					if a, b := timeless(t, h), timeless(t, wantHistory); a != b {
						t.Errorf("every %d, interrupted after %d:\ngot  %s\nwant %s", every, at, a, b)
					}
				}
			}
		})
	}
}

// TestResumeOfAnEndedRun checks that a run that has ended ends again at once, with what it ended with, and goes on if asked for more.
func TestResumeOfAnEndedRun(t *testing.T) {
	s, dir := setups[0], t.TempDir()
	want, wantHistory, err := s.run(context.Background(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	count := func(o *FitOptions) { o.OnStep = func(*FitEvent) error { steps++; return nil } }
	got, h, err := s.run(context.Background(), dir, count)
	if err != nil || steps != 0 {
		t.Fatalf("%v, %d steps", err, steps)
	}
	if got.p != want.p || timeless(t, h) != timeless(t, wantHistory) {
		t.Errorf("parameters %v, want %v\n%s\n%s", got.p, want.p, timeless(t, h), timeless(t, wantHistory))
	}
	more := func(o *FitOptions) { count(o); o.Epochs += 2; o.EarlyStop.Patience = 0 }
	got, h, err = s.run(context.Background(), dir, more)
	if err != nil || steps == 0 {
		t.Fatalf("%v, %d steps", err, steps)
	}
	long, longHistory, err := s.run(context.Background(), "", more)
	if err != nil || got.p != long.p || timeless(t, h) != timeless(t, longHistory) {
		t.Errorf("%v: parameters %v, want %v\n%s\n%s", err, got.p, long.p, timeless(t, h), timeless(t, longHistory))
	}
}

func TestResumeWithOtherOptions(t *testing.T) {
	save := func(change func(*FitOptions)) string {
		dir := t.TempDir()
		if _, _, err := setups[0].run(context.Background(), dir, func(o *FitOptions) {
			o.Epochs = 2
			if change != nil {
				change(o)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct {
		name string
		s    func(*setup)
		o    func(*FitOptions)
		want string
	}{
		{"monitor", nil, func(o *FitOptions) { o.Monitor, o.Mode = "val_worst", Minimize }, "the run monitors val_loss (min), want val_worst (min) as the options say"},
		{"batch size", func(s *setup) { s.source = func(p *points) *SetSource[points] { return MiniBatch(p, 7, 1) } }, nil,
			"the position belongs to another source: got batches of 4 of 14 rows shuffled by seed 1, want batches of 7 of 14 rows shuffled by seed 1; use the source of that run, or another folder"},
		{"source's seed", func(s *setup) { s.source = func(p *points) *SetSource[points] { return MiniBatch(p, 4, 2) } }, nil,
			"got batches of 4 of 14 rows shuffled by seed 1, want batches of 4 of 14 rows shuffled by seed 2; use the source of that run, or another folder"},
		{"not asked to resume", nil, func(o *FitOptions) { o.Checkpoints.Resume = false }, "got a checkpoint of an earlier run, want Resume to go on with it, or another folder"},
	} {
		s := setups[0]
		if c.s != nil {
			c.s(&s)
		}
		dir := save(nil)
		_, _, err := s.run(context.Background(), dir, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(dir, "step-")) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	// Whether the best parameters are kept may change: they are looked for anew, or forgotten.
	for _, before := range []bool{false, true} {
		dir := save(func(o *FitOptions) { o.RestoreBest = before })
		_, h, err := setups[0].run(context.Background(), dir, func(o *FitOptions) { o.RestoreBest = !before })
		if err != nil || h.Last("epoch") < 3 {
			t.Errorf("RestoreBest %v, then %v: %v", before, !before, err)
		}
		if !before && h.Best.Epoch < 3 {
			t.Errorf("best %+v of an epoch whose parameters were not kept", h.Best)
		}
	}
}

// TestResumeWithAnotherTrainer checks that what a checkpoint replaces in a trainer is said: the seed is an error, the learning rate a line.
func TestResumeWithAnotherTrainer(t *testing.T) {
	dir := t.TempDir()
	resume := func(epochs int, change func(*lineTrainer)) (string, error) {
		var log bytes.Buffer
		tr := newLine(8)
		change(tr)
		o := FitOptions{Epochs: epochs, Log: &log, Checkpoints: Checkpoints{Dir: dir, Resume: true}}
		_, err := Fit(context.Background(), tr, MiniBatch(linePoints(8, 1), 4, 1), o)
		return log.String(), err
	}
	if _, err := resume(1, func(*lineTrainer) {}); err != nil {
		t.Fatal(err)
	}
	_, err := resume(2, func(tr *lineTrainer) { tr.seed = 4 })
	want := filepath.Join(dir, "step-000000002.safetensors") +
		": the checkpoint belongs to another run: got a trainer of seed 4, want seed 3; use the seed of that run, or another folder"
	if err == nil || err.Error() != "fit: "+want {
		t.Errorf("another seed:\ngot  %v\nwant fit: %s", err, want)
	}
	log, err := resume(2, func(tr *lineTrainer) { tr.lr = 0.5 })
	if want := "resumed with lr 0.05 of the checkpoint; the program had 0.5\n"; err != nil || !strings.Contains(log, want) {
		t.Errorf("another rate: %v\ngot  %swant %s", err, log, want)
	}
	log, err = resume(3, func(*lineTrainer) {})
	if err != nil || strings.Contains(log, "resumed with") || !strings.Contains(log, "resumed from") {
		t.Errorf("the same rate: %v\n%s", err, log)
	}
}

// TestFitSaves checks when checkpoints are written and what is in the folder.
func TestFitSaves(t *testing.T) {
	train := linePoints(8, 1)
	for _, c := range []struct {
		name string
		c    Checkpoints
		want string
	}{
		{"steps", Checkpoints{Every: 3, Keep: 9}, "3 6 8"},
		{"epochs", Checkpoints{EveryEpochs: 1, Keep: 9}, "4 8"},
		{"both", Checkpoints{Every: 3, EveryEpochs: 1, Keep: 9}, "3 4 6 8"},
		{"the last two", Checkpoints{Every: 1, Keep: 2}, "7 8"},
		{"time", Checkpoints{Interval: time.Nanosecond, Keep: 99}, "1 2 3 4 5 6 7 8"},
		{"rarely", Checkpoints{Interval: time.Hour}, "8"},
		{"by itself", Checkpoints{}, "8"},
	} {
		c.c.Dir = filepath.Join(t.TempDir(), "deep", "ckpt")
		tr := newLine(2)
		o := FitOptions{Epochs: 2, Checkpoints: c.c, OnStep: func(*FitEvent) error { time.Sleep(time.Microsecond); return nil }}
		if _, err := Fit(context.Background(), tr, MiniBatch(train, 2, 1), o); err != nil {
			t.Fatal(err)
		}
		steps, err := listSteps(c.c.Dir)
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(steps)
		if got := strings.Trim(fmt.Sprint(steps), "[]"); c.name == "time" && !strings.HasSuffix(got, "8") || c.name != "time" && got != c.want {
			t.Errorf("%s: checkpoints of steps %s, want %s", c.name, got, c.want)
		}
	}
}

func TestBestIsAFile(t *testing.T) {
	dir := t.TempDir()
	tr := newLine(2)
	o := FitOptions{Epochs: 4, Validate: falling(3, 1, 2, 2), RestoreBest: true, Checkpoints: Checkpoints{Dir: dir, EveryEpochs: 1}}
	h, err := Fit(context.Background(), tr, MiniBatch(linePoints(8, 1), 2, 1), o)
	if err != nil {
		t.Fatal(err)
	}
	var best [3]float64
	if err := LoadModel(filepath.Join(dir, "best.safetensors"), "Line", lineSchema, best[:]); err != nil {
		t.Fatal(err)
	}
	if best != tr.p || h.Best.Epoch != 2 {
		t.Errorf("best.safetensors has %v, the trainer %v", best, tr.p)
	}
}

// TestDivergenceKeepsTheCheckpoint checks that a run that diverges leaves the last good checkpoint and names it.
func TestDivergenceKeepsTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	tr := newLine(2)
	tr.poison = 6
	o := FitOptions{Epochs: 9, Checkpoints: Checkpoints{Dir: dir, Every: 2}}
	_, err := Fit(context.Background(), tr, MiniBatch(linePoints(8, 1), 2, 1), o)
	want := "training diverged at step 6 (epoch 2): train: w is not finite; the last checkpoint is " + filepath.Join(dir, "step-000000004.safetensors")
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	back := newLine(2)
	if _, err := o.Checkpoints.Load(back.State()); err != nil || back.steps != 4 || math.IsNaN(back.p[1]) {
		t.Errorf("%v: step %d, parameters %v", err, back.steps, back.p)
	}
}

// TestFitSkipsDamage checks that a run goes on from the newest checkpoint that is whole, and says which one is not.
func TestFitSkipsDamage(t *testing.T) {
	s, dir := setups[0], t.TempDir()
	every := func(o *FitOptions) { o.Checkpoints.Every = 3 }
	if _, _, err := s.run(context.Background(), dir, func(o *FitOptions) {
		every(o)
		o.OnStep = func(e *FitEvent) error { return stopAt(e.Step == 11, errors.New("killed")) }
	}); err == nil {
		t.Fatal("not interrupted")
	}
	newest := filepath.Join(dir, "step-000000009.safetensors")
	text, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(newest, text[:len(text)-5], 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	got, _, err := s.run(context.Background(), dir, func(o *FitOptions) { every(o); o.Log = &log })
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := s.run(context.Background(), "", nil)
	if err != nil || got.p != want.p {
		t.Errorf("%v: parameters %v, want %v", err, got.p, want.p)
	}
	if lines := strings.SplitN(log.String(), "\n", 3); !strings.HasPrefix(lines[0], "skipped a damaged checkpoint: "+newest) || !strings.HasPrefix(lines[1], "resumed from "+filepath.Join(dir, "step-000000006.safetensors")+": epoch 2, step 6") {
		t.Errorf("log:\n%s", log.String())
	}
}

func TestFitSaysThatItCannotSave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Fit(context.Background(), newLine(2), MiniBatch(linePoints(8, 1), 2, 1), FitOptions{Epochs: 1, Checkpoints: Checkpoints{Dir: filepath.Join(file, "ckpt")}})
	if want := "fit: checkpoints: " + file + ": got a file, want a folder"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestRunsShareNoFolder checks that a second run in a folder is refused before it does anything, and the first goes on.
func TestRunsShareNoFolder(t *testing.T) {
	if _, free, err := lockFolder(t.TempDir()); err != nil || !free {
		t.Fatalf("a folder of nobody: %v, %v", free, err)
	}
	s, dir := setups[0], t.TempDir()
	second := errors.New("not run")
	got, h, err := s.run(context.Background(), dir, func(o *FitOptions) {
		o.Checkpoints.Every = 2
		o.OnStep = func(e *FitEvent) error {
			if e.Step == 5 {
				var late *lineTrainer
				if late, _, second = s.run(context.Background(), dir, nil); second != nil && late.steps != 0 {
					t.Errorf("the second run did %d steps", late.steps)
				}
			}
			return nil
		}
	})
	if second == nil {
		t.Skip("folders have no locks here")
	}
	if want := "fit: checkpoints: " + dir + ": got a folder that another run writes to, want one for each"; second == nil || second.Error() != want {
		t.Errorf("the second run: %v, want %s", second, want)
	}
	want, wantHistory, _ := s.run(context.Background(), "", nil)
	if err != nil || got.p != want.p || timeless(t, h) != timeless(t, wantHistory) {
		t.Errorf("the first run: %v, parameters %v, want %v", err, got.p, want.p)
	}
	// After its end, and after a panic of a callback, the folder is free.
	func() {
		defer func() { _ = recover() }()
		_, _, _ = s.run(context.Background(), dir, func(o *FitOptions) {
			o.Epochs, o.EarlyStop.Patience = 99, 0
			o.OnStep = func(*FitEvent) error { panic("mine") }
		})
	}()
	if _, _, err := s.run(context.Background(), dir, nil); err != nil {
		t.Error(err)
	}
}

// TestResumeAfterCancellationBetweenParts interrupts whole-set descent after every part of a batch.
func TestResumeAfterCancellationBetweenParts(t *testing.T) {
	train := linePoints(8, 1)
	o := FitOptions{Epochs: 3}
	want := newLine(3)
	if _, err := Fit(context.Background(), want, WholeSet(train), o); err != nil {
		t.Fatal(err)
	}
	for part := 1; part < 9; part++ { // of 3 in each of 3 steps
		o.Checkpoints = Checkpoints{Dir: t.TempDir(), Resume: true}
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Fit(ctx, &cancelling{newLine(3), part, cancel}, WholeSet(train), o)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("part %d: %v", part, err)
		}
		got := newLine(3)
		if _, err := Fit(context.Background(), got, WholeSet(train), o); err != nil {
			t.Fatal(err)
		}
		if got.p != want.p || got.applied != 3-part/3 {
			t.Errorf("interrupted in part %d: parameters %v after %d more steps, want %v after %d", part, got.p, got.applied, want.p, 3-part/3)
		}
	}
}

// TestResumeAfterStop checks that a run that a callback has stopped goes on.
func TestResumeAfterStop(t *testing.T) {
	s, dir := setups[2], t.TempDir()
	want, wantHistory, err := s.run(context.Background(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, h, err := s.run(context.Background(), dir, func(o *FitOptions) {
		o.OnStep = func(e *FitEvent) error { return stopAt(e.Step == 4, ErrStop) }
	})
	if err != nil || h.Stopped != StopCallback {
		t.Fatalf("%v, stopped by %s", err, h.Stopped)
	}
	got, h, err := s.run(context.Background(), dir, nil)
	if err != nil || got.p != want.p || timeless(t, h) != timeless(t, wantHistory) {
		t.Errorf("%v: parameters %v, want %v\n%s\n%s", err, got.p, want.p, timeless(t, h), timeless(t, wantHistory))
	}
}

// TestResumeWithinAnEpochIsReported checks that a run that was interrupted within an epoch says where it stands before it goes on.
func TestResumeWithinAnEpochIsReported(t *testing.T) {
	s, dir := setups[0], t.TempDir()
	const at = 6 // of 4 steps an epoch
	ctx, cancel := context.WithCancel(context.Background())
	_, _, err := s.run(ctx, dir, func(o *FitOptions) {
		o.OnStep = func(e *FitEvent) error {
			if e.Step == at {
				cancel()
			}
			return nil
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, again := range []bool{true, false} { // cancelled before a step, then not
		var kinds []EventKind
		ctx, cancel := context.WithCancel(context.Background())
		if again {
			cancel()
		}
		_, _, err := s.run(ctx, dir, func(o *FitOptions) {
			o.Report = func(e *FitEvent) {
				if len(kinds) == 0 && (e.Kind != EventStart || e.Epoch != 2 || e.Step != at || e.Rows != 8 || len(e.Values) != 0) {
					t.Errorf("got %+v first", e)
				}
				kinds = append(kinds, e.Kind)
			}
		})
		cancel()
		if again != errors.Is(err, context.Canceled) || !again && err != nil || kinds[len(kinds)-1] != EventEnd {
			t.Errorf("cancelled %v: got events %v and error %v", again, kinds, err)
		}
	}
}
