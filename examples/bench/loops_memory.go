package main

// This file answers: how long does an update take whose arithmetic is free? Memory moves in lines of the cache, so the probe reads and writes one
// element of each line of arrays like the update's: all of the traffic and hardly an instruction.

import nnrt "nngen/runtime"

const (
	lineElements = 16   // elements of a cache line of 64 bytes
	probeBlock   = 4096 // elements of the block of one array that a probe visits before the next array
)

// memoryProbes returns functions that read arrays of n elements and write the first of them back: the one as updates do, all arrays side by side, the other
// block by block. Which is faster depends on how a processor fetches ahead.
func memoryProbes(n, reads, writes int) []func() error {
	arrays := make([][]float32, reads)
	for i := range arrays {
		arrays[i] = nnrt.Aligned[float32](n)
		for j := range arrays[i] {
			arrays[i][j] = 1 // a page that was never written may be one page of zeros for all
		}
	}
	out := []func() error{func() error {
		for lo := 0; lo < n; lo += probeBlock {
			hi := min(lo+probeBlock, n)
			for i, a := range arrays {
				visit(a[lo:hi], i < writes)
			}
		}
		return nil
	}}
	switch {
	case reads == 2 && writes == 1:
		out = append(out, func() error { visit2(arrays[1], arrays[0]); return nil })
	case reads == 3 && writes == 2:
		out = append(out, func() error { visit3(arrays[2], arrays[0], arrays[1]); return nil })
	case reads == 4 && writes == 3:
		out = append(out, func() error { visit4(arrays[3], arrays[0], arrays[1], arrays[2]); return nil })
	}
	return out
}

// sink keeps what was read alive.
var sink float32

// visit reads every line of a and writes it if asked to.
func visit(a []float32, write bool) {
	sum := float32(0)
	for j := 0; j < len(a); j += lineElements {
		sum += a[j]
		if write {
			a[j] = 1
		}
	}
	sink += sum
}

// visit2 reads every line of g and p and writes p.
func visit2(g, p []float32) {
	p = p[:len(g)]
	for j := 0; j < len(g); j += lineElements {
		p[j] -= g[j]
	}
}

// visit3 reads every line of g, m and p and writes m and p.
func visit3(g, m, p []float32) {
	m, p = m[:len(g)], p[:len(g)]
	for j := 0; j < len(g); j += lineElements {
		m[j] += g[j]
		p[j] -= g[j]
	}
}

// visit4 reads every line of g, m, v and p and writes m, v and p.
func visit4(g, m, v, p []float32) {
	m, v, p = m[:len(g)], v[:len(g)], p[:len(g)]
	for j := 0; j < len(g); j += lineElements {
		m[j] += g[j]
		v[j] += g[j]
		p[j] -= g[j]
	}
}
