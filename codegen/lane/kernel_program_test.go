package lane

// This file answers: what do random kernels compute? Programs that use a value at once, or late, so that many live at the same time.

import "slices"

// A pool holds the values of a program by type.
type pool map[Type][]Value

func (p pool) add(prog *Program, v Value) { p[prog.Type(v)] = append(p[prog.Type(v)], v) }

// leaves fills a pool with what a program starts from.
func (r *randomKernel) leaves(st *Stage, p pool) {
	prog := st.Prog
	for range 2 + r.IntN(8) {
		o := pick(r, r.reads...)
		t := r.k.Operands[o].Type
		switch kind := r.IntN(6); {
		case kind == 0 && len(r.nums) > 0:
			if i := r.IntN(len(r.nums)); r.nums[i] != None {
				p.add(prog, prog.Input(i, r.nums[i]))
			}
		case kind == 1 && t == Float:
			p.add(prog, prog.Float(pick(r, 0, 1, -1, 0.5, 3, -0.25, 100)))
		case kind == 1:
			p.add(prog, prog.Int(int32(r.IntN(9)-4)))
		case kind == 2 && st.Loop && r.size == 4:
			p.add(prog, prog.Lane())
		case kind == 3 || !st.Loop:
			if !slices.Contains(r.writes, o) {
				p.add(prog, prog.Single(o, t, r.IntN(4)))
			}
		default:
			off := 0
			if !slices.Contains(r.writes, o) && r.IntN(4) == 0 {
				off = r.IntN(5)
			}
			p.add(prog, prog.LoadAt(o, t, off))
		}
	}
	if len(p[Float]) == 0 {
		p.add(prog, prog.Float(1.5))
	}
}

// common are primitives that keep numbers ordinary; the others come now and then.
var common = []Op{OpAdd, OpSub, OpMul, OpFMA, OpFNMA, OpMin, OpMax, OpLT, OpNLE, OpSelect, OpFMA, OpSub, OpFloor, OpIAdd, OpISub, OpFromInt, OpIGT, OpISelect, OpMXor, OpMAnd}

// grow adds random instructions to a program. A value is used late, so that many live at once, or at once.
func (r *randomKernel) grow(prog *Program, p pool) {
	late := r.IntN(2) == 0
	arg := func(t Type) (Value, bool) {
		vs := p[t]
		if len(vs) == 0 {
			return 0, false
		}
		if late || r.IntN(3) == 0 {
			return vs[r.IntN(len(vs))], true
		}
		return vs[max(0, len(vs)-1-r.IntN(3))], true
	}
	for range r.IntN(r.most) {
		if r.size == 4 && r.IntN(40) == 0 { // a formula with a part for few elements
			if a, ok := arg(Float); ok {
				v, _ := prog.Call(pick(r, "sin", "cos", "tan"), a)
				p.add(prog, v)
			}
			continue
		}
		op := pick(r, common...)
		if r.IntN(5) == 0 {
			op = OpAdd + Op(r.IntN(int(numOps-OpAdd)))
		}
		if !op.fits(r.size) {
			continue
		}
		var args []Value
		for _, t := range ops[op].args {
			if v, ok := arg(t); ok {
				args = append(args, v)
			}
		}
		if len(args) < len(ops[op].args) {
			continue
		}
		if ops[op].form == formImm {
			p.add(prog, prog.Shift(op, args[0], 1+r.IntN(31)))
			continue
		}
		p.add(prog, prog.Do(op, args...))
	}
	if late { // everything meets at the end, first come last served
		for _, t := range []Type{Float, Int} {
			vs := p[t]
			if len(vs) < 20 {
				continue
			}
			sum := vs[len(vs)-1]
			for i := range vs {
				sum = prog.Do(map[Type]Op{Float: OpAdd, Int: OpISub}[t], sum, vs[(i*7)%len(vs)])
			}
			p.add(prog, sum)
		}
	}
}

// value picks a result.
func (r *randomKernel) value(p pool, t Type) Value {
	vs := p[t]
	if r.IntN(3) > 0 {
		return vs[len(vs)-1-r.IntN(min(4, len(vs)))]
	}
	return pick(r, vs...)
}

// result is a type that the pool has values of, and memory.
func (r *randomKernel) result(p pool) Type {
	if len(p[Int]) > 0 && r.IntN(3) == 0 {
		return Int
	}
	return Float
}
