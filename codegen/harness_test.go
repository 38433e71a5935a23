// How do tests run generated code? Funcs are planned and printed as Generate does it, built as one program and run on arguments; the
// interpreter of package symbolic is the oracle.
package codegen

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dave/jennifer/jen"

	nnrt "nngen/runtime"
	"nngen/symbolic"
)

// A program collects Funcs and becomes one Go program.
type program struct {
	cases []*funcCase
}

// A funcCase is one Func with the arguments that it is run on.
type funcCase struct {
	name    string
	dt      symbolic.DType // float type of the frame
	f       *symbolic.Func
	domain  [][2]float64 // of each parameter
	values  [][]float64  // of a parameter, instead of random ones; nil: random
	inPlace map[int]int  // result in the memory of a parameter
	runs    []funcRun
	exact   bool    // every element is compared, with the signs of zeros
	tol     float64 // 0: by type
	algebra bool    // the rewrite passes run first
	// fill, if set, replaces arguments that depend on others, such as what a forward half leaves.
	fill func(t *testing.T, env *symbolic.Env, args []*symbolic.Tensor)

	files map[string]string
	err   string
}

type funcRun struct {
	sizes map[*symbolic.Sym]int
	args  []*symbolic.Tensor
	want  []*symbolic.Tensor
}

// A builder makes one Func: parameters as they are asked for.
type builder struct {
	t *testing.T
	g *symbolic.Graph
	c *funcCase
}

// add makes a case. Its results are what build hands to out.
func (p *program) add(t *testing.T, name string, dt symbolic.DType, build func(b *builder)) *funcCase {
	t.Helper()
	c := &funcCase{name: fmt.Sprintf("%s/%s", dt, name), dt: dt, f: &symbolic.Func{Name: "case"}}
	build(&builder{t, symbolic.NewGraph(), c})
	c.f.Syms = symsOf(c.f)
	if err := symbolic.Verify(c.f); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	p.cases = append(p.cases, c)
	return c
}

// arg returns a new parameter sampled from [lo, hi].
func (b *builder) arg(dt symbolic.DType, lo, hi float64, shape ...symbolic.Dim) *symbolic.Node {
	n := b.g.Leaf(symbolic.OpArg, fmt.Sprintf("a%d", len(b.c.f.Params)), dt, shape)
	b.c.f.Params = append(b.c.f.Params, n)
	b.c.domain = append(b.c.domain, [2]float64{lo, hi})
	b.c.values = append(b.c.values, nil)
	return n
}

// float returns a new parameter of the case's float type, sampled from [-2, 2].
func (b *builder) float(shape ...symbolic.Dim) *symbolic.Node { return b.arg(b.c.dt, -2, 2, shape...) }

// given returns a new parameter with the given values.
func (b *builder) given(dt symbolic.DType, values []float64, shape ...symbolic.Dim) *symbolic.Node {
	n := b.arg(dt, 0, 0, shape...)
	b.c.values[len(b.c.values)-1] = values
	return n
}

func (b *builder) out(n *symbolic.Node, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v", b.c.name, err)
	}
	b.c.f.Results = append(b.c.f.Results, symbolic.Result{Name: fmt.Sprintf("r%d", len(b.c.f.Results)), Node: n})
}

func (b *builder) must(n *symbolic.Node, err error) *symbolic.Node {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v", b.c.name, err)
	}
	return n
}

var (
	batch = symbolic.SymDim("batch", 0)
	steps = symbolic.SymDim("time", 9)
)

// testSizes are the run-time sizes that every case is run with. The first run is the largest: later ones find its remains in memory.
var testSizes = []map[*symbolic.Sym]int{
	{batch.Syms()[0]: 300, steps.Syms()[0]: 2},
	{batch.Syms()[0]: 1, steps.Syms()[0]: 9},
	{batch.Syms()[0]: 64, steps.Syms()[0]: 1},
	{batch.Syms()[0]: 7, steps.Syms()[0]: 5},
}

const testSeed = 11

// prepare draws the arguments of all runs and asks the oracle for the results.
func (c *funcCase) prepare(t *testing.T, seed uint64) {
	sizes := testSizes
	if len(c.f.Syms) == 0 {
		sizes = sizes[:2] // the second run finds what the first left in memory
	}
	rng := rand.New(rand.NewPCG(seed, 5))
	for _, sz := range sizes {
		run := funcRun{sizes: sz}
		env := &symbolic.Env{Sizes: sz, Rand: c.draw}
		for i, p := range c.f.Params {
			x := symbolic.NewTensor(shapeIn(env, p.Shape)...)
			for j := range x.Data {
				v := c.domain[i][0] + (c.domain[i][1]-c.domain[i][0])*rng.Float64()
				if c.values[i] != nil {
					v = c.values[i][j]
				}
				if !p.DType.Float() && c.values[i] == nil {
					v = math.Floor(c.domain[i][0] + (c.domain[i][1]-c.domain[i][0]+1)*rng.Float64())
				}
				x.Data[j] = p.DType.Round(v)
			}
			run.args = append(run.args, x)
		}
		if c.fill != nil {
			c.fill(t, env, run.args)
		}
		want, err := c.f.EvalEnv(run.args, env)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		run.want = want
		c.runs = append(c.runs, run)
	}
}

// draw is element i of a random site as the runtime draws it.
func (c *funcCase) draw(site, kind string, i int) float64 {
	key := nnrt.NewKey(testSeed, site)
	switch {
	case c.dt == symbolic.F32 && kind == "normal":
		return float64(nnrt.Normal[float32](key, uint64(i)))
	case c.dt == symbolic.F32:
		return float64(nnrt.Uniform[float32](key, uint64(i)))
	case kind == "normal":
		return nnrt.Normal[float64](key, uint64(i))
	}
	return nnrt.Uniform[float64](key, uint64(i))
}

func shapeIn(env *symbolic.Env, shape []symbolic.Dim) []int {
	out := make([]int, len(shape))
	for i, d := range shape {
		out[i] = env.Size(d)
	}
	return out
}

// plan plans the case and the Funcs that it calls.
func (c *funcCase) plan(name string) (all []*Plan, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return plans(c.f, name, c.dt, c.algebra)
}

// plans returns the plan of f, then those of the Funcs that it calls.
func plans(f *symbolic.Func, name string, dt symbolic.DType, algebra bool) ([]*Plan, error) {
	kept := map[*symbolic.Func]*Plan{}
	names := newNamer()
	var order []*Plan
	var callee func(f *symbolic.Func) (*Plan, error)
	callee = func(f *symbolic.Func) (*Plan, error) {
		if p := kept[f]; p != nil {
			return p, nil
		}
		p, err := newPlan(legalise(f), names.pick(name+camel(f.Name)), env{float: dt, callee: callee})
		if err != nil {
			return nil, err
		}
		kept[f] = p
		order = append(order, p)
		return p, nil
	}
	if algebra {
		f = optimised(f)
	} else {
		f = legalise(f)
	}
	p, err := newPlan(f, name, env{float: dt, callee: callee})
	if err != nil {
		return nil, err
	}
	return append([]*Plan{p}, order...), nil
}

// frames prints plans as one file of package main.
func frames(all []*Plan) (text string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	file := jen.NewFile("main")
	file.ImportAlias(runtimePath, runtimeName)
	for _, p := range all {
		e := &frameEmitter{p: p, file: file, where: func(*symbolic.Node) string { return "" }}
		e.frame()
	}
	var b bytes.Buffer
	if err := file.Render(&b); err != nil {
		return "", err
	}
	return b.String(), nil
}

// glue returns the function that runs a case's frame on a session.
func (c *funcCase) glue(i int, p *Plan) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("package main\n\nimport nnrt %q\n", runtimePath)
	line("func run%d(s *session) {", i)
	line("f := new(%s)", p.Name)
	caps := ""
	for j := range p.Func.Syms {
		caps += fmt.Sprintf("s.cap(%d), ", j)
	}
	line("nnrt.Overlay(func(a *nnrt.Arena[%s]) { f.init(s.pool, %sa) })", goTypes[c.dt], caps)
	for _, k := range p.Keys {
		line("nnrt.SetKeys(f.key[%d:%d], %d, %q)", k.First, k.First+k.Count, testSeed, k.Site)
	}
	line("for s.next() {")
	for j, s := range p.Func.Syms {
		line("f.%s = s.size(%d)", symField(s), j)
	}
	inPlace := map[int]bool{}
	for _, a := range c.inPlace {
		inPlace[a] = true
	}
	for j, x := range p.Func.Params {
		field := p.value[x].Name
		switch {
		case x.Rank() == 0 && x.DType == symbolic.Bool:
			line("f.%s = truth(s)", field)
		case x.Rank() == 0:
			line("f.%s = number[%s](s)", field, goTypes[x.DType])
		case x.DType == symbolic.Bool:
			line("f.%s = truths(s)", field)
		default:
			line("f.%s = tensor[%s](s, %t)", field, goTypes[x.DType], !inPlace[j])
		}
	}
	for j, r := range p.Func.Results {
		field := p.value[r.Node].Name
		switch a, shared := c.inPlace[j]; {
		case shared:
			line("f.%s = f.%s", field, p.value[p.Func.Params[a]].Name)
			line("skip(s)")
		case r.Node.Rank() == 0:
			line("skip(s)")
		case r.Node.DType == symbolic.Bool:
			line("f.%s = freshTruths(s)", field)
		default:
			line("f.%s = fresh[%s](s)", field, goTypes[r.Node.DType])
		}
	}
	line("f.run()")
	for _, r := range p.Func.Results {
		put, field := "put", "f."+p.value[r.Node].Name
		if r.Node.DType == symbolic.Bool {
			put = "putTruths"
		}
		if r.Node.Rank() == 0 {
			field = fmt.Sprintf("[]%s{%s}", goTypes[r.Node.DType], field)
		}
		line("%s(s, %s)", put, field)
	}
	line("s.done()\n}\n}")
	return b.String()
}

// Mirrors of the driver's types.
type (
	job struct {
		Caps []int
		Runs []jobRun
	}
	jobRun struct {
		Sizes   []int
		Args    [][]float64
		Results []int
	}
	answer struct {
		Err  string
		Runs [][][]float64
	}
)

// run builds the program of all cases, runs it on one and on two processors, and compares.
func (p *program) run(t *testing.T) {
	t.Helper()
	jobs := make([]job, len(p.cases))
	for i, c := range p.cases {
		c.prepare(t, uint64(i))
		all, err := c.plan(fmt.Sprintf("c%d", i))
		if err != nil {
			c.err = "plan: " + err.Error()
			continue
		}
		text, err := frames(all)
		if err != nil {
			c.err = "print: " + err.Error() + "\n" + all[0].String()
			continue
		}
		c.files = map[string]string{fmt.Sprintf("case%d.go", i): text, fmt.Sprintf("glue%d.go", i): c.glue(i, all[0])}
		jobs[i] = c.job(all[0])
	}
	exe := p.build(t)
	if exe == "" {
		return
	}
	one, two := runJobs(t, exe, jobs, 1), runJobs(t, exe, jobs, 2)
	for i, c := range p.cases {
		t.Run(c.name, func(t *testing.T) {
			c.show(t)
			if c.err != "" {
				t.Fatal(c.err)
			}
			if one[i].Err != "" {
				t.Fatal(one[i].Err)
			}
			sameBits(t, one[i], two[i])
			c.compare(t, one[i])
		})
	}
}

// show writes the generated code of a failed case to the folder named by NNGEN_SHOW.
func (c *funcCase) show(t *testing.T) {
	dir := os.Getenv("NNGEN_SHOW")
	if dir == "" {
		return
	}
	t.Cleanup(func() {
		if t.Failed() {
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func (c *funcCase) job(p *Plan) job {
	var j job
	for _, s := range p.Func.Syms {
		most := s.Max
		for _, r := range c.runs {
			most = max(most, r.sizes[s])
		}
		j.Caps = append(j.Caps, most)
	}
	for _, r := range c.runs {
		var jr jobRun
		for _, s := range p.Func.Syms {
			jr.Sizes = append(jr.Sizes, r.sizes[s])
		}
		for _, a := range r.args {
			jr.Args = append(jr.Args, a.Data)
		}
		for _, w := range r.want {
			jr.Results = append(jr.Results, len(w.Data))
		}
		j.Runs = append(j.Runs, jr)
	}
	return j
}

var inCase = regexp.MustCompile(`(?:case|glue)(\d+)\.go:(\d+)`)

// build compiles all cases. Cases that do not compile get the compiler's messages, and the others are built without them.
func (p *program) build(t *testing.T) string {
	t.Helper()
	for {
		files := map[string]string{"main.go": readFile(t, "testdata/bench/main.go")}
		table := "package main\n\nvar frames = []func(*session){\n"
		for i, c := range p.cases {
			if c.err != "" {
				table += "nil,\n"
				continue
			}
			table += fmt.Sprintf("run%d,\n", i)
			for name, text := range c.files {
				files[name] = text
			}
		}
		files["table.go"] = table + "}\n"
		exe, out := goBuild(t, files, "build")
		if exe != "" {
			return exe
		}
		known := false
		for _, line := range strings.Split(out, "\n") {
			m := inCase.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			known = true
			var i, n int
			fmt.Sscan(m[1], &i)
			fmt.Sscan(m[2], &n)
			name := m[0][:strings.Index(m[0], ":")]
			if strings.Count(p.cases[i].err, "\n") > 6 {
				continue
			}
			p.cases[i].err += line + "\n\t" + strings.Split(p.cases[i].files[name], "\n")[n-1] + "\n"
		}
		if !known {
			t.Fatalf("go build: %s", out)
		}
	}
}

// goBuild runs a go command on files as a package of this module that exists in an overlay only. It returns the program, or what the
// command said.
func goBuild(t *testing.T, files map[string]string, command string, flags ...string) (exe, message string) {
	t.Helper()
	dir := t.TempDir()
	pkg, err := filepath.Abs("bench_overlay")
	if err != nil {
		t.Fatal(err)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(pkg, name)] = path
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	overlayFile, exe := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "program.exe")
	if err := os.WriteFile(overlayFile, text, 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{command, "-overlay", overlayFile}, flags...)
	if command == "build" {
		args = append(args, "-gcflags=-e", "-o", exe)
	}
	out, err := exec.Command("go", append(args, "./bench_overlay")...).CombinedOutput()
	if err != nil {
		return "", string(out) + err.Error()
	}
	return exe, string(out)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// runJobs runs the program with the given number of processors.
func runJobs(t *testing.T, exe string, jobs []job, procs int) []answer {
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
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", procs))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := os.Open(outFile)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var answers []answer
	if err := gob.NewDecoder(out).Decode(&answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// sameBits compares the answers of two runs of the program bit by bit.
func sameBits(t *testing.T, a, b answer) {
	t.Helper()
	if a.Err != b.Err || len(a.Runs) != len(b.Runs) {
		t.Errorf("with two processors: %q after %d runs, with one %q after %d", b.Err, len(b.Runs), a.Err, len(a.Runs))
		return
	}
	for i := range a.Runs {
		for j := range a.Runs[i] {
			for k, v := range a.Runs[i][j] {
				if w := b.Runs[i][j][k]; math.Float64bits(v) != math.Float64bits(w) {
					t.Errorf("run %d result %d element %d: %g with one processor, %g with two", i, j, k, v, w)
					return
				}
			}
		}
	}
}

// compare checks results against the oracle.
func (c *funcCase) compare(t *testing.T, a answer) {
	t.Helper()
	for i, run := range c.runs {
		for j, want := range run.want {
			r := c.f.Results[j]
			got := a.Runs[i][j]
			var err error
			switch {
			case !r.Node.DType.Float():
				err = equalAll(got, want.Data)
			case c.exact:
				err = closeEach(got, want.Data, c.tolerance(r.Node.DType))
			default:
				err = closeNorm(got, want.Data, c.tolerance(r.Node.DType))
			}
			if err != nil {
				t.Errorf("sizes %v, result %s %s: %v", sizesText(run.sizes), r.Name, symbolic.TypeString(r.Node), err)
			}
		}
	}
}

func (c *funcCase) tolerance(dt symbolic.DType) float64 {
	switch {
	case c.tol > 0:
		return c.tol
	case dt == symbolic.F32 || c.dt == symbolic.F32:
		return 1e-5
	}
	return 1e-12
}

func sizesText(sizes map[*symbolic.Sym]int) string {
	return fmt.Sprintf("batch=%d time=%d", sizes[batch.Syms()[0]], sizes[steps.Syms()[0]])
}

// equalAll wants equal numbers.
func equalAll(got, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("element %d is %g, want %g", i, got[i], want[i])
		}
	}
	return nil
}

// closeNorm wants a small distance in the 2-norm, relative to the norm of what is wanted; what is not finite must be equal.
func closeNorm(got, want []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	var diff, norm, worst float64
	at := 0
	for i, w := range want {
		g := got[i]
		if math.IsNaN(w) || math.IsInf(w, 0) || math.IsNaN(g) || math.IsInf(g, 0) {
			if math.IsNaN(w) != math.IsNaN(g) || !math.IsNaN(w) && g != w {
				return fmt.Errorf("element %d is %g, want %g", i, g, w)
			}
			continue
		}
		d := g - w
		if math.Abs(d) > worst {
			worst, at = math.Abs(d), i
		}
		diff += d * d
		norm += w * w
	}
	if math.Sqrt(diff) > tol*math.Sqrt(norm) {
		return fmt.Errorf("norm of the difference %g, of the wanted %g; element %d of %d is %g, want %g", math.Sqrt(diff), math.Sqrt(norm), at, len(want), got[at], want[at])
	}
	return nil
}

// closeEach wants every element right: not-a-numbers, infinities and signs of zero equal, others within a relative tolerance.
func closeEach(got, want []float64, tol float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		switch {
		case math.IsNaN(w) && math.IsNaN(g), g == w && math.Signbit(g) == math.Signbit(w):
		case math.IsNaN(w), math.IsNaN(g), math.IsInf(w, 0), math.IsInf(g, 0), w == 0, math.Abs(g-w) > tol*math.Abs(w):
			return fmt.Errorf("element %d is %g, want %g", i, g, w)
		}
	}
	return nil
}
