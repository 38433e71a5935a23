package lane

// This file answers: what can be loaded before the loops over rows? Constants and elements that are the same for every row, while registers
// last.

import (
	"fmt"
	"slices"
)

// hoist loads what the stages of a pass would load for every row. It finds out by printing the stages for nothing.
func (f *function) hoist(stages []Stage) {
	f.hoists = map[*Stage]map[Value]int{}
	if len(f.k.Outer) == 0 {
		return
	}
	most := f.heldMost(stages, 5)
	for i := range stages {
		st := &stages[i]
		if st.Gather != nil {
			continue
		}
		try := *f
		try.lines, try.spills, try.loaded = nil, nil, map[Value]bool{}
		try.stage(st)
		var values []Value
		for v := range try.loaded {
			if f.same(st, v) {
				values = append(values, v)
			}
		}
		slices.Sort(values)
		// Elements first: a constant that finds no register is no worse off than before.
		slices.SortStableFunc(values, func(a, b Value) int {
			rank := func(v Value) int {
				if st.Prog.Insts[v].Op == OpLoad {
					return 0
				}
				return 1
			}
			return rank(a) - rank(b)
		})
		f.hoists[st] = map[Value]int{}
		wide := f.m
		if st.Loop && st.Inner.Known() {
			f.m = f.m.narrow(st.Inner.Const, f.k.Size)
		}
		for _, v := range values {
			if len(f.held) >= most {
				break
			}
			r := f.hold()
			b := f.newBody(st, nil, nil)
			b.tail = f.rowTail(st)
			b.load(v, r)
			f.hoists[st][v] = r
		}
		f.m = wide
	}
}

// same reports whether leaf v is the same for every row and every vector of the stage.
func (f *function) same(st *Stage, v Value) bool {
	switch in := &st.Prog.Insts[v]; in.Op {
	case OpConst:
		return true
	case OpLoad:
		if o := &f.k.Operands[in.Index]; o.Turn == nil && !o.still() {
			return false
		}
		return !in.Moves || st.Loop && st.Inner.Known() && st.Inner.Const <= f.m.lanes(f.k.Size)
	}
	return false
}

// rowTail sets the mask of rows that are one vector, if they are not a full one.
func (f *function) rowTail(st *Stage) string {
	if !st.Loop || !st.Inner.Known() || st.Inner.Const >= f.m.lanes(f.k.Size) {
		return ""
	}
	return f.knownTail(st.Inner.Const)
}

// hold takes a register for as long as the pass runs: from the top on AVX-512; from register 11 down on AVX2, whose last four serve tails and
// trees and whose first are for what a row computes.
func (f *function) hold() int {
	r := f.m.regs - 1 - len(f.held)
	if !f.m.masks {
		r = 11 - len(f.held)
	}
	f.held = append(f.held, r)
	return r
}

// keepNumbers gives registers to the numbers that stages of a pass leave for each other, while there are any.
func (f *function) keepNumbers(stages []Stage) {
	f.numbers = map[int]int{}
	most := min(f.heldMost(stages, 3), len(f.held)+6)
	keep := func(input int) {
		if len(f.held) < most {
			f.numbers[input] = f.hold()
		}
	}
	for i := range stages {
		for _, r := range stages[i].Reduces {
			keep(r.Input)
		}
		for _, l := range stages[i].Leaves {
			keep(l.Input)
		}
	}
}

// whole is all of a vector register, whatever the width of the stage.
func (f *function) whole(reg int) string {
	if f.m.masks {
		return fmt.Sprintf("Z%d", reg)
	}
	return fmt.Sprintf("Y%d", reg)
}
