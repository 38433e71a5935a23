// Do the passes keep what a program computes, and what do they make of calls?

package symbolic

import (
	"fmt"
	"strings"
	"testing"
)

// countFuncs returns the Funcs that f calls, by name, with how often.
func countFuncs(f *Func) map[string]int {
	out := map[string]int{}
	for _, n := range f.Nodes() {
		if n.Op == OpCall {
			out[n.Attr.Func.Name]++
		}
	}
	return out
}

// tower calls one layer the given number of times.
func tower(t *testing.T, times int, extra int) *Func {
	g := NewGraph()
	layer := denseFunc(g, "dense", OpTanh, 3, 3)
	y := layer.Results[0].Node
	for i := 0; i < extra; i++ { // a larger body
		y = g.Must(OpSin, Attr{}, y)
	}
	layer.Results[0].Node = y
	n := SymDim("n", 0)
	x := g.Leaf(OpInput, "x", F64, []Dim{n, Int(3)})
	w, b := g.Leaf(OpParam, "W", F64, Ints(3, 3)), g.Leaf(OpParam, "b", F64, Ints(3))
	f := &Func{Name: "tower", Syms: n.Syms(), Params: []*Node{x, w, b}}
	h := x
	for i := 0; i < times; i++ {
		c, err := g.Call(layer, []Dim{n}, []*Node{h, w, b})
		if err != nil {
			t.Fatal(err)
		}
		h = g.Get(c, 0)
	}
	f.Results = []Result{{"h", h}}
	return f
}

func TestInlinePolicy(t *testing.T) {
	for _, c := range []struct{ times, extra, kept int }{{1, 200, 0}, {2, 10, 0}, {2, 200, 2}, {3, 0, 3}, {12, 0, 12}} {
		f := tower(t, c.times, c.extra)
		out := Inline(f)
		if err := Verify(out); err != nil {
			t.Fatal(err)
		}
		if got := countFuncs(out)["dense"]; got != c.kept {
			t.Errorf("%d calls with %d more nodes: %d stay, want %d", c.times, c.extra, got, c.kept)
		}
		args := sampleArgs(f, 1, -1, 1)
		a, b := mustEval(t, f, args, testSizes)[0], mustEval(t, out, args, testSizes)[0]
		for i := range a.Data {
			if a.Data[i] != b.Data[i] {
				t.Fatalf("%d calls: values changed", c.times)
			}
		}
	}
}

// TestInlineKeepsDraws: the site of a draw inside a call does not depend on whether the call is inlined.
func TestInlineKeepsDraws(t *testing.T) {
	g := NewGraph()
	v := g.Leaf(OpArg, "v", F64, []Dim{SymDim("rows", 0)})
	r, err := g.Rand("uniform", "drop", v.Shape, F64)
	if err != nil {
		t.Fatal(err)
	}
	inner := &Func{Name: "inner", Syms: SymDim("rows", 0).Syms(), Params: []*Node{v}, Results: []Result{{"y", g.mul(v, r)}}}
	c, err := g.CallAt("in", inner, []Dim{SymDim("rows", 0)}, []*Node{v})
	if err != nil {
		t.Fatal(err)
	}
	outer := &Func{Name: "outer", Syms: inner.Syms, Params: []*Node{v}, Results: []Result{{"y", g.Get(c, 0)}}}
	n := SymDim("n", 0)
	x := g.Leaf(OpInput, "x", F64, []Dim{n})
	h := x
	for i := 0; i < 2; i++ {
		c, err := g.CallAt(fmt.Sprint("call", i), outer, []Dim{n}, []*Node{h})
		if err != nil {
			t.Fatal(err)
		}
		h = g.Get(c, 0)
	}
	f := &Func{Name: "f", Syms: n.Syms(), Params: []*Node{x}, Results: []Result{{"h", h}}}
	sites := func(f *Func) string {
		var got []string
		env := &Env{Sizes: testSizes.Sizes, Rand: func(site, kind string, i int) float64 {
			if i == 0 {
				got = append(got, site)
			}
			return hashUniform(site, i)
		}}
		args := sampleArgs(f, 1, 1, 2)
		out, err := f.EvalEnv(args, env)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(got, " ") + fmt.Sprint(out[0].Data)
	}
	flat := Run(f, nil)
	if len(countFuncs(flat)) != 0 {
		t.Fatalf("not inlined:\n%s", Text(flat))
	}
	a, b := sites(f), sites(flat)
	if a != b {
		t.Errorf("before: %s\nafter: %s", a, b)
	}
	if !strings.HasPrefix(a, "call0/in/drop call1/in/drop") {
		t.Errorf("sites: %s", a)
	}
}

func TestTrim(t *testing.T) {
	g := NewGraph()
	rows := SymDim("rows", 0)
	x, y := g.Leaf(OpArg, "x", F64, []Dim{rows}), g.Leaf(OpArg, "y", F64, []Dim{rows})
	two := &Func{Name: "two", Syms: rows.Syms(), Params: []*Node{x, y}, Results: []Result{{"a", g.Must(OpSin, Attr{}, x)}, {"b", g.Must(OpCos, Attr{}, y)}}}
	n := SymDim("n", 0)
	in := g.Leaf(OpInput, "in", F64, []Dim{n})
	h := in
	for i := 0; i < 4; i++ {
		c, err := g.Call(two, []Dim{n}, []*Node{h, g.mul(h, in)})
		if err != nil {
			t.Fatal(err)
		}
		h = g.Get(c, 1)
	}
	f := &Func{Name: "f", Syms: n.Syms(), Params: []*Node{in}, Results: []Result{{"h", h}}}
	out := Run(f, nil)
	if err := Verify(out); err != nil {
		t.Fatal(err)
	}
	text := Text(out)
	if strings.Contains(text, "sin") || strings.Count(text, "param %x") != 0 || countFuncs(out)["two_part_1"] != 4 {
		t.Errorf("the unread result or argument is still there:\n%s", text)
	}
	args := sampleArgs(f, 1, -1, 1)
	a, b := mustEval(t, f, args, testSizes)[0], mustEval(t, out, args, testSizes)[0]
	for i := range a.Data {
		if a.Data[i] != b.Data[i] {
			t.Fatal("values changed")
		}
	}
}

// TestDepthDoesNotMatter: 4 and 48 equal layers differentiate into the same Funcs; only the calls grow.
func TestDepthDoesNotMatter(t *testing.T) {
	var bodies []string
	for _, depth := range []int{4, 48} {
		f := Prepare(tower(t, depth, 0), nil)
		g := f.graph()
		h := f.Results[0].Node
		loss := g.sum(g.mul(h, h), []int{0, 1})
		grads, err := Grad(g, loss, f.Params, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.Results = []Result{{"loss", loss}}
		for i, d := range grads {
			f.Results = append(f.Results, Result{"d." + f.Params[i].Attr.Name, d})
		}
		step := Run(f, nil)
		if err := Verify(step); err != nil {
			t.Fatal(err)
		}
		calls := countFuncs(step)
		if len(calls) != 2 || calls["dense"] != depth || calls["dense_bwd"] != depth {
			t.Errorf("depth %d: calls %v", depth, calls)
		}
		text := Text(step)
		bodies = append(bodies, text[:strings.Index(text, "func tower")])
	}
	if bodies[0] != bodies[1] {
		t.Errorf("the layer's Funcs differ:\n%s\n%s", bodies[0], bodies[1])
	}
}

// TestPassesOnLayers runs everything on nested calls and compares values.
func TestPassesOnLayers(t *testing.T) {
	f := stack(t, OpTanh)
	prepared := Prepare(f, nil)
	g := f.graph()
	grads, err := Grad(g, prepared.Results[0].Node, f.Params, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := *prepared
	whole.Results = append([]Result(nil), prepared.Results...)
	for i, d := range grads {
		whole.Results = append(whole.Results, Result{"d." + f.Params[i].Attr.Name, d})
	}
	out := Run(&whole, func(pass string, f *Func) {
		if err := Verify(f); err != nil {
			t.Fatalf("after %s: %v\n%s", pass, err, Text(f))
		}
	})
	args := sampleArgs(f, 3, -1, 1)
	a, b := mustEval(t, &whole, args, testSizes), mustEval(t, out, args, testSizes)
	for i := range a {
		for j := range a[i].Data {
			if d := a[i].Data[j] - b[i].Data[j]; d > 1e-10 || d < -1e-10 {
				t.Errorf("%s: element %d changed by %g", whole.Results[i].Name, j, d)
			}
		}
	}
	if a, b := Text(Run(&whole, nil)), Text(out); a != b {
		t.Error("a second run gives another text")
	}
}

func TestVerifyFinds(t *testing.T) {
	g := NewGraph()
	x, y := g.Leaf(OpArg, "x", F64, nil), g.Leaf(OpArg, "y", F64, nil)
	sum := g.add(x, y)
	for want, f := range map[string]*Func{
		`func f: arg "y" is free: not a parameter`:  {Name: "f", Params: []*Node{x}, Results: []Result{{"s", sum}}},
		`func f: parameter arg "x" is listed twice`: {Name: "f", Params: []*Node{x, x}, Results: []Result{{"s", x}}},
		`func f: parameter add is no leaf`:          {Name: "f", Params: []*Node{sum}, Results: []Result{{"s", sum}}},
		`func f: result 0 (s) is nil`:               {Name: "f", Results: []Result{{"s", nil}}},
		`func f: add is [2], its rule says f64`:     {Name: "f", Params: []*Node{x, y}, Results: []Result{{"s", &Node{Op: OpAdd, Args: []*Node{x, y}, Shape: Ints(2), DType: F64, id: 99, graph: g}}}},
		`func f: neg comes before its argument add`: {Name: "f", Params: []*Node{x, y}, Results: []Result{{"s", &Node{Op: OpNeg, Args: []*Node{sum}, DType: F64, id: 0, graph: g}}}},
		`func : no name`:                            {Results: []Result{{"s", x}}},
	} {
		if err := Verify(f); err == nil || err.Error() != strings.Replace(want, "f64", "float", 1) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
