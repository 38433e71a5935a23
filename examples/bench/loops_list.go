package main

// This file answers: which loops does -loops measure, and by which calls of a trainer? Trainers insist on the order Forward, Backward, Update; setting
// the stage back lets one part repeat with the same values.

import (
	"fmt"

	nnrt "nngen/runtime"
)

// A loop is one part of a training step that consists of one fused loop (and of a call to it).
type loop struct {
	name     string
	elements int
	reads    int // arrays that an update reads: parameter, gradient, states
	writes   int // those of them that it writes, 0 if the loop is no update
	setup    func() (func() error, error)
}

const (
	inCache  = 8_192      // parameters whose arrays, 4 of 32 KiB at most, the second level of caches holds
	outCache = 16_777_216 // parameters whose arrays, of 64 MiB, no cache holds
)

// loops are the updates, in cache and out of it, then the functions, forward and backward.
var loops = append(updates, functions()...)

// updates names each update after its optimizer and the number of its parameters.
var updates = []loop{
	{"sgd_update_8k", inCache, 2, 1, func() (func() error, error) {
		t, err := NewUpdateSgdTrainer(NewUpdateSgd(1), UpdateSgdTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"sgd_update_16m", outCache, 2, 1, func() (func() error, error) {
		t, err := NewUpdateSgdLargeTrainer(NewUpdateSgdLarge(1), UpdateSgdLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"momentum_update_8k", inCache, 3, 2, func() (func() error, error) {
		t, err := NewUpdateMomentumTrainer(NewUpdateMomentum(1), UpdateMomentumTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"momentum_update_16m", outCache, 3, 2, func() (func() error, error) {
		t, err := NewUpdateMomentumLargeTrainer(NewUpdateMomentumLarge(1), UpdateMomentumLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adam_update_8k", inCache, 4, 3, func() (func() error, error) {
		t, err := NewUpdateAdamTrainer(NewUpdateAdam(1), UpdateAdamTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adam_update_16m", outCache, 4, 3, func() (func() error, error) {
		t, err := NewUpdateAdamLargeTrainer(NewUpdateAdamLarge(1), UpdateAdamLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adamw_update_8k", inCache, 4, 3, func() (func() error, error) {
		t, err := NewUpdateAdamWTrainer(NewUpdateAdamW(1), UpdateAdamWTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adamw_update_16m", outCache, 4, 3, func() (func() error, error) {
		t, err := NewUpdateAdamWLargeTrainer(NewUpdateAdamWLarge(1), UpdateAdamWLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"rmsprop_update_8k", inCache, 3, 2, func() (func() error, error) {
		t, err := NewUpdateRmsPropTrainer(NewUpdateRmsProp(1), UpdateRmsPropTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"rmsprop_update_16m", outCache, 3, 2, func() (func() error, error) {
		t, err := NewUpdateRmsPropLargeTrainer(NewUpdateRmsPropLarge(1), UpdateRmsPropLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adagrad_update_8k", inCache, 3, 2, func() (func() error, error) {
		t, err := NewUpdateAdagradTrainer(NewUpdateAdagrad(1), UpdateAdagradTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adagrad_update_16m", outCache, 3, 2, func() (func() error, error) {
		t, err := NewUpdateAdagradLargeTrainer(NewUpdateAdagradLarge(1), UpdateAdagradLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adadelta_update_8k", inCache, 4, 3, func() (func() error, error) {
		t, err := NewUpdateAdadeltaTrainer(NewUpdateAdadelta(1), UpdateAdadeltaTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
	{"adadelta_update_16m", outCache, 4, 3, func() (func() error, error) {
		t, err := NewUpdateAdadeltaLargeTrainer(NewUpdateAdadeltaLarge(1), UpdateAdadeltaLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, err
		}
		fillGradient(t.Gradients().Flat())
		return func() error { t.stage = 2; return t.Update() }, nil
	}},
}

// fillGradient draws a gradient without zeros.
func fillGradient(g []float32) { nnrt.FillNormal(g, nnrt.NewKey(1, "g"), 0) }

// A function is what functionsOf measures: its forward pass, which leaves what the backward pass needs, and its backward pass, of a weighted sum.
type function struct {
	name     string
	elements int
	setup    func() (forward, backward func() error, err error)
}

// functions returns the two loops of each function.
func functions() []loop {
	var out []loop
	for _, f := range allFunctions {
		out = append(out,
			loop{name: fmt.Sprintf("%s_forward", f.name), elements: f.elements, setup: func() (func() error, error) {
				forward, _, err := f.setup()
				return forward, err
			}},
			loop{name: fmt.Sprintf("%s_backward", f.name), elements: f.elements, setup: func() (func() error, error) {
				forward, backward, err := f.setup()
				if err != nil {
					return nil, err
				}
				return backward, forward()
			}})
	}
	return out
}

// allFunctions names a function of rows by the length of its rows.
var allFunctions = []function{
	{"tanh", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActTanhTrainer(NewActTanh(1), ActTanhTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActTanhBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"sigmoid", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActSigmoidTrainer(NewActSigmoid(1), ActSigmoidTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActSigmoidBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"gelu", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActGeluTrainer(NewActGelu(1), ActGeluTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActGeluBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"gelu_tanh", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActGeluTanhTrainer(NewActGeluTanh(1), ActGeluTanhTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActGeluTanhBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"silu", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActSiluTrainer(NewActSilu(1), ActSiluTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActSiluBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"softplus", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActSoftplusTrainer(NewActSoftplus(1), ActSoftplusTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActSoftplusBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"relu", 8_192, func() (forward, backward func() error, err error) {
		t, err := NewActReluTrainer(NewActRelu(1), ActReluTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := ActReluBatch{W: normal("w", 8_192)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"softmax_10", 800 * 10, func() (forward, backward func() error, err error) {
		t, err := NewSoftmax10Trainer(NewSoftmax10(1), Softmax10TrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := Softmax10Batch{W: normal("w", 800*10)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"softmax_128", 64 * 128, func() (forward, backward func() error, err error) {
		t, err := NewSoftmax128Trainer(NewSoftmax128(1), Softmax128TrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := Softmax128Batch{W: normal("w", 64*128)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"softmax_1000", 8 * 1000, func() (forward, backward func() error, err error) {
		t, err := NewSoftmax1000Trainer(NewSoftmax1000(1), Softmax1000TrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := Softmax1000Batch{W: normal("w", 8*1000)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"layer_norm_256", 32 * 256, func() (forward, backward func() error, err error) {
		t, err := NewLayerNormTrainer(NewLayerNorm(1), LayerNormTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := LayerNormBatch{W: normal("w", 32*256)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"cross_entropy_10", 800 * 10, func() (forward, backward func() error, err error) {
		t, err := NewCrossEntropy10Trainer(NewCrossEntropy10(1), CrossEntropy10TrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := CrossEntropy10Batch{Y: labels(800, 10)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
	{"cross_entropy_1000", 8 * 1000, func() (forward, backward func() error, err error) {
		t, err := NewCrossEntropy1000Trainer(NewCrossEntropy1000(1), CrossEntropy1000TrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		b := CrossEntropy1000Batch{Y: labels(8, 1000)}
		forward = func() error { _, err := t.Forward(b); return err }
		return forward, func() error { t.stage = 1; return t.Backward() }, nil
	}},
}
