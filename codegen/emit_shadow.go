// Which parameters move while the backward pass still runs? A piece of a weight's gradient is in the cache of the core that has just computed
// it, and so is the piece of the weight, if that core read it in the forward pass; an update that follows at once need fetch neither from another core.
package codegen

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// Bounds of updates that follow their gradients: elements of a gradient from which it is worth it, and bytes of all that the updates touch (parameters,
// gradients, states) up to which the caches of the cores still hold the parameters from the forward pass. Beyond, an update waits for memory anyway, and one
// pass over everything is no slower.
const (
	shadowLeast = 1 << 14
	shadowMost  = 2 << 20
)

// A shadow says which gradients Step's updates follow piece by piece.
type shadow struct {
	kernels map[*symbolic.Node]*follower // by the kernels of the backward half that finish a gradient
	order   []*follower
	rest    []Span // what is updated after the backward half
}

// A follower is the update that follows a gradient.
type follower struct {
	param *dsl.Param
	group int
	at    int // where parameter and gradient begin in the flat buffers

	// Of plain gradient descent by a product: the step is the end of the product, which has the gradient in registers.
	rate        string // field of the group's update: how far
	moved, pace string // fields of the backward half: the parameter, and rate
}

// planShadow finds the gradients that an update may follow, or returns nil if it is worth it for none. Every update must work element by element, by
// numbers that do not depend on gradients; the parameter must not be read any more; and the gradient must come out in pieces, in its final
// place.
func (e *modelEmitter) planShadow() *shadow {
	o := e.prog.Model.Optimizer
	if e.clip != nil {
		return nil
	}
	bytes := 0
	for i, g := range o.Groups {
		if e.updates[i] != nil {
			span := e.prog.Layout.Spans[i]
			bytes += (span.Hi - span.Lo) * (2 + len(g.States)) * elementBytes[e.prog.Model.Float]
		}
	}
	if bytes > shadowMost {
		return nil
	}
	for i, g := range o.Groups {
		if e.updates[i] != nil && (g.Class != dsl.Elementwise || !e.updates[i].sliceable()) {
			return nil
		}
	}
	s := &shadow{kernels: map[*symbolic.Node]*follower{}}
	covered := map[*dsl.Param]bool{}
	worth := false
	for i, g := range o.Groups {
		for _, x := range g.Params {
			v := e.gradValue(x)
			if g.Frozen || v == nil || v.Store != StoreResult || v.Base != nil || v.Node.Rank() == 0 {
				continue
			}
			if r, k := e.backward.finished(v, x.Node); r != nil {
				fo := e.follower(i, x, r, k)
				s.kernels[r.Body[k].(*Kernel).Node] = fo
				s.order = append(s.order, fo)
				covered[x] = true
				worth = worth || paramSize(x) >= shadowLeast
			}
		}
	}
	if !worth {
		return nil
	}
	for i, g := range o.Groups {
		if e.updates[i] == nil {
			continue
		}
		for _, x := range g.Params {
			if lo := e.prog.Layout.Offset[x]; !covered[x] {
				s.rest = append(s.rest, Span{lo, lo + paramSize(x)})
			}
		}
	}
	return s
}

// follower is the update of parameter x, of group i, that follows kernel k of region r.
func (e *modelEmitter) follower(i int, x *dsl.Param, r *Region, k int) *follower {
	fo := &follower{param: x, group: i, at: e.prog.Layout.Offset[x]}
	n := r.Body[k].(*Kernel).Node
	if rate := e.updates[i].descent(); rate != nil && n.Op == symbolic.OpDot && len(n.Attr.Dot.BatchA) == 0 && productOf(n).transA {
		place := fmt.Sprint(r.Index) + letters(k)
		fo.rate, fo.moved, fo.pace = rate.Name, "moved"+place, "rate"+place
	}
	return fo
}

// descent returns the number c of an update that is plain gradient descent, p - c*g, or nil.
func (p *Plan) descent() *Value {
	if len(p.Func.Results) != 1 {
		return nil
	}
	is := func(n *symbolic.Node, name string) bool {
		return slices.Contains(p.Func.Params, n) && n.Attr.Name == name
	}
	step := p.Func.Results[0].Node
	if step.Op != symbolic.OpSub || !is(step.Args[0], "p") || step.Args[1].Op != symbolic.OpMul {
		return nil
	}
	c, g := step.Args[1].Args[0], step.Args[1].Args[1]
	if is(c, "g") {
		c, g = g, c
	}
	if !is(g, "g") || c.Op != symbolic.OpBroadcast || c.Args[0].Rank() > 0 {
		return nil
	}
	return p.value[c.Args[0]]
}

// finished returns the kernel of a tile region that leaves v whole or in pieces without gaps, by region and place, if nothing reads the parameter
// from that region on.
func (p *Plan) finished(v *Value, param *symbolic.Node) (*Region, int) {
	for i, st := range p.Steps {
		r, ok := st.(*Region)
		if !ok || !r.Tiles || p.lastRead(param) >= i {
			continue
		}
		for k, l := range r.Body {
			n := l.(*Kernel).Node
			if p.value[n] != v {
				continue
			}
			if t := (&frameEmitter{p: p}).tilingOf(n); t != nil && t.cols && n.Op == symbolic.OpDot {
				return nil, 0 // pieces of rows
			}
			return r, k
		}
	}
	return nil, 0
}

// sliceable reports whether a run of p is one loop over elements that may as well run over a part of them.
func (p *Plan) sliceable() bool {
	regions := 0
	for _, st := range p.Steps {
		switch st := st.(type) {
		case *Scalars:
		case *Region:
			regions++
			if st.Tiles || len(st.Panels) > 0 || len(st.Sums) > 0 || len(st.Body) != 1 {
				return false
			}
			if g, ok := st.Body[0].(*Group); !ok || len(g.Space) != 1 {
				return false
			}
		default:
			return false
		}
	}
	return regions == 1
}

// follow writes work, which computes outputs lo to hi of kernel n, and the update of these if one follows. descent is how a product ends with it.
func (e *frameEmitter) follow(n *symbolic.Node, t *tiling, work []jen.Code, descent func(*follower) jen.Code) []jen.Code {
	fo := e.shadow[n]
	if fo == nil {
		return work
	}
	if fo.rate != "" {
		why := jen.Comment(fmt.Sprintf("%s moves by what comes out.", fo.param.Path))
		return []jen.Code{jen.If(raw("f.done != nil")).Block(why, descent(fo)).Else().Block(work...)}
	}
	at := func(x, width string) string {
		if fo.at == 0 {
			return times(x, width)
		}
		return plus(fmt.Sprint(fo.at), times(x, width))
	}
	size := e.size(symbolic.Size(n.Shape))
	lo, hi := at("0", size), at("1", size)
	if t != nil {
		width := "1"
		if n.Op == symbolic.OpDot {
			width = e.size(symbolic.Size(pickDims(n.Args[1].Shape, productOf(n).freeB)))
		}
		lo, hi = at("lo", width), at("hi", width)
	}
	return append(work, jen.If(raw("f.done != nil")).Block(raw("f.done(%s, %s)", lo, hi)))
}

// movesMethods writes what Step does besides the public parts where updates follow gradients.
func (e *modelEmitter) movesMethods(t string) {
	o := e.prog.Model.Optimizer
	var begin []jen.Code
	for i, g := range o.Groups {
		u := e.updates[i]
		if u == nil {
			continue
		}
		begin = append(begin, e.scalarsOf(g, e.prologues[i], u, fmt.Sprintf("t.prologue%d", i), fmt.Sprintf("t.update%d", i), i)...)
		if u.hasNumbers() {
			begin = append(begin, raw("t.update%d.numbers()", i))
		}
	}
	for _, fo := range e.shadow.order {
		if fo.rate != "" {
			begin = append(begin, raw("t.backward.%s = t.update%d.%s", fo.pace, fo.group, fo.rate))
		}
	}
	e.file.Comment("begin counts the next update and computes its numbers.")
	e.fn(t, "begin").Params().Block(append([]jen.Code{raw("t.steps++")}, begin...)...)

	var groups []int
	for i := range o.Groups {
		if e.updates[i] != nil {
			groups = append(groups, i)
		}
	}
	var move []jen.Code
	for k, i := range groups {
		span := e.prog.Layout.Spans[i]
		lo, hi := "lo", "hi"
		if span.Lo > 0 {
			lo, hi = fmt.Sprintf("lo-%d", span.Lo), fmt.Sprintf("hi-%d", span.Lo)
		}
		call := raw("t.update%d.span(%s, %s)", i, lo, hi)
		if k < len(groups)-1 {
			move = append(move, jen.If(raw("lo < %d", span.Hi)).Block(call, jen.Return()))
			continue
		}
		move = append(move, call)
	}
	e.file.Comment("move updates the parameters from lo to hi of the flat buffer by their gradients, which are finished.")
	e.fn(t, "move").Params(jen.List(jen.Id("lo"), jen.Id("hi")).Int()).Block(move...)
}

// shadowStep is what Step does after Forward where updates follow gradients.
func (e *modelEmitter) shadowStep() []jen.Code {
	body := []jen.Code{
		raw("t.begin()"),
		raw("t.backward.done = t.moved // pieces of gradients move their parameters while they are in the cache"),
		raw("err = t.Backward()"),
		raw("t.backward.done = nil"),
		jen.If(raw("err != nil")).Block(raw("return m, err")),
	}
	for _, s := range e.shadow.rest {
		body = append(body, raw("t.move(%d, %d)", s.Lo, s.Hi))
	}
	body = append(body, e.averageUpdate()...)
	return append(body, raw("t.stage = 0"), raw("return m, nil"))
}

// hasNumbers reports whether a run of p computes numbers before its loop.
func (p *Plan) hasNumbers() bool {
	return slices.ContainsFunc(p.Steps, func(st Step) bool { _, ok := st.(*Scalars); return ok })
}
