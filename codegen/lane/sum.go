package lane

// This file answers: how does a number of each row add up over all rows? In 16 lanes, row i in lane i&15, which are registers while there are
// any, else memory of the frame.

// prepareSums places and clears the lanes of every sum of numbers.
func (f *function) prepareSums() {
	f.sums, f.lanes16 = map[*Sum]int{}, map[*Sum][]int{}
	most := f.heldMost(f.k.Stages, 6)
	for i := range f.k.Stages {
		st := &f.k.Stages[i]
		for j := range st.Sums {
			if st.Loop {
				continue
			}
			s, pieces := &st.Sums[j], f.m.pieces(f.k.Size)
			if len(f.held)+pieces <= most {
				for range pieces {
					f.lanes16[s] = append(f.lanes16[s], f.clear(f.hold()))
				}
				continue
			}
			f.sums[s] = f.reserve(16 * f.k.Size)
			f.line("VXORPS X0, X0, X0")
			for p := range pieces {
				f.line("VMOVUPS %s, %d(SP)", f.m.vec(0), f.sums[s]+p*f.m.bytes)
			}
		}
	}
}

// clear sets a whole register to zero and returns it.
func (f *function) clear(reg int) int {
	if reg > 15 {
		f.line("VPXORD Z%d, Z%d, Z%d", reg, reg, reg)
	} else {
		f.line("VXORPS X%d, X%d, X%d", reg, reg, reg)
	}
	return reg
}

// addNumber adds the number in all lanes of a register to the row's lane. Registers 14 and 15 are overwritten.
func (f *function) addNumber(s *Sum, reg int) {
	x := suffix(f.k.Size)
	lanes, held := f.lanes16[s]
	switch {
	case !held:
		f.line("MOVQ BX, R15")
		f.line("ANDQ $15, R15")
		f.line("VADDS%s %d(SP)(R15*%d), X%d, X15", x, f.sums[s], f.k.Size, reg)
		f.line("VMOVS%s X15, %d(SP)(R15*%d)", x, f.sums[s], f.k.Size)
	case f.m.masks:
		f.line("MOVL BX, CX")
		f.line("ANDL $15, CX")
		f.line("MOVL $1, DX")
		f.line("SHLL CX, DX")
		for p, acc := range lanes {
			if p > 0 {
				f.line("SHRL $%d, DX", f.m.lanes(f.k.Size))
			}
			f.line("KMOVW DX, K1")
			f.line("VADDP%s %s, %s, K1, %s", x, f.m.vec(reg), f.m.vec(acc), f.m.vec(acc))
		}
	default:
		f.line("LEAQ %s, R15", f.file.oneLane(f.k.Size))
		f.line("MOVQ BX, DX")
		f.line("ANDQ $15, DX")
		f.line("XORQ $15, DX")
		for p, acc := range lanes {
			f.line("VMOVUPS %d(R15)(DX*%d), Y14", p*f.m.bytes, f.k.Size)
			f.line("VADDP%s Y%d, Y%d, Y15", x, reg, acc)
			f.line("VBLENDVP%s Y14, Y15, Y%d, Y%d", x, acc, acc)
		}
	}
}

// finishSum adds the lanes of a sum of numbers and writes it.
func (f *function) finishSum(s *Sum) {
	regs := []int{0, 1, 2, 3}[:f.m.pieces(f.k.Size)]
	for p, r := range regs {
		if lanes, held := f.lanes16[s]; held {
			f.line("VMOVAPS %s, %s", f.m.vec(lanes[p]), f.m.vec(r))
		} else {
			f.line("VMOVUPS %d(SP), %s", f.sums[s]+p*f.m.bytes, f.m.vec(r))
		}
	}
	f.tree(Total, regs)
	f.line("VMOVS%s X0, %s", suffix(f.k.Size), f.address(s.Operand, 0, ""))
}
