package lane

// This file answers: how does a vector pass over what none of its lanes needs? Instructions of a Rare formula stand behind a jump, and the registers and
// the frame are afterwards as if they had run, but for the results, which only lanes that need them take.

import "maps"

// rare is the part of a body that may be passed over while it is printed.
type rare struct {
	where  Value         // the mask of the lanes that need it; zero: there is none
	line   int           // where it begins
	before map[Value]int // registers then
	over   string        // label of its end
}

// beginRare prints the jump over instructions that the lanes of a mask need.
func (b *body) beginRare(where Value) {
	if where == 0 {
		return
	}
	clear(b.pin)
	m := b.reg(where)
	b.rare = rare{where: where, line: len(b.lines), before: maps.Clone(b.at), over: b.label("none")}
	if b.m.masks {
		b.line("KORTESTW %s, %s", m, m)
	} else {
		b.line("VPTEST %s, %s", m, m)
	}
	b.line("JEQ %s", b.rare.over)
}

// endRare prints the end of the part. What it has brought to other registers is not there if it was passed over.
func (b *body) endRare() {
	if b.rare.where == 0 {
		return
	}
	for _, v := range b.order {
		r, ok := b.at[v]
		if _, fixed := b.fixed[v]; !ok || fixed || b.p.Insts[v].Where == b.rare.where {
			continue
		}
		if was, ok := b.rare.before[v]; !ok || was != r {
			b.release(v)
		}
	}
	b.mark(b.rare.over)
	b.rare = rare{}
}

// spillLine returns the line before which v is copied to the frame: now, or, if that might be passed over and others need the copy, before the jump.
func (b *body) spillLine(v Value) int {
	if b.rare.where == 0 || b.p.Insts[v].Where == b.rare.where {
		return len(b.lines)
	}
	return b.rare.line
}
