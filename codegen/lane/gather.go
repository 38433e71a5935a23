package lane

// This file answers: how does a kernel sum over its rows without leaving the loop? Small products of columns with columns, and column sums,
// are collected row by row, in registers while there are any, else in the frame.

import "fmt"

// A set is the accumulators of one gather: for each of rows lines, whole vectors.
type set struct {
	g       *Gather
	m       *machine // as wide as the columns need
	rows    int      // lines: rows of the result, or the four lanes of a column sum
	vectors int      // of a line
	regs    []int    // empty: in the frame
	at      int
}

// heldMost is how many registers may keep something through the loops over rows, up to most on AVX2, where the accumulators of the stages
// inside and the last four registers must stay free, and a body needs four.
func (f *function) heldMost(stages []Stage, most int) int {
	if f.m.masks {
		return f.m.regs / 2
	}
	for i := range stages {
		st := &stages[i]
		if !st.Loop {
			continue
		}
		left := 12 - (len(st.Reduces)+len(st.Sums))*f.pieces(st)
		if st.Flat {
			left -= 4 // which has two of the last four for itself, and tails the others
		} else {
			left -= 2
		}
		most = min(most, left)
	}
	return max(0, most)
}

// prepare places accumulators and clears them.
func (f *function) prepare() {
	most := f.heldMost(f.k.Stages, 6)
	for i := range f.k.Stages {
		g := f.k.Stages[i].Gather
		if g == nil {
			continue
		}
		a := &set{g: g, m: f.m.narrow(g.Cols, f.k.Size), rows: g.Rows}
		a.vectors = (g.Cols + a.m.lanes(f.k.Size) - 1) / a.m.lanes(f.k.Size)
		if !g.Scaled {
			a.rows = 4
		}
		n := a.rows * a.vectors
		if g.Scaled && len(f.held)+n <= most {
			for range n {
				a.regs = append(a.regs, f.clear(f.hold()))
			}
		} else {
			a.at = f.reserve(n * a.m.bytes)
			f.line("VXORPS X0, X0, X0")
			for v := range n {
				f.line("VMOVUPS %s0, %d(SP)", a.m.reg, a.at+v*a.m.bytes)
			}
		}
		f.sets = append(f.sets, a)
	}
}

// gather adds one row to its accumulators.
func (f *function) gather(g *Gather) {
	var a *set
	for _, x := range f.sets {
		if x.g == g {
			a = x
		}
	}
	wide := f.m
	defer func() { f.m = wide }()
	f.m = a.m
	s := "P" + suffix(f.k.Size)
	for v := range a.vectors {
		b := f.m.vec(0)
		f.columns(a, v, func(tail string) {
			mem := f.address(g.B, v*f.m.bytes, "")
			switch {
			case tail == "":
				f.line("VMOVU%s %s, %s", s, mem, b)
			case f.m.masks:
				f.line("VMOVU%s.Z %s, %s, %s", s, mem, tail, b)
			default:
				f.line("VMASKMOV%s %s, %s, %s", s, mem, tail, b)
			}
		})
		if !g.Scaled {
			f.line("MOVQ BX, DX")
			f.line("ANDQ $3, DX")
			f.line("IMUL3Q $%d, DX, DX", a.vectors*a.m.bytes)
			f.line("VADD%s %d(SP)(DX*1), %s, %s", s, a.at+v*f.m.bytes, b, b)
			f.line("VMOVUPS %s, %d(SP)(DX*1)", b, a.at+v*f.m.bytes)
			continue
		}
		for r := range g.Rows {
			acc, place := "", ""
			if len(a.regs) > 0 {
				acc = f.m.vec(a.regs[r*a.vectors+v])
			} else {
				acc, place = f.m.vec(2+r%4), f.slot(a, r, v)
				f.line("VMOVUPS %s, %s", place, acc)
			}
			x := f.address(g.A, r*f.k.Size, "")
			if f.m.masks {
				f.line("VFMADD231%s.BCST %s, %s, %s", s, x, b, acc)
			} else {
				f.line("%s %s, %s", f.broadcast(), x, f.m.vec(1))
				f.line("VFMADD231%s %s, %s, %s", s, f.m.vec(1), b, acc)
			}
			if place != "" {
				f.line("VMOVUPS %s, %s", acc, place)
			}
		}
	}
}

// columns calls use with the mask register of vector v of a line, which is empty where the vector is full.
func (f *function) columns(a *set, v int, use func(tail string)) {
	lanes := f.m.lanes(f.k.Size)
	if left := a.g.Cols - v*lanes; left < lanes {
		use(f.knownTail(left))
		return
	}
	use("")
}

// write stores what a gather has collected.
func (f *function) write(a *set) {
	wide := f.m
	defer func() { f.m = wide }()
	f.m = a.m
	s := "P" + suffix(f.k.Size)
	if a.g.Across {
		f.writeAcross(a)
		return
	}
	for v := range a.vectors {
		for r := range a.g.Rows {
			x := f.m.vec(0)
			switch {
			case !a.g.Scaled:
				f.line("VMOVUPS %s, %s", f.slot(a, 0, v), x)
				f.line("VADD%s %s, %s, %s", s, f.slot(a, 2, v), x, x)
				f.line("VMOVUPS %s, %s", f.slot(a, 1, v), f.m.vec(1))
				f.line("VADD%s %s, %s, %s", s, f.slot(a, 3, v), f.m.vec(1), f.m.vec(1))
				f.line("VADD%s %s, %s, %s", s, f.m.vec(1), x, x)
			case len(a.regs) > 0:
				x = f.m.vec(a.regs[r*a.vectors+v])
			default:
				f.line("VMOVUPS %s, %s", f.slot(a, r, v), x)
			}
			f.columns(a, v, func(tail string) {
				mem := f.address(a.g.To, r*a.g.Cols*f.k.Size+v*f.m.bytes, "")
				switch {
				case tail == "":
					f.line("VMOVU%s %s, %s", s, x, mem)
				case f.m.masks:
					f.line("VMOVU%s %s, %s, %s", s, x, tail, mem)
				default:
					f.line("VMASKMOV%s %s, %s, %s", s, x, tail, mem)
				}
			})
		}
	}
}

func (f *function) slot(a *set, r, v int) string {
	return fmt.Sprintf("%d(SP)", a.at+(r*a.vectors+v)*a.m.bytes)
}
