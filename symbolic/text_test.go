// Is the graph text form exact, and does its parser survive anything?

package symbolic

import (
	"math"
	"strings"
	"testing"
)

// everyAttr uses each attribute of the text form.
func everyAttr(t testing.TB) *Func {
	g := NewGraph()
	n, time := SymDim("n", 0), SymDim("time", 512)
	ok := func(x *Node, err error) *Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := g.Leaf(OpInput, "x", F32, []Dim{n, time, Int(4)})
	tok := g.Leaf(OpInput, "tok 1", I32, []Dim{n})
	u := g.Leaf(OpInput, "u", U8, []Dim{n})
	table := g.Leaf(OpParam, "emb.W", F32, Ints(7, 4))
	inner := NewGraph()
	p := inner.Leaf(OpArg, "v", F32, []Dim{SymDim("rows", 0), Int(4)})
	drop := ok(inner.Rand("normal", "drop", p.Shape, F32))
	f := &Func{Name: "noisy", Doc: "adds \"noise\".", Syms: SymDim("rows", 0).Syms(), Params: []*Node{p}, Results: []Result{{"y", inner.add(p, drop)}, {"twice", inner.add(p, p)}}}

	e := ok(g.Gather(table, tok))
	g.SetName(e, "e")
	c, err := g.CallAt("first", f, []Dim{n}, []*Node{e})
	if err != nil {
		t.Fatal(err)
	}
	noisy := g.Get(c, 1)
	sliced := ok(g.Slice(x, Ints(0, 0, 1), []Dim{n, time.FloorDiv(2), Int(4)}, []int{1, 1, 2}))
	padded := ok(g.Pad(sliced, Ints(0, 1, 0), Ints(2, 0, 0), []int{0, 0, 1}))
	total := ok(g.Reduce(OpSum, padded, []int{0, 1, 2}, false))
	prod := ok(g.Dot(x, x, DotAxes{[]int{0}, []int{0}, []int{2}, []int{2}}))
	outer := ok(g.Dot(total, total, DotAxes{}))
	mean := g.div(total, ok(g.Cast(g.Dimval(n.Mul(time), I32), F32)))
	scatter := ok(g.ScatterAdd(tok, noisy, Ints(7, 4)))
	cum := ok(g.Cumsum(scatter, 0, true))
	where := ok(g.Where(ok(g.Binary(OpLt, cum, g.Const(-0.5, F32))), cum, g.Const(0, F32)))
	rev := ok(g.Reverse(ok(g.Concat(1, where, where)), []int{1}))
	iota := g.Iota(Ints(7, 8), 1, F32)
	inf := ok(g.Binary(OpMul, g.Const(math.Inf(1), F32), iota))
	u8 := ok(g.Cast(u, F32))
	flat := ok(g.Reshape(ok(g.Permute(rev, []int{1, 0})), Ints(56)))
	return &Func{Name: "every", Syms: n.Syms(), Params: []*Node{x, tok, u, table}, Results: []Result{
		{"a", mean}, {"b", prod}, {"c d", rev}, {"d", inf}, {"e", u8}, {"f", ok(g.BroadcastTo(flat, Ints(2, 56), []int{1}))}, {"g", g.Var(outer)}, {"h", g.Const(math.Copysign(0, -1), F64)},
	}}
}

func TestTextIsExact(t *testing.T) {
	for _, f := range []*Func{everyAttr(t), stack(t, OpTanh)} {
		text := Text(f)
		fs, err := ParseText(NewGraph(), text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		again := Text(fs[len(fs)-1])
		if again != text {
			t.Errorf("the text changed\n%s\n---\n%s", text, again)
		}
	}
}

func TestTextErrors(t *testing.T) {
	for text, want := range map[string]string{
		"x":      `line 1: expected func, got "x"`,
		"func f": "func f has no end",
		"func f\n%x = arg \"x\" : f32[2]\nresult \"x\" %x\nend":        `line 4: func f: arg "x" is free: not a parameter`,
		"func f\nparam %x = arg \"x\" : f32[2]\n%y = tanh %x : f32[3]": "line 3: %y is f32[3], but its operation gives f32[2]",
		"func f\nparam %x = arg \"x\" : i32[2]\n%y = tanh %x : f32[2]": "line 3: %y: tanh needs float, got int",
		"func f\n%y = tanh %x : f32[2]":                                `line 2: expected a value above, got "%x"`,
		"func f\n%y = frob : f32[2]":                                   `line 2: unknown operation "frob"`,
		"func f\nparam %x = arg \"x\" : f32[k]":                        `line 2: %x: expected a size, got "k"`,
		"func f\n%c = call {func g}":                                   "line 2: %c: func g is not defined above",
		"func f\nparam %x = arg \"x\" : f32[floor_div(3, 0)]":          "line 2: %x: floor_div needs a positive divisor",
	} {
		if _, err := ParseText(NewGraph(), text); err == nil || err.Error() != want {
			t.Errorf("%q\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func FuzzGraphText(f *testing.F) {
	f.Add(Text(everyAttr(f)))
	for op := Op(0); op < NumOps; op++ {
		f.Add("func f\nsize n <= 9\nparam %x = arg \"x\" : f32[n, 2]\n%y = " + Ops[op].Name + " %x %x {axes 0; lo 0, 1; hi n, 2; step 1, 1} : f32[n, 2]\nresult \"y\" %y\nend")
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "\n") > 200 {
			t.Skip()
		}
		fs, err := ParseText(NewGraph(), text)
		if err != nil || len(fs) == 0 {
			return
		}
		last := fs[len(fs)-1]
		once := Text(last)
		again, err := ParseText(NewGraph(), once)
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		if twice := Text(again[len(again)-1]); twice != once {
			t.Fatalf("the text changed\n%s\n---\n%s", once, twice)
		}
	})
}
