// How does a user train? A trainer with Step and its three parts, evaluation, and views of the gradients.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// stateField names the slice that holds a tensor state of group g.
func stateField(g int, name string) string { return lower(fmt.Sprintf("state%d %s", g, name)) }

// scalarField names the number that holds a scalar state of group g.
func scalarField(g int, name string) string { return lower(fmt.Sprintf("number%d %s", g, name)) }

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
			raw("return len(d.%s) / %s", camel(lead.Name), factorAll(width(lead))))
		var gather, slice []jen.Code
		for _, x := range batch.inputs {
			f := camel(x.Name)
			if len(x.Shape) == 0 || !hasBatch(x.Shape[:1]) {
				gather = append(gather, raw("b.%s = d.%s", f, f))
				slice = append(slice, raw("b.%s = d.%s", f, f))
				continue
			}
			w := factorAll(width(x))
			gather = append(gather, raw("b.%s = nnrt.GatherRows(b.%s, d.%s, rows, %s)", f, f, f, w))
			slice = append(slice, raw("b.%s = d.%s[lo*%s : hi*%s]", f, f, w, w))
		}
		for _, s := range batch.solve {
			if s.input == nil {
				f := camel(s.sym.Name)
				gather = append(gather, raw("b.%s = d.%s", f, f))
				slice = append(slice, raw("b.%s = d.%s", f, f))
			}
		}
		e.file.Comment("Check returns an error that names the field whose length or values do not fit the others; nil when the set is whole.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name+"Data")).Id("Check").Params().Error().Block(
			raw("b := %sBatch(*d)", name),
			jen.Add(raw("%serr := b.sizes(", strings.Repeat("_, ", len(batch.syms))), jen.List(batch.unbounded()...), raw(")")),
			raw("return err"))
		e.file.Comment("Gather fills b with the given rows, each below Len, in b's own memory, which grows when it is too small.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name+"Data")).Id("Gather").Params(jen.Id("rows").Index().Int(), jen.Id("b").Op("*").Id(name+"Batch")).Block(gather...)
		e.file.Comment("Slice points b at rows lo to hi-1, without copying.")
		e.file.Func().Params(jen.Id("d").Op("*").Id(name+"Data")).Id("Slice").Params(jen.List(jen.Id("lo"), jen.Id("hi")).Int(), jen.Id("b").Op("*").Id(name+"Batch")).Block(slice...)
	}
	var fields []jen.Code
	for _, r := range e.measures() {
		fields = append(fields, jen.Id(r).Float64())
	}
	e.file.Commentf("%sMetrics is what a step or an evaluation reports.", name)
	e.file.Type().Id(name + "Metrics").Struct(fields...)
}

// measures are the fields of the metrics struct: the loss, then the metrics.
func (e *modelEmitter) measures() []string {
	out := []string{"Loss"}
	for _, m := range e.prog.Model.Train.Metrics {
		out = append(out, camel(m.Name))
	}
	return out
}

func (e *modelEmitter) trainer(batch *bundle) {
	m := e.prog.Model
	name := e.name
	t := name + "Trainer"
	e.options(t+"Options", "a trainer", true)

	fields := []jen.Code{jen.Id("Model").Op("*").Id(name).Comment("trained in place")}
	if e.average() != nil {
		fields = append(fields, jen.Id("Average").Op("*").Id(name).Comment("smoothed copy of the parameters, moved by every update"))
	}
	for _, h := range e.hypers() {
		fields = append(fields, jen.Id(camel(h.Name)).Float64().Comment("may change between steps"))
	}
	fields = append(fields,
		jen.Line().Id("pool").Op("*").Qual(runtimePath, "Pool"),
		jen.Id("maxBatch").Int(),
		jen.Id("seed").Uint64(),
		jen.Id("steps").Int().Comment("updates done"),
		jen.Id("stage").Int().Comment("0 idle, 1 after Forward, 2 after Backward"),
		jen.Id("metrics").Id(name+"Metrics").Comment("of the last Forward"),
		jen.Id("gradient").Op("*").Id(name),
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
		fields = append(fields, jen.Id("eval").Id(e.chunk.Name), jen.Id("finish").Id(e.finish.Name))
	}
	e.file.Commentf("%s trains a %s with %s. It is for one goroutine at a time.", t, name, m.Optimizer.Name)
	e.file.Type().Id(t).Struct(fields...)

	e.newTrainer(t)
	e.forwardMethod(t, batch)
	e.backwardMethod(t)
	e.updateMethod(t)
	e.stepMethod(t)
	e.evaluateMethod(t, batch)

	e.file.Comment("Gradients returns the gradients of the last Backward, shaped like the model.")
	e.fn(t, "Gradients").Params().Op("*").Id(name).Block(raw("return t.gradient"))
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
		jen.If(raw("o.MaxBatch < 1")).Block(raw("return nil, &nnrt.BorderError{Model: %q, Field: \"MaxBatch\", Got: nnrt.Itoa(o.MaxBatch), Want: \"at least 1\"}", m.Name)),
		raw("t := &%s{Model: m, maxBatch: o.MaxBatch, seed: o.Seed, pool: nnrt.NewPool(o.Workers)}", t),
	}
	for _, h := range e.hypers() {
		body = append(body, raw("t.%s = %s", camel(h.Name), literal(h.Value, symbolic.F64)))
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
		inits = append(inits, arena(fmt.Sprintf("t.eval.init(t.pool, %sa)", capacities(e.chunk, "o.MaxBatch"))),
			arena("t.finish.init(t.pool, "+capacities(e.finish, "o.MaxBatch")+"a)"))
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

	body = append(body, e.seeds("t.forward", e.forward)...)
	body = append(body, e.seeds("t.backward", e.backward)...)
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
	if e.chunk != nil {
		body = append(body, e.parameters("t.eval", e.chunk, "m.flat")...)
	}
	for _, x := range m.Params {
		if v := e.gradValue(x); v != nil && v.Node.Rank() > 0 {
			body = append(body, e.intoFlat("t.backward", v, x, "t.gradient.flat")...)
		}
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
	e.file.Commentf("New%s returns a trainer of m for batches of up to o.MaxBatch rows. All memory is allocated here.", t)
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

// pointUpdate hands the update of group i its slices: parameters and gradients from lo to hi of the flat buffers, states from slo to shi.
func (e *modelEmitter) pointUpdate(i int, g *dsl.Group, lo, hi, slo, shi string) []jen.Code {
	u := e.updates[i]
	frame := fmt.Sprintf("t.update%d", i)
	out := []jen.Code{raw("%s.%s = %s - %s", frame, symField(u.Func.Syms[0]), hi, lo)}
	set := func(n *symbolic.Node, src string) {
		if v := u.resultOf(n); v != nil {
			out = append(out, raw("%s.%s = %s", frame, v.Name, src))
		}
	}
	source := func(name string) string {
		switch name {
		case "p":
			return fmt.Sprintf("t.Model.flat[%s:%s]", lo, hi)
		case "g":
			return fmt.Sprintf("t.gradient.flat[%s:%s]", lo, hi)
		}
		return fmt.Sprintf("t.%s[%s:%s]", stateField(i, name), slo, shi)
	}
	for _, p := range u.Func.Params {
		if p.Rank() > 0 {
			set(p, source(p.Attr.Name))
		}
	}
	for _, r := range u.Func.Results {
		set(r.Node, source(r.Name))
	}
	return out
}

func (e *modelEmitter) forwardMethod(t string, batch *bundle) {
	p := e.forward
	body := []jen.Code{
		raw("t.stage = 0"),
		raw("%serr := b.sizes(%s)", sizeList(batch), e.maxima(batch, "t.maxBatch")),
		jen.If(raw("err != nil")).Block(raw("return %sMetrics{}, err", e.name)),
	}
	body = append(body, e.blank(batch, p)...)
	body = append(body, e.arguments("t.forward", p, "b", "t")...)
	body = append(body, e.numbers("t.forward", p, "t.Model.flat")...)
	body = append(body, e.streams("t.forward", p)...)
	body = append(body, raw("t.forward.run()"))
	body = append(body, e.arguments("t.backward", e.backward, "b", "t")...)
	for i, r := range p.Func.Results[:1+len(e.prog.Model.Train.Metrics)] {
		body = append(body, raw("t.metrics.%s = float64(t.forward.%s)", e.measures()[i], p.value[r.Node].Name))
	}
	body = append(body, raw("t.stage = 1"), raw("return t.metrics, nil"))
	e.file.Comment("Forward computes loss and metrics of a batch and keeps what Backward needs. b's slices must not change before Backward.")
	e.fn(t, "Forward").Params(jen.Id("b").Id(e.name+"Batch")).Params(jen.Id(e.name+"Metrics"), jen.Error()).Block(body...)
}

// blank marks sizes that neither half reads.
func (e *modelEmitter) blank(b *bundle, ps ...*Plan) []jen.Code {
	var out []jen.Code
	for _, s := range b.syms {
		used := false
		for _, p := range append(ps, e.backward) {
			for _, x := range p.Func.Syms {
				used = used || x == s
			}
		}
		if !used {
			out = append(out, raw("_ = %s", symField(s)))
		}
	}
	return out
}

// streams moves a frame's random draws on to this step.
func (e *modelEmitter) streams(frame string, p *Plan) []jen.Code {
	if len(p.Keys) == 0 {
		return nil
	}
	return []jen.Code{raw("nnrt.SetStep(%s.key, t.steps)", frame)}
}

// seeds gives a frame's random draws their streams, once.
func (e *modelEmitter) seeds(frame string, p *Plan) []jen.Code {
	var out []jen.Code
	for _, k := range p.Keys {
		out = append(out, raw("nnrt.SetKeys(%s.key[%d:%d], o.Seed, %q)", frame, k.First, k.First+k.Count, k.Site))
	}
	return out
}

func (e *modelEmitter) order(call, need string, stage int) jen.Code {
	return jen.If(raw("t.stage != %d", stage)).Block(raw("return &nnrt.OrderError{Model: %q, Call: %q, Need: %q}", e.prog.Model.Name, call, need))
}

func (e *modelEmitter) backwardMethod(t string) {
	body := []jen.Code{e.order("Backward", "Forward", 1)}
	body = append(body, e.numbers("t.backward", e.backward, "t.Model.flat")...)
	body = append(body, e.streams("t.backward", e.backward)...)
	for _, p := range e.saved() {
		if p.fwd.Node.Rank() == 0 {
			body = append(body, raw("t.backward.%s = t.forward.%s", p.bwd.Name, p.fwd.Name))
		}
	}
	body = append(body, raw("t.backward.run()"))
	for _, x := range e.prog.Model.Params {
		if v := e.gradValue(x); v != nil && v.Node.Rank() == 0 {
			body = append(body, raw("t.gradient.flat[%d] = t.backward.%s", e.prog.Layout.Offset[x], v.Name))
		}
	}
	body = append(body, raw("t.stage = 2"), raw("return nil"))
	e.file.Comment("Backward computes the gradients of the loss of the last Forward by every trained parameter.")
	e.fn(t, "Backward").Params().Error().Block(body...)
}

func (e *modelEmitter) updateMethod(t string) {
	m := e.prog.Model
	body := []jen.Code{e.order("Update", "Backward", 2), raw("t.steps++")}
	if e.clip != nil {
		body = append(body, raw("t.clip.run()"))
	}
	for i, g := range m.Optimizer.Groups {
		u := e.updates[i]
		if u == nil {
			continue
		}
		if g.Name != "" {
			body = append(body, jen.Comment("Group "+g.Name+"."))
		}
		body = append(body, e.scalarsOf(g, e.prologues[i], u, fmt.Sprintf("t.prologue%d", i), fmt.Sprintf("t.update%d", i), i)...)
		if g.Class == dsl.Elementwise {
			body = append(body, raw("t.update%d.run()", i))
			continue
		}
		body = append(body, e.eachTensor(i, g)...)
	}
	if avg := e.average(); avg != nil {
		body = append(body, e.scalarsOf(m.Optimizer.Average, avg.prologue, avg.update, "t.prologueAverage", "t.updateAverage", 0)...)
		body = append(body, raw("t.updateAverage.run()"))
	}
	body = append(body, raw("t.stage = 0"), raw("return nil"))
	e.file.Comment("Update moves the parameters by the gradients of the last Backward: " + m.Optimizer.Name + ".")
	e.fn(t, "Update").Params().Error().Block(body...)
}

// scalarsOf runs a prologue and hands its results to the update.
func (e *modelEmitter) scalarsOf(g *dsl.Group, pro, u *Plan, frame, update string, i int) []jen.Code {
	var body []jen.Code
	for _, p := range pro.Func.Params {
		v := pro.value[p]
		switch {
		case p.Attr.Name == "t" && p.Op == symbolic.OpHyper:
			body = append(body, raw("%s.%s = float64(t.steps)", frame, v.Name))
		case p.Op == symbolic.OpState:
			body = append(body, raw("%s.%s = t.%s", frame, v.Name, scalarField(i, p.Attr.Name)))
		default:
			body = append(body, raw("%s.%s = t.%s", frame, v.Name, camel(p.Attr.Name)))
		}
	}
	body = append(body, raw("%s.run()", frame))
	for _, s := range g.ScalarStates {
		for _, r := range pro.Func.Results {
			if r.Name == s.Name {
				body = append(body, raw("t.%s = %s.%s", scalarField(i, s.Name), frame, pro.value[r.Node].Name))
			}
		}
	}
	for _, p := range u.Func.Params {
		if p.Rank() > 0 {
			continue
		}
		for _, r := range pro.Func.Results {
			if r.Name == p.Attr.Name {
				body = append(body, raw("%s.%s = %s", update, u.value[p].Name, castExpr(r.Node.DType, p.DType, frame+"."+pro.value[r.Node].Name)))
			}
		}
	}
	return body
}

// averaging is the prologue and the update of the averaged weights.
type averaging struct{ prologue, update *Plan }

// average returns the plans of the averaged weights, or nil.
func (e *modelEmitter) average() *averaging {
	n := len(e.prog.Model.Optimizer.Groups)
	if len(e.updates) == n {
		return nil
	}
	return &averaging{e.prologues[n], e.updates[n]}
}

// eachTensor runs a per-tensor update once for each parameter of its group; those of equal layers in a loop.
func (e *modelEmitter) eachTensor(i int, g *dsl.Group) []jen.Code {
	start := e.prog.Layout.Spans[i].Lo
	var runs []jen.Code
	for _, r := range e.prog.Layout.Runs {
		if !slices.Contains(g.Params, r.Params[0]) {
			continue
		}
		size := paramSize(r.Params[0])
		run := raw("t.update%d.run()", i)
		runs = append(runs, jen.Comment(r.Path))
		if len(r.Params) == 1 {
			lo, hi := r.Offset, r.Offset+size
			runs = append(runs, e.pointUpdate(i, g, fmt.Sprint(lo), fmt.Sprint(hi), fmt.Sprint(lo-start), fmt.Sprint(hi-start))...)
			runs = append(runs, run)
			continue
		}
		body := []jen.Code{raw("lo := %d + j*%d", r.Offset, r.Stride), raw("hi := lo + %d", size)}
		slo, shi := "lo", "hi"
		if start > 0 {
			slo, shi = fmt.Sprintf("lo-%d", start), fmt.Sprintf("hi-%d", start)
		}
		body = append(append(body, e.pointUpdate(i, g, "lo", "hi", slo, shi)...), run)
		runs = append(runs, jen.For(raw("j := range %d", len(r.Params))).Block(body...))
	}
	return runs
}

func (e *modelEmitter) stepMethod(t string) {
	e.file.Comment("Step does one training step on a batch: Forward, Backward, Update. It returns loss and metrics from before the update.")
	e.fn(t, "Step").Params(jen.Id("b").Id(e.name+"Batch")).Params(jen.Id(e.name+"Metrics"), jen.Error()).Block(
		raw("m, err := t.Forward(b)"),
		jen.If(raw("err != nil")).Block(raw("return m, err")),
		jen.If(raw("err := t.Backward(); err != nil")).Block(raw("return m, err")),
		raw("return m, t.Update()"))
}

func (e *modelEmitter) evaluateMethod(t string, batch *bundle) {
	if e.chunk == nil || batch.lead() == nil {
		return
	}
	p, fin := e.chunk, e.finish
	metrics := e.name + "Metrics"
	var body []jen.Code
	body = append(body,
		raw("t.stage = 0"),
		raw("b := %sBatch(d)", e.name),
		jen.Add(raw("%serr := b.sizes(", sizeList(batch)), jen.List(batch.unbounded()...), raw(")")),
		jen.If(raw("err != nil")).Block(raw("return %s{}, err", metrics)),
		raw("rows := %s", symField(batch.rowsSym())))
	for i, s := range e.prog.Eval.Chunk.Results {
		start := literal(0, symbolic.F64)
		if e.prog.Eval.Kinds[i] == collectMax {
			start = "nnrt.Inf[float64](-1)"
		}
		body = append(body, raw("%s := float64(%s)", s.Name, start))
	}
	loop := []jen.Code{
		raw("hi := min(lo+t.maxBatch, rows)"),
		raw("d.Slice(lo, hi, &b)"),
		raw("%s = hi - lo", symField(batch.rowsSym())),
	}
	used := map[*symbolic.Sym]bool{batch.rowsSym(): true}
	for _, f := range []*symbolic.Func{p.Func, fin.Func} {
		for _, s := range f.Syms {
			used[s] = true
		}
	}
	for _, s := range batch.syms {
		if !used[s] {
			body = append(body, raw("_ = %s", symField(s)))
		}
	}
	loop = append(loop, e.arguments("t.eval", p, "b", "t")...)
	loop = append(loop, e.numbers("t.eval", p, "t.Model.flat")...)
	loop = append(loop, raw("t.eval.run()"))
	for _, s := range fin.Func.Syms {
		if s.Name != batchName {
			loop = append(loop, raw("t.finish.%s = %s", symField(s), symField(s)))
		}
	}
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
		if s.Name == batchName {
			body = append(body, raw("t.finish.%s = rows", symField(s)))
		}
	}
	for i, a := range fin.Func.Params {
		name := a.Attr.Name
		_ = i
		if v := fin.value[a]; v != nil {
			body = append(body, raw("t.finish.%s = %s(%s)", v.Name, goTypes[a.DType], name))
		}
	}
	body = append(body, raw("t.finish.run()"), raw("var m %s", metrics))
	hasLoss := e.prog.Model.Infer.Loss != nil
	names := e.measures()
	if !hasLoss {
		names = names[1:]
	}
	for i, r := range fin.Func.Results {
		body = append(body, raw("m.%s = float64(t.finish.%s)", names[i], fin.value[r.Node].Name))
	}
	body = append(body, raw("return m, nil"))
	e.file.Comment("Evaluate computes loss and metrics over a whole data set, as in prediction (no dropout), in chunks of the capacity; every row weighs the same.")
	e.fn(t, "Evaluate").Params(jen.Id("d").Id(e.name+"Data")).Params(jen.Id(metrics), jen.Error()).Block(body...)
}
