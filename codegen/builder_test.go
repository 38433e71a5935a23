// How do tests write expressions? Short names for the constructors of package symbolic that fail the test on an error.
package codegen

import (
	"nngen/symbolic"
)

func (b *builder) un(op symbolic.Op, x *symbolic.Node) *symbolic.Node {
	b.t.Helper()
	return b.must(b.g.Unary(op, x))
}

func (b *builder) bin(op symbolic.Op, x, y *symbolic.Node) *symbolic.Node {
	b.t.Helper()
	return b.must(b.g.Binary(op, x, y))
}

func (b *builder) add(x, y *symbolic.Node) *symbolic.Node { return b.bin(symbolic.OpAdd, x, y) }
func (b *builder) sub(x, y *symbolic.Node) *symbolic.Node { return b.bin(symbolic.OpSub, x, y) }
func (b *builder) mul(x, y *symbolic.Node) *symbolic.Node { return b.bin(symbolic.OpMul, x, y) }
func (b *builder) div(x, y *symbolic.Node) *symbolic.Node { return b.bin(symbolic.OpDiv, x, y) }
func (b *builder) tanh(x *symbolic.Node) *symbolic.Node   { return b.un(symbolic.OpTanh, x) }
func (b *builder) num(v float64) *symbolic.Node           { return b.g.Const(v, b.c.dt) }

func (b *builder) matmul(x, y *symbolic.Node) *symbolic.Node {
	b.t.Helper()
	return b.must(b.g.MatMul(x, y))
}

// sum adds over axes and keeps them with size one.
func (b *builder) sum(x *symbolic.Node, axes ...int) *symbolic.Node {
	b.t.Helper()
	return b.must(b.g.Reduce(symbolic.OpSum, x, axes, true))
}

func (b *builder) max(x *symbolic.Node, axes ...int) *symbolic.Node {
	b.t.Helper()
	return b.must(b.g.Reduce(symbolic.OpReduceMax, x, axes, true))
}

// mean is sum divided by the number of elements.
func (b *builder) mean(x *symbolic.Node, axes ...int) *symbolic.Node {
	b.t.Helper()
	n := symbolic.Int(1)
	for _, a := range axes {
		n = n.Mul(x.Shape[a])
	}
	return b.div(b.sum(x, axes...), b.g.Dimval(n, b.c.dt))
}

// total adds everything to a number.
func (b *builder) total(x *symbolic.Node) *symbolic.Node {
	b.t.Helper()
	return b.must(b.g.Reduce(symbolic.OpSum, x, axesFrom(0, x.Rank()), false))
}

// weighted adds everything to a number with a weight for each element, so that gradients differ from place to place.
func (b *builder) weighted(x *symbolic.Node) *symbolic.Node {
	b.t.Helper()
	return b.total(b.mul(x, b.float(x.Shape...)))
}

// grads hands the gradients of a number by leaves to out.
func (b *builder) grads(loss *symbolic.Node, wrt ...*symbolic.Node) {
	b.t.Helper()
	gs, err := symbolic.Grad(b.g, loss, wrt, nil)
	if err != nil {
		b.t.Fatalf("%s: %v", b.c.name, err)
	}
	for i, d := range gs {
		if d == nil {
			b.t.Fatalf("%s: no gradient by %s", b.c.name, wrt[i].Attr.Name)
		}
		b.out(d, nil)
	}
}

func (b *builder) softmax(x *symbolic.Node) *symbolic.Node {
	last := x.Rank() - 1
	e := b.un(symbolic.OpExp, b.sub(x, b.max(x, last)))
	return b.div(e, b.sum(e, last))
}

func (b *builder) logSoftmax(x *symbolic.Node) *symbolic.Node {
	last := x.Rank() - 1
	y := b.sub(x, b.max(x, last))
	return b.sub(y, b.un(symbolic.OpLog, b.sum(b.un(symbolic.OpExp, y), last)))
}

// layerNorm normalises over axes with the two passes that a reader would write.
func (b *builder) layerNorm(x *symbolic.Node, axes ...int) *symbolic.Node {
	y := b.sub(x, b.mean(x, axes...))
	return b.mul(y, b.un(symbolic.OpRsqrt, b.add(b.mean(b.mul(y, y), axes...), b.num(1e-3))))
}
