// THE TABLE: what is each operation? One row an op; everything nngen knows about an op is in its row.

package symbolic

import "math"

// Ops is the op table, indexed by Op. Columns are documented at Info; every row is tested by loops over the table.
var Ops [NumOps]Info

// The table is filled here and not in its declaration because derivative columns build nodes, which reads the table.
func init() {
	std := func(n int) [][2]float64 {
		d := make([][2]float64, n)
		for i := range d {
			d[i] = [2]float64{-2, 2}
		}
		return d
	}
	Ops = [NumOps]Info{
		// leaves
		OpConst:  leaf("const", "A number, the same in every element (Num, Shape, DType)."),
		OpInput:  leaf("input", "An input or target of a model (Name, Shape, DType)."),
		OpParam:  leaf("param", "A parameter of a model, by path (Name, Shape, DType)."),
		OpState:  leaf("state", "A state of a model or optimizer, by path (Name, Shape, DType)."),
		OpHyper:  leaf("hyper", "A scalar given at run time (Name, Shape, DType)."),
		OpArg:    leaf("arg", "A parameter of a Func (Name, Shape, DType)."),
		OpDimval: {Name: "dimval", Kind: KindLeaf, Doc: "A size as a number (Dim, DType).", Rule: ruleDimval, Zero: true, Eval: evalDimval},
		OpIota:   {Name: "iota", Kind: KindLeaf, Doc: "0, 1, 2, ... along axis Axes[0] (Shape, DType).", Rule: ruleIota, Zero: true, Eval: evalIota},
		OpRand: {Name: "rand", Kind: KindLeaf, Doc: "Random numbers, uniform in [0, 1) or standard normal (Name), a function of seed, step, Site and element (Shape, DType).",
			Rule: ruleRand, Zero: true, Eval: evalRand},
		OpVar: {Name: "var", Arity: 1, Kind: KindElement, Doc: "a itself, as a variable that a gradient may be taken by; erased after differentiation.", Rule: ruleSame,
			Partials: []string{"d"}, Value: func(x []float64) float64 { return x[0] }, Go: "%[1]s", Domain: std(1)},

		// elementwise, one argument: name, doc, meaning, partial, Go, cost, domain
		OpNeg:     {Name: "neg", Arity: 1, Kind: KindElement, Lane: "neg", Doc: "-a.", Rule: arith("neg"), Partials: []string{"-d"}, Value: func(x []float64) float64 { return -x[0] }, Go: "-%[1]s", Cost: 1, Domain: std(1)},
		OpAbs:     {Name: "abs", Arity: 1, Kind: KindElement, Lane: "abs", Doc: "|a|; the derivative at 0 is 0.", Rule: arith("abs"), Partials: []string{"sign(a)"}, Value: fn1(math.Abs), Go: "nnrt.Abs(%[1]s)", Cost: 1, Domain: [][2]float64{{0.2, 2}}},
		OpSign:    {Name: "sign", Arity: 1, Kind: KindElement, Lane: "sign", Doc: "-1, 0 or 1; sign(NaN) is NaN.", Rule: arith("sign"), Zero: true, Value: fn1(sign), Go: "nnrt.Sign(%[1]s)", Cost: 2, Domain: std(1)},
		OpSqrt:    math1("sqrt", "Square root.", math.Sqrt, "0.5/y", "nnrt.Sqrt", 4, 0.3, 3),
		OpRsqrt:   math1("rsqrt", "1/sqrt(a).", func(x float64) float64 { return 1 / math.Sqrt(x) }, "-0.5*y*y*y", "nnrt.Rsqrt", 6, 0.3, 3),
		OpExp:     math1("exp", "e^a.", math.Exp, "y", "nnrt.Exp", 15, -2, 2),
		OpLog:     math1("log", "Natural logarithm.", math.Log, "d/a", "nnrt.Log", 15, 0.3, 3),
		OpLog1p:   math1("log1p", "log(1 + a), accurate near 0.", math.Log1p, "d/(1 + a)", "nnrt.Log1p", 15, -0.5, 2),
		OpExpm1:   math1("expm1", "e^a - 1, accurate near 0.", math.Expm1, "1 + y", "nnrt.Expm1", 15, -2, 2),
		OpSin:     math1("sin", "Sine.", math.Sin, "cos(a)", "nnrt.Sin", 15, -3, 3),
		OpCos:     math1("cos", "Cosine.", math.Cos, "-sin(a)", "nnrt.Cos", 15, -3, 3),
		OpTan:     math1("tan", "Tangent.", math.Tan, "1 + y*y", "nnrt.Tan", 18, -1, 1),
		OpAsin:    math1("asin", "Inverse sine.", math.Asin, "rsqrt(1 - a*a)", "nnrt.Asin", 18, -0.8, 0.8),
		OpAcos:    math1("acos", "Inverse cosine.", math.Acos, "-rsqrt(1 - a*a)", "nnrt.Acos", 18, -0.8, 0.8),
		OpAtan:    math1("atan", "Inverse tangent.", math.Atan, "d/(1 + a*a)", "nnrt.Atan", 18, -2, 2),
		OpSinh:    math1("sinh", "Hyperbolic sine.", math.Sinh, "cosh(a)", "nnrt.Sinh", 18, -2, 2),
		OpCosh:    math1("cosh", "Hyperbolic cosine.", math.Cosh, "sinh(a)", "nnrt.Cosh", 18, -2, 2),
		OpTanh:    math1("tanh", "Hyperbolic tangent.", math.Tanh, "1 - y*y", "nnrt.Tanh", 15, -2, 2),
		OpAsinh:   math1("asinh", "Inverse hyperbolic sine.", math.Asinh, "rsqrt(a*a + 1)", "nnrt.Asinh", 20, -2, 2),
		OpAcosh:   math1("acosh", "Inverse hyperbolic cosine.", math.Acosh, "rsqrt(a*a - 1)", "nnrt.Acosh", 20, 1.5, 3),
		OpAtanh:   math1("atanh", "Inverse hyperbolic tangent.", math.Atanh, "d/(1 - a*a)", "nnrt.Atanh", 20, -0.7, 0.7),
		OpSigmoid: math1("sigmoid", "1/(1 + e^-a), without overflow on either side.", sigmoid, "y*(1 - y)", "nnrt.Sigmoid", 15, -3, 3),
		OpErf:     math1("erf", "Error function.", math.Erf, "1.1283791670955126*exp(-a*a)", "nnrt.Erf", 20, -1.5, 1.5),
		OpFloor:   step1("floor", "Largest integer not above a; the derivative is 0.", math.Floor, "nnrt.Floor"),
		OpCeil:    step1("ceil", "Smallest integer not below a; the derivative is 0.", math.Ceil, "nnrt.Ceil"),
		OpRound:   step1("round", "Nearest integer, halves to even; the derivative is 0.", math.RoundToEven, "nnrt.Round"),
		OpNot:     {Name: "not", Arity: 1, Kind: KindElement, Lane: "not", Doc: "Logical not.", Rule: logic("not"), Zero: true, Value: func(x []float64) float64 { return 1 - x[0] }, Go: "!%[1]s", Cost: 1, Domain: [][2]float64{{0, 1}}},
		OpCast: {Name: "cast", Arity: 1, Kind: KindElement, Doc: "a as another type (DType); towards int it drops the fraction, from bool it gives 0 and 1, towards bool it is a != 0. Printed by the printer.",
			Rule: ruleCast, VJP: vjpCast, JVP: jvpCast, Value: func(x []float64) float64 { return x[0] }, Cost: 1, Domain: std(1)},
		OpStopGradient: {Name: "stop_gradient", Arity: 1, Kind: KindElement, Doc: "a itself, constant for differentiation; erased after it.", Rule: ruleSame, Zero: true,
			Value: func(x []float64) float64 { return x[0] }, Go: "%[1]s", Domain: std(1)},

		// elementwise, two or three arguments
		OpAdd: {Name: "add", Arity: 2, Kind: KindElement, Lane: "add", Doc: "a + b.", Rule: arith("add"), Partials: []string{"d", "d"}, Value: func(x []float64) float64 { return x[0] + x[1] }, Go: "%[1]s + %[2]s", Cost: 1, Domain: std(2)},
		OpSub: {Name: "sub", Arity: 2, Kind: KindElement, Lane: "sub", Doc: "a - b.", Rule: arith("sub"), Partials: []string{"d", "-d"}, Value: func(x []float64) float64 { return x[0] - x[1] }, Go: "%[1]s - %[2]s", Cost: 1, Domain: std(2)},
		OpMul: {Name: "mul", Arity: 2, Kind: KindElement, Lane: "mul", Doc: "a * b.", Rule: arith("mul"), Partials: []string{"d*b", "d*a"}, Value: func(x []float64) float64 { return x[0] * x[1] }, Go: "%[1]s * %[2]s", Cost: 1, Domain: std(2)},
		OpDiv: {Name: "div", Arity: 2, Kind: KindElement, Lane: "div", Doc: "a / b.", Rule: floats("div"), Partials: []string{"d/b", "-d*(y/b)"}, Value: func(x []float64) float64 { return x[0] / x[1] }, Go: "%[1]s / %[2]s", Cost: 4, Domain: [][2]float64{{-2, 2}, {0.5, 2}}},
		OpPow: {Name: "pow", Arity: 2, Kind: KindElement, Lane: "pow", Doc: "a ^ b; the derivative by a is 0 where b is 0, that by b is 0 where a is 0 and b is not negative.", Rule: floats("pow"),
			Partials: []string{"where(b == 0, 0, d*(b*pow(a, b - 1)))", "d*where(a == 0 and b >= 0, 0, y*log(a))"},
			Value:    fn2(math.Pow), Go: "nnrt.Pow(%[1]s, %[2]s)", Cost: 30, Domain: [][2]float64{{0.5, 2}, {-2, 2}}},
		OpMin: {Name: "min", Arity: 2, Kind: KindElement, Lane: "min", Doc: "The smaller of a and b, NaN if either is; where they are equal the derivative goes to a.", Rule: arith("min"),
			Partials: []string{"where(a == y, d, 0)", "where(a == y, 0, d)"}, Value: fn2(minNaN), Go: "min(%[1]s, %[2]s)", Cost: 1, Domain: [][2]float64{{-2, 0.4}, {0.6, 2}}},
		OpMax: {Name: "max", Arity: 2, Kind: KindElement, Lane: "max", Doc: "The larger of a and b, NaN if either is; where they are equal the derivative goes to a.", Rule: arith("max"),
			Partials: []string{"where(a == y, d, 0)", "where(a == y, 0, d)"}, Value: fn2(maxNaN), Go: "max(%[1]s, %[2]s)", Cost: 1, Domain: [][2]float64{{-2, 0.4}, {0.6, 2}}},
		OpAtan2: {Name: "atan2", Arity: 2, Kind: KindElement, Lane: "atan2", Doc: "The angle of the point (b, a), in (-pi, pi].", Rule: floats("atan2"),
			Partials: []string{"d*b/(a*a + b*b)", "-d*a/(a*a + b*b)"}, Value: fn2(math.Atan2), Go: "nnrt.Atan2(%[1]s, %[2]s)", Cost: 25, Domain: [][2]float64{{-2, 2}, {0.5, 2}}},
		OpFma: {Name: "fma", Arity: 3, Kind: KindElement, Lane: "fma", Doc: "a*b + c with one rounding.", Rule: floats("fma"),
			Partials: []string{"d*b", "d*a", "d"}, Value: func(x []float64) float64 { return math.FMA(x[0], x[1], x[2]) }, Go: "nnrt.FMA(%[1]s, %[2]s, %[3]s)", Cost: 1, Domain: std(3)},
		OpLt:  compare("lt", "a < b.", func(a, b float64) bool { return a < b }, "%[1]s < %[2]s", false),
		OpLe:  compare("le", "a <= b.", func(a, b float64) bool { return a <= b }, "%[1]s <= %[2]s", false),
		OpEq:  compare("eq", "a == b.", func(a, b float64) bool { return a == b }, "%[1]s == %[2]s", true),
		OpNe:  compare("ne", "a != b.", func(a, b float64) bool { return a != b }, "%[1]s != %[2]s", true),
		OpAnd: {Name: "and", Arity: 2, Kind: KindElement, Lane: "and", Doc: "Logical and.", Rule: logic("and"), Zero: true, Value: func(x []float64) float64 { return x[0] * x[1] }, Go: "%[1]s && %[2]s", Cost: 1, Domain: [][2]float64{{0, 1}, {0, 1}}},
		OpOr:  {Name: "or", Arity: 2, Kind: KindElement, Lane: "or", Doc: "Logical or.", Rule: logic("or"), Zero: true, Value: func(x []float64) float64 { return math.Max(x[0], x[1]) }, Go: "%[1]s || %[2]s", Cost: 1, Domain: [][2]float64{{0, 1}, {0, 1}}},
		OpWhere: {Name: "where", Arity: 3, Kind: KindElement, Lane: "where", Doc: "b where a holds, else c. Printed by the printer.", Rule: ruleWhere,
			Partials: []string{"0", "where(a, d, 0)", "where(a, 0, d)"},
			Value: func(x []float64) float64 {
				if x[0] != 0 {
					return x[1]
				}
				return x[2]
			}, Cost: 1, Domain: [][2]float64{{0, 1}, {-2, 2}, {-2, 2}}},

		// layout: all linear in every argument
		OpBroadcast: {Name: "broadcast", Arity: 1, Kind: KindLayout, Doc: "Repeats a: axis i of a becomes axis Axes[i] of the result (increasing); the other axes of Shape are new.",
			Rule: ruleBroadcast, Transpose: transposeBroadcast, Linear: []int{0}, Eval: evalBroadcast, Domain: std(1)},
		OpReshape: {Name: "reshape", Arity: 1, Kind: KindLayout, Doc: "The same elements in the same order under another Shape.", Rule: ruleReshape, Transpose: transposeReshape, Linear: []int{0}, Eval: evalReshape, Domain: std(1)},
		OpPermute: {Name: "permute", Arity: 1, Kind: KindLayout, Doc: "Axis i of the result is axis Axes[i] of a.", Rule: rulePermute, Transpose: transposePermute, Linear: []int{0}, Eval: evalPermute, Kernel: "Strided", Domain: std(1)},
		OpSlice:   {Name: "slice", Arity: 1, Kind: KindLayout, Doc: "The elements from Lo up to but not including Hi, every Step-th.", Rule: ruleSlice, Transpose: transposeSlice, Linear: []int{0}, Eval: evalSlice, Kernel: "Strided", Domain: std(1)},
		OpPad:     {Name: "pad", Arity: 1, Kind: KindLayout, Doc: "Zeros around a: Lo before, Hi after, Step between neighbours.", Rule: rulePad, Transpose: transposePad, Linear: []int{0}, Eval: evalPad, Kernel: "Strided", Domain: std(1)},
		OpConcat:  {Name: "concat", Arity: -1, Kind: KindLayout, Doc: "The arguments one after the other along axis Axes[0].", Rule: ruleConcat, Transpose: transposeConcat, Eval: evalConcat, Kernel: "Strided", Domain: std(2)},
		OpReverse: {Name: "reverse", Arity: 1, Kind: KindLayout, Doc: "The elements in reverse order along Axes.", Rule: ruleReverse, Transpose: transposeReverse, Linear: []int{0}, Eval: evalReverse, Kernel: "Strided", Domain: std(1)},

		// reductions
		OpSum: {Name: "sum", Arity: 1, Kind: KindReduce, Doc: "Sum over Axes.", Rule: ruleReduce("sum"), Transpose: transposeSum, Linear: []int{0}, Eval: evalSum, Kernel: "ReduceSum", Cost: 1, Domain: std(1)},
		OpReduceMax: {Name: "reduce_max", Arity: 1, Kind: KindReduce, Doc: "Maximum over Axes, NaN if any element is; the derivative goes to the first maximum.",
			Rule: ruleReduce("max"), VJP: vjpReduceMax, JVP: jvpReduceMax, Eval: evalReduceMax, Kernel: "ReduceMax", Cost: 1, Domain: std(1)},
		OpProd: {Name: "prod", Arity: 1, Kind: KindReduce, Doc: "Product over Axes; derivatives up to the second hold with zeros among the elements.",
			Rule: ruleReduce("prod"), VJP: vjpProd, JVP: jvpProd, Eval: evalProd, Kernel: "ReduceProd", Cost: 1, Domain: [][2]float64{{0.4, 1.6}}},
		OpArgmax: {Name: "argmax", Arity: 1, Kind: KindReduce, Doc: "Index of the first maximum along axis Axes[0]; a NaN counts as the maximum.", Rule: ruleArgmax, Zero: true, Eval: evalArgmax, Kernel: "ArgMax", Cost: 2, Domain: std(1)},
		OpCumsum: {Name: "cumsum", Arity: 1, Kind: KindReduce, Doc: "Running sum along axis Axes[0], from the end where Flag is set.", Rule: ruleCumsum, Transpose: transposeCumsum, Linear: []int{0}, Eval: evalCumsum, Kernel: "CumSum", Cost: 1, Domain: std(1)},

		OpDot: {Name: "dot", Arity: 2, Kind: KindDot, Doc: "Sum of products over the contracted axes, for each index of the batch axes (Dot). Result: batch axes, free axes of a, free axes of b.",
			Rule: ruleDot, Transpose: transposeDot, Linear: []int{0, 1}, Eval: evalDot, Kernel: "Gemm", Cost: 2, Domain: std(2)},

		OpGather:     {Name: "gather", Arity: 2, Kind: KindIndex, Doc: "Rows of a at the indices b: a [v, rest...], b [s...] of int give [s..., rest...].", Rule: ruleGather, Transpose: transposeGather, Linear: []int{0}, Eval: evalGather, Kernel: "Gather", Cost: 1, Domain: [][2]float64{{-2, 2}, {0, 1}}},
		OpScatterAdd: {Name: "scatter_add", Arity: 2, Kind: KindIndex, Doc: "A tensor of the given Shape: zero, with row i of b added to row a[i].", Rule: ruleScatterAdd, Transpose: transposeScatterAdd, Linear: []int{1}, Eval: evalScatterAdd, Kernel: "ScatterAdd", Cost: 1, Domain: [][2]float64{{0, 1}, {-2, 2}}},

		OpCall: {Name: "call", Arity: -1, Kind: KindRegion, Doc: "The results of Func, read by get; Bind gives its sizes, Site is put before the sites of its random draws.", Rule: ruleCall},
		OpGet:  {Name: "get", Arity: 1, Kind: KindRegion, Doc: "Result Index of a call.", Rule: ruleGet},
	}
}

func leaf(name, doc string) Info {
	return Info{Name: name, Kind: KindLeaf, Doc: doc, Rule: ruleLeaf(name), Zero: name == "const"}
}

// math1 is the row of a smooth function of one float.
func math1(name, doc string, f func(float64) float64, partial, goFunc string, cost int, lo, hi float64) Info {
	return Info{Name: name, Arity: 1, Kind: KindElement, Doc: doc, Rule: floats(name), Partials: []string{partial}, Value: fn1(f),
		Go: goFunc + "(%[1]s)", Lane: name, Cost: cost, Domain: [][2]float64{{lo, hi}}}
}

// step1 is the row of a function of one float that is constant between jumps.
func step1(name, doc string, f func(float64) float64, goFunc string) Info {
	return Info{Name: name, Arity: 1, Kind: KindElement, Doc: doc, Rule: floats(name), Zero: true, Value: fn1(f), Go: goFunc + "(%[1]s)", Lane: name, Cost: 2,
		Domain: [][2]float64{{-3, 3}}}
}

// compare is the row of a comparison; bools says that it also compares bools.
func compare(name, doc string, f func(a, b float64) bool, goText string, bools bool) Info {
	return Info{Name: name, Arity: 2, Kind: KindElement, Doc: doc, Rule: ruleCompare(name, bools), Zero: true, Go: goText, Lane: name, Cost: 1,
		Domain: [][2]float64{{-2, 2}, {-2, 2}},
		Value: func(x []float64) float64 {
			if f(x[0], x[1]) {
				return 1
			}
			return 0
		}}
}

func fn1(f func(float64) float64) func([]float64) float64 {
	return func(x []float64) float64 { return f(x[0]) }
}

func fn2(f func(a, b float64) float64) func([]float64) float64 {
	return func(x []float64) float64 { return f(x[0], x[1]) }
}

// sign returns -1, 0 or 1, and NaN for NaN.
func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // zero keeps its sign, NaN travels
}

// sigmoid never computes the exponential of a large positive number.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}

// maxNaN is math.Max with NaN winning over infinity, as Go's max does.
func maxNaN(a, b float64) float64 { return max(a, b) }

func minNaN(a, b float64) float64 { return min(a, b) }
