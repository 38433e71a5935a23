// Do the constructors build what the language means, and say what does not fit?

package symbolic

import "testing"

func TestBuildErrors(t *testing.T) {
	g := NewGraph()
	b := SymDim("batch", 0)
	x := g.Leaf(OpInput, "x", F32, []Dim{b, Int(64)})
	w := g.Leaf(OpInput, "w", F32, []Dim{Int(32)})
	i := g.Leaf(OpInput, "i", I32, []Dim{b})
	two := func(n *Node, err error) error { return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{two(g.Binary(OpAdd, x, w)), "cannot add [batch, 64] and [32]: axis 1 is 64 here and 32 there"},
		{two(g.Unary(OpTanh, i)), "tanh needs float, got int"},
		{two(g.MatMul(x, g.Leaf(OpParam, "W", F32, Ints(32, 8)))), "cannot multiply [batch, 64] @ [32, 8]: axis 1 is 64 here and axis 0 is 32 there"},
		{two(g.Reshape(x, Ints(64))), "cannot reshape [batch, 64] to [64]: 64*batch elements here and 64 there"},
		{two(g.Concat(0, x, w)), "cannot concat [batch, 64] and [32]: a tensor of 2 axes here and a tensor of 1 axis there"},
		{two(g.Binary(OpMul, i, g.Const(1.5, F32))), "mul needs one type, got int and float"},
		{two(g.Reduce(OpSum, w, []int{1}, false)), "sum: axis 1 is out of range for a tensor of 1 axis"},
		{two(g.Slice(x, Ints(0, 0), []Dim{b, Int(65)}, nil)), "slice: axis 1 ends at 65, but its size is 64"},
		{two(g.Expand(i, []Dim{Int(3)})), "cannot broadcast [batch] to [3]: axis 0 is batch here and 3 there"},
		{two(g.Gather(x, x)), "gather needs int indices, got float"},
		{two(g.Where(x, x, x)), "where needs a bool condition, got float"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", c.err, c.want)
		}
	}
}

func TestBuildShapes(t *testing.T) {
	g := NewGraph()
	b := SymDim("batch", 0)
	x := g.Leaf(OpInput, "x", F32, []Dim{b, Int(8), Int(64)})
	ok := func(n *Node, err error) *Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	col := ok(g.Reduce(OpSum, x, []int{2}, true))
	for _, c := range []struct {
		n    *Node
		want string
	}{
		{col, "[batch, 8, 1]"},
		{ok(g.Binary(OpSub, x, col)), "[batch, 8, 64]"},
		{ok(g.Binary(OpAdd, x, g.Leaf(OpParam, "b", F32, Ints(64)))), "[batch, 8, 64]"},
		{ok(g.Binary(OpMul, g.Const(2, F64), x)), "[batch, 8, 64]"},
		{ok(g.MatMul(x, g.Leaf(OpParam, "W", F32, Ints(64, 3)))), "[batch, 8, 3]"},
		{ok(g.Gather(g.Leaf(OpParam, "E", F32, Ints(96, 5)), g.Leaf(OpInput, "t", I32, []Dim{b}))), "[batch, 5]"},
		{ok(g.Reduce(OpArgmax, x, []int{2}, false)), "[batch, 8]int"},
		{ok(g.Binary(OpLt, x, g.Const(0, F32))), "[batch, 8, 64]bool"},
		{ok(g.Permute(x, []int{2, 0, 1})), "[64, batch, 8]"},
		{ok(g.Slice(x, Ints(0, 1, 0), []Dim{b, Int(8), Int(64)}, []int{1, 2, 1})), "[batch, 4, 64]"},
		{ok(g.Pad(x, Ints(0, 1, 0), Ints(0, 2, 0), []int{0, 1, 0})), "[batch, 18, 64]"},
		{ok(g.Concat(1, x, x)), "[batch, 16, 64]"},
	} {
		if got := TypeString(c.n); got != c.want {
			t.Errorf("%s: got %s, want %s", c.n.Info().Name, got, c.want)
		}
	}
	if once, again := ok(g.Binary(OpAdd, x, col)), ok(g.Binary(OpAdd, x, col)); once != again {
		t.Error("equal expressions are two nodes")
	}
	if n := ok(g.Binary(OpMul, x, g.Const(2, F64))); n.Args[1].Op != OpConst || n.Args[1].DType != F32 {
		t.Error("a constant does not stay a constant of the other's type")
	}
}

// TestMatMulFromTheLeft multiplies one matrix with each of a batch, as numpy's matmul does.
func TestMatMulFromTheLeft(t *testing.T) {
	g := NewGraph()
	batch := SymDim("batch", 0)
	w := g.Leaf(OpArg, "w", F64, Ints(2, 3))
	x := g.Leaf(OpArg, "x", F64, []Dim{batch, Int(3), Int(4)})
	y, err := g.MatMul(w, x)
	if err != nil {
		t.Fatal(err)
	}
	if got := ShapeString(y.Shape); got != "[batch, 2, 4]" {
		t.Fatalf("got %s, want [batch, 2, 4]", got)
	}
	f := &Func{Name: "f", Syms: batch.Syms(), Params: []*Node{w, x}, Results: []Result{{"y", y}}}
	a, b := NewTensor(2, 3), NewTensor(2, 3, 4)
	for i := range a.Data {
		a.Data[i] = float64(i + 1)
	}
	for i := range b.Data {
		b.Data[i] = float64(i*i%7) - 2
	}
	out, err := Eval(f, []*Tensor{a, b}, map[*Sym]int{batch.Syms()[0]: 2})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		for i := range 2 {
			for j := range 4 {
				want := 0.0
				for k := range 3 {
					want += a.Data[i*3+k] * b.Data[n*12+k*4+j]
				}
				if got := out[0].Data[n*8+i*4+j]; got != want {
					t.Errorf("y[%d, %d, %d] = %v, want %v", n, i, j, got, want)
				}
			}
		}
	}
}
