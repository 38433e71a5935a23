// How is a kept Func called in Go? Its frame is a field of the caller's; arguments and results are slices set before its run, in a loop where
// equal layers follow one another.
package codegen

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// callees returns the distinct plans that p's steps run, in order.
func (p *Plan) callees() []*Plan {
	var out []*Plan
	for _, st := range p.Steps {
		c, ok := st.(*Calls)
		if !ok {
			continue
		}
		known := false
		for _, q := range out {
			known = known || q == c.Plan
		}
		if !known {
			out = append(out, c.Plan)
		}
	}
	return out
}

// calleeField is the field that holds the frame of a called plan.
func (p *Plan) calleeField(q *Plan) string {
	for i, x := range p.callees() {
		if x == q {
			return fmt.Sprintf("call%d", i)
		}
	}
	panic("codegen: plan is not called")
}

// at returns the Go expression of the memory of a node, from its first element on.
func (e *frameEmitter) at(n *symbolic.Node) string {
	v := e.p.valueOf(n)
	if v.Base == nil {
		return "f." + v.field()
	}
	return e.memberAt(v, fmt.Sprint(v.Index))
}

// memberAt returns the memory of a member of v's array; index is a Go expression.
func (e *frameEmitter) memberAt(v *Value, index string) string {
	if index == "0" {
		return "f." + v.Name
	}
	return fmt.Sprintf("f.%s[%s:]", v.Name, times(factor(index), e.strideOf(v)))
}

func (e *frameEmitter) strideOf(v *Value) string {
	if v.Family != nil && v.Family.Stride > 0 {
		return fmt.Sprint(v.Family.Stride)
	}
	return factor(e.size(symbolic.Size(v.Shape)))
}

// calls writes one Calls step.
func (e *frameEmitter) calls(c *Calls) []jen.Code {
	frame := "f." + e.p.calleeField(c.Plan)
	first := c.Nodes[0]
	callee := c.Plan.Func
	var before, body, after []jen.Code
	for i, s := range callee.Syms {
		before = append(before, raw("%s.%s = %s", frame, symField(s), e.size(first.Attr.Bind[i])))
	}
	for i, param := range callee.Params {
		field := c.Plan.value[param].Name
		a := first.Args[i]
		if a.Rank() == 0 {
			before = append(before, raw("%s.%s = %s", frame, field, e.numberArg(a)))
			continue
		}
		if len(c.Nodes) == 1 {
			body = append(body, raw("%s.%s = %s", frame, field, e.at(a)))
			continue
		}
		second := c.Nodes[1].Args[i]
		if j, ok := carried(strip(second), first); ok {
			carry := fmt.Sprintf("carry%d", i)
			before = append(before, raw("%s := %s", carry, e.at(a)))
			body = append(body, raw("%s.%s = %s", frame, field, carry))
			after = append(after, raw("%s = %s", carry, e.output(c, j)))
			continue
		}
		if strip(second) == strip(a) {
			before = append(before, raw("%s.%s = %s", frame, field, e.at(a)))
			continue
		}
		body = append(body, raw("%s.%s = %s", frame, field, e.memberAt(e.p.valueOf(a), affine(e.p.valueOf(a).Index, e.p.valueOf(second).Index))))
	}
	for j, r := range callee.Results {
		if r.Node.Rank() > 0 {
			body = append(body, raw("%s.%s = %s", frame, c.Plan.value[r.Node].Name, e.output(c, j)))
		}
	}
	for k, key := range c.Plan.Keys {
		src := fmt.Sprintf("f.key[%d:]", c.keys[k])
		if len(c.Nodes) > 1 {
			src = fmt.Sprintf("f.key[%d+i*%d:]", c.keys[k], key.Count)
		}
		body = append(body, raw("copy(%s.key[%d:%d], %s)", frame, key.First, key.First+key.Count, src))
	}
	body = append(body, raw("%s.run()", frame))
	body = append(body, after...)
	if len(c.Nodes) > 1 {
		// A block of its own: the next loop has carries, too.
		return []jen.Code{jen.Block(append(before, jen.For(raw("i := range %d", len(c.Nodes))).Block(body...))...)}
	}
	body = append(before, body...)
	for _, st := range e.p.Scalars {
		if n := st.Node; n != nil && n.Op == symbolic.OpGet && n.Args[0] == first {
			body = append(body, raw("f.%s = %s.%s", st.Name, frame, c.Plan.value[callee.Results[n.Attr.Index].Node].Name))
		}
	}
	return body
}

// numberArg spells a number handed to a call.
func (e *frameEmitter) numberArg(a *symbolic.Node) string {
	if v, ok := a.ConstValue(); ok {
		return literal(v, a.DType)
	}
	return "f." + e.p.valueOf(a).Name
}

// affine spells first + i*(second-first).
func affine(first, second int) string {
	switch step := second - first; {
	case step == 1 && first == 0:
		return "i"
	case step == 1:
		return fmt.Sprintf("i+%d", first)
	case step == -1:
		return fmt.Sprintf("%d-i", first)
	default:
		return fmt.Sprintf("%d+i*%d", first, step)
	}
}

// output returns where result j of a call goes; in a loop, of call i.
func (e *frameEmitter) output(c *Calls, j int) string {
	for _, a := range c.arrays {
		if a.j != j {
			continue
		}
		member := &Value{Name: a.value.Name, Shape: a.value.Shape, Family: a.value.Family}
		switch {
		case a.value.Count <= 1:
			return "f." + a.value.Name
		case a.value.Count == len(c.Nodes):
			return e.memberAt(member, "i")
		}
		return e.memberAt(member, "i%2")
	}
	// The caller's memory.
	var vs []*Value
	for _, n := range c.Nodes {
		for get, v := range e.p.value {
			if k, ok := carried(get, n); ok && k == j {
				vs = append(vs, v)
			}
		}
	}
	if len(c.Nodes) == 1 {
		if vs[0].Base == nil {
			return "f." + vs[0].Name
		}
		return e.memberAt(vs[0], fmt.Sprint(vs[0].Index))
	}
	return e.memberAt(vs[0], affine(vs[0].Index, vs[1].Index))
}
