package lane

import (
	"fmt"
	"math"
	"testing"
)

// This file answers: do minima and maxima of lanes treat NaN and the zeros as Go does, whatever is known about an operand?

// TestExtremes compares with Go's min and max.
func TestExtremes(t *testing.T) {
	nan, inf, zero := math.NaN(), math.Inf(1), math.Copysign(0, -1)
	numbers := []float64{0, zero, 1, -1, 2.5, -2.5, inf, -inf, nan, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, math.MaxFloat32}
	kinds := []struct {
		name string
		make func(p *Program, a, b Value) Value
		want func(a, b float32) float32
	}{
		{"max", (*Program).Max, func(a, b float32) float32 { return max(a, b) }},
		{"min", (*Program).Min, func(a, b float32) float32 { return min(a, b) }},
	}
	for _, kind := range kinds {
		for _, x := range numbers {
			for _, y := range numbers {
				want := kind.want(float32(x), float32(y))
				operands := [][]float32{{float32(x)}, {float32(y)}}
				for known := range 4 {
					p := NewProgram(4)
					a, b := p.Load(0, Float), p.Load(1, Float)
					if known&1 != 0 {
						a = p.Float(x)
					}
					if known&2 != 0 {
						b = p.Float(y)
					}
					v := kind.make(p, a, b)
					var got [1]float32
					NewInterpreter(p).Run(got[:], v, operands, nil)
					if math.Float32bits(got[0]) != math.Float32bits(want) && !(got[0] != got[0] && want != want) {
						t.Errorf("%s is %g, want %g", fmt.Sprintf("%s(%g, %g) with %02b constant", kind.name, x, y, known), got[0], want)
					}
				}
			}
		}
	}
}
