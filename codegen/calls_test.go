// Do kept Funcs compute what the interpreter computes, once and in a row, forward and backward? Equal layers become loops over arrays of
// parameters, gradients and saved values.
package codegen

import (
	"fmt"
	"testing"

	"nngen/symbolic"
)

// rowSize is the first size of every layer of these tests.
var rowSize = symbolic.SymDim("rows", 0)

// layer makes a Func of what build returns: its arguments are x of the given shape and parameters of the given shapes.
func (b *builder) layer(name string, x []symbolic.Dim, params [][]symbolic.Dim, build func(x *symbolic.Node, ps []*symbolic.Node) []*symbolic.Node) *symbolic.Func {
	b.t.Helper()
	f := &symbolic.Func{Name: name}
	f.Params = []*symbolic.Node{b.g.Leaf(symbolic.OpArg, "x", b.c.dt, x)}
	for i, s := range params {
		f.Params = append(f.Params, b.g.Leaf(symbolic.OpArg, fmt.Sprintf("w%d", i), b.c.dt, s))
	}
	for i, n := range build(f.Params[0], f.Params[1:]) {
		f.Results = append(f.Results, symbolic.Result{Name: fmt.Sprintf("h%d", i), Node: n})
	}
	f.Syms = symsOf(f)
	return f
}

// denseLayer is tanh(x @ W + b) from 4 to 4.
func denseLayer(b *builder) *symbolic.Func {
	return b.layer("dense", []symbolic.Dim{rowSize, symbolic.Int(4)}, [][]symbolic.Dim{symbolic.Ints(4, 4), symbolic.Ints(4)},
		func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
			z := b.add(b.matmul(x, p[0]), p[1])
			b.g.SetName(z, "z")
			return []*symbolic.Node{b.tanh(z)}
		})
}

// layers are the kept Funcs that the structures below are made of. All map [rows, 4] to [rows, 4].
var layers = []struct {
	name string
	make func(b *builder) *symbolic.Func
}{
	{"dense", denseLayer},
	{"scale", func(b *builder) *symbolic.Func { // a parameter of one element
		return b.layer("scale", []symbolic.Dim{rowSize, symbolic.Int(4)}, [][]symbolic.Dim{symbolic.Ints(1), nil},
			func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
				return []*symbolic.Node{b.tanh(b.add(b.mul(x, p[0]), p[1]))}
			})
	}},
	{"norm", func(b *builder) *symbolic.Func {
		return b.layer("norm", []symbolic.Dim{rowSize, symbolic.Int(4)}, [][]symbolic.Dim{symbolic.Ints(4), symbolic.Ints(4)},
			func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
				return []*symbolic.Node{b.add(b.mul(b.layerNorm(x, 1), p[0]), p[1])}
			})
	}},
	{"residual block", func(b *builder) *symbolic.Func { // calls inside calls
		dense := denseLayer(b)
		return b.layer("block", []symbolic.Dim{rowSize, symbolic.Int(4)}, [][]symbolic.Dim{symbolic.Ints(4, 4), symbolic.Ints(4), symbolic.Ints(4, 4), symbolic.Ints(4)},
			func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
				h := b.call("", dense, x, p[0], p[1])
				return []*symbolic.Node{b.add(x, b.call("", dense, h, p[2], p[3]))}
			})
	}},
	{"dropout", func(b *builder) *symbolic.Func {
		return b.layer("drop", []symbolic.Dim{rowSize, symbolic.Int(4)}, [][]symbolic.Dim{symbolic.Ints(4, 4)},
			func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
				mask := b.bin(symbolic.OpLt, b.must(b.g.Rand("uniform", "1", x.Shape, b.c.dt)), b.num(0.8))
				return []*symbolic.Node{b.must(b.g.Where(mask, b.tanh(b.matmul(x, p[0])), b.num(0)))}
			})
	}},
	{"batch statistics", func(b *builder) *symbolic.Func { // several regions in one call
		return b.layer("stats", []symbolic.Dim{rowSize, symbolic.Int(4)}, [][]symbolic.Dim{symbolic.Ints(4)},
			func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
				return []*symbolic.Node{b.tanh(b.mul(b.sub(x, b.mean(x, 0)), p[0]))}
			})
	}},
}

// call calls f on x and parameters. A Func that draws gets its site.
func (b *builder) call(site string, f *symbolic.Func, x *symbolic.Node, params ...*symbolic.Node) *symbolic.Node {
	b.t.Helper()
	if !f.HasRand() {
		site = ""
	}
	bind := []symbolic.Dim{x.Shape[0]}
	if len(f.Syms) > 1 {
		bind = append(bind, x.Shape[1])
	}
	return b.g.Get(b.must(b.g.CallAt(site, f, bind, append([]*symbolic.Node{x}, params...))), 0)
}

// like returns new parameters of the case for a call of f.
func (b *builder) like(f *symbolic.Func) []*symbolic.Node {
	var out []*symbolic.Node
	for _, p := range f.Params[1:] {
		out = append(out, b.arg(b.c.dt, -0.8, 0.8, p.Shape...))
	}
	return out
}

// A network is what a structure returns: results, and its parameters by layer.
type network struct {
	x       *symbolic.Node
	outs    []*symbolic.Node
	params  [][]*symbolic.Node // by layer; equal layers have equal lists
	regular bool               // the parameters of layers can lie in arrays
}

// structures say how n layers hang together.
var structures = []struct {
	name  string
	build func(b *builder, f *symbolic.Func, n int) network
}{
	{"chain", func(b *builder, f *symbolic.Func, n int) network {
		w := network{x: b.float(batch, symbolic.Int(4)), regular: true}
		h := w.x
		for i := range n {
			p := b.like(f)
			w.params = append(w.params, p)
			h = b.call(fmt.Sprintf("blk.%d", i), f, h, p...)
		}
		w.outs = []*symbolic.Node{h}
		return w
	}},
	{"chain with every result", func(b *builder, f *symbolic.Func, n int) network {
		w := network{x: b.float(batch, symbolic.Int(4)), regular: true}
		h := w.x
		for i := range n {
			p := b.like(f)
			w.params = append(w.params, p)
			h = b.call(fmt.Sprintf("blk.%d", i), f, h, p...)
			w.outs = append(w.outs, h)
		}
		return w
	}},
	{"shared parameters", func(b *builder, f *symbolic.Func, n int) network {
		w := network{x: b.float(batch, symbolic.Int(4))}
		p := b.like(f)
		w.params = append(w.params, p)
		h := w.x
		for i := range n {
			h = b.call(fmt.Sprintf("blk.%d", i), f, h, p...)
		}
		w.outs = []*symbolic.Node{h}
		return w
	}},
	{"sums between", func(b *builder, f *symbolic.Func, n int) network {
		w := network{x: b.float(batch, symbolic.Int(4)), regular: true}
		h := w.x
		for i := range n {
			p := b.like(f)
			w.params = append(w.params, p)
			h = b.add(h, b.call(fmt.Sprintf("blk.%d", i), f, h, p...))
		}
		w.outs = []*symbolic.Node{h}
		return w
	}},
	{"side by side", func(b *builder, f *symbolic.Func, n int) network {
		w := network{x: b.float(batch, symbolic.Int(4)), regular: true}
		var y *symbolic.Node
		for i := range n {
			p := b.like(f)
			w.params = append(w.params, p)
			h := b.call(fmt.Sprintf("blk.%d", i), f, w.x, p...)
			if y == nil {
				y = h
			} else {
				y = b.mul(y, h)
			}
		}
		w.outs = []*symbolic.Node{y}
		return w
	}},
	{"other sizes", func(b *builder, f *symbolic.Func, n int) network {
		// The same layer on single rows and on rows of a sequence.
		w := network{x: b.float(batch, steps, symbolic.Int(4))}
		h := b.must(b.g.Reshape(w.x, []symbolic.Dim{batch.Mul(steps), symbolic.Int(4)}))
		for i := range n {
			p := b.like(f)
			w.params = append(w.params, p)
			h = b.call(fmt.Sprintf("blk.%d", i), f, h, p...)
		}
		m := b.must(b.g.Reshape(b.mean(b.must(b.g.Reshape(h, w.x.Shape)), 1), []symbolic.Dim{batch, symbolic.Int(4)}))
		p := b.like(f)
		w.params = append(w.params, p)
		w.outs = []*symbolic.Node{b.call("last", f, m, p...), h}
		return w
	}},
}

// TestCalls runs every layer in every structure, once, twice and five times.
func TestCalls(t *testing.T) {
	p := &program{}
	for _, l := range layers {
		for _, s := range structures {
			for _, c := range []struct {
				dt              symbolic.DType
				n               int
				arrays, algebra bool
			}{
				{symbolic.F64, 1, false, false},
				{symbolic.F64, 2, true, true},
				{symbolic.F64, 5, true, false},
				{symbolic.F32, 5, false, true},
			} {
				name := fmt.Sprintf("%s %s %d arrays %t simplified %t", l.name, s.name, c.n, c.arrays, c.algebra)
				build := func(b *builder) network { return s.build(b, l.make(b), c.n) }
				addNetwork(t, p, c.dt, name, build, c.arrays, c.algebra)
			}
		}
	}
	p.run(t)
}

// addNetwork adds three cases: results and gradients in one Func, and the two halves that SplitFunc makes of it.
func addNetwork(t *testing.T, p *program, dt symbolic.DType, name string, build func(b *builder) network, arrays, algebra bool) {
	t.Helper()
	var w network
	whole := p.add(t, name, dt, func(b *builder) {
		w = build(b)
		for _, o := range w.outs {
			b.out(o, nil)
		}
		var loss *symbolic.Node
		for _, o := range w.outs {
			if l := b.weighted(o); loss == nil {
				loss = l
			} else {
				loss = b.add(loss, l)
			}
		}
		b.out(loss, nil)
		if algebra {
			rs := symbolic.Prepare(b.c.f, nil).Results
			b.c.f.Results, loss = rs, rs[len(rs)-1].Node
		}
		wrt := []*symbolic.Node{w.x}
		for _, ps := range w.params {
			wrt = append(wrt, ps...)
		}
		b.grads(loss, wrt...)
		roots := make([]*symbolic.Node, len(b.c.f.Results))
		for i, r := range b.c.f.Results {
			roots[i] = r.Node
		}
		for i, n := range b.g.ShareCalls(roots) {
			b.c.f.Results[i].Node = n
		}
	})
	whole.floor = 1
	forward := len(w.outs) + 1
	if algebra {
		whole.f = symbolic.Run(whole.f, nil)
	}
	ofParam := map[*symbolic.Node]int{}
	for i, n := range whole.f.Params {
		ofParam[n] = i
	}
	var paramArrays, gradArrays []arrayOf
	if arrays && w.regular {
		for j, first := range w.params[0] {
			width, _ := symbolic.Size(first.Shape).Const()
			ps := arrayOf{name: fmt.Sprintf("blk w%d", j), stride: width + 3}
			ds := arrayOf{name: fmt.Sprintf("grad blk w%d", j), stride: width + 3}
			for i, params := range w.params {
				ps.params = append(ps.params, params[j])
				ds.results = append(ds.results, 1+i*len(params)+j) // the first gradient is that of x
			}
			paramArrays, gradArrays = append(paramArrays, ps), append(gradArrays, ds)
		}
	}
	whole.arrays = append(whole.arrays, paramArrays...)
	for _, a := range gradArrays {
		b := a
		b.results = nil
		for _, r := range a.results {
			b.results = append(b.results, r+forward)
		}
		whole.arrays = append(whole.arrays, b)
	}

	h := symbolic.SplitFunc("step", whole.f.Results[:forward], whole.f.Results[forward:], whole.f.Params)
	half := func(title string, f *symbolic.Func) *funcCase {
		f = &symbolic.Func{Name: f.Name, Params: f.Params, Results: f.Results}
		f.Syms = symsOf(f)
		c := &funcCase{name: whole.name + " " + title, dt: dt, floor: whole.floor, f: symbolic.Trim(f), arrays: paramArrays[:len(paramArrays):len(paramArrays)]}
		for _, n := range c.f.Params {
			domain := [2]float64{}
			if i, ok := ofParam[n]; ok {
				domain = whole.domain[i]
			}
			c.domain, c.values = append(c.domain, domain), append(c.values, nil)
		}
		p.cases = append(p.cases, c)
		return c
	}
	fwd := half("forward", h.Forward)
	bwd := half("backward", h.Backward)
	if arrays {
		fwd.saved = h.From
	}
	bwd.arrays = append(bwd.arrays, gradArrays...)
	if arrays {
		bwd.arrays = append(bwd.arrays, savedArrays(t, fwd, bwd, h)...)
	}
	bwd.fill = func(t *testing.T, env *symbolic.Env, args []*symbolic.Tensor) {
		leaf := map[*symbolic.Node]*symbolic.Tensor{}
		for i, n := range bwd.f.Params {
			leaf[n] = args[i]
		}
		var in []*symbolic.Tensor
		for _, n := range h.Forward.Params {
			if leaf[n] == nil { // only the forward half reads it
				leaf[n] = symbolic.NewTensor(shapeIn(env, n.Shape)...)
			}
			in = append(in, leaf[n])
		}
		out, err := h.Forward.EvalEnv(in, env)
		if err != nil {
			t.Fatal(err)
		}
		for k, from := range h.From {
			x := args[len(h.Leaves)+k]
			for i, v := range out[from].Data {
				x.Data[i] = bwd.f.Params[len(h.Leaves)+k].DType.Round(v)
			}
		}
	}
}

// savedArrays places what the forward half leaves in arrays as Generate does.
func savedArrays(t *testing.T, fwd, bwd *funcCase, h *symbolic.Halves) []arrayOf {
	t.Helper()
	all, err := plans(fwd, "x")
	if err != nil {
		t.Errorf("%s: %v", fwd.name, err)
		return nil
	}
	p := all[0]
	at := map[*Value]int{}
	var out []arrayOf
	for k, from := range h.From {
		v := p.value[p.Func.Results[from].Node]
		if v.Base == nil || v.Family == nil {
			continue
		}
		i, ok := at[v.Base]
		if !ok {
			i = len(out)
			at[v.Base] = i
			out = append(out, arrayOf{name: v.Family.Name, stride: v.Family.Stride, params: make([]*symbolic.Node, v.Base.Count)})
		}
		out[i].params[v.Index] = bwd.f.Params[len(h.Leaves)+k]
	}
	return out
}
