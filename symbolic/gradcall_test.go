// Do derivatives pass through calls, and what do the two halves of a layer look like?

package symbolic

import (
	"strings"
	"testing"
)

// denseFunc is act(x @ W + b) as a Func.
func denseFunc(g *Graph, name string, act Op, in, out int) *Func {
	b := SymDim("rows", 0)
	x := g.Leaf(OpArg, "x", F64, []Dim{b, Int(in)})
	w := g.Leaf(OpArg, "W", F64, Ints(in, out))
	bias := g.Leaf(OpArg, "b", F64, Ints(out))
	p, err := g.MatMul(x, w)
	if err != nil {
		panic(err)
	}
	z, err := g.Binary(OpAdd, p, bias)
	if err != nil {
		panic(err)
	}
	g.SetName(z, "z")
	y := g.Must(act, Attr{}, z)
	if act == OpMax {
		panic("use Binary")
	}
	g.SetName(y, "h")
	return &Func{Name: name, Syms: b.Syms(), Params: []*Node{x, w, bias}, Results: []Result{{"h", y}}}
}

// stack calls layer twice inside a block Func, and the block twice in a model with a scalar result.
func stack(t *testing.T, act Op) *Func {
	g := NewGraph()
	layer := denseFunc(g, "dense", act, 3, 3)
	rows := SymDim("rows", 0)
	call := func(f *Func, bind []Dim, args ...*Node) *Node {
		c, err := g.Call(f, bind, args)
		if err != nil {
			t.Fatal(err)
		}
		return g.Get(c, 0)
	}
	x, w, b := g.Leaf(OpArg, "x", F64, []Dim{rows, Int(3)}), g.Leaf(OpArg, "W", F64, Ints(3, 3)), g.Leaf(OpArg, "b", F64, Ints(3))
	w2 := g.Leaf(OpArg, "W2", F64, Ints(3, 3))
	h := call(layer, []Dim{rows}, call(layer, []Dim{rows}, x, w, b), w2, b)
	block := &Func{Name: "block", Syms: rows.Syms(), Params: []*Node{x, w, w2, b}, Results: []Result{{"h", g.add(x, h)}, {"norm", g.sum(g.mul(h, h), []int{0, 1})}}}

	n := SymDim("n", 0)
	in := g.Leaf(OpInput, "x", F64, []Dim{n, Int(3)})
	p1, p2, p3 := g.Leaf(OpParam, "p1", F64, Ints(3, 3)), g.Leaf(OpParam, "p2", F64, Ints(3, 3)), g.Leaf(OpParam, "p3", F64, Ints(3))
	c1, err := g.Call(block, []Dim{n}, []*Node{in, p1, p2, p3})
	if err != nil {
		t.Fatal(err)
	}
	c2, err := g.Call(block, []Dim{n}, []*Node{g.Get(c1, 0), p2, p1, p3})
	if err != nil {
		t.Fatal(err)
	}
	loss := g.add(g.sum(g.mul(g.Get(c2, 0), g.Get(c1, 0)), []int{0, 1}), g.mul(g.Get(c1, 1), g.Get(c2, 1)))
	return &Func{Name: "model", Syms: n.Syms(), Params: []*Node{in, p1, p2, p3}, Results: []Result{{"loss", loss}}}
}

func sampleArgs(f *Func, seed uint64, lo, hi float64) []*Tensor {
	s := newSampler(seed)
	var args []*Tensor
	for _, p := range f.Params {
		args = append(args, s.tensor(testSizes, p, lo, hi))
	}
	return args
}

func TestDerivativesThroughCalls(t *testing.T) {
	for _, act := range []Op{OpTanh, OpSin, OpExp} {
		f := stack(t, act)
		checkDerivatives(t, f, sampleArgs(f, uint64(act), -0.4, 0.4), testSizes, 2)
	}
}

func TestHalvesOfALayer(t *testing.T) {
	f := stack(t, OpTanh)
	g := f.graph()
	grads, err := Grad(g, f.Results[0].Node, f.Params[1:], nil)
	if err != nil {
		t.Fatal(err)
	}
	var bwd []Result
	for i, d := range grads {
		bwd = append(bwd, Result{"d." + f.Params[1+i].Attr.Name, d})
	}
	h := SplitFunc("model", f.Results, bwd, f.Params)
	for _, half := range []*Func{h.Forward, h.Backward} {
		if err := Verify(half); err != nil {
			t.Fatal(err)
		}
	}
	text := Text(h.Forward) + "\n" + Text(h.Backward)
	// All four layers share one forward Func: tanh saves its result, which is the layer's own, so it is the layer itself. No plain call of
	// block is left beside the forward one. The first block needs no gradient of its input: a second backward Func.
	for want, n := range map[string]int{"func dense\n": 1, "func dense_bwd\n": 1, "func dense_bwd2\n": 1, "func block_fwd\n": 1, "func block\n": 0, "= tanh": 1} {
		if got := strings.Count(text, want); got != n {
			t.Errorf("%q: got %d times, want %d\n%s", want, got, n, text)
		}
	}
	if t.Failed() {
		return
	}

	// The halves compute what the whole computes.
	args := sampleArgs(f, 5, -0.5, 0.5)
	whole := &Func{Name: "whole", Syms: f.Syms, Params: f.Params, Results: append(append([]Result(nil), f.Results...), bwd...)}
	want := mustEval(t, whole, args, testSizes)
	byLeaf := map[*Node]*Tensor{}
	for i, p := range f.Params {
		byLeaf[p] = args[i]
	}
	pick := func(ps []*Node) (out []*Tensor) {
		for _, p := range ps {
			out = append(out, byLeaf[p])
		}
		return out
	}
	got := mustEval(t, h.Forward, pick(h.Forward.Params), testSizes)
	bargs := pick(h.Leaves)
	for _, i := range h.From {
		bargs = append(bargs, got[i])
	}
	got = append(got[:len(f.Results):len(f.Results)], mustEval(t, h.Backward, bargs, testSizes)...)
	for i := range want {
		for j := range want[i].Data {
			if d := want[i].Data[j] - got[i].Data[j]; d > 1e-12 || d < -1e-12 {
				t.Errorf("%s: element %d differs by %g", whole.Results[i].Name, j, d)
			}
		}
	}
}

// TestWhatIsSaved pins the policy on single layers: what the forward half returns besides its result.
func TestWhatIsSaved(t *testing.T) {
	n := SymDim("n", 0)
	for _, c := range []struct {
		name  string
		build func(g *Graph, x, w, b *Node) *Node
		want  string
	}{
		{"linear", func(g *Graph, x, w, b *Node) *Node { return dense(g, x, w, b) }, "y"},
		{"tanh", func(g *Graph, x, w, b *Node) *Node { return g.Must(OpTanh, Attr{}, dense(g, x, w, b)) }, "y"},
		{"relu", func(g *Graph, x, w, b *Node) *Node {
			z := dense(g, x, w, b)
			return g.Must(OpMax, Attr{}, g.Const(0, F64, z.Shape...), z)
		}, "y"},
		{"square", func(g *Graph, x, w, b *Node) *Node { z := dense(g, x, w, b); return g.mul(z, z) }, "y, saved add"},
		{"two layers", func(g *Graph, x, w, b *Node) *Node {
			h := g.Must(OpTanh, Attr{}, dense(g, x, w, b))
			return dense(g, h, w, b)
		}, "y, saved tanh"},
		{"dropout", func(g *Graph, x, w, b *Node) *Node {
			h := g.Must(OpTanh, Attr{}, dense(g, x, w, b))
			r, err := g.Rand("uniform", "drop", h.Shape, F64)
			if err != nil {
				t.Fatal(err)
			}
			mask := g.Must(OpLt, Attr{}, r, g.Const(0.5, F64, h.Shape...))
			return g.Must(OpWhere, Attr{}, mask, h, g.Const(0, F64, h.Shape...))
		}, "y, saved tanh"},
		{"softmax", func(g *Graph, x, w, b *Node) *Node {
			z := dense(g, x, w, b)
			e := g.Must(OpExp, Attr{}, z)
			s := g.sum(e, []int{1})
			return g.div(e, g.broadcast(s, e.Shape, []int{0}))
		}, "y, saved exp, saved sum"},
		{"leaky", func(g *Graph, x, w, b *Node) *Node {
			z := dense(g, x, w, b)
			return g.Must(OpWhere, Attr{}, g.Must(OpLt, Attr{}, g.Const(0, F64, z.Shape...), z), z, g.mul(z, g.Const(0.1, F64, z.Shape...)))
		}, "y, saved dot"},
		{"relu and dropout", func(g *Graph, x, w, b *Node) *Node {
			z := dense(g, x, w, b)
			h := g.Must(OpMax, Attr{}, g.Const(0, F64, z.Shape...), z)
			r, err := g.Rand("uniform", "drop", h.Shape, F64)
			if err != nil {
				t.Fatal(err)
			}
			mask := g.Must(OpLt, Attr{}, r, g.Const(0.5, F64, h.Shape...))
			return dense(g, g.Must(OpWhere, Attr{}, mask, h, g.Const(0, F64, h.Shape...)), w, b)
		}, "y, saved max, saved where"},
	} {
		g := NewGraph()
		x, w, b := g.Leaf(OpInput, "x", F64, []Dim{n, Int(3)}), g.Leaf(OpParam, "W", F64, Ints(3, 3)), g.Leaf(OpParam, "b", F64, Ints(3))
		y := c.build(g, x, w, b)
		ct := g.Leaf(OpArg, "ct", F64, y.Shape)
		grads, err := VJP(g, []*Node{y}, []*Node{ct}, []*Node{x, w, b})
		if err != nil {
			t.Fatal(err)
		}
		var bwd []Result
		for i, d := range grads {
			bwd = append(bwd, Result{[]string{"dx", "dW", "db"}[i], d})
		}
		h := SplitFunc("f", []Result{{"y", y}}, bwd, []*Node{x, w, b, ct})
		var names []string
		for _, r := range h.Forward.Results {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s: forward returns %s, want %s\n%s", c.name, got, c.want, Text(h.Backward))
		}
		if err := Verify(h.Backward); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func dense(g *Graph, x, w, b *Node) *Node {
	p, err := g.MatMul(x, w)
	if err != nil {
		panic(err)
	}
	return g.add(p, g.broadcast(b, p.Shape, []int{1}))
}

// TestShareCallsKeepsCycles: a tangent made of a call's own results must not make the call depend on itself.
func TestShareCallsKeepsCycles(t *testing.T) {
	g := NewGraph()
	layer := denseFunc(g, "dense", OpTanh, 3, 3)
	n := SymDim("n", 0)
	x, w, b := g.Leaf(OpInput, "x", F64, []Dim{n, Int(3)}), g.Leaf(OpParam, "W", F64, Ints(3, 3)), g.Leaf(OpParam, "b", F64, Ints(3))
	c, err := g.Call(layer, []Dim{n}, []*Node{x, w, b})
	if err != nil {
		t.Fatal(err)
	}
	h := g.Get(c, 0)
	ts, err := JVP(g, []*Node{h}, []*Node{x}, []*Node{g.mul(h, h)})
	if err != nil {
		t.Fatal(err)
	}
	f := &Func{Name: "f", Syms: n.Syms(), Params: []*Node{x, w, b}, Results: []Result{{"h", h}, {"t", ts[0]}}}
	args := sampleArgs(f, 9, -1, 1)
	want := mustEval(t, f, args, testSizes)
	shared := g.ShareCalls([]*Node{h, ts[0]})
	f.Results = []Result{{"h", shared[0]}, {"t", shared[1]}}
	got := mustEval(t, f, args, testSizes)
	for i := range want {
		for j := range want[i].Data {
			if want[i].Data[j] != got[i].Data[j] {
				t.Fatalf("result %d changed", i)
			}
		}
	}
}
