package main

// This file answers: what does each workload train, and on what data?

import nnrt "nngen/runtime"

// A workload is a model of bench.nn with one fixed batch. setup builds a trainer.
type workload struct {
	name  string
	model string
	batch int
	setup func(workers int) (steps, error)
}

// steps is what a workload does: a whole step, which returns the loss, or its three parts one after the other.
type steps struct {
	step                      func() (float64, error)
	forward, backward, update func() error
}

// workloads are in the order in which the scripts of other libraries run them.
var workloads = []workload{
	{"xor_2_8_1_b4_sgd", "Xor", 4, func(workers int) (steps, error) {
		t, err := NewXorTrainer(NewXor(1), XorTrainerOptions{MaxBatch: 4, Workers: workers})
		b := XorBatch{X: normal("x", 4*2), Y: normal("y", 4)}
		return steps{
			step:     func() (float64, error) { m, err := t.Step(b); return m.Loss, err },
			forward:  func() error { _, err := t.Forward(b); return err },
			backward: t.Backward, update: t.Update,
		}, err
	}},
	{"iris_4_16_3_b16_adam", "Iris", 16, func(workers int) (steps, error) {
		t, err := NewIrisTrainer(NewIris(1), IrisTrainerOptions{MaxBatch: 16, Workers: workers})
		b := IrisBatch{X: normal("x", 16*4), Y: labels(16, 3)}
		return steps{
			step:     func() (float64, error) { m, err := t.Step(b); return m.Loss, err },
			forward:  func() error { _, err := t.Forward(b); return err },
			backward: t.Backward, update: t.Update,
		}, err
	}},
	{"mnist_784_128_10_b64_sgd", "Mnist", 64, func(workers int) (steps, error) {
		t, err := NewMnistTrainer(NewMnist(1), MnistTrainerOptions{MaxBatch: 64, Workers: workers})
		b := MnistBatch{X: normal("x", 64*784), Y: labels(64, 10)}
		return steps{
			step:     func() (float64, error) { m, err := t.Step(b); return m.Loss, err },
			forward:  func() error { _, err := t.Forward(b); return err },
			backward: t.Backward, update: t.Update,
		}, err
	}},
	{"mnist_784_512_512_10_b128_adam", "MnistDeep", 128, func(workers int) (steps, error) {
		t, err := NewMnistDeepTrainer(NewMnistDeep(1), MnistDeepTrainerOptions{MaxBatch: 128, Workers: workers})
		b := MnistDeepBatch{X: normal("x", 128*784), Y: labels(128, 10)}
		return steps{
			step:     func() (float64, error) { m, err := t.Step(b); return m.Loss, err },
			forward:  func() error { _, err := t.Forward(b); return err },
			backward: t.Backward, update: t.Update,
		}, err
	}},
	{"mlp_gelu_256x4_b32_adamw", "Gelu", 32, func(workers int) (steps, error) {
		t, err := NewGeluTrainer(NewGelu(1), GeluTrainerOptions{MaxBatch: 32, Workers: workers})
		b := GeluBatch{X: normal("x", 32*64), Y: normal("y", 32*8)}
		return steps{
			step:     func() (float64, error) { m, err := t.Step(b); return m.Loss, err },
			forward:  func() error { _, err := t.Forward(b); return err },
			backward: t.Backward, update: t.Update,
		}, err
	}},
}

// normal draws n values of the standard normal distribution from the stream of that name.
func normal(name string, n int) []float32 {
	x := make([]float32, n)
	nnrt.FillNormal(x, nnrt.NewKey(1, name), 0)
	return x
}

// labels draws n classes below limit.
func labels(n, limit int) []int32 {
	key := nnrt.NewKey(1, "labels")
	y := make([]int32, n)
	for i := range y {
		y[i] = int32(nnrt.Uniform[float64](key, uint64(i)) * float64(limit))
	}
	return y
}
