package main

// This file answers: what does a kernel do? Loops over rows, stages and elements one after the other; sums run over 16 virtual lanes.

import (
	"iter"
	"math"

	"nngen/codegen/lane"
)

// lanes is the number of virtual lanes: element i of a row, or row i of a sum over rows, goes to lane i&15.
const lanes = 16

// A run is one call of a kernel.
type run struct {
	k      *lane.Kernel
	counts map[string]int
	inputs []word
	mem    []*memory // of the operands
	at     []int     // bytes from the operand's pointer to where the loops are
	need   [][]lane.Value
	vals   []word
	sums   map[*lane.Sum]*[lanes]word
	gather map[*lane.Gather][][]word // lines of accumulators
}

// interpret runs k on memory. inputs hold the numbers of the caller.
func interpret(k *lane.Kernel, counts map[string]int, numbers []word, mem []*memory) {
	r := &run{k: k, counts: counts, mem: mem, inputs: make([]word, len(numbers)+k.Left), sums: map[*lane.Sum]*[lanes]word{}, gather: map[*lane.Gather][][]word{}}
	copy(r.inputs, numbers)
	r.mem = append([]*memory(nil), mem...)
	for i, o := range k.Operands {
		if o.Turn != nil {
			r.mem[i] = turned(k, o.Turn, mem[o.Turn.Operand], bases(k, counts)[o.Turn.Operand])
		}
	}
	for i := range k.Stages {
		st := &k.Stages[i]
		r.need = append(r.need, needed(st))
		if st.Prog != nil {
			r.vals = append(r.vals, make([]word, max(0, len(st.Prog.Insts)-len(r.vals)))...)
		}
		for j := range st.Sums {
			r.sums[&st.Sums[j]] = new([lanes]word)
		}
		if g := st.Gather; g != nil {
			lines := 4
			if g.Scaled {
				lines = g.Rows
			}
			for range lines {
				r.gather[g] = append(r.gather[g], make([]word, g.Cols))
			}
		}
	}
	for from, to := range passes(k) {
		r.at = bases(k, counts)
		if k.Stages[from].Flat {
			r.stage(from, 0)
		} else {
			r.rows(0, 0, from, to)
		}
	}
	r.finish()
}

// passes yields the stages, from and to, of each pass over the rows.
func passes(k *lane.Kernel) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		for from, to := 0, 0; from < len(k.Stages); from = to {
			for to = from + 1; to < len(k.Stages) && !k.Stages[to].Pass; to++ {
			}
			if !yield(from, to) {
				return
			}
		}
	}
}

// count is the value of a Count in a call.
func count(c lane.Count, counts map[string]int) int {
	if c.Known() {
		return c.Const
	}
	return counts[c.Arg+c.Field]
}

// bases are the distances in bytes from the pointers of the operands to their first elements.
func bases(k *lane.Kernel, counts map[string]int) []int {
	out := make([]int, len(k.Operands))
	for i, o := range k.Operands {
		out[i] = count(o.Base, counts)
	}
	return out
}

// needed lists the instructions that results of a stage depend on.
func needed(st *lane.Stage) []lane.Value {
	if st.Prog == nil {
		return nil
	}
	mark := make([]bool, len(st.Prog.Insts))
	for _, s := range st.Stores {
		mark[s.Value] = true
	}
	for _, s := range st.Reduces {
		mark[s.Value] = true
	}
	for _, s := range st.Leaves {
		mark[s.Value] = true
	}
	for _, s := range st.Sums {
		mark[s.Value] = true
	}
	for v := len(mark) - 1; v >= 0; v-- {
		if mark[v] {
			for _, a := range st.Prog.Insts[v].Args {
				mark[a] = true
			}
		}
	}
	var out []lane.Value
	for v, m := range mark {
		if m {
			out = append(out, lane.Value(v))
		}
	}
	return out
}

// turned is a transposed copy whose rows are whole vectors; what is beyond a row is open.
func turned(k *lane.Kernel, t *lane.Turn, from *memory, base int) *memory {
	m := &memory{size: k.Size, words: make([]word, t.Cols*t.Line())}
	for i := range m.words {
		m.words[i].doubt = open
	}
	for i := range t.Rows {
		for j := range t.Cols {
			m.words[j*t.Line()+i] = *from.word(base + (i*t.Cols+j)*k.Size)
		}
	}
	return m
}

// rows runs the loops over rows from loop l on around the stages from..to-1; row is the position in the innermost one.
func (r *run) rows(l, row, from, to int) {
	if l == len(r.k.Outer) {
		for i := from; i < to; i++ {
			r.stage(i, row)
		}
		return
	}
	for i := range count(r.k.Outer[l], r.counts) {
		r.rows(l+1, i, from, to)
		for o := range r.at {
			r.at[o] += count(r.k.Operands[o].Steps[l], r.counts)
		}
	}
}

func (r *run) stage(number, row int) {
	st, need := &r.k.Stages[number], r.need[number]
	switch {
	case st.Gather != nil:
		r.collect(st.Gather, row)
		return
	case !st.Loop:
		r.element(st, need, 0)
		for _, l := range st.Leaves {
			r.inputs[l.Input] = r.vals[l.Value]
		}
		for i := range st.Sums {
			sum := &r.sums[&st.Sums[i]][row%lanes]
			*sum = total(*sum, r.vals[st.Sums[i].Value], r.k.Size)
		}
		return
	}
	accs := make([][lanes]word, len(st.Reduces))
	for i, red := range st.Reduces {
		if red.How == lane.Largest {
			for j := range accs[i] {
				accs[i][j] = ofFloat(math.Inf(-1), r.k.Size)
			}
		}
	}
	for i := range count(st.Inner, r.counts) {
		r.element(st, need, i)
		for j, red := range st.Reduces {
			acc := &accs[j][i%lanes]
			*acc = combine(red.How)(*acc, r.vals[red.Value], r.k.Size)
		}
		for j := range st.Sums {
			sum := &r.sums[&st.Sums[j]][i%lanes]
			*sum = total(*sum, r.vals[st.Sums[j].Value], r.k.Size)
		}
	}
	for i, red := range st.Reduces {
		r.inputs[red.Input] = tree(&accs[i], combine(red.How), r.k.Size)
	}
}

func combine(how lane.Reduction) func(a, b word, size int) word {
	if how == lane.Largest {
		return largest
	}
	return total
}

// tree combines lane i with lane i+8, then i+4, i+2, i+1.
func tree(acc *[lanes]word, f func(a, b word, size int) word, size int) word {
	for n := lanes / 2; n > 0; n /= 2 {
		for i := range n {
			acc[i] = f(acc[i], acc[i+n], size)
		}
	}
	return acc[0]
}

// element computes what a stage needs for element i, and stores it.
func (r *run) element(st *lane.Stage, need []lane.Value, i int) {
	for _, v := range need {
		in := &st.Prog.Insts[v]
		var w word
		switch in.Op {
		case lane.OpConst:
			w.bits = in.Imm
		case lane.OpInput:
			w = r.inputs[in.Index]
		case lane.OpLane:
			w = ofInt(int32(i))
		case lane.OpLoad:
			w = *r.word(in.Index, in.Off+stride(in.Moves, in.Step)*i)
		default:
			var args [3]word
			for j, a := range in.Args {
				args[j] = r.vals[a]
			}
			w = do(in, r.k.Size, args[0], args[1], args[2])
		}
		r.vals[v] = w
	}
	for _, s := range st.Stores {
		r.mem[s.Operand].write(r.offset(s.Operand, s.Off+stride(s.Moves, s.Step)*i), r.vals[s.Value])
	}
}

// stride is the number of elements from lane to lane.
func stride(moves bool, step int) int {
	if !moves {
		return 0
	}
	return max(1, step)
}

// offset is the place of an element, off elements after where the loops are, in bytes from the operand's pointer.
func (r *run) offset(operand, off int) int { return r.at[operand] + off*r.mem[operand].size }

func (r *run) word(operand, off int) *word { return r.mem[operand].word(r.offset(operand, off)) }

// collect adds a row to a gather.
func (r *run) collect(g *lane.Gather, row int) {
	acc := r.gather[g]
	for c := range g.Cols {
		b := *r.word(g.B, c)
		if !g.Scaled {
			acc[row%4][c] = total(acc[row%4][c], b, r.k.Size)
			continue
		}
		for k := range g.Rows {
			acc[k][c] = do(&lane.Inst{Op: lane.OpFMA, Type: lane.Float}, r.k.Size, *r.word(g.A, k), b, acc[k][c])
		}
	}
}

// finish writes what was summed over all rows.
func (r *run) finish() {
	r.at = bases(r.k, r.counts)
	for i := range r.k.Stages {
		st := &r.k.Stages[i]
		for j := range st.Sums {
			s := &st.Sums[j]
			r.mem[s.Operand].write(r.at[s.Operand], tree(r.sums[s], total, r.k.Size))
		}
		g := st.Gather
		if g == nil {
			continue
		}
		acc := r.gather[g]
		for c := range g.Cols {
			if !g.Scaled {
				acc[0][c] = total(total(acc[0][c], acc[2][c], r.k.Size), total(acc[1][c], acc[3][c], r.k.Size), r.k.Size)
			}
			for k := range g.Rows {
				place := k*g.Cols + c
				if g.Across {
					place = c*g.Rows + k
				}
				r.mem[g.To].write(r.at[g.To]+place*r.k.Size, acc[k][c])
			}
		}
	}
}
