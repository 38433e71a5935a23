package lane

import (
	"math"
	"os"
	"runtime"
	"sync"
	"testing"
)

// This file holds what the tests of formulas share, and the test of special arguments.

// exact holds the functions in float64, whose own error is far below what is measured here.
var exact = map[string]func(float64) float64{
	"exp": math.Exp, "expm1": math.Expm1, "tanh": math.Tanh, "sigmoid": exactSigmoid, "erf": math.Erf, "log": math.Log, "log1p": math.Log1p,
	"rsqrt": func(x float64) float64 { return 1 / math.Sqrt(x) },
	"sin":   math.Sin, "cos": math.Cos, "tan": math.Tan, "sinh": math.Sinh, "cosh": math.Cosh,
}

func exactSigmoid(x float64) float64 {
	if x < 0 {
		return math.Exp(x) / (1 + math.Exp(x))
	}
	return 1 / (1 + math.Exp(-x))
}

// A worst is the greatest error seen and where.
type worst struct {
	ulp float64
	at  float32
}

func (w *worst) see(ulp float64, at float32) {
	if ulp > w.ulp || ulp != ulp {
		*w = worst{ulp, at}
	}
}

// ulpError is the distance of got from the exact value, in units in the last place of float32 at that value.
// NaNs must agree, and so must the sign of a zero. Where float32 ends it goes on as 2**128.
func ulpError(got float32, want float64) float64 {
	switch {
	case want != want:
		if got != got {
			return 0
		}
		return math.Inf(1)
	case math.IsInf(want, 0):
		if float64(got) == want {
			return 0
		}
		return math.Inf(1)
	case want == 0:
		if got == 0 && math.Signbit(want) == math.Signbit(float64(got)) {
			return 0
		}
		return math.Inf(1)
	}
	want = max(-0x1p128, min(0x1p128, want))
	if math.IsInf(float64(got), 0) {
		return math.Abs(math.Copysign(0x1p128, float64(got))-want) * 0x1p-104
	}
	exp := int(math.Float64bits(want)>>52&0x7ff) - 1023
	ulp := min(max(exp-23, -149), 104)
	return math.Abs(float64(got)-want) * math.Float64frombits(uint64(1023-ulp)<<52)
}

// step is the distance of the bit patterns tried: all of them with NNGEN_LONG=1.
func step() int {
	if os.Getenv("NNGEN_LONG") == "1" {
		return 1
	}
	return 997
}

// everyFloat calls f, on all processors, with blocks of float32 whose bit patterns are step apart.
func everyFloat(step int, f func(x []float32)) {
	const block = 1024
	var wg sync.WaitGroup
	starts := make(chan int, 64)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			x := make([]float32, 0, block)
			for start := range starts {
				x = x[:0]
				for b := start; b < min(start+block*step, 1<<32); b += step {
					x = append(x, math.Float32frombits(uint32(b)))
				}
				f(x)
			}
		})
	}
	for start := 0; start < 1<<32; start += block * step {
		starts <- start
	}
	close(starts)
	wg.Wait()
}

// program returns the formula applied to operands 0, 1, ...
func program(t testing.TB, name string, args int) (*Program, Value) {
	t.Helper()
	p := NewProgram(4)
	var a []Value
	for i := range args {
		a = append(a, p.Load(i, Float))
	}
	v, ok := p.Call(name, a...)
	if !ok {
		t.Fatalf("there is no formula %s", name)
	}
	return p, v
}

// TestFormulaRange says that functions bounded by 1 never leave their range by rounding, reach its ends, and keep the symmetry they have.
func TestFormulaRange(t *testing.T) {
	for _, c := range []struct {
		name      string
		odd, even bool
		domain    float64
		end       bool // 1 for large arguments
	}{
		{"tanh", true, false, math.Inf(1), true}, {"erf", true, false, math.Inf(1), true}, {"sigmoid", false, false, math.Inf(1), true},
		{"sin", true, false, math.Inf(1), false}, {"cos", false, true, math.Inf(1), false},
	} {
		p, v := program(t, c.name, 1)
		everyFloat(9973, func(x []float32) {
			m, y, z := NewInterpreter(p), make([]float32, len(x)), make([]float32, len(x))
			m.Run(y, v, [][]float32{x}, nil)
			for i := range x {
				x[i] = -x[i]
			}
			m.Run(z, v, [][]float32{x}, nil)
			for i := range x {
				if !(math.Abs(float64(x[i])) <= c.domain) {
					continue
				}
				switch {
				case y[i] > 1 || y[i] < -1 || c.name == "sigmoid" && y[i] < 0:
					t.Errorf("%s(%g) = %g", c.name, -x[i], y[i])
				case c.odd && y[i] != -z[i] || c.even && y[i] != z[i]:
					t.Errorf("%s(%g) = %g, %s(%g) = %g", c.name, -x[i], y[i], c.name, x[i], z[i])
				}
			}
		})
		x, y := []float32{20, 1000, math.MaxFloat32}, make([]float32, 3)
		NewInterpreter(p).Run(y, v, [][]float32{x}, nil)
		if c.end && (y[0] != 1 || y[1] != 1 || y[2] != 1) {
			t.Errorf("%s of %v is %v, want 1", c.name, x, y)
		}
	}
}

// instructions counts what the processor executes for an ordinary vector: all but constants, operands, views and what a Rare formula needs.
func instructions(p *Program) int {
	n := 0
	for _, in := range p.Insts {
		if form := ops[in.Op].form; form != formLeaf && form != formFree && in.Where == 0 {
			n++
		}
	}
	return n
}

// TestFormulaSpecial compares special arguments, with the sign of zeros.
func TestFormulaSpecial(t *testing.T) {
	inf := float32(math.Inf(1))
	zero := float32(0)
	x := []float32{0, -zero, 1, -1, 0.5, -0.5, 2, -2, inf, -inf, float32(math.NaN()), math.Float32frombits(0x7f800001), math.Float32frombits(0xffffffff),
		0x1p-149, -0x1p-149, 0x1p-126, -0x1p-126, 0x1p-30, -0x1p-30, math.MaxFloat32, -math.MaxFloat32, 88.72283, 88.72284, -103.97, -103.98, 89.41598, 89.41599}
	x[1] = math.Float32frombits(1 << 31)
	for _, f := range Formulas() {
		want := exact[f.Name]
		if want == nil {
			continue
		}
		p, v := program(t, f.Name, 1)
		y := make([]float32, len(x))
		NewInterpreter(p).Run(y, v, [][]float32{x}, nil)
		for i := range x {
			if w := want(float64(x[i])); !(ulpError(y[i], w) <= f.Bound) {
				t.Errorf("%s(%g) = %g, want %g", f.Name, x[i], y[i], w)
			}
		}
	}
}
