package main

// This file answers: how are the elements of rows combined? Element i of a row belongs to lane i&15 and the lanes meet in the tree of
// Sum16, so a row has as many accumulators as vectors make 16 lanes. Several rows at once hide the latency of their chains.

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"nngen/runtime/asm/reduce/vec"
)

// A rowOp is what combines the elements of a row.
type rowOp struct {
	kernel, doc string
	identity    float64 // where lanes start
	pairs       bool    // the elements are products of two sources
	nan         bool    // NaNs are marked apart from the combination
	combine     func(l vec.Level, x Op, acc VecVirtual)
}

var rowOps = []rowOp{
	{
		kernel: "sumEach", doc: "sums rows of n <= flatChunk elements.",
		combine: func(l vec.Level, x Op, acc VecVirtual) { l.Add(x, acc, acc) },
	},
	{
		kernel: "dotEach", doc: "sums products of rows of n <= flatChunk elements, each rounded.", pairs: true,
		combine: func(l vec.Level, x Op, acc VecVirtual) { l.Add(x, acc, acc) },
	},
	{
		kernel: "mulEach", doc: "multiplies the elements of rows.", identity: 1,
		combine: func(l vec.Level, x Op, acc VecVirtual) { l.Mul(x, acc, acc) },
	},
	{
		kernel: "maxEach", doc: "takes the maximum of rows.", identity: math.Inf(-1), nan: true,
		combine: maximum,
	},
}

// maximum is exact for signed zeros; NaNs are the caller's. The instruction gives its second operand where both are zero, so one
// maximum in each order, and the bits that both have.
func maximum(l vec.Level, x Op, acc VecVirtual) {
	if l.Wide && acc.Size() == 64 {
		l.Range(U8(5), x, acc, acc)
		return
	}
	t := vec.Like(acc)
	l.Max(x, acc, t)
	l.Max(acc, x, acc)
	l.And(t, acc, acc)
}

// A rowKernel is a kernel under construction.
type rowKernel struct {
	rowOp
	l                     vec.Level
	dst, x, y, n, ld, ld3 GPVirtual
	tail                  vec.Masks
	start                 Mem // where the identity lies
}

func (op rowOp) rows(l vec.Level) {
	name, args, k := l.Name(op.kernel), "src", rowKernel{rowOp: op, l: l}
	if op.pairs {
		args = "x, y"
	}
	if op.identity != 0 {
		k.start = l.Constant(name+"Start", op.identity)
	}
	vec.Text(name, fmt.Sprintf("func(dst, %s *%s, rows, n, ld int)", args, l.Float()), op.doc)
	k.dst = vec.Arg("dst")
	if op.pairs {
		k.x, k.y = vec.Arg("x"), vec.Arg("y")
	} else {
		k.x = vec.Arg("src")
	}
	rows := vec.Arg("rows")
	k.n, k.ld, k.ld3 = vec.Arg("n"), vec.Arg("ld"), GP64()
	l.Scale(k.ld)
	LEAQ(Mem{Base: k.ld, Index: k.ld, Scale: 2}, k.ld3)
	t := GP64()
	MOVQ(k.n, t)
	ANDQ(U8(15), t)
	k.tail = l.First(t)

	at := 4
	if op.nan || !l.Wide && l.Size == 8 { // as many as registers suffice for
		at = 2
	}
	Label("group")
	CMPQ(rows, U8(at))
	JLT(LabelRef("row"))
	k.rows("group", at)
	SUBQ(U8(at), rows)
	JMP(LabelRef("group"))
	Label("row")
	TESTQ(rows, rows)
	JZ(LabelRef("done"))
	k.rows("row", 1)
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// rows reduces some rows and moves the pointers on.
func (k rowKernel) rows(label string, rows int) {
	l := k.l
	vectors := 16 / l.Lanes()
	acc := make([][]VecVirtual, rows)
	marks := make([]vec.Marks, rows)
	for r := range acc {
		acc[r] = l.Vecs(vectors)
		for _, a := range acc[r] {
			if k.identity == 0 {
				vec.Zero(a)
			} else {
				l.Broadcast(k.start, a)
			}
		}
		if k.nan {
			marks[r] = l.Marks()
		}
	}
	p, q, n := GP64(), GP64(), GP64()
	MOVQ(k.x, p)
	if k.pairs {
		MOVQ(k.y, q)
	}
	MOVQ(k.n, n)
	row := func(base Register, r, v int) Mem {
		m := Mem{Base: base, Disp: v * l.Bytes()}
		switch r {
		case 1, 2:
			m.Index, m.Scale = k.ld, uint8(r)
		case 3:
			m.Index, m.Scale = k.ld3, 1
		}
		return m
	}

	SUBQ(U8(16), n)
	JLT(LabelRef(label + "tail"))
	Label(label + "loop")
	for v := range vectors {
		for r := range rows {
			switch {
			case k.pairs:
				t := l.Vec()
				VMOVUPS(row(p, r, v), t)
				l.Mul(row(q, r, v), t, t)
				k.combine(l, t, acc[r][v])
			case k.nan:
				t := l.Vec()
				VMOVUPS(row(p, r, v), t)
				marks[r].NaN(t)
				k.combine(l, t, acc[r][v])
			default:
				k.combine(l, row(p, r, v), acc[r][v])
			}
		}
	}
	ADDQ(U32(16*l.Size), p)
	if k.pairs {
		ADDQ(U32(16*l.Size), q)
	}
	SUBQ(U8(16), n)
	JGE(LabelRef(label + "loop"))
	Label(label + "tail")
	CMPQ(n, I8(-16))
	JEQ(LabelRef(label + "tree"))
	for v := range vectors {
		m := k.tail.Vector(v)
		for r := range rows {
			t := l.Vec()
			m.Load(row(p, r, v), t)
			if k.pairs {
				u := l.Vec()
				m.Load(row(q, r, v), u)
				l.Mul(u, t, t)
			}
			if k.nan {
				marks[r].NaN(t)
			}
			if k.identity != 0 { // zeros at the end would change the result
				u := l.Vec()
				l.Broadcast(k.start, u)
				m.Merge(t, u)
				t = u
			}
			k.combine(l, t, acc[r][v])
		}
	}

	Label(label + "tree")
	last := make([]VecVirtual, rows)
	for r := range acc {
		last[r] = k.tree(acc[r])
		if k.nan {
			marks[r].Test()
			JZ(LabelRef(fmt.Sprintf("%sclean%d", label, r)))
			VPCMPEQD(last[r], last[r], last[r]) // all bits set is a NaN
			Label(fmt.Sprintf("%sclean%d", label, r))
		}
	}
	k.finish(last)
	ADDQ(U32(rows*l.Size), k.dst)
	for _, base := range []Register{k.x, k.y} {
		switch {
		case base == Register(k.y) && !k.pairs:
		case rows == 4:
			LEAQ(Mem{Base: base, Index: k.ld, Scale: 4}, base)
		case rows == 2:
			LEAQ(Mem{Base: base, Index: k.ld, Scale: 2}, base)
		default:
			ADDQ(k.ld, base)
		}
	}
}

// tree combines 16 lanes to the 16 bytes of the tree's last levels.
func (k rowKernel) tree(acc []VecVirtual) VecVirtual {
	for w := len(acc) / 2; w > 0; w /= 2 {
		for i := range w {
			k.combine(k.l, acc[i+w], acc[i])
		}
	}
	y := acc[0]
	if k.l.Wide {
		low, high := YMM(), YMM()
		VEXTRACTF64X4(U8(1), y, high)
		VMOVAPS(y.AsY(), low)
		k.combine(k.l, high, low)
		y = low
	}
	low, high := XMM(), XMM()
	VEXTRACTF128(U8(1), y, high)
	VMOVAPS(y.AsX(), low)
	k.combine(k.l, high, low)
	return low
}

// finish combines what is left of some rows and stores their results.
func (k rowKernel) finish(x []VecVirtual) {
	l := k.l
	pair := func(a, b VecVirtual) VecVirtual { // (a0?a2 b0?b2 a1?a3 b1?b3), or (a0?a1 b0?b1) of doubles
		low, high := XMM(), XMM()
		if l.Size == 4 {
			VUNPCKLPS(b, a, low)
			VUNPCKHPS(b, a, high)
		} else {
			VUNPCKLPD(b, a, low)
			VUNPCKHPD(b, a, high)
		}
		k.combine(l, high, low)
		return low
	}
	if l.Size == 8 {
		if len(x) == 1 {
			l.StoreScalar(pair(x[0], x[0]), Mem{Base: k.dst})
			return
		}
		for i := 0; i < len(x); i += 2 {
			VMOVUPS(pair(x[i], x[i+1]), Mem{Base: k.dst, Disp: 8 * i})
		}
		return
	}
	var a, b VecVirtual
	if len(x) == 4 {
		a, b = pair(x[0], x[1]), pair(x[2], x[3])
	} else { // rows are doubled until there are four
		a = pair(x[0], x[len(x)-1])
		b = a
	}
	low, high := XMM(), XMM()
	VMOVLHPS(b, a, low)
	VMOVHLPS(a, b, high)
	k.combine(l, high, low)
	switch len(x) {
	case 1:
		l.StoreScalar(low, Mem{Base: k.dst})
	case 2:
		VMOVSD(low, Mem{Base: k.dst})
	default:
		VMOVUPS(low, Mem{Base: k.dst})
	}
}
