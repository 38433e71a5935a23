package lane

// This file answers: is every primitive printed right, wherever its operands are? Elements, numbers, constants, zeros, single elements,
// results of other instructions that are used again or not, the same value twice, and everything at once in more registers than there are.

import "fmt"

// A kernelMaker collects the kernels of a test.
type kernelMaker struct {
	kernels []*Kernel
}

// start returns a kernel with the given operands, all of which move from row to row as far as the caller says.
func (m *kernelMaker) start(name string, size int, outer ...Count) *Kernel {
	k := &Kernel{Name: fmt.Sprintf("k%d%s", len(m.kernels), name), Doc: []string{name}, Size: size, Outer: outer}
	m.kernels = append(m.kernels, k)
	return k
}

// operand adds an operand whose rows are apart as the caller says.
func (k *Kernel) operand(t Type, steps ...Count) int {
	k.Operands = append(k.Operands, Operand{Name: fmt.Sprintf("p%d", len(k.Operands)), Type: t, Steps: steps})
	return len(k.Operands) - 1
}

func (k *Kernel) number(t Type) int {
	k.Numbers = append(k.Numbers, Number{Name: fmt.Sprintf("c%d", len(k.Numbers)), Type: t})
	return len(k.Numbers) - 1
}

// A source is a place where an argument may be.
type source int

const (
	fromElement source = iota
	fromNumber
	fromConst
	fromZero
	fromSingle
	fromDying   // computed for this use
	fromLiving  // computed, and used again
	fromNothing // the end
)

// sources makes arguments for one kernel with operands 0 (floats), 1 (ints), 2 (single floats) and 3 (single ints).
type sources struct {
	k     *Kernel
	p     *Program
	n     int
	alive []Value
}

func (s *sources) operands(t Type) (move, single int) {
	if t == Int {
		return 1, 3
	}
	return 0, 2
}

// get returns a value of type t from a source. Each call gives another one.
func (s *sources) get(t Type, from source) Value {
	s.n++
	if t == Mask {
		return s.p.Do([]Op{OpLT, OpNLE, OpUnord, OpNE}[s.n%4], s.get(Float, from), s.get(Float, fromElement))
	}
	move, single := s.operands(t)
	switch from {
	case fromNumber:
		return s.p.Input(map[Type]int{Float: 0, Int: 1}[t], t)
	case fromConst:
		if t == Int {
			return s.p.Int(int32(s.n*7 - 40))
		}
		return s.p.Float(float64(s.n)*0.75 - 3)
	case fromZero:
		if t == Int {
			return s.p.Int(0)
		}
		return s.p.Float(0)
	case fromSingle:
		return s.p.Single(single, t, s.n%3)
	case fromDying, fromLiving:
		op := map[Type]Op{Float: OpAdd, Int: OpIAdd}[t]
		v := s.p.Do(op, s.p.LoadAt(move, t, s.n), s.p.Input(map[Type]int{Float: 0, Int: 1}[t], t))
		if from == fromLiving {
			s.alive = append(s.alive, v)
		}
		return v
	}
	return s.p.LoadAt(move, t, s.n)
}

// opKernel is an empty kernel of one loop for values from all sources.
func opKernel(m *kernelMaker, name string, size int, inner Count) (*Kernel, *sources) {
	k := m.start(name, size)
	k.operand(Float)
	if size == 4 {
		k.operand(Int)
	} else {
		k.operand(Float)
	}
	k.operand(Float)
	if size == 4 {
		k.operand(Int)
	} else {
		k.operand(Float)
	}
	k.number(Float)
	if size == 4 {
		k.number(Int)
	}
	k.Stages = []Stage{{Loop: true, Inner: inner, Prog: NewProgram(size)}}
	return k, &sources{k: k, p: k.Stages[0].Prog}
}

// keep stores a value to an operand of its own.
func (s *sources) keep(v Value) {
	if s.p.Type(v) == Mask {
		v = s.p.Do(OpSelect, v, s.p.Float(1), s.p.Float(-2))
	}
	st := &s.k.Stages[0]
	st.Stores = append(st.Stores, Store{Operand: s.k.operand(s.p.Type(v)), Value: v, Moves: true})
}

// fits reports whether a primitive exists for floats of this size.
func (op Op) fits(size int) bool {
	for _, t := range ops[op].args {
		if t == Int && size == 8 {
			return false
		}
	}
	return size == 4 || ops[op].result != Int
}

// do appends a primitive with its constant.
func (s *sources) do(op Op, args ...Value) Value {
	if ops[op].form == formImm {
		return s.p.Shift(op, args[0], 1+s.n%31)
	}
	return s.p.Do(op, args...)
}

// primitives makes kernels of each primitive with its arguments from everywhere.
func (m *kernelMaker) primitives() {
	counts := []Count{{Arg: "n"}, {Const: 3}, {Const: 16}, {Const: 21}, {Arg: "n"}, {Const: 7}}
	for _, size := range []int{4, 8} {
		for op := OpAdd; op < numOps; op++ {
			if !op.fits(size) {
				continue
			}
			types := ops[op].args
			var k *Kernel
			var s *sources
			flush := func() {
				if s == nil {
					return
				}
				for _, v := range s.alive { // after everything else
					s.keep(v)
				}
				k, s = nil, nil
			}
			combos := 1
			for range types {
				combos *= int(fromNothing)
			}
			for c := 0; c < combos; c++ {
				if len(types) == 3 && c%3 != int(op)%3 && c%7 != 0 {
					continue // enough of them
				}
				if k == nil {
					k, s = opKernel(m, fmt.Sprint(op), size, counts[len(m.kernels)%len(counts)])
				}
				args := make([]Value, len(types))
				x := c
				for i, typ := range types {
					args[i] = s.get(typ, source(x%int(fromNothing)))
					x /= int(fromNothing)
				}
				s.keep(s.do(op, args...))
				if len(k.Stages[0].Stores) == 14 {
					flush()
				}
			}
			flush()
			// The same value in several places.
			k, s = opKernel(m, fmt.Sprint(op, "same"), size, counts[len(m.kernels)%len(counts)])
			for from := fromElement; from < fromNothing; from++ {
				for pattern := range 3 {
					args := make([]Value, len(types))
					for i, typ := range types {
						args[i] = s.get(typ, from)
						if i > 0 && typ == types[i-1] && (pattern == 0 || pattern == i) {
							args[i] = args[i-1]
						}
						if i == 2 && pattern == 0 && typ == types[0] {
							args[i] = args[0]
						}
					}
					s.keep(s.do(op, args...))
				}
			}
			flush()
		}
	}
}

// reductions makes kernels that reduce rows of every length as they are, in loops over rows and without.
func (m *kernelMaker) reductions() {
	for n := 0; n <= 72; n++ {
		inner := Count{Const: n}
		if n == 0 {
			inner = Count{Arg: "n"}
		}
		for _, size := range []int{4, 8} {
			k := m.start("Sums", size)
			x := k.operand(Float)
			st := Stage{Loop: true, Inner: inner, Prog: NewProgram(size)}
			for range MaxReductions(size) {
				st.Sums = append(st.Sums, Sum{Value: st.Prog.Load(x, Float), Operand: k.operand(Float)})
			}
			k.Stages = []Stage{st}

			k = m.start("Reductions", size, Count{Arg: "rows"})
			x = k.operand(Float, Count{Arg: "step"})
			st = Stage{Loop: true, Inner: inner, Prog: NewProgram(size)}
			for i := range MaxReductions(size) {
				st.Reduces = append(st.Reduces, Reduce{How: []Reduction{Largest, Total}[i%2], Value: st.Prog.Load(x, Float), Input: i})
				k.Left++
			}
			after := Stage{Prog: NewProgram(size)}
			for i := range st.Reduces {
				after.Stores = append(after.Stores, Store{Operand: k.operand(Float, Count{Const: size}), Value: after.Prog.Input(i, Float)})
			}
			k.Stages = []Stage{st, after}
		}
	}
}
