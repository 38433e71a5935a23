package nnrt

// This file answers: what does a run measure and record, and whom does it tell?

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// named takes the names of the training measures from the first step of the run or of its resumed part.
func (f *fit) named(names []string) error {
	if len(names) == 0 || names[0] != "loss" {
		return fmt.Errorf("fit: measures: got %q, want the loss first", names)
	}
	if f.sums != nil && !slices.Equal(names, f.event.Names) {
		return fmt.Errorf("fit: measures: got %q from the trainer, want %q as in the checkpoint", names, f.event.Names)
	}
	if !f.o.monitorsValidation() {
		f.monitorsTraining, f.monitored = true, slices.Index(names, f.o.Monitor)
		if f.monitored < 0 {
			return fmt.Errorf("fit: Monitor: got %s, want one of %q", f.o.Monitor, names)
		}
	}
	f.event.Names = names
	f.means = make([]float64, len(names))
	Fill(f.means, math.NaN()) // none yet
	if f.sums == nil {
		f.sums = make([]float64, len(names))
	}
	return f.layout()
}

// layout gives the history the columns that the run has, in the order in which record fills them. Those that are there already stay.
func (f *fit) layout() error {
	names := slices.Concat([]string{"epoch", "step", "samples"}, f.event.Names, f.event.ValidationNames)
	if f.rate != nil {
		names = append(names, f.event.RateName)
	}
	names = append(names, "seconds", "samples_per_second")
	for i, name := range names {
		if slices.Index(names, name) != i {
			return fmt.Errorf("fit: measure %s: got a name that another column of the history has, want another", name)
		}
		if i == len(f.history.names) || f.history.names[i] != name {
			f.history.insert(i, name)
		}
	}
	if got := f.history.Names(); len(got) != len(names) {
		return fmt.Errorf("fit: history: got the columns %q from the checkpoint, want %q", got, names)
	}
	return nil
}

// validate measures the model as the options say.
func (f *fit) validate() error {
	defer f.clock.leave()()
	m, err := f.o.Validate()
	if err == nil && m == nil {
		err = errors.New("got no measures, want some")
	}
	if err != nil {
		return f.failed(fmt.Errorf("validation: %w", err))
	}
	e := &f.event
	if f.valNames == nil {
		if err := f.validationNamed(m.Names()); err != nil {
			return err
		}
	}
	e.Validation = m.AppendTo(e.Validation[:0])
	if len(e.Validation) != len(f.valNames) || !slices.Equal(m.Names(), f.valNames) {
		return f.failed(fmt.Errorf("validation: got the measures %q with %d values, want %q as before", m.Names(), len(e.Validation), f.valNames))
	}
	if loss := e.Validation[0]; loss-loss != 0 {
		return f.diverged("validation", loss)
	}
	e.Validated = true
	return nil
}

// validationNamed takes the names of the validation measures from the first validation.
func (f *fit) validationNamed(names []string) error {
	if len(names) == 0 || names[0] != "loss" {
		return f.failed(fmt.Errorf("validation: measures: got %q, want the loss first", names))
	}
	if err := f.setValidation(names); err != nil {
		return err
	}
	return f.layout()
}

// setValidation gives the validation measures their names.
func (f *fit) setValidation(names []string) error {
	f.valNames = slices.Clone(names)
	f.event.ValidationNames = make([]string, len(names))
	for i, name := range names {
		f.event.ValidationNames[i] = validationPrefix + name
	}
	if f.o.monitorsValidation() {
		f.monitored = slices.Index(f.event.ValidationNames, f.o.Monitor)
		if f.monitored < 0 {
			return fmt.Errorf("fit: Monitor: got %s, want one of %q", f.o.Monitor, f.event.ValidationNames)
		}
	}
	return nil
}

// record adds a row to the history and looks at the monitored measure: at each validation if it is one of validation, otherwise at the
// end of each epoch.
func (f *fit) record(epochEnd bool) {
	f.average()
	row := append(f.row[:0], float64(f.epoch+1), float64(f.step), float64(f.samples))
	row = append(row, f.means...)
	if f.event.Validated {
		row = append(row, f.event.Validation...)
	} else {
		for range f.event.ValidationNames {
			row = append(row, math.NaN())
		}
	}
	if f.rate != nil {
		row = append(row, *f.rate)
	}
	f.row = append(row, f.clock.seconds(), f.clock.perSecond)
	f.history.add(f.row)

	switch {
	case f.monitorsTraining && epochEnd:
		f.monitor(f.means[f.monitored])
	case !f.monitorsTraining && f.event.Validated:
		f.monitor(f.event.Validation[f.monitored])
	}
}

// average computes the means over the epoch so far.
func (f *fit) average() {
	for i, sum := range f.sums {
		f.means[i] = sum / float64(f.rows)
	}
}

// monitor notes a value of the monitored measure: is it the best, has the run waited too long, is the rate to be lowered?
func (f *fit) monitor(v float64) {
	b := &f.history.Best
	if !math.IsNaN(v) && (b.Epoch == 0 || f.o.Mode.better(v, b.Value, 0)) {
		*b = Best{Measure: f.o.Monitor, Value: v, Epoch: f.epoch + 1, Step: f.step}
		f.event.Best = true
		f.best.take()
	}
	f.stop.patience(f.o.EarlyStop, f.o.Mode, v)
	if p := &f.o.Plateau; p.Factor > 0 {
		*f.rate = f.stop.plateau(p, f.o.Mode, v, *f.rate)
	}
}

// fill writes into the event where the run stands.
func (f *fit) fill(kind EventKind) {
	e := &f.event
	e.Kind, e.Epoch, e.Step, e.Rows = kind, f.lastEpoch(), f.step, f.rows
	if f.rows > 0 && f.means != nil { // which a resumed run has from its first step on
		f.average()
	}
	e.Values = f.means
	if f.rate != nil {
		e.Rate = *f.rate
	}
	e.Seconds, e.SamplesPerSecond = f.clock.seconds(), f.clock.perSecond
	e.Stopped = f.history.Stopped
}

// lastEpoch returns the epoch of the last step, counted from 1.
func (f *fit) lastEpoch() int {
	if f.rows == 0 && f.epoch > 0 {
		return f.epoch
	}
	return f.epoch + 1
}

// tell tells everyone of a new row of the history.
func (f *fit) tell(kind EventKind) error {
	o := &f.o
	callback := o.OnEpoch != nil && kind == EventEpoch
	if !callback && o.Log == nil && o.Report == nil {
		return nil
	}
	f.fill(kind)
	if o.Log != nil {
		f.line = append(f.event.AppendLine(f.line[:0]), '\n')
		_, _ = o.Log.Write(f.line) // as documented: what cannot be written is lost
	}
	if o.Report != nil {
		o.Report(&f.event)
	}
	if callback {
		return f.called(o.OnEpoch(&f.event))
	}
	return nil
}

// log writes a line that is no row.
func (f *fit) log(format string, args ...any) {
	if f.o.Log != nil {
		_, _ = fmt.Fprintf(f.o.Log, format+"\n", args...)
	}
}
