// Is every declaration of the library right in its derivatives? A loop over dsl/std calls each function and layer, by its
// signature alone where that says enough, and compares its derivatives with differences.

package dsl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A sample is one call of a function or layer of the library.
type sample struct {
	inputs string  // "x [batch, 4], k [batch]int": what the call reads
	call   string  // "softmax(x, axis: 0)"
	lo, hi float64 // range of float inputs; both 0: -4 to 4. Ints are 0 to 3, bools of both kinds.
}

// librarySamples are calls that the signature does not suggest: arguments without defaults, settings, and inputs for
// which a function is smooth. A declaration whose parameters without defaults are all tensors of float or int is called without an entry, too.
var librarySamples = map[string][]sample{
	"identity":   {{inputs: "x [batch, 4]", call: "identity(x)"}},
	"leaky_relu": {{inputs: "x [batch, 4]", call: "leaky_relu(x, 0.3)"}},
	"elu":        {{inputs: "x [batch, 4]", call: "elu(x, alpha: 0.5)"}},
	"celu":       {{inputs: "x [batch, 4]", call: "celu(x, alpha: 2)"}},
	"selu":       {{inputs: "x [batch, 4]", call: "selu(x, scale: 2)"}},
	"hardtanh":   {{inputs: "x [batch, 4]", call: "hardtanh(x, -2, 3)"}},
	"softplus": {
		{inputs: "x [batch, 4]", call: "softplus(x, beta: 2, threshold: 3)"},
		{inputs: "x [batch, 4]", call: "softplus(x)", lo: 15, hi: 25},
	},

	"reciprocal": {{inputs: "x [batch, 4]", call: "reciprocal(x)", lo: 0.5, hi: 2}},
	"clamp": {
		{inputs: "x [batch, 4]", call: "clamp(x, -1, 2)"},
		{inputs: "x [batch, 4], lo [4], hi [batch, 4]", call: "clamp(x, lo, hi)"},
	},
	"lerp": {
		{inputs: "a [batch, 4], b [batch, 4]", call: "lerp(a, b, 0.3)"},
		{inputs: "a [batch, 4], b [batch, 4], w [4]", call: "lerp(a, b, w)"},
	},
	"mean": {
		{inputs: "x [batch, 4, 2]", call: "mean(x, axis: 1)"},
		{inputs: "x [batch, 4, 2]", call: "mean(x, axis: [0, -1], keep: true)"},
		{inputs: "x [batch, 4], m [batch, 4]bool", call: "mean(x, where: m)"},
		{inputs: "x [batch, 4]", call: "mean(x, axis: -1, keep: true, where: iota(4) > 1)"},
	},
	"masked_mean": {{inputs: "x [batch, 4]", call: "masked_mean(x, x > -1, -1, false)"}},
	"var":         {{inputs: "x [batch, 4, 2]", call: "var(x, axis: 1, keep: true)"}},
	"std":         {{inputs: "x [batch, 4]", call: "std(x, axis: 0)"}},
	"norm":        {{inputs: "x [batch, 4, 2]", call: "norm(x, axis: [1, 2])"}},
	"safe_sqrt":   {{inputs: "x [batch, 4]", call: "safe_sqrt(x)", lo: 0.2, hi: 3}},
	"logsumexp": {
		{inputs: "x [batch, 4]", call: "logsumexp(x, axis: 0, keep: true)"},
		{inputs: "x [batch, 4]", call: "logsumexp(x, axis: [0, 1])"},
		{inputs: "x [batch, 4]", call: "logsumexp(x)", lo: 900, hi: 904},
	},
	"softmax": {
		{inputs: "x [batch, 4]", call: "softmax(x, axis: 0)"},
		{inputs: "x [batch, 4], m [4]bool", call: "softmax(x, where: m)"},
		{inputs: "x [batch, 4]", call: "softmax(x)", lo: 900, hi: 904},
	},
	"masked_softmax": {{inputs: "x [batch, 4], m [batch, 4]bool", call: "masked_softmax(x, m, -1)"}},
	"log_softmax": {
		{inputs: "x [batch, 4]", call: "log_softmax(x, axis: 0)"},
		{inputs: "x [batch, 4]", call: "log_softmax(x)", lo: -904, hi: -900},
	},

	"huber":     {{inputs: "x [batch, 4], y [batch, 4]", call: "huber(x, y, delta: 2)"}},
	"smooth_l1": {{inputs: "x [batch, 4], y [batch, 4]", call: "smooth_l1(x, y, beta: 2)"}, {inputs: "x [batch, 4], y [batch, 4]", call: "smooth_l1(x, y, beta: 0)"}},
	"bce":       {{inputs: "x [batch, 4], y [batch, 4]", call: "bce(x, y)", lo: 0.1, hi: 0.9}},
	"bce_logits": {
		{inputs: "x [batch, 4], y [batch, 4]", call: "bce_logits(x, y)", lo: 40, hi: 60},
		{inputs: "x [batch, 4], y [batch, 4]", call: "bce_logits(x, y)", lo: -60, hi: -40},
	},
	"poisson_nll": {
		{inputs: "x [batch, 4], y [batch, 4]", call: "poisson_nll(x, y, full: true)"},
		{inputs: "x [batch, 4], y [batch, 4]", call: "poisson_nll(x, y, log_input: false, eps: 0.01)", lo: 0.3, hi: 3},
	},
	"cross_entropy": {
		{inputs: "x [batch, 4], y [batch]int", call: "cross_entropy(x, y)"},
		{inputs: "x [batch, 3, 4], y [batch, 3]int", call: "cross_entropy(x, y, smoothing: 0.2)"},
		{inputs: "x [batch, 4], y [batch, 4]", call: "cross_entropy(x, y)"},
		{inputs: "x [batch, 4], y [batch, 4]", call: "cross_entropy(x, y, smoothing: 0.2)", lo: 0.1, hi: 0.9},
	},
	"cross_entropy_classes":      {{inputs: "x [batch, 4], y [batch]int", call: "cross_entropy_classes(x, y, 0.1)"}},
	"cross_entropy_distribution": {{inputs: "x [batch, 4], y [batch, 4]", call: "cross_entropy_distribution(x, y, 0.1)"}},
	"kl_div":                     {{inputs: "x [batch, 4], y [batch, 4]", call: "kl_div(x, y)", lo: 0.1, hi: 0.9}},
	"r2":                         {{inputs: "x [batch, 4], y [batch, 4]", call: "r2(x, y)"}},

	"dense": {
		{inputs: "x [batch, 4]", call: "dense(x, 3)"},
		{inputs: "x [batch, 3, 4]", call: "dense(x, 2, act: tanh, bias: false, init: normal)"},
		{inputs: "x [4]", call: "dense(x, 2, act: v => v^3, bias_init: uniform)"},
	},
	"embedding":  {{inputs: "k [batch, 3]int", call: "embedding(k, 4, 2)"}, {inputs: "k [batch]int", call: "tanh(embedding(k, 5, 3, init: normal(2)))"}},
	"dropout":    {{inputs: "x [batch, 4]", call: "dropout(x, 0.4)"}, {inputs: "x [batch, 4]", call: "dropout(x, 0)"}},
	"layer_norm": {{inputs: "x [batch, 3, 4]", call: "layer_norm(x, eps: 0.5)"}},
	"rms_norm":   {{inputs: "x [batch, 3, 4]", call: "rms_norm(x, eps: 0.5)"}},

	"ascend":      {{inputs: "g [6]", call: "ascend(g, true)"}, {inputs: "g [6]", call: "ascend(g, false)"}},
	"global_norm": {{inputs: "g [6]", call: "global_norm(g, 1)"}, {inputs: "g [6]", call: "global_norm(g, 100)"}},
	"clip_value":  {{inputs: "g [6]", call: "clip_value(g, 2)"}},

	"ema":          {{inputs: "a [6], p [6]", call: "ema(a, p, 0.9, 3)"}, {inputs: "a [6], p [6]", call: "ema(a, p, 0.9, 1)"}},
	"mean_weights": {{inputs: "a [6], p [6]", call: "mean_weights(a, p, 4)"}},
}

// notDifferentiable are the functions without derivatives by tensors, with the reason.
var notDifferentiable = map[string]string{
	"accuracy":        "a share of comparisons",
	"binary_accuracy": "a share of comparisons",
	"fan_in":          "an int made from a shape",
	"fan_out":         "an int made from a shape",
}

// libraryDecls returns the declarations of one kind of file of the library in order: "schedules", or all for "".
func libraryDecls(t *testing.T, file string) []*syntax.FuncDecl {
	t.Helper()
	var decls []*syntax.FuncDecl
	for _, f := range theLibrary().files {
		if file != "" && f.name != "std/"+file+".nn" {
			continue
		}
		for _, d := range f.order {
			if fn, ok := d.node.(*syntax.FuncDecl); ok {
				decls = append(decls, fn)
			}
		}
	}
	if len(decls) == 0 {
		t.Fatalf("the library declares nothing in %q", file)
	}
	return decls
}

// TestLibraryCoverage checks that every declaration of the library is reached by one of the tests of this file, and that
// their tables name nothing that the library does not have.
func TestLibraryCoverage(t *testing.T) {
	known := map[string]bool{}
	for _, fn := range libraryDecls(t, "") {
		name := fn.Name.Name
		known[name] = true
		reached := 0
		for _, here := range []bool{
			len(samplesOf(fn)) > 0, notDifferentiable[name] != "", fn.Kind == syntax.Optimizer, scheduleCalls[name] != "", isInitialiser(fn),
		} {
			if here {
				reached++
			}
		}
		if reached != 1 {
			t.Errorf("%s is covered by %d tests, want 1: give it samples, or a reason why it has no derivative", name, reached)
		}
	}
	for _, table := range [][]string{keysOf(librarySamples), keysOf(notDifferentiable), keysOf(scheduleCalls), keysOf(optimizerSettings), keysOf(initialisers)} {
		for _, name := range table {
			if !known[name] {
				t.Errorf("a table names %s, which the library does not declare", name)
			}
		}
	}
}

func keysOf[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// samplesOf returns the calls of fn: that which its signature suggests, and those of the table.
func samplesOf(fn *syntax.FuncDecl) []sample {
	own := librarySamples[fn.Name.Name]
	if notDifferentiable[fn.Name.Name] != "" || fn.Kind == syntax.Optimizer || ranged(own) {
		return own
	}
	var inputs, args []string
	for _, p := range fn.Params {
		switch {
		case p.Default != nil:
			continue
		case p.Type == nil || !p.Type.Tensor:
			return own
		}
		dims, dtype := "", ""
		for _, d := range p.Type.Dims {
			if dims != "" {
				dims += ", "
			}
			if d.Spread {
				dims += "batch, 2"
			} else {
				dims += "4"
			}
		}
		if p.Type.Name != nil && p.Type.Name.Name != "any" {
			dtype = p.Type.Name.Name
		}
		inputs = append(inputs, fmt.Sprintf("%s [%s]%s", p.Name.Name, dims, dtype))
		args = append(args, p.Name.Name)
	}
	if len(args) == 0 {
		return own
	}
	return append([]sample{{inputs: strings.Join(inputs, ", "), call: fmt.Sprintf("%s(%s)", fn.Name.Name, strings.Join(args, ", "))}}, own...)
}

// ranged reports whether all samples restrict the range of the inputs, so that the usual range is none of the function's.
func ranged(samples []sample) bool {
	for _, s := range samples {
		if s.lo == 0 && s.hi == 0 || s.lo >= 4 || s.hi <= -4 {
			return false
		}
	}
	return len(samples) > 0
}

// TestLibraryGradients compares first and second derivatives of every function and layer, in reverse and in forward mode, with
// differences along random directions, in the training pass.
func TestLibraryGradients(t *testing.T) {
	for _, fn := range libraryDecls(t, "") {
		for i, s := range samplesOf(fn) {
			t.Run(fmt.Sprintf("%s/%d", fn.Name.Name, i), func(t *testing.T) {
				m := sampleModel(t, s)
				c := newGradCheck(t, m, s)
				c.check(m.Train.Outputs[0].Node, "first")
				for _, p := range c.problems {
					t.Error(p)
				}
				if !c.moved {
					t.Errorf("%s does not depend on its inputs", s.call)
				}
			})
		}
	}
}

// TestLibraryGradientsNotice checks that a wrong derivative is noticed, first or second, in both modes.
func TestLibraryGradientsNotice(t *testing.T) {
	for _, test := range []struct{ call, order string }{
		{"x*stop_gradient(x)", "first"},
		{"stop_gradient(x^3) + (x - stop_gradient(x))*stop_gradient(3*x^2)", "second"},
		{"where(x > 0, x, stop_gradient(x))", "first"},
	} {
		s := sample{inputs: "x [batch, 4]", call: test.call}
		m := sampleModel(t, s)
		c := newGradCheck(t, m, s)
		c.check(m.Train.Outputs[0].Node, "first")
		for _, mode := range []string{"reverse", "forward"} {
			if !slices.ContainsFunc(c.problems, func(p string) bool {
				return strings.Contains(p, test.order+" derivative") && strings.Contains(p, mode)
			}) {
				t.Errorf("%s: the %s derivative is wrong in %s mode, got only %q", test.call, test.order, mode, c.problems)
			}
		}
	}
}

// sampleModel elaborates the call in a model that outputs it.
func sampleModel(t *testing.T, s sample) *Model {
	t.Helper()
	var b strings.Builder
	b.WriteString("model M {\n    precision float64\n")
	for _, in := range strings.SplitAfter(s.inputs, "],") {
		for _, in := range strings.Split(strings.TrimSpace(in), "bool,") {
			if in = strings.Trim(in, " ,"); in != "" {
				b.WriteString("    input " + in + "\n")
			}
		}
	}
	fmt.Fprintf(&b, "    output result = %s\n}\n", s.call)
	return loadOne(t, b.String())
}

// loadOne elaborates a source with one model that must be right.
func loadOne(t *testing.T, src string) *Model {
	t.Helper()
	pkg, list := Load(Options{}, "in.nn", []byte(src))
	if list.HasErrors() || len(pkg.Models) != 1 {
		t.Fatalf("%s\n%s", src, render(t, pkg, list))
	}
	return pkg.Models[0]
}

const batchSize = 3 // rows of every sample

// A gradCheck compares derivatives of nodes over the leaves of one model at one point.
type gradCheck struct {
	t     *testing.T
	g     *symbolic.Graph
	rnd   *rand.Rand
	sizes map[*symbolic.Sym]int
	value map[*symbolic.Node]*symbolic.Tensor // of every leaf made so far
	leafs []*symbolic.Node                    // in order of creation
	wrt   []*symbolic.Node                    // float inputs and parameters
	call  string

	problems []string // derivatives that differ
	moved    bool     // whether any difference was not zero
}

func newGradCheck(t *testing.T, m *Model, s sample) *gradCheck {
	c := &gradCheck{t: t, g: m.Graph, rnd: rand.New(rand.NewPCG(1, 2)), sizes: map[*symbolic.Sym]int{},
		value: map[*symbolic.Node]*symbolic.Tensor{}, call: s.call}
	lo, hi := s.lo, s.hi
	if lo == 0 && hi == 0 {
		lo, hi = -4, 4
	}
	for _, in := range m.Inputs {
		switch in.DType {
		case symbolic.I32:
			c.leaf(in.Node, func(i int) float64 { return float64(c.rnd.IntN(4)) })
		case symbolic.Bool:
			c.leaf(in.Node, func(i int) float64 { return float64((i + 1) % 2) })
		default:
			c.leaf(in.Node, func(int) float64 { return lo + (hi-lo)*c.rnd.Float64() })
			c.wrt = append(c.wrt, in.Node)
		}
	}
	for _, p := range m.Params {
		c.leaf(p.Node, func(int) float64 { return c.rnd.NormFloat64() })
		c.wrt = append(c.wrt, p.Node)
	}
	return c
}

// leaf gives a leaf its value, element by element.
func (c *gradCheck) leaf(n *symbolic.Node, element func(i int) float64) *symbolic.Node {
	shape := make([]int, len(n.Shape))
	for i, d := range n.Shape {
		for _, s := range d.Syms() {
			c.sizes[s] = batchSize
		}
		shape[i] = d.Eval(func(*symbolic.Sym) int { return batchSize })
	}
	v := symbolic.NewTensor(shape...)
	for i := range v.Data {
		v.Data[i] = element(i)
	}
	c.value[n] = v
	c.leafs = append(c.leafs, n)
	return n
}

// check compares the derivatives of f by each leaf alone, then those of its derivative in a direction.
func (c *gradCheck) check(f *symbolic.Node, order string) {
	c.t.Helper()
	normal := func(int) float64 { return c.rnd.NormFloat64() }
	ct := c.leaf(c.g.Leaf(symbolic.OpInput, order+" ct", symbolic.F64, f.Shape), normal)
	tangents := make([]*symbolic.Node, len(c.wrt))
	for i, w := range c.wrt {
		tangents[i] = c.leaf(c.g.Leaf(symbolic.OpInput, fmt.Sprintf("%s d%d", order, i), symbolic.F64, w.Shape), normal)
	}
	grads, err := symbolic.VJP(c.g, []*symbolic.Node{f}, []*symbolic.Node{ct}, c.wrt)
	if err != nil {
		c.t.Fatalf("%s, %s derivative: %v", c.call, order, err)
	}
	for i, w := range c.wrt {
		alone := make([]*symbolic.Node, len(c.wrt))
		alone[i] = tangents[i]
		forward, err := symbolic.JVP(c.g, []*symbolic.Node{f}, c.wrt, alone)
		if err != nil {
			c.t.Fatalf("%s, %s derivative: %v", c.call, order, err)
		}
		reverse := c.dot(grads[i], tangents[i])
		numeric := c.difference(f, ct, w, tangents[i])
		if !near(reverse, numeric) {
			c.problemf("%s, %s derivative by %s in reverse mode: got %.10g, want %.10g", c.call, order, w.Attr.Name, reverse, numeric)
		}
		if got := c.dot(forward[0], ct); !near(got, numeric) {
			c.problemf("%s, %s derivative by %s in forward mode: got %.10g, want %.10g", c.call, order, w.Attr.Name, got, numeric)
		}
		c.moved = c.moved || numeric != 0
	}
	if order == "first" {
		if along, err := symbolic.JVP(c.g, []*symbolic.Node{f}, c.wrt, tangents); err == nil && along[0] != nil {
			c.check(along[0], "second")
		}
	}
}

func (c *gradCheck) problemf(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// near compares a derivative with a difference: relative to numbers above 1, absolutely below.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-6*max(1, math.Abs(want)) }

// difference returns the change of ct . f along direction, by leaf w alone: a central difference.
func (c *gradCheck) difference(f, ct, w, direction *symbolic.Node) float64 {
	const h = 1e-5
	at := c.value[w]
	defer func() { c.value[w] = at }()
	var sides [2]float64
	for side, step := range []float64{h, -h} {
		moved := symbolic.NewTensor(at.Shape...)
		for i := range moved.Data {
			moved.Data[i] = at.Data[i] + step*c.value[direction].Data[i]
		}
		c.value[w] = moved
		sides[side] = c.dot(f, ct)
	}
	return (sides[0] - sides[1]) / (2 * h)
}

// dot returns the sum of the products of the elements of a, 0 where it is nil, and b.
func (c *gradCheck) dot(a, b *symbolic.Node) float64 {
	c.t.Helper()
	if a == nil {
		return 0
	}
	x, y := c.eval(a), c.eval(b)
	sum := 0.0
	for i := range x.Data {
		sum += x.Data[i] * y.Data[i]
	}
	return sum
}

func (c *gradCheck) eval(n *symbolic.Node) *symbolic.Tensor {
	c.t.Helper()
	f := &symbolic.Func{Name: "sample", Params: c.leafs, Results: []symbolic.Result{{Name: "result", Node: n}}}
	args := make([]*symbolic.Tensor, len(c.leafs))
	for i, leaf := range c.leafs {
		args[i] = c.value[leaf]
	}
	out, err := symbolic.Eval(f, args, c.sizes)
	if err != nil {
		c.t.Fatalf("%s: %v", c.call, err)
	}
	return out[0]
}
