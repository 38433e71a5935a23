// What should a generated model answer? The interpreter on the graphs that the front end made: outputs, loss and metrics, gradients, and
// the optimizer's programs step by step.
package codegen

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	nnrt "nngen/runtime"
	"nngen/symbolic"
)

// An oracle evaluates one model.
type oracle struct {
	t      *testing.T
	m      *testModel
	seed   uint64
	schema []paramPlace
	flat   []float64
	steps  int // updates done

	scalars map[string][]float64 // optimizer states, by group and name
}

// A rowSet is data of some number of rows.
type rowSet struct {
	rows   int
	sizes  map[*symbolic.Sym]int
	fields map[string][]float64 // by the model's name
}

// dataOf draws rows for a model.
func dataOf(m *testModel, rows int) *rowSet {
	rng := rand.New(rand.NewPCG(uint64(rows), 77))
	d := &rowSet{rows: rows, sizes: map[*symbolic.Sym]int{}, fields: map[string][]float64{}}
	for _, x := range m.model.Inputs {
		for _, dim := range x.Shape {
			for _, s := range dim.Syms() {
				d.sizes[s] = rows
				if s.Name != batchName {
					d.sizes[s] = 1 + (3*rows+4)%s.Max
				}
			}
		}
		env := &symbolic.Env{Sizes: d.sizes}
		n := 1
		for _, k := range shapeIn(env, x.Shape) {
			n *= k
		}
		limit := 4
		if x.Limit.Valid() {
			limit = env.Size(x.Limit)
		}
		values := make([]float64, n)
		for i := range values {
			switch x.DType {
			case symbolic.I32:
				values[i] = float64(rng.IntN(limit))
			case symbolic.U8:
				values[i] = float64(rng.IntN(256))
			case symbolic.Bool:
				values[i] = float64(max(rng.IntN(2), 1-i)) // the first is true: none at all would be no loss
			default:
				values[i] = m.model.Float.Round(2*rng.Float64() - 1)
			}
		}
		d.fields[x.Name] = values
	}
	return d
}

// part is rows lo to hi-1.
func (d *rowSet) part(m *testModel, lo, hi int) *rowSet {
	p := &rowSet{rows: hi - lo, sizes: maps.Clone(d.sizes), fields: maps.Clone(d.fields)}
	for s := range p.sizes {
		if s.Name == batchName {
			p.sizes[s] = hi - lo
		}
	}
	for _, x := range m.model.Inputs {
		if len(x.Shape) > 0 && hasBatch(x.Shape[:1]) {
			width := len(d.fields[x.Name]) / d.rows
			p.fields[x.Name] = d.fields[x.Name][lo*width : hi*width]
		}
	}
	return p
}

// call is a method on the rows.
func (d *rowSet) call(m *testModel, method string) modelCall {
	c := modelCall{Method: method, Data: map[string][]float64{}, Sizes: map[string]int{}}
	for name, v := range d.fields {
		c.Data[m.goName(name)] = v
	}
	for s, n := range d.sizes {
		c.Sizes[camel(s.Name)] = n
	}
	return c
}

// eval returns the values of results.
func (o *oracle) eval(d *rowSet, rs []symbolic.Result) [][]float64 {
	o.t.Helper()
	f := (&Program{Model: o.m.model}).closed("oracle", "", rs)
	var args []*symbolic.Tensor
	for _, n := range f.Params {
		args = append(args, &symbolic.Tensor{Data: o.leaf(d, n)})
	}
	out, err := f.EvalEnv(args, &symbolic.Env{Sizes: d.sizes, Rand: o.draw})
	if err != nil {
		o.t.Fatal(err)
	}
	values := make([][]float64, len(out))
	for i, t := range out {
		values[i] = t.Data
	}
	return values
}

func (o *oracle) leaf(d *rowSet, n *symbolic.Node) []float64 {
	for _, x := range o.m.model.Inputs {
		if x.Node == n {
			return d.fields[x.Name]
		}
	}
	for _, x := range o.m.model.Hypers {
		if x.Node == n {
			return []float64{x.Value}
		}
	}
	for _, x := range o.m.model.Params {
		if x.Node == n {
			return o.part(o.flat, x.Path)
		}
	}
	o.t.Fatalf("%s is no leaf of the model", n.Attr.Name)
	return nil
}

// part is the parameter at path within a flat buffer.
func (o *oracle) part(flat []float64, path string) []float64 {
	for _, p := range o.schema {
		if p.Path == path {
			return flat[p.Offset : p.Offset+p.Size]
		}
	}
	o.t.Fatalf("no parameter %s in the schema", path)
	return nil
}

func (o *oracle) draw(site, kind string, i int) float64 {
	key := nnrt.NewKey(o.seed, site).At(uint64(o.steps))
	c := funcCase{dt: o.m.model.Float}
	return c.drawKey(key, kind, i)
}

// measures are loss and metrics.
func (o *oracle) measures(d *rowSet, train bool) []float64 {
	o.t.Helper()
	f := o.m.model.Infer
	if train {
		f = o.m.model.Train
	}
	var out []float64
	for _, v := range o.eval(d, append([]symbolic.Result{{Name: "loss", Node: f.Loss.Node}}, results(f.Metrics)...)) {
		out = append(out, v[0])
	}
	return out
}

// gradient is the gradient of the training loss, flat; zero where a parameter is not trained or the loss does not depend on it.
func (o *oracle) gradient(d *rowSet) []float64 {
	o.t.Helper()
	var wrt []*symbolic.Node
	var paths []string
	for _, g := range o.m.model.Optimizer.Groups {
		for _, p := range g.Params {
			if !g.Frozen {
				wrt, paths = append(wrt, p.Node), append(paths, p.Path)
			}
		}
	}
	grads, err := symbolic.Grad(o.m.model.Graph, o.m.model.Train.Loss.Node, wrt, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	var rs []symbolic.Result
	for i, n := range grads {
		if n != nil {
			rs = append(rs, symbolic.Result{Name: paths[i], Node: n})
		}
	}
	flat := make([]float64, len(o.flat))
	for i, v := range o.eval(d, rs) {
		copy(o.part(flat, rs[i].Name), v)
	}
	return flat
}

// update does one step of the optimizer.
func (o *oracle) update(d *rowSet) {
	o.t.Helper()
	opt := o.m.model.Optimizer
	g := o.gradient(d)
	o.steps++
	if opt.Clip != nil {
		g = o.run(opt.Clip, map[string][]float64{"g": g}, len(g))["g"]
	}
	if o.scalars == nil {
		o.scalars = map[string][]float64{}
	}
	state := func(key string, n int, init float64) []float64 {
		if o.scalars[key] == nil {
			o.scalars[key] = slices.Repeat([]float64{init}, n)
		}
		return o.scalars[key]
	}
	for _, group := range opt.Groups {
		if group.Frozen {
			continue
		}
		args := map[string][]float64{"t": {float64(o.steps)}}
		for _, h := range opt.Hypers {
			args[h.Name] = []float64{h.Value}
		}
		for _, s := range group.ScalarStates {
			args[s.Name] = state(group.Name+" "+s.Name, 1, s.Init)
		}
		numbers := o.run(group.Prologue, args, 0)
		for _, s := range group.ScalarStates {
			o.scalars[group.Name+" "+s.Name] = numbers[s.Name]
		}
		for _, p := range group.Params { // an elementwise update may as well run tensor by tensor
			values := o.part(o.flat, p.Path)
			in := map[string][]float64{"p": values, "g": o.part(g, p.Path)}
			for k, v := range numbers {
				in[k] = v
			}
			for _, s := range group.States {
				in[s.Name] = state(p.Path+" "+s.Name, len(values), s.Init)
			}
			out := o.run(group.Update, in, len(values))
			copy(values, out["p"])
			for _, s := range group.States {
				o.scalars[p.Path+" "+s.Name] = out[s.Name]
			}
		}
	}
}

// run evaluates an optimizer's Func with arguments by name; its only size is n.
func (o *oracle) run(f *symbolic.Func, in map[string][]float64, n int) map[string][]float64 {
	o.t.Helper()
	env := &symbolic.Env{Sizes: map[*symbolic.Sym]int{}}
	for _, s := range symsOf(f) {
		env.Sizes[s] = n
	}
	var args []*symbolic.Tensor
	for _, p := range f.Params {
		v, ok := in[p.Attr.Name]
		if !ok {
			o.t.Fatalf("%s reads %s, which nobody gives", f.Name, p.Attr.Name)
		}
		args = append(args, &symbolic.Tensor{Data: v})
	}
	rs, err := f.EvalEnv(args, env)
	if err != nil {
		o.t.Fatal(err)
	}
	out := map[string][]float64{}
	for i, r := range f.Results {
		out[r.Name] = rs[i].Data
	}
	return out
}

// difference is the directional derivative of the loss by central differences.
func difference(up, down, h float64) float64 { return (up - down) / (2 * h) }

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s)
}
