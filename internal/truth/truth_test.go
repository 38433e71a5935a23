// Package truth compares generated code with results that PyTorch computed in float64 (testdata, or the folder that
// NNGEN_TRUTH names): functions, losses, layers, optimizers, and whole models trained 20 steps.
//
// Every row of the data becomes one model in the language, with the row's shapes and settings in its text. All models of a
// file are generated as Go, built into one program with package driver, and run; what comes out is compared with the row by
// the rule of the folder's README.
package truth

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/dsl/diag"
	"nngen/internal/truth/driver"
)

// A truthCase is one row: a model, a job for it, and what must come out.
type truthCase struct {
	row     *row
	pending bool
	name    string   // of the model
	lines   []string // of its body
	job     driver.Job
	scale   float64 // largest magnitude in the row
	wants   []want
}

// A want is one comparison.
type want struct {
	what string
	got  func(driver.Result) []float64
	want []float64
	tol  float64
	sums int // number of elements when want is {sum, sum of squares} of the values; 0: element by element
}

func (c *truthCase) line(format string, args ...any) {
	c.lines = append(c.lines, "    "+fmt.Sprintf(format, args...))
}

// expect compares values element by element.
func (c *truthCase) expect(what string, values []float64, tol float64, got func(driver.Result) []float64) {
	c.wants = append(c.wants, want{what: what, got: got, want: values, tol: tol})
}

// expectSums compares the sum and the sum of squares of n values.
func (c *truthCase) expectSums(what string, sum, squares float64, n int, tol float64, got func(driver.Result) []float64) {
	c.wants = append(c.wants, want{what: what, got: got, want: []float64{sum, squares}, tol: tol, sums: n})
}

// train asks for steps on batches of rows rows.
func (c *truthCase) train(steps, rows int, batches ...map[string]driver.Values) {
	c.job.Steps, c.job.Rows, c.job.Batches = steps, rows, batches
}

// text is the model in the language.
func (c *truthCase) text() string {
	return fmt.Sprintf("// %s\nmodel %s {\n    precision float64\n%s\n}\n", c.row.key, c.name, strings.Join(c.lines, "\n"))
}

// compare reports the worst disagreement of one want, nil when all agree.
func (w want) compare(res driver.Result, scale float64) error {
	got := w.got(res)
	if w.sums > 0 {
		sum, squares := 0.0, 0.0
		for _, v := range got {
			sum += v
			squares += v * v
		}
		bound := w.tol * math.Sqrt(float64(w.sums)*w.want[1])
		for i, g := range []float64{sum, squares} {
			if !(math.Abs(g-w.want[i]) <= bound) {
				return fmt.Errorf("%s: %s is %v, want %v, differs by more than %.3g", w.what, []string{"sum", "sum of squares"}[i], g, w.want[i], bound)
			}
		}
		return nil
	}
	if len(got) != len(w.want) {
		return fmt.Errorf("%s: got %d values, want %d", w.what, len(got), len(w.want))
	}
	worst, at := 0.0, -1
	for i, g := range got {
		bound := w.tol * max(math.Abs(w.want[i]), 1e-6*scale)
		diff := math.Abs(g - w.want[i])
		if diff <= bound {
			continue
		}
		if excess := diff / bound; at < 0 || excess > worst || math.IsNaN(excess) {
			worst, at = excess, i
		}
	}
	if at >= 0 {
		return fmt.Errorf("%s: element %d is %v, want %v: %.3g times the tolerance %g allows", w.what, at, got[at], w.want[at], worst, w.tol)
	}
	return nil
}

func TestFunctions(t *testing.T)  { runFile(t, "functions", "function", functionCase) }
func TestLosses(t *testing.T)     { runFile(t, "losses", "loss", lossCase) }
func TestLayers(t *testing.T)     { runFile(t, "layers", "layer", layerCase) }
func TestOptimizers(t *testing.T) { runFile(t, "optimizers", "optimizer", optimizerCase) }
func TestCurves(t *testing.T)     { runFile(t, "curves", "workload", curveCase) }

// runFile compares all rows of one file.
func runFile(t *testing.T, file, naming string, build func(*row, *truthCase)) {
	compareRows(t, file, readRows(t, file, naming), build)
}

// compareRows compares rows; file names the generated program.
func compareRows(t *testing.T, file string, rows []*row, build func(*row, *truthCase)) {
	t.Parallel()
	var cases []*truthCase
	pending := 0
	for i, r := range rows {
		c := &truthCase{row: r, name: fmt.Sprintf("%s%02d", strings.ToUpper(file[:1]), i)}
		c.job.Model = c.name
		switch err := buildCase(build, r, c); {
		case err != nil:
			t.Error(err)
		case c.pending:
			pending++
		default:
			cases = append(cases, c)
		}
	}
	models, bad := loadCases(t, file, cases)
	results := runModels(t, file, models, cases, bad)
	for i, c := range cases {
		t.Run(strings.TrimPrefix(c.row.key, file+"/"), func(t *testing.T) {
			switch {
			case bad[i] != "":
				t.Fatal(bad[i])
			case results == nil:
				t.Fatal("the program of this file did not run")
			case results[i].Err != "":
				t.Fatalf("%s\n%s", results[i].Err, c.text())
			}
			if len(c.wants) == 0 {
				t.Fatal("the case compares nothing")
			}
			for _, w := range c.wants {
				if err := w.compare(results[i], c.scale); err != nil {
					t.Errorf("%v\n%s", err, c.text())
				}
			}
		})
	}
	t.Logf("%s: %d rows compared, %d pending", file, len(cases), pending)
}

// buildCase runs build and turns a row of unexpected form into an error.
func buildCase(build func(*row, *truthCase), r *row, c *truthCase) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b, ok := p.(badRow)
			if !ok {
				panic(p)
			}
			err = b.error
		}
	}()
	build(r, c)
	return nil
}

// loadCases checks each case's model by itself, so that one bad model spoils no other row.
func loadCases(t *testing.T, file string, cases []*truthCase) (models []*dsl.Model, bad []string) {
	t.Helper()
	bad = make([]string, len(cases))
	for i, c := range cases {
		pkg, list := dsl.Load(dsl.Options{}, file+".nn", []byte(c.text()))
		if list.HasErrors() {
			var b strings.Builder
			if err := diag.Render(&b, list, pkg.Fset, pkg.Sources, diag.Options{}); err != nil {
				t.Fatal(err)
			}
			bad[i] = b.String()
			continue
		}
		models = append(models, pkg.Models...)
	}
	return models, bad
}

// runModels generates one program for all models and runs the jobs of the cases that are not bad.
func runModels(t *testing.T, file string, models []*dsl.Model, cases []*truthCase, bad []string) []driver.Result {
	t.Helper()
	var jobs []driver.Job
	for i, c := range cases {
		if bad[i] == "" {
			jobs = append(jobs, c.job)
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	files, err := codegen.Generate(models, codegen.Config{Package: "main", Source: file + ".nn"})
	if err != nil {
		t.Errorf("generate: %v", err)
		return nil
	}
	files = append(files, codegen.File{Name: "main.go", Data: mainFile(models)})
	out, err := runProgram(t, files, jobs)
	if err != nil {
		t.Error(err)
		return nil
	}
	results := make([]driver.Result, len(cases))
	for i := range cases {
		if bad[i] == "" {
			results[i], out = out[0], out[1:]
		}
	}
	return results
}

// mainFile is the program around the generated models.
func mainFile(models []*dsl.Model) []byte {
	var b bytes.Buffer
	b.WriteString("package main\n\nimport \"nngen/internal/truth/driver\"\n\nfunc main() {\n\tdriver.Main(map[string]driver.Model{\n")
	for _, m := range models {
		fmt.Fprintf(&b, "\t\t%q: {New: func() any { return New%s(1) }", m.Name, m.Name)
		if m.Optimizer != nil {
			fmt.Fprintf(&b, ", Trainer: func(m any, batch int) (any, error) { return New%[1]sTrainer(m.(*%[1]s), %[1]sTrainerOptions{MaxBatch: batch}) }", m.Name)
		}
		b.WriteString("},\n")
	}
	b.WriteString("\t})\n}\n")
	return b.Bytes()
}

// runProgram builds the files as a package of this module, in which they exist by an overlay only, and runs it on the jobs.
func runProgram(t *testing.T, files []codegen.File, jobs []driver.Job) ([]driver.Result, error) {
	t.Helper()
	dir := t.ArtifactDir() // kept by go test -artifacts
	pkg, err := filepath.Abs("testdata/program")
	if err != nil {
		return nil, err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return nil, err
		}
		overlay.Replace[filepath.Join(pkg, f.Name)] = path
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return nil, err
	}
	overlayFile, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program.exe")
	if err := os.WriteFile(overlayFile, text, 0o644); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-overlay", overlayFile, "-o", program, "./testdata/program")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("generated code does not build: %w\n%.4000s", err, out)
	}
	var in, out, stderr bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(jobs); err != nil {
		return nil, err
	}
	run := exec.Command(program)
	run.Stdin, run.Stdout, run.Stderr = &in, &out, &stderr
	if err := run.Run(); err != nil {
		return nil, fmt.Errorf("generated program failed: %w\n%.4000s", err, stderr.String())
	}
	var results []driver.Result
	if err := gob.NewDecoder(&out).Decode(&results); err != nil {
		return nil, err
	}
	if len(results) != len(jobs) {
		return nil, errors.New("the program answered another number of jobs")
	}
	return results, nil
}
