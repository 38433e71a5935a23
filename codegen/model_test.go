// Do generated models do what their source says? Outputs, loss, metrics and gradients for batches of every size, evaluation in chunks,
// optimizer steps, allocations, forks, and the same bits for any number of processors.
package codegen

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nngen/symbolic"
)

// modelSources are the models of testdata/models: file, name in Go.
var modelSources = [][2]string{
	{"xor.nn", "Xor"}, {"digits.nn", "Digits"}, {"gelu.nn", "Gelu"}, {"topics.nn", "Topics"}, {"norm.nn", "Norm"},
	{"dropout.nn", "Dropout"}, {"tagger.nn", "Tagger"}, {"slopes.nn", "Slopes"}, {"tower.nn", "Tower"}, {"blocks.nn", "Blocks"},
	{"odd.nn", "Odd"}, {"pair.nn", "Pair"}, {"tied.nn", "Tied"}, {"series.nn", "Series"}, {"stats.nn", "Stats"}, {"kinds.nn", "Kinds"}, {"delay.nn", "Delay"},
	{"wide.nn", "Wide"}, {"long.nn", "Long"}, {"descent.nn", "Descent"},
}

// deep is what loadModel replaces to get 48 layers under another name.
func deep(name string) []string {
	return []string{"model " + name + " {", "model " + name + "48 {", "const depth = 4", "const depth = 48"}
}

// testModels loads every model in both float types, and the towers with 48 layers.
func testModels(t *testing.T) []*testModel {
	t.Helper()
	var ms []*testModel
	for _, s := range modelSources {
		ms = append(ms, loadModel(t, s[0]), loadModel(t, s[0], inFloat64(s[1])...))
	}
	return append(ms, loadModel(t, "tower.nn", deep("Tower")...), loadModel(t, "blocks.nn", deep("Blocks")...))
}

const (
	modelSeed = 3
	capacity  = 20
	setRows   = 2*capacity + 3 // a whole set whose last chunk is short
	wideRows  = 700            // a batch of several blocks
)

var (
	batchSizes = []int{1, 7, capacity}
	partSizes  = []int{1, 7, capacity} // rows of all parts but the last
)

// A script is the jobs of one model and where their answers are.
type script struct {
	m     *testModel
	tol   float64
	first int // job
	dirs  [][]float64
	jobs  []modelJob
}

// The jobs of a script.
const (
	jobWhole   = iota // every method once
	jobSmall          // a batch of 7 where that is the capacity
	jobSteps          // three steps
	jobParts          // the same in their parts
	jobAllocs         // allocations
	jobWide           // a batch that is cut into blocks
	jobResume         // saved and loaded in the middle of a run: the program itself compares
	jobOnce           // a step, where batches may come in parts
	jobOfParts        // the same in parts, one job for each of partSizes
)

func newScript(m *testModel) *script {
	s := &script{m: m, tol: 1e-5}
	if m.model.Float == symbolic.F64 {
		s.tol = 1e-11
	}
	job := func(capacity int, calls ...modelCall) {
		s.jobs = append(s.jobs, modelJob{Model: m.name, Seed: modelSeed, Capacity: capacity, Calls: calls})
	}
	whole := []modelCall{{Method: "params"}}
	for _, n := range batchSizes {
		d := dataOf(m, n)
		whole = append(whole, d.call(m, "predict"), d.call(m, "forward"), modelCall{Method: "backward"})
	}
	job(capacity, append(whole, dataOf(m, m.rows).call(m, "evaluate"), dataOf(m, 7).call(m, "forward"))...)
	small := dataOf(m, 7)
	job(7, small.call(m, "predict"), small.call(m, "forward"), modelCall{Method: "backward"})
	var steps, parts []modelCall
	for i := range 3 {
		d := dataOf(m, capacity-i)
		steps = append(steps, d.call(m, "step"), modelCall{Method: "params"})
		parts = append(parts, d.call(m, "forward"), modelCall{Method: "backward"}, modelCall{Method: "update"})
	}
	job(capacity, steps...)
	job(capacity, parts...)
	job(capacity, dataOf(m, 7).call(m, "allocs"))
	wide := dataOf(m, wideRows)
	job(wideRows, wide.call(m, "predict"), wide.call(m, "forward"), modelCall{Method: "backward"}, modelCall{Method: "update"})
	job(capacity, dataOf(m, 7).call(m, "resume"))
	if m.parts.Refused != "" {
		return s
	}
	once := dataOf(m, capacity)
	after := []modelCall{{Method: "gradients"}, {Method: "params"}, once.part(m, 0, 1).call(m, "forward")}
	job(capacity, append([]modelCall{once.call(m, "step")}, after...)...)
	for _, n := range partSizes {
		var calls []modelCall
		for lo := 0; lo < capacity; lo += n {
			c := once.part(m, lo, min(lo+n, capacity)).call(m, "accumulate")
			c.Sizes["part of"] = capacity
			calls = append(calls, c)
		}
		job(n, append(append(calls, modelCall{Method: "apply"}), after...)...)
	}
	return s
}

// TestModels runs all models on one and on two processors.
func TestModels(t *testing.T) {
	models := testModels(t)
	exe, scripts, answers := runModels(t, models, func(t *testing.T, s *script, answers []modelAnswer) { s.check(t, answers) })
	if exe == "" {
		return
	}
	t.Run("differences", func(t *testing.T) { checkDifferences(t, exe, scripts, answers) })
	t.Run("a loss over the whole set", func(t *testing.T) {
		m := models[slices.IndexFunc(models, func(m *testModel) bool { return m.name == "Stats" })]
		a := ask(t, exe, []modelJob{{Model: m.name, Seed: modelSeed, Capacity: capacity, Calls: []modelCall{dataOf(m, capacity+1).call(m, "evaluate")}}}, hosts[0])[0]
		if !strings.Contains(a.Err, "want at most 20 (MaxBatch)") {
			t.Errorf("evaluation of more rows than a batch says %q", a.Err)
		}
	})
	t.Run("forks", func(t *testing.T) { checkForks(t, exe) })
}

// runModels builds a program of models, runs the script of each on one and on two processors, and checks it in a subtest.
func runModels(t *testing.T, models []*testModel, check func(t *testing.T, s *script, answers []modelAnswer)) (exe string, scripts []*script, best []modelAnswer) {
	t.Helper()
	exe, message := goBuild(t, modelFiles(t, models), "build")
	if exe == "" {
		t.Fatal(message)
	}
	var jobs []modelJob
	for _, m := range models {
		s := newScript(m)
		s.first = len(jobs)
		jobs = append(jobs, s.jobs...)
		scripts = append(scripts, s)
	}
	answers := make([][]modelAnswer, len(hosts))
	for i, h := range hosts {
		answers[i] = ask(t, exe, jobs, h)
	}
	var exact doubleRoundings
	defer func() { exact.check(t) }()
	for _, s := range scripts {
		t.Run(s.m.name, func(t *testing.T) {
			for i, h := range hosts {
				for k := range s.jobs {
					if a := answers[i][s.first+k]; a.Err != "" {
						t.Fatalf("%s: %s", h, a.Err)
					}
					if h.cpu != "portable" {
						sameAnswers(t, answers[0][s.first+k], answers[i][s.first+k], h)
					}
				}
			}
			for k := range s.jobs {
				for j, call := range answers[0][s.first+k].Results {
					for r, x := range call {
						if s.jobs[k].Calls[j].Method != "allocs" {
							exact.compare(x, answers[len(hosts)-1][s.first+k].Results[j][r])
						}
					}
				}
			}
			check(t, s, answers[0][s.first:])
			t.Run("portable", func(t *testing.T) { check(t, s, answers[len(hosts)-1][s.first:]) })
		})
	}
	return exe, scripts, answers[0]
}

func sameAnswers(t *testing.T, a, b modelAnswer, on host) {
	t.Helper()
	if a.Err != b.Err || len(a.Results) != len(b.Results) {
		t.Fatalf("on %s: %q, at first %q", on, b.Err, a.Err)
	}
	for i := range a.Results {
		for j := range a.Results[i] {
			sameNumbers(t, fmt.Sprintf("call %d at first and on %s", i, on), a.Results[i][j], b.Results[i][j])
		}
	}
}

// sameNumbers wants the same bits.
func sameNumbers(t *testing.T, what string, a, b []float64) {
	t.Helper()
	same := func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }
	if !slices.EqualFunc(a, b, same) {
		for i := range min(len(a), len(b)) {
			if !same(a[i], b[i]) {
				t.Errorf("%s: element %d of %d is %g and %g", what, i, len(a), a[i], b[i])
				return
			}
		}
		t.Errorf("%s: %d and %d elements", what, len(a), len(b))
	}
}

// check compares the answers of a script with the interpreter and with each other.
func (s *script) check(t *testing.T, answers []modelAnswer) {
	whole := answers[jobWhole]
	o := &oracle{t: t, m: s.m, seed: modelSeed, schema: whole.Schema, flat: slices.Clone(whole.Results[0][0])}
	compare := func(what string, got, want []float64) {
		t.Helper()
		if err := closeNorm(got, want, s.tol, 1e-2); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	at := 1
	for _, n := range batchSizes {
		d := dataOf(s.m, n)
		for i, want := range o.eval(d, results(s.m.model.Infer.Outputs)) {
			compare(fmt.Sprintf("output %d of %d rows", i, n), whole.Results[at][i], want)
		}
		compare(fmt.Sprintf("loss and metrics of %d rows", n), whole.Results[at+1][0], o.measures(d, true))
		compare(fmt.Sprintf("gradients of %d rows", n), whole.Results[at+2][0], o.gradient(d))
		at += 3
	}
	compare("evaluation of a set with a short last chunk", whole.Results[at][0], o.measures(dataOf(s.m, s.m.rows), false))

	if wide := answers[jobWide]; s.m.model.Float == symbolic.F64 {
		d := dataOf(s.m, wideRows)
		compare("loss and metrics of several blocks", wide.Results[1][0], o.measures(d, true))
		compare("gradients of several blocks", wide.Results[2][0], o.gradient(d))
	}

	// A trainer of another capacity, and one that has done other things before.
	small := answers[jobSmall]
	for i := range small.Results[0] {
		sameNumbers(t, fmt.Sprintf("output %d at two capacities", i), small.Results[0][i], whole.Results[4][i])
	}
	sameNumbers(t, "loss at two capacities", small.Results[1][0], whole.Results[5][0])
	sameNumbers(t, "gradients at two capacities", small.Results[2][0], whole.Results[6][0])
	sameNumbers(t, "loss the second time", whole.Results[at+1][0], whole.Results[5][0])

	// Steps, as one call and in parts, and as the optimizer's text says.
	steps, parts := answers[jobSteps], answers[jobParts]
	for i := range 3 {
		d := dataOf(s.m, capacity-i)
		sameNumbers(t, "loss of a step and of its forward part", steps.Results[2*i][0], parts.Results[3*i][0])
		sameNumbers(t, "parameters after a step and after its parts", steps.Results[2*i+1][0], parts.Results[3*i+2][0])
		if s.m.model.Float != symbolic.F64 {
			continue
		}
		o.update(d)
		if err := closeNorm(steps.Results[2*i+1][0], o.flat, 1e-9, 0); err != nil {
			t.Errorf("parameters after step %d: %v", i+1, err)
		}
	}
	for i, n := range answers[jobAllocs].Results[0][0] {
		if n != 0 {
			t.Errorf("%s allocates %g times", []string{"Step", "Predict", "Evaluate", "Accumulate and Apply"}[i], n)
		}
	}
	if s.m.parts.Refused == "" {
		s.checkParts(t, answers)
	}
}

// checkParts compares a batch that comes in parts with the same batch in one step.
func (s *script) checkParts(t *testing.T, answers []modelAnswer) {
	t.Helper()
	once := answers[jobOnce].Results
	tol, moved := 1e-12, 1e-9
	if s.m.model.Float != symbolic.F64 {
		tol, moved = 1e-5, 1e-2
	}
	for i, n := range partSizes {
		parts := answers[jobOfParts+i].Results
		parts = parts[len(parts)-4:]
		got, want := slices.Clone(parts[0][0]), slices.Clone(once[0][0])
		for k := range s.m.parts.Loose {
			if s.m.parts.Loose[k] {
				got[k+1], want[k+1] = 0, 0
			}
		}
		for _, c := range []struct {
			what      string
			got, want []float64
			tol       float64
		}{{"loss and metrics", got, want, tol}, {"gradients", parts[1][0], once[1][0], tol}, {"parameters", parts[2][0], once[2][0], moved}, {"the next forward pass", parts[3][0], once[3][0], moved}} {
			if n == capacity {
				sameNumbers(t, c.what+" of one part", c.got, c.want)
			} else if err := closeNorm(c.got, c.want, c.tol, 1e-2); err != nil {
				t.Errorf("%s of parts of %d rows: %v", c.what, n, err)
			}
		}
	}
}

// checkDifferences compares gradients with central differences of the loss along random directions.
func checkDifferences(t *testing.T, exe string, scripts []*script, answers []modelAnswer) {
	const h, directions = 1e-6, 3
	var jobs []modelJob
	var asked []*script
	for _, s := range scripts {
		if s.m.model.Float != symbolic.F64 {
			continue
		}
		a := answers[s.first+jobWhole]
		params := a.Results[0][0]
		d := dataOf(s.m, 7)
		m := s.m
		job := modelJob{Model: s.m.name, Seed: modelSeed, Capacity: capacity}
		rng := rand.New(rand.NewPCG(9, 9))
		frozen := map[string]bool{}
		for _, g := range s.m.model.Optimizer.Groups {
			for _, p := range g.Params {
				frozen[p.Path] = g.Frozen
			}
		}
		for range directions {
			dir := make([]float64, len(params))
			for _, p := range a.Schema {
				for i := p.Offset; i < p.Offset+p.Size && !frozen[p.Path]; i++ {
					dir[i] = 2*rng.Float64() - 1
				}
			}
			s.dirs = append(s.dirs, dir)
			for _, sign := range []float64{1, -1} {
				moved := slices.Clone(params)
				for i := range moved {
					moved[i] += sign * h * dir[i]
				}
				job.Calls = append(job.Calls, modelCall{Method: "set", Data: map[string][]float64{"params": moved}}, d.call(m, "forward"))
			}
		}
		jobs, asked = append(jobs, job), append(asked, s)
	}
	for k, a := range ask(t, exe, jobs, host{procs: 2}) {
		s := asked[k]
		if a.Err != "" || answers[s.first+jobWhole].Err != "" {
			t.Errorf("%s: %s %s", s.m.name, a.Err, answers[s.first+jobWhole].Err)
			continue
		}
		grad := answers[s.first+jobWhole].Results[6][0] // of 7 rows
		for i, dir := range s.dirs {
			want := difference(a.Results[4*i+1][0][0], a.Results[4*i+3][0][0], h)
			got := 0.0
			for j := range dir {
				got += grad[j] * dir[j]
			}
			if math.Abs(got-want) > 1e-7*max(1, norm(grad)) {
				t.Errorf("%s: along direction %d the gradient says %g, differences say %g", s.m.name, i, got, want)
			}
		}
	}
}

// checkForks: one parallel region each for forward, dX, dW and update, of which the update is too small for a fork, and the worker pool
// counts as many for any number of processors.
func checkForks(t *testing.T, exe string) {
	const rows = 4096
	m := loadModel(t, "digits.nn")
	e, err := planned(nil, m.model, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		plan *Plan
		want []bool // tiles
	}{{e.forward, []bool{false}}, {e.backward, []bool{false, true}}, {e.updates[0], []bool{false}}} {
		var got []bool
		for _, st := range p.plan.Steps {
			if r, ok := st.(*Region); ok {
				got = append(got, r.Tiles)
			}
		}
		if !slices.Equal(got, p.want) {
			t.Errorf("%s has regions %v (true: tiles), want %v\n%s", p.plan.Name, got, p.want, p.plan)
		}
	}
	d := dataOf(m, rows)
	job := modelJob{Model: m.name, Seed: modelSeed, Capacity: rows, Calls: []modelCall{
		{Method: "forks"}, d.call(m, "forward"), {Method: "forks"}, {Method: "backward"}, {Method: "forks"}, {Method: "update"}, {Method: "forks"}}}
	var counts [][]float64
	for procs := 1; procs <= 2; procs++ {
		a := ask(t, exe, []modelJob{job}, host{procs: procs})[0]
		if a.Err != "" {
			t.Fatal(a.Err)
		}
		var n []float64
		for i := 2; i < 8; i += 2 {
			n = append(n, a.Results[i][0][0]-a.Results[i-2][0][0])
		}
		counts = append(counts, n)
	}
	if want := []float64{1, 2, 0}; !slices.Equal(counts[0], want) || !slices.Equal(counts[1], want) {
		t.Errorf("forks of forward, backward and update at batch %d: %v with one processor, %v with two, want %v", rows, counts[0], counts[1], want)
	}
}

// TestModelsRace runs all models under the race detector.
func TestModelsRace(t *testing.T) {
	if testing.Short() {
		t.Skip("builds with the race detector")
	}
	if out, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err != nil || string(bytes.TrimSpace(out)) != "1" {
		t.Skip("the race detector needs cgo")
	}
	models := testModels(t)
	exe, message := goBuild(t, modelFiles(t, models), "build", "-race")
	if exe == "" {
		t.Fatal(message)
	}
	var jobs []modelJob
	for _, m := range models {
		d := dataOf(m, 300)
		calls := []modelCall{d.call(m, "predict"), d.call(m, "step"), d.call(m, "step"), d.call(m, "evaluate")}
		if m.parts.Refused == "" {
			part := d.call(m, "accumulate")
			part.Sizes["part of"] = 2 * d.rows
			calls = append(calls, part, part, modelCall{Method: "apply"})
		}
		jobs = append(jobs, modelJob{Model: m.name, Seed: modelSeed, Capacity: 300, Calls: calls})
	}
	for i, a := range ask(t, exe, jobs, host{procs: 4}) {
		if a.Err != "" {
			t.Errorf("%s: %s", models[i].name, a.Err)
		}
	}
}
