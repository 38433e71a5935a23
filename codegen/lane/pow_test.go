package lane

import (
	"math"
	"math/rand/v2"
	"testing"

	nnrt "nngen/runtime"
)

// powBlock runs the formula of pow on pairs and returns the worst errors of it and of portable code.
func powBlock(t *testing.T, x, y []float32) (fused, plain worst) {
	p, v := program(t, "pow", 2)
	z := make([]float32, len(x))
	NewInterpreter(p).Run(z, v, [][]float32{x, y}, nil)
	different := 0
	for i := range x {
		want := math.Pow(float64(x[i]), float64(y[i]))
		fused.see(ulpError(z[i], want), x[i])
		plain.see(ulpError(nnrt.Pow(x[i], y[i]), want), x[i])
		if math.Float32bits(z[i]) != math.Float32bits(nnrt.Pow(x[i], y[i])) && z[i] == z[i] {
			different++
		}
		if u := ulpError(z[i], want); !(u < 100) {
			t.Errorf("pow(%g, %g) = %g, want %g", x[i], y[i], z[i], want)
		}
		if u := ulpError(nnrt.Pow(x[i], y[i]), want); !(u < 100) {
			t.Errorf("portable pow(%g, %g) = %g, want %g", x[i], y[i], nnrt.Pow(x[i], y[i]), want)
		}
	}
	if exactBuild && different > 0 {
		t.Errorf("%d of %d results of portable code differ", different, len(x))
	}
	return fused, plain
}

// TestPow takes all pairs of special arguments and many whose powers are spread over the range of float32.
func TestPow(t *testing.T) {
	inf := float32(math.Inf(1))
	special := []float32{0, math.Float32frombits(1 << 31), 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, -1.5, 1e10, -1e10, 16777215, 16777216, -16777217, 4294967295, 0x1p-149, -0x1p-149,
		0x1p-126, -0x1p-126, 0x1.fffffcp-127, 1 - 0x1p-24, 1 + 0x1p-23, -1 - 0x1p-23, math.MaxFloat32, -math.MaxFloat32, inf, -inf, float32(math.NaN()), 1.0 / 3, 1e-30, 127, 128, 149, 150, 151}
	var x, y []float32
	for _, a := range special {
		for _, b := range special {
			x, y = append(x, a), append(y, b)
		}
	}
	bound, portableBound := 0.0, 0.0
	for _, f := range Formulas() {
		if f.Name == "pow" {
			bound, portableBound = f.Bound, f.Portable
		}
	}
	check := func(what string, rounds int, draw func()) {
		var fused, plain worst
		for range rounds {
			draw()
			f, p := powBlock(t, x, y)
			fused.see(f.ulp, f.at)
			plain.see(p.ulp, p.at)
		}
		t.Logf("%s: with fma %.3f ulp at %g, portable %.3f ulp at %g", what, fused.ulp, fused.at, plain.ulp, plain.at)
		if !(fused.ulp <= bound && plain.ulp <= portableBound) {
			t.Errorf("%s: errors %.3f and %.3f ulp are above %g and %g", what, fused.ulp, plain.ulp, bound, portableBound)
		}
	}
	check("special", 1, func() {})
	rng := rand.New(rand.NewPCG(31, 32))
	rounds := 40
	if step() == 1 {
		rounds = 4000
	}
	for _, spread := range []float64{0.01, 0.4, 3, 88} { // of the logarithm of x
		check("random", rounds, func() {
			x, y = x[:0], y[:0]
			for range 10_000 {
				l := (2*rng.Float64() - 1) * spread
				x = append(x, float32(math.Exp(l)))
				y = append(y, float32((rng.Float64()*192-103.5)/l))
			}
		})
	}
}
