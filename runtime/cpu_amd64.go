//go:build !purego

package nnrt

// This file answers: what does this amd64 processor have?

import "golang.org/x/sys/cpu"

var bestCPU = func() CPU {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA:
		return Portable
	case x.HasAVX512F && x.HasAVX512VL && x.HasAVX512BW && x.HasAVX512DQ:
		return AVX512
	}
	return AVX2
}()
