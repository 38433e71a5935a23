// Does every row of the op table have the derivative that its meaning has?

package symbolic

import (
	"fmt"
	"math"
	"testing"
)

// rowShapes are the shapes elementwise rows are tested on.
var rowShapes = [][]Dim{nil, Ints(1), {SymDim("n", 0), Int(3)}, Ints(2, 1, 4)}

var testSizes = &Env{Sizes: map[*Sym]int{SymDim("n", 0).Syms()[0]: 5, SymDim("m", 0).Syms()[0]: 4}}

func TestElementwiseDerivatives(t *testing.T) {
	for op := Op(0); op < NumOps; op++ {
		row := &Ops[op]
		if row.Kind != KindElement {
			continue
		}
		for k, shape := range rowShapes {
			for _, swap := range []bool{false, true} {
				if swap && op != OpMax && op != OpMin {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d/%v", row.Name, k, swap), func(t *testing.T) {
					g := NewGraph()
					f := &Func{Name: row.Name, Syms: []*Sym{SymDim("n", 0).Syms()[0]}}
					s := newSampler(uint64(op)*10 + uint64(k))
					var args []*Tensor
					for i, d := range row.Domain {
						dt := F64
						if op == OpAnd || op == OpOr || op == OpNot || op == OpWhere && i == 0 {
							dt = Bool
						}
						if swap {
							d = row.Domain[1-i]
						}
						p := g.Leaf(OpArg, string(rune('a'+i)), dt, shape)
						f.Params = append(f.Params, p)
						args = append(args, s.tensor(testSizes, p, d[0], d[1]))
					}
					attr := Attr{}
					if op == OpCast {
						attr.DType = F32
					}
					f.Results = []Result{{"y", g.Must(op, attr, f.Params...)}}
					checkDerivatives2(t, f, args)
				})
			}
		}
	}
}

// checkDerivatives2 checks first and second derivatives unless nothing can flow or the op is transparent to values only.
func checkDerivatives2(t *testing.T, f *Func, args []*Tensor) {
	t.Helper()
	n := f.Results[0].Node
	if n.Op == OpStopGradient {
		for i, p := range f.Params {
			grads, err := VJP(f.graph(), []*Node{n}, []*Node{f.graph().Const(1, n.DType, n.Shape...)}, []*Node{p})
			if err != nil || grads[0] != nil {
				t.Errorf("stop_gradient lets a gradient through to argument %d: %v", i, err)
			}
		}
		return
	}
	if !n.DType.Float() {
		mustEval(t, f, args, testSizes)
		return
	}
	checkDerivatives(t, f, args, testSizes, 3)
}

func TestOtherDerivatives(t *testing.T) {
	n, m := SymDim("n", 0), SymDim("m", 0)
	type form struct {
		name   string
		op     Op
		attr   Attr
		shapes [][]Dim
	}
	ax := func(a ...int) Attr { return Attr{Axes: a} }
	dot := func(ba, bb, ca, cb []int) Attr { return Attr{Dot: &DotAxes{ba, bb, ca, cb}} }
	forms := []form{
		{"rows", OpBroadcast, Attr{Shape: []Dim{n, Int(3)}, Axes: []int{1}}, [][]Dim{Ints(3)}},
		{"scalar", OpBroadcast, Attr{Shape: []Dim{n, Int(3)}}, [][]Dim{nil}},
		{"middle", OpBroadcast, Attr{Shape: []Dim{n, Int(3), m}, Axes: []int{0, 2}}, [][]Dim{{n, m}}},
		{"merge", OpReshape, Attr{Shape: []Dim{n.Mul(Int(3))}}, [][]Dim{{n, Int(3)}}},
		{"split", OpReshape, Attr{Shape: []Dim{n, Int(3), Int(2)}}, [][]Dim{{n, Int(6)}}},
		{"turn", OpPermute, ax(2, 0, 1), [][]Dim{{n, Int(3), m}}},
		{"plain", OpSlice, Attr{Lo: Ints(0, 1), Hi: []Dim{n, Int(3)}}, [][]Dim{{n, Int(4)}}},
		{"strided", OpSlice, Attr{Lo: Ints(0, 1), Hi: []Dim{n, Int(9)}, Step: []int{2, 3}}, [][]Dim{{n, Int(10)}}},
		{"plain", OpPad, Attr{Lo: Ints(1, 0), Hi: Ints(0, 2)}, [][]Dim{{n, Int(3)}}},
		{"inner", OpPad, Attr{Lo: Ints(0, 1), Hi: Ints(2, 0), Step: []int{1, 2}}, [][]Dim{{n, Int(3)}}},
		{"rows", OpConcat, ax(0), [][]Dim{{n, Int(3)}, {Int(2), Int(3)}, {m, Int(3)}}},
		{"columns", OpConcat, ax(1), [][]Dim{{n, Int(3)}, {n, m}}},
		{"both", OpReverse, ax(0, 1), [][]Dim{{n, Int(3)}}},
		{"rows", OpSum, ax(0), [][]Dim{{n, Int(3)}}},
		{"all", OpSum, ax(0, 1, 2), [][]Dim{{n, Int(3), m}}},
		{"middle", OpSum, ax(1), [][]Dim{{n, Int(3), m}}},
		{"columns", OpReduceMax, ax(1), [][]Dim{{n, Int(3)}}},
		{"outer", OpReduceMax, ax(0, 2), [][]Dim{{n, Int(3), m}}},
		{"columns", OpProd, ax(1), [][]Dim{{n, Int(3)}}},
		{"all", OpProd, ax(0, 1), [][]Dim{{Int(2), Int(3)}}},
		{"columns", OpArgmax, ax(1), [][]Dim{{n, Int(3)}}},
		{"forward", OpCumsum, ax(1), [][]Dim{{n, Int(4)}}},
		{"reverse", OpCumsum, Attr{Axes: []int{0}, Flag: true}, [][]Dim{{n, Int(4)}}},
		{"matmul", OpDot, dot(nil, nil, []int{1}, []int{0}), [][]Dim{{n, Int(3)}, {Int(3), m}}},
		{"nt", OpDot, dot(nil, nil, []int{1}, []int{1}), [][]Dim{{n, Int(3)}, {m, Int(3)}}},
		{"tn", OpDot, dot(nil, nil, []int{0}, []int{0}), [][]Dim{{n, Int(3)}, {n, m}}},
		{"inner", OpDot, dot(nil, nil, []int{0}, []int{0}), [][]Dim{{n}, {n}}},
		{"outer", OpDot, dot(nil, nil, nil, nil), [][]Dim{{n}, {m}}},
		{"batch", OpDot, dot([]int{0}, []int{0}, []int{2}, []int{1}), [][]Dim{{n, Int(2), Int(3)}, {n, Int(3), m}}},
		{"heads", OpDot, dot([]int{0, 2}, []int{0, 2}, []int{3}, []int{3}), [][]Dim{{Int(2), n, Int(2), Int(3)}, {Int(2), m, Int(2), Int(3)}}},
		{"full", OpDot, dot(nil, nil, []int{1, 0}, []int{0, 2}), [][]Dim{{n, Int(3)}, {Int(3), m, n}}},
		{"rank3", OpDot, dot(nil, nil, []int{2}, []int{0}), [][]Dim{{n, Int(2), Int(3)}, {Int(3), Int(2)}}},
	}
	idx := func(g *Graph, shape ...Dim) *Node { return g.Leaf(OpArg, "i", I32, shape) }
	seen := map[Op]bool{OpGather: true, OpScatterAdd: true}
	for _, c := range forms {
		seen[c.op] = true
		t.Run(Ops[c.op].Name+"/"+c.name, func(t *testing.T) {
			g := NewGraph()
			f := &Func{Name: Ops[c.op].Name, Syms: []*Sym{n.Syms()[0], m.Syms()[0]}}
			s := newSampler(uint64(c.op))
			var args []*Tensor
			for i, shape := range c.shapes {
				p := g.Leaf(OpArg, string(rune('a'+i)), F64, shape)
				f.Params = append(f.Params, p)
				d := Ops[c.op].Domain[0]
				args = append(args, s.tensor(testSizes, p, d[0], d[1]))
			}
			f.Results = []Result{{"y", g.Must(c.op, c.attr, f.Params...)}}
			checkDerivatives2(t, f, args)
		})
	}
	t.Run("gather", func(t *testing.T) {
		g := NewGraph()
		table, i := g.Leaf(OpArg, "a", F64, []Dim{Int(4), Int(3)}), idx(g, n, Int(2))
		y, err := g.Gather(table, i)
		if err != nil {
			t.Fatal(err)
		}
		f := &Func{Name: "gather", Params: []*Node{table, i}, Results: []Result{{"y", y}}}
		s := newSampler(3)
		checkDerivatives2(t, f, []*Tensor{s.tensor(testSizes, table, -2, 2), s.tensor(testSizes, i, 0, 3)})
	})
	t.Run("scatter_add", func(t *testing.T) {
		g := NewGraph()
		i, upd := idx(g, n), g.Leaf(OpArg, "a", F64, []Dim{n, Int(3)})
		y, err := g.ScatterAdd(i, upd, Ints(4, 3))
		if err != nil {
			t.Fatal(err)
		}
		f := &Func{Name: "scatter_add", Params: []*Node{i, upd}, Results: []Result{{"y", y}}}
		s := newSampler(3)
		checkDerivatives2(t, f, []*Tensor{s.tensor(testSizes, i, 0, 3), s.tensor(testSizes, upd, -2, 2)})
	})
	for op := Op(0); op < NumOps; op++ {
		if k := Ops[op].Kind; k != KindLeaf && k != KindElement && k != KindRegion && !seen[op] {
			t.Errorf("%s has no derivative test", Ops[op].Name)
		}
	}
}

// TestKinks pins the derivatives that the op reference promises at kinks.
func TestKinks(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		op   Op
		x    []float64
		want []float64
	}{
		{OpAbs, []float64{0}, []float64{0}},
		{OpMax, []float64{1, 1}, []float64{1, 0}},
		{OpMin, []float64{1, 1}, []float64{1, 0}},
		{OpMax, []float64{2, 1}, []float64{1, 0}},
		{OpMax, []float64{0, -inf}, []float64{1, 0}},
		{OpPow, []float64{0, 0}, []float64{0, 0}},
		{OpPow, []float64{0, 2}, []float64{0, 0}},
		{OpPow, []float64{3, 0}, []float64{0, math.Log(3)}},
		{OpPow, []float64{-2, 3}, []float64{12, nan}},
	} {
		g := NewGraph()
		f := &Func{Name: "kink"}
		var args []*Tensor
		for i, x := range c.x {
			f.Params = append(f.Params, g.Leaf(OpArg, string(rune('a'+i)), F64, nil))
			args = append(args, &Tensor{Data: []float64{x}})
		}
		grads, err := Grad(g, g.Must(c.op, Attr{}, f.Params...), f.Params, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range grads {
			f.Results = []Result{{"d", d}}
			got := mustEval(t, f, args, testSizes)[0].Data[0]
			if got != c.want[i] && !(math.IsNaN(got) && math.IsNaN(c.want[i])) {
				t.Errorf("%s%v: derivative by argument %d is %v, want %v", Ops[c.op].Name, c.x, i, got, c.want[i])
			}
		}
	}
}

func TestProdWithZeros(t *testing.T) {
	g := NewGraph()
	x := g.Leaf(OpArg, "x", F64, Ints(4))
	f := &Func{Name: "prod", Params: []*Node{x}, Results: []Result{{"y", g.Must(OpProd, Attr{Axes: []int{0}}, x)}}}
	for _, v := range [][]float64{{1, 0, 2, 3}, {0, 2, 0, 3}, {0, 0, 0, 2}, {1.5, 2, -1, 3}} {
		checkDerivatives(t, f, []*Tensor{{[]int{4}, v}}, testSizes, 2)
	}
}

func TestMaxGradientGoesToTheFirst(t *testing.T) {
	g := NewGraph()
	x := g.Leaf(OpArg, "x", F64, Ints(2, 3))
	y := g.Must(OpReduceMax, Attr{Axes: []int{0, 1}}, x)
	grads, err := Grad(g, y, []*Node{x}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &Func{Name: "max", Params: []*Node{x}, Results: []Result{{"d", grads[0]}}}
	got := mustEval(t, f, []*Tensor{{[]int{2, 3}, []float64{1, 5, 2, 5, 0, 5}}}, testSizes)[0]
	if want := "[0 1 0 0 0 0]"; fmt.Sprint(got.Data) != want {
		t.Errorf("got %v, want %s", got.Data, want)
	}
}

func TestGradErrors(t *testing.T) {
	g := NewGraph()
	x := g.Leaf(OpArg, "x", F64, Ints(2))
	i := g.Leaf(OpArg, "i", I32, nil)
	if _, err := Grad(g, x, []*Node{x}, nil); err == nil || err.Error() != "only a float scalar has a gradient, got [2]" {
		t.Errorf("got %v", err)
	}
	sum := g.sum(x, []int{0})
	if _, err := Grad(g, sum, []*Node{i}, nil); err == nil || err.Error() != "a gradient is taken by float values, got int" {
		t.Errorf("got %v", err)
	}
	floor, err := g.Unary(OpFloor, sum)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := Grad(g, floor, []*Node{x}, nil); err != nil || d[0] != nil {
		t.Errorf("floor: got %v, %v, want no gradient and no error", d, err)
	}
	// A row without any derivative column is an error on the path, and no error off it.
	saved := Ops[OpTan]
	defer func() { Ops[OpTan] = saved }()
	Ops[OpTan].Partials = nil
	g.Pos = 42
	tan, err := g.Unary(OpTan, sum)
	if err != nil {
		t.Fatal(err)
	}
	want := "tan has no derivative, but lies on the path of a gradient"
	_, err = Grad(g, tan, []*Node{x}, nil)
	if ge, ok := err.(*GradError); !ok || ge.Pos != 42 || ge.Op != OpTan || ge.Message != want {
		t.Errorf("got %#v", err)
	}
	if _, err = JVP(g, []*Node{tan}, []*Node{x}, []*Node{x}); err == nil || err.Error() != want {
		t.Errorf("forward mode: got %v", err)
	}
	if _, err := Grad(g, g.add(sum, g.StopGradient(tan)), []*Node{x}, nil); err != nil {
		t.Errorf("off the path: %v", err)
	}
}

func TestLongChain(t *testing.T) {
	g := NewGraph()
	x := g.Leaf(OpArg, "x", F64, nil)
	y := x
	for i := 0; i < 100_000; i++ {
		y = g.add(g.mul(y, g.Const(1-1e-5, F64)), x)
	}
	grads, err := Grad(g, y, []*Node{x}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &Func{Name: "chain", Params: []*Node{x}, Results: []Result{{"y", y}, {"d", grads[0]}}}
	out, err := Eval(f, []*Tensor{{Data: []float64{2}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if y, d := out[0].Data[0], out[1].Data[0]; math.Abs(y-2*d) > 1e-9*y {
		t.Errorf("y = %g and dy/dx = %g, want a linear function", y, d)
	}
}
