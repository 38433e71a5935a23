// Which algebraic rewrites are made? Rules as text; the numerical tests sample both sides of each.

package symbolic

import (
	"math"
	"sync"
)

// Exactness says what a rule may change.
type Exactness uint8

const (
	Exact      Exactness = iota // nothing, but for the sign of a zero
	Rounding                    // the last bits; the right side is at least as accurate or cheaper
	FiniteOnly                  // what infinities and NaN give: applied only where the operand marked x is proved finite
)

// A Rule rewrites Left to Right. One small letter stands for any value, and for the same one wherever it appears; c1, c2 and so on for constants;
// numbers for constants in every element. sum[A], max[A] and prod[A] reduce over axes A, expand[A] repeats along them.
type Rule struct {
	Name        string
	Left, Right string
	Exactness   Exactness
	// When, if set, is a condition that the text cannot say.
	When func(s *simplifier, b *bindings) bool
}

// Rules is the table of rewrites; those of one root op are tried in this order.
var Rules = []Rule{
	// identities
	{Name: "add zero", Left: "x + 0", Right: "x"},
	{Name: "sub zero", Left: "x - 0", Right: "x"},
	{Name: "zero sub", Left: "0 - x", Right: "-x"},
	{Name: "mul one", Left: "x * 1", Right: "x"},
	{Name: "mul minus one", Left: "x * -1", Right: "-x"},
	{Name: "div one", Left: "x / 1", Right: "x"},
	{Name: "div minus one", Left: "x / -1", Right: "-x"},
	{Name: "mul zero", Left: "x * 0", Right: "0", Exactness: FiniteOnly},
	{Name: "sub self", Left: "x - x", Right: "0", Exactness: FiniteOnly},
	{Name: "add self", Left: "x + x", Right: "x * 2"},
	{Name: "div by power of two", Left: "x / c1", Right: "x * (1/c1)", When: func(s *simplifier, b *bindings) bool { return powerOfTwo(b.vars["c1"]) }},

	// signs move outwards
	{Name: "neg neg", Left: "-(-x)", Right: "x"},
	{Name: "add neg", Left: "a + -b", Right: "a - b"},
	{Name: "sub neg", Left: "a - -b", Right: "a + b"},
	{Name: "neg sub", Left: "-(a - b)", Right: "b - a"},
	{Name: "neg mul const", Left: "-(a * c1)", Right: "a * -c1"},
	{Name: "mul neg const", Left: "-a * c1", Right: "a * -c1"},
	{Name: "mul neg", Left: "-a * b", Right: "-(a*b)"},
	{Name: "div neg", Left: "-a / b", Right: "-(a/b)"},
	{Name: "div by neg", Left: "a / -b", Right: "-(a/b)"},
	{Name: "abs neg", Left: "abs(-x)", Right: "abs(x)"},
	{Name: "abs abs", Left: "abs(abs(x))", Right: "abs(x)"},
	{Name: "cos neg", Left: "cos(-x)", Right: "cos(x)"},

	// constants meet
	{Name: "mul const const", Left: "(x * c1) * c2", Right: "x * (c1*c2)", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "add const const", Left: "(x + c1) + c2", Right: "x + (c1 + c2)", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "sub const const", Left: "(x - c1) - c2", Right: "x - (c1 + c2)", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "add sub const", Left: "(x + c1) - c2", Right: "x + (c1 - c2)", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "sub add const", Left: "(x - c1) + c2", Right: "x + (c2 - c1)", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "const sub const", Left: "c1 - (x + c2)", Right: "(c1 - c2) - x", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "const over mul const", Left: "(c1 / x) * c2", Right: "(c1*c2) / x", Exactness: Rounding, When: finiteConsts("c1", "c2")},
	{Name: "div const const", Left: "(x * c1) / c2", Right: "x * (c1/c2)", Exactness: Rounding, When: finiteConsts("c1", "c2")},

	// powers
	{Name: "pow zero", Left: "x ^ 0", Right: "1"},
	{Name: "pow one", Left: "x ^ 1", Right: "x"},
	{Name: "pow two", Left: "x ^ 2", Right: "x * x", Exactness: Rounding},
	{Name: "pow three", Left: "x ^ 3", Right: "x * x * x", Exactness: Rounding},
	{Name: "pow four", Left: "x ^ 4", Right: "(x*x) * (x*x)", Exactness: Rounding},
	{Name: "pow half", Left: "x ^ 0.5", Right: "sqrt(x)", Exactness: Rounding},
	{Name: "pow minus one", Left: "x ^ -1", Right: "1 / x", Exactness: Rounding},
	{Name: "pow minus two", Left: "x ^ -2", Right: "1 / (x*x)", Exactness: Rounding},
	// In float64 only: the error of the exponent grows with it.
	{Name: "pow of const", Left: "c1 ^ x", Right: "exp(x * log(c1))", Exactness: Rounding, When: func(s *simplifier, b *bindings) bool {
		v, _ := b.vars["c1"].ConstValue()
		return v > 0 && !math.IsInf(v, 0) && b.vars["x"].DType == F64
	}},
	{Name: "pow minus half", Left: "x ^ -0.5", Right: "rsqrt(x)", Exactness: Rounding},
	{Name: "rsqrt", Left: "1 / sqrt(x)", Right: "rsqrt(x)", Exactness: Rounding, When: onlyUse(OpSqrt)},

	// stability: what would overflow, or lose all digits, in the form on the left
	{Name: "log exp", Left: "log(exp(x))", Right: "x", Exactness: Rounding},
	{Name: "log1p", Left: "log(1 + x)", Right: "log1p(x)", Exactness: Rounding},
	{Name: "log1p neg", Left: "log(1 - x)", Right: "log1p(-x)", Exactness: Rounding},
	{Name: "expm1", Left: "exp(x) - 1", Right: "expm1(x)", Exactness: Rounding, When: onlyUse(OpExp)},
	{Name: "expm1 of sum", Left: "exp(x) + -1", Right: "expm1(x)", Exactness: Rounding, When: onlyUse(OpExp)},
	{Name: "log sigmoid", Left: "log(sigmoid(x))", Right: "where(x >= 0, 0, x) - log1p(exp(where(x >= 0, -x, x)))", Exactness: Rounding},
	{Name: "log one minus sigmoid", Left: "log1p(-sigmoid(x))", Right: "where(x <= 0, 0, -x) - log1p(exp(where(x <= 0, x, -x)))", Exactness: Rounding},
	{Name: "one minus sigmoid", Left: "1 - sigmoid(x)", Right: "sigmoid(-x)", Exactness: Rounding, When: onlyUse(OpSigmoid)},
	{Name: "log of quotient", Left: "log(exp(a) / b)", Right: "a - log(b)", Exactness: Rounding},
	{Name: "logsumexp", Left: "log(sum[A](exp(x)))", Exactness: Rounding, When: notShifted,
		Right: "where(stop_gradient(max[A](x)) - stop_gradient(max[A](x)) == 0, stop_gradient(max[A](x)), 0) + " +
			"log(sum[A](exp(x - expand[A](where(stop_gradient(max[A](x)) - stop_gradient(max[A](x)) == 0, stop_gradient(max[A](x)), 0)))))"},

	// choices and logic
	{Name: "where same", Left: "where(c, x, x)", Right: "x"},
	{Name: "where true", Left: "where(1, x, y)", Right: "x"},
	{Name: "where false", Left: "where(0, x, y)", Right: "y"},
	{Name: "where not", Left: "where(not c, x, y)", Right: "where(c, y, x)"},
	{Name: "where where", Left: "where(c, where(c, x, y), z)", Right: "where(c, x, z)"},
	{Name: "where else where", Left: "where(c, x, where(c, y, z))", Right: "where(c, x, z)"},
	{Name: "mul mask", Left: "x * where(c, 1, 0)", Right: "where(c, x, 0)", Exactness: FiniteOnly},
	{Name: "mul inverse mask", Left: "x * where(c, 0, 1)", Right: "where(c, 0, x)", Exactness: FiniteOnly},
	{Name: "not not", Left: "not not x", Right: "x"},
	{Name: "not eq", Left: "not (a == b)", Right: "a != b"},
	{Name: "not ne", Left: "not (a != b)", Right: "a == b"},
	{Name: "and true", Left: "x and 1", Right: "x"},
	{Name: "and false", Left: "x and 0", Right: "0"},
	{Name: "or false", Left: "x or 0", Right: "x"},
	{Name: "or true", Left: "x or 1", Right: "1"},
	{Name: "and self", Left: "x and x", Right: "x"},
	{Name: "or self", Left: "x or x", Right: "x"},

	// sums
	{Name: "sum neg", Left: "sum[A](-x)", Right: "-sum[A](x)", When: onlyUse(OpNeg)},
	{Name: "sum const factor", Left: "sum[A](x * c1)", Right: "sum[A](x) * c1", Exactness: Rounding, When: onlyUse(OpMul)},
	{Name: "sum factor", Left: "sum[A](x * expand[A](f))", Right: "sum[A](x) * f", Exactness: Rounding, When: onlyUse(OpMul)},
	{Name: "sum divisor", Left: "sum[A](x / expand[A](f))", Right: "sum[A](x) / f", Exactness: Rounding, When: onlyUse(OpDiv)},
}

// compiledRule is a rule ready to match.
type compiledRule struct {
	*Rule
	left, right *expr
}

// ruleIndex holds the rules by root op, parsed once.
var ruleIndex = sync.OnceValue(func() [NumOps][]compiledRule {
	var index [NumOps][]compiledRule
	for i := range Rules {
		r := &Rules[i]
		c := compiledRule{r, mustExpr(r.Left), mustExpr(r.Right)}
		index[c.left.op] = append(index[c.left.op], c)
	}
	return index
})

// powerOfTwo reports whether 1/c is exact.
func powerOfTwo(c *Node) bool {
	v, _ := c.ConstValue()
	if frac, exp := math.Frexp(math.Abs(v)); frac != 0.5 || exp < -100 || exp > 100 {
		return false
	}
	return true
}

func finiteConsts(names ...string) func(*simplifier, *bindings) bool {
	return func(s *simplifier, b *bindings) bool {
		for _, name := range names {
			if v, _ := b.vars[name].ConstValue(); math.IsInf(v, 0) || math.IsNaN(v) {
				return false
			}
		}
		return true
	}
}

// onlyUse holds where the inner value of the given op has no other reader, so that the rewrite does not compute twice.
func onlyUse(op Op) func(*simplifier, *bindings) bool {
	return func(s *simplifier, b *bindings) bool {
		for _, n := range b.inner {
			if n.Op == op && s.uses[n] > 1 {
				return false
			}
		}
		return true
	}
}

// notShifted holds unless the exponent is already a difference to a value that is constant along the summed axes.
func notShifted(s *simplifier, b *bindings) bool {
	x := b.vars["x"]
	if x.Op != OpSub && x.Op != OpAdd {
		return true
	}
	for _, a := range x.Args {
		if a.Op == OpBroadcast && containsAll(missing(a.Attr.Axes, a.Rank()), b.axes["A"]) {
			return false
		}
	}
	return true
}

// containsAll reports whether every element of sub is in set.
func containsAll(set, sub []int) bool {
	for _, a := range sub {
		found := false
		for _, b := range set {
			found = found || a == b
		}
		if !found {
			return false
		}
	}
	return true
}
