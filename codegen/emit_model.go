// What does a user of the generated package see first? The model: named views over one flat buffer, initial values, prediction.
package codegen

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// modelEmitter writes the file of one model.
type modelEmitter struct {
	task    int // least work of a task, or 0
	names   *fieldNames
	prog    *Program
	file    *jen.File
	name    string // exported Go name, such as Digits
	low     string // the same unexported
	typ     string // float32 or float64
	where   func(*symbolic.Node) string
	vectors *vectorFile

	views     []*view
	viewNames namer

	predict, forward, backward, chunk, finish *Plan
	inits                                     []*Plan
	kept                                      map[*symbolic.Func]*Plan // plans of Funcs that are called
	keptOrder                                 []*Plan
	keptNames                                 namer
	clip, add                                 *Plan
	prologues, updates                        []*Plan // by group; nil where frozen
	shadow                                    *shadow // nil where no update follows its gradient
}

// fn begins a method; the receiver is called m for a model, p for a predictor, l for a live model, t for a trainer.
func (e *modelEmitter) fn(receiver, name string) *jen.Statement {
	self := "m"
	switch receiver {
	case e.name + "Predictor":
		self = "p"
	case e.name + "Live":
		self = "l"
	case e.name + "Trainer":
		self = "t"
	}
	return e.file.Func().Params(jen.Id(self).Op("*").Id(receiver)).Id(name)
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
			e.file.Commentf("%s holds the parameters of one layer.", v.typeName)
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

// bind writes the method that points all views into a flat buffer.
func (e *modelEmitter) bind(root *view) {
	runs := e.prog.Layout.Runs
	loops := map[int][]jen.Code{}
	body := append([]jen.Code{raw("m.flat = flat")}, root.bindings("m", loops)...)
	for _, n := range slices.Sorted(maps.Keys(loops)) {
		body = append(body, jen.For(raw("i := range %d", n)).Block(loops[n]...))
	}
	e.file.Comment("bind points the views into flat.")
	e.fn(e.name, "bind").Params(jen.Id("flat").Index().Id(e.typ)).Block(body...)

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
