// What does a whole data set look like in Go, and how is a model evaluated on one? Typed fields, rows by index, chunks of the capacity.
package codegen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// dataTypes writes the structs of a batch, of a whole set and of what a step reports.
func (e *modelEmitter) dataTypes(batch *bundle) {
	name := e.name
	e.file.Commentf("%sBatch is what one step reads.", name)
	e.file.Type().Id(name + "Batch").Struct(batch.fields(e.prog.Model.Float)...)
	e.sizesMethod(batch)

	e.file.Commentf("%sData is a whole data set in memory.", name)
	e.file.Type().Id(name + "Data").Struct(batch.fields(e.prog.Model.Float)...)
	lead := batch.lead()
	width := func(x *dsl.Input) string {
		return sizeExpr(symbolic.Size(x.Shape[1:]), batch.dataSize)
	}
	if lead != nil {
		e.file.Comment("Len returns the number of rows.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name + "Data")).Id("Len").Params().Int().Block(
			raw("return len(d.%s) / %s", e.names.input(lead), factorAll(width(lead))))
		var gather, slice []jen.Code
		for _, x := range batch.inputs {
			f := e.names.input(x)
			if len(x.Shape) == 0 || !hasBatch(x.Shape[:1]) {
				gather = append(gather, raw("b.%s = d.%s", f, f))
				slice = append(slice, raw("b.%s = d.%s", f, f))
				continue
			}
			w := factorAll(width(x))
			gather = append(gather, raw("b.%s = nnrt.GatherRows(b.%s, d.%s, rows, %s)", f, f, f, w))
			slice = append(slice, raw("b.%s = d.%s[lo*%s : hi*%s : hi*%s]", f, f, w, w, w))
		}
		for _, s := range batch.solve {
			if s.input == nil {
				f := e.names.size(s.sym)
				gather = append(gather, raw("b.%s = d.%s", f, f))
				slice = append(slice, raw("b.%s = d.%s", f, f))
			}
		}
		e.file.Comment("Check returns an error that names the field whose length or indices do not fit the others; nil when the set is whole. Floats are not looked at: NaN and infinity pass.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name+"Data")).Id("Check").Params().Error().Block(
			raw("b := %sBatch(*d)", name),
			jen.Add(raw("%serr := b.sizes(", strings.Repeat("_, ", len(batch.syms))), jen.List(batch.unbounded()...), raw(")")),
			raw("return err"))
		e.file.Comment("Gather fills b with the given rows, each below Len, in b's own memory, which grows when it is too small.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name+"Data")).Id("Gather").Params(jen.Id("rows").Index().Int(), jen.Id("b").Op("*").Id(name+"Batch")).Block(gather...)
		e.file.Comment("Slice points b at rows lo to hi-1, without copying: what is written to b is written to the set.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name+"Data")).Id("Slice").Params(jen.List(jen.Id("lo"), jen.Id("hi")).Int(), jen.Id("b").Op("*").Id(name+"Batch")).Block(slice...)
	}
	var fields []jen.Code
	for _, r := range e.measures() {
		fields = append(fields, jen.Id(r).Float64())
	}
	e.file.Commentf("%sMetrics is what a step or an evaluation reports.", name)
	e.file.Type().Id(name + "Metrics").Struct(fields...)
	e.measureMethods()
}

// measures are the fields of the metrics struct: the loss, then the metrics.
func (e *modelEmitter) measures() []string {
	out := []string{"Loss"}
	for _, m := range e.prog.Model.Train.Metrics {
		out = append(out, e.names.metric(m.Name))
	}
	return out
}

func (e *modelEmitter) evaluateMethod(t string, batch *bundle) {
	if e.chunk == nil || batch.lead() == nil {
		return
	}
	metrics := e.name + "Metrics"
	body := []jen.Code{
		e.idle(),
		raw("b := %sBatch(d)", e.name),
		jen.Add(raw("%serr := b.sizes(", sizeList(batch)), jen.List(batch.unbounded()...), raw(")")),
		jen.If(raw("err != nil")).Block(raw("return %s{}, err", metrics)),
		raw("rows := %s", symField(batch.rowsSym())),
	}
	used := map[*symbolic.Sym]bool{batch.rowsSym(): true}
	for _, s := range e.chunk.Func.Syms {
		used[s] = true
	}
	if e.finish != nil {
		for _, s := range e.finish.Func.Syms {
			used[s] = true
		}
	}
	for _, s := range batch.syms {
		if !used[s] {
			body = append(body, raw("_ = %s", symField(s)))
		}
	}
	run := append(e.arguments("t.eval", e.chunk, "b", "t"), e.numbers("t.eval", e.chunk, "t.Model.flat")...)
	run = append(run, raw("t.eval.run()"))
	doc := "Evaluate computes loss and metrics over a whole data set, as in prediction (no dropout), in chunks of the capacity; every row weighs the same."
	last, frame := e.finish, "t.finish"
	if e.finish == nil {
		doc = "Evaluate computes loss and metrics over a whole data set of at most the capacity, as in prediction (no dropout); " + e.prog.Eval.Whole + "."
		last, frame = e.chunk, "t.eval"
		body = append(body, jen.If(raw("rows > t.maxBatch")).Block(
			raw("return %s{}, &nnrt.BorderError{Model: %q, Got: nnrt.Itoa(rows) + \" rows\", Want: \"at most \" + nnrt.Itoa(t.maxBatch) + %q}", metrics, e.prog.Model.Name,
				" (MaxBatch), because "+e.prog.Eval.Whole)))
		body = append(body, run...)
	} else {
		body = append(body, e.collected(batch, run)...)
	}
	names := e.measures()
	if e.prog.Model.Infer.Loss == nil {
		names = names[1:]
	}
	body = append(body, raw("var m %s", metrics))
	for i, r := range last.Func.Results {
		body = append(body, raw("m.%s = float64(%s.%s)", names[i], frame, last.value[r.Node].Name))
	}
	body = append(body, raw("return m, nil"))
	e.file.Comment(doc)
	e.fn(t, "Evaluate").Params(jen.Id("d").Id(e.name+"Data")).Params(jen.Id(metrics), jen.Error()).Block(body...)
}

// collected writes the loop over chunks, which collects sums, and the run that makes loss and metrics of them.
func (e *modelEmitter) collected(batch *bundle, run []jen.Code) []jen.Code {
	p, fin := e.chunk, e.finish
	var body []jen.Code
	for i, s := range e.prog.Eval.Chunk.Results {
		start := "0"
		if e.prog.Eval.Kinds[i] == collectMax {
			start = "nnrt.Inf[float64](-1)"
		}
		body = append(body, raw("%s := float64(%s)", s.Name, start))
	}
	rows := batch.rowsSym()
	loop := []jen.Code{
		raw("hi := min(lo+t.maxBatch, rows)"),
		raw("d.Slice(lo, hi, &b)"),
		raw("%s = hi - lo", symField(rows)),
	}
	loop = append(loop, run...)
	for i, r := range p.Func.Results {
		v := fmt.Sprintf("float64(t.eval.%s)", p.value[r.Node].Name)
		switch e.prog.Eval.Kinds[i] {
		case collectSum:
			loop = append(loop, raw("%s += %s", r.Name, v))
		case collectMax:
			loop = append(loop, raw("%s = max(%s, %s)", r.Name, r.Name, v))
		default:
			loop = append(loop, raw("%s = %s", r.Name, v))
		}
	}
	body = append(body, jen.For(raw("lo := 0; lo < rows; lo += t.maxBatch")).Block(loop...))
	for _, s := range fin.Func.Syms {
		size := symField(s)
		if s == rows {
			size = "rows"
		}
		body = append(body, raw("t.finish.%s = %s", symField(s), size))
	}
	for _, a := range fin.Func.Params {
		body = append(body, raw("t.finish.%s = %s(%s)", fin.value[a].Name, goTypes[a.DType], a.Attr.Name))
	}
	return append(body, raw("t.finish.run()"))
}
