package nnrt

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"
)

// elementary lists the float32 functions with their float64 reference and the greatest error allowed, in units in
// the last place of the exact result. Functions with a formula have the bound of the table in codegen/lane; the others are rounded from float64.
var elementary = []struct {
	name string
	f    func(float32) float32
	ref  func(float64) float64
	ulp  float64
}{
	{"Exp", Exp[float32], math.Exp, 1.5},
	{"Log", Log[float32], math.Log, 1.5},
	{"Log1p", Log1p[float32], math.Log1p, 2.5},
	{"Expm1", Expm1[float32], math.Expm1, 2.5},
	{"Sin", Sin[float32], math.Sin, 2},
	{"Cos", Cos[float32], math.Cos, 2},
	{"Tan", Tan[float32], math.Tan, 4},
	{"Asin", Asin[float32], math.Asin, 0.51},
	{"Acos", Acos[float32], math.Acos, 0.51},
	{"Atan", Atan[float32], math.Atan, 0.51},
	{"Sinh", Sinh[float32], math.Sinh, 2.5},
	{"Cosh", Cosh[float32], math.Cosh, 2.5},
	{"Tanh", Tanh[float32], math.Tanh, 3},
	{"Asinh", Asinh[float32], math.Asinh, 0.51},
	{"Acosh", Acosh[float32], math.Acosh, 0.51},
	{"Atanh", Atanh[float32], math.Atanh, 0.51},
	{"Sigmoid", Sigmoid[float32], refSigmoid, 3},
	{"Erf", Erf[float32], math.Erf, 3},
	{"Sqrt", Sqrt[float32], math.Sqrt, 0.5},
	{"Rsqrt", Rsqrt[float32], func(x float64) float64 { return 1 / math.Sqrt(x) }, 1.5},
	{"Floor", Floor[float32], math.Floor, 0},
	{"Ceil", Ceil[float32], math.Ceil, 0},
	{"Round", Round[float32], math.RoundToEven, 0},
	{"Abs", Abs[float32], math.Abs, 0},
}

func refSigmoid(x float64) float64 {
	if x < 0 {
		return math.Exp(x) / (1 + math.Exp(x))
	}
	return 1 / (1 + math.Exp(-x))
}

// TestElementary32 samples every 997th bit pattern of float32; with NNGEN_LONG=1 it takes all of them.
func TestElementary32(t *testing.T) {
	step := uint64(997)
	if os.Getenv("NNGEN_LONG") == "1" {
		step = 1
	}
	for _, e := range elementary {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			worst, at := 0.0, float32(0)
			for bits := uint64(0); bits < 1<<32; bits += step {
				x := math.Float32frombits(uint32(bits))
				got, want := e.f(x), e.ref(float64(x))
				if u := ulpError32(got, want); u > worst || u != u {
					worst, at = u, x
				}
			}
			if !(worst <= e.ulp) {
				t.Errorf("error %.4g ulp at %g (%#x): got %g, want %g", worst, at, math.Float32bits(at), e.f(at), e.ref(float64(at)))
			}
			t.Logf("worst error %.4f ulp at %g", worst, at)
		})
	}
}

// ulpError32 is the distance of got from the exact value, in units in the last place of float32 at that value. NaNs must
// agree, and so must the sign of a zero. Where float32 ends it goes on as 2**128.
func ulpError32(got float32, want float64) float64 {
	switch {
	case want != want && got != got, math.IsInf(want, 0) && float64(got) == want:
		return 0
	case want != want, math.IsInf(want, 0), want == 0 && !sameBits(got, float32(want)):
		return math.Inf(1)
	case want == 0:
		return 0
	}
	want = max(-0x1p128, min(0x1p128, want))
	_, exp := math.Frexp(want)
	ulp := math.Ldexp(1, min(max(exp-24, -149), 104))
	if math.IsInf(float64(got), 0) {
		return math.Abs(math.Copysign(0x1p128, float64(got))-want) / ulp
	}
	return math.Abs(float64(got)-want) / ulp
}

// Special arguments give the special results of package math.
func TestElementarySpecial(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	negZero := math.Copysign(0, -1)
	args := []float64{0, negZero, 1, -1, inf, -inf, nan, 0x1p-149, -0x1p-149, math.MaxFloat32, -math.MaxFloat32, 0.5, -0.5}
	for _, e := range elementary {
		for _, x := range args {
			if got, want := e.f(float32(x)), e.ref(float64(float32(x))); !(ulpError32(got, want) <= e.ulp) {
				t.Errorf("%s(%g) = %g, want %g", e.name, x, got, want)
			}
		}
	}
}

func TestSigmoid64(t *testing.T) {
	for _, x := range []float64{-745, -100, -1, -1e-300, 0, 1e-300, 1, 40, 1000, math.Inf(1), math.Inf(-1)} {
		got, want := Sigmoid(x), math.Exp(-math.Log1p(math.Exp(-x)))
		if x < -30 {
			want = math.Exp(x)
		}
		if math.Abs(got-want) > 1e-13*want {
			t.Errorf("Sigmoid(%g) = %g, want %g", x, got, want)
		}
	}
	if x := Sigmoid(math.NaN()); x == x {
		t.Errorf("Sigmoid(NaN) = %g", x)
	}
}

func TestMinMaxSign(t *testing.T) {
	nan := float32(math.NaN())
	zero, negZero := float32(0), float32(math.Copysign(0, -1))
	for _, c := range []struct{ x, y, min, max float32 }{
		{1, 2, 1, 2},
		{zero, negZero, negZero, zero},
		{negZero, zero, negZero, zero},
		{nan, 1, nan, nan},
		{1, nan, nan, nan},
		{float32(math.Inf(-1)), nan, nan, nan},
	} {
		if got := Min(c.x, c.y); !sameBits(got, c.min) {
			t.Errorf("Min(%g, %g) = %g, want %g", c.x, c.y, got, c.min)
		}
		if got := Max(c.x, c.y); !sameBits(got, c.max) {
			t.Errorf("Max(%g, %g) = %g, want %g", c.x, c.y, got, c.max)
		}
	}
	for _, c := range [][2]float32{{3, 1}, {-3, -1}, {zero, zero}, {negZero, negZero}, {nan, nan}, {0x1p-149, 1}} {
		if got := Sign(c[0]); !sameBits(got, c[1]) {
			t.Errorf("Sign(%g) = %g, want %g", c[0], got, c[1])
		}
	}
}

func TestPowAtan2(t *testing.T) {
	values := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 2, -2.5, 0.5, 3, 1e30, -1e-30, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	for _, x := range values {
		for _, y := range values {
			if got, want := Pow(x, y), math.Pow(float64(x), float64(y)); !(ulpError32(got, want) <= 2.5) {
				t.Errorf("Pow(%g, %g) = %g, want %g", x, y, got, want)
			}
			if got, want := Atan2(x, y), float32(math.Atan2(float64(x), float64(y))); !sameBits(got, want) {
				t.Errorf("Atan2(%g, %g) = %g, want %g", x, y, got, want)
			}
		}
	}
}

// FMA rounds once, also where the float64 sum of the exact product would be a tie for float32.
func TestFMA32(t *testing.T) {
	exact := func(x, y, z float32) float32 {
		var p, s big.Float
		p.SetPrec(400).SetFloat64(float64(x))
		p.Mul(&p, new(big.Float).SetPrec(400).SetFloat64(float64(y)))
		s.SetPrec(400).Add(&p, new(big.Float).SetPrec(400).SetFloat64(float64(z)))
		r, _ := s.Float32()
		return r
	}
	check := func(x, y, z float32) {
		if got, want := FMA(x, y, z), exact(x, y, z); got != want {
			t.Errorf("FMA(%g, %g, %g) = %g, want %g", x, y, z, got, want)
		}
	}
	check(1+0x1p-23, 1+0x1p-23, 0x1p-60)
	check(0x1.000002p0, 0x1p-24, 1) // half an ulp above 1 and a little more
	check(-0x1.000002p0, 0x1p-24, 1)
	check(0x1p-24, 1, 1) // a tie
	check(0x1.8p-100, 0x1p-49, 0x1p-149)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		x := float32(rng.NormFloat64())
		y := float32(math.Ldexp(1+float64(rng.IntN(4))*0x1p-23, rng.IntN(60)-50))
		z := float32(rng.NormFloat64())
		check(x, y, z)
	}
	inf := float32(math.Inf(1))
	if x := FMA(inf, 0, 1); x == x {
		t.Errorf("FMA(Inf, 0, 1) = %g, want NaN", x)
	}
	if x := FMA(inf, 1, 1); x != inf {
		t.Errorf("FMA(Inf, 1, 1) = %g, want +Inf", x)
	}
	if x := FMA(math.MaxFloat32, 2, -inf); x != -inf {
		t.Errorf("FMA(max, 2, -Inf) = %g, want -Inf", x)
	}
}

func BenchmarkElementary(b *testing.B) {
	x, y := make([]float32, 1024), make([]float32, 1024)
	for i := range x {
		x[i] = float32(i-512) / 64
	}
	for _, e := range elementary[:19] {
		b.Run(e.name, func(b *testing.B) {
			for b.Loop() {
				for i, v := range x {
					y[i] = e.f(v)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/elem")
		})
	}
}
