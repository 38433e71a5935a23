package lane

// This file answers: how does a small matrix change its order on the way into the frame, or out of registers? AVX-512 moves elements between up to four
// vectors; everything else goes element by element.

import "fmt"

// turnVectors is the most vectors of which one instruction after the other takes elements.
const turnVectors = 4

// turn copies a small matrix into the frame, transposed. What is beyond a row is never used.
func (f *function) turn(operand int, t *Turn) {
	f.fetch(t.Operand, "SI")
	lanes, n := f.m.lanes(f.k.Size), t.Rows*t.Cols
	if f.m.masks && n <= turnVectors*lanes {
		var in []int
		for v := 0; v*lanes < n; v++ {
			f.partly(n-v*lanes, func(mask string) {
				f.line("VMOVUP%s%s %d(SI), %s%s", suffix(f.k.Size), zeroing(mask), v*f.m.bytes, mask, f.m.vec(v))
			})
			in = append(in, v)
		}
		for c := range t.Cols {
			for w := 0; w*lanes < t.Rows; w++ {
				f.pick(turnVectors, in, fmt.Sprintf("turn_%dx%d_%d_%d", t.Rows, t.Cols, c, w), func(e int) int {
					if r := w*lanes + e; r < t.Rows {
						return r*t.Cols + c
					}
					return -1
				})
				f.line("VMOVUPS %s, %s", f.m.vec(turnVectors), f.address(operand, (c*t.Line()+w*lanes)*f.k.Size, ""))
			}
		}
		return
	}
	for r := range t.Rows {
		for c := range t.Cols {
			f.line("%s %d(SI), DX", f.moves(), (r*t.Cols+c)*f.k.Size)
			f.line("%s DX, %s", f.moves(), f.address(operand, (c*t.Line()+r)*f.k.Size, ""))
		}
	}
}

// writeAcross stores what a gather has collected, transposed.
func (f *function) writeAcross(a *set) {
	f.pointer(a.g.To)
	if rows := a.g.Rows; f.m.masks && rows*a.vectors <= turnVectors {
		in := a.regs
		for v := len(in); v < rows*a.vectors; v++ {
			f.line("VMOVUPS %d(SP), %s", a.at+v*f.m.bytes, f.m.vec(v))
			in = append(in, v)
		}
		narrow := f.m.lanes(f.k.Size)
		f.m = avx512
		lanes, n := f.m.lanes(f.k.Size), rows*a.g.Cols
		for w := 0; w*lanes < n; w++ {
			f.pick(turnVectors, in, fmt.Sprintf("across_%dx%d_%d", rows, a.g.Cols, w), func(e int) int {
				if p := w*lanes + e; p < n {
					c := p / rows
					return (p%rows*a.vectors+c/narrow)*lanes + c%narrow
				}
				return -1
			})
			f.partly(n-w*lanes, func(mask string) {
				f.line("VMOVUP%s %s, %s%d(R15)", suffix(f.k.Size), f.m.vec(turnVectors), mask, w*f.m.bytes)
			})
		}
		return
	}
	at := a.at
	if len(a.regs) > 0 {
		at = f.reserve(len(a.regs) * f.m.bytes)
		for i, r := range a.regs {
			f.line("VMOVUPS %s, %d(SP)", f.m.vec(r), at+i*f.m.bytes)
		}
	}
	for c := range a.g.Cols {
		for r := range a.g.Rows {
			f.line("%s %d(SP), DX", f.moves(), at+r*a.vectors*f.m.bytes+c*f.k.Size)
			f.line("%s DX, %d(R15)", f.moves(), (c*a.g.Rows+r)*f.k.Size)
		}
	}
}

// moves is the instruction that moves one element through a general register.
func (f *function) moves() string {
	if f.k.Size == 8 {
		return "MOVQ"
	}
	return "MOVL"
}

// partly calls use with the mask operand of a vector of which left elements count; there is none if all do.
func (f *function) partly(left int, use func(mask string)) {
	if left >= f.m.lanes(f.k.Size) {
		use("")
		return
	}
	use(f.knownTail(left) + ", ")
}

// zeroing is the suffix of a load under a mask.
func zeroing(mask string) string {
	if mask == "" {
		return ""
	}
	return ".Z"
}

// pick fills register to with elements of the registers in. Element e is number from(e) of all of them, or does not matter if that is negative.
// The register behind to is overwritten. Constants are named by what they are for.
func (f *function) pick(to int, in []int, name string, from func(e int) int) {
	lanes, s := f.m.lanes(f.k.Size), suffix(f.k.Size)
	order := f.m.vec(to + 1)
	step := func(i int) { // the elements that vector i has, beside those that are there
		words := make([]uint64, lanes)
		for e := range words {
			words[e] = uint64(e)
			switch v := from(e) / lanes; {
			case from(e) < 0:
			case i == 1 && v == 0, len(in) == 1:
				words[e] = uint64(from(e) % lanes)
			case v == i:
				words[e] = uint64(lanes + from(e)%lanes)
			}
		}
		f.line("VMOVDQU32 %s, %s", f.file.table(fmt.Sprintf("%s_%d_%d", name, f.k.Size*8, i), f.k.Size, words), order)
	}
	if len(in) == 1 {
		step(0)
		f.line("VPERMP%s %s, %s, %s", s, f.m.vec(in[0]), order, f.m.vec(to))
		return
	}
	f.line("VMOVAPS %s, %s", f.m.vec(in[0]), f.m.vec(to))
	for i := 1; i < len(in); i++ {
		step(i)
		f.line("VPERMT2P%s %s, %s, %s", s, f.m.vec(in[i]), order, f.m.vec(to))
	}
}
