// Does every rule of the text table hold, and does it fire?

package symbolic

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// A ruleSample holds leaves for the names of a rule: small letters are [n, 3] floats (or bools), except those under expand, which are [n].
type ruleSample struct {
	g      *Graph
	b      *bindings
	f      *Func
	consts map[string]float64
}

func (r *ruleSample) bind(e *expr, want DType, small bool) {
	if e.name != "" {
		if r.b.vars[e.name] != nil {
			return
		}
		if v, ok := r.consts[e.name]; ok {
			r.b.vars[e.name] = r.g.Const(v, F64, SymDim("n", 0), Int(3))
			return
		}
		shape := []Dim{SymDim("n", 0), Int(3)}
		if small {
			shape = shape[:1]
		}
		p := r.g.Leaf(OpArg, e.name, want, shape)
		r.b.vars[e.name] = p
		r.f.Params = append(r.f.Params, p)
		return
	}
	if e.axes != "" {
		r.b.axes[e.axes], r.b.full[e.axes] = []int{1}, []Dim{SymDim("n", 0), Int(3)}
	}
	for i, a := range e.args {
		t := F64
		if e.op == OpAnd || e.op == OpOr || e.op == OpNot || e.op == OpWhere && i == 0 {
			t = Bool
		}
		r.bind(a, t, small || e.op == OpBroadcast)
	}
}

// reducedExpr reports whether the value of e lacks the summed axis.
func reducedExpr(e *expr) bool {
	if e.name != "" || e.isNum() {
		return false
	}
	if e.axes != "" {
		return e.op != OpBroadcast
	}
	for _, a := range e.args {
		if reducedExpr(a) {
			return true
		}
	}
	return false
}

func TestRules(t *testing.T) {
	// Where a side needs it: positive arguments, constants that satisfy the condition.
	domain := map[string][2]float64{"log": {0.2, 3}, "pow": {0.2, 3}, "sqrt": {0.2, 3}, "log1p neg": {-3, 0.9}}
	names := map[string]bool{}
	for i := range Rules {
		r := &Rules[i]
		if names[r.Name] {
			t.Errorf("two rules are called %s", r.Name)
		}
		names[r.Name] = true
		t.Run(r.Name, func(t *testing.T) {
			g := NewGraph()
			left, right := mustExpr(r.Left), mustExpr(r.Right)
			s := &ruleSample{g: g, b: newBindings(), f: &Func{Name: "rule", Syms: SymDim("n", 0).Syms()}, consts: map[string]float64{"c1": 0.5, "c2": 3}}
			rootType := F64
			if Ops[left.op].Kind == KindElement && (left.op == OpAnd || left.op == OpOr || left.op == OpNot) {
				rootType = Bool
			}
			s.bind(left, rootType, false)
			shape := []Dim{SymDim("n", 0), Int(3)}
			if reducedExpr(left) {
				shape = shape[:1]
			}
			l := g.build(left, s.b, shape, rootType)
			rr := g.build(right, s.b, shape, rootType)
			s.f.Results = []Result{{"left", l}, {"right", rr}}
			lo, hi := -3.0, 3.0
			for key, d := range domain {
				if strings.Contains(r.Left, key+"(") && key != "log" || strings.Contains(r.Left, "^") || r.Name == key || strings.Contains(r.Left, "log(") && strings.Contains(r.Left, "1 + x") {
					lo, hi = d[0], d[1]
				}
			}
			if r.Name == "log of quotient" {
				lo, hi = 0.2, 3
			}
			for seed := uint64(0); seed < 20; seed++ {
				args := make([]*Tensor, len(s.f.Params))
				for k, p := range s.f.Params {
					args[k] = newSampler(seed*10+uint64(k)).tensor(testSizes, p, lo, hi)
					if p.DType == Bool {
						args[k] = newSampler(seed*10+uint64(k)).tensor(testSizes, p, 0, 1)
					}
				}
				out := mustEval(t, s.f, args, testSizes)
				for j := range out[0].Data {
					a, b := out[0].Data[j], out[1].Data[j]
					if r.Exactness == Rounding && math.Abs(a-b) > 1e-12*math.Max(1, math.Abs(a)) || r.Exactness != Rounding && a != b {
						t.Fatalf("%s is %v, %s is %v at %v", r.Left, a, r.Right, b, args)
					}
				}
				// A special value may only change where the rule says so.
				if r.Exactness == Exact && seed == 0 {
					checkSpecial(t, r, s.f)
				}
			}

			fired := map[string]bool{}
			root := l
			if r.Exactness == FiniteOnly { // the operand must be finite: a bounded function of anything bounded
				u, err := g.Rand("uniform", "u", s.b.vars["x"].Shape, F64)
				if err != nil {
					t.Fatal(err)
				}
				s.b.vars["x"] = u
				root = g.build(left, s.b, shape, rootType)
			}
			f := Simplify(&Func{Name: "left", Params: s.f.Params, Results: []Result{{"y", root}}}, func(rule string, _, _ *Node) { fired[rule] = true })
			if !fired[r.Name] {
				t.Errorf("%s did not fire, but %v\n%s", r.Left, fired, Text(f))
			}
		})
	}
}

// checkSpecial compares both sides of an exact rule at infinities, NaN and zeros. Zeros of either sign are equal.
func checkSpecial(t *testing.T, r *Rule, f *Func) {
	special := []float64{math.Inf(1), math.Inf(-1), math.NaN(), 0, math.Copysign(0, -1), 1}
	for _, x := range special {
		for _, y := range special {
			args := make([]*Tensor, len(f.Params))
			for k, p := range f.Params {
				args[k] = NewTensor(testSizes.shape(p.Shape)...)
				for j := range args[k].Data {
					v := []float64{x, y, 0.5}[k%3]
					if p.DType == Bool {
						v = float64(j % 2)
					}
					args[k].Data[j] = v
				}
			}
			out := mustEval(t, f, args, testSizes)
			for j := range out[0].Data {
				a, b := out[0].Data[j], out[1].Data[j]
				if a != b && !(math.IsNaN(a) && math.IsNaN(b)) {
					t.Fatalf("%s is %v, %s is %v at x = %v, y = %v", r.Left, a, r.Right, b, x, y)
				}
			}
		}
	}
}

// TestFiniteOnlyRulesNeedProof: without a proof they must not fire.
func TestFiniteOnlyRulesNeedProof(t *testing.T) {
	g := NewGraph()
	x := g.Leaf(OpInput, "x", F32, Ints(3))
	for _, n := range []*Node{g.mul(x, g.Const(0, F32, Int(3))), g.sub(x, x)} {
		f := Simplify(&Func{Name: "f", Params: []*Node{x}, Results: []Result{{"y", n}}}, nil)
		if f.Results[0].Node != n {
			t.Errorf("%s of an unknown value became %s", n.Info().Name, Text(f))
		}
	}
}

// TestStability: the forms that overflow or cancel are gone.
func TestStability(t *testing.T) {
	for _, c := range []struct {
		text string
		x    []float64
		want []float64
	}{
		{"log(sigmoid(x))", []float64{-1000, 0, 1000, math.Inf(-1)}, []float64{-1000, -math.Ln2, 0, math.Inf(-1)}},
		{"log(1 - sigmoid(x))", []float64{-1000, 0, 1000, math.Inf(1)}, []float64{0, -math.Ln2, -1000, math.Inf(-1)}},
		{"log(1 + exp(x))", []float64{-40, 0}, []float64{math.Exp(-40), math.Ln2}},
		{"exp(x) - 1", []float64{1e-20, 0}, []float64{1e-20, 0}},
		{"log(sum[A](exp(x)))", []float64{1000, 1000, 999, 0}, []float64{1000 + math.Log(2+math.Exp(-1))}},
		{"log(sum[A](exp(x)))", []float64{math.Inf(-1), math.Inf(-1)}, []float64{math.Inf(-1)}},
		{"log(sum[A](exp(x)))", []float64{math.Inf(1), 0}, []float64{math.Inf(1)}},
		{"log(sum[A](exp(x)))", []float64{math.NaN(), 0}, []float64{math.NaN()}},
		{"log(exp(x) / expand[A](sum[A](exp(x))))", []float64{1000, 0}, []float64{0, -1000}},
	} {
		g := NewGraph()
		b := newBindings()
		shape := Ints(len(c.x))
		x := g.Leaf(OpArg, "x", F64, shape)
		b.vars["x"], b.axes["A"], b.full["A"] = x, []int{0}, shape
		e := mustExpr(c.text)
		rootShape := shape
		if reducedExpr(e) && !strings.Contains(c.text, "expand") {
			rootShape = nil
		}
		f := &Func{Name: "f", Params: []*Node{x}, Results: []Result{{"y", g.build(e, b, rootShape, F64)}}}
		// A second round finds nothing more to do.
		s := Simplify(f, nil)
		Simplify(s, func(rule string, before, after *Node) { t.Errorf("%s: %s fires again", c.text, rule) })
		got := mustEval(t, s, []*Tensor{{[]int{len(c.x)}, c.x}}, testSizes)[0].Data
		for i, w := range c.want {
			if !(math.Abs(got[i]-w) <= 1e-12*math.Abs(w)) && got[i] != w && !(math.IsNaN(w) && math.IsNaN(got[i])) {
				t.Errorf("%s: got %v, want %v\n%s", c.text, got, c.want, Text(s))
				break
			}
		}
	}
}

// TestStableDerivatives: at 0 the branches of the stable forms must meet in all derivatives.
func TestStableDerivatives(t *testing.T) {
	for _, text := range []string{"log(sigmoid(x))", "log(1 - sigmoid(x))"} {
		g := NewGraph()
		x := g.Leaf(OpArg, "x", F64, nil)
		b := newBindings()
		b.vars["x"] = x
		f := Simplify(&Func{Name: "f", Params: []*Node{x}, Results: []Result{{"y", g.build(mustExpr(text), b, nil, F64)}}}, nil)
		y := f.Results[0].Node
		want := map[string][]float64{"log(sigmoid(x))": {0.5, -0.25}, "log(1 - sigmoid(x))": {-0.5, -0.25}}[text]
		for order, w := range want {
			grads, err := Grad(g, y, []*Node{x}, nil)
			if err != nil {
				t.Fatal(err)
			}
			y = grads[0]
			d := Run(&Func{Name: "d", Params: []*Node{x}, Results: []Result{{"d", y}}}, nil)
			for _, at := range []float64{0, -1000, 1000} {
				got := mustEval(t, d, []*Tensor{{Data: []float64{at}}}, testSizes)[0].Data[0]
				if at == 0 && math.Abs(got-w) > 1e-15 || math.IsNaN(got) {
					t.Errorf("%s: derivative %d at %v is %v, want %v", text, order+1, at, got, w)
				}
			}
		}
	}
}

func ExampleSimplify() {
	g := NewGraph()
	x := g.Leaf(OpArg, "x", F32, []Dim{SymDim("batch", 0), Int(10)})
	e, _ := g.Unary(OpExp, x)
	sum, _ := g.Reduce(OpSum, e, []int{1}, true)
	p, _ := g.Binary(OpDiv, e, sum)
	y, _ := g.Unary(OpLog, p)
	f := &Func{Name: "log_softmax", Syms: SymDim("batch", 0).Syms(), Params: []*Node{x}, Results: []Result{{"y", y}}}
	var fired []string
	Run(Simplify(f, func(rule string, _, _ *Node) { fired = append(fired, rule) }), nil)
	fmt.Println(strings.Join(fired, ", "))
	// Output: reshape reshape, log of quotient, elementwise broadcast, logsumexp
}
