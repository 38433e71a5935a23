// Does the generated Go of every row of the op table compute what the interpreter computes? Elementwise rows and leaves are made here by
// loops over the table; the forms of the other rows stand in numeric_forms_test.go.
package codegen

import (
	"fmt"
	"math"
	"testing"

	"nngen/symbolic"
)

var floatTypes = []symbolic.DType{symbolic.F32, symbolic.F64}

// neverGenerated are the rows that no test of this package can meet: none at present is left out for want of a test. Leaves of a model
// are parameters of its Funcs, as OpArg is here.
var neverGenerated = map[symbolic.Op]bool{symbolic.OpInput: true, symbolic.OpParam: true, symbolic.OpState: true, symbolic.OpHyper: true}

// TestOps runs every row of the op table in both float types.
func TestOps(t *testing.T) {
	p := &program{}
	for _, dt := range floatTypes {
		for op := symbolic.Op(0); op < symbolic.NumOps; op++ {
			if symbolic.Ops[op].Kind == symbolic.KindElement {
				addElementwise(t, p, dt, op)
			}
		}
		addLeaves(t, p, dt)
		addBroadcasts(t, p, dt)
		addLayout(t, p, dt)
		addReductions(t, p, dt)
		addDots(t, p, dt)
		addIndexing(t, p, dt)
		addCalls(t, p, dt)
	}
	for _, dt := range floatTypes {
		met := map[symbolic.Op]bool{}
		for _, c := range p.cases {
			if c.dt == dt {
				for _, n := range c.f.Nodes() {
					met[n.Op] = true
				}
			}
		}
		for op := symbolic.Op(0); op < symbolic.NumOps; op++ {
			if !met[op] && !neverGenerated[op] {
				t.Errorf("%s in %s: no test of generated code", symbolic.Ops[op].Name, dt)
			}
		}
	}
	p.run(t)
}

// A variant is a choice of types for an elementwise row.
type variant struct {
	args []symbolic.DType
	attr symbolic.Attr
}

// variants returns the types that a row takes, with dt as the float type.
func variants(op symbolic.Op, dt symbolic.DType) []variant {
	other := symbolic.F32 + symbolic.F64 - dt
	var choices []variant
	switch op {
	case symbolic.OpCast:
		for _, from := range []symbolic.DType{dt, other, symbolic.I32, symbolic.Bool, symbolic.U8} {
			for _, to := range []symbolic.DType{dt, other, symbolic.I32, symbolic.Bool} {
				if from != to {
					choices = append(choices, variant{[]symbolic.DType{from}, symbolic.Attr{DType: to}})
				}
			}
		}
	case symbolic.OpWhere:
		for _, x := range []symbolic.DType{dt, symbolic.I32, symbolic.Bool} {
			choices = append(choices, variant{args: []symbolic.DType{symbolic.Bool, x, x}})
		}
	default:
		for _, x := range []symbolic.DType{dt, symbolic.I32, symbolic.Bool} {
			v := variant{}
			for range symbolic.Ops[op].Arity {
				v.args = append(v.args, x)
			}
			choices = append(choices, v)
		}
	}
	var out []variant
	for _, v := range choices {
		g := symbolic.NewGraph()
		var args []*symbolic.Node
		for i, x := range v.args {
			args = append(args, g.Leaf(symbolic.OpArg, fmt.Sprint(i), x, nil))
		}
		if _, err := g.Apply(op, v.attr, args...); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// elementShapes are the shapes that elementwise rows run on.
func elementShapes() [][]symbolic.Dim {
	i := symbolic.Int
	return [][]symbolic.Dim{
		{}, {batch}, {batch, i(5)}, {i(3), i(4)}, {batch, i(1), i(4)}, {i(2), i(1), i(3), i(2)}, {i(1)}, {batch, steps}, {i(1), i(1)}, {batch, steps, i(3)},
	}
}

func addElementwise(t *testing.T, p *program, dt symbolic.DType, op symbolic.Op) {
	row := &symbolic.Ops[op]
	vs := variants(op, dt)
	if len(vs) == 0 {
		t.Errorf("%s takes no type that the test knows", row.Name)
	}
	for _, v := range vs {
		name := row.Name
		for _, x := range v.args {
			name += " " + x.String()
		}
		if op == symbolic.OpCast {
			name += " to " + v.attr.DType.String()
		}
		p.add(t, name, dt, func(b *builder) {
			for _, shape := range elementShapes() {
				var args []*symbolic.Node
				for i, x := range v.args {
					lo, hi := sampled(x, row.Domain[i])
					args = append(args, b.arg(x, lo, hi, shape...))
				}
				b.out(b.g.Apply(op, v.attr, args...))
			}
		})
		special := p.add(t, name+" of special values", dt, func(b *builder) {
			values := make([][]float64, len(v.args))
			n := 1
			for _, x := range v.args {
				n *= len(specials(x))
			}
			for k := range n {
				r := k
				for i, x := range v.args {
					s := specials(x)
					values[i] = append(values[i], s[r%len(s)])
					r /= len(s)
				}
			}
			var args []*symbolic.Node
			for i, x := range v.args {
				args = append(args, b.given(x, values[i], symbolic.Int(n)))
			}
			b.out(b.g.Apply(op, v.attr, args...))
		})
		special.exact = true
	}
}

// sampled returns the range that an argument of type x is drawn from.
func sampled(x symbolic.DType, domain [2]float64) (lo, hi float64) {
	switch x {
	case symbolic.Bool:
		return 0, 1
	case symbolic.I32:
		return -5, 5
	case symbolic.U8:
		return 0, 255
	}
	return domain[0], domain[1]
}

// specials are the values of a type at which functions go wrong.
func specials(x symbolic.DType) []float64 {
	switch x {
	case symbolic.Bool:
		return []float64{0, 1}
	case symbolic.I32:
		return []float64{0, 1, -1, 7, 1 << 15, -(1 << 15)}
	case symbolic.U8:
		return []float64{0, 1, 128, 255}
	}
	return []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 0.5, -2.5, 3}
}

// addLeaves runs constants, indices, random draws and sizes, alone and inside expressions.
func addLeaves(t *testing.T, p *program, dt symbolic.DType) {
	shapes := [][]symbolic.Dim{{}, {batch}, {batch, symbolic.Int(5)}, {symbolic.Int(3), symbolic.Int(4)}, {batch, symbolic.Int(1), symbolic.Int(3)}, {batch, steps, symbolic.Int(2)}}
	p.add(t, "const", dt, func(b *builder) {
		for _, x := range []symbolic.DType{dt, symbolic.I32, symbolic.Bool} {
			for _, shape := range shapes {
				b.out(b.g.Const(1, x, shape...), nil)
			}
		}
		for _, v := range []float64{0, -2.5, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e-3, 0.1} {
			x := b.float(batch, symbolic.Int(5))
			b.out(b.g.Binary(symbolic.OpMul, x, b.g.Const(v, dt)))
			b.out(b.g.Binary(symbolic.OpPow, b.g.Const(v, dt), x))
		}
	})
	for _, x := range []symbolic.DType{dt, symbolic.I32} {
		p.add(t, "iota "+x.String(), dt, func(b *builder) {
			for _, shape := range shapes {
				for axis := range shape {
					b.out(b.g.Iota(shape, axis, x), nil)
					b.out(b.g.Binary(symbolic.OpAdd, b.arg(x, -5, 5, shape...), b.g.Iota(shape, axis, x)))
				}
			}
			// An index along one axis, repeated along others.
			b.out(b.g.Binary(symbolic.OpMul, b.arg(x, -5, 5, batch, steps, symbolic.Int(2)), b.g.Iota([]symbolic.Dim{steps, symbolic.Int(2)}, 0, x)))
			b.out(b.g.Binary(symbolic.OpMul, b.arg(x, -5, 5, batch, symbolic.Int(4)), b.g.Iota([]symbolic.Dim{symbolic.Int(4)}, 0, x)))
		})
		p.add(t, "dimval "+x.String(), dt, func(b *builder) {
			for _, d := range []symbolic.Dim{batch, batch.Mul(steps).Add(symbolic.Int(3)), batch.FloorDiv(3), batch.Mul(symbolic.Int(2)).Sub(symbolic.Int(1))} {
				n := b.g.Dimval(d, x)
				b.out(n, nil)
				b.out(b.g.Binary(symbolic.OpMul, b.arg(x, -5, 5, batch, symbolic.Int(3)), n))
			}
		})
	}
	for _, kind := range []string{"uniform", "normal"} {
		p.add(t, "rand "+kind, dt, func(b *builder) {
			site := 0
			draw := func(shape ...symbolic.Dim) *symbolic.Node {
				site++
				return b.must(b.g.Rand(kind, fmt.Sprint(site), shape, dt))
			}
			for _, shape := range shapes {
				b.out(draw(shape...), nil)
				b.out(b.g.Binary(symbolic.OpMul, b.float(shape...), draw(shape...)))
			}
			// The same draw twice, and draws repeated along other axes.
			r := draw(batch, symbolic.Int(5))
			b.out(b.g.Binary(symbolic.OpAdd, r, b.must(b.g.Unary(symbolic.OpNeg, b.must(b.g.Binary(symbolic.OpMul, r, b.float(batch, symbolic.Int(5))))))))
			b.out(b.g.Binary(symbolic.OpAdd, b.float(batch, steps, symbolic.Int(3)), draw(batch, symbolic.Int(1), symbolic.Int(3))))
			b.out(b.g.Binary(symbolic.OpAdd, b.float(batch, steps, symbolic.Int(3)), draw(steps, symbolic.Int(3))))
			b.out(b.g.Binary(symbolic.OpAdd, b.float(batch, steps, symbolic.Int(3)), draw(steps, symbolic.Int(1))))
			b.out(b.g.Binary(symbolic.OpAdd, b.float(batch, steps, symbolic.Int(3)), draw()))
		})
	}
}

// addBroadcasts runs all pairs of stretched axes, and explicit broadcasts as results.
func addBroadcasts(t *testing.T, p *program, dt symbolic.DType) {
	full := []symbolic.Dim{batch, symbolic.Int(3), symbolic.Int(4)}
	pattern := func(full []symbolic.Dim, k int) []symbolic.Dim {
		shape := append([]symbolic.Dim(nil), full...)
		for i := range shape {
			if k>>i&1 == 1 {
				shape[i] = symbolic.Int(1)
			}
		}
		return shape
	}
	for k := range 8 {
		p.add(t, fmt.Sprintf("broadcast %v with all", symbolic.ShapeString(pattern(full, k))), dt, func(b *builder) {
			for l := range 8 {
				b.out(b.g.Binary(symbolic.OpSub, b.float(pattern(full, k)...), b.float(pattern(full, l)...)))
			}
		})
	}
	p.add(t, "broadcast in where", dt, func(b *builder) {
		for k := range 8 {
			b.out(b.g.Where(b.arg(symbolic.Bool, 0, 1, pattern(full, k)...), b.float(pattern(full, 7-k)...), b.float(pattern(full, (k+3)%8)...)))
		}
		b.out(b.g.Where(b.arg(symbolic.Bool, 0, 1), b.float(full...), b.float()))
	})
	p.add(t, "broadcast in fma", dt, func(b *builder) {
		for k := range 8 {
			b.out(b.g.Fma(b.float(pattern(full, k)...), b.float(pattern(full, (k+5)%8)...), b.float(pattern(full, 7-k)...)))
		}
	})
	p.add(t, "broadcast static", dt, func(b *builder) {
		four := symbolic.Ints(2, 3, 1, 5)
		for k := range 16 {
			b.out(b.g.Binary(symbolic.OpSub, b.float(pattern(four, k)...), b.float(pattern(four, 15&^k)...)))
		}
	})
	p.add(t, "broadcast as result", dt, func(b *builder) {
		i := symbolic.Int
		for _, c := range []struct {
			from, to []symbolic.Dim
			axes     []int
		}{
			{nil, []symbolic.Dim{i(1)}, nil},
			{nil, []symbolic.Dim{batch, i(3)}, nil},
			{nil, symbolic.Ints(2, 3), nil},
			{[]symbolic.Dim{batch}, []symbolic.Dim{batch, i(3)}, []int{0}},
			{[]symbolic.Dim{batch}, []symbolic.Dim{i(3), batch}, []int{1}},
			{[]symbolic.Dim{i(3)}, []symbolic.Dim{batch, i(3)}, []int{1}},
			{[]symbolic.Dim{i(3)}, symbolic.Ints(3, 2), []int{0}},
			{[]symbolic.Dim{batch, i(4)}, []symbolic.Dim{batch, i(3), i(4)}, []int{0, 2}},
			{[]symbolic.Dim{i(3)}, []symbolic.Dim{batch, i(3), steps}, []int{1}},
			{[]symbolic.Dim{batch, steps}, []symbolic.Dim{i(2), batch, i(1), steps}, []int{1, 3}},
		} {
			for _, x := range []symbolic.DType{dt, symbolic.I32, symbolic.Bool} {
				b.out(b.g.BroadcastTo(b.arg(x, 0, 1, c.from...), c.to, c.axes))
			}
			// As the operand of a product, which must find it in memory.
			if len(c.to) == 2 {
				y := b.must(b.g.BroadcastTo(b.float(c.from...), c.to, c.axes))
				b.out(b.g.Dot(y, b.float(c.to[1], i(2)), symbolic.DotAxes{ContractA: []int{1}, ContractB: []int{0}}))
			}
		}
	})
}
