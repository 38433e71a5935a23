// How does a user train? A trainer with Step and its three parts, evaluation, and views of the gradients.
package codegen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// stateField names the slice that holds a tensor state of group g.
func stateField(g int, name string) string { return lower(fmt.Sprintf("state%d %s", g, name)) }

// scalarField names the number that holds a scalar state of group g.
func scalarField(g int, name string) string { return lower(fmt.Sprintf("number%d %s", g, name)) }

func (e *modelEmitter) trainer(batch *bundle) {
	m := e.prog.Model
	name := e.name
	t := name + "Trainer"
	e.options(t+"Options", "a trainer", true)

	fields := []jen.Code{jen.Id("Model").Op("*").Id(name).Comment("trained in place; read only")}
	if e.average() != nil {
		fields = append(fields, jen.Id("Average").Op("*").Id(name).Comment("smoothed copy of the parameters, moved by every update"))
	}
	for _, h := range e.hypers() {
		fields = append(fields, jen.Id(e.names.hyper(h.Name)).Float64().Comment(fmt.Sprintf("%v at first; may change between steps", h.Value)))
	}
	fields = append(fields,
		jen.Line().Id("pool").Op("*").Qual(runtimePath, "Pool"),
		jen.Id("maxBatch").Int(),
		jen.Id("seed").Uint64(),
		jen.Id("steps").Int().Comment("updates done"),
		jen.Id("stage").Int().Comment("0 idle, 1 after Forward, 2 after Backward, 3 after Accumulate"),
		jen.Id("metrics").Id(name+"Metrics").Comment("of the last Forward"),
		jen.Id("gradient").Op("*").Id(name))
	if e.shadow != nil {
		fields = append(fields, jen.Id("moved").Func().Params(jen.List(jen.Id("lo"), jen.Id("hi")).Int()).Comment("the method move, kept so that Step allocates nothing"))
	}
	fields = append(fields,
		jen.Line().Id("forward").Id(e.forward.Name),
		jen.Id("backward").Id(e.backward.Name))
	if e.clip != nil {
		fields = append(fields, jen.Id("clip").Id(e.clip.Name))
	}
	for i, g := range m.Optimizer.Groups {
		if e.updates[i] == nil {
			continue
		}
		fields = append(fields, jen.Id(fmt.Sprintf("prologue%d", i)).Id(e.prologues[i].Name), jen.Id(fmt.Sprintf("update%d", i)).Id(e.updates[i].Name))
		for _, s := range g.States {
			fields = append(fields, jen.Id(stateField(i, s.Name)).Index().Id(e.typ))
		}
		for _, s := range g.ScalarStates {
			fields = append(fields, jen.Id(scalarField(i, s.Name)).Float64())
		}
	}
	if avg := e.average(); avg != nil {
		fields = append(fields, jen.Id("prologueAverage").Id(avg.prologue.Name), jen.Id("updateAverage").Id(avg.update.Name))
	}
	if e.chunk != nil {
		fields = append(fields, jen.Id("eval").Id(e.chunk.Name))
	}
	if e.finish != nil {
		fields = append(fields, jen.Id("finish").Id(e.finish.Name))
	}
	fields = append(fields, e.partFields()...)
	e.file.Commentf("%s trains a %s with %s. It is for one goroutine at a time.", t, name, m.Optimizer.Name)
	e.file.Type().Id(t).Struct(fields...)

	e.newTrainer(t)
	e.forwardMethod(t, batch)
	e.backwardMethod(t)
	e.updateMethod(t)
	e.stepMethod(t)
	if e.shadow != nil {
		e.movesMethods(t)
	}
	e.accumulateMethods(t, batch)
	e.stateMethods(t)
	e.onMethod(t, batch)
	e.evaluateMethod(t, batch)
	e.checkGradients(t)

	e.file.Comment("Gradients returns the gradients of the last Backward, or after Apply those of the whole batch, shaped like the model.")
	e.fn(t, "Gradients").Params().Op("*").Id(name).Block(raw("return t.gradient"))
	e.file.Comment("Capacity returns the most rows that a batch can have: MaxBatch.")
	e.fn(t, "Capacity").Params().Int().Block(raw("return t.maxBatch"))
	e.file.Comment("Steps returns the number of updates done.")
	e.fn(t, "Steps").Params().Int().Block(raw("return t.steps"))
	e.file.Comment("Forks returns how often the trainer's worker pool has run tasks in parallel.")
	e.fn(t, "Forks").Params().Uint64().Block(raw("return t.pool.Forks()"))
}

// hypers are the trainer's adjustable numbers: the model's, then the optimizer's.
func (e *modelEmitter) hypers() []*dsl.Hyper {
	return append(append([]*dsl.Hyper(nil), e.prog.Model.Hypers...), e.prog.Model.Optimizer.Hypers...)
}

func (e *modelEmitter) newTrainer(t string) {
	m := e.prog.Model
	lay := e.prog.Layout
	body := []jen.Code{
		jen.If(raw("err := nnrt.CheckModel(%q, m == nil || m.flat == nil); err != nil", m.Name)).Block(raw("return nil, err")),
		jen.If(raw("err := nnrt.CheckCapacity(%q, o.MaxBatch); err != nil", m.Name)).Block(raw("return nil, err")),
		raw("t := &%s{Model: m, maxBatch: o.MaxBatch, seed: o.Seed, pool: nnrt.NewPool(o.Workers)}", t),
	}
	for _, h := range e.hypers() {
		body = append(body, raw("t.%s = %s", e.names.hyper(h.Name), literal(h.Value, symbolic.F64)))
	}
	if e.shadow != nil {
		body = append(body, raw("t.moved = t.move"))
	}
	body = append(body, raw("t.gradient = new(%s)", e.name), raw("t.gradient.bind(nnrt.Aligned[%s](%d))", e.typ, lay.Size))
	arena := func(call string) string {
		return fmt.Sprintf("func(a *nnrt.Arena[%s]) { %s }", e.typ, call)
	}
	inits := []string{
		arena(fmt.Sprintf("t.forward.init(t.pool, %sa)", capacities(e.forward, "o.MaxBatch"))),
		arena(fmt.Sprintf("t.backward.init(t.pool, %sa)", capacities(e.backward, "o.MaxBatch"))),
	}
	if e.chunk != nil {
		inits = append(inits, arena(fmt.Sprintf("t.eval.init(t.pool, %sa)", capacities(e.chunk, "o.MaxBatch"))))
	}
	if e.finish != nil {
		inits = append(inits, arena("t.finish.init(t.pool, "+capacities(e.finish, "o.MaxBatch")+"a)"))
	}
	if e.add != nil {
		inits = append(inits, arena(fmt.Sprintf("t.add.init(t.pool, %d, a)", lay.Size)))
	}
	if e.clip != nil {
		inits = append(inits, arena(fmt.Sprintf("t.clip.init(t.pool, %d, a)", lay.Size)))
	}
	for i := range m.Optimizer.Groups {
		if e.updates[i] != nil {
			inits = append(inits, arena(fmt.Sprintf("t.prologue%d.init(t.pool, a)", i)),
				arena(fmt.Sprintf("t.update%d.init(t.pool, %d, a)", i, lay.Spans[i].Hi-lay.Spans[i].Lo)))
		}
	}
	if e.average() != nil {
		inits = append(inits, arena("t.prologueAverage.init(t.pool, a)"), arena(fmt.Sprintf("t.updateAverage.init(t.pool, %d, a)", lay.Size)))
	}
	body = append(body, jen.Comment("The frames never run at the same time, so their scratch memory is shared."),
		raw("nnrt.Overlay(\n%s,\n)", strings.Join(inits, ",\n")))

	body = append(body, e.seeds("t.forward", e.forward, "o.Seed")...)
	body = append(body, e.seeds("t.backward", e.backward, "o.Seed")...)
	body = append(body, raw(""), jen.Comment("What Backward needs of Forward."))
	allocated := map[*Value]bool{}
	for _, v := range e.saved() {
		fwd, bwd := v.fwd, v.bwd
		if fwd.Base != nil {
			fwd, bwd = fwd.Base, bwd.Base
		}
		if allocated[fwd] || v.fwd.Node.Rank() == 0 {
			continue
		}
		allocated[fwd] = true
		size := sizeExpr(symbolic.Size(fwd.Shape).Mul(symbolic.Int(max(fwd.Count, 1))), capSym("o.MaxBatch"))
		body = append(body, raw("t.forward.%s = nnrt.Aligned[%s](%s)", fwd.Name, goTypes[fwd.DType], size),
			raw("t.backward.%s = t.forward.%s", bwd.Name, fwd.Name))
	}
	body = append(body, raw(""), jen.Comment("Parameters, gradients and optimizer state lie where the model and the trainer hold them."))
	body = append(body, e.parameters("t.forward", e.forward, "m.flat")...)
	body = append(body, e.parameters("t.backward", e.backward, "m.flat")...)
	if e.shadow != nil {
		for _, fo := range e.shadow.order {
			if fo.rate != "" {
				body = append(body, raw("t.backward.%s = m.flat[%d:%d]", fo.moved, fo.at, fo.at+paramSize(fo.param)))
			}
		}
	}
	if e.chunk != nil {
		body = append(body, e.parameters("t.eval", e.chunk, "m.flat")...)
	}
	body = append(body, e.intoFlat("t.backward", "t.gradient.flat", func(x *dsl.Param) *Value {
		if v := e.gradValue(x); v != nil && v.Node.Rank() > 0 {
			return v
		}
		return nil
	})...)
	if e.add != nil {
		body = append(body, raw("t.add.%s = %d", symField(e.add.Func.Syms[0]), lay.Size))
	}
	if e.clip != nil {
		body = append(body, raw("t.clip.%s = %d", symField(e.clip.Func.Syms[0]), lay.Size))
		body = append(body, raw("t.clip.%s = t.gradient.flat", e.clip.value[e.clip.Func.Params[0]].Name),
			raw("t.clip.%s = t.gradient.flat", e.clip.value[e.clip.Func.Results[0].Node].Name))
	}
	for i, g := range m.Optimizer.Groups {
		if e.updates[i] == nil {
			continue
		}
		span := lay.Spans[i]
		for _, s := range g.States {
			f := stateField(i, s.Name)
			body = append(body, raw("t.%s = nnrt.Aligned[%s](%d)", f, e.typ, span.Hi-span.Lo))
			if s.Init != 0 {
				body = append(body, raw("nnrt.Fill(t.%s, %s)", f, literal(s.Init, m.Float)))
			}
		}
		for _, s := range g.ScalarStates {
			body = append(body, raw("t.%s = %s", scalarField(i, s.Name), literal(s.Init, symbolic.F64)))
		}
		if g.Class == dsl.Elementwise {
			body = append(body, e.pointUpdate(i, g, fmt.Sprint(span.Lo), fmt.Sprint(span.Hi), "0", fmt.Sprint(span.Hi-span.Lo))...)
		}
	}
	if avg := e.average(); avg != nil {
		u := avg.update
		body = append(body, raw("t.Average = new(%s)", e.name), raw("t.Average.bind(nnrt.Aligned[%s](%d))", e.typ, lay.Size),
			raw("copy(t.Average.flat, m.flat)"),
			raw("t.updateAverage.%s = %d", symField(u.Func.Syms[0]), lay.Size))
		for _, p := range u.Func.Params {
			if p.Rank() > 0 {
				src := "m.flat"
				if p.Attr.Name == "a" {
					src = "t.Average.flat"
				}
				body = append(body, raw("t.updateAverage.%s = %s", u.value[p].Name, src))
			}
		}
		body = append(body, raw("t.updateAverage.%s = t.Average.flat", u.resultOf(u.Func.Results[0].Node).Name))
	}
	body = append(body, raw("return t, nil"))
	memory := "All memory is allocated here."
	if e.parts() != nil {
		memory = "All memory but that of Accumulate is allocated here."
	}
	e.file.Commentf("New%s returns a trainer of m for batches of up to o.MaxBatch rows. %s", t, memory)
	e.file.Func().Id("New"+t).Params(jen.Id("m").Op("*").Id(e.name), jen.Id("o").Id(t+"Options")).Params(jen.Op("*").Id(t), jen.Error()).Block(body...)
}

// savedPair is a value that Forward leaves for Backward.
type savedPair struct{ fwd, bwd *Value }

func (e *modelEmitter) saved() []savedPair {
	var out []savedPair
	for _, s := range e.prog.Saved {
		out = append(out, savedPair{
			e.forward.value[e.forward.Func.Results[s.Result].Node],
			e.backward.value[e.backward.Func.Params[s.Param]],
		})
	}
	return out
}

// gradValue returns where Backward leaves the gradient of a parameter.
func (e *modelEmitter) gradValue(x *dsl.Param) *Value {
	for _, r := range e.backward.Func.Results {
		if r.Name == "grad "+x.Path {
			return e.backward.value[r.Node]
		}
	}
	return nil
}

// seeds gives a frame's random draws their streams, which a seed decides.
func (e *modelEmitter) seeds(frame string, p *Plan, seed string) []jen.Code {
	var out []jen.Code
	for _, k := range p.Keys {
		out = append(out, raw("nnrt.SetKeys(%s.key[%d:%d], %s, %q)", frame, k.First, k.First+k.Count, seed, k.Site))
	}
	return out
}
