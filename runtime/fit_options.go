package nnrt

// This file answers: what can be asked of a training run?

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// FitOptions says how [Fit] trains. Epochs or Steps must be set, everything else may be left out.
type FitOptions struct {
	Epochs int // epochs of the run in all, those before it was resumed included; 0: no limit
	Steps  int // updates of the run in all, likewise; 0: no limit. What is reached first ends the run

	// Validate measures the model on data that it is not trained on: after each epoch, or after every ValidateEvery updates if that is
	// not 0. The On method of a generated trainer returns such a function. It runs between steps and may use the trainer.
	Validate      func() (Measures, error)
	ValidateEvery int

	// Monitor names the measure that EarlyStop, RestoreBest and Plateau look at: a training measure such as "loss", whose mean over the
	// epoch counts, or a validation measure such as "val_accuracy", which counts at each validation. Empty: "val_loss", or "loss"
	// without Validate. Mode says whether it is to fall or to rise, and must be stated for all but these two.
	Monitor string
	Mode    Mode

	EarlyStop   EarlyStop
	RestoreBest bool // keep a copy of the parameters at the best value of Monitor, and put it back when the run ends, however it ends
	Plateau     Plateau

	// OnStep is called after each update, OnEpoch after each epoch; of several things after one update, the order is: validation, early
	// stopping and plateau, OnStep, OnEpoch, checkpoint. The event belongs to Fit and is valid during the call. An error ends the run and
	// is returned; ErrStop ends it without an error.
	OnStep  func(*FitEvent) error
	OnEpoch func(*FitEvent) error

	// Log receives a line after each epoch and each validation, and one when the run is resumed and when it ends. What it cannot write is
	// lost; the run goes on.
	Log io.Writer
	// Report shows progress, as the Bar of package progress does: it is called when the run starts and ends, after each epoch and each
	// validation, and about ten times a second between.
	Report func(*FitEvent)

	// Checkpoints says when the whole state of the run is saved, and where. A run that ends between two steps, as it does when its context
	// is cancelled, is saved once more. With RestoreBest, the best parameters are in every checkpoint, and by themselves in
	// best.safetensors beside them, which is written together with the next checkpoint.
	Checkpoints Checkpoints
}

// ErrStop is what a callback returns to end the run without an error.
var ErrStop = errors.New("stop training")

// check returns an error that names the first option that makes no sense, and fills what was left out.
func (o *FitOptions) check() error {
	c := &o.Checkpoints
	for _, n := range []struct {
		name string
		got  int
	}{
		{"Epochs", o.Epochs}, {"Steps", o.Steps}, {"ValidateEvery", o.ValidateEvery}, {"EarlyStop.Patience", o.EarlyStop.Patience},
		{"Checkpoints.Every", c.Every}, {"Checkpoints.EveryEpochs", c.EveryEpochs}, {"Checkpoints.Keep", c.Keep},
	} {
		if n.got < 0 {
			return fmt.Errorf("fit: %s: got %d, want 0 or more", n.name, n.got)
		}
	}
	switch {
	case o.Epochs == 0 && o.Steps == 0:
		return errors.New("fit: got neither Epochs nor Steps, want one of them above 0")
	case o.ValidateEvery > 0 && o.Validate == nil:
		return fmt.Errorf("fit: ValidateEvery: got %d without Validate, want both", o.ValidateEvery)
	case !(o.EarlyStop.MinDelta >= 0) || math.IsInf(o.EarlyStop.MinDelta, 1):
		return fmt.Errorf("fit: EarlyStop.MinDelta: got %v, want 0 or more", o.EarlyStop.MinDelta)
	case c.Interval < 0:
		return fmt.Errorf("fit: Checkpoints.Interval: got %v, want 0 or more", c.Interval)
	case c.Dir == "" && *c != (Checkpoints{}):
		return errors.New("fit: Checkpoints.Dir: got none, want a folder for the checkpoints")
	}
	if err := o.Plateau.check(); err != nil {
		return err
	}
	if o.Monitor == "" {
		o.Monitor = "loss"
		if o.Validate != nil {
			o.Monitor = validationPrefix + "loss"
		}
	}
	if o.Mode == modeUnset {
		if o.Monitor != "loss" && o.Monitor != validationPrefix+"loss" {
			return fmt.Errorf("fit: Mode: got none for %s, want Minimize or Maximize", o.Monitor)
		}
		o.Mode = Minimize
	}
	if o.monitorsValidation() && o.Validate == nil {
		return fmt.Errorf("fit: Monitor: got %s without Validate, want both", o.Monitor)
	}
	if c.Every == 0 && c.EveryEpochs == 0 && c.Interval == 0 {
		c.Interval = time.Minute
	}
	return nil
}

// validationPrefix stands before the names of validation measures.
const validationPrefix = "val_"

func (o *FitOptions) monitorsValidation() bool {
	return len(o.Monitor) > len(validationPrefix) && o.Monitor[:len(validationPrefix)] == validationPrefix
}
