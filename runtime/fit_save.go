package nnrt

// This file answers: what of a run does a checkpoint keep, and how does the run go on from it?

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// fitState is what a checkpoint keeps of a run besides the trainer's state, the source's position and the history.
type fitState struct {
	Version int `json:"version"`
	Epoch   int `json:"epoch"` // completed
	Step    int `json:"step"`
	Rows    int `json:"rows"` // of the epoch so far
	Samples int `json:"samples"`

	Names           []string    `json:"names"` // of the measures
	Sums            []jsonFloat `json:"sums"`  // over the epoch so far
	ValidationNames []string    `json:"validation_names"`
	Validation      []jsonFloat `json:"validation"` // the last one

	Monitor string    `json:"monitor"`
	Mode    string    `json:"mode"`
	Stop    stopState `json:"stop"`
	Seconds float64   `json:"seconds"`
}

const fitStateVersion = 1

// Sections of a checkpoint.
const (
	fitSection     = "fit"
	historySection = "history"
	sourceSection  = "source"
)

// state returns what a checkpoint keeps of the run.
func (f *fit) state() fitState {
	s := fitState{
		Version: fitStateVersion, Epoch: f.epoch, Step: f.step, Rows: f.rows, Samples: f.samples,
		Names: f.event.Names, ValidationNames: f.valNames,
		Monitor: f.o.Monitor, Mode: f.o.Mode.String(), Stop: f.stop, Seconds: f.clock.seconds(),
	}
	for _, v := range f.sums {
		s.Sums = append(s.Sums, jsonFloat(v))
	}
	for _, v := range f.event.Validation {
		s.Validation = append(s.Validation, jsonFloat(v))
	}
	return s
}

// adopt makes the run one that was interrupted.
func (f *fit) adopt(s fitState, h *History) error {
	switch {
	case s.Version != fitStateVersion:
		return fmt.Errorf("got version %d, want %d", s.Version, fitStateVersion)
	case s.Epoch < 0 || s.Step < 0 || s.Rows < 0 || s.Samples < s.Rows:
		return fmt.Errorf("got epoch %d, step %d, %d rows of %d, want numbers of a run", s.Epoch, s.Step, s.Rows, s.Samples)
	case len(s.Names) == 0 || len(s.Sums) != len(s.Names) || len(s.Validation) > len(s.ValidationNames):
		return fmt.Errorf("got %d sums and %d validation values for the measures %q and %q", len(s.Sums), len(s.Validation), s.Names, s.ValidationNames)
	case s.Monitor != f.o.Monitor || s.Mode != f.o.Mode.String():
		return fmt.Errorf("the run monitors %s (%s), want %s (%s) as the options say", s.Monitor, s.Mode, f.o.Monitor, f.o.Mode)
	}
	f.epoch, f.step, f.rows, f.samples = s.Epoch, s.Step, s.Rows, s.Samples
	f.event.Names = s.Names
	f.sums = make([]float64, len(s.Sums))
	for i, v := range s.Sums {
		f.sums[i] = float64(v)
	}
	if s.ValidationNames != nil {
		if err := f.setValidation(s.ValidationNames); err != nil {
			return err
		}
		for _, v := range s.Validation {
			f.event.Validation = append(f.event.Validation, float64(v))
		}
	}
	f.stop = s.Stop
	f.clock.earlier = time.Duration(s.Seconds * float64(time.Second))
	h.Stopped = ""
	f.history = h
	return f.layout()
}

// fitSaver says when checkpoints are due, and which was the last.
type fitSaver struct {
	on    bool
	every int           // updates; 0 if not by them
	last  time.Duration // when the last was saved
	step  int           // of the last
	path  string        // of the last; empty if there is none

	folder *os.File // locked for the run
}

// leave frees the folder for other runs.
func (s *fitSaver) leave() {
	if s.folder != nil {
		s.folder.Close() // was only locked
	}
}

// isDue reports whether a checkpoint is due after an update.
func (s *fitSaver) isDue(f *fit, epochEnd bool) bool {
	c := &f.o.Checkpoints
	switch {
	case !s.on:
		return false
	case c.Due(f.step):
		return true
	case c.EveryEpochs > 0 && epochEnd && f.epoch%c.EveryEpochs == 0:
		return true
	}
	return c.Interval > 0 && f.clock.now-s.last >= c.Interval
}

// save writes a checkpoint of the run as it stands, unless it was just written. Parameters that are not finite are not saved.
func (f *fit) save() error {
	if f.saver.path != "" && f.saver.step == f.step {
		return nil
	}
	if err := f.finite(); err != nil {
		return err
	}
	defer f.clock.leave()()
	sections := Sections{}
	err := errors.Join(sections.Put(fitSection, f.state()), sections.Put(historySection, f.history), sections.Put(sourceSection, f.source.Position()))
	if err != nil {
		return f.failed(err)
	}
	c, s := f.o.Checkpoints, f.trainer.State()
	if f.best.new {
		if _, err := c.SaveBest(f.best.state(s, f.history.Best.Step), Sections{}); err != nil {
			return f.failed(err)
		}
		f.best.new = false
	}
	s.Tensors = slices.Concat(s.Tensors, f.best.kept)
	path, err := c.Save(s, sections)
	if err != nil {
		return f.failed(err)
	}
	f.saver.path, f.saver.step, f.saver.last = path, f.step, f.clock.now
	return nil
}

// start begins the run, or goes on with the one in the folder of checkpoints.
func (f *fit) start() error {
	c := &f.o.Checkpoints
	f.saver.on, f.saver.every = c.Dir != "", c.Every
	if f.saver.on {
		var err error
		if f.saver.folder, err = c.take(); err != nil {
			return fmt.Errorf("fit: %w", err)
		}
	}
	switch {
	case c.Dir == "":
	case c.Resume:
		if err := f.resume(); err != nil {
			return fmt.Errorf("fit: %w", err)
		}
	default:
		if path, _, err := Latest(c.Dir); err == nil {
			return fmt.Errorf("fit: %s: got a checkpoint of an earlier run, want Resume to go on with it, or another folder", path)
		} else if !errors.Is(err, ErrNoCheckpoint) {
			return fmt.Errorf("fit: %w", err)
		}
	}
	f.history.Stopped = f.ended()
	if f.saver.on && f.history.Stopped == "" {
		if err := c.probe(); err != nil { // now, not after a minute of training
			return fmt.Errorf("fit: %w", err)
		}
	}
	f.clock.start(f.step, f.samples)
	f.due = f.nextDue()
	if f.o.Report != nil {
		f.fill(EventStart)
		f.o.Report(&f.event)
	}
	return nil
}

// ended returns why a run ends that stands where this one does; it is empty while it goes on.
func (f *fit) ended() StopReason {
	switch o := &f.o; {
	case o.Epochs > 0 && f.epoch >= o.Epochs:
		return StopEpochs
	case o.Steps > 0 && f.step >= o.Steps:
		return StopSteps
	case o.EarlyStop.Patience > 0 && f.stop.Waited >= o.EarlyStop.Patience:
		return StopPatience
	}
	return ""
}

// resume goes on from the newest whole checkpoint, if there is one. What the checkpoint replaces is said: another seed is an error, since
// the run would not be the one that the program describes; another learning rate is not, since schedules and callbacks change it.
func (f *fit) resume() error {
	seed, rate := *f.trainer.State().Seed, 0.0
	if f.rate != nil {
		rate = *f.rate
	}
	r, sought, err := f.load()
	if errors.Is(err, ErrNoCheckpoint) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, skipped := range r.Skipped {
		f.log("skipped a damaged checkpoint: %v", skipped)
	}
	var state fitState
	var position Position
	history := new(History)
	err = errors.Join(r.Sections.Get(fitSection, &state), r.Sections.Get(historySection, history), r.Sections.Get(sourceSection, &position))
	if saved := *f.trainer.State().Seed; err == nil && saved != seed {
		err = fmt.Errorf("the checkpoint belongs to another run: got a trainer of seed %d, want seed %d; use the seed of that run, or another folder", seed, saved)
	}
	if err == nil {
		err = f.adopt(state, history)
	}
	if err == nil {
		if err = f.source.Seek(position); err != nil {
			err = fmt.Errorf("%w; use the source of that run, or another folder", err)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.Path, err)
	}
	if sought {
		f.history.Best = Best{}
	}
	f.saver.path, f.saver.step = r.Path, f.step
	f.log("resumed from %s: epoch %d, step %d", r.Path, f.lastEpoch(), f.step)
	if f.rate != nil && *f.rate != rate {
		f.log("resumed with %s %v of the checkpoint; the program had %v", f.event.RateName, *f.rate, rate)
	}
	return nil
}

// load reads the newest whole checkpoint into the trainer. It is one with the best parameters if RestoreBest was set when it was saved,
// which may have changed: best parameters that are not wanted any more are dropped, and those that are not there must be sought anew.
func (f *fit) load() (r *Resumed, sought bool, err error) {
	s := f.trainer.State()
	with := func(best bestWeights) (*Resumed, error) {
		t := s
		t.Tensors = slices.Concat(s.Tensors, best.kept)
		return f.o.Checkpoints.Load(t)
	}
	r, err = with(f.best)
	if !errors.Is(err, ErrMismatch) {
		return r, false, err
	}
	var other bestWeights
	if !f.o.RestoreBest {
		other.make(s)
	}
	if r, e := with(other); e == nil {
		return r, f.o.RestoreBest, nil
	}
	return nil, false, err
}

// finish ends the run: it saves once more if the run stands between two steps, brings back the best parameters, and tells everyone.
func (f *fit) finish(err error) (*History, error) {
	h := f.history
	if h.Stopped == "" {
		h.Stopped = StopError
	}
	if h.Stopped != StopError {
		if e := f.finite(); e != nil {
			err, h.Stopped = errors.Join(e, err), StopError
		} else if f.saver.on && f.step > 0 {
			err = errors.Join(f.save(), err)
		}
	}
	if f.o.RestoreBest && h.Best.Epoch > 0 {
		f.best.restore()
		if s := f.trainer.State(); s.Restored != nil {
			s.Restored()
		}
	}
	if f.o.Report != nil {
		f.fill(EventEnd)
		f.o.Report(&f.event)
	}
	f.log("%s", f.summary())
	return h, err
}

// summary says in a line how the run ended.
func (f *fit) summary() string {
	h := f.history
	text := fmt.Sprintf("stopped by %s after epoch %d, step %d", h.Stopped, f.lastEpoch(), f.step)
	if b := h.Best; b.Epoch > 0 {
		text += fmt.Sprintf("; best %s %.4g in epoch %d, step %d", b.Measure, b.Value, b.Epoch, b.Step)
		if f.o.RestoreBest {
			text += ", whose parameters are back"
		}
	}
	return text
}
