package nnrt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	nnrt "nngen/runtime"
)

// A generated trainer's State method returns such a value; a program calls it and hands the result on.
func ExampleCheckpoints() {
	parameters, momentum := []float32{1, 2, 3}, []float32{0.1, 0.2, 0.3}
	steps, seed, lr := 1200, uint64(7), 0.01
	state := nnrt.State{
		Model: "Line", Schema: nnrt.Schema{{Path: "h.W", Shape: []int{1, 2}}, {Path: "h.b", Offset: 2, Shape: []int{1}}},
		Steps: &steps, Seed: &seed, Numbers: []nnrt.StateNumber{{Name: "LR", Value: &lr}},
		Tensors: []nnrt.StateTensors{{F32: parameters}, {Prefix: "state/m/", F32: momentum}},
	}
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	checkpoints := nnrt.Checkpoints{Dir: filepath.Join(dir, "ckpt"), Every: 100, Keep: 3}
	_, err = checkpoints.Load(state)
	fmt.Println("nothing to resume:", errors.Is(err, nnrt.ErrNoCheckpoint))

	sections := nnrt.Sections{}
	if err := sections.Put("position", map[string]int{"epoch": 3}); err != nil {
		fmt.Println(err)
		return
	}
	path, err := checkpoints.Save(state, sections)
	fmt.Println(filepath.Base(path), err)

	steps, parameters[0], momentum[2] = 0, 9, 9 // another process starts
	resumed, err := checkpoints.Load(state)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, damaged := range resumed.Skipped {
		fmt.Println("skipped:", damaged)
	}
	var position struct{ Epoch int }
	fmt.Println(resumed.Sections.Get("position", &position), position.Epoch, steps, parameters, momentum)
	// Output:
	// nothing to resume: true
	// step-000001200.safetensors <nil>
	// <nil> 3 1200 [1 2 3] [0.1 0.2 0.3]
}
