// Does simplification keep values and derivatives of expressions nobody thought of?

package symbolic

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// grower builds a random expression from a list of choices: a stack machine that skips what does not fit.
type grower struct {
	g     *Graph
	pool  []*Node // floats
	bools []*Node
	idx   *Node
	f     *Func
}

func newGrower() *grower {
	g := NewGraph()
	n := SymDim("n", 0)
	w := &grower{g: g, f: &Func{Name: "random", Syms: n.Syms()}}
	w.leaf("x", F64, []Dim{n, Int(3)})
	w.leaf("y", F64, []Dim{n, Int(3)})
	w.leaf("r", F64, Ints(3))
	w.leaf("q", F64, Ints(3, 3))
	w.leaf("s", F64, nil)
	w.idx = g.Leaf(OpArg, "i", I32, []Dim{n})
	w.f.Params = append(w.f.Params, w.idx)
	c := g.Leaf(OpArg, "c", Bool, []Dim{n, Int(3)})
	w.f.Params = append(w.f.Params, c)
	w.bools = []*Node{c}
	return w
}

func (w *grower) leaf(name string, dt DType, shape []Dim) {
	p := w.g.Leaf(OpArg, name, dt, shape)
	w.f.Params = append(w.f.Params, p)
	w.pool = append(w.pool, p)
}

func (w *grower) add(n *Node, err error) {
	if err == nil && n.Rank() <= 4 && n.Rank() >= 0 {
		w.pool = append(w.pool, n)
	}
}

var growUnary = []Op{OpNeg, OpAbs, OpTanh, OpSigmoid, OpSin, OpCos, OpExp, OpErf, OpStopGradient, OpVar}
var growBinary = []Op{OpAdd, OpSub, OpMul, OpMax, OpMin}
var growConst = []float64{0, 1, -1, 2, 0.5, 3, -0.25}

// step performs one choice on values picked by a, b and c.
func (w *grower) step(op, a, b, c int) {
	g := w.g
	x, y := w.pool[len(w.pool)-1-a%len(w.pool)], w.pool[len(w.pool)-1-b%len(w.pool)]
	axis := 0
	if x.Rank() > 0 {
		axis = c % x.Rank()
	}
	switch op % 20 {
	case 0, 1:
		w.add(g.Unary(growUnary[c%len(growUnary)], x))
	case 2, 3, 4:
		w.add(g.Binary(growBinary[c%len(growBinary)], x, y))
	case 5:
		w.add(g.Binary(growBinary[b%len(growBinary)], x, g.Const(growConst[c%len(growConst)], F64)))
	case 6:
		w.add(g.Binary(OpDiv, x, g.Const(growConst[c%len(growConst)]+4, F64)))
	case 7:
		axes := []int{axis}
		if b%2 == 1 {
			axes = span(0, x.Rank())
		}
		w.add(g.Reduce([]Op{OpSum, OpSum, OpReduceMax}[b%3], x, axes, a%2 == 0))
	case 8:
		if x.Rank() == 2 {
			w.add(g.Permute(x, []int{1, 0}))
		}
	case 9:
		w.add(g.Reshape(x, append([]Dim{Int(1)}, x.Shape...)))
	case 10:
		if x.Rank() > 0 && x.Shape[axis].Is(1) {
			w.add(g.Reshape(x, drop(x.Shape, []int{axis})))
		}
	case 11:
		if x.Rank() > 0 {
			w.add(g.Reverse(x, []int{axis}))
		}
	case 12:
		if x.Rank() > 0 && x.Rank() < 4 {
			w.add(g.Concat(axis, x, y))
		}
	case 13:
		w.add(g.MatMul(x, y))
	case 14:
		bo := w.bools[b%len(w.bools)]
		w.add(g.Where(bo, x, w.pool[c%len(w.pool)]))
	case 15:
		if n, err := g.Binary(OpLt, w.pool[a%3], w.pool[b%3]); err == nil {
			w.bools = append(w.bools, n)
		}
		if n, err := g.Unary(OpNot, w.bools[c%len(w.bools)]); err == nil {
			w.bools = append(w.bools, n)
		}
	case 16:
		if x.Rank() > 0 {
			lo, hi := make([]Dim, x.Rank()), append([]Dim(nil), x.Shape...)
			for i := range lo {
				lo[i] = Int(0)
			}
			if b%2 == 0 {
				hi[axis] = hi[axis].Sub(Int(1))
			}
			w.add(g.Slice(x, lo, hi, nil))
			pad := make([]Dim, x.Rank())
			for i := range pad {
				pad[i] = Int(0)
			}
			pad[axis] = Int(b % 2)
			w.add(g.Pad(x, lo, pad, nil))
		}
	case 17:
		w.add(g.Gather(x, w.idx))
	case 18:
		e, err := g.Unary(OpExp, x)
		if err != nil || x.Rank() == 0 {
			return
		}
		s, err := g.Reduce(OpSum, e, []int{axis}, true)
		if err != nil {
			return
		}
		if b%2 == 0 {
			w.add(g.Unary(OpLog, s))
			return
		}
		p, err := g.Binary(OpDiv, e, s)
		if err != nil {
			return
		}
		w.add(g.Unary(OpLog, p))
	case 19:
		w.add(g.Binary(OpPow, x, g.Const([]float64{0, 1, 2, 3, 4}[c%5], F64)))
	}
}

// root returns a scalar that depends on the last values.
func (w *grower) root() *Node {
	var sum *Node
	for i := max(0, len(w.pool)-3); i < len(w.pool); i++ {
		n := w.g.sum(w.pool[i], span(0, w.pool[i].Rank()))
		if sum == nil {
			sum = n
		} else {
			sum = w.g.add(sum, n)
		}
	}
	return sum
}

// sampleArgs makes indices legal for any table here: every axis has at least two entries.
func (w *grower) args(env *Env, seed uint64) []*Tensor {
	s := newSampler(seed)
	var args []*Tensor
	for _, p := range w.f.Params {
		lo, hi := -1.5, 1.5
		if !p.DType.Float() {
			lo, hi = 0, 1
		}
		args = append(args, s.tensor(env, p, lo, hi))
	}
	return args
}

type failer interface {
	Fatalf(format string, args ...any)
	Skip(args ...any)
}

// checkSimplify compares f, its gradient, and both after all passes.
func checkSimplify(t failer, w *grower) {
	f := w.f
	root := w.root()
	f.Results = []Result{{"y", root}}
	for _, n := range w.pool[max(0, len(w.pool)-3):] {
		f.Results = append(f.Results, Result{"last", n})
	}
	var wrt []*Node
	for _, p := range f.Params {
		if p.DType.Float() {
			wrt = append(wrt, p)
		}
	}
	grads, err := Grad(w.g, root, wrt, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	before := *f
	before.Results = append([]Result(nil), f.Results...)
	for i, d := range grads {
		if d == nil {
			d = w.g.Const(0, F64, wrt[i].Shape...)
		}
		before.Results = append(before.Results, Result{"d", d})
	}
	prepared := Prepare(f, func(pass string, f *Func) {
		if err := Verify(f); err != nil {
			t.Fatalf("after %s: %v\n%s", pass, err, Text(f))
		}
	})
	grads, err = Grad(w.g, prepared.Results[0].Node, wrt, nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	joint := *prepared
	joint.Results = append([]Result(nil), prepared.Results...)
	for i, d := range grads {
		if d == nil {
			d = w.g.Const(0, F64, wrt[i].Shape...)
		}
		joint.Results = append(joint.Results, Result{"d", d})
	}
	after := Run(&joint, func(pass string, f *Func) {
		if err := Verify(f); err != nil {
			t.Fatalf("after %s: %v\n%s", pass, err, Text(f))
		}
	})
	if again := Run(after, nil); Text(again) != Text(after) {
		t.Fatalf("the passes are not idempotent:\n%s\n%s", Text(after), Text(again))
	}
	env := &Env{Sizes: map[*Sym]int{SymDim("n", 0).Syms()[0]: 3}}
	args := w.args(env, 1)
	want, err := before.EvalEnv(args, env)
	if err != nil {
		t.Skip(err)
	}
	scale := 1.0
	all := &Func{Name: "all", Syms: f.Syms, Params: f.Params}
	for _, n := range before.Nodes() {
		if n.DType.Float() {
			all.Results = append(all.Results, Result{"n", n})
		}
	}
	values, err := all.EvalEnv(args, env)
	if err != nil {
		t.Skip(err)
	}
	for _, v := range values {
		for _, x := range v.Data {
			scale = math.Max(scale, math.Abs(x))
		}
	}
	if !(scale < 1e6) {
		t.Skip("too large")
	}
	got, err := after.EvalEnv(args, env)
	if err != nil {
		t.Fatalf("%v\n%s", err, Text(after))
	}
	for i := range want {
		for j := range want[i].Data {
			if d := math.Abs(want[i].Data[j] - got[i].Data[j]); !(d <= 1e-9*scale) {
				t.Fatalf("result %d (%s): element %d was %v and became %v\n%s\n%s", i, before.Results[i].Name, j, want[i].Data[j], got[i].Data[j], Text(&before), Text(after))
			}
		}
	}
}

func TestSimplifyKeepsValuesAndDerivatives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newGrower()
		for i := rapid.IntRange(1, 14).Draw(t, "steps"); i > 0; i-- {
			w.step(rapid.IntRange(0, 19).Draw(t, "op"), rapid.IntRange(0, 5).Draw(t, "a"), rapid.IntRange(0, 5).Draw(t, "b"), rapid.IntRange(0, 9).Draw(t, "c"))
		}
		checkSimplify(t, w)
	})
}

func FuzzSimplify(f *testing.F) {
	f.Add([]byte{18, 0, 1, 1, 2, 0, 1, 0})
	f.Add([]byte{13, 1, 0, 0, 0, 0, 0, 2, 7, 0, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newGrower()
		for i := 0; i+3 < len(data) && i < 80; i += 4 {
			w.step(int(data[i]), int(data[i+1]), int(data[i+2]), int(data[i+3]))
		}
		checkSimplify(t, w)
	})
}

func TestSimplifyLongChain(t *testing.T) {
	g := NewGraph()
	x := g.Leaf(OpArg, "x", F64, Ints(2))
	y := x
	for i := 0; i < 100_000; i++ {
		y = g.Must(OpNeg, Attr{}, g.add(y, g.Const(0, F64, Int(2))))
	}
	f := Run(&Func{Name: "chain", Params: []*Node{x}, Results: []Result{{"y", y}}}, nil)
	if f.Results[0].Node != x {
		t.Errorf("%d nodes are left", len(f.Nodes()))
	}
}
