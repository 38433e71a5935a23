package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// computed is what the program computes, once for all tests.
var computed = sync.OnceValues(compute)

func trained(t *testing.T) *results {
	t.Helper()
	r, err := computed()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var update = os.Getenv("NNGEN_UPDATE") != ""

// TestFiles checks that the committed pictures, page and numbers are what the program makes, byte for byte. NNGEN_UPDATE=1 writes them.
func TestFiles(t *testing.T) {
	files, err := trained(t).files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if len(f.data) > 200_000 {
			t.Errorf("%s has %d bytes, more than 200000", f.name, len(f.data))
		}
		if update {
			if err := os.WriteFile(f.name, f.data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, f.data) {
			t.Errorf("%s is not what the program makes; NNGEN_UPDATE=1 go test ./examples/descent writes it", f.name)
		}
	}
}

// TestReadme checks the tables of README that the program knows. NNGEN_UPDATE=1 writes them.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{"formulas": formulas(), "results": trained(t).table()} {
		before, rest, ok := strings.Cut(want, "<!-- "+name+" -->\n")
		_, after, ok2 := strings.Cut(rest, "<!-- end -->\n")
		if !ok || !ok2 {
			t.Fatalf("README.md has no place for %s", name)
		}
		want = before + "<!-- " + name + " -->\n\n" + table + "\n<!-- end -->\n" + after
	}
	if update {
		if err := os.WriteFile("README.md", []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("the tables of README.md are not what the program prints; NNGEN_UPDATE=1 go test ./examples/descent writes them")
	}
}

// TestWrite checks that all files are written into a new folder, and that a folder that cannot be made is an error.
func TestWrite(t *testing.T) {
	paths, err := trained(t).write(filepath.Join(t.TempDir(), "new", "folder"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := trained(t).write(paths[0]); err == nil {
		t.Error("a file in place of the folder: no error")
	}
}

// TestStart checks that all models begin with the same weights.
func TestStart(t *testing.T) {
	f := trained(t).flowers
	for _, o := range optimizers {
		for name, pair := range map[string][2]func(*flowers) (learner, error){"network": {optimizers[0].net, o.net}, "valley": {optimizers[0].valley, o.valley}} {
			first, err := pair[0](f)
			if err != nil {
				t.Fatal(err)
			}
			this, err := pair[1](f)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(first.params, this.params) {
				t.Errorf("%s of %s: initial values differ from those of %s", name, o.name, optimizers[0].name)
			}
		}
	}
}

// TestGoal checks that every optimizer reaches the goal with every sampling, and stays there.
func TestGoal(t *testing.T) {
	for _, c := range trained(t).curves {
		epoch, ok := c.settled()
		if !ok {
			t.Errorf("%s, %s: loss %v in the end, want at most %v", optimizers[c.optimizer].name, c.by, c.loss[epochs], goal)
			continue
		}
		if c.loss[0] != trained(t).curves[0].loss[0] || epoch == 0 || c.loss[epoch-1] <= goal {
			t.Errorf("%s, %s: settled at epoch %d from loss %v", optimizers[c.optimizer].name, c.by, epoch, c.loss[0])
		}
	}
}

// TestRates checks that the next learning rates below and above the one in use are not better.
func TestRates(t *testing.T) {
	if testing.Short() {
		t.Skip("trains twice with every optimizer and sampling")
	}
	r := trained(t)
	rates := grid()
	for i := range r.curves {
		c := &r.curves[i]
		at := slices.IndexFunc(rates, func(rate float64) bool { return math.Abs(rate/c.rate-1) < 1e-9 })
		if at < 0 {
			t.Fatalf("%s, %s: rate %v is none that search tries", optimizers[c.optimizer].name, c.by, c.rate)
		}
		for _, n := range []int{at - 1, at + 1} {
			if n < 0 || n == len(rates) {
				continue
			}
			if d, err := follow(r.flowers, c.optimizer, c.by, rates[n]); err == nil && d.better(c) {
				t.Errorf("%s, %s: rate %v is better than %v", optimizers[c.optimizer].name, c.by, rates[n], c.rate)
			}
		}
	}
}

// TestSameBits checks that the number of processors does not change a bit of a curve.
func TestSameBits(t *testing.T) {
	r := trained(t)
	for _, procs := range []int{1, 3} {
		old := runtime.GOMAXPROCS(procs)
		c, err := follow(r.flowers, 5, miniBatch, rates[5][miniBatch])
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.loss, r.curves[5*samplings+int(miniBatch)].loss) {
			t.Errorf("GOMAXPROCS %d: another curve", procs)
		}
	}
}

// TestFormulas walks over the surface by the formulas of README and of the page, with the gradient that they state, and compares with
// where the models went.
func TestFormulas(t *testing.T) {
	r := trained(t)
	gradient := func(at [2]float64) (g [2]float64) {
		w, v := at[0], at[1]
		n := float64(len(r.flowers.length))
		for i, x := range r.flowers.length {
			h := math.Tanh(w * x)
			dp := 2 * (v*h - r.flowers.width[i]) / n
			g[1] += dp * h
			g[0] += dp * v * (1 - h*h) * x
		}
		return g
	}
	type memory struct{ m, s, u float64 }
	update := map[string]func(k *memory, g, t float64) float64{ // what is subtracted, but for the learning rate
		"gradient descent": func(k *memory, g, t float64) float64 { return g },
		"momentum": func(k *memory, g, t float64) float64 {
			k.m = 0.9*k.m + g
			return k.m
		},
		"Adagrad": func(k *memory, g, t float64) float64 {
			k.s += g * g
			return g / (math.Sqrt(k.s) + 1e-10)
		},
		"RMSprop": func(k *memory, g, t float64) float64 {
			k.s = 0.9*k.s + 0.1*g*g
			return g / (math.Sqrt(k.s) + 1e-8)
		},
		"Adadelta": func(k *memory, g, t float64) float64 {
			k.s = 0.9*k.s + 0.1*g*g
			d := g * math.Sqrt(k.u+1e-6) / math.Sqrt(k.s+1e-6)
			k.u = 0.9*k.u + 0.1*d*d
			return d
		},
		"Adam": func(k *memory, g, t float64) float64 {
			k.m = 0.9*k.m + 0.1*g
			k.s = 0.999*k.s + 0.001*g*g
			return k.m / (1 - math.Pow(0.9, t)) / (math.Sqrt(k.s/(1-math.Pow(0.999, t))) + 1e-8)
		},
	}
	for _, p := range r.paths {
		if p.by != wholeSet {
			continue
		}
		at, memories := [2]float64{p.at[0].w, p.at[0].v}, [2]memory{}
		for step := 1; step <= steps; step++ {
			g := gradient(at)
			for i := range at {
				at[i] -= steep[p.optimizer] * update[optimizers[p.optimizer].name](&memories[i], g[i], float64(step))
			}
			if math.Hypot(at[0]-p.at[step].w, at[1]-p.at[step].v) > 1e-6 {
				t.Errorf("%s: step %d ends at %v, by the formula at %v", optimizers[p.optimizer].name, step, p.at[step], at)
				break
			}
		}
	}
}

// TestPaths checks what README says of the paths: who ends in which valley, and that all come to its floor.
func TestPaths(t *testing.T) {
	for _, p := range trained(t).paths {
		end, name := p.at[steps], optimizers[p.optimizer].name
		if p.by == wholeSet {
			if negative := name == "gradient descent" || name == "momentum"; (end.w < 0) != negative || (end.v < 0) != negative {
				t.Errorf("%s ends at %v, in the other valley", name, end)
			}
			if p.loss > 0.072 {
				t.Errorf("%s ends at loss %v, want at most 0.072", name, p.loss)
			}
		}
	}
}

// TestContour checks contour lines of surfaces whose lines are known.
func TestContour(t *testing.T) {
	fill := func(f func(w, v float64) float64) *surface {
		var s surface
		for j := range s {
			for i := range s[j] {
				s[j][i] = f(corner(float64(i)), corner(float64(j)))
			}
		}
		return &s
	}
	circle := fill(func(w, v float64) float64 { return w*w + v*v + 1 }).contour(5)
	if len(circle) != 1 || circle[0][0] != circle[0][len(circle[0])-1] {
		t.Fatalf("circle: got %d lines, want one that is closed", len(circle))
	}
	for _, p := range circle[0] {
		if r := math.Hypot(p.w, p.v); math.Abs(r-2) > 0.002 {
			t.Errorf("circle: %v is %v from the middle, want 2", p, r)
		}
	}
	saddle := fill(func(w, v float64) float64 { return w*v + 10 })
	for _, level := range []float64{8, 12} {
		lines := saddle.contour(level)
		if len(lines) != 2 {
			t.Fatalf("saddle at %v: got %d lines, want 2", level, len(lines))
		}
		for _, line := range lines {
			for _, p := range line {
				if math.Abs(p.w*p.v+10-level) > 0.005 {
					t.Errorf("saddle at %v: %v is at %v", level, p, p.w*p.v+10)
				}
			}
			for _, p := range []point{line[0], line[len(line)-1]} {
				if max(math.Abs(p.w), math.Abs(p.v)) != reach {
					t.Errorf("saddle at %v: a line ends inside, at %v", level, p)
				}
			}
		}
	}
	if lines := saddle.contour(100); lines != nil {
		t.Errorf("above the surface: got %d lines, want none", len(lines))
	}
}

// TestPage checks that the page needs nothing from elsewhere and that its numbers can be read.
func TestPage(t *testing.T) {
	page, err := writePage(trained(t))
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?i)(src|href)=|@import|url\([^#]|https?://[^"]*`).FindAll(page, -1); len(m) != 1 || string(m[0]) != "http://www.w3.org/2000/svg" {
		t.Errorf("the page refers to %q, want the name of SVG only", m)
	}
	_, rest, _ := bytes.Cut(page, []byte("const D = "))
	text, _, _ := bytes.Cut(rest, []byte(";\n"))
	var d pageData
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Optimizers) != 6 || len(d.Curves) != 6 || len(d.Paths[5]) != samplings || len(d.Paths[5][samplings-1]) != 2*(steps+1) || len(d.Curves[5][0].Loss) != epochs+1 || len(d.X) != 150 {
		t.Error("the page does not hold all curves and paths")
	}
}

// TestNumbers checks how coordinates and numbers are written.
func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.04: "0", 1.25: "1.3", -12.349: "-12.3", 300: "300"} {
		if got := px(v); got != want {
			t.Errorf("px(%v) is %s, want %s", v, got, want)
		}
	}
	if got := round4(0.123456); got != "0.1235" {
		t.Errorf("round4: got %s, want 0.1235", got)
	}
}
