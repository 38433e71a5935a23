package main

// This file answers: which loops does -loops measure, and by which calls of a trainer? Trainers insist on the order Forward, Backward, Update; setting
// the stage back lets one part repeat with the same values.

import nnrt "nngen/runtime"

// A loop is one part of a training step that consists of one fused loop (and of a call to it).
type loop struct {
	name     string
	elements int
	setup    func() (work, error)
}

// work is what a loop does, and if it is an update its arrays: those that it writes (parameters, states), then the gradient, which it only reads.
type work struct {
	do     func() error
	arrays [][]float32
}

const (
	inCache  = 8_192      // parameters whose arrays, 4 of 32 KiB at most, the second level of caches holds
	outCache = 16_777_216 // parameters whose arrays, of 64 MiB, no cache holds
)

// loops are the updates, in cache and out of it, then the functions, forward and backward.
var loops = append(updates, functions()...)

// updates names each update after its optimizer and the number of its parameters.
var updates = []loop{
	{"sgd_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateSgdTrainer(NewUpdateSgd(1), UpdateSgdTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p), nil
	}},
	{"sgd_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateSgdLargeTrainer(NewUpdateSgdLarge(1), UpdateSgdLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p), nil
	}},
	{"momentum_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateMomentumTrainer(NewUpdateMomentum(1), UpdateMomentumTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.b), nil
	}},
	{"momentum_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateMomentumLargeTrainer(NewUpdateMomentumLarge(1), UpdateMomentumLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.b), nil
	}},
	{"adam_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateAdamTrainer(NewUpdateAdam(1), UpdateAdamTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.m, t.update0.v), nil
	}},
	{"adam_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateAdamLargeTrainer(NewUpdateAdamLarge(1), UpdateAdamLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.m, t.update0.v), nil
	}},
	{"adamw_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateAdamWTrainer(NewUpdateAdamW(1), UpdateAdamWTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.m, t.update0.v), nil
	}},
	{"adamw_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateAdamWLargeTrainer(NewUpdateAdamWLarge(1), UpdateAdamWLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.m, t.update0.v), nil
	}},
	{"rmsprop_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateRmsPropTrainer(NewUpdateRmsProp(1), UpdateRmsPropTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.v), nil
	}},
	{"rmsprop_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateRmsPropLargeTrainer(NewUpdateRmsPropLarge(1), UpdateRmsPropLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.v), nil
	}},
	{"adagrad_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateAdagradTrainer(NewUpdateAdagrad(1), UpdateAdagradTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.s), nil
	}},
	{"adagrad_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateAdagradLargeTrainer(NewUpdateAdagradLarge(1), UpdateAdagradLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.s), nil
	}},
	{"adadelta_update_8k", inCache, func() (work, error) {
		t, err := NewUpdateAdadeltaTrainer(NewUpdateAdadelta(1), UpdateAdadeltaTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.v, t.update0.u), nil
	}},
	{"adadelta_update_16m", outCache, func() (work, error) {
		t, err := NewUpdateAdadeltaLargeTrainer(NewUpdateAdadeltaLarge(1), UpdateAdadeltaLargeTrainerOptions{MaxBatch: 1, Workers: 1})
		if err != nil {
			return work{}, err
		}
		return update(func() error { t.stage = 2; return t.Update() }, t.Gradients().Flat(), t.update0.p, t.update0.v, t.update0.u), nil
	}},
}

// update draws the gradient that do reads beside the arrays that it writes.
func update(do func() error, gradient []float32, written ...[]float32) work {
	nnrt.FillNormal(gradient, nnrt.NewKey(1, "g"), 0)
	return work{do, append(written, gradient)}
}

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
			loop{name: f.name + "_forward", elements: f.elements, setup: func() (work, error) {
				forward, _, err := f.setup()
				return work{do: forward}, err
			}},
			loop{name: f.name + "_backward", elements: f.elements, setup: func() (work, error) {
				forward, backward, err := f.setup()
				if err != nil {
					return work{}, err
				}
				return work{do: backward}, forward()
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
