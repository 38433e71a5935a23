// How is a training step written in Go? Forward, Backward and Update, checked to come in this order, and Step, which is all three.
package codegen

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

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
	var body []jen.Code
	if e.parts() != nil {
		body = append(body, jen.If(raw("t.stage == 3")).Block(
			raw("return %sMetrics{}, &nnrt.OrderError{Model: %q, Call: \"Step or Forward\", Need: \"Apply of the parts accumulated\"}", e.name, e.prog.Model.Name)))
	}
	body = append(body,
		raw("t.stage = 0"),
		raw("%serr := b.sizes(%s)", sizeList(batch), e.maxima(batch, "t.maxBatch")),
		jen.If(raw("err != nil")).Block(raw("return %sMetrics{}, err", e.name)))
	body = append(body, e.whole(batch)...)
	body = append(body, e.blank(batch, p)...)
	body = append(body, e.arguments("t.forward", p, "b", "t")...)
	body = append(body, e.numbers("t.forward", p, "t.Model.flat")...)
	body = append(body, e.shares(batch)...)
	body = append(body, e.streams("t.forward", p)...)
	body = append(body, raw("t.forward.run()"))
	if e.shadow != nil {
		body = append(body, raw("t.backward.done = nil // a Step that panicked left it"))
	}
	body = append(body, e.arguments("t.backward", e.backward, "b", "t")...)
	body = append(body, e.streams("t.backward", e.backward)...)
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

func (e *modelEmitter) order(call, need string, stage int) jen.Code {
	return jen.If(raw("t.stage != %d", stage)).Block(raw("return &nnrt.OrderError{Model: %q, Call: %q, Need: %q}", e.prog.Model.Name, call, need))
}

func (e *modelEmitter) backwardMethod(t string) {
	body := []jen.Code{e.order("Backward", "Forward", 1), raw("t.stage = 0 // until it is done")}
	body = append(body, e.numbers("t.backward", e.backward, "t.Model.flat")...)
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
	body = append(body, e.averageUpdate()...)
	body = append(body, raw("t.stage = 0"), raw("return nil"))
	e.file.Comment("Update moves the parameters by the gradients of the last Backward: " + m.Optimizer.Name + ".")
	e.fn(t, "Update").Params().Error().Block(body...)
}

// averageUpdate moves the averaged weights after the parameters.
func (e *modelEmitter) averageUpdate() []jen.Code {
	avg := e.average()
	if avg == nil {
		return nil
	}
	body := e.scalarsOf(e.prog.Model.Optimizer.Average, avg.prologue, avg.update, "t.prologueAverage", "t.updateAverage", 0)
	return append(body, raw("t.updateAverage.run()"))
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
			body = append(body, raw("%s.%s = t.%s", frame, v.Name, e.names.hyper(p.Attr.Name)))
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
	if e.shadow != nil {
		e.file.Comment("Step does one training step on a batch: Forward, and Backward, in which each parameter is updated as soon as its gradient is done, by the same bits as in")
		e.file.Comment("Update. It returns loss and metrics from before the update.")
	} else {
		e.file.Comment("Step does one training step on a batch: Forward, Backward, Update. It returns loss and metrics from before the update.")
	}
	body := []jen.Code{raw("m, err := t.Forward(b)"), jen.If(raw("err != nil")).Block(raw("return m, err"))}
	if e.shadow != nil {
		body = append(body, e.shadowStep()...)
	} else {
		body = append(body, jen.If(raw("err := t.Backward(); err != nil")).Block(raw("return m, err")), raw("return m, t.Update()"))
	}
	e.fn(t, "Step").Params(jen.Id("b").Id(e.name+"Batch")).Params(jen.Id(e.name+"Metrics"), jen.Error()).Block(body...)
}
