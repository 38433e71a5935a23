// Do whole expressions, their gradients and calls compute what the interpreter computes? Fused groups of several passes, values that
// cross regions, results over arguments, kept Funcs in a row.
package codegen

import (
	"fmt"
	"testing"

	"nngen/symbolic"
)

// composites are expressions with what is hard about them in their names.
var composites = []struct {
	name  string
	build func(b *builder)
}{
	{"softmax", func(b *builder) {
		for _, shape := range lastShapes {
			x := b.float(shape...)
			y := b.softmax(x)
			b.out(y, nil)
			b.grads(b.weighted(y), x)
		}
	}},
	{"log softmax", func(b *builder) {
		for _, shape := range lastShapes {
			x := b.float(shape...)
			y := b.logSoftmax(x)
			b.out(y, nil)
			b.grads(b.weighted(y), x)
		}
	}},
	{"layer norm", func(b *builder) {
		for _, shape := range lastShapes {
			x, scale, shift := b.float(shape...), b.float(shape[len(shape)-1]), b.float(shape[len(shape)-1])
			y := b.add(b.mul(b.layerNorm(x, len(shape)-1), scale), shift)
			b.out(y, nil)
			b.grads(b.weighted(y), x, scale, shift)
		}
	}},
	{"norm over two axes", func(b *builder) {
		x := b.float(batch, symbolic.Int(3), symbolic.Int(4))
		y := b.layerNorm(x, 1, 2)
		b.out(y, nil)
		b.grads(b.weighted(y), x)
	}},
	{"norm over the batch", func(b *builder) {
		x := b.float(batch, symbolic.Int(5))
		y := b.layerNorm(x, 0)
		b.out(y, nil)
		b.grads(b.weighted(y), x)
	}},
	{"norm over batch and time", func(b *builder) {
		x := b.float(batch, steps, symbolic.Int(5))
		y := b.layerNorm(x, 0, 1)
		b.out(y, nil)
		b.grads(b.weighted(y), x)
	}},
	{"cross entropy", func(b *builder) {
		for _, shape := range lastShapes {
			x := b.float(shape...)
			lead := shape[:len(shape)-1]
			k, _ := shape[len(shape)-1].Const()
			label := b.arg(symbolic.I32, 0, float64(k-1), lead...)
			hot := b.bin(symbolic.OpEq, b.must(b.g.Reshape(label, append(append([]symbolic.Dim(nil), lead...), symbolic.Int(1)))), b.g.Iota(shape, len(shape)-1, symbolic.I32))
			nll := b.must(b.g.Unary(symbolic.OpNeg, b.total(b.must(b.g.Where(hot, b.logSoftmax(x), b.num(0))))))
			loss := b.div(nll, b.g.Dimval(symbolic.Size(lead), b.c.dt))
			right := b.must(b.g.Cast(b.bin(symbolic.OpEq, label, b.must(b.g.Reduce(symbolic.OpArgmax, x, []int{len(shape) - 1}, false))), b.c.dt))
			b.out(loss, nil)
			b.out(b.total(right), nil)
			b.grads(loss, x)
		}
	}},
	{"softmax twice", func(b *builder) {
		x := b.float(batch, symbolic.Int(6))
		y := b.softmax(b.tanh(b.layerNorm(b.softmax(x), 1)))
		b.out(y, nil)
		b.grads(b.weighted(y), x)
	}},
	{"row sums as columns and as rows", func(b *builder) {
		// The sum over the last axis of a square is spread along the other axis.
		x := b.float(batch, symbolic.Int(4), symbolic.Int(4))
		s := b.must(b.g.Reduce(symbolic.OpSum, x, []int{2}, false))
		b.out(b.mul(x, b.must(b.g.Reshape(s, []symbolic.Dim{batch, symbolic.Int(1), symbolic.Int(4)}))), nil)
		b.out(b.add(x, b.must(b.g.Reshape(b.tanh(s), []symbolic.Dim{batch, symbolic.Int(4), symbolic.Int(1)}))), nil)
		b.out(b.sub(x, b.must(b.g.Reshape(b.tanh(s), []symbolic.Dim{batch, symbolic.Int(1), symbolic.Int(4)}))), nil)
		y := b.float(symbolic.Int(5), symbolic.Int(5))
		r := b.must(b.g.Reduce(symbolic.OpSum, y, []int{1}, false))
		b.out(b.mul(y, r), nil)
		b.out(b.sub(b.mul(y, r), b.must(b.g.Reshape(r, symbolic.Ints(5, 1)))), nil)
	}},
	{"a member spread over its own space", func(b *builder) {
		x := b.float(batch, symbolic.Int(3))
		t := b.tanh(x)
		wide := b.must(b.g.BroadcastTo(t, []symbolic.Dim{batch, symbolic.Int(3), symbolic.Int(3)}, []int{0, 2}))
		tall := b.must(b.g.BroadcastTo(t, []symbolic.Dim{batch, symbolic.Int(3), symbolic.Int(3)}, []int{0, 1}))
		y := b.mul(wide, tall)
		b.out(y, nil)
		b.out(b.sum(b.mul(y, wide), 2), nil)
		b.grads(b.weighted(b.sub(y, b.mul(tall, tall))), x)
	}},
	{"reductions of what does not change along the axis", func(b *builder) {
		x := b.tanh(b.float(batch))
		wide := b.must(b.g.BroadcastTo(x, []symbolic.Dim{batch, symbolic.Int(4)}, []int{0}))
		b.out(b.max(b.sub(wide, b.num(1)), 1), nil)
		b.out(b.sum(b.mul(wide, wide), 1), nil)
		y := b.float(batch, steps)
		deep := b.must(b.g.BroadcastTo(y, []symbolic.Dim{batch, symbolic.Int(3), steps}, []int{0, 2}))
		b.out(b.sum(b.tanh(deep), 1, 2), nil)
		b.out(b.max(b.tanh(deep), 1, 2), nil)
		flat := b.must(b.g.BroadcastTo(x, []symbolic.Dim{batch, symbolic.Int(3), steps}, []int{0}))
		b.out(b.max(b.add(flat, b.num(1)), 1, 2), nil)
		b.out(b.sum(flat, 2), nil)
	}},
	{"a broadcast that lies in memory", func(b *builder) {
		m := b.tanh(b.sum(b.float(batch, symbolic.Int(5)), 1))
		wide := b.must(b.g.Expand(b.mul(m, m), []symbolic.Dim{batch, symbolic.Int(4)}))
		turned := b.must(b.g.Reverse(wide, []int{1}))
		b.out(b.sub(b.mul(wide, turned), b.add(wide, turned)), nil)
	}},
	{"used in several regions", func(b *builder) {
		x, w, v := b.float(batch, symbolic.Int(4)), b.float(symbolic.Ints(4, 4)...), b.float(symbolic.Ints(4, 3)...)
		h := b.tanh(b.matmul(x, w))
		mean := b.mean(h, 0)
		centred := b.sub(h, mean)
		y := b.matmul(centred, v)
		b.out(y, nil)
		b.out(b.total(b.mul(h, h)), nil)
		b.out(b.add(b.sum(y, 1), b.sum(h, 1)), nil)
		b.grads(b.add(b.weighted(y), b.weighted(b.mul(h, mean))), x, w, v)
	}},
	{"numbers", func(b *builder) {
		x, s := b.float(batch, symbolic.Int(3)), b.arg(b.c.dt, 0.5, 2)
		n := b.un(symbolic.OpSqrt, b.add(b.total(b.mul(x, x)), s))
		big := b.bin(symbolic.OpLt, b.num(1), n)
		scale := b.must(b.g.Where(big, b.div(b.num(1), n), b.num(1)))
		b.out(b.mul(x, scale), nil)
		b.out(scale, nil)
		b.out(big, nil)
		b.out(b.must(b.g.Cast(big, b.c.dt)), nil)
		b.grads(b.weighted(b.mul(x, scale)), x, s)
	}},
	{"sums of several widths", func(b *builder) {
		x, y, z := b.float(batch, symbolic.Int(3)), b.float(batch, symbolic.Int(20), symbolic.Int(2)), b.float(batch)
		for _, v := range []*symbolic.Node{x, y, z, b.float(symbolic.Ints(7, 3)...), b.float(symbolic.Int(9))} {
			b.out(b.total(v), nil)
			b.out(b.must(b.g.Reduce(symbolic.OpReduceMax, v, axesFrom(0, v.Rank()), false)), nil)
			b.out(b.total(b.mul(v, b.tanh(v))), nil)
		}
		b.out(b.mul(b.sum(x, 1), b.sum(b.sum(y, 2), 1)), nil)
	}},
	{"results of every kind", func(b *builder) {
		x, s := b.float(batch, symbolic.Int(3)), b.float()
		y := b.tanh(x)
		b.out(y, nil)
		b.out(y, nil) // twice
		b.out(x, nil) // an argument
		b.out(s, nil)
		b.out(b.must(b.g.Reshape(y, []symbolic.Dim{batch.Mul(symbolic.Int(3))})), nil) // a view
		b.out(b.must(b.g.Reshape(x, []symbolic.Dim{symbolic.Int(1), batch, symbolic.Int(3)})), nil)
		b.out(b.g.Const(2, b.c.dt, symbolic.Ints(2, 2)...), nil)
		b.out(b.g.Const(3, b.c.dt), nil)
		b.out(b.g.Dimval(batch, symbolic.I32), nil)
		b.out(b.matmul(y, b.float(symbolic.Ints(3, 1)...)), nil)
		b.out(b.sum(y, 0, 1), nil)
		b.out(b.tanh(s), nil)
	}},
	{"mlp", func(b *builder) {
		x := b.float(batch, symbolic.Int(7))
		w1, b1 := b.float(symbolic.Ints(7, 20)...), b.float(symbolic.Int(20))
		w2, b2 := b.float(symbolic.Ints(20, 5)...), b.float(symbolic.Int(5))
		h := b.bin(symbolic.OpMax, b.num(0), b.add(b.matmul(x, w1), b1))
		z := b.add(b.matmul(h, w2), b2)
		loss := b.mean(b.mul(b.logSoftmax(z), b.arg(b.c.dt, 0.1, 1, batch, symbolic.Int(5))), 0, 1)
		loss = b.must(b.g.Reshape(loss, nil))
		b.out(loss, nil)
		b.grads(loss, w1, b1, w2, b2, x)
	}},
	{"deep narrow network", func(b *builder) {
		h := b.float(batch, symbolic.Int(1))
		var wrt []*symbolic.Node
		for range 4 {
			w, bias := b.float(symbolic.Ints(1, 1)...), b.float(symbolic.Int(1))
			wrt = append(wrt, w, bias)
			h = b.tanh(b.add(b.matmul(h, w), bias))
		}
		b.out(h, nil)
		b.grads(b.weighted(h), wrt...)
	}},
	{"attention", func(b *builder) {
		k := symbolic.Int(4)
		x := b.float(batch, steps, k)
		wq, wk, wv := b.float(k, k), b.float(k, k), b.float(k, k)
		q, key, v := b.matmul(x, wq), b.matmul(x, wk), b.matmul(x, wv)
		score := b.must(b.g.Dot(q, key, symbolic.DotAxes{BatchA: []int{0}, BatchB: []int{0}, ContractA: []int{2}, ContractB: []int{2}}))
		y := b.matmul(b.softmax(b.mul(score, b.num(0.5))), v)
		b.out(y, nil)
		b.grads(b.weighted(y), x, wq, wk, wv)
	}},
	{"causal attention in heads", func(b *builder) {
		h, k := symbolic.Int(2), symbolic.Int(3)
		x := b.float(batch, steps, symbolic.Int(6))
		split := func(n *symbolic.Node) *symbolic.Node {
			return b.must(b.g.Permute(b.must(b.g.Reshape(n, []symbolic.Dim{batch, steps, h, k})), []int{0, 2, 1, 3}))
		}
		w := b.float(symbolic.Ints(6, 6)...)
		q, v := split(b.matmul(x, w)), split(x)
		score := b.must(b.g.Dot(q, v, symbolic.DotAxes{BatchA: []int{0, 1}, BatchB: []int{0, 1}, ContractA: []int{3}, ContractB: []int{3}}))
		square := []symbolic.Dim{steps, steps}
		past := b.bin(symbolic.OpLe, b.g.Iota(square, 1, symbolic.I32), b.g.Iota(square, 0, symbolic.I32))
		y := b.matmul(b.softmax(b.must(b.g.Where(past, score, b.num(-1e9)))), v)
		y = b.must(b.g.Reshape(b.must(b.g.Permute(y, []int{0, 2, 1, 3})), x.Shape))
		b.out(y, nil)
		b.grads(b.weighted(y), x, w)
	}},
	{"embedding", func(b *builder) {
		table, idx := b.float(symbolic.Ints(9, 4)...), b.arg(symbolic.I32, 0, 8, batch, steps)
		w := b.float(symbolic.Ints(4, 3)...)
		h := b.mean(b.must(b.g.Gather(table, idx)), 1)
		y := b.softmax(b.matmul(b.must(b.g.Reshape(h, []symbolic.Dim{batch, symbolic.Int(4)})), w))
		b.out(y, nil)
		b.grads(b.weighted(y), table, w)
	}},
	{"moved elements", func(b *builder) {
		x := b.float(batch, symbolic.Int(6))
		lo, hi := []symbolic.Dim{symbolic.Int(0), symbolic.Int(1)}, []symbolic.Dim{batch, symbolic.Int(5)}
		part := b.must(b.g.Slice(b.tanh(x), lo, hi, nil))
		both := b.must(b.g.Concat(1, part, b.must(b.g.Reverse(part, []int{1}))))
		padded := b.must(b.g.Pad(b.mul(both, both), symbolic.Ints(0, 2), symbolic.Ints(0, 1), nil))
		run := b.must(b.g.Cumsum(padded, 1, false))
		turned := b.must(b.g.Permute(run, []int{1, 0}))
		b.out(turned, nil)
		b.grads(b.weighted(b.mul(turned, turned)), x)
	}},
	{"products and maxima with gradients", func(b *builder) {
		x := b.arg(b.c.dt, 0.6, 1.4, batch, symbolic.Int(3), symbolic.Int(4))
		p := b.must(b.g.Reduce(symbolic.OpProd, x, []int{1}, false))
		m := b.must(b.g.Reduce(symbolic.OpReduceMax, x, []int{2}, false))
		b.out(p, nil)
		b.out(m, nil)
		b.grads(b.add(b.weighted(p), b.weighted(m)), x)
	}},
	{"second derivatives", func(b *builder) {
		x, w := b.float(batch, symbolic.Int(3)), b.float(symbolic.Ints(3, 2)...)
		y := b.weighted(b.tanh(b.matmul(x, w)))
		first, err := symbolic.Grad(b.g, y, []*symbolic.Node{x}, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		b.grads(b.total(b.mul(first[0], first[0])), x, w)
	}},
	{"dropout", func(b *builder) {
		x, w := b.float(batch, symbolic.Int(8)), b.float(symbolic.Ints(8, 5)...)
		mask := b.bin(symbolic.OpLt, b.must(b.g.Rand("uniform", "drop", x.Shape, b.c.dt)), b.num(0.7))
		h := b.must(b.g.Where(mask, b.div(x, b.num(0.7)), b.num(0)))
		y := b.tanh(b.matmul(h, w))
		b.out(y, nil)
		b.out(b.add(y, b.must(b.g.Rand("normal", "noise", y.Shape, b.c.dt))), nil)
		b.grads(b.weighted(y), x, w)
	}},
}

// lastShapes are the shapes over whose last axis softmax and norms run.
var lastShapes = [][]symbolic.Dim{
	{batch, symbolic.Int(10)}, {batch, steps, symbolic.Int(5)}, {symbolic.Int(3), symbolic.Int(33)}, {batch, symbolic.Int(2), symbolic.Int(3), symbolic.Int(4)}, {batch, symbolic.Int(1)},
}

func TestComposites(t *testing.T) {
	p := &program{}
	for _, dt := range floatTypes {
		for _, c := range composites {
			for _, algebra := range []bool{false, true} {
				name := c.name
				if algebra {
					name += " simplified"
				}
				k := p.add(t, name, dt, c.build)
				k.algebra = algebra
				if dt == symbolic.F32 {
					k.blocks = true
					k.floor = 1 // gradients of sums over a batch cancel
				}
			}
		}
		addUpdates(t, p, dt)
	}
	p.run(t)
}

// addUpdates runs optimizer steps whose results lie over their arguments.
func addUpdates(t *testing.T, p *program, dt symbolic.DType) {
	for _, algebra := range []bool{false, true} {
		c := p.add(t, fmt.Sprintf("update in place, simplified %t", algebra), dt, func(b *builder) {
			x, g, m, v := b.float(batch), b.float(batch), b.float(batch), b.arg(dt, 0, 2, batch)
			rate := b.arg(symbolic.F64, 0.1, 0.2)
			lr := b.must(b.g.Cast(rate, dt))
			m2 := b.add(b.mul(m, b.num(0.9)), b.mul(g, b.num(0.1)))
			v2 := b.add(b.mul(v, b.num(0.99)), b.mul(b.mul(g, g), b.num(0.01)))
			b.out(b.sub(x, b.mul(lr, b.div(m2, b.add(b.un(symbolic.OpSqrt, v2), b.num(1e-3))))), nil)
			b.out(m2, nil)
			b.out(v2, nil)
		})
		c.algebra = algebra
		c.inPlace = map[int]int{0: 0, 1: 2, 2: 3}
		c = p.add(t, fmt.Sprintf("exchange in place, simplified %t", algebra), dt, func(b *builder) {
			x, y := b.float(batch), b.float(batch)
			b.out(b.add(b.mul(y, b.num(2)), x), nil)
			b.out(b.sub(x, y), nil)
		})
		c.algebra = algebra
		c.inPlace = map[int]int{0: 0, 1: 1}
		c = p.add(t, fmt.Sprintf("old state in place, simplified %t", algebra), dt, func(b *builder) {
			x, g, m := b.float(batch), b.float(batch), b.float(batch)
			m2 := b.add(b.mul(m, b.num(0.9)), g)
			old := b.mul(m, b.num(0.5)) // needed after m2 lies where m was
			n := b.un(symbolic.OpSqrt, b.total(b.mul(m2, m2)))
			b.out(b.sub(x, b.div(b.add(m2, old), n)), nil)
			b.out(m2, nil)
			b.out(b.div(b.sub(m2, m), n), nil)
			b.out(b.mul(m, n), nil) // reads m itself when n is known
		})
		c.algebra = algebra
		c.inPlace = map[int]int{0: 0, 1: 2}
		c = p.add(t, fmt.Sprintf("norm of the whole tensor in place, simplified %t", algebra), dt, func(b *builder) {
			x, g := b.float(batch), b.float(batch)
			ratio := b.div(b.un(symbolic.OpSqrt, b.total(b.mul(x, x))), b.un(symbolic.OpSqrt, b.total(b.mul(g, g))))
			b.out(b.sub(x, b.mul(ratio, g)), nil)
		})
		c.algebra = algebra
		c.inPlace = map[int]int{0: 0}
	}
}
