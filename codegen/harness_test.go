// How do tests compare generated code with the interpreter? Cases are Funcs with arguments; all cases of a test become one program, which
// runs on one and on two processors.
package codegen

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	nnrt "nngen/runtime"
	"nngen/symbolic"
)

// A program collects Funcs and becomes one Go program.
type program struct {
	cases []*funcCase
	files map[string]string // of all cases
}

// A funcCase is one Func with the arguments that it is run on.
type funcCase struct {
	name    string
	dt      symbolic.DType // float type of the frame
	f       *symbolic.Func
	domain  [][2]float64 // of each parameter
	values  [][]float64  // of a parameter, instead of random ones; nil: random
	inPlace map[int]int  // result in the memory of a parameter
	arrays  []arrayOf    // parameters and results that lie in arrays
	saved   []int        // results that the caller takes as arrays where equal layers leave them
	private bool         // nothing else uses the memory of the results, as that of what a forward half leaves
	runs    []funcRun
	exact   bool    // every element is compared, with the signs of zeros
	tol     float64 // 0: by type
	floor   float64 // norm below which sums may have cancelled
	blocks  bool    // rows are cut as planned, not into small blocks
	algebra bool    // the rewrite passes run first
	// fill, if set, replaces arguments that depend on others, such as what a forward half leaves.
	fill func(t *testing.T, env *symbolic.Env, args []*symbolic.Tensor)

	// What random cases remember while they are built.
	shared []*symbolic.Node
	sites  int

	plans []*Plan
	files map[string]string // of Go
	err   string
}

type funcRun struct {
	sizes map[*symbolic.Sym]int
	args  []*symbolic.Tensor
	want  []*symbolic.Tensor
}

// An arrayOf is a run of equal parameters, or of equal results, that the caller keeps in one array.
type arrayOf struct {
	name    string
	stride  int              // 0: one right after the other
	params  []*symbolic.Node // nil where nobody reads a member
	results []int
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
func (c *funcCase) prepare(t *testing.T) {
	sizes := testSizes
	if len(c.f.Syms) == 0 {
		sizes = sizes[:2] // the second run finds what the first left in memory
	}
	h := fnv.New64a()
	h.Write([]byte(c.name)) // a new case leaves the numbers of the others alone
	rng := rand.New(rand.NewPCG(h.Sum64(), 5))
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
	return c.drawKey(nnrt.NewKey(testSeed, site), kind, i)
}

func (c *funcCase) drawKey(key nnrt.Key, kind string, i int) float64 {
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
		c.prepare(t)
		var err error
		if c.plans, err = c.plan(fmt.Sprintf("c%d", i)); err != nil {
			c.err = "plan: " + err.Error()
			continue
		}
		jobs[i] = c.job(c.plans[0])
	}
	exe := p.build(t)
	if exe == "" {
		return
	}
	answers := make([][]answer, len(hosts))
	for i, h := range hosts {
		answers[i] = runJobs(t, exe, jobs, h)
	}
	var exact doubleRoundings
	defer func() { exact.check(t) }()
	for i, c := range p.cases {
		t.Run(c.name, func(t *testing.T) {
			c.show(t)
			if c.err != "" {
				t.Fatal(c.err)
			}
			for k, a := range answers {
				if a[i].Err != "" {
					t.Fatalf("%s: %s", hosts[k], a[i].Err)
				}
				if hosts[k].cpu != "portable" {
					sameBits(t, answers[0][i], a[i], hosts[k])
				}
			}
			for j, r := range answers[0][i].Runs {
				for k, x := range r {
					exact.compare(x, answers[len(hosts)-1][i].Runs[j][k])
				}
			}
			c.compare(t, answers[0][i])
			t.Run("portable", func(t *testing.T) { c.compare(t, answers[len(hosts)-1][i]) })
		})
	}
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

// sameBits compares the answers of two runs of the program bit by bit.
func sameBits(t *testing.T, a, b answer, on host) {
	t.Helper()
	if a.Err != b.Err || len(a.Runs) != len(b.Runs) {
		t.Errorf("on %s: %q after %d runs, at first %q after %d", on, b.Err, len(b.Runs), a.Err, len(a.Runs))
		return
	}
	for i := range a.Runs {
		for j := range a.Runs[i] {
			for k, v := range a.Runs[i][j] {
				if w := b.Runs[i][j][k]; math.Float64bits(v) != math.Float64bits(w) {
					t.Errorf("run %d result %d element %d: %g at first, %g on %s", i, j, k, v, w, on)
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
				err = closeNorm(got, want.Data, c.tolerance(r.Node.DType), c.floor)
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

// closeNorm wants a small distance in the 2-norm, relative to the norm of what is wanted, or to floor where that is smaller; what is not
// finite must be equal.
func closeNorm(got, want []float64, tol, floor float64) error {
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
	if math.Sqrt(diff) > tol*max(math.Sqrt(norm), floor) {
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
