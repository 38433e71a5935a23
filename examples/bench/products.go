package main

// This file answers: how long does one matrix product take alone? One thread calls the kernel once; more threads share its rows.

import (
	"fmt"

	nnrt "nngen/runtime"
)

// parallelWork is the number of multiplications from which threads share a product, as in generated code.
const parallelWork = 100_000

// setup draws A and B and returns a function that multiplies them once.
func (p product) setup(threads int) (step func() (float64, error), err error) {
	gemm := map[string]func(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, m, n, k int, acc bool){
		"GemmNN": nnrt.GemmNN[float32], "GemmNT": nnrt.GemmNT[float32], "GemmTN": nnrt.GemmTN[float32],
	}[p.Kernel]
	if gemm == nil {
		return nil, fmt.Errorf("unknown kernel %q", p.Kernel)
	}
	m, n, k := p.M, p.N, p.K
	a, b, c := nnrt.Aligned[float32](m*k), nnrt.Aligned[float32](k*n), nnrt.Aligned[float32](m*n)
	nnrt.FillNormal(a, nnrt.NewKey(1, "a"), 0)
	nnrt.FillNormal(b, nnrt.NewKey(1, "b"), 0)
	lda, ldb := k, n
	switch p.Kernel {
	case "GemmTN":
		lda = m
	case "GemmNT":
		ldb = k
	}
	if threads == 1 || m < 2 || m*n*k < parallelWork {
		return func() (float64, error) {
			gemm(c, n, a, lda, b, ldb, m, n, k, false)
			return 0, nil
		}, nil
	}
	block := nnrt.Blocks(m, threads)
	if block > 16 {
		block = nnrt.Blocks(block, 16) * 16
	}
	pool := nnrt.NewPool(threads)
	part := func(_, task int) {
		lo := task * block
		hi := min(lo+block, m)
		first := lo * k
		if p.Kernel == "GemmTN" {
			first = lo
		}
		gemm(c[lo*n:], n, a[first:], lda, b, ldb, hi-lo, n, k, false)
	}
	tasks := nnrt.Blocks(m, block)
	return func() (float64, error) {
		pool.Run(tasks, part)
		return 0, nil
	}, nil
}
