// Which forms do layout, reduction, product, index and call rows take in the tests of generated code?
package codegen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"nngen/symbolic"
)

// permutations returns all orders of 0 to n-1.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			out = append(out, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return out
}

// subsets returns all choices of axes of a tensor of rank n, but for the empty one.
func subsets(n int) [][]int {
	var out [][]int
	for k := 1; k < 1<<n; k++ {
		var s []int
		for i := range n {
			if k>>i&1 == 1 {
				s = append(s, i)
			}
		}
		out = append(out, s)
	}
	return out
}

func addLayout(t *testing.T, p *program, dt symbolic.DType) {
	i, ints := symbolic.Int, symbolic.Ints
	types := []symbolic.DType{dt, symbolic.I32, symbolic.Bool}
	dims := func(ds ...symbolic.Dim) []symbolic.Dim { return ds }

	p.add(t, "reshape", dt, func(b *builder) {
		for _, c := range []struct{ from, to []symbolic.Dim }{
			{dims(batch, i(6)), dims(batch, i(2), i(3))},
			{dims(batch, i(2), i(3)), dims(batch.Mul(i(6)))},
			{dims(batch.Mul(i(6))), dims(batch, i(6))},
			{dims(batch, i(4)), dims(batch.Mul(i(2)), i(2))},
			{ints(2, 3), ints(3, 2)},
			{ints(2, 3), ints(6)},
			{nil, ints(1)},
			{ints(1, 1), nil},
			{dims(i(1), batch), dims(batch, i(1))},
			{dims(batch, steps, i(3)), dims(batch.Mul(steps), i(3))},
			{dims(batch, steps, i(3)), dims(batch, steps.Mul(i(3)))},
		} {
			for _, x := range types {
				b.out(b.g.Reshape(b.arg(x, 0, 1, c.from...), c.to))
			}
			// Between elementwise ops, on either side of the change of rows.
			y := b.must(b.g.Unary(symbolic.OpNeg, b.float(c.from...)))
			y = b.must(b.g.Reshape(y, c.to))
			b.out(b.g.Binary(symbolic.OpMul, y, b.float(c.to...)))
		}
	})
	for _, x := range types {
		p.add(t, "permute "+x.String(), dt, func(b *builder) {
			for _, shape := range [][]symbolic.Dim{dims(batch, i(3)), dims(batch, i(2), steps), ints(2, 3, 4), dims(batch, i(2), i(1), i(3))} {
				for _, axes := range permutations(len(shape)) {
					b.out(b.g.Permute(b.arg(x, 0, 1, shape...), axes))
				}
			}
		})
	}
	for _, axes := range permutations(4) {
		if axes[0] > 1 {
			p.add(t, fmt.Sprintf("permute %v", axes), dt, func(b *builder) {
				b.out(b.g.Permute(b.float(i(2), batch, i(3), i(5)), axes))
			})
		}
	}
	type cut struct {
		shape, lo, hi []symbolic.Dim
		step          []int
	}
	one := i(1)
	for _, x := range types {
		p.add(t, "slice "+x.String(), dt, func(b *builder) {
			for _, c := range []cut{
				{dims(batch, i(4)), ints(0, 1), dims(batch, i(3)), nil},
				{dims(batch, i(4)), dims(one, i(0)), dims(batch, i(4)), nil},
				{dims(batch), dims(one), dims(batch), nil},
				{dims(batch), dims(i(0)), dims(batch.Sub(one)), nil},
				{dims(batch), dims(i(0)), dims(batch), []int{2}},
				{dims(batch, i(10)), ints(0, 1), dims(batch, i(9)), []int{2, 3}},
				{dims(batch, i(10)), ints(0, 1), dims(batch, i(9)), []int{1, 3}},
				{ints(5), ints(2), ints(4), nil},
				{ints(5, 6), ints(1, 2), ints(4, 6), []int{2, 3}},
				{dims(batch, steps, i(3)), ints(0, 0, 1), dims(batch, one, i(2)), nil},
				{dims(batch, steps, i(3)), dims(i(0), steps.Sub(one), i(0)), dims(batch, steps, i(3)), nil},
				{dims(i(2), batch, i(3)), dims(one, one, one), dims(i(2), batch, i(3)), nil},
				{dims(batch, i(3), i(4), i(2)), ints(0, 1, 0, 1), dims(batch, i(3), i(4), i(2)), []int{1, 1, 2, 1}},
			} {
				b.out(b.g.Slice(b.arg(x, 0, 1, c.shape...), c.lo, c.hi, c.step))
			}
		})
		p.add(t, "pad "+x.String(), dt, func(b *builder) {
			for _, c := range []cut{
				{dims(batch, i(3)), ints(1, 0), ints(0, 2), nil},
				{dims(batch, i(3)), ints(0, 1), ints(0, 2), nil},
				{dims(batch, i(3)), ints(0, 1), ints(2, 0), []int{1, 2}},
				{dims(batch, i(3)), ints(0, 0), ints(0, 0), []int{0, 2}},
				{dims(batch), dims(batch), dims(i(3)), nil},
				{dims(batch), ints(0), ints(0), []int{2}},
				{ints(2, 3), ints(1, 1), ints(1, 1), nil},
				{dims(batch, steps, i(2)), ints(0, 1, 0), ints(0, 0, 1), nil},
				{dims(i(2), batch), ints(0, 3), ints(1, 0), nil},
				{ints(4), ints(2), ints(0), []int{1}},
			} {
				b.out(b.g.Pad(b.arg(x, 0, 1, c.shape...), c.lo, c.hi, c.step))
			}
		})
		p.add(t, "concat "+x.String(), dt, func(b *builder) {
			for _, c := range []struct {
				axis   int
				shapes [][]symbolic.Dim
			}{
				{0, [][]symbolic.Dim{dims(batch, i(3)), ints(2, 3), dims(steps, i(3))}},
				{1, [][]symbolic.Dim{dims(batch, i(3)), dims(batch, steps)}},
				{1, [][]symbolic.Dim{dims(batch, i(3)), dims(batch, i(1)), dims(batch, i(2))}},
				{0, [][]symbolic.Dim{dims(batch), ints(1), dims(batch)}},
				{0, [][]symbolic.Dim{ints(2), ints(3)}},
				{1, [][]symbolic.Dim{dims(batch, i(2), i(3)), dims(batch, i(1), i(3))}},
				{2, [][]symbolic.Dim{dims(i(2), batch, i(3)), dims(i(2), batch, i(2))}},
				{1, [][]symbolic.Dim{dims(i(2), batch), dims(i(2), batch)}},
			} {
				var args []*symbolic.Node
				for _, shape := range c.shapes {
					args = append(args, b.arg(x, 0, 1, shape...))
				}
				b.out(b.g.Concat(c.axis, args...))
			}
			same := b.arg(x, 0, 1, batch, i(2))
			b.out(b.g.Concat(1, same, same))
		})
		p.add(t, "reverse "+x.String(), dt, func(b *builder) {
			for _, shape := range [][]symbolic.Dim{dims(batch), ints(4), dims(batch, i(3)), dims(batch, steps, i(2)), ints(2, 3, 4), dims(i(1), batch)} {
				for _, axes := range subsets(len(shape)) {
					b.out(b.g.Reverse(b.arg(x, 0, 1, shape...), axes))
				}
			}
		})
	}
}

func addReductions(t *testing.T, p *program, dt symbolic.DType) {
	i, ints := symbolic.Int, symbolic.Ints
	shapes := [][]symbolic.Dim{{batch}, {batch, i(3)}, {batch, i(3), i(4)}, {batch, i(2), i(3), i(2)}, ints(5), ints(3, 20), {batch, i(1), i(3)}, {batch, steps}, {i(3), batch}, ints(2, 3, 4), ints(1, 1)}
	for _, op := range []symbolic.Op{symbolic.OpSum, symbolic.OpReduceMax, symbolic.OpProd, symbolic.OpArgmax} {
		lo, hi := -1.0, 2.0
		if op == symbolic.OpProd {
			lo, hi = 0.95, 1.05
		}
		for _, x := range []symbolic.DType{dt, symbolic.I32} {
			for _, keep := range []bool{false, true} {
				if x == symbolic.I32 && keep || op == symbolic.OpArgmax && keep {
					continue
				}
				for _, shape := range shapes {
					p.add(t, fmt.Sprintf("%s %s of %s keep %t", symbolic.Ops[op].Name, x, symbolic.ShapeString(shape), keep), dt, func(b *builder) {
						for _, axes := range subsets(len(shape)) {
							if op == symbolic.OpArgmax && len(axes) > 1 {
								continue
							}
							a, z := lo, hi
							if x == symbolic.I32 && op != symbolic.OpProd {
								a, z = -9, 9
							} else if x == symbolic.I32 {
								a, z = 1, 1
							}
							b.out(b.g.Reduce(op, b.arg(x, a, z, shape...), axes, keep))
						}
					})
				}
			}
		}
	}
	for _, x := range []symbolic.DType{dt, symbolic.I32} {
		p.add(t, "cumsum "+x.String(), dt, func(b *builder) {
			for _, shape := range shapes {
				for axis := range shape {
					for _, reverse := range []bool{false, true} {
						b.out(b.g.Cumsum(b.arg(x, -1, 2, shape...), axis, reverse))
					}
				}
			}
		})
	}
	special := p.add(t, "maximum and argmax of special values", dt, func(b *builder) {
		s := specials(dt)
		var values []float64
		for k := range len(s) * len(s) * len(s) {
			values = append(values, s[k%10], s[k/10%10], s[k/100])
		}
		x := b.given(dt, values, i(1000), i(3))
		y := b.given(dt, values, i(3), i(1000))
		for axis, v := range []*symbolic.Node{y, x} {
			b.out(b.g.Reduce(symbolic.OpReduceMax, v, []int{axis}, false))
			b.out(b.g.Reduce(symbolic.OpArgmax, v, []int{axis}, false))
		}
	})
	special.exact = true
}

// addDots runs products with every number of batch, free and contracted axes, the run-time size in each of these places, and axes in
// any order.
func addDots(t *testing.T, p *program, dt symbolic.DType) {
	rng := rand.New(rand.NewPCG(3, 4))
	kinds := []string{"nowhere", "batch", "free a", "free b", "contracted"}
	for place, where := range kinds {
		for nb := range 3 {
			p.add(t, fmt.Sprintf("dot with %d batch axes, rows %s", nb, where), dt, func(b *builder) {
				for fa := range 3 {
					for fb := range 3 {
						for nc := range 3 {
							n := []int{0, nb, fa, fb, nc}
							if place > 0 && n[place] == 0 || nb+fa+fb+nc == 0 {
								continue
							}
							for range 2 {
								addDot(b, rng, nb, fa, fb, nc, place)
							}
						}
					}
				}
			})
		}
	}
	p.add(t, "dot as the language writes it", dt, func(b *builder) {
		i := symbolic.Int
		for _, c := range [][2][]symbolic.Dim{
			{{batch, i(5)}, {i(5), i(3)}},
			{{batch, i(5)}, {i(5)}},
			{{batch, steps, i(5)}, {i(5), i(3)}},
			{{batch, i(1)}, {i(1), i(3)}},
			{{batch, i(5)}, {i(5), i(1)}},
			{{i(1), i(5)}, {i(5), i(3)}},
			{{i(4), i(600)}, {i(600), i(3)}},
			{{batch, i(2), i(3)}, {batch, i(3), steps}},
			{{i(5)}, {i(5), i(3)}},
			{{i(5)}, {i(5)}},
			{{batch}, {batch}},
		} {
			b.out(b.g.MatMul(b.float(c[0]...), b.float(c[1]...)))
		}
		for _, d := range []symbolic.DotAxes{{ContractA: []int{0}, ContractB: []int{0}}} { // x' y over all rows: a weight gradient
			b.out(b.g.Dot(b.float(batch, i(5)), b.float(batch, i(3)), d))
			b.out(b.g.Dot(b.float(batch), b.float(batch, i(3)), d))
			b.out(b.g.Dot(b.float(batch, i(5)), b.float(batch), d))
			b.out(b.g.Dot(b.float(batch, i(1)), b.float(batch, i(3)), d))
			b.out(b.g.Dot(b.float(batch, i(40)), b.float(batch, i(70)), d))
		}
	})
}

func addDot(b *builder, rng *rand.Rand, nb, fa, fb, nc, place int) {
	sizes := [][]int{nil, {2, 3}, {4, 2}, {3, 2}, {5, 2}}
	dims := func(kind, n int) []symbolic.Dim {
		out := symbolic.Ints(sizes[kind][:n]...)
		if kind == place && n > 0 {
			out[rng.IntN(n)] = batch
		}
		return out
	}
	bd, fad, fbd, cd := dims(1, nb), dims(2, fa), dims(3, fb), dims(4, nc)
	// The axes of each argument as labels, in a random order.
	type axis struct{ kind, index int }
	order := func(free, nf int) []axis {
		var as []axis
		for k := range nb {
			as = append(as, axis{1, k})
		}
		for k := range nf {
			as = append(as, axis{free, k})
		}
		for k := range nc {
			as = append(as, axis{4, k})
		}
		switch rng.IntN(3) {
		case 0: // canonical
		case 1:
			slices.Reverse(as[nb:])
		default:
			rng.Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
		}
		return as
	}
	of := map[int][]symbolic.Dim{1: bd, 2: fad, 3: fbd, 4: cd}
	shape := func(as []axis) []symbolic.Dim {
		out := []symbolic.Dim{}
		for _, a := range as {
			out = append(out, of[a.kind][a.index])
		}
		return out
	}
	at := func(as []axis, kind, n int) []int {
		var out []int
		for k := range n {
			out = append(out, slices.Index(as, axis{kind, k}))
		}
		return out
	}
	oa, ob := order(2, fa), order(3, fb)
	b.out(b.g.Dot(b.float(shape(oa)...), b.float(shape(ob)...), symbolic.DotAxes{BatchA: at(oa, 1, nb), BatchB: at(ob, 1, nb), ContractA: at(oa, 4, nc), ContractB: at(ob, 4, nc)}))
}

func addIndexing(t *testing.T, p *program, dt symbolic.DType) {
	i, ints := symbolic.Int, symbolic.Ints
	type form struct{ table, idx []symbolic.Dim }
	forms := []form{
		{ints(5, 3), []symbolic.Dim{batch}},
		{ints(5), []symbolic.Dim{batch}},
		{ints(5, 1), []symbolic.Dim{batch}},
		{ints(5, 2, 3), []symbolic.Dim{batch, steps}},
		{ints(5, 3), []symbolic.Dim{batch, i(1)}},
		{ints(5, 3), ints(4)},
		{ints(5, 3), nil},
		{ints(5), nil},
		{[]symbolic.Dim{i(5), batch}, ints(3)},
		{[]symbolic.Dim{i(5), steps}, []symbolic.Dim{batch}},
	}
	for _, c := range forms {
		name := fmt.Sprintf("%s at %s", symbolic.ShapeString(c.table), symbolic.ShapeString(c.idx))
		p.add(t, "gather "+name, dt, func(b *builder) {
			for _, x := range []symbolic.DType{dt, symbolic.I32, symbolic.Bool} {
				b.out(b.g.Gather(b.arg(x, 0, 1, c.table...), b.arg(symbolic.I32, 0, 4, c.idx...)))
			}
		})
		p.add(t, "scatter_add "+name, dt, func(b *builder) {
			shape := slices.Concat(c.idx, c.table[1:])
			b.out(b.g.ScatterAdd(b.arg(symbolic.I32, 0, 4, c.idx...), b.float(shape...), c.table))
		})
	}
	p.add(t, "gather and scatter of a computed table", dt, func(b *builder) {
		table := b.must(b.g.Unary(symbolic.OpTanh, b.float(batch, i(3))))
		idx := b.arg(symbolic.I32, 0, 0, batch)
		y := b.must(b.g.Gather(table, idx))
		b.out(b.g.Binary(symbolic.OpMul, y, table))
		b.out(b.g.ScatterAdd(idx, y, []symbolic.Dim{batch, i(3)}))
	})
}

// addCalls runs kept Funcs in a row; calls_test.go does more with them.
func addCalls(t *testing.T, p *program, dt symbolic.DType) {
	for _, n := range []int{1, 2, 5} {
		p.add(t, fmt.Sprintf("call %d times", n), dt, func(b *builder) {
			layer := denseLayer(b)
			h := b.float(batch, symbolic.Int(4))
			for range n {
				h = b.call("", layer, h, b.like(layer)...)
			}
			b.out(h, nil)
		})
	}
}
