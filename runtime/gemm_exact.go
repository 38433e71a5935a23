package nnrt

// This file answers: how is a product computed in plain Go with the bits of the vector instructions?

// gemmExact is gemmPortable with fused terms, for programs built with the tag nnexact.
func gemmExact[T Float](p *product) {
	block := termBlock(p.k)
	for i := range p.m {
		for j := range p.n {
			c := (*T)(p.c.at(i, j))
			var sum T
			for k0 := 0; k0 < p.k; k0 += block {
				var s T
				for kk := k0; kk < min(k0+block, p.k); kk++ {
					s = fusedTerm(s, *(*T)(p.a.at(i, kk)), *(*T)(p.b.at(kk, j)))
				}
				if k0 > 0 {
					s += sum
				} else if p.acc != 0 {
					s += *c
				}
				sum = s
			}
			*c = sum
		}
	}
}
