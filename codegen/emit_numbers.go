// How are numbers written? As statements between regions: expressions of numbers, in fields of the frame or in tensors of one element.
package codegen

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// numbersStored is a region that only stores numbers, each in a tensor of one element, as statements; nil for any other.
func (e *frameEmitter) numbersStored(r *Region) []jen.Code {
	if r.Tiles || !r.Rows.Is(1) || len(r.Body) != 1 {
		return nil
	}
	g, ok := r.Body[0].(*Group)
	if !ok || !symbolic.Size(g.Space).Is(1) {
		return nil
	}
	var out []jen.Code
	for _, n := range g.Members {
		v := e.p.value[n]
		if n.Op != symbolic.OpBroadcast || v == nil || v.Store == StoreLocal || e.p.value[n.Args[0]] == nil || n.Args[0].Rank() > 0 {
			return nil
		}
		to := "f." + v.field()
		if v.Base != nil {
			to = e.memberAt(v, fmt.Sprint(v.Index))
		}
		out = append(out, raw("%s[0] = f.%s", to, e.p.value[n.Args[0]].Name))
	}
	return out
}

// scalars writes numbers as statements.
func (e *frameEmitter) scalars(st *Scalars) []jen.Code {
	var out []jen.Code
	var expr func(n *symbolic.Node, top bool) string
	expr = func(n *symbolic.Node, top bool) string {
		if !top && e.p.value[n] != nil {
			return "f." + e.p.value[n].Name
		}
		switch n.Op {
		case symbolic.OpConst:
			return literal(n.Attr.Num, n.DType)
		case symbolic.OpDimval:
			return goTypes[n.DType] + "(" + e.size(n.Attr.Dim) + ")"
		case symbolic.OpReshape:
			if n.Args[0].Rank() > 0 {
				return e.at(n.Args[0]) + "[0]"
			}
			return expr(n.Args[0], false)
		case symbolic.OpBroadcast:
			return expr(n.Args[0], false)
		case symbolic.OpRand:
			return fmt.Sprintf("nnrt.%s[%s](%s, 0)", camel(n.Attr.Name), goTypes[n.DType], e.key(n.Attr.Site))
		}
		args := make([]string, len(n.Args))
		for i, a := range n.Args {
			args[i] = expr(a, false)
		}
		if needsStatement(n) {
			name := fmt.Sprintf("s%d", n.ID())
			out = append(out, statement(n, name, args)...)
			return name
		}
		return apply(n, args)
	}
	for _, n := range st.Nodes {
		if v := e.p.value[n]; v != nil {
			x := expr(n, true)
			out = append(out, raw("f.%s = %s", v.Name, x).Comment(e.p.formula(n)))
		}
	}
	return out
}
