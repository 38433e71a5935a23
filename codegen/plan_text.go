// How does a plan read as text? Values with their places, then the steps: the form that dumps and golden tests use.
package codegen

import (
	"fmt"
	"strings"

	"nngen/symbolic"
)

// String returns the plan's text form. It is deterministic and holds everything that the printer uses.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "frame %s", p.Name)
	if len(p.Func.Syms) > 0 {
		b.WriteString(" sizes")
		for _, s := range p.Func.Syms {
			b.WriteString(" " + s.Name)
			if s.Max > 0 {
				fmt.Fprintf(&b, "<=%d", s.Max)
			}
		}
	}
	b.WriteByte('\n')
	for _, v := range p.Values {
		count := ""
		if v.Count > 1 {
			count = fmt.Sprintf("%d times ", v.Count)
		}
		fmt.Fprintf(&b, "  %s %s %s%s%s%s\n", storeNames[v.Store], v.Name, count, v.DType, symbolic.ShapeString(v.Shape), p.placeText(v))
	}
	for _, v := range p.Scalars {
		fmt.Fprintf(&b, "  %s %s %s\n", storeNames[v.Store], v.Name, v.DType)
	}
	for i, s := range p.Slots {
		sizes := make([]string, len(s.Sizes))
		for j, d := range s.Sizes {
			sizes[j] = d.String()
		}
		fmt.Fprintf(&b, "  slot %d %s elements %s\n", i, s.DType, strings.Join(sizes, " or "))
	}
	for _, k := range p.Keys {
		fmt.Fprintf(&b, "  streams %d from %d %s\n", k.Count, k.First, k.Site)
	}
	for _, st := range p.Steps {
		p.stepText(&b, st)
	}
	return b.String()
}

func (p *Plan) placeText(v *Value) string {
	switch v.Store {
	case StoreFrame:
		for i, s := range p.Slots {
			if s == v.Slot {
				return fmt.Sprintf(" in slot %d", i)
			}
		}
	case StoreLocal:
		return fmt.Sprintf(" in panel %d", v.Local)
	case StoreShared:
		return " in " + v.In.Name
	}
	return ""
}

func (p *Plan) stepText(b *strings.Builder, st Step) {
	switch st := st.(type) {
	case *Scalars:
		b.WriteString("  numbers\n")
		for _, n := range st.Nodes {
			if p.value[n] != nil {
				fmt.Fprintf(b, "    %s\n", p.formula(n))
			}
		}
	case *Calls:
		fmt.Fprintf(b, "  call %s %d times\n", st.Plan.Name, len(st.Nodes))
	case *Copies:
		for _, c := range st.Pairs {
			fmt.Fprintf(b, "  copy %s to %s\n", c.From.Name, c.To.Name)
		}
	case *Region:
		p.regionText(b, st)
	}
}

func (p *Plan) regionText(b *strings.Builder, r *Region) {
	if r.Tiles {
		fmt.Fprintf(b, "  region %d tiles\n", r.Index)
	} else {
		more := ""
		if r.Block < tallBlock {
			more = fmt.Sprintf(" to %d", tallBlock)
		}
		if r.Warm {
			more += ", warm"
		}
		fmt.Fprintf(b, "  region %d rows %s by %d%s\n", r.Index, r.Rows, r.Block, more)
	}
	for i, pn := range r.Panels {
		fmt.Fprintf(b, "    panel %d %s width %s\n", i, pn.DType, pn.Width)
	}
	for _, j := range r.Joins {
		fmt.Fprintf(b, "    join %s\n", p.valueOf(j.Node).Name)
	}
	for _, l := range r.Body {
		switch l := l.(type) {
		case *Kernel:
			name := l.Node.Info().Name
			if l.Node.Op == symbolic.OpDot {
				name = productOf(l.Node).variant()
			}
			if l.Terms {
				name += " by terms"
			}
			fmt.Fprintf(b, "    kernel %s: %s\n", name, p.formula(l.Node))
		case *Group:
			p.groupText(b, l)
		}
	}
	for _, s := range r.Sums {
		fmt.Fprintf(b, "    sum over rows %s\n", p.formula(s.Node))
	}
}

func (p *Plan) groupText(b *strings.Builder, g *Group) {
	fmt.Fprintf(b, "    group over %s", symbolic.ShapeString(g.Space))
	if g.nested() {
		fmt.Fprintf(b, " leaving %s", symbolic.ShapeString(g.Space[:g.Prefix]))
	}
	b.WriteByte('\n')
	lp := g.plan(func(n *symbolic.Node) bool { return p.value[n] != nil && n.Rank() > 0 })
	for i, l := range lp.loops {
		if len(l.eval)+len(l.reduce) == 0 {
			continue
		}
		fmt.Fprintf(b, "      loop %d:", i)
		for _, n := range l.eval {
			fmt.Fprintf(b, " %s", n.Info().Name)
		}
		for _, n := range l.reduce {
			fmt.Fprintf(b, " -> %s", n.Info().Name)
		}
		b.WriteByte('\n')
		for _, n := range l.store {
			fmt.Fprintf(b, "        store %s\n", p.formula(n))
		}
	}
	for _, n := range g.Members {
		if p.value[n] != nil && !g.full(n) && n.Rank() > 0 {
			fmt.Fprintf(b, "      store %s\n", p.formula(n))
		}
	}
}
