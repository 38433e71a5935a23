package nnrt

// This file answers: how does a training run go, step by step?

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
)

// Fit trains: it takes batches from a source and gives them to a trainer, epoch after epoch, and meanwhile validates, stops early, lowers
// the learning rate, calls back, reports and saves, as the options say. A batch that exceeds the trainer's capacity comes in parts, which
// Fit accumulates into one update.
//
// Fit returns what it recorded, also beside an error. A cancelled context ends the run within a step or, where a batch comes in parts,
// within a part, and is an error that wraps the context's and its cause; a checkpoint is saved before, if any are. A loss that is NaN or infinite
// is a [*DivergenceError]. After other errors, of data, a callback or a validation, the last checkpoint stays as it is, so that a resumed
// run repeats what failed.
//
// The run depends on seeds and options only, not on time or on how often it was interrupted. Fit adds some tens of nanoseconds to a step and
// allocates nothing in it. It is for one goroutine at a time, as the trainer and the source are.
func Fit[B any, M Measures](ctx context.Context, t Trainer[B, M], src Source[B], o FitOptions) (h *History, err error) {
	switch {
	case ctx == nil:
		return nil, errors.New("fit: got no context, want one, such as context.Background()")
	case isNil(t) || isNil(src):
		return nil, errors.New("fit: got no trainer or no source, want both")
	}
	f, err := newFit(t, src, o)
	if err != nil {
		return nil, err
	}
	defer f.saver.leave()
	if err := f.start(); err != nil {
		return nil, err
	}
	defer func() { h, err = f.finish(err) }()

	done := ctx.Done()
	capacity := t.Capacity()
	var b B
	for f.history.Stopped == "" {
		select {
		case <-done:
			return nil, f.cancel(ctx)
		default:
		}
		served, err := src.Next(&b, capacity)
		if err != nil {
			return nil, f.failed(err)
		}
		var m M
		if served.Rows == served.Of && served.Last {
			m, err = t.Step(b)
		} else if m, err = accumulate(ctx, t, src, &b, &served); err == errCancelled {
			return nil, f.cancel(ctx)
		}
		if err != nil {
			return nil, f.failed(err)
		}
		if f.means == nil {
			if err := f.named(m.Names()); err != nil {
				return nil, err
			}
		}
		f.values = m.AppendTo(f.values[:0])
		if err := f.stepped(served.Of, served.EpochEnd); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// isNil reports whether x is nil or a pointer that is.
func isNil(x any) bool {
	v := reflect.ValueOf(x)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// errCancelled says that the context was cancelled between the parts of a batch.
var errCancelled = errors.New("cancelled")

// accumulate does one update by a batch that comes in parts, the first of which is in b. It leaves what was served last in served. After
// an error the trainer has forgotten the parts.
func accumulate[B any, M Measures](ctx context.Context, t Trainer[B, M], src Source[B], b *B, served *Served) (M, error) {
	for {
		err := t.Accumulate(*b, served.Of)
		if err == nil && served.Last {
			return t.Apply()
		}
		if err == nil && ctx.Err() != nil {
			err = errCancelled
		}
		if err == nil {
			*served, err = src.Next(b, t.Capacity())
		}
		if err != nil {
			m, _ := t.Apply() // an error, since the batch is not whole, that forgets the parts
			return m, err
		}
	}
}

// fitTrainer and fitSource are what a run needs of a trainer and a source besides steps and batches, whatever their types.
type (
	fitTrainer interface {
		State() State
		NonFinite() string
	}
	fitSource interface {
		Position() Position
		Seek(Position) error
	}
)

// fit is a run.
type fit struct {
	o       FitOptions
	trainer fitTrainer
	source  fitSource
	rate    *float64 // the trainer's; nil if it has none
	history *History
	event   FitEvent
	row     []float64 // of the history
	line    []byte    // for Log

	// Where the run stands; see fitState for what of it a checkpoint keeps.
	epoch    int       // epochs completed
	step     int       // updates done
	rows     int       // of the epoch so far
	samples  int       // rows of the run so far
	values   []float64 // of the last step, in the order of event.Names
	sums     []float64 // of the epoch so far: values times rows
	means    []float64
	valNames []string // as the model says, without the prefix that event.ValidationNames have
	stop     stopState

	monitorsTraining bool // the monitored measure is one of training
	monitored        int  // its number among them, or among those of validation

	best  bestWeights
	saver fitSaver
	clock fitClock
	due   int // the update after which more is to do than to count
}

// maxExpected is the largest number of rows that a history is made for; a longer one grows.
const maxExpected = 1 << 17

// newFit checks what it is given and makes a run that has not begun.
func newFit(t fitTrainer, src fitSource, o FitOptions) (*fit, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	f := &fit{o: o, trainer: t, source: src, history: new(History), stop: newStopState(o.Mode)}
	state := t.State()
	f.rate, f.event.RateName = learningRate(state)
	if o.Plateau.Factor > 0 && f.rate == nil {
		return nil, fmt.Errorf("fit: Plateau: got a trainer of %s without a learning rate, want one with LR or LRScale", state.Model)
	}
	if o.RestoreBest {
		f.best.make(state)
	}
	f.event.Epochs, f.event.Steps = o.Epochs, o.Steps
	f.history.expect = o.Epochs
	if s, ok := src.(interface{ PerEpoch() int }); ok && s.PerEpoch() > 0 {
		n := s.PerEpoch()
		if e := o.Epochs; e > 0 && e <= math.MaxInt/n && (o.Steps == 0 || e*n < o.Steps) {
			f.event.Steps = e * n
		}
		f.history.expect = f.event.Steps/n + 1
	}
	f.history.expect = min(f.history.expect, maxExpected)
	return f, nil
}

// learningRate finds the learning rate among the numbers of a state: the hyper lr, or the factor of a schedule. Those of the optimizer come
// after those of the model, one of which may have the same name and another meaning.
func learningRate(s State) (*float64, string) {
	for _, n := range slices.Backward(s.Numbers) {
		switch n.Name {
		case "lr", "LR":
			return n.Value, "lr"
		case "lr_scale", "LRScale":
			return n.Value, "lr_scale"
		}
	}
	return nil, ""
}

// stepped counts an update by a batch of some rows, whose measures are in f.values, and does what is due after it.
func (f *fit) stepped(rows int, epochEnd bool) error {
	if len(f.values) != len(f.sums) {
		return f.failed(fmt.Errorf("measures: got %d values, want %d", len(f.values), len(f.sums)))
	}
	f.step++
	if loss := f.values[0]; loss-loss != 0 {
		return f.diverged("train", loss)
	}
	weight := float64(rows)
	for i, v := range f.values {
		f.sums[i] += float64(weight * v) // rounded, so that no processor fuses it into the sum
	}
	f.rows += rows
	f.samples += rows
	if f.step < f.due && !epochEnd && f.o.OnStep == nil {
		return nil
	}
	return f.pause(rows, epochEnd)
}

// pause does what is due after an update.
func (f *fit) pause(rows int, epochEnd bool) error {
	f.clock.read(f.step, f.samples, epochEnd)
	last := f.o.Steps > 0 && f.step >= f.o.Steps
	row := epochEnd || last
	validate := f.o.Validate != nil && row
	if every := f.o.ValidateEvery; every > 0 {
		validate = f.step%every == 0
		row = row || validate
	}
	f.event.Validated, f.event.Best = false, false
	if validate {
		if err := f.validate(); err != nil {
			return err
		}
	}
	if row {
		f.record(epochEnd)
	}
	if f.o.OnStep != nil {
		f.fill(EventStep)
		f.event.Rows, f.event.Values = rows, f.values
		if err := f.called(f.o.OnStep(&f.event)); err != nil {
			return err
		}
	}
	switch {
	case row:
		kind := EventRow
		if epochEnd {
			kind = EventEpoch
		}
		if err := f.tell(kind); err != nil {
			return err
		}
	case f.o.Report != nil && f.clock.tick():
		f.fill(EventProgress)
		f.o.Report(&f.event)
	}
	if epochEnd {
		f.epoch++
		f.rows = 0
		clear(f.sums)
	}
	if f.history.Stopped == "" {
		f.history.Stopped = f.ended()
	}
	if f.history.Stopped == "" && f.saver.isDue(f, epochEnd) {
		if err := f.save(); err != nil {
			return err
		}
	}
	f.due = f.nextDue()
	return nil
}

// nextDue returns the update after which pause has something to do besides the end of an epoch.
func (f *fit) nextDue() int {
	due := f.clock.due
	if f.o.Steps > 0 {
		due = min(due, f.o.Steps)
	}
	for _, every := range [...]int{f.o.ValidateEvery, f.saver.every} {
		if every > 0 {
			due = min(due, (f.step/every+1)*every)
		}
	}
	return due
}

// called turns ErrStop of a callback into the end of the run.
func (f *fit) called(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrStop) {
		f.history.Stopped = StopCallback
		return nil
	}
	return f.failed(err)
}

// failed says where the run was when something failed: in the step that comes next, or after the last one.
func (f *fit) failed(err error) error {
	return fmt.Errorf("fit: after step %d (epoch %d): %w", f.step, f.lastEpoch(), err)
}

// cancel ends the run between two steps because its context was cancelled.
func (f *fit) cancel(ctx context.Context) error {
	f.history.Stopped = StopCancelled
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != err {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return f.failed(err)
}
