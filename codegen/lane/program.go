package lane

// This file answers: how is what happens to one element written down? As a list of instructions, each used by later ones.

import "fmt"

// A Value is the result of an instruction of a Program: its position.
type Value int32

// An Inst is one instruction.
type Inst struct {
	Op    Op
	Args  []Value
	Type  Type
	Imm   uint64 // bits of a constant, or how far to shift
	Index int    // which input or operand
	Moves bool   // of a load: with the inner loop, element by element; else one element serves all lanes
	Off   int    // of a load: elements from where the loops are
	Step  int    // of a load that moves: elements from lane to lane; 0 is 1
	Where Value  // the mask of the lanes that need it, of those that only a Rare formula does; zero: all
}

// A Program is straight-line code on lanes, in order of dependence. Equal instructions are one.
type Program struct {
	Size  int // bytes of a float: 4 or 8
	Insts []Inst
	known map[string]Value
	where Value // of the instructions being added
}

// NewProgram returns an empty program on floats of size bytes.
func NewProgram(size int) *Program { return &Program{Size: size, known: map[string]Value{}} }

func (p *Program) put(in Inst) Value {
	if ops[in.Op].form != formLeaf {
		in.Where = p.where
	}
	key := fmt.Sprint(in.Op, in.Args, in.Type, in.Imm, in.Index, in.Moves, in.Off, in.Step, in.Where)
	if v, ok := p.known[key]; ok {
		return v
	}
	v := Value(len(p.Insts))
	p.Insts = append(p.Insts, in)
	p.known[key] = v
	return v
}

// Type returns what the lanes of v hold.
func (p *Program) Type(v Value) Type { return p.Insts[v].Type }

// Float returns a constant, rounded to the program's floats.
func (p *Program) Float(x float64) Value {
	return p.put(Inst{Op: OpConst, Type: Float, Imm: floatBits(x, p.Size)})
}

// Int returns an int constant.
func (p *Program) Int(x int32) Value {
	return p.put(Inst{Op: OpConst, Type: Int, Imm: uint64(uint32(x))})
}

// Input returns number index of the stage's inputs, the same in all lanes.
func (p *Program) Input(index int, t Type) Value {
	return p.put(Inst{Op: OpInput, Type: t, Index: index})
}

// Load returns the element of operand index at this point of the inner loop.
func (p *Program) Load(index int, t Type) Value { return p.LoadAt(index, t, 0) }

// LoadAt returns the element that lies off elements after it.
func (p *Program) LoadAt(index int, t Type, off int) Value {
	return p.put(Inst{Op: OpLoad, Type: t, Index: index, Moves: true, Off: off})
}

// Single returns one element of operand index for all lanes: off elements after the row's first.
func (p *Program) Single(index int, t Type, off int) Value {
	return p.put(Inst{Op: OpLoad, Type: t, Index: index, Off: off})
}

// Spread returns an element of operand index whose neighbours in the lanes lie step elements apart: off elements after the first.
func (p *Program) Spread(index int, t Type, off, step int) Value {
	if step == 1 {
		step = 0
	}
	return p.put(Inst{Op: OpLoad, Type: t, Index: index, Moves: true, Off: off, Step: step})
}

// Lane returns the position along the inner loop.
func (p *Program) Lane() Value { return p.put(Inst{Op: OpLane, Type: Int}) }

// Do returns the result of a primitive.
func (p *Program) Do(op Op, args ...Value) Value {
	row := &ops[op]
	if len(args) != len(row.args) {
		panic(fmt.Sprintf("lane: %s takes %d arguments, got %d", row.name, len(row.args), len(args)))
	}
	for i, a := range args {
		if t := p.Type(a); t != row.args[i] {
			panic(fmt.Sprintf("lane: argument %d of %s has the wrong type", i, row.name))
		}
	}
	return p.put(Inst{Op: op, Args: args, Type: row.result})
}

// Shift returns the result of a shift by a constant.
func (p *Program) Shift(op Op, a Value, by int) Value {
	return p.put(Inst{Op: op, Args: []Value{a}, Type: Int, Imm: uint64(by)})
}

// constant returns the bits of v if it is one.
func (p *Program) constant(v Value) (uint64, bool) {
	in := &p.Insts[v]
	return in.Imm, in.Op == OpConst
}

// Renumber changes the numbers of all inputs.
func (p *Program) Renumber(to func(int) int) {
	for i := range p.Insts {
		if p.Insts[i].Op == OpInput {
			p.Insts[i].Index = to(p.Insts[i].Index)
		}
	}
}
