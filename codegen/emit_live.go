// How does a program predict from many goroutines while it trains? A type that wraps nnrt.Live: typed Publish, Predict and Snapshot.
package codegen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"
)

// live writes the type XLive of a model that has outputs.
func (e *modelEmitter) live() {
	name, t := e.name, e.name+"Live"
	hypers := e.liveHypers()

	wrapped := jen.Id("live").Op("*").Qual(runtimePath, "Live").Index(jen.List(jen.Id(e.typ), jen.Id(name+"Predictor")))
	fields := []jen.Code{wrapped}
	if len(hypers.fields) > 0 {
		fields = append(hypers.fields, jen.Line().Add(wrapped))
	}
	e.doc(`%[1]s predicts from many goroutines while the model changes, in one process with its trainer or in a service that loads new weights.
It holds its own copies of the parameters. [%[1]s.Publish] makes the next one, and predictions that begin afterwards read it;
those that are under way go on with the copy they began with. So every prediction reads the parameters of one moment, whole.

All methods may be called from any goroutine at any time. Predictions take no lock, wait for nobody, and share neither memory
nor workers. There are two copies of the parameters, and more only while readers hold them, at most two more than
predictions run at one time; each has a predictor for as many predictions as ever used it at one time. All are kept, and used
again.`, t)
	if len(hypers.fields) > 0 {
		e.doc("\nIts numbers are those of every prediction, and are to be set before the first.")
	}
	e.file.Type().Id(t).Struct(fields...)

	body := []jen.Code{
		jen.If(raw("err := nnrt.CheckModel(%q, m == nil || m.flat == nil); err != nil", e.prog.Model.Name)).Block(raw("return nil, err")),
		jen.If(raw("o.Workers == 0")).Block(raw("o.Workers = 1")),
		raw("live, err := nnrt.NewLive(m.flat, func(flat []%s) (*%sPredictor, error)", e.typ, name).Block(
			raw("copied := new(%s)", name),
			raw("copied.bind(flat)"),
			raw("return New%sPredictor(copied, o)", name),
		).Op(")"),
		jen.If(raw("err != nil")).Block(raw("return nil, err")),
	}
	body = append(body, jen.Return(jen.Op("&").Id(t).Values(append(hypers.values, jen.Id("live").Op(":").Id("live"))...), jen.Nil()))
	e.doc(`New%s returns a %s that predicts with a copy of m's parameters, for batches of up to o.MaxBatch rows. Unlike in a predictor, 0
workers mean 1: predictions that run at the same time keep all processors busy without forks.`, t, t)
	e.file.Func().Id("New"+t).Params(jen.Id("m").Op("*").Id(name), jen.Id("o").Id(name+"PredictorOptions")).
		Params(jen.Op("*").Id(t), jen.Error()).Block(body...)

	e.doc(`Publish makes a copy of m's parameters what predictions read from now on: m is the trainer's model between two of its steps, called by
the goroutine that trains, or any other model that nobody changes meanwhile. It takes the time of copying them, never waits for a
prediction, and allocates only when predictions hold every copy but the current one. The error says that m is nil or empty.`)
	e.fn(t, "Publish").Params(jen.Id("m").Op("*").Id(name)).Error().Block(
		jen.If(raw("err := nnrt.CheckModel(%q, m == nil || m.flat == nil); err != nil", e.prog.Model.Name)).Block(raw("return err")),
		raw("l.live.Publish(m.flat)"),
		raw("return nil"))

	e.file.Comment("Predict computes the outputs for a batch, in memory that is the caller's, which is all that it allocates.")
	e.fn(t, "Predict").Params(jen.Id("b").Id(name+"Input")).Params(jen.Id(name+"Output"), jen.Error()).Block(
		raw("var out %sOutput", name),
		raw("err := l.PredictInto(b, &out)"),
		raw("return out, err"))

	e.file.Comment("PredictInto is Predict into the slices of out, which grow where they are too short; otherwise it allocates nothing. After an error out is as it was.")
	e.fn(t, "PredictInto").Params(jen.Id("b").Id(name+"Input"), jen.Id("out").Op("*").Id(name+"Output")).Error().Block(e.predictInto(hypers)...)

	e.file.Commentf("Version returns how often Publish has been called: 0 while predictions read the parameters given to New%s.", t)
	e.fn(t, "Version").Params().Uint64().Block(raw("return l.live.Version()"))

	e.file.Comment("Snapshot returns the parameters that predictions read now, in memory that is the caller's, and their version: to save or examine while training goes on.")
	e.fn(t, "Snapshot").Params().Params(jen.Id("m").Op("*").Id(name), jen.Id("version").Uint64()).Block(
		raw("s := l.live.Acquire()"),
		raw("defer s.Release()"),
		raw("m = new(%s)", name),
		raw("m.bind(nnrt.Aligned[%s](%d))", e.typ, e.prog.Layout.Size),
		raw("copy(m.flat, s.Flat())"),
		raw("return m, s.Version()"))
}

// doc writes a comment of several lines.
func (e *modelEmitter) doc(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		e.file.Comment(line)
	}
}

// liveHypers are the model's numbers that predictions read.
type liveHypers struct{ fields, values, set []jen.Code }

func (e *modelEmitter) liveHypers() liveHypers {
	var h liveHypers
	for _, x := range e.prog.Model.Hypers {
		if e.predict.value[x.Node] == nil {
			continue
		}
		n := e.names.hyper(x.Name)
		h.fields = append(h.fields, jen.Id(n).Float64())
		h.values = append(h.values, raw("%s: %s", n, literal(x.Value, x.Node.DType)))
		h.set = append(h.set, raw("p.%s = l.%s", n, n))
	}
	return h
}

// predictInto writes a prediction on the current snapshot. A predictor that panicked is not used again.
func (e *modelEmitter) predictInto(hypers liveHypers) []jen.Code {
	body := []jen.Code{
		raw("s := l.live.Acquire()"),
		raw("defer s.Release()"),
		raw("p, err := s.Borrow()"),
		jen.If(raw("err != nil")).Block(raw("return err")),
	}
	body = append(body, hypers.set...)
	body = append(body, raw("r, err := p.Predict(b)"))
	var results []jen.Code
	for _, r := range e.predict.Func.Results {
		f := e.names.output(r.Name)
		if r.Node.Rank() == 0 {
			results = append(results, raw("out.%s = r.%s", f, f))
			continue
		}
		results = append(results, raw("out.%s = append(out.%s[:0], r.%s...)", f, f, f))
	}
	return append(body, jen.If(raw("err == nil")).Block(results...), raw("s.Return(p)"), raw("return err"))
}
