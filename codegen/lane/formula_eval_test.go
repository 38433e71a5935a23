package lane

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestFused compares with exact arithmetic: ties, cancellation, subnormal results and overflow among them.
func TestFused(t *testing.T) {
	check := func(x, y, z float32) {
		p := new(big.Float).SetPrec(600).SetFloat64(float64(x))
		p.Mul(p, new(big.Float).SetFloat64(float64(y)))
		p.Add(p, new(big.Float).SetFloat64(float64(z)))
		want, _ := p.Float32()
		if got := fused(x, y, z); got != want {
			t.Errorf("fused(%g, %g, %g) = %g, want %g", x, y, z, got, want)
		}
	}
	check(1+0x1p-23, 1+0x1p-23, 0x1p-60)
	check(0x1.000002p0, 0x1p-24, 1)
	check(-0x1.000002p0, 0x1p-24, 1)
	check(0x1p-24, 1, 1)
	check(0x1.8p-100, 0x1p-49, 0x1p-149)
	check(math.MaxFloat32, 1, 0x1p103)
	check(math.MaxFloat32, 1, 0x1.fffffep102)
	rng := rand.New(rand.NewPCG(41, 42))
	float := func() float32 { return math.Float32frombits(rng.Uint32()&^(0xff<<23) | uint32(rng.IntN(254))<<23) }
	for range 100_000 {
		x, y := float(), float()
		check(x, y, float())
		p := x * y // sums of like size cancel
		if p = p * (1 + float32(rng.IntN(3)-1)*0x1p-23); !math.IsInf(float64(p), 0) {
			check(x, y, -p)
			check(x, y, p*0x1p-24)
			check(x, y, -p*0x1p-25)
		}
	}
	inf := float32(math.Inf(1))
	if x := fused(inf, 0, 1); x == x {
		t.Errorf("fused(Inf, 0, 1) = %g, want NaN", x)
	}
	if x := fused(inf, 1, -inf); x == x {
		t.Errorf("fused(Inf, 1, -Inf) = %g, want NaN", x)
	}
	if x := fused(-inf, 1, 1); x != -inf {
		t.Errorf("fused(-Inf, 1, 1) = %g, want -Inf", x)
	}
}

// TestMeanings says that the interpreter knows every primitive that is an instruction or another view of bits.
func TestMeanings(t *testing.T) {
	for op := range numOps {
		if _, ok := meanings[op]; !ok && ops[op].form != formLeaf {
			t.Errorf("the interpreter does not know %s", op)
		}
	}
}
