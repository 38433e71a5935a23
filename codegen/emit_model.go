// What does a user of the generated package see first? The model: named views over one flat buffer, initial values, prediction.
package codegen

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// modelEmitter writes the file of one model.
type modelEmitter struct {
	prog  *Program
	file  *jen.File
	name  string // exported Go name, such as Digits
	low   string // the same unexported
	typ   string // float32 or float64
	where func(*symbolic.Node) string

	views     []*viewType
	viewNames namer

	predict, forward, backward, chunk, finish *Plan
	inits                                     []*Plan
	kept                                      map[*symbolic.Func]*Plan // plans of Funcs that are called
	keptOrder                                 []*Plan
	keptNames                                 namer
	clip                                      *Plan
	prologues, updates                        []*Plan // by group; nil where frozen
}

// fn begins a method; the receiver is called m for a model, p for a predictor, t for a trainer.
func (e *modelEmitter) fn(receiver, name string) *jen.Statement {
	self := "m"
	switch receiver {
	case e.name + "Predictor":
		self = "p"
	case e.name + "Trainer":
		self = "t"
	}
	return e.file.Func().Params(jen.Id(self).Op("*").Id(receiver)).Id(name)
}

// A viewType is a struct of parameter views: the model itself, a layer instance, or one of an array of layers.
type viewType struct {
	name   string
	fields []viewField
	key    string
}

type viewField struct {
	name  string
	run   *Run      // a parameter
	sub   *viewType // a layer
	count int       // > 0: array of layers
}

// buildViews groups parameters by path into struct types; equal structs share a type.
func (e *modelEmitter) buildViews() *viewType {
	e.viewNames = newNamer()
	var all []*Run
	for i := range e.prog.Layout.Runs {
		all = append(all, &e.prog.Layout.Runs[i])
	}
	// Fields follow the order of declaration, not of the buffer.
	order := map[*dsl.Param]int{}
	for i, p := range e.prog.Model.Params {
		order[p] = i
	}
	sortRuns(all, order)
	root := e.view(all, 0, e.name)
	root.name = e.name
	return root
}

func sortRuns(rs []*Run, order map[*dsl.Param]int) {
	for i := 1; i < len(rs); i++ {
		for j := i; j > 0 && order[rs[j].Params[0]] < order[rs[j-1].Params[0]]; j-- {
			rs[j], rs[j-1] = rs[j-1], rs[j]
		}
	}
}

func (e *modelEmitter) view(runs []*Run, depth int, hint string) *viewType {
	v := &viewType{}
	names := newNamer()
	done := map[string]bool{}
	for _, r := range runs {
		parts := strings.Split(r.Path, ".")[depth:]
		if len(parts) == 1 {
			v.fields = append(v.fields, viewField{name: fieldName(names, parts[0]), run: r})
			continue
		}
		if done[parts[0]] {
			continue
		}
		done[parts[0]] = true
		var inside []*Run
		for _, s := range runs {
			sp := strings.Split(s.Path, ".")[depth:]
			if len(sp) > 1 && sp[0] == parts[0] {
				inside = append(inside, s)
			}
		}
		down, count := depth+1, 0
		if parts[1] == "#" {
			down, count = depth+2, len(r.Params)
		}
		label := parts[0]
		if layer := r.Params[0].Layer; layer != "" && len(strings.Split(r.Path, "."))-down == 1 {
			label = layer
		}
		v.fields = append(v.fields, viewField{name: fieldName(names, parts[0]), sub: e.view(inside, down, label), count: count})
	}
	v.key = v.signature()
	if depth == 0 {
		e.views = append(e.views, v)
		return v
	}
	for _, known := range e.views {
		if known.key == v.key {
			return known
		}
	}
	v.name = e.viewNames.pickExported(e.name + camel(hint))
	e.views = append(e.views, v)
	return v
}

func (v *viewType) signature() string {
	var b strings.Builder
	for _, f := range v.fields {
		b.WriteString(f.name + ":")
		if f.sub != nil {
			fmt.Fprintf(&b, "%d{%s}", f.count, f.sub.key)
		}
		b.WriteByte(';')
	}
	return b.String()
}

func fieldName(n namer, s string) string { return n.pickExported(camel(s)) }

// pickExported returns a free exported identifier.
func (n namer) pickExported(base string) string {
	name := base
	for i := 2; n.used[name]; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	n.used[name] = true
	return name
}

// modelType writes the model's struct, its layers' structs and the views.
func (e *modelEmitter) modelType() {
	m := e.prog.Model
	root := e.buildViews()
	doc := m.Doc
	if doc == "" {
		doc = fmt.Sprintf("%s is the model %s of %s.", e.name, m.Name, filepath.Base(m.File))
	}
	for _, line := range strings.Split(doc, "\n") {
		e.file.Comment(line)
	}
	e.file.Comment("")
	e.file.Commentf("It has %d parameters in one flat buffer; the fields are views of it.", e.prog.paramCount())
	if w := e.work(); w != "" {
		e.file.Comment(w)
	}
	for _, v := range e.views {
		if v != root {
			continue
		}
		e.structOf(v, true)
	}
	for _, v := range e.views {
		if v != root {
			e.file.Commentf("%s holds the parameters of one layer.", v.name)
			e.structOf(v, false)
		}
	}
	e.bind(root)
}

// work says how many operations the model's products take.
func (e *modelEmitter) work() string {
	out := ""
	if e.predict != nil {
		out += fmt.Sprintf("A prediction does %s operations in matrix products", e.predict.products())
	}
	if e.forward != nil {
		step := e.forward.products().Add(e.backward.products())
		if out == "" {
			out = fmt.Sprintf("A training step does %s operations in matrix products", step)
		} else {
			out += fmt.Sprintf(", a training step %s", step)
		}
	}
	if out != "" {
		out += "."
	}
	return out
}

// products returns the multiplications and additions of all matrix products of a run.
func (p *Plan) products() symbolic.Dim {
	total := symbolic.Int(0)
	for _, st := range p.Steps {
		if c, ok := st.(*Calls); ok {
			bound := map[*symbolic.Sym]symbolic.Dim{}
			for i, s := range c.Plan.Func.Syms {
				bound[s] = c.Nodes[0].Attr.Bind[i]
			}
			one := c.Plan.products().Subst(func(s *symbolic.Sym) symbolic.Dim { return bound[s] })
			total = total.Add(one.Mul(symbolic.Int(len(c.Nodes))))
			continue
		}
		for _, n := range computed(st) {
			if n.Op == symbolic.OpDot {
				k := symbolic.Size(pickDims(n.Args[0].Shape, n.Attr.Dot.ContractA))
				total = total.Add(symbolic.Size(n.Shape).Mul(k).Mul(symbolic.Int(2)))
			}
		}
	}
	return total
}

func (p *Program) paramCount() int {
	n := 0
	for _, x := range p.Model.Params {
		n += paramSize(x)
	}
	return n
}

func (e *modelEmitter) structOf(v *viewType, root bool) {
	var fields []jen.Code
	for _, f := range v.fields {
		switch {
		case f.run != nil:
			c := jen.Id(f.name).Index().Id(e.typ)
			if root {
				c = c.Comment(symbolic.ShapeString(f.run.Params[0].Shape))
			}
			fields = append(fields, c)
		case f.count > 0:
			fields = append(fields, jen.Id(f.name).Index(jen.Lit(f.count)).Id(f.sub.name))
		default:
			fields = append(fields, jen.Id(f.name).Id(f.sub.name).Comment(e.shapes(f)))
		}
	}
	if root {
		fields = append(fields, jen.Line().Id("flat").Index().Id(e.typ))
	}
	e.file.Type().Id(v.name).Struct(fields...)
}

// shapes lists the parameters of a layer for its field's comment.
func (e *modelEmitter) shapes(f viewField) string {
	var parts []string
	for _, x := range f.sub.fields {
		if x.run == nil {
			continue
		}
		parts = append(parts, x.name)
	}
	for i, x := range e.prog.Layout.Runs {
		segs := strings.Split(x.Path, ".")
		for j, name := range parts {
			if len(segs) == 2 && camel(segs[0]) == f.name && camel(segs[1]) == name {
				parts[j] = name + " " + symbolic.ShapeString(e.prog.Layout.Runs[i].Params[0].Shape)
			}
		}
	}
	return strings.Join(parts, ", ")
}

// bind writes the method that points all views into a flat buffer.
func (e *modelEmitter) bind(root *viewType) {
	runs := e.prog.Layout.Runs
	var body []jen.Code
	body = append(body, raw("m.flat = flat"))
	var walk func(v *viewType, path []string, expr string)
	var loops []jen.Code
	collected := map[int][]jen.Code{}
	var counts []int
	walk = func(v *viewType, path []string, expr string) {
		for _, f := range v.fields {
			at := expr + "." + f.name
			switch {
			case f.run != nil:
				run := e.runAt(append(path, f.name))
				size := paramSize(run.Params[0])
				if len(run.Params) == 1 {
					body = append(body, raw("%s = flat[%d:%d:%d]", at, run.Offset, run.Offset+size, run.Offset+size))
					continue
				}
				n := len(run.Params)
				if collected[n] == nil {
					counts = append(counts, n)
				}
				collected[n] = append(collected[n], raw("%s = nnrt.View(flat, %d+i*%d, %d)", at, run.Offset, run.Stride, size))
			case f.count > 0:
				walk(f.sub, append(path, f.name, "#"), at+"[i]")
			default:
				walk(f.sub, append(path, f.name), at)
			}
		}
	}
	walk(root, nil, "m")
	for _, n := range counts {
		loops = append(loops, jen.For(raw("i := range %d", n)).Block(collected[n]...))
	}
	e.file.Comment("bind points the views into flat.")
	e.fn(e.name, "bind").Params(jen.Id("flat").Index().Id(e.typ)).Block(append(body, loops...)...)

	var schema []jen.Code
	for _, r := range runs {
		d := jen.Dict{jen.Id("Path"): jen.Lit(r.Path), jen.Id("Offset"): jen.Lit(r.Offset), jen.Id("Shape"): raw("%s", shapeLit(r.Params[0].Shape))}
		if len(r.Params) > 1 {
			d[jen.Id("Count")] = jen.Lit(len(r.Params))
			d[jen.Id("Stride")] = jen.Lit(r.Stride)
		}
		schema = append(schema, jen.Values(d))
	}
	e.file.Commentf("%sSchema places every parameter in the flat buffer.", e.low)
	e.file.Var().Id(e.low+"Schema").Op("=").Qual(runtimePath, "Schema").Values(multiline(schema)...)

	e.file.Comment("Flat returns all parameters as one slice, in the order of the schema.")
	e.fn(e.name, "Flat").Params().Index().Id(e.typ).Block(raw("return m.flat"))
	e.file.Comment("Schema returns path, offset and shape of every parameter.")
	e.fn(e.name, "Schema").Params().Qual(runtimePath, "Schema").Block(raw("return %sSchema", e.low))
}

func multiline(cs []jen.Code) []jen.Code {
	out := make([]jen.Code, 0, len(cs)+1)
	for _, c := range cs {
		out = append(out, jen.Line().Add(c))
	}
	return append(out, jen.Line())
}

func shapeLit(shape []symbolic.Dim) string {
	if len(shape) == 0 {
		return "[]int{}"
	}
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = d.String()
	}
	return "[]int{" + strings.Join(parts, ", ") + "}"
}

// runAt finds the run whose path spells the given Go field names.
func (e *modelEmitter) runAt(fields []string) *Run {
	for i := range e.prog.Layout.Runs {
		r := &e.prog.Layout.Runs[i]
		segs := strings.Split(r.Path, ".")
		if len(segs) != len(fields) {
			continue
		}
		same := true
		for j, s := range segs {
			same = same && (s == fields[j] || camel(s) == fields[j])
		}
		if same {
			return r
		}
	}
	panic("codegen: no parameter at " + strings.Join(fields, "."))
}

// constructor writes NewModel: zeros, then the initial value of every parameter from (seed, path).
func (e *modelEmitter) constructor() {
	var body []jen.Code
	body = append(body,
		raw("m := new(%s)", e.name),
		raw("m.bind(nnrt.Aligned[%s](%d))", e.typ, e.prog.Layout.Size))
	for i, init := range e.prog.Inits {
		plan := e.inits[i]
		if plan == nil {
			continue // zero
		}
		var set []jen.Code
		value := plan.value[plan.Func.Results[0].Node]
		if value.Node.Rank() > 0 {
			set = append(set, raw("f.%s = m.flat[offset:][:%d]", value.Name, paramSize(e.paramOf(init))))
		}
		for j, k := range plan.Keys {
			set = append(set, raw("f.key[%d] = nnrt.NewKey(seed, path+%q)", k.First, fmt.Sprintf("/%d", j)))
		}
		set = append(set, raw("f.run()"))
		if value.Node.Rank() == 0 {
			set = append(set, raw("m.flat[offset] = f.%s", value.Name))
		}
		var runs []jen.Code
		runs = append(runs,
			raw("f := new(%s)", plan.Name),
			raw("nnrt.Overlay(func(a *nnrt.Arena[%s]) { f.init(nnrt.NewPool(1), a) })", e.typ),
			raw("set := func(path string, offset int, _ []int)").Block(set...))
		for k, r := range e.prog.Layout.Runs {
			if r.Params[0].Init == init {
				runs = append(runs, raw("%sSchema[%d:%d].Each(set)", e.low, k, k+1))
			}
		}
		body = append(body, jen.Block(runs...))
	}
	body = append(body, raw("return m"))
	e.file.Commentf("New%s returns a model with initial values that depend on the seed and each parameter's path alone.", e.name)
	e.file.Func().Id("New" + e.name).Params(jen.Id("seed").Uint64()).Op("*").Id(e.name).Block(body...)
}

func (e *modelEmitter) paramOf(init *symbolic.Func) *dsl.Param {
	for _, p := range e.prog.Model.Params {
		if p.Init == init {
			return p
		}
	}
	panic("codegen: initial value of no parameter")
}
