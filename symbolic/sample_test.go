// Helpers of the numerical tests: random arguments, central differences by random projection.

package symbolic

import (
	"math"
	"math/rand/v2"
	"testing"
)

// sampler draws reproducible numbers.
type sampler struct{ *rand.Rand }

func newSampler(seed uint64) sampler { return sampler{rand.New(rand.NewPCG(seed, 1))} }

// tensor draws a tensor for leaf n from [lo, hi]; ints and bools are whole numbers.
func (s sampler) tensor(env *Env, n *Node, lo, hi float64) *Tensor {
	t := NewTensor(env.shape(n.Shape)...)
	for i := range t.Data {
		v := lo + (hi-lo)*s.Float64()
		if !n.DType.Float() {
			v = math.Floor(lo + (hi-lo+1)*s.Float64())
		}
		t.Data[i] = v
	}
	return t
}

func (s sampler) like(t *Tensor) *Tensor {
	out := NewTensor(t.Shape...)
	for i := range out.Data {
		out.Data[i] = 2*s.Float64() - 1
	}
	return out
}

func mustEval(t *testing.T, f *Func, args []*Tensor, env *Env) []*Tensor {
	t.Helper()
	if err := Verify(f); err != nil {
		t.Fatalf("%v\n%s", err, Text(f))
	}
	out, err := f.EvalEnv(args, env)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inner(a, b *Tensor) float64 {
	s := 0.0
	for i := range a.Data {
		s += a.Data[i] * b.Data[i]
	}
	return s
}

func norm(a *Tensor) float64 { return math.Sqrt(inner(a, a)) }

func shifted(args, dirs []*Tensor, h float64) []*Tensor {
	out := make([]*Tensor, len(args))
	for i, a := range args {
		out[i] = a
		if dirs[i] != nil {
			out[i] = &Tensor{a.Shape, append([]float64(nil), a.Data...)}
			for j := range a.Data {
				out[i].Data[j] += h * dirs[i].Data[j]
			}
		}
	}
	return out
}

// checkDerivatives checks a Func of one float result, by every float parameter at once:
// forward mode against central differences, reverse mode against forward mode, and, at order 2, the same for the gradient of the projected result.
func checkDerivatives(t *testing.T, f *Func, args []*Tensor, env *Env, order int) {
	t.Helper()
	s := newSampler(7)
	g := f.graph()
	var wrt, tan []*Node
	var dirs, moving []*Tensor
	for i, p := range f.Params {
		dirs = append(dirs, nil)
		if p.DType.Float() {
			d := s.like(args[i])
			dirs[i] = d
			wrt, moving = append(wrt, p), append(moving, d)
			tan = append(tan, g.Leaf(OpArg, "tangent."+p.Attr.Name, p.DType, p.Shape))
		}
	}
	root := f.Results[0].Node
	y := mustEval(t, f, args, env)[0]

	const h = 1e-5
	up, down := mustEval(t, f, shifted(args, dirs, h), env)[0], mustEval(t, f, shifted(args, dirs, -h), env)[0]
	want := NewTensor(y.Shape...)
	for i := range want.Data {
		want.Data[i] = (up.Data[i] - down.Data[i]) / (2 * h)
	}

	jvps, err := JVP(g, []*Node{root}, wrt, tan)
	if err != nil {
		t.Fatalf("%s: jvp: %v", f.Name, err)
	}
	got := NewTensor(y.Shape...)
	if jvps[0] != nil {
		fj := &Func{Name: f.Name + "_jvp", Syms: f.Syms, Params: append(append([]*Node(nil), f.Params...), tan...), Results: []Result{{"t", jvps[0]}}}
		got = mustEval(t, fj, append(append([]*Tensor(nil), args...), moving...), env)[0]
	}
	for i := range want.Data {
		if math.Abs(got.Data[i]-want.Data[i]) > 2e-6*math.Max(1, norm(want)) {
			t.Fatalf("%s: order %d: forward derivative of element %d is %g, differences give %g", f.Name, order, i, got.Data[i], want.Data[i])
		}
	}

	ct := g.Leaf(OpArg, "cotangent."+f.Name, root.DType, root.Shape)
	grads, err := VJP(g, []*Node{root}, []*Node{ct}, wrt)
	if err != nil {
		t.Fatalf("%s: vjp: %v", f.Name, err)
	}
	c := s.like(y)
	back := &Func{Name: f.Name + "_vjp", Syms: f.Syms, Params: append(append([]*Node(nil), f.Params...), ct)}
	var live []*Tensor
	for i, d := range grads {
		if d != nil {
			back.Results = append(back.Results, Result{"d", d})
			live = append(live, moving[i])
		}
	}
	sum := 0.0
	var rs []*Tensor
	if len(back.Results) > 0 {
		rs = mustEval(t, back, append(append([]*Tensor(nil), args...), c), env)
	}
	for i, r := range rs {
		sum += inner(r, live[i])
	}
	if w := inner(c, got); math.Abs(sum-w) > 1e-9*math.Max(1, norm(c)*norm(got)) {
		t.Fatalf("%s: order %d: <vjp(ct), t> = %g, <ct, jvp(t)> = %g", f.Name, order, sum, w)
	}

	if order == 1 || len(back.Results) == 0 {
		return
	}
	// The gradient, as one scalar through a fixed nonlinearity, is differentiated again.
	for i := range back.Results {
		next := &Func{Name: f.Name + "'", Syms: f.Syms, Params: back.Params, Results: back.Results[i : i+1]}
		checkDerivatives(t, next, append(append([]*Tensor(nil), args...), c), env, order-1)
	}
}
