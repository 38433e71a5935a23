// Do sizes keep their normal form?

package symbolic

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDimIdentity(t *testing.T) {
	b, s := SymDim("batch", 0), SymDim("time", 512)
	one, two := Int(1), Int(2)
	for _, c := range []struct {
		a, b Dim
		text string
	}{
		{b.Add(b), b.Mul(two), "2*batch"},
		{b.Add(one).Mul(b.Sub(one)), b.Mul(b).Sub(one), "batch*batch - 1"},
		{b.Sub(b), Int(0), "0"},
		{b.Mul(s), s.Mul(b), "batch*time"},
		{b.Mul(Int(4)).FloorDiv(2), b.Add(b), "2*batch"},
		{b.Add(one).FloorDiv(2), one.Add(b).FloorDiv(2), "floor_div(batch + 1, 2)"},
		{Int(-3).FloorDiv(2), Int(-2), "-2"},
		{s.Sub(b), b.Sub(s).Neg(), "-batch + time"},
		{SymDim("batch", 0), b, "batch"},
	} {
		if c.a != c.b {
			t.Errorf("%s and %s are not one", c.a, c.b)
		}
		if got := c.a.String(); got != c.text {
			t.Errorf("got %q, want %q", got, c.text)
		}
	}
	if SymDim("time", 0) == s {
		t.Error("sizes with different bounds are one")
	}
}

func TestDimDiv(t *testing.T) {
	b, s := SymDim("batch", 0), SymDim("time", 512)
	for _, c := range []struct {
		d, e, q Dim
		ok      bool
	}{
		{b.Mul(s), s, b, true},
		{b.Mul(Int(6)), Int(4), Dim{}, false},
		{b.Mul(Int(6)), b.Mul(Int(3)), Int(2), true},
		{b.Mul(s).Add(s), s, b.Add(Int(1)), true},
		{b, s, Dim{}, false},
		{b, Int(0), Dim{}, false},
		{Int(0), b, Int(0), true},
	} {
		if q, ok := c.d.Div(c.e); ok != c.ok || ok && q != c.q {
			t.Errorf("%s / %s: got %s %v, want %s %v", c.d, c.e, q, ok, c.q, c.ok)
		}
	}
}

func TestDimBounds(t *testing.T) {
	b, s := SymDim("batch", 0), SymDim("time", 512)
	for _, c := range []struct {
		d, e Dim
		want bool
	}{
		{Int(3), Int(3), true}, {Int(4), Int(3), false}, {s, Int(512), true}, {s, Int(511), false}, {Int(1), b, true}, {Int(2), b, false},
		{b, Int(9), false}, {s.Sub(Int(1)), s, true}, {s, s.Mul(b), false}, {s.Mul(Int(2)), Int(1024), true}, {s.FloorDiv(2), Int(256), true},
		{b.Add(Int(1)).FloorDiv(2).Mul(Int(2)).Sub(Int(1)), b, true}, {b.Sub(Int(2)), b.FloorDiv(3).Mul(Int(3)), true}, {b.Sub(Int(1)), b.FloorDiv(3).Mul(Int(3)), false},
	} {
		if got := c.d.AtMost(c.e); got != c.want {
			t.Errorf("%s <= %s: got %v, want %v", c.d, c.e, got, c.want)
		}
	}
}

// randomDim draws a polynomial together with its meaning.
func randomDim(t *rapid.T, depth int) (Dim, func(batch, time int) int) {
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		n := rapid.IntRange(-4, 9).Draw(t, "n")
		return Int(n), func(int, int) int { return n }
	case 1:
		return SymDim("batch", 0), func(b, _ int) int { return b }
	case 2:
		return SymDim("time", 512), func(_, s int) int { return s }
	}
	if depth == 0 {
		return Int(2), func(int, int) int { return 2 }
	}
	a, fa := randomDim(t, depth-1)
	b, fb := randomDim(t, depth-1)
	switch rapid.IntRange(0, 3).Draw(t, "op") {
	case 0:
		return a.Add(b), func(x, y int) int { return fa(x, y) + fb(x, y) }
	case 1:
		return a.Sub(b), func(x, y int) int { return fa(x, y) - fb(x, y) }
	case 2:
		return a.Mul(b), func(x, y int) int { return fa(x, y) * fb(x, y) }
	}
	k := rapid.IntRange(1, 5).Draw(t, "k")
	return a.FloorDiv(k), func(x, y int) int {
		v := fa(x, y)
		q := v / k
		if v%k != 0 && v < 0 {
			q--
		}
		return q
	}
}

func TestDimMeansWhatItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, f := randomDim(t, 4)
		b, s := rapid.IntRange(1, 40).Draw(t, "batch"), rapid.IntRange(1, 512).Draw(t, "time")
		sizes := func(y *Sym) int {
			if y.Name == "batch" {
				return b
			}
			return s
		}
		if got := d.Eval(sizes); got != f(b, s) {
			t.Fatalf("%s = %d, want %d", d, got, f(b, s))
		}
		if n, ok := d.Min(); ok && n > f(b, s) {
			t.Fatalf("%s is %d, below its bound %d", d, f(b, s), n)
		}
		bound := d.Subst(func(y *Sym) Dim { return Int(sizes(y)) })
		if !bound.Is(f(b, s)) {
			t.Fatalf("%s with sizes put in is %s, want %d", d, bound, f(b, s))
		}
		if again := d.Add(Int(7)).Sub(Int(7)); again != d {
			t.Fatalf("%s has a second form %s", d, again)
		}
	})
}
