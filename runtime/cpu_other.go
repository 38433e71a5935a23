//go:build !amd64 || purego

package nnrt

// This file answers: which level is there without assembly? A constant, so that the compiler drops the calls of kernels that do not exist.

const bestCPU = Portable
