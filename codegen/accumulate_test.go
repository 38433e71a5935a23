// Is a batch that comes in parts the same batch? Losses of every form that adds up, against one step on all rows; the words for those that do
// not; and calls out of order.
package codegen

import (
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"nngen/dsl"
)

// TestRefused says of each loss whether a batch may come in parts, and why not.
func TestRefused(t *testing.T) {
	const apart = "adds up rows of which each depends on others: a %s sees other rows than its own"
	for _, c := range []struct{ loss, want string }{
		{"mean(mse(z, y))", ""},
		{"sum(mse(z, y)) + 0.1*sum(table.W^2)", ""},
		{"sum(table.W^2)", ""},
		{"sum(mean(mse(z, y), axis: 0)*table.W[0])", ""},
		{"(z[:, 0] - y[:, 0]) @ (z[:, 0] - y[:, 0])", ""},
		{"mean(dropout(mse(layer_norm(z), y), 0.5))", ""},
		{"float(sum(k)) + mean(z)", ""},
		{"sqrt(mean((z - y)^2))", "takes sqrt of a value that depends on the rows"},
		{"mean(mse(z, y))^2", "takes pow of a value that depends on the rows"},
		{"mean(abs(y))/mean(abs(z))", "divides by a value that depends on the rows"},
		{"mean(sum(mse(z, y), axis: -1), where: k > 2)", "divides by a value that depends on the rows"},
		{"mean(mse(z, y))*mean(z)", "multiplies two values that depend on the rows"},
		{"max(z) - mean(y)", "takes max of a value that depends on the rows"},
		{"sum(max(z, axis: 0)) + mean(y)", "takes max of a value that depends on the rows"},
		{"prod(mean(mse(z, y), axis: -1))", "takes prod of a value that depends on the rows"},
		{"where(mean(z) > 0, mean(z), mean(y))", "takes where of a value that depends on the rows"},
		{"float(int(sum(z))) + mean(z)", "takes cast of a value that depends on the rows"},
		{"mean(mse(cumsum(z, axis: 0), y))", fmt.Sprintf(apart, "cumsum")},
		{"mean(mse(z - mean(z, axis: 0), y))", fmt.Sprintf(apart, "sum")},
		{"mean((z[1:] - z[:-1])^2)", fmt.Sprintf(apart, "slice")},
		{"mean(tanh(z @ transpose(z)))", fmt.Sprintf(apart, "permute")},
		{"mean(z*float(iota(batch))[:, new])", fmt.Sprintf(apart, "iota")},
		{"mean(mse(z, y)) + spread(z)", "takes what layer spread makes of all rows"},
		{"sum((transpose(z) @ y)*table.W[:3])", "uses rows of a permute without adding them up"},
	} {
		p, err := newProgram(lossModel(t, c.loss, "z"), false)
		if err != nil {
			t.Errorf("%s: %v", c.loss, err)
			continue
		}
		if got := strings.TrimPrefix(p.Parts.Refused, "loss "); got != c.want {
			t.Errorf("%s: refused because it %q, want %q", c.loss, got, c.want)
		}
	}
}

// partLosses are losses that add up. TestParts gives each a model of its own.
var partLosses = []string{
	"mean(mse(z, y))",
	"sum(mse(z, y))",
	"mean(mse(z, y)) + 0.1*sum(W^2)",
	"sum(mse(z, y)) + 0.01*sum(abs(W)) - 0.2*sum(b)",
	"0.3*mean(huber(z, y)) + 2*sum(w*mean(mse(z, y), axis: -1)) + 0.05*sqrt(sum(W^2))",
	"mean(w*cross_entropy(z, k)) + 0.5*mean(mse(z, y))/(1 + sum(W^2))",
	"exp(-s)*mean(mse(z, y)) + s + 1",
	"beta*mean(mse(z, y)) + (1 - beta)*(sum(b^2) - 3)",
	"-mean(-mse(z, y) - 0.1*sum(W^2))",
	"sum(mse(z, y))/float(batch) + mean(mse(z, y)/float(batch))",
	"sum(mean(mse(z, y), axis: 0)*where(b > 0, 1.0, 0.5)) + sum(concat(mean(z, axis: 0), b, axis: 0))",
	"mean(mse(dropout(z, 0.4), y)) + 0.1*sum(dropout(W, 0.3)^2)",
	"mean(mse(z + 0.1*normal_noise(z), y))",
	"(z[:, 0] - y[:, 0]) @ (z[:, 0] - y[:, 0])/float(batch)",
}

const (
	partRows  = 150 // two parts of 64 rows and a short one
	partModel = `func normal_noise(z [...s]) [...s] { return dropout(z, 0.5) }
model %s {
    precision float64
    input  x [batch, 4]
    input  w [batch]
    input  beta float
    target y [batch, 3]
    target k [batch]int
    param W [4, 3] = normal()
    param b [3] = normal()
    param s [] = 0.3
    z := tanh(x @ W + b)
    output o    = z
    loss        = %s + 0*s
    metric off  = mean(abs(z - y)) + sum(W)
    metric far  = max(abs(z))
    metric rmse = sqrt(mean(mse(z, y)))
    metric hit  = mean(argmax(z) == k)
    optimizer %s
}
`
)

// TestParts compares whole batches with the same batches in parts of 1, 7 and 64 rows: loss, metrics, gradients and new parameters, over two
// steps.
func TestParts(t *testing.T) {
	var models []*testModel
	var jobs []modelJob
	sizes := []int{partRows, 1, 7, 64}
	for i, loss := range partLosses {
		optimizer := "sgd(lr: 0.1)"
		if i%2 == 0 {
			optimizer = `adam(lr: 0.01, clip: global_norm(0.1)) { for "b" { lr: 0.1 } }`
		}
		src := fmt.Sprintf(partModel, fmt.Sprintf("Parts%d", i), loss, optimizer)
		pkg, list := dsl.Load(dsl.Options{}, "parts.nn", []byte(src))
		if list.HasErrors() {
			t.Fatalf("%s: %v", loss, list.Err(pkg.Fset, pkg.Sources))
		}
		m := newTestModel(t, pkg, "parts.nn")
		if m.parts.Refused != "" || !slices.Equal(m.parts.Loose, []bool{false, true, true, false}) {
			t.Fatalf("%s: %s, metrics that do not add up: %v", loss, m.parts.Refused, m.parts.Loose)
		}
		models = append(models, m)
		d := dataOf(m, partRows)
		for _, n := range sizes {
			job := modelJob{Model: m.name, Seed: modelSeed, Capacity: n}
			for range 2 {
				for lo := 0; lo < partRows; lo += n {
					c := d.part(m, lo, min(lo+n, partRows)).call(m, "accumulate")
					c.Sizes["part of"] = partRows
					if n == partRows {
						c.Method = "step"
					}
					job.Calls = append(job.Calls, c)
				}
				if n < partRows {
					job.Calls = append(job.Calls, modelCall{Method: "apply"})
				}
				job.Calls = append(job.Calls, modelCall{Method: "gradients"}, modelCall{Method: "params"})
			}
			jobs = append(jobs, job)
		}
	}
	exe, message := goBuild(t, modelFiles(t, models), "build")
	if exe == "" {
		t.Fatal(message)
	}
	answers := ask(t, exe, jobs, hosts[0])
	for i, a := range answers {
		loss, n := partLosses[i/len(sizes)], sizes[i%len(sizes)]
		if a.Err != "" {
			t.Errorf("%s: parts of %d rows: %s", loss, n, a.Err)
			continue
		}
		whole := answers[i-i%len(sizes)].Results
		perStep := len(a.Results) / 2
		for step := range 2 {
			got, want := a.Results[step*perStep+perStep-3:][:3], whole[step*3:][:3]
			for k, what := range []string{"loss and metrics", "gradients", "parameters"} {
				g, w := slices.Clone(got[k][0]), slices.Clone(want[k][0])
				if k == 0 && n < partRows {
					// far and rmse do not add up: the mean of the parts is another number, and not above the whole's.
					if g[2] > w[2] || g[3] > w[3] || g[2] < w[2]/10 || g[3] < w[3]/2 {
						t.Errorf("%s, parts of %d rows: means of the parts' metrics %v, of the whole batch %v", loss, n, g[2:4], w[2:4])
					}
					g[2], g[3], w[2], w[3] = 0, 0, 0, 0
				}
				if err := closeNorm(g, w, 1e-12, 1e-2); err != nil {
					t.Errorf("%s, step %d, parts of %d rows: %s: %v", loss, step+1, n, what, err)
				}
				if norm(w) == 0 || math.IsNaN(norm(w)) {
					t.Errorf("%s: %s: %v compare nothing", loss, what, w)
				}
			}
		}
	}
}

// TestDrawsBesideRows generates a metric that draws for more than its rows, beside a loss that adds up.
func TestDrawsBesideRows(t *testing.T) {
	files, err := generateText(t, `model Odd {
    input x [batch, 3]
    param a [] = 0.5
    loss       = mean(dropout(a*x, 0.5)^2)
    metric odd = mean(dropout(concat(a*x, x[:1], axis: 0), 0.5))
    optimizer sgd(lr: 0.1)
}
`)
	if err != nil {
		t.Fatal(err)
	}
	code := string(files[0].Data)
	if got := strings.Count(code, "nnrt.SetFirst("); got != 4 || !strings.Contains(code, "weighed by their rows: Odd.") {
		t.Errorf("got %d calls of SetFirst, want 4: the loss's draws in both frames, set and reset; or the metric is not named", got)
	}
}

// TestPartsOutOfOrder runs the mistakes that a user can make.
func TestPartsOutOfOrder(t *testing.T) {
	files, err := generateText(t, `model Seq {
    precision float64
    input  x [batch, time <= 4]
    target y [batch, time]
    param a [] = 0.5
    loss = mean((a*x - y)^2)
    optimizer sgd(lr: 0.1)
}
model Root {
    input  x [batch]
    param a [] = 0.5
    loss = sqrt(mean((a*x)^2))
    optimizer sgd(lr: 0.1)
}
model NoRows {
    target y [3]
    param a [3] = 0.5
    loss = sum((a - y)^2)
    optimizer sgd(lr: 0.1)
}
`)
	if err != nil {
		t.Fatal(err)
	}
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": partsMain}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	out, err := exec.Command(exe).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := string(out); got != partsWant {
		t.Errorf("got\n%s\nwant\n%s", got, partsWant)
	}
}

const partsMain = `package main

import (
	"errors"
	"fmt"
	"log"

	nnrt "nngen/runtime"
)

func say(what string, err error) {
	var border *nnrt.BorderError
	var order *nnrt.OrderError
	if err != nil && !errors.As(err, &border) && !errors.As(err, &order) {
		log.Fatalf("%s: %T", what, err)
	}
	fmt.Printf("%s: %v\n", what, err)
}

// seq is rows rows with the time size given.
func seq(rows, time int) SeqBatch {
	b := SeqBatch{X: make([]float64, rows*time), Y: make([]float64, rows*time), Time: time}
	for i := range b.X {
		b.X[i], b.Y[i] = float64(i%5), 1
	}
	return b
}

func main() {
	m := NewSeq(1)
	t, err := NewSeqTrainer(m, SeqTrainerOptions{MaxBatch: 4})
	if err != nil {
		log.Fatal(err)
	}
	_, err = t.Apply()
	say("nothing accumulated", err)
	say("no rows announced", t.Accumulate(seq(2, 3), 0))
	say("too many rows at once", t.Accumulate(seq(2, 3), 1))
	say("above the capacity", t.Accumulate(seq(5, 3), 10))
	say("first part", t.Accumulate(seq(4, 3), 10))
	say("another whole", t.Accumulate(seq(4, 3), 9))
	say("another time", t.Accumulate(seq(4, 2), 10))
	say("short slice", t.Accumulate(SeqBatch{X: []float64{1, 2, 3}, Y: []float64{1}, Time: 3}, 10))
	_, err = t.Step(seq(2, 3))
	say("step between parts", err)
	_, err = t.Forward(seq(2, 3))
	say("forward between parts", err)
	say("backward between parts", t.Backward())
	say("update between parts", t.Update())
	if _, err := t.Evaluate(SeqData(seq(9, 3))); err != nil {
		log.Fatal(err)
	}
	say("second part", t.Accumulate(seq(4, 3), 10))
	say("too many rows", t.Accumulate(seq(3, 3), 10))
	say("third part", t.Accumulate(seq(2, 3), 10))
	say("a fourth", t.Accumulate(seq(1, 3), 10))
	got, err := t.Apply()
	say("apply", err)
	fmt.Println("steps:", t.Steps(), "capacity:", t.Capacity(), "measures:", got.Names(), len(got.AppendTo(nil)))

	// The same batch at once, with the same parts one after the other.
	whole := seq(4, 3)
	for _, p := range []SeqBatch{seq(4, 3), seq(2, 3)} {
		whole.X, whole.Y = append(whole.X, p.X...), append(whole.Y, p.Y...)
	}
	other := NewSeq(1)
	u, err := NewSeqTrainer(other, SeqTrainerOptions{MaxBatch: 10})
	if err != nil {
		log.Fatal(err)
	}
	want, err := u.Step(whole)
	if err != nil {
		log.Fatal(err)
	}
	near := func(a, b float64) bool { return a-b < 1e-12 && b-a < 1e-12 }
	fmt.Println("as one step:", near(got.Loss, want.Loss), near(m.Flat()[0], other.Flat()[0]), m.Flat()[0] != 0.5)

	say("a batch left unfinished", t.Accumulate(seq(4, 3), 10))
	before := m.Flat()[0]
	_, err = t.Apply()
	say("apply", err)
	fmt.Println("parameters stay:", m.Flat()[0] == before, t.Steps())
	say("the next batch, of another size", t.Accumulate(seq(4, 2), 4))
	_, err = t.Apply()
	say("apply", err)
	_, err = t.Step(seq(2, 3))
	say("step", err)

	r, err := NewRootTrainer(NewRoot(1), RootTrainerOptions{MaxBatch: 4})
	if err != nil {
		log.Fatal(err)
	}
	say("no sum", r.Accumulate(RootBatch{X: []float32{1}}, 1))
	_, err = r.Apply()
	say("no sum", err)
	n, err := NewNoRowsTrainer(NewNoRows(1), NoRowsTrainerOptions{MaxBatch: 4})
	if err != nil {
		log.Fatal(err)
	}
	say("no rows", n.Accumulate(NoRowsBatch{Y: []float32{1, 2, 3}}, 1))
	if _, err := n.Step(NoRowsBatch{Y: []float32{1, 2, 3}}); err != nil {
		log.Fatal(err)
	}
}
`

const partsWant = `nothing accumulated: Seq: Apply called without Accumulate before it
no rows announced: Seq: got a part of a batch of 0 rows, want at least 1 row
too many rows at once: Seq: got a part of 2 rows, want at most 1 row together
above the capacity: Seq: got a batch of 5 rows, want at most 4 (MaxBatch, the capacity)
first part: <nil>
another whole: Seq: got a part of a batch of 9 rows, want one of 10 rows, as the parts before it
another time: Seq: got a part with time 2, want time 3, as in the parts before it
short slice: Seq: field Y: got 1 value, want 3 (= batch 1 x 3)
step between parts: Seq: Step or Forward called without Apply of the parts accumulated before it
forward between parts: Seq: Step or Forward called without Apply of the parts accumulated before it
backward between parts: Seq: Backward called without Forward before it
update between parts: Seq: Update called without Backward before it
second part: <nil>
too many rows: Seq: got a part of 3 rows after 8 rows, want at most 10 rows together
third part: <nil>
a fourth: Seq: got a part of 1 row after 10 rows, want at most 10 rows together
apply: <nil>
steps: 1 capacity: 4 measures: [loss] 1
as one step: true true true
a batch left unfinished: <nil>
apply: Seq: got parts of 4 rows in all, want 10, as Accumulate was told
parameters stay: true 1
the next batch, of another size: <nil>
apply: <nil>
step: <nil>
no sum: Root: got a part of a batch, want whole batches, by Step: loss takes sqrt of a value that depends on the rows
no sum: Root: got a part of a batch, want whole batches, by Step: loss takes sqrt of a value that depends on the rows
no rows: NoRows: got a part of a batch, want whole batches, by Step: no input has rows
`
