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
