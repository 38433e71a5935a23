// How do tests use generated models? All models of testdata/models, as they are and in float64, become one program that answers calls;
// an adapter for each is written from the types that the generated file declares.
package codegen

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nngen/dsl"
)

// A testModel is one generated model.
type testModel struct {
	name  string // in Go
	model *dsl.Model
	code  []byte
	files []File
	base  string // what their names begin with
	rows  int    // of the set that is evaluated: more than a batch where the loss is made of sums over rows
	parts *Accumulation
	// The fields of its types, in order: name and Go type.
	input, batch, output, metrics, trainer []field
}

type field struct{ name, typ string }

// loadModel generates the model of a file. Every old text in it is replaced by the new one after it.
func loadModel(t *testing.T, file string, replace ...string) *testModel {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata/models", file))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(src), replace[i]) {
			t.Fatalf("%s: no %q", file, replace[i])
		}
	}
	text := strings.NewReplacer(replace...).Replace(string(src))
	pkg, list := dsl.Load(dsl.Options{}, file, []byte(text))
	if pkg == nil || len(pkg.Models) != 1 {
		t.Fatalf("%s: %v", file, list)
	}
	return newTestModel(t, pkg, file)
}

// newTestModel generates the only model of a package.
func newTestModel(t *testing.T, pkg *dsl.Package, file string) *testModel {
	t.Helper()
	m := &testModel{model: pkg.Models[0], base: strings.TrimSuffix(file, ".nn")}
	m.name = camel(m.model.Name)
	files, err := Generate(pkg.Models, Config{Package: "main", Source: file, Fset: pkg.Fset, task: 20_000})
	if err != nil {
		t.Fatal(err)
	}
	m.code, m.files = files[0].Data, files
	prog, err := newProgram(m.model, false)
	if err != nil {
		t.Fatal(err)
	}
	if m.rows = setRows; prog.Eval.Finish == nil {
		m.rows = capacity
	}
	m.parts = prog.Parts
	m.fields(t)
	return m
}

// inFloat64 is what loadModel replaces to get a model of another name in float64.
func inFloat64(name string) []string {
	return []string{"model " + name + " {", "model " + name + "64 {\n    precision float64\n"}
}

// fields reads the declared types.
func (m *testModel) fields(t *testing.T) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", m.code, 0)
	if err != nil {
		t.Fatal(err)
	}
	into := map[string]*[]field{m.name + "Input": &m.input, m.name + "Batch": &m.batch, m.name + "Output": &m.output, m.name + "Metrics": &m.metrics, m.name + "Trainer": &m.trainer}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		s, ok := spec.Type.(*ast.StructType)
		if to := into[spec.Name.Name]; ok && to != nil {
			for _, f := range s.Fields.List {
				typ := ""
				switch x := f.Type.(type) {
				case *ast.Ident:
					typ = x.Name
				case *ast.ArrayType:
					typ = "[]" + x.Elt.(*ast.Ident).Name
				}
				for _, name := range f.Names {
					*to = append(*to, field{name.Name, typ})
				}
			}
		}
		return true
	})
}

// goName is the field of an input; the fields of a batch are in the order of the inputs.
func (m *testModel) goName(input string) string {
	for i, x := range m.model.Inputs {
		if x.Name == input {
			return m.batch[i].name
		}
	}
	return ""
}

// adapter writes the glue of a model.
func (m *testModel) adapter() string {
	var b strings.Builder
	literal := func(typ string, fields []field) string {
		var parts []string
		for _, f := range fields {
			value := fmt.Sprintf("floats[%s](c, %q)", strings.TrimPrefix(f.typ, "[]"), f.name)
			switch {
			case f.typ == "int":
				value = fmt.Sprintf("c.Sizes[%q]", f.name)
			case f.typ == "[]bool":
				value = fmt.Sprintf("bools(c, %q)", f.name)
			case f.typ == "bool":
				value = fmt.Sprintf("bools(c, %q)[0]", f.name)
			case !strings.HasPrefix(f.typ, "[]"):
				value += "[0]"
			}
			parts = append(parts, f.name+": "+value)
		}
		return m.name + typ + "{" + strings.Join(parts, ", ") + "}"
	}
	var outs, metrics []string
	for _, f := range m.output {
		switch {
		case f.typ == "[]bool":
			outs = append(outs, "wideBools(o."+f.name+")")
		case f.typ == "bool":
			outs = append(outs, "wideBools([]bool{o."+f.name+"})")
		case strings.HasPrefix(f.typ, "[]"):
			outs = append(outs, "wide(o."+f.name+")")
		default:
			outs = append(outs, "{float64(o."+f.name+")}")
		}
	}
	for _, f := range m.metrics {
		metrics = append(metrics, "x."+f.name)
	}
	measured := func(call, typ string) string {
		return fmt.Sprintf("func(c *Call) ([]float64, error) { x, err := t.%s(%s); return []float64{%s}, err }", call, literal(typ, m.batch), strings.Join(metrics, ", "))
	}
	partAllocs := ""
	if m.parts.Refused == "" {
		partAllocs = `testing.AllocsPerRun(10, func() { t.Accumulate(b, 2*c.Sizes["Batch"]); t.Accumulate(b, 2*c.Sizes["Batch"]); t.Apply() }),`
	}
	set, rows := "", "1"
	if strings.Contains(string(m.code), ") Gather(rows []int") {
		set, rows = fmt.Sprintf("_ nnrt.Set[%[1]sBatch] = (*%[1]sData)(nil)\n\t_ func(*%[1]sTrainer, %[1]sData) func() (nnrt.Measures, error) = (*%[1]sTrainer).On", m.name), "c.Sizes[\"Batch\"]"
	}
	var hypers []string
	for _, f := range m.trainer {
		if f.typ == "float64" && ast.IsExported(f.name) {
			hypers = append(hypers, "&t."+f.name)
		}
	}
	average := "nil"
	if m.model.Optimizer.Average != nil {
		average = "t.Average.Flat()"
	}
	fmt.Fprintf(&b, `package main

import (
	"testing"

	nnrt "nngen/runtime"
)

var (
	_ nnrt.Trainer[%[1]sBatch, %[1]sMetrics] = (*%[1]sTrainer)(nil)
	_ nnrt.Measures = %[1]sMetrics{}
	%[11]s
)

func init() {
	adapters[%[1]q] = func(seed uint64, capacity int) (*adapter, error) {
		m := New%[1]s(seed)
		t, err := New%[1]sTrainer(m, %[1]sTrainerOptions{MaxBatch: capacity, Seed: seed})
		if err != nil {
			return nil, err
		}
		p, err := New%[1]sPredictor(m, %[1]sPredictorOptions{MaxBatch: capacity})
		if err != nil {
			return nil, err
		}
		return &adapter{
			schema: m.Schema(),
			params: func() []float64 { return wide(m.Flat()) },
			grads: func() []float64 { return wide(t.Gradients().Flat()) },
			set: func(x []float64) { narrow(m.Flat(), x) },
			predict: func(c *Call) ([][]float64, error) { o, err := p.Predict(%[2]s); return [][]float64{%[3]s}, err },
			forward: %[4]s,
			step: %[5]s,
			evaluate: %[6]s,
			accumulate: func(c *Call) error { return t.Accumulate(%[9]s, c.Sizes["part of"]) },
			apply: func() ([]float64, error) { x, err := t.Apply(); return x.AppendTo(nil), err },
			backward: t.Backward,
			update: t.Update,
			forks: t.Forks,
			resume: func(c *Call) error {
				type subj = subject[%[12]s, %[1]sBatch, %[1]sMetrics]
				flat := func(m *%[1]s, err error) ([]%[12]s, error) {
					if err != nil {
						return nil, err
					}
					return m.Flat(), nil
				}
				o := origin[%[12]s, %[1]sBatch, %[1]sMetrics]{
					rows: %[13]s, parts: %[14]v,
					fresh: func(seed uint64) (*subj, error) {
						m := New%[1]s(seed)
						t, err := New%[1]sTrainer(m, %[1]sTrainerOptions{MaxBatch: capacity, Seed: seed})
						if err != nil {
							return nil, err
						}
						return &subj{t, t, m.Flat(), t.Gradients().Flat(), %[15]s, []*float64{%[16]s}, m.Save, %[7]s}, nil
					},
					loadModel: func(path string, a ...nnrt.Attachment) ([]%[12]s, error) { return flat(Load%[1]s(path, a...)) },
					fromBytes: func(data []byte, a ...nnrt.Attachment) ([]%[12]s, error) { return flat(%[1]sFromBytes(data, a...)) },
				}
				return o.resume()
			},
			allocs: func(c *Call) []float64 {
				b, d, in := %[7]s, %[8]s, %[2]s
				return []float64{
					testing.AllocsPerRun(10, func() { t.Step(b) }),
					testing.AllocsPerRun(10, func() { p.Predict(in) }),
					testing.AllocsPerRun(10, func() { t.Evaluate(d) }),
					%[10]s
				}
			},
		}, nil
	}
}
`, m.name, literal("Input", m.input), strings.Join(outs, ", "), measured("Forward", "Batch"), measured("Step", "Batch"), measured("Evaluate", "Data"),
		literal("Batch", m.batch), literal("Data", m.batch), literal("Batch", m.batch), partAllocs,
		set, goTypes[m.model.Float], rows, m.parts.Refused == "", average, strings.Join(hypers, ", "))
	return b.String()
}

// Mirrors of the driver's types.
type (
	modelJob struct {
		Model    string
		Seed     uint64
		Capacity int
		Calls    []modelCall
	}
	modelCall struct {
		Method string
		Data   map[string][]float64
		Sizes  map[string]int
	}
	modelAnswer struct {
		Err     string
		Schema  []paramPlace
		Results [][][]float64
	}
	paramPlace struct {
		Path         string
		Offset, Size int
	}
)

// modelFiles returns the program of several models.
func modelFiles(t *testing.T, models []*testModel) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{"main.go", "resume.go"} {
		driver, err := os.ReadFile("testdata/models/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(driver)
	}
	for _, m := range models {
		for _, f := range m.files {
			files[lower(m.name)+strings.TrimPrefix(f.Name, m.base)] = string(f.Data)
		}
		files[lower(m.name)+"_adapter.go"] = m.adapter()
	}
	return files
}

// ask runs the program on jobs.
func ask(t *testing.T, exe string, jobs []modelJob, h host) []modelAnswer {
	t.Helper()
	dir := t.TempDir()
	var in bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(jobs); err != nil {
		t.Fatal(err)
	}
	inFile, outFile := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(inFile, in.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, inFile, outFile)
	cmd.Env = h.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(outFile)
	if err != nil {
		t.Fatal(err)
	}
	var answers []modelAnswer
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&answers); err != nil {
		t.Fatal(err)
	}
	return answers
}
