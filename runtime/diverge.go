package nnrt

// This file answers: what does a user hear when training diverges?

import "fmt"

// DivergenceError says that a run has met a value that is not finite. The parameters are then worthless, unless they are restored from
// the best ones ([FitOptions].RestoreBest) or from the last checkpoint, which stays.
type DivergenceError struct {
	Step       int     // the update in which it was found, counted from 1
	Epoch      int     // its epoch, counted from 1
	Block      string  // "train" for the loss of a step, "validation" for that of a validation
	Loss       float64 // the last loss; finite if only a tensor is not
	Tensor     string  // first tensor that is not finite, such as "gradient of h.W"; empty if none is
	Checkpoint string  // path of the last checkpoint; empty if there is none
}

// Error returns, for example, "training diverged at step 120 (epoch 3): train: loss is NaN, gradient of h.W is not finite; check the data
// for NaN and infinity, or lower the learning rate; the last checkpoint is ckpt/step-000000100.safetensors". Batches are not searched for
// such values: nothing but their effect on the loss shows them.
func (e *DivergenceError) Error() string {
	text := fmt.Sprintf("training diverged at step %d (epoch %d): %s: ", e.Step, e.Epoch, e.Block)
	if e.Loss-e.Loss != 0 {
		text += fmt.Sprintf("loss is %v", e.Loss)
		if e.Tensor != "" {
			text += ", "
		}
	}
	if e.Tensor != "" {
		text += e.Tensor + " is not finite"
	}
	if e.Loss-e.Loss != 0 {
		text += "; check the data for NaN and infinity, or lower the learning rate"
	}
	if e.Checkpoint != "" {
		text += "; the last checkpoint is " + e.Checkpoint
	}
	return text
}

// diverged returns the error of a loss that is not finite.
func (f *fit) diverged(block string, loss float64) error {
	return &DivergenceError{Step: f.step, Epoch: f.epoch + 1, Block: block, Loss: loss, Tensor: f.trainer.NonFinite(), Checkpoint: f.saver.path}
}

// finite returns an error if the last update has made a tensor of the trainer that is not finite, which the loss of the next step would
// tell.
func (f *fit) finite() error {
	name := f.trainer.NonFinite()
	if name == "" {
		return nil
	}
	loss := 0.0
	if len(f.values) > 0 {
		loss = f.values[0]
	}
	return &DivergenceError{Step: f.step, Epoch: f.lastEpoch(), Block: "train", Loss: loss, Tensor: name, Checkpoint: f.saver.path}
}
