// How is a region written in Go? A method that works on one task: the views of its rows, then its leaves in order.
package codegen

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// frameEmitter writes the type and the methods of one planned Func.
type frameEmitter struct {
	p    *Plan
	file *jen.File
	// where prints the place of a node in its model, for comments: "digits.nn:6".
	where   func(*symbolic.Node) string
	vectors *vectorFile
	shadow  map[*symbolic.Node]*follower // updates that follow kernels piece by piece
	spans   bool                         // the loop can also run over a part of its elements
}

// sym returns how the frame's methods call a run-time size.
func (e *frameEmitter) sym(s *symbolic.Sym) string { return "f." + symField(s) }

func symField(s *symbolic.Sym) string { return lower("n " + s.Name) }

func (e *frameEmitter) size(d symbolic.Dim) string { return sizeExpr(d, e.sym) }

// valueOf returns the memory of a node, through views.
func (p *Plan) valueOf(n *symbolic.Node) *Value {
	for {
		if v := p.value[n]; v != nil {
			return v
		}
		if n.Op != symbolic.OpReshape {
			panic(fmt.Sprintf("codegen: %s: no memory for %s %s", p.Name, n.Info().Name, symbolic.ShapeString(n.Shape)))
		}
		n = n.Args[0]
	}
}

// key returns the stream of a random site of this Func.
func (e *frameEmitter) key(site string) string {
	for _, k := range e.p.Keys {
		if k.Site == site {
			return fmt.Sprintf("f.key[%d]", k.First)
		}
	}
	panic("codegen: unknown random site " + site)
}

// regionEmitter writes the body of one region.
type regionEmitter struct {
	*frameEmitter
	r      *Region
	names  namer
	views  []jen.Code
	seen   map[*Value]string
	nums   map[*Value]string
	counts bool // the body needs the number of rows
	groups int  // groups written so far
	all    bool // the block is all rows, and views of them need no end
}

// number returns the local variable that holds a number of the frame.
func (e *regionEmitter) number(n *symbolic.Node) string {
	v := e.p.valueOf(n)
	if e.all {
		return "f." + v.Name
	}
	if _, ok := e.nums[v]; !ok {
		e.nums[v] = v.Name
		e.views = append(e.views, raw("%s := f.%s", v.Name, v.Name))
	}
	return e.nums[v]
}

// whole returns the Go expression of a whole tensor.
func (e *regionEmitter) whole(v *Value) string {
	if v.Base == nil {
		return "f." + v.field()
	}
	return e.memberAt(v, fmt.Sprint(v.Index))
}

// rowView returns the local variable that holds the block's rows of v.
func (e *regionEmitter) rowView(v *Value) string {
	if e.all {
		if v.Store == StoreLocal {
			return from("f."+localName(v.DType), e.panelOffset(v))
		}
		return e.whole(v)
	}
	if name, ok := e.seen[v]; ok {
		return name
	}
	name := v.Name
	if v.Base != nil {
		name = e.names.pick(fmt.Sprintf("%s %d", v.Name, v.Index))
	}
	e.seen[v] = name
	// The shape of the memory may have axes of size one in front that the row's view has not.
	row, _ := symbolic.Size(v.Shape).Div(e.r.Rows)
	width := factor(e.size(row))
	if v.Store == StoreLocal {
		e.counts = true
		e.views = append(e.views, raw("%s := %s[%s:][:%s]", v.Name, localName(v.DType), e.panelOffset(v), times("rows", width)))
	} else {
		line := raw("%s := %s[%s:%s]", name, e.whole(v), times("r0", width), times("r1", width))
		if v.In != nil {
			line = line.Comment("becomes " + v.In.Name)
		}
		e.views = append(e.views, line)
	}
	return name
}

func localName(t symbolic.DType) string { return "local" + camel(goTypes[t]) }

// blockExpr is the Go expression of the rows of a block: a constant, or chosen from the number of rows before each run where products gain
// by more rows than a fork needs.
func blockExpr(r *Region) string {
	if r.Block < tallBlock {
		return fmt.Sprintf("f.block%d", r.Index)
	}
	return fmt.Sprint(r.Block)
}

// tallBlock is the most rows that nnrt.RowBlock chooses on its own.
const tallBlock = 64

// panelField holds how many rows a region's panels have room for: a block, or fewer where the capacity is smaller.
func panelField(r *Region) string { return fmt.Sprintf("panel%d", r.Index) }

// panelOffset returns where a panel starts in the worker's buffer.
func (e *regionEmitter) panelOffset(v *Value) string {
	off := symbolic.Int(0)
	for _, p := range e.r.Panels[:v.Local] {
		if p.DType == v.DType {
			off = off.Add(p.Width)
		}
	}
	return times("f."+panelField(e.r), factor(e.size(off)))
}

// rowMethod writes the body of a row region as a method.
func (e *frameEmitter) rowMethod(r *Region) {
	re := &regionEmitter{frameEmitter: e, r: r, names: newNamer(frameNames...), seen: map[*Value]string{}, nums: map[*Value]string{}}
	for _, v := range e.p.Values {
		re.names.used[v.Name] = true
	}
	for _, v := range e.p.Scalars {
		re.names.used[v.Name] = true
	}
	var body []jen.Code
	for _, l := range r.Body {
		body = append(body, raw(""))
		switch l := l.(type) {
		case *Kernel:
			body = append(body, e.comment([]*symbolic.Node{l.Node})...)
			body = append(body, re.kernel(l.Node)...)
		case *Group:
			body = append(body, e.comment(re.shown(l))...)
			code := re.group(l)
			if len(r.Body) > 1 {
				body = append(body, jen.Block(code...))
			} else {
				body = append(body, code...)
			}
		}
	}
	head := []jen.Code{
		raw("r0 := task * %s", blockExpr(r)),
		raw("r1 := min(r0+%s, %s)", blockExpr(r), e.size(r.Rows)),
	}
	method := func(name string, params []jen.Code, body []jen.Code) {
		e.file.Func().Params(jen.Id("f").Op("*").Id(e.p.Name)).Id(name).Params(jen.List(params...).Int()).Block(body...)
	}
	taskParams := []jen.Code{jen.Id("worker"), jen.Id("task")}
	rows := fmt.Sprintf("rows%d", r.Index)
	if e.spans {
		e.file.Commentf("%s works on one block of %s, number task.", rows, r.Rows)
		method(rows, taskParams, append(head, raw("f.span(r0, r1)")))
		head, rows, taskParams = nil, "span", []jen.Code{jen.Id("r0"), jen.Id("r1")}
	}
	if re.counts {
		head = append(head, raw("rows := r1 - r0"))
	}
	for _, t := range panelTypes(r) {
		name := localName(t)
		head = append(head, raw("%s := f.%s[worker*f.%sSize:]", name, name, name))
	}
	head = append(head, re.views...)
	for _, j := range r.Joins {
		head = append(head, e.join(j, "r0", "r1"))
	}
	body = append(head, body...)
	if e.spans {
		e.file.Commentf("span works on elements r0 to r1 of %s.", r.Rows)
	} else {
		e.file.Commentf("%s works on one block of the rows of %s, number task.", rows, r.Rows)
	}
	method(rows, taskParams, body)
}

// panelTypes lists the element types of a region's panels.
func panelTypes(r *Region) []symbolic.DType {
	var out []symbolic.DType
	for _, t := range []symbolic.DType{symbolic.F32, symbolic.F64, symbolic.I32, symbolic.Bool} {
		for _, p := range r.Panels {
			if p.DType == t {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

// shown returns the members of a group that its comment explains: what leaves it.
func (e *regionEmitter) shown(g *Group) []*symbolic.Node {
	var out []*symbolic.Node
	for _, n := range g.Members {
		if e.p.value[n] != nil {
			out = append(out, n)
		}
	}
	return out
}

// partName returns the field that holds the blocks' parts of a sum over rows.
func (e *regionEmitter) partName(n *symbolic.Node) string {
	for _, s := range e.r.Sums {
		if s.Node == n {
			return s.Name
		}
	}
	panic("codegen: sum outside its region")
}

// comment returns the formulas of nodes with their place in the model.
func (e *frameEmitter) comment(nodes []*symbolic.Node) []jen.Code {
	var out []jen.Code
	for _, line := range e.explain(nodes) {
		out = append(out, jen.Comment(line))
	}
	return out
}
