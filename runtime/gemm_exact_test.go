//go:build nnexact

package nnrt

import (
	"math/rand/v2"
	"testing"
)

// In a program built with the tag nnexact, plain Go and vector instructions give the same bits, but where float32 is rounded twice.
func TestGemmExact(t *testing.T) {
	if BestCPU() == Portable {
		t.Skip("no vector instructions to compare with")
	}
	t.Run("float32", func(t *testing.T) { testGemmExact[float32](t, 1e-4) })
	t.Run("float64", func(t *testing.T) { testGemmExact[float64](t, 0) })
}

func testGemmExact[T Float](t *testing.T, share float64) {
	rng := rand.New(rand.NewPCG(19, 20))
	elements, different := 0, 0
	for _, kind := range gemmKinds[T]() {
		for _, s := range append(gemmSizes(rng), gemmSize{128, 512, 784}) {
			x := newGemmCase[T](rng, s, kind.ta, kind.tb, 0)
			results := map[CPU][]T{}
			onEachCPU(t, func(t *testing.T) {
				c := make([]T, s.m*s.n)
				kind.run(c, s.n, x.a.s, x.lda, x.b.s, x.ldb, s.m, s.n, s.k, false)
				results[activeCPU] = c
			})
			for i, want := range results[Portable] {
				elements++
				if !sameBits(results[BestCPU()][i], want) {
					different++
				}
			}
		}
	}
	t.Logf("%d of %d elements are rounded twice", different, elements)
	if float64(different) > share*float64(elements) {
		t.Errorf("%d of %d elements differ", different, elements)
	}
}
