package main

// This file answers: how much could the machine do at best in the time that a step takes?

import nnrt "nngen/runtime"

// peakName is what a harness asks the server for to have the peak measured.
const peakName = "peak"

// peak measures the operations a second, in billions, of float32 multiply-adds in registers, on so many cores at once and with the best
// instructions that they have, whatever the kernels use.
func peak(threads int) (float64, error) {
	type probe struct {
		flops float64
		err   error
	}
	all := make(chan probe)
	for range threads {
		go func() {
			flops, err := nnrt.PeakFLOPS(nnrt.BestCPU(), 32)
			all <- probe{flops, err}
		}()
	}
	sum, err := 0.0, error(nil)
	for range threads {
		p := <-all
		sum += p.flops
		if p.err != nil {
			err = p.err
		}
	}
	return round(sum/1e9, 100), err
}
