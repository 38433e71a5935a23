package nnrt

// Tests of a run: how many steps and epochs it has, what it counts, whom it calls and when, and how it ends.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFitCounts(t *testing.T) {
	set := linePoints(23, 1)
	for _, c := range []struct {
		name           string
		source         *SetSource[points]
		capacity       int
		o              FitOptions
		steps, samples int
		rows           int // of the history
		stopped        StopReason
		applied        int
	}{
		{"whole set", WholeSet(set), 64, FitOptions{Epochs: 3}, 3, 69, 3, StopEpochs, 0},
		{"whole set in parts", WholeSet(set), 5, FitOptions{Epochs: 3}, 3, 69, 3, StopEpochs, 3},
		{"stochastic", Stochastic(set, 1), 1, FitOptions{Epochs: 2}, 46, 46, 2, StopEpochs, 0},
		{"drawn", Stochastic(set, 1, WithReplacement()), 1, FitOptions{Epochs: 2}, 46, 46, 2, StopEpochs, 0},
		{"mini-batch", MiniBatch(set, 5, 1), 5, FitOptions{Epochs: 2}, 10, 46, 2, StopEpochs, 0},
		{"mini-batch, some in parts", MiniBatch(set, 5, 1), 4, FitOptions{Epochs: 2}, 10, 46, 2, StopEpochs, 8},
		{"drop last", MiniBatch(set, 5, 1, DropLast()), 5, FitOptions{Epochs: 2}, 8, 40, 2, StopEpochs, 0},
		{"steps", MiniBatch(set, 5, 1), 5, FitOptions{Steps: 7}, 7, 33, 2, StopSteps, 0},
		{"steps that end an epoch", MiniBatch(set, 5, 1), 5, FitOptions{Steps: 5}, 5, 23, 1, StopSteps, 0},
		{"epochs before steps", MiniBatch(set, 5, 1), 5, FitOptions{Epochs: 1, Steps: 9}, 5, 23, 1, StopEpochs, 0},
		{"steps before epochs", MiniBatch(set, 5, 1), 5, FitOptions{Epochs: 9, Steps: 6}, 6, 28, 2, StopSteps, 0},
	} {
		tr := newLine(c.capacity)
		h, err := Fit(context.Background(), tr, c.source, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if tr.steps != c.steps || h.Last("step") != float64(c.steps) || h.Last("samples") != float64(c.samples) || h.Len() != c.rows || h.Stopped != c.stopped || tr.applied != c.applied {
			t.Errorf("%s: %d steps, %v samples, %d rows, stopped by %s, %d applied; want %d, %d, %d, %s, %d", c.name,
				tr.steps, h.Last("samples"), h.Len(), h.Stopped, tr.applied, c.steps, c.samples, c.rows, c.stopped, c.applied)
		}
	}
}

// TestFitIsALoop compares with a loop written by hand, to the bit, and epoch means with means over all rows.
func TestFitIsALoop(t *testing.T) {
	set := linePoints(23, 1)
	hand := newLine(5)
	var losses, worsts []float64
	src := MiniBatch(set, 5, 9)
	for range 4 {
		loss, worst := 0.0, 0.0
		for end := false; !end; {
			var b points
			s, err := src.Next(&b, 5)
			if err != nil {
				t.Fatal(err)
			}
			m, err := hand.Step(b)
			if err != nil {
				t.Fatal(err)
			}
			loss += float64(m.Loss * float64(s.Rows)) // rounded, as in Fit, where the processor could fuse it with the sum
			worst += float64(m.Worst * float64(s.Rows))
			end = s.EpochEnd
		}
		losses, worsts = append(losses, loss/23), append(worsts, worst/23)
	}
	tr := newLine(5)
	h, err := Fit(context.Background(), tr, MiniBatch(set, 5, 9), FitOptions{Epochs: 4})
	if err != nil {
		t.Fatal(err)
	}
	if tr.p != hand.p || tr.v != hand.v {
		t.Errorf("parameters %v, by hand %v", tr.p, hand.p)
	}
	if !sameFloats(h.Column("loss"), losses) || !sameFloats(h.Column("worst"), worsts) {
		t.Errorf("got  %v %v\nwant %v %v", h.Column("loss"), h.Column("worst"), losses, worsts)
	}
	if want := []string{"epoch", "step", "samples", "loss", "worst", "lr", "seconds", "samples_per_second"}; !slices.Equal(h.Names(), want) {
		t.Errorf("columns %q, want %q", h.Names(), want)
	}
	if h.Best.Measure != "loss" || h.Best.Value != slices.Min(losses) {
		t.Errorf("best %+v of %v", h.Best, losses)
	}
}

// TestFitAccumulates checks that a batch in parts makes the step of the whole batch.
func TestFitAccumulates(t *testing.T) {
	set := linePoints(97, 2)
	whole := newLine(97)
	if _, err := Fit(context.Background(), whole, WholeSet(set), FitOptions{Epochs: 5}); err != nil {
		t.Fatal(err)
	}
	for _, capacity := range []int{1, 7, 64, 96} {
		parts := newLine(capacity)
		if _, err := Fit(context.Background(), parts, WholeSet(set), FitOptions{Epochs: 5}); err != nil {
			t.Fatal(err)
		}
		if parts.p != whole.p || parts.lone != 0 { // the sums of this trainer run in the same order
			t.Errorf("capacity %d: %v after %d whole steps, want %v after none", capacity, parts.p, parts.lone, whole.p)
		}
	}
}

func TestFitCallbacks(t *testing.T) {
	var log []string
	tr := newLine(2)
	note := func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	o := FitOptions{
		Epochs: 2,
		Validate: func() (Measures, error) {
			note("validate")
			return lineMeasures{1, 2}, nil
		},
		ValidateEvery: 3,
		OnStep: func(e *FitEvent) error {
			if e.Kind != EventStep || len(e.Values) != 2 || e.Value("loss") != e.Values[0] {
				t.Errorf("step event %+v", e)
			}
			note("step %d/%d of epoch %d/%d, %d rows, %v", e.Step, e.Steps, e.Epoch, e.Epochs, e.Rows, e.Validated)
			return nil
		},
		OnEpoch: func(e *FitEvent) error {
			if e.Kind != EventEpoch || e.RateName != "lr" || e.Rate != 0.05 {
				t.Errorf("epoch event %+v", e)
			}
			note("epoch %d of %d rows", e.Epoch, e.Rows)
			return nil
		},
		Report: func(e *FitEvent) {
			if e.Kind != EventProgress {
				note("report %d: epoch %d step %d", e.Kind, e.Epoch, e.Step)
			}
		},
	}
	h, err := Fit(context.Background(), tr, MiniBatch(linePoints(5, 1), 2, 1), o)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"report 0: epoch 1 step 0",
		"step 1/6 of epoch 1/2, 2 rows, false",
		"step 2/6 of epoch 1/2, 2 rows, false",
		"validate",
		"step 3/6 of epoch 1/2, 1 rows, true",
		"report 4: epoch 1 step 3",
		"epoch 1 of 5 rows",
		"step 4/6 of epoch 2/2, 2 rows, false",
		"step 5/6 of epoch 2/2, 2 rows, false",
		"validate",
		"step 6/6 of epoch 2/2, 1 rows, true",
		"report 4: epoch 2 step 6",
		"epoch 2 of 5 rows",
		"report 5: epoch 2 step 6",
	}
	if !slices.Equal(log, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
	if h.Last("val_worst") != 2 {
		t.Errorf("val_worst %v", h.Last("val_worst"))
	}
}

// TestFitValidatesWithinEpochs checks the rows of validations that are not at the end of an epoch.
func TestFitValidatesWithinEpochs(t *testing.T) {
	tr, set := newLine(2), linePoints(8, 1)
	h, err := Fit(context.Background(), tr, MiniBatch(set, 2, 1), FitOptions{Epochs: 2, Validate: tr.on(set), ValidateEvery: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Column("step"); !sameFloats(got, []float64{3, 4, 6, 8}) {
		t.Errorf("steps %v", got)
	}
	if got := h.Column("epoch"); !sameFloats(got, []float64{1, 1, 2, 2}) {
		t.Errorf("epochs %v", got)
	}
	val := h.Column("val_loss")
	if len(val) != 4 || math.IsNaN(val[0]) || !math.IsNaN(val[1]) || math.IsNaN(val[2]) || !math.IsNaN(val[3]) {
		t.Errorf("val_loss %v", val)
	}
	if !math.IsNaN(h.Column("val_worst")[1]) || h.Best.Step != 6 && h.Best.Step != 3 {
		t.Errorf("best %+v", h.Best)
	}
}

// falling returns a Validate that reports the given losses, one after the other, as val_loss, and their negatives as val_worst.
func falling(losses ...float64) func() (Measures, error) {
	i := -1
	return func() (Measures, error) {
		i++
		return lineMeasures{losses[i], -losses[i]}, nil
	}
}

func TestFitStopsEarly(t *testing.T) {
	set := linePoints(4, 1)
	for _, o := range []FitOptions{
		{Epochs: 9, Validate: falling(5, 4, 4.5, 3, 3, 3.5, 1), EarlyStop: EarlyStop{Patience: 2}},
		{Epochs: 9, Validate: falling(5, 4, 4.5, 3, 3, 3.5, 1), EarlyStop: EarlyStop{Patience: 2}, Monitor: "val_worst", Mode: Maximize},
	} {
		o.RestoreBest = true
		var at [3]float64
		tr := newLine(4)
		o.OnEpoch = func(e *FitEvent) error {
			if e.Epoch == 4 {
				at = tr.p
			}
			if e.Best != (e.Epoch == 1 || e.Epoch == 2 || e.Epoch == 4) {
				t.Errorf("epoch %d: best is %v", e.Epoch, e.Best)
			}
			return nil
		}
		h, err := Fit(context.Background(), tr, WholeSet(set), o)
		if err != nil {
			t.Fatal(err)
		}
		if h.Stopped != StopPatience || h.Last("epoch") != 6 || h.Best.Epoch != 4 || h.Best.Step != 4 || math.Abs(h.Best.Value) != 3 {
			t.Errorf("stopped by %s after epoch %v, best %+v", h.Stopped, h.Last("epoch"), h.Best)
		}
		if tr.p != at {
			t.Errorf("parameters %v, want those of epoch 4, %v", tr.p, at)
		}
	}
}

func TestFitLowersTheRate(t *testing.T) {
	tr := newLine(4)
	tr.lr = 1
	o := FitOptions{Epochs: 8, Validate: falling(5, 5, 5, 4, 4, 4, 4, 4), Plateau: Plateau{Factor: 0.5, Patience: 1, MinRate: 0.3}}
	h, err := Fit(context.Background(), tr, WholeSet(linePoints(4, 1)), o)
	if err != nil {
		t.Fatal(err)
	}
	// Epoch 3 is the second without improvement and lowers the rate for epoch 4; epoch 6 lowers it to the least, epoch 8 not again.
	if got := h.Column("lr"); !sameFloats(got, []float64{1, 1, 1, .5, .5, .5, .3, .3}) || tr.lr != .3 {
		t.Errorf("rates %v, then %v", got, tr.lr)
	}
}

func TestFitStopsForCallbacks(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name    string
		o       FitOptions
		steps   int
		err     string
		stopped StopReason
	}{
		{"stop in a step", FitOptions{Epochs: 3, OnStep: func(e *FitEvent) error { return stopAt(e.Step == 3, ErrStop) }}, 3, "", StopCallback},
		{"wrapped", FitOptions{Epochs: 3, OnStep: func(e *FitEvent) error { return stopAt(e.Step == 3, fmt.Errorf("enough: %w", ErrStop)) }}, 3, "", StopCallback},
		{"stop after an epoch", FitOptions{Epochs: 3, OnEpoch: func(*FitEvent) error { return ErrStop }}, 4, "", StopCallback},
		{"error in a step", FitOptions{Epochs: 3, OnStep: func(e *FitEvent) error { return stopAt(e.Step == 5, broken) }}, 5, "fit: after step 5 (epoch 2): broken", StopError},
		{"error after an epoch", FitOptions{Epochs: 3, OnEpoch: func(*FitEvent) error { return broken }}, 4, "fit: after step 4 (epoch 1): broken", StopError},
		{"error in a validation", FitOptions{Epochs: 3, Validate: func() (Measures, error) { return nil, broken }}, 4, "fit: after step 4 (epoch 1): validation: broken", StopError},
	} {
		tr := newLine(2)
		h, err := Fit(context.Background(), tr, MiniBatch(linePoints(8, 1), 2, 1), c.o)
		if got := fmt.Sprint(err); (err != nil || c.err != "") && got != c.err || err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
		if tr.steps != c.steps || h == nil || h.Stopped != c.stopped {
			t.Errorf("%s: %d steps, history %+v; want %d, %s", c.name, tr.steps, h, c.steps, c.stopped)
		}
	}
}

func stopAt(now bool, err error) error {
	if now {
		return err
	}
	return nil
}

func TestFitIsCancelled(t *testing.T) {
	for _, capacity := range []int{8, 3} { // the whole set at once, and in parts
		ctx, cancel := context.WithCancelCause(context.Background())
		tr := newLine(capacity)
		o := FitOptions{Epochs: 9, OnStep: func(e *FitEvent) error {
			if e.Step == 2 {
				cancel(errors.New("the user has had enough"))
			}
			return nil
		}}
		h, err := Fit(ctx, tr, WholeSet(linePoints(8, 1)), o)
		if err == nil || err.Error() != "fit: after step 2 (epoch 2): context canceled: the user has had enough" || !errors.Is(err, context.Canceled) || tr.steps != 2 || h.Stopped != StopCancelled {
			t.Errorf("capacity %d: %v after %d steps, %+v", capacity, err, tr.steps, h)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tr := newLine(8)
	if _, err := Fit(ctx, tr, WholeSet(linePoints(8, 1)), FitOptions{Epochs: 1}); !errors.Is(err, context.Canceled) || tr.steps != 0 {
		t.Errorf("cancelled before: %v after %d steps", err, tr.steps)
	}
}

// cancelling cancels a context when a part of a batch is accumulated.
type cancelling struct {
	*lineTrainer
	after  int
	cancel func()
}

func (c *cancelling) Accumulate(b points, of int) error {
	if c.after--; c.after == 0 {
		c.cancel()
	}
	return c.lineTrainer.Accumulate(b, of)
}

func TestFitIsCancelledBetweenParts(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	tr := &cancelling{newLine(2), 6, cancel}
	src := WholeSet(linePoints(8, 1))
	if _, err := Fit(ctx, tr, src, FitOptions{Epochs: 9}); !errors.Is(err, context.Canceled) || tr.steps != 1 {
		t.Fatalf("%v after %d steps", err, tr.steps)
	}
	if p := src.Position(); p.Epoch != 1 || p.Row != 0 || tr.rows != 0 {
		t.Errorf("position %+v, %d rows left in the trainer; want the beginning of epoch 1 and none", p, tr.rows)
	}
	// What was abandoned leaves no trace.
	if _, err := Fit(context.Background(), tr, WholeSet(linePoints(8, 1)), FitOptions{Epochs: 1}); err != nil {
		t.Fatal(err)
	}
	clean := newLine(2)
	if _, err := Fit(context.Background(), clean, WholeSet(linePoints(8, 1)), FitOptions{Epochs: 2}); err != nil || clean.p != tr.p {
		t.Errorf("%v: parameters %v, want %v", err, tr.p, clean.p)
	}
}

func TestFitDiverges(t *testing.T) {
	set := linePoints(8, 1)
	bad := linePoints(8, 1)
	bad.Y[3] = math.Inf(1)
	const advice = "; check the data for NaN and infinity, or lower the learning rate"
	for _, c := range []struct {
		name   string
		poison int
		set    *points
		o      FitOptions
		want   string
	}{
		{"data", 0, bad, FitOptions{Epochs: 2}, "training diverged at step 2 (epoch 1): train: loss is +Inf, w is not finite" + advice},
		{"parameters", 5, set, FitOptions{Epochs: 3}, "training diverged at step 6 (epoch 2): train: loss is NaN, w is not finite" + advice},
		{"the last update", 4, set, FitOptions{Epochs: 1}, "training diverged at step 4 (epoch 1): train: w is not finite"},
		{"validation", 4, set, FitOptions{Epochs: 3, Validate: falling(math.NaN())}, "training diverged at step 4 (epoch 1): validation: loss is NaN, w is not finite" + advice},
	} {
		tr := newLine(2)
		tr.poison = c.poison
		h, err := Fit(context.Background(), tr, MiniBatch(c.set, 2, 1, InOrder()), c.o)
		var d *DivergenceError
		if !errors.As(err, &d) || err.Error() != c.want || h == nil || h.Stopped != StopError {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	tr := newLine(2)
	tr.poison = 7
	h, err := Fit(context.Background(), tr, MiniBatch(set, 2, 1), FitOptions{Epochs: 9, RestoreBest: true})
	var d *DivergenceError
	if !errors.As(err, &d) || d.Step != 8 || d.Tensor != "w" || d.Block != "train" || tr.NonFinite() == "w" || h.Best.Epoch != 1 {
		t.Errorf("%v: parameters %v, best %+v: want the best ones back", err, tr.p, h.Best)
	}
}

func TestFitLog(t *testing.T) {
	tr, set := newLine(4), linePoints(8, 1)
	var b bytes.Buffer
	o := FitOptions{Epochs: 9, Validate: falling(0.5, 0.25, 12345.678), EarlyStop: EarlyStop{Patience: 1}, RestoreBest: true, Log: &b}
	if _, err := Fit(context.Background(), tr, MiniBatch(set, 4, 1), o); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4:\n%s", len(lines), b.String())
	}
	for i, want := range []string{"val_loss 0.5  val_worst -0.5  best  lr 0.05  ", "val_loss 0.25  val_worst -0.25  best  lr 0.05  ", "val_loss 1.235e+04  val_worst -1.235e+04  lr 0.05  "} {
		if begin := fmt.Sprintf("epoch %d/9  step %d  loss ", i+1, 2*i+2); !strings.HasPrefix(lines[i], begin) || !strings.Contains(lines[i], want) || !strings.HasSuffix(lines[i], "s") {
			t.Errorf("line %q, want %q ... %q", lines[i], begin, want)
		}
	}
	if want := "stopped by patience after epoch 3, step 6; best val_loss 0.25 in epoch 2, step 4, whose parameters are back"; lines[3] != want {
		t.Errorf("last line %q, want %q", lines[3], want)
	}
	if _, err := Fit(context.Background(), newLine(4), MiniBatch(set, 4, 1), FitOptions{Epochs: 2, Log: &brokenWriter{}}); err != nil {
		t.Errorf("a log that cannot be written ends the run: %v", err)
	}
}

func TestEventLine(t *testing.T) {
	e := FitEvent{Epoch: 3, Step: 1407, Names: []string{"loss"}, Values: []float64{0.21129}, Rate: 1e-5, RateName: "lr_scale", SamplesPerSecond: 181632, Seconds: 7384}
	if got, want := string(e.AppendLine(nil)), "epoch 3  step 1407  loss 0.2113  lr_scale 1e-05  182k samples/s  2h3m4s"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for v, want := range map[float64]string{0: "0", 7.4: "7", 999.4: "999", 999.6: "1.00k", 9994: "9.99k", 9996: "10.0k", 99940: "99.9k", 99960: "100k", 4.05e6: "4.05M", 2e15: "2000T"} {
		if got := string(appendCount(nil, v)); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0.0s", 59.94: "59.9s", 59.96: "1m0s", 187.2: "3m7s"} {
		if got := string(appendSeconds(nil, v)); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
	if !math.IsNaN(e.Value("none")) {
		t.Error("a measure that is not there has a value")
	}
}
