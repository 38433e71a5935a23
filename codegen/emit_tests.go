// How is a user's own model tested? A test file that makes data of the model's shapes and hands both to runtime/nncheck.
package codegen

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// The package that generated tests call.
const checkPath, checkName = runtimePath + "/nncheck", "nncheck"

// Sizes of the data that tests draw: as many rows as make regions fork, few for models whose rows are large.
const (
	testRows  = 64
	testLeast = 3
	testWork  = 8e6 // multiplications and additions of a step in products
	testSize  = 6   // other run-time sizes, where their bound allows it
)

// A testFile collects the tests of all models of a source.
type testFile struct {
	file  *jen.File
	empty bool // no model that trains or predicts so far
}

func newTestFile(cfg Config) *testFile {
	f := jen.NewFile(cfg.Package)
	f.HeaderComment(header(cfg))
	f.ImportName(checkPath, checkName)
	return &testFile{f, true}
}

// add writes the tests and benchmarks of a model.
func (f *testFile) add(e *modelEmitter) {
	in, batch := e.bundles()
	if e.forward != nil {
		e.trainingTests(f.file, batch)
		f.empty = false
	}
	if e.predict != nil {
		e.predictionTests(f.file, in)
		f.empty = false
	}
}

// files returns the file, or none.
func (f *testFile) files(base string) ([]File, error) {
	if f.empty {
		return nil, nil
	}
	var b bytes.Buffer
	if err := f.file.Render(&b); err != nil {
		return nil, fmt.Errorf("codegen: generated tests do not parse: %w", err)
	}
	return []File{{Name: base + "_nn_test.go", Data: b.Bytes()}}, nil
}

func (e *modelEmitter) trainingTests(file *jen.File, batch *bundle) {
	fresh := "new" + e.name + "TrainingCheck"
	check := jen.Qual(checkPath, "Training").Index(jen.List(jen.Id(e.typ), jen.Id(e.name+"Batch"), jen.Id(e.name+"Metrics")))
	fields := []jen.Code{raw("Trainer: trainer"), raw("Batch: batch"), raw("Rows: %d", e.testRows()), raw("Schema: model.Schema()"),
		raw("Params: model.Flat()"), raw("Gradients: trainer.Gradients().Flat()")}
	if !e.stopsGradients() {
		fields = append(fields, raw("CheckGradients: trainer.CheckGradients"))
	}
	body := append(e.drawn("batch", batch),
		raw("model := New%s(o.Seed)", e.name),
		raw("trainer, err := New%sTrainer(model, %sTrainerOptions{MaxBatch: %d, Workers: o.Workers, Seed: o.Seed})", e.name, e.name, e.testRows()),
		jen.If(raw("err != nil")).Block(raw("return c, err")),
		jen.Return(jen.Add(check).Values(multiline(fields)...), jen.Nil()))
	file.Commentf("%s makes a trainer of a new %s, and a batch of random values for it.", fresh, e.name)
	file.Func().Id(fresh).Params(jen.Id("o").Qual(checkPath, "Options")).Params(jen.Id("c").Add(check), jen.Err().Error()).Block(body...)
	file.Commentf("Test%sNNTraining checks gradients, allocations, and that workers and vector instructions do not change what is learnt.", e.name)
	file.Func().Id("Test" + e.name + "NNTraining").Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(raw("nncheck.TestTraining(t, %s)", fresh))
	file.Commentf("Benchmark%sNNStep measures a training step on %s.", e.name, e.testRowsText())
	file.Func().Id("Benchmark" + e.name + "NNStep").Params(jen.Id("b").Op("*").Qual("testing", "B")).Block(raw("nncheck.BenchmarkStep(b, %s)", fresh))
}

func (e *modelEmitter) predictionTests(file *jen.File, in *bundle) {
	fresh := "new" + e.name + "PredictionCheck"
	check := jen.Qual(checkPath, "Prediction").Index(jen.List(jen.Id(e.typ), jen.Id(e.name+"Input"), jen.Id(e.name+"Output")))
	body := append(e.drawn("input", in),
		raw("model := New%s(o.Seed)", e.name),
		raw("options := %sPredictorOptions{MaxBatch: %d, Workers: o.Workers}", e.name, e.testRows()),
		raw("predictor, err := New%sPredictor(model, options)", e.name),
		jen.If(raw("err != nil")).Block(raw("return c, err")),
		raw("live, err := New%sLive(model, options)", e.name),
		jen.If(raw("err != nil")).Block(raw("return c, err")),
		jen.Return(jen.Add(check).Values(raw("Predictor: predictor"), raw("Live: live"), raw("Input: input"), raw("Rows: %d", e.testRows())), jen.Nil()))
	file.Commentf("%s makes predictors of a new %s, and an input of random values for them.", fresh, e.name)
	file.Func().Id(fresh).Params(jen.Id("o").Qual(checkPath, "Options")).Params(jen.Id("c").Add(check), jen.Err().Error()).Block(body...)
	file.Commentf("Test%sNNPrediction checks allocations, and that workers, concurrency and vector instructions do not change what is predicted.", e.name)
	file.Func().Id("Test" + e.name + "NNPrediction").Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(raw("nncheck.TestPrediction(t, %s)", fresh))
	file.Commentf("Benchmark%sNNPredict measures a prediction for %s.", e.name, e.testRowsText())
	file.Func().Id("Benchmark" + e.name + "NNPredict").Params(jen.Id("b").Op("*").Qual("testing", "B")).Block(raw("nncheck.BenchmarkPredict(b, %s)", fresh))
}

// drawn writes a variable that holds a struct of random values: what its fields hold, and its sizes that no field's length says.
func (e *modelEmitter) drawn(variable string, b *bundle) []jen.Code {
	var out []jen.Code
	if len(b.inputs) > 0 {
		out = append(out, raw("d := nncheck.NewDraw(o.Seed)"))
	}
	text := b.name + "{\n"
	for _, x := range b.inputs {
		text += fmt.Sprintf("%s: %s,", b.names.input(x), e.drawnInput(x))
		if len(x.Shape) > 0 {
			text += " // " + symbolic.ShapeString(x.Shape)
		}
		text += "\n"
	}
	for _, s := range b.solve {
		if s.input == nil {
			text += fmt.Sprintf("%s: %d,\n", b.names.size(s.sym), e.testSize(s.sym))
		}
	}
	return append(out, raw("%s := %s}", variable, text))
}

// drawnInput returns the expression that draws one input. Integers without a known limit are small.
func (e *modelEmitter) drawnInput(x *dsl.Input) string {
	n := "1"
	if len(x.Shape) > 0 {
		sizes := make([]string, len(x.Shape))
		for i, d := range x.Shape {
			sizes[i] = fmt.Sprint(d.Eval(e.testSize))
		}
		n = strings.Join(sizes, "*")
	}
	draw := ""
	switch x.DType {
	case symbolic.I32:
		limit := 10
		if x.Limit.Valid() {
			limit = x.Limit.Eval(e.testSize)
		}
		draw = fmt.Sprintf("d.Indices(%s, %d)", n, limit)
	case symbolic.Bool:
		draw = fmt.Sprintf("d.Bools(%s)", n)
	case symbolic.U8:
		draw = fmt.Sprintf("d.Bytes(%s)", n)
	default:
		draw = fmt.Sprintf("nncheck.Floats[%s](d, %s)", goTypes[x.DType], n)
	}
	if len(x.Shape) == 0 {
		draw += "[0]"
	}
	return draw
}

// testRows returns the number of rows that tests draw: one for a model without a batch.
func (e *modelEmitter) testRows() int {
	batched := false
	for _, s := range e.prog.sizes() {
		batched = batched || s.Name == batchName
	}
	if !batched {
		return 1
	}
	work := 0
	for _, p := range []*Plan{e.predict, e.forward, e.backward} {
		if p != nil {
			work += p.products().Eval(func(s *symbolic.Sym) int {
				if s.Name == batchName {
					return 1
				}
				return e.testSize(s)
			})
		}
	}
	return max(testLeast, min(testRows, int(testWork)/max(work, 1)))
}

func (e *modelEmitter) testRowsText() string {
	if n := e.testRows(); n > 1 {
		return fmt.Sprint(n, " rows")
	}
	return "one row"
}

// testSize returns a run-time size of the data that tests draw.
func (e *modelEmitter) testSize(s *symbolic.Sym) int {
	switch {
	case s.Name == batchName:
		return e.testRows()
	case s.Max > 0:
		return min(s.Max, testSize)
	}
	return testSize
}
