// How does a batch come in parts? Accumulate runs a part forward and backward and adds up what it gives; Apply updates by the sums.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// addition returns the Func that adds the gradients of a part to those before.
func addition(float symbolic.DType) *symbolic.Func {
	g := symbolic.NewGraph()
	n := symbolic.SymDim("n", 0)
	sum, grad := g.Leaf(symbolic.OpArg, "sum", float, []symbolic.Dim{n}), g.Leaf(symbolic.OpArg, "g", float, []symbolic.Dim{n})
	return optimised(&symbolic.Func{Name: "add", Doc: "adds the gradients of a part of a batch to those of the parts before it", Syms: n.Syms(),
		Params: []*symbolic.Node{sum, grad}, Results: []symbolic.Result{{Name: "sum", Node: g.Must(symbolic.OpAdd, symbolic.Attr{}, sum, grad)}}})
}

// parts returns how batches come in parts; nil where they cannot.
func (e *modelEmitter) parts() *Accumulation {
	if a := e.prog.Parts; a.Refused == "" {
		return a
	}
	return nil
}

// partFields are the trainer's fields for batches that come in parts.
func (e *modelEmitter) partFields() []jen.Code {
	if e.parts() == nil {
		return nil
	}
	out := []jen.Code{jen.Line().Id("parts").Qual(runtimePath, "Parts").Comment("of the batch that Accumulate is given")}
	if e.weighed() {
		out = append(out, jen.Id("of").Int().Comment("rows of the whole batch while Forward runs a part of it"))
	}
	return append(out,
		jen.Id("whole").Id(e.name+"Metrics").Comment("of the parts so far"),
		jen.Id("sum").Index().Id(e.typ).Comment("their gradients; made by the first Accumulate"),
		jen.Id("add").Id(e.add.Name))
}

// weighed reports whether a frame reads the rows of the whole batch, or the part's share of it.
func (e *modelEmitter) weighed() bool {
	return slices.ContainsFunc(e.halves(), func(h stepFrame) bool {
		return slices.ContainsFunc(h.plan.Func.Syms, e.prog.isTotal) || h.plan.value[e.prog.Parts.Share] != nil
	})
}

// whole declares, in Forward, the rows of the whole batch. Outside of Accumulate it is the batch at hand.
func (e *modelEmitter) whole(batch *bundle) []jen.Code {
	if e.parts() == nil || !e.weighed() {
		return nil
	}
	return []jen.Code{raw("%s := max(%s, t.of)", symField(e.prog.Parts.Total), symField(batch.rowsSym())).Comment("rows of the whole batch, of which this one may be a part")}
}

// shares hands the part's share of the whole batch to both frames.
func (e *modelEmitter) shares(batch *bundle) []jen.Code {
	if e.parts() == nil {
		return nil
	}
	var out []jen.Code
	for _, h := range e.halves() {
		if v := h.plan.value[e.prog.Parts.Share]; v != nil {
			out = append(out, raw("%s.%s = %s(float64(%s) / float64(%s))", h.name, v.Name, e.typ, symField(batch.rowsSym()), symField(e.prog.Parts.Total)))
		}
	}
	return out
}

// A stepFrame is one of the two frames of a step.
type stepFrame struct {
	name string // in the trainer
	plan *Plan
}

func (e *modelEmitter) halves() []stepFrame {
	return []stepFrame{{"t.forward", e.forward}, {"t.backward", e.backward}}
}

// rowDraws are the streams of a frame that rows draw from.
func (h stepFrame) rowDraws() []KeyRange {
	return slices.DeleteFunc(slices.Clone(h.plan.Keys), func(k KeyRange) bool { return !hasBatch(k.Shape) })
}

// moveDraws has the rows of a part draw what they draw in the whole batch, where first rows come before them. It returns the sizes that it
// reads, too.
func (e *modelEmitter) moveDraws(batch *bundle) (body []jen.Code, used []*symbolic.Sym) {
	for _, h := range e.halves() {
		for _, k := range h.rowDraws() {
			width, ok := symbolic.Size(k.Shape).Div(batch.rowsSym().Dim())
			if !ok {
				continue // drawn for a metric that does not add up
			}
			used = append(used, width.Syms()...)
			body = append(body, raw("nnrt.SetFirst(%s.key[%d:%d], first, %s)", h.name, k.First, k.First+k.Count, sizeExpr(width, symField)))
		}
	}
	return body, used
}

// resetDraws has rows draw as in a whole batch again.
func (e *modelEmitter) resetDraws() []jen.Code {
	var body []jen.Code
	for _, h := range e.halves() {
		if len(h.rowDraws()) > 0 {
			body = append(body, raw("nnrt.SetFirst(%s.key, 0, 0)", h.name))
		}
	}
	return body
}

// accumulateMethods writes Accumulate and Apply.
func (e *modelEmitter) accumulateMethods(t string, batch *bundle) {
	model, metrics := e.prog.Model.Name, e.name+"Metrics"
	if e.parts() == nil {
		refusal := fmt.Sprintf("&nnrt.BorderError{Model: %q, Got: \"a part of a batch\", Want: %q}", model, "whole batches, by Step: "+e.prog.Parts.Refused)
		e.file.Commentf("Accumulate returns an error: batches of this model cannot come in parts, because %s.", e.prog.Parts.Refused)
		e.fn(t, "Accumulate").Params(jen.Id("_").Id(e.name+"Batch"), jen.Id("_").Int()).Error().Block(raw("return %s", refusal))
		e.file.Comment("Apply returns the same error as Accumulate.")
		e.fn(t, "Apply").Params().Params(jen.Id(metrics), jen.Error()).Block(raw("return %s{}, %s", metrics, refusal))
		return
	}
	rows := symField(batch.rowsSym())
	draws, used := e.moveDraws(batch)
	used = append(used, batch.rowsSym())
	var check []jen.Code
	for _, s := range e.prog.Parts.Fixed {
		if slices.Contains(e.forward.Func.Syms, s) {
			used = append(used, s)
			check = append(check, jen.If(raw("err := nnrt.CheckPartSize(%q, %q, &t.parts, %s, t.forward.%s); err != nil", model, s.Name, symField(s), symField(s))).
				Block(raw("return err")))
		}
	}
	sizes := ""
	for _, s := range batch.syms {
		if slices.Contains(used, s) {
			sizes += symField(s) + ", "
		} else {
			sizes += "_, "
		}
	}
	body := []jen.Code{
		raw("%serr := b.sizes(%s)", sizes, e.maxima(batch, "t.maxBatch")),
		jen.If(raw("err != nil")).Block(raw("return err")),
		jen.If(raw("err := t.parts.Check(%q, %s, of); err != nil", model, rows)).Block(raw("return err")),
	}
	body = append(body, check...)
	size := e.prog.Layout.Size
	sum, grad := e.add.value[e.add.Func.Params[0]], e.add.value[e.add.Func.Params[1]]
	body = append(body, jen.If(raw("t.sum == nil")).Block(
		raw("t.sum = nnrt.Aligned[%s](%d)", e.typ, size),
		raw("t.add.%s, t.add.%s, t.add.%s = t.sum, t.gradient.flat, t.sum", sum.Name, grad.Name, e.add.resultOf(e.add.Func.Results[0].Node).Name)),
		raw("first := t.parts.Rows()"))
	body = append(body, draws...)
	begin := "t.stage = 0"
	if e.weighed() {
		begin = "t.stage, t.of = 0, of"
	}
	body = append(body, raw("%s", begin), raw("m, err := t.Forward(b)"))
	if e.weighed() {
		body = append(body, raw("t.of = 0"))
	}
	body = append(body,
		jen.If(raw("err != nil")).Block(raw("return err")),
		jen.If(raw("err := t.Backward(); err != nil")).Block(raw("return err")))
	add := "t.parts.Add(%s, of)"
	if slices.Contains(e.prog.Parts.Loose, true) {
		add = "share := " + add
	}
	body = append(body,
		raw(add, rows),
		jen.If(raw("first == 0")).Block(raw("copy(t.sum, t.gradient.flat)"), raw("t.whole = %s{}", metrics)).Else().Block(raw("t.add.run()")))
	var loose []string
	for i, name := range e.measures() {
		if i > 0 && e.prog.Parts.Loose[i-1] {
			loose = append(loose, name)
			body = append(body, raw("t.whole.%s += share * m.%s", name, name))
			continue
		}
		body = append(body, raw("t.whole.%s += m.%s", name, name))
	}
	body = append(body, raw("t.stage = 3"), raw("return nil"))
	e.doc(`Accumulate computes the gradients of b, a part of a batch of as many rows as of says, and adds them to those of the parts before it.
The parts together count as one batch: a row weighs what it weighs in Step on all of them, and what has no rows, such as a penalty, counts once.
Inputs without rows must be the same for all parts. Apply ends the batch; until then Step and Forward are errors. A part with an error does not
count. The first call allocates memory for the sums.`)
	e.fn(t, "Accumulate").Params(jen.Id("b").Id(e.name+"Batch"), jen.Id("of").Int()).Error().Block(body...)

	doc := []string{"Apply updates the parameters by the gradients of all parts together, as Step does for a batch that comes whole, and returns the whole batch's loss",
		"and metrics from before the update. Where the parts are not all of the batch it is an error that forgets them."}
	if len(loose) > 0 {
		doc = append(doc, fmt.Sprintf("No sum over rows, and so the mean over the parts, weighed by their rows: %s.", strings.Join(loose, ", ")))
	}
	body = []jen.Code{
		jen.If(raw("t.parts.Rows() == 0")).Block(raw("return %s{}, &nnrt.OrderError{Model: %q, Call: \"Apply\", Need: \"Accumulate\"}", metrics, model)),
		raw("t.stage = 0"),
	}
	body = append(body, e.resetDraws()...)
	body = append(body,
		jen.If(raw("err := t.parts.Close(%q); err != nil", model)).Block(raw("return %s{}, err", metrics)),
		raw("copy(t.gradient.flat, t.sum)"),
		raw("t.stage = 2"),
		raw("return t.whole, t.Update()"))
	e.doc("%s", strings.Join(doc, "\n"))
	e.fn(t, "Apply").Params().Params(jen.Id(metrics), jen.Error()).Block(body...)
}

// idle forgets a step half done, but not the parts of a batch.
func (e *modelEmitter) idle() jen.Code {
	if e.parts() == nil {
		return raw("t.stage = 0")
	}
	return jen.If(raw("t.stage != 3")).Block(raw("t.stage = 0"))
}
