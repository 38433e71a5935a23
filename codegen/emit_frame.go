// How does a plan become Go? A frame type that holds arguments, results and scratch memory, its init method, its run method, and one
// method for each region.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// frame writes everything of one plan.
func (e *frameEmitter) frame() {
	e.structType()
	e.initMethod()
	e.runMethod()
	for _, st := range e.p.Steps {
		if r, ok := st.(*Region); ok {
			switch {
			case r.Tiles:
				e.tileMethod(r)
			case e.numbersStored(r) == nil:
				e.rowMethod(r)
				e.columnMethods(r)
			}
		}
	}
}

func (e *frameEmitter) regions() []*Region {
	var out []*Region
	for _, st := range e.p.Steps {
		if r, ok := st.(*Region); ok {
			out = append(out, r)
		}
	}
	return out
}

func (e *frameEmitter) structType() {
	p := e.p
	var fields []jen.Code
	line := func(c jen.Code) { fields = append(fields, c) }
	line(jen.Id("pool").Op("*").Qual(runtimePath, "Pool"))
	if e.shadow != nil {
		line(jen.Id("done").Func().Params(jen.List(jen.Id("lo"), jen.Id("hi")).Int()).Comment("set in Step: parameters move as soon as their gradients are done; called with each piece of the flat buffer that no product moves"))
	}
	for _, s := range p.Func.Syms {
		line(jen.Id(symField(s)).Int().Comment("size " + s.Name))
	}
	for _, group := range []struct {
		title string
		store Store
	}{{"Arguments, set by the caller.", StoreArg}, {"Results, in memory of the caller.", StoreResult}, {"Scratch memory.", StoreFrame}} {
		first := true
		for _, v := range p.Values {
			if v.Store != group.store {
				continue
			}
			if first {
				line(jen.Line().Comment(group.title))
				first = false
			}
			comment := symbolic.ShapeString(v.Shape)
			if v.Count > 1 {
				comment = fmt.Sprintf("%d times %s", v.Count, comment)
			}
			line(jen.Id(v.Name).Index().Id(goTypes[v.DType]).Comment(comment))
		}
	}
	if len(p.Scalars)+len(p.Keys) > 0 {
		line(jen.Line().Comment("Numbers and streams."))
	}
	for _, v := range p.Scalars {
		line(jen.Id(v.Name).Id(goTypes[v.DType]))
	}
	if len(p.Keys) > 0 {
		sites := make([]string, len(p.Keys))
		for i, k := range p.Keys {
			sites[i] = k.Site
		}
		line(jen.Id("key").Index().Qual(runtimePath, "Key").Comment("streams of " + strings.Join(sites, ", ")))
	}
	for _, q := range p.callees() {
		line(jen.Id(p.calleeField(q)).Id(q.Name))
	}
	for _, r := range e.regions() {
		for _, s := range r.Sums {
			line(jen.Id(s.Name).Index().Id(goTypes[s.Node.DType]).Comment("parts of " + p.value[s.Node].Name + ", by block"))
		}
		if r.Tiles {
			e.tileFields(r, line)
		}
	}
	for _, r := range e.regions() {
		if !r.Tiles && r.Block < tallBlock {
			line(jen.Id(fmt.Sprintf("block%d", r.Index)).Int().Comment(fmt.Sprintf("rows of a block of region %d", r.Index)))
		}
		if len(r.Panels) > 0 {
			line(jen.Id(panelField(r)).Int().Comment(fmt.Sprintf("rows of a panel of region %d", r.Index)))
		}
		e.columnFields(r, line)
	}
	for _, t := range p.localTypes() {
		line(jen.Id(localName(t)).Index().Id(goTypes[t]).Comment("panels of all workers"))
		line(jen.Id(localName(t) + "Size").Int())
	}
	for _, r := range e.regions() {
		if r.single() {
			continue
		}
		line(jen.Id(bodyField(r)).Func().Params(jen.List(jen.Id("worker"), jen.Id("task")).Int()))
	}
	e.file.Commentf("%s is the frame of %s: what one run reads, writes and needs in between.", p.Name, p.Func.Name)
	e.file.Type().Id(p.Name).Struct(fields...)
}

func tileField(r *Region, i int) string { return fmt.Sprintf("tile%d%s", r.Index, letters(i)) }
func bodyField(r *Region) string        { return fmt.Sprintf("body%d", r.Index) }
func countsField(r *Region) string      { return fmt.Sprintf("counts%d", r.Index) }

func (p *Plan) localTypes() []symbolic.DType {
	var out []symbolic.DType
	for _, t := range []symbolic.DType{symbolic.F32, symbolic.F64, symbolic.I32, symbolic.Bool} {
		for _, st := range p.Steps {
			if r, ok := st.(*Region); ok && !r.Tiles {
				for _, x := range panelTypes(r) {
					if x == t && (len(out) == 0 || out[len(out)-1] != t) {
						out = append(out, t)
					}
				}
			}
		}
	}
	return out
}

// bindsOf returns all sizes that a called plan is given for its i-th size: the calls share one frame.
func (p *Plan) bindsOf(q *Plan, i int) []symbolic.Dim {
	var out []symbolic.Dim
	for _, st := range p.Steps {
		if c, ok := st.(*Calls); ok && c.Plan == q && !slices.Contains(out, c.Nodes[0].Attr.Bind[i]) {
			out = append(out, c.Nodes[0].Attr.Bind[i])
		}
	}
	return out
}

// initMethod binds the region bodies and lays the scratch memory out at the capacities.
func (e *frameEmitter) initMethod() {
	p := e.p
	var body []jen.Code
	body = append(body, raw("f.pool = pool"))
	params := []jen.Code{jen.Id("pool").Op("*").Qual(runtimePath, "Pool")}
	for _, s := range p.Func.Syms {
		params = append(params, jen.Id(symField(s)).Int())
	}
	params = append(params, jen.Id("arena").Op("*").Qual(runtimePath, "Arena").Types(jen.Id(goTypes[p.Float])))
	local := func(s *symbolic.Sym) string { return symField(s) }
	take := func(t symbolic.DType, size string) string {
		if t == p.Float {
			return fmt.Sprintf("arena.Take(%s)", size)
		}
		return fmt.Sprintf("nnrt.Aligned[%s](%s)", goTypes[t], size)
	}
	slots := map[*Slot]string{}
	for i, s := range p.Slots {
		sizes := make([]string, len(s.Sizes))
		for j, d := range s.Sizes {
			sizes[j] = sizeExpr(d, local)
		}
		size := sizes[0]
		if len(sizes) > 1 {
			size = "max(" + strings.Join(sizes, ", ") + ")"
		}
		slots[s] = fmt.Sprintf("slot%d", i)
		body = append(body, raw("slot%d := %s", i, take(s.DType, size)))
	}
	for _, v := range p.Values {
		if v.Store == StoreFrame {
			body = append(body, raw("f.%s = %s", v.Name, slots[v.Slot]))
		}
	}
	for _, r := range e.regions() {
		for _, s := range r.Sums {
			body = append(body, raw("f.%s = %s", s.Name, take(s.Node.DType, fmt.Sprintf("nnrt.Blocks(%s, %d)", sizeExpr(r.Rows, local), r.Block))))
		}
	}
	for _, r := range e.regions() {
		r.eachSplit(func(n *symbolic.Node, i int) {
			body = append(body, raw("f.%s = %s", partsField(r, i), take(n.DType, "nnrt.SplitParts("+splitSizes(n, local)+")")))
		})
		if len(r.Panels) > 0 {
			body = append(body, raw("f.%s = min(%d, %s)", panelField(r), max(r.Block, tallBlock), sizeExpr(r.Rows, local)))
		}
	}
	for _, t := range p.localTypes() {
		var sizes []string
		for _, r := range e.regions() {
			total := symbolic.Int(0)
			for _, pn := range r.Panels {
				if pn.DType == t {
					total = total.Add(pn.Width)
				}
			}
			if !total.Is(0) {
				sizes = append(sizes, times("f."+panelField(r), factor(sizeExpr(total, local))))
			}
		}
		size := sizes[0]
		if len(sizes) > 1 {
			size = "max(" + strings.Join(sizes, ", ") + ")"
		}
		body = append(body,
			raw("f.%sSize = %s", localName(t), size),
			raw("f.%s = %s", localName(t), take(t, fmt.Sprintf("pool.Workers()*f.%sSize", localName(t)))))
	}
	if n := p.keyCount(); n > 0 {
		body = append(body, raw("f.key = make([]nnrt.Key, %d)", n))
	}
	for _, q := range p.callees() {
		args := ""
		for i := range q.Func.Syms {
			var sizes []string
			for _, d := range p.bindsOf(q, i) {
				sizes = append(sizes, sizeExpr(d, local))
			}
			if len(sizes) == 1 {
				args += sizes[0] + ", "
			} else {
				args += "max(" + strings.Join(sizes, ", ") + "), "
			}
		}
		body = append(body, raw("f.%s.init(pool, %sarena)", p.calleeField(q), args))
	}
	for _, r := range e.regions() {
		if r.single() {
			continue
		}
		method := "rows"
		if r.Tiles {
			method = "tiles"
		}
		body = append(body, raw("f.%s = f.%s%d", bodyField(r), method, r.Index))
		r.eachColumnKernel(func(_ *symbolic.Node, suffix string) {
			body = append(body, raw("f.columns%s = f.columnsOf%s", suffix, suffix))
		})
	}
	e.file.Comment("init lays out scratch memory for the given capacities; once for the life of the frame.")
	e.file.Func().Params(jen.Id("f").Op("*").Id(p.Name)).Id("init").Params(params...).Block(body...)
}

// runMethod writes the straight line of steps.
func (e *frameEmitter) runMethod() {
	p := e.p
	var body []jen.Code
	if e.spans && p.hasNumbers() {
		e.numbersMethod()
	}
	small := e.small()
	for i := 0; i < len(p.Steps); i++ {
		if small != nil && i == small.first {
			var steps []jen.Code
			for ; i <= small.last; i++ {
				steps = append(steps, e.step(p.Steps[i], len(steps) > 0)...)
			}
			i--
			body = append(body, e.emitSmall(small, steps)...)
			continue
		}
		body = append(body, e.step(p.Steps[i], len(body) > 0)...)
	}
	doc := p.Func.Doc
	if doc == "" {
		doc = "computes " + p.Func.Name
	}
	e.file.Commentf("run %s.", doc)
	e.file.Func().Params(jen.Id("f").Op("*").Id(p.Name)).Id("run").Params().Block(body...)
}

// numbersMethod writes the numbers of a loop that can run over parts, which need them, too.
func (e *frameEmitter) numbersMethod() {
	var body []jen.Code
	for _, st := range e.p.Steps {
		if st, ok := st.(*Scalars); ok {
			body = append(body, e.scalars(st)...)
		}
	}
	e.file.Comment("numbers computes what is the same for all elements.")
	e.file.Func().Params(jen.Id("f").Op("*").Id(e.p.Name)).Id("numbers").Params().Block(body...)
}

// step writes one step of run, after an empty line where others come before.
func (e *frameEmitter) step(st Step, after bool) []jen.Code {
	var body []jen.Code
	if _, ok := st.(*Scalars); !ok && after {
		body = append(body, raw(""))
	}
	switch st := st.(type) {
	case *Scalars:
		if e.spans {
			return []jen.Code{raw("f.numbers()")}
		}
		body = append(body, e.scalars(st)...)
	case *Region:
		body = append(body, e.runRegion(st)...)
	case *Copies:
		for _, c := range st.Pairs {
			body = append(body, raw("copy(f.%s, f.%s)", c.To.Name, c.From.Name))
		}
	case *Calls:
		body = append(body, e.calls(st)...)
	}
	return body
}

func (e *frameEmitter) runRegion(r *Region) []jen.Code {
	if r.Tiles {
		return e.runTiles(r)
	}
	var shown []*symbolic.Node
	for _, l := range r.Body {
		switch l := l.(type) {
		case *Kernel:
			shown = append(shown, l.Node)
		case *Group:
			for _, n := range l.Members {
				if e.p.value[n] != nil && n.Rank() > 0 {
					shown = append(shown, n)
				}
			}
		}
	}
	body := e.comment(shown)
	if stores := e.numbersStored(r); stores != nil {
		return append(body, stores...)
	}
	if r.single() {
		if r.Block < tallBlock {
			body = append(body, raw("f.block%d = %d", r.Index, r.Block))
		}
		body = append(body, raw("f.rows%d(0, 0)", r.Index))
		for _, s := range r.Sums {
			body = append(body, raw("f.%s = f.%s[0]", e.p.value[s.Node].Name, s.Name))
		}
		return body
	}
	if r.Block < tallBlock {
		body = append(body, raw("f.block%d = nnrt.RowBlock(%s, %d)", r.Index, e.size(r.Rows), r.Block))
	}
	tasks := fmt.Sprintf("nnrt.Blocks(%s, %s)", e.size(r.Rows), blockExpr(r))
	if len(r.Sums) > 0 {
		body = append(body, raw("tasks%d := %s", r.Index, tasks))
		tasks = fmt.Sprintf("tasks%d", r.Index)
	}
	run := "RunWork"
	if r.Warm {
		run = "RunWarm"
	}
	body = append(body, raw("f.pool.%s(%s, %s, f.%s)", run, times(factor(e.size(r.Rows)), factor(e.size(r.Work))), tasks, bodyField(r)))
	for _, s := range r.Sums {
		body = append(body, raw("f.%s = nnrt.TreeSum(f.%s[:%s])", e.p.value[s.Node].Name, s.Name, tasks))
	}
	return body
}
