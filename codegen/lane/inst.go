package lane

// This file answers: how is one lane primitive printed?

import (
	"fmt"
	"strings"
)

// inst prints the instruction of v at position i: operands in registers, at most one in memory.
func (b *body) inst(i int, v Value, in *Inst) {
	clear(b.pin)
	info := &ops[in.Op]
	switch info.form {
	case formFMA:
		b.fma(i, v, in, info)
		return
	case formFree:
		b.view(i, v, in)
		return
	}
	if in.Op == OpAndNot && b.without(i, v, in) {
		return
	}
	args := append([]Value(nil), in.Args...)
	if info.commutes && b.prefersMemory(args[0]) && !b.prefersMemory(args[1]) {
		args[0], args[1] = args[1], args[0]
	}
	last, bcst := "", ""
	if n := len(args); n > 1 && b.foldable(info, in, args) {
		if info.form == formSelect {
			last, bcst = b.memory(args[1])
		} else if args[n-1] != args[0] {
			last, bcst = b.memory(args[n-1])
		}
	}
	name := make([]string, len(args))
	for j, a := range args {
		if last != "" && (j == len(args)-1 && info.form != formSelect || j == 1 && info.form == formSelect) {
			name[j] = last
			continue
		}
		if info.form == formSelect && b.armless(args, j) {
			continue
		}
		name[j] = b.reg(a)
	}
	for _, a := range args {
		b.use(a, i)
	}
	r := b.take(v)
	b.at[v] = r
	d := b.name(v)
	s := suffix(b.p.Size)
	switch info.form {
	case formPlain:
		mn := info.vector
		if !strings.HasPrefix(mn, "VP") {
			mn += "P" + s
		}
		b.line("%s%s %s, %s, %s", mn, bcst, name[1], name[0], d)
	case formUnary:
		mn := info.vector
		if in.Op == OpSqrt {
			mn += "P" + s
		}
		b.line("%s %s, %s", mn, name[0], d)
	case formImm:
		b.line("%s $%d, %s, %s", info.vector, in.Imm, name[0], d)
	case formRound:
		mn := "VROUNDP"
		if b.m.masks {
			mn = "VRNDSCALEP"
		}
		b.line("%s%s $%d, %s, %s", mn, s, info.imm, name[0], d)
	case formCompare:
		b.line("VCMPP%s%s $%d, %s, %s, %s", s, bcst, info.imm, name[1], name[0], d)
	case formIntCmp:
		if b.m.masks {
			b.line("VPCMPD%s $%d, %s, %s, %s", bcst, info.imm, name[1], name[0], d)
		} else {
			b.line("%s %s, %s, %s", info.vector, name[1], name[0], d)
		}
	case formMask:
		if b.m.masks {
			b.line("K%sW %s, %s, %s", info.vector, name[1], name[0], d)
		} else {
			b.line("V%sPS %s, %s, %s", info.vector, name[1], name[0], d)
		}
	case formSelect:
		b.selectInst(args, name, bcst, d, s)
	}
	b.done(v, i)
}

// without prints the bits of b that a constant a in memory does not have: those that its complement has, which needs no register. It reports whether it did.
func (b *body) without(i int, v Value, in *Inst) bool {
	bits, ok := b.p.constant(in.Args[0])
	mem, bcst := b.memory(in.Args[0])
	if !ok || mem == "" {
		return false
	}
	b.note(in.Args[0])
	x := b.reg(in.Args[1])
	for _, a := range in.Args {
		b.use(a, i)
	}
	b.at[v] = b.take(v)
	b.line("VANDP%s%s %s, %s, %s", suffix(b.p.Size), bcst, b.constant(^bits&(1<<(8*b.p.Size-1)<<1-1)), x, b.name(v))
	b.done(v, i)
	return true
}

// done gives the register of a value back that nobody reads.
func (b *body) done(v Value, i int) {
	if len(b.next[v]) == 0 {
		b.release(v)
	}
}

// armless reports whether arm j of a select is a zero that the instruction makes itself.
func (b *body) armless(args []Value, j int) bool {
	return j == 2 && b.zero(args[2]) && !b.zero(args[1]) || j == 1 && !b.m.masks && b.zero(args[1]) && !b.zero(args[2])
}

func (b *body) zero(v Value) bool {
	bits, ok := b.p.constant(v)
	return ok && bits == 0
}

// prefersMemory reports whether a needs no register of its own as a last operand.
func (b *body) prefersMemory(a Value) bool {
	mem, _ := b.memory(a)
	return mem != ""
}

// foldable reports whether an instruction takes its last operand from memory.
func (b *body) foldable(info *opInfo, in *Inst, args []Value) bool {
	switch info.form {
	case formMask:
		return false
	case formSelect:
		return !b.zero(args[2]) && !b.zero(args[1]) && args[1] != args[2]
	}
	return true
}

func (b *body) selectInst(args []Value, name []string, bcst, d, s string) {
	m, x, y := name[0], name[1], name[2]
	switch {
	case b.m.masks && b.armless(args, 2):
		b.line("VMOVAP%s.Z %s, %s, %s", s, x, m, d)
	case b.m.masks:
		b.line("VBLENDMP%s%s %s, %s, %s, %s", s, bcst, x, y, m, d)
	case b.armless(args, 2):
		b.line("VANDPS %s, %s, %s", x, m, d)
	case b.armless(args, 1):
		b.line("VANDNPS %s, %s, %s", y, m, d)
	default:
		b.line("VBLENDVP%s %s, %s, %s, %s", s, m, x, y, d)
	}
}

// view prints nothing where the argument's register can be taken over.
func (b *body) view(i int, v Value, in *Inst) {
	a := in.Args[0]
	src := b.reg(a)
	b.use(a, i)
	r := b.take(v)
	b.at[v] = r
	if d := b.name(v); d != src {
		b.line("VMOVAPS %s, %s", src, d)
	}
	b.done(v, i)
}

// fma prints a*b + c in the encoding that overwrites an operand which dies, with a constant or number read from memory.
func (b *body) fma(i int, v Value, in *Inst, info *opInfo) {
	x, y, c := in.Args[0], in.Args[1], in.Args[2]
	if b.prefersMemory(x) && !b.prefersMemory(y) {
		x, y = y, x
	}
	mn := info.vector
	s := "P" + suffix(b.p.Size)
	overwrite := func(a Value) bool {
		_, fixed := b.fixed[a]
		return !fixed && b.dies(a, i)
	}
	memY, bcstY := b.memory(y)
	memC, bcstC := b.memory(c)
	xr := b.reg(x)
	put := func(dest Value, format string, args ...any) {
		// The result takes over the register of dest.
		r := b.at[dest]
		delete(b.at, dest)
		for _, a := range in.Args {
			b.use(a, i)
		}
		b.at[v] = r
		b.line(format, args...)
		b.done(v, i)
	}
	switch {
	case memC != "" && overwrite(x) && x != y:
		yr := b.reg(y)
		put(x, "%s213%s%s %s, %s, %s", mn, s, bcstC, memC, yr, xr)
		return
	case memC != "" && x == y && overwrite(x):
		put(x, "%s213%s%s %s, %s, %s", mn, s, bcstC, memC, xr, xr)
		return
	case memC != "" && memY == "":
		yr := b.reg(y)
		if overwrite(y) && x != y {
			put(y, "%s213%s%s %s, %s, %s", mn, s, bcstC, memC, xr, yr)
			return
		}
	}
	if memC == "" {
		cr := b.reg(c)
		if overwrite(c) && c != x && c != y {
			if memY != "" {
				put(c, "%s231%s%s %s, %s, %s", mn, s, bcstY, memY, xr, cr)
			} else {
				put(c, "%s231%s %s, %s, %s", mn, s, b.reg(y), xr, cr)
			}
			return
		}
		if memY == "" && overwrite(x) && x != y && x != c {
			put(x, "%s213%s %s, %s, %s", mn, s, cr, b.reg(y), xr)
			return
		}
		if memY != "" && overwrite(x) && x != c {
			put(x, "%s132%s%s %s, %s, %s", mn, s, bcstY, memY, cr, xr)
			return
		}
		if memY == "" && overwrite(y) && x != y && y != c {
			put(y, "%s213%s %s, %s, %s", mn, s, cr, xr, b.reg(y))
			return
		}
		// Nothing dies: the sum starts as a copy of c.
		yr := memY
		if yr == "" {
			yr = b.reg(y)
		}
		r := b.take(v)
		d := b.m.vec(r)
		b.line("VMOVAPS %s, %s", cr, d)
		b.line("%s231%s%s %s, %s, %s", mn, s, bcstY, yr, xr, d)
		b.finish(v, in, r, i)
		return
	}
	if memY != "" && len(b.next[y]) == 1 {
		// c and y come from memory: y is loaded into the result.
		b.note(c)
		r := b.take(v)
		b.load(y, r)
		b.line("%s213%s%s %s, %s, %s", mn, s, bcstC, memC, xr, b.m.vec(r))
		b.finish(v, in, r, i)
		return
	}
	// c comes from memory and neither factor dies: it is loaded into the result.
	yr := b.reg(y)
	r := b.take(v)
	b.load(c, r)
	b.line("%s231%s %s, %s, %s", mn, s, yr, xr, b.m.vec(r))
	b.finish(v, in, r, i)
}

func (b *body) finish(v Value, in *Inst, r, i int) {
	for _, a := range in.Args {
		b.use(a, i)
	}
	b.at[v] = r
	b.done(v, i)
}

// line prints one instruction.
func (f *function) line(format string, args ...any) {
	f.lines = append(f.lines, "\t"+fmt.Sprintf(format, args...))
}
