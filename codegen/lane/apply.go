package lane

// This file answers: which lanes are an operation of the algebra? A primitive, a few of them, or a formula.

import "math"

// A compound is an operation of several primitives.
type compound struct {
	args []Type
	make func(p *Program, a []Value) Value
}

// compounds are keyed by the name that the op table of package symbolic gives, and tried by the types of the arguments.
var compounds map[string][]compound

func init() {
	do := func(op Op) func(p *Program, a []Value) Value {
		return func(p *Program, a []Value) Value { return p.Do(op, a...) }
	}
	swapped := func(op Op) func(p *Program, a []Value) Value {
		return func(p *Program, a []Value) Value { return p.Do(op, a[1], a[0]) }
	}
	ff, ii, mm := []Type{Float, Float}, []Type{Int, Int}, []Type{Mask, Mask}
	f, i, m := []Type{Float}, []Type{Int}, []Type{Mask}
	truth := func(p *Program) Value { zero := p.Int(0); return p.Do(OpIEQ, zero, zero) }
	same := func(p *Program, a []Value) Value { return a[0] }
	saturated := func(p *Program, a []Value) Value { // as nnrt.Int32: NaN gives 0, what is too large the nearest int
		x := p.Do(OpISelect, p.Do(OpNLT, a[0], p.Float(1<<31)), p.Int(math.MaxInt32), p.Do(OpTruncInt, a[0]))
		return p.Do(OpISelect, p.Do(OpUnord, a[0], a[0]), p.Int(0), x)
	}
	toFloat := func(p *Program, a []Value) Value { return p.Do(OpSelect, a[0], p.Float(1), p.Float(0)) }
	compounds = map[string][]compound{
		"add": {{ff, do(OpAdd)}, {ii, do(OpIAdd)}},
		"sub": {{ff, do(OpSub)}, {ii, do(OpISub)}},
		"neg": {{f, func(p *Program, a []Value) Value { return p.Neg(a[0]) }}, {i, func(p *Program, a []Value) Value { return p.Do(OpISub, p.Int(0), a[0]) }}},
		"abs": {{f, func(p *Program, a []Value) Value { return p.Abs(a[0]) }}},
		"sign": {{f, func(p *Program, a []Value) Value { // zero keeps its sign, NaN travels
			one := p.Do(OpOr, p.Do(OpAnd, a[0], p.signBit()), p.Float(1))
			return p.Do(OpSelect, p.Do(OpNE, a[0], p.Float(0)), p.Do(OpSelect, p.Do(OpUnord, a[0], a[0]), a[0], one), a[0])
		}}},
		"not": {{m, func(p *Program, a []Value) Value { return p.Do(OpMXor, a[0], truth(p)) }}},
		"max": {{ff, func(p *Program, a []Value) Value { return p.Max(a[0], a[1]) }}},
		"min": {{ff, func(p *Program, a []Value) Value { return p.Min(a[0], a[1]) }}},
		"lt":  {{ff, do(OpLT)}, {ii, swapped(OpIGT)}},
		"le":  {{ff, do(OpLE)}, {ii, func(p *Program, a []Value) Value { return p.Do(OpMXor, p.Do(OpIGT, a[0], a[1]), truth(p)) }}},
		"eq":  {{ff, do(OpEQ)}, {ii, do(OpIEQ)}, {mm, func(p *Program, a []Value) Value { return p.Do(OpMXor, p.Do(OpMXor, a[0], a[1]), truth(p)) }}},
		"ne":  {{ff, do(OpNE)}, {ii, func(p *Program, a []Value) Value { return p.Do(OpMXor, p.Do(OpIEQ, a[0], a[1]), truth(p)) }}, {mm, do(OpMXor)}},
		"and": {{mm, do(OpMAnd)}},
		"or":  {{mm, do(OpMOr)}},
		"where": {{[]Type{Mask, Float, Float}, do(OpSelect)}, {[]Type{Mask, Int, Int}, do(OpISelect)},
			{[]Type{Mask, Mask, Mask}, func(p *Program, a []Value) Value {
				return p.Do(OpMOr, p.Do(OpMAnd, a[0], a[1]), p.Do(OpMAnd, p.Do(OpMXor, a[0], truth(p)), a[2]))
			}}},
		"tofloat": {{f, same}, {i, do(OpFromInt)}, {m, toFloat}},
		"toint":   {{i, same}, {f, saturated}, {m, func(p *Program, a []Value) Value { return p.Do(OpISelect, a[0], p.Int(1), p.Int(0)) }}},
		"tobool":  {{m, same}, {f, func(p *Program, a []Value) Value { return p.Do(OpNE, a[0], p.Float(0)) }}},
	}
}

// Apply returns the result of an operation of the algebra, or false where there is none for these types or this size of floats.
func (p *Program) Apply(name string, args ...Value) (Value, bool) {
	if p.Size == 8 {
		for _, a := range args {
			if p.Type(a) == Int {
				return 0, false // lanes of 4 bytes beside lanes of 8
			}
		}
	}
	forms, ok := compounds[name]
	for _, c := range forms {
		if p.fits(c.args, args) {
			return c.make(p, args), true
		}
	}
	if ok {
		return 0, false
	}
	if op, ok := opByName(name); ok && p.fits(ops[op].args, args) && (p.Size == 4 || ops[op].result != Int) {
		return p.Do(op, args...), true
	}
	if p.Size == 4 {
		return p.Call(name, args...)
	}
	return 0, false
}

func (p *Program) fits(types []Type, args []Value) bool {
	if len(types) != len(args) {
		return false
	}
	for i, t := range types {
		if p.Type(args[i]) != t {
			return false
		}
	}
	return true
}
