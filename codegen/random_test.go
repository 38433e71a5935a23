// Which expressions does nobody think of writing? Random graphs over all shapes that the planner treats differently.
package codegen

import (
	"fmt"
	"math/rand/v2"

	"nngen/symbolic"
)

// A chooser returns a number from 0 to n-1.
type chooser func(n int) int

func seeded(seed uint64) chooser { return rand.New(rand.NewPCG(seed, 9)).IntN }

// randomShapes are the shapes of parameters: run-time rows, fixed rows, numbers, axes of size one.
func randomShapes() [][]symbolic.Dim {
	i := symbolic.Int
	return [][]symbolic.Dim{
		{batch, i(4)}, {batch}, {i(4)}, {batch, i(3), i(4)}, {i(4), i(3)}, {}, {batch, steps, i(4)}, {i(3), i(4)}, {batch, i(1), i(4)}, {batch, i(4), i(4)}, {i(1)},
	}
}

// randomFunc hands a random expression, or several, to b. Values stay small, and nothing jumps that rounding could move across a step.
func randomFunc(b *builder, pick chooser) {
	shapes := randomShapes()
	var pool []*symbolic.Node
	add := func(n *symbolic.Node, err error) {
		if err == nil && n.DType == b.c.dt {
			pool = append(pool, n)
		}
	}
	var wrt []*symbolic.Node
	for range 2 + pick(3) {
		x := b.float(shapes[pick(len(shapes))]...)
		wrt = append(wrt, x)
		pool = append(pool, x)
	}
	any := func() *symbolic.Node {
		if pick(2) == 0 { // near the end, so that expressions get deep
			return pool[max(0, len(pool)-1-pick(3))]
		}
		return pool[pick(len(pool))]
	}
	small := func(n *symbolic.Node, err error) {
		if err == nil {
			n, err = b.g.Unary(symbolic.OpTanh, n)
		}
		add(n, err)
	}
	unary := []symbolic.Op{symbolic.OpNeg, symbolic.OpTanh, symbolic.OpSin, symbolic.OpSigmoid, symbolic.OpAtan}
	binary := []symbolic.Op{symbolic.OpAdd, symbolic.OpSub, symbolic.OpMul}
	var layer *symbolic.Func
	if pick(3) == 0 {
		layer = randomLayer(b, pick)
		for range 1 + pick(6) { // a run of calls, which may fold into a loop
			x := b.float(batch, symbolic.Int(4))
			if pick(3) > 0 && symbolic.SameShape(pool[len(pool)-1].Shape, x.Shape) {
				x = pool[len(pool)-1]
			}
			add(randomCall(b, pick, layer, x, add), nil)
		}
	}
	for range 3 + pick(18) {
		x := any()
		r := x.Rank()
		switch pick(20) {
		case 0, 1:
			add(b.g.Unary(unary[pick(len(unary))], x))
		case 2, 3, 4, 5:
			add(b.g.Binary(binary[pick(len(binary))], x, any()))
		case 6, 7:
			if r > 0 {
				axes := subsets(r)[pick(1<<r-1)]
				small(b.g.Reduce(symbolic.OpSum, x, axes, pick(2) == 0))
			}
		case 8:
			if r > 0 {
				add(b.g.Reduce(symbolic.OpReduceMax, x, subsets(r)[pick(1<<r-1)], pick(2) == 0))
			}
		case 9:
			if r > 0 {
				small(b.g.MatMul(x, b.float(x.Shape[r-1], symbolic.Int(1+pick(5)))))
			}
		case 10:
			y := any()
			if r > 0 && y.Rank() > 0 && x.Shape[0] == y.Shape[0] { // over the rows of both
				small(b.g.Dot(x, y, symbolic.DotAxes{ContractA: []int{0}, ContractB: []int{0}}))
			}
		case 11:
			y := any()
			if r > 1 && y.Rank() > 1 && x.Shape[0] == y.Shape[0] && x.Shape[r-1] == y.Shape[y.Rank()-1] {
				small(b.g.Dot(x, y, symbolic.DotAxes{BatchA: []int{0}, BatchB: []int{0}, ContractA: []int{r - 1}, ContractB: []int{y.Rank() - 1}}))
			}
		case 12:
			if r > 1 {
				ps := permutations(r)
				add(b.g.Permute(x, ps[pick(len(ps))]))
			}
		case 13:
			randomReshape(b, pick, x, add)
		case 14:
			if r > 0 && r < 4 {
				y := any()
				axis := pick(r)
				if y.Rank() == r {
					add(b.g.Concat(axis, x, y))
				} else {
					add(b.g.Concat(axis, x, x))
				}
			}
		case 15:
			if r > 0 {
				add(b.g.Cumsum(b.must(b.g.Unary(symbolic.OpTanh, x)), pick(r), pick(2) == 0))
				add(b.g.Reverse(x, []int{pick(r)}))
			}
		case 16:
			if r > 0 {
				add(b.softmax(x), nil)
			}
		case 17:
			// A row sum of squares as a column, or as a row.
			four := symbolic.Int(4)
			square := b.must(b.g.Expand(b.float(batch, symbolic.Int(1), four), []symbolic.Dim{batch, four, four}))
			if y, err := b.g.Binary(symbolic.OpMul, x, square); err == nil && y.Rank() == 3 {
				s := b.must(b.g.Reduce(symbolic.OpSum, y, []int{1 + pick(2)}, false))
				shape := []symbolic.Dim{batch, four, symbolic.Int(1)}
				if pick(2) == 0 {
					shape[1], shape[2] = shape[2], shape[1]
				}
				small(b.g.Binary(symbolic.OpMul, y, b.must(b.g.Reshape(s, shape))))
			}
		case 18:
			if layer != nil && r == 2 && x.Shape[1].Is(4) {
				add(randomCall(b, pick, layer, x, add), nil)
			}
		case 19:
			if r > 0 && r < 4 {
				if k, ok := x.Shape[0].Const(); ok {
					small(b.g.Gather(x, b.arg(symbolic.I32, 0, float64(k-1), batch)))
				} else {
					to := append([]symbolic.Dim{symbolic.Int(3)}, x.Shape[1:]...)
					small(b.g.ScatterAdd(b.arg(symbolic.I32, 0, 2, x.Shape[0]), x, to))
				}
			}
		}
		if last := pool[len(pool)-1]; last.Rank() > 4 {
			pool = pool[:len(pool)-1]
		}
	}
	for range 1 + pick(4) {
		b.out(any(), nil)
	}
	b.c.private = pick(2) == 0
	last := pool[len(pool)-1]
	b.out(last, nil)
	defer func() {
		roots := make([]*symbolic.Node, len(b.c.f.Results))
		for i, r := range b.c.f.Results {
			roots[i] = r.Node
		}
		for i, n := range b.g.ShareCalls(roots) {
			b.c.f.Results[i].Node = n
		}
	}()
	if pick(2) == 0 {
		loss := b.weighted(last)
		b.out(loss, nil)
		gs, err := symbolic.Grad(b.g, loss, wrt, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, d := range gs {
			if d != nil {
				b.out(d, nil)
			}
		}
	}
}

// randomLayer makes a kept Func from [rows, 4] to [rows, 4], perhaps with a second result.
func randomLayer(b *builder, pick chooser) *symbolic.Func {
	four := symbolic.Int(4)
	return b.layer("layer", []symbolic.Dim{rowSize, four}, [][]symbolic.Dim{symbolic.Ints(4, 4), symbolic.Ints(4), nil, symbolic.Ints(1)},
		func(x *symbolic.Node, p []*symbolic.Node) []*symbolic.Node {
			h := x
			for range 1 + pick(4) {
				switch pick(9) {
				case 0, 1:
					h = b.tanh(b.matmul(h, p[0]))
				case 2:
					h = b.add(h, p[1])
				case 3:
					h = b.mul(h, p[2])
				case 4:
					h = b.softmax(h)
				case 5:
					h = b.layerNorm(h, 1)
				case 6:
					h = b.sub(h, b.mean(h, 0))
				case 7:
					h = b.mul(b.tanh(h), b.add(p[3], x))
				case 8:
					mask := b.bin(symbolic.OpLt, b.must(b.g.Rand("uniform", "1", x.Shape, b.c.dt)), b.num(0.8))
					h = b.must(b.g.Where(mask, h, b.num(0)))
				}
			}
			out := []*symbolic.Node{b.tanh(h)}
			switch pick(4) {
			case 0:
				out = append(out, b.must(b.g.Reduce(symbolic.OpSum, h, []int{1}, false)))
			case 1:
				out = append(out, b.tanh(b.total(h)))
			}
			return out
		})
}

// randomCall calls a layer on x with parameters of its own, or with those of the call before, and hands a second result to add.
func randomCall(b *builder, pick chooser, f *symbolic.Func, x *symbolic.Node, add func(*symbolic.Node, error)) *symbolic.Node {
	k := len(f.Params) - 1
	params := b.c.shared
	if len(params) == 0 || pick(4) > 0 {
		params = b.like(f)
		b.c.shared = params[:k]
	}
	site := ""
	if f.HasRand() {
		b.c.sites++
		site = fmt.Sprintf("blk.%d", b.c.sites)
	}
	call := b.must(b.g.CallAt(site, f, []symbolic.Dim{x.Shape[0]}, append([]*symbolic.Node{x}, params...)))
	if len(f.Results) > 1 {
		add(b.g.Get(call, 1), nil)
	}
	return b.g.Get(call, 0)
}

// randomReshape joins two neighbouring axes of x or cuts one.
func randomReshape(b *builder, pick chooser, x *symbolic.Node, add func(*symbolic.Node, error)) {
	r := x.Rank()
	if r == 0 {
		add(b.g.Reshape(x, symbolic.Ints(1)))
		return
	}
	a := pick(r)
	shape := append([]symbolic.Dim(nil), x.Shape[:a]...)
	switch {
	case a+1 < r:
		shape = append(append(shape, x.Shape[a].Mul(x.Shape[a+1])), x.Shape[a+2:]...)
	default:
		half, ok := x.Shape[a].Div(symbolic.Int(2))
		if !ok {
			shape = append(shape, symbolic.Int(1), x.Shape[a])
		} else {
			shape = append(shape, half, symbolic.Int(2))
		}
	}
	add(b.g.Reshape(x, shape))
}

// randomCase makes the case of a seed.
func randomCase(b *builder, seed uint64) { randomFunc(b, seeded(seed)) }

func randomName(seed uint64) string { return fmt.Sprintf("random %d", seed) }
