package nnrt

// This file answers: which instruction set do kernels and generated loops use?

import (
	"fmt"
	"os"
	"strings"
)

// A CPU is a level of instruction sets for which kernels and generated loops exist. Every level computes the same function; AVX2 and
// AVX512 give the same bits, Portable agrees with them to a stated tolerance, and bit for bit (but for double roundings) in a program
// built with the tag nnexact.
type CPU uint8

const (
	Portable CPU = iota // plain Go
	AVX2                // AVX2 and FMA
	AVX512              // AVX-512 F, VL, BW and DQ
)

var cpuNames = [...]string{"portable", "avx2", "avx512"}

// String returns the name that NNGEN_CPU and the lines of benchmarks use.
func (c CPU) String() string {
	if int(c) < len(cpuNames) {
		return cpuNames[c]
	}
	return fmt.Sprintf("CPU(%d)", uint8(c))
}

// activeCPU is what kernels and generated loops look at, once a call.
var activeCPU = startCPU(os.Getenv("NNGEN_CPU"))

// BestCPU returns the highest level that this machine has and this program was built with: Portable on other architectures than amd64
// and under the tag purego.
func BestCPU() CPU { return bestCPU }

// ActiveCPU returns the level in use. It is BestCPU, unless the environment variable NNGEN_CPU (generic, portable, avx2 or avx512) asks
// for a lower one when the program starts.
func ActiveCPU() CPU { return activeCPU }

// SetCPU changes the level in use, for tests and benchmarks that compare levels. Nothing may compute at the same time.
func SetCPU(c CPU) error {
	if c > bestCPU {
		return fmt.Errorf("nnrt: this machine or build has no %s, the best it has is %s", c, bestCPU)
	}
	activeCPU = c
	return nil
}

// startCPU is the level that a program begins with. What the variable asks for and the machine lacks is not an error: the best there is
// computes the same.
func startCPU(name string) CPU {
	switch strings.ToLower(name) {
	case "generic", "portable":
		return Portable
	case "avx2":
		return min(AVX2, bestCPU)
	}
	return bestCPU
}
