// How does a user predict? Predict on the model for convenience, a Predictor without allocation for services.
package codegen

import (
	"fmt"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

func (e *modelEmitter) predictor(in *bundle) {
	p := e.predict
	name := e.name
	e.file.Commentf("%sInput is what a prediction reads.", name)
	e.file.Type().Id(name + "Input").Struct(in.fields(e.prog.Model.Float)...)
	e.sizesMethod(in)

	var outs []jen.Code
	for i, r := range p.Func.Results {
		shape := e.prog.Model.Infer.Outputs[i].Node.Shape
		if r.Node.Rank() == 0 {
			outs = append(outs, jen.Id(e.names.output(r.Name)).Id(goTypes[r.Node.DType]).Comment(symbolic.ShapeString(shape)))
			continue
		}
		outs = append(outs, jen.Id(e.names.output(r.Name)).Index().Id(goTypes[r.Node.DType]).Comment(symbolic.ShapeString(shape)))
	}
	e.file.Commentf("%sOutput is what a prediction returns.", name)
	e.file.Type().Id(name + "Output").Struct(outs...)

	fields := []jen.Code{jen.Id("Model").Op("*").Id(name).Comment("read only"), jen.Id("maxBatch").Int(), jen.Id("frame").Id(p.Name)}
	e.file.Commentf("%sPredictor predicts without allocation. It is for one goroutine at a time.", name)
	for _, x := range e.prog.Model.Hypers {
		fields = append(fields, jen.Id(e.names.hyper(x.Name)).Float64())
	}
	for _, r := range p.Func.Results {
		if r.Node.Rank() > 0 {
			fields = append(fields, jen.Id("out"+e.names.output(r.Name)).Index().Id(goTypes[r.Node.DType]))
		}
	}
	e.file.Type().Id(name + "Predictor").Struct(fields...)
	e.options(name+"PredictorOptions", "a predictor", false)

	var body []jen.Code
	body = append(body,
		jen.If(raw("err := nnrt.CheckModel(%q, m == nil || m.flat == nil); err != nil", e.prog.Model.Name)).Block(raw("return nil, err")),
		jen.If(raw("err := nnrt.CheckCapacity(%q, o.MaxBatch); err != nil", e.prog.Model.Name)).Block(raw("return nil, err")),
		raw("p := &%sPredictor{Model: m, maxBatch: o.MaxBatch}", name),
		raw("pool := nnrt.NewPool(o.Workers)"),
		raw("nnrt.Overlay(func(a *nnrt.Arena[%s]) { p.frame.init(pool, %sa) })", e.typ, capacities(p, "o.MaxBatch")))
	for _, x := range e.prog.Model.Hypers {
		body = append(body, raw("p.%s = %s", e.names.hyper(x.Name), literal(x.Value, symbolic.F64)))
	}
	body = append(body, e.parameters("p.frame", p, "m.flat")...)
	for _, r := range p.Func.Results {
		if r.Node.Rank() > 0 {
			body = append(body, raw("p.out%s = nnrt.Aligned[%s](%s)", e.names.output(r.Name), goTypes[r.Node.DType], sizeExpr(symbolic.Size(r.Node.Shape), capSym("o.MaxBatch"))))
		}
	}
	body = append(body, raw("return p, nil"))
	e.file.Commentf("New%sPredictor returns a predictor that reads m's parameters and takes batches of up to o.MaxBatch rows.", name)
	e.file.Func().Id("New"+name+"Predictor").Params(jen.Id("m").Op("*").Id(name), jen.Id("o").Id(name+"PredictorOptions")).
		Params(jen.Op("*").Id(name+"Predictor"), jen.Error()).Block(body...)

	body = nil
	body = append(body, raw("%serr := b.sizes(%s)", sizeList(in), e.maxima(in, "p.maxBatch")),
		jen.If(raw("err != nil")).Block(raw("return %sOutput{}, err", name)),
		raw("var out %sOutput", name))
	body = append(body, e.arguments("p.frame", p, "b", "p")...)
	body = append(body, e.numbers("p.frame", p, "p.Model.flat")...)
	for _, r := range p.Func.Results {
		if r.Node.Rank() > 0 {
			v := p.value[r.Node]
			body = append(body, raw("p.frame.%s = p.out%s[:%s]", v.Name, e.names.output(r.Name), sizeExpr(symbolic.Size(r.Node.Shape), symField)))
		}
	}
	body = append(body, raw("p.frame.run()"))
	for _, r := range p.Func.Results {
		body = append(body, raw("out.%s = p.frame.%s", e.names.output(r.Name), p.value[r.Node].Name))
	}
	body = append(body, raw("return out, nil"))
	e.file.Comment("Predict computes the outputs for a batch. They lie in the predictor's memory until its next call.")
	e.fn(name+"Predictor", "Predict").Params(jen.Id("b").Id(name+"Input")).Params(jen.Id(name+"Output"), jen.Error()).Block(body...)

	body = nil
	body = append(body, jen.Add(raw("%serr := b.sizes(", sizeBlank(in)), jen.List(in.unbounded()...), raw(")")),
		jen.If(raw("err != nil")).Block(raw("return %sOutput{}, err", name)))
	batch := "1"
	for _, s := range in.syms {
		if s.Name == batchName {
			batch = symField(s)
		}
	}
	body = append(body,
		raw("p, err := New%sPredictor(m, %sPredictorOptions{MaxBatch: %s, Workers: 1})", name, name, batch),
		jen.If(raw("err != nil")).Block(raw("return %sOutput{}, err", name)),
		raw("return p.Predict(b)"))
	e.file.Comment("Predict computes the outputs for a batch of any size, in fresh memory. Many goroutines may call it at once as long as none trains the model.")
	e.fn(name, "Predict").Params(jen.Id("b").Id(name+"Input")).Params(jen.Id(name+"Output"), jen.Error()).Block(body...)
}

// capSym names the capacity of a run-time size.
func capSym(batch string) func(*symbolic.Sym) string {
	return func(s *symbolic.Sym) string {
		if s.Max > 0 {
			return fmt.Sprint(s.Max)
		}
		return batch
	}
}

// maxima returns the arguments of a sizes method.
func (e *modelEmitter) maxima(b *bundle, batch string) string {
	out := ""
	for _, s := range b.syms {
		if s.Max == 0 {
			if out != "" {
				out += ", "
			}
			out += batch
		}
	}
	return out
}

// sizeList returns the variables that take a struct's sizes; sizeBlank takes only the batch.
func sizeList(b *bundle) string {
	out := ""
	for _, s := range b.syms {
		out += symField(s) + ", "
	}
	return out
}

func sizeBlank(b *bundle) string {
	out := ""
	for _, s := range b.syms {
		if s.Name == batchName {
			out += symField(s) + ", "
		} else {
			out += "_, "
		}
	}
	return out
}

// options writes an options struct.
func (e *modelEmitter) options(name, what string, train bool) {
	fields := []jen.Code{
		jen.Id("MaxBatch").Int().Comment("capacity: rows of the largest batch"),
		jen.Id("Workers").Int().Comment("goroutines that compute; 0: GOMAXPROCS. Results do not depend on it"),
	}
	if train {
		fields = append(fields, jen.Id("Seed").Uint64().Comment("of random draws in training, such as dropout"))
	}
	e.file.Commentf("%s says what %s is built for.", name, what)
	e.file.Type().Id(name).Struct(fields...)
}

// numbers writes the assignments of parameters that are numbers, before a run.
func (e *modelEmitter) numbers(frame string, p *Plan, flat string) []jen.Code {
	var out []jen.Code
	for _, x := range e.prog.Model.Params {
		if v := p.value[x.Node]; v != nil && v.Store == StoreArg && len(x.Shape) == 0 {
			out = append(out, raw("%s.%s = %s[%d]", frame, v.Name, flat, e.prog.Layout.Offset[x]))
		}
	}
	return out
}
