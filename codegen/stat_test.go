// Are the counts of a Stat right? Known ones by hand, and what must hold for every model.
package codegen

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nngen/dsl"
)

// statModels loads the models of a file for NewStat.
func statModels(t *testing.T, path string) ([]*dsl.Model, Config) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return statSource(t, filepath.Base(path), string(src))
}

func statSource(t *testing.T, name, src string) ([]*dsl.Model, Config) {
	t.Helper()
	pkg, list := dsl.Load(dsl.Options{}, name, []byte(src))
	if list.HasErrors() {
		t.Fatalf("%s: %v", name, list)
	}
	return pkg.Models, Config{Package: "model", Source: name, Fset: pkg.Fset}
}

func stat(t *testing.T, m *dsl.Model, cfg Config, sizes map[string]int) *Stat {
	t.Helper()
	s, err := NewStat(m, cfg, sizes)
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	return s
}

const statNet = `model Net {
    input  x [batch, 20]
    target y [batch, 3]
    h := dense(x, 10, act: relu)
    z := dense(h, 3)
    loss = mean(mse(z, y))
    optimizer sgd(lr: 0.1)
}
`

// TestStatByHand compares the counts of a net of two layers with those of its formulas.
func TestStatByHand(t *testing.T) {
	models, cfg := statSource(t, "net.nn", statNet)
	const b = 16
	s := stat(t, models[0], cfg, map[string]int{"batch": b})
	h, z := s.Layers[0], s.Layers[1]
	if h.Line != 4 || z.Line != 5 || h.Names[0] != "h" || z.Names[0] != "z" {
		t.Fatalf("the layers are %v at line %d and %v at line %d, want h at 4 and z at 5", h.Names, h.Line, z.Names, z.Line)
	}
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"parameters of h", int64(h.Parameters), 20*10 + 10},
		{"parameters of z", int64(z.Parameters), 10*3 + 3},
		{"parameters", int64(s.Total.Parameters), 243},
		{"products forward of h", h.Forward.Products, 2 * b * 20 * 10},
		{"products forward of z", z.Forward.Products, 2 * b * 10 * 3},
		{"products backward of h", h.Backward.Products, 2 * b * 20 * 10}, // x needs no gradient
		{"products backward of z", z.Backward.Products, 2 * 2 * b * 10 * 3},
		{"products of the update", s.Total.Update.Products, 0},
		// relu(z + b): an addition and a comparison an element.
		{"operations forward of h", h.Forward.Operations - h.Forward.Products, 2 * b * 10},
		// x, W, b in, the activations out; z stays in a panel.
		{"bytes forward of h", h.Forward.Bytes, 4 * (b*20 + 20*10 + 10 + b*10)},
		// p - lr*g reads p and g and writes p.
		{"bytes of the update", s.Total.Update.Bytes, 4 * 3 * 243},
		{"operations of the update", s.Total.Update.Operations, 2 * 243},
		{"parameters in memory", s.Memory.Parameters, 4 * 243},
		{"gradients in memory", s.Memory.Gradients, 4 * 243},
		{"state in memory", s.Memory.State, 0},
		{"batch in memory", s.Memory.Batch, 4 * b * 23},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %d, want %d", c.what, c.got, c.want)
		}
	}
	want := []ProductStat{{"GemmNN", b, 10, 20, 1}, {"GemmNN", b, 3, 10, 1}, {"GemmNT", b, 10, 3, 1}, {"GemmTN", 20, 10, b, 1}, {"GemmTN", 10, 3, b, 1}}
	if !slices.Equal(s.Products, want) {
		t.Errorf("got the products %v, want %v", s.Products, want)
	}
}

// TestStatOfStates checks that an optimizer's states count: Adam reads p, g, m, v and writes p, m, v.
func TestStatOfStates(t *testing.T) {
	models, cfg := statSource(t, "net.nn", strings.ReplaceAll(statNet, "sgd", "adam"))
	s := stat(t, models[0], cfg, map[string]int{"batch": 16})
	if s.Optimizer != "adam" || s.Memory.State != 2*4*243 || s.Total.Update.Bytes != 4*7*243 {
		t.Errorf("got %s with %d bytes of state, of which an update moves %d; want 2 and 7 times the parameters'", s.Optimizer, s.Memory.State, s.Total.Update.Bytes)
	}
}

// TestStatRepeats checks that a loop of equal layers costs its length times one of them.
func TestStatRepeats(t *testing.T) {
	const src = `model Tower {
    input  x [batch, 32]
    target y [batch, 32]
    h := x
    for i in 0..DEPTH { h = dense(h, 32, act: tanh) as fc[i] }
    loss = mean(mse(h, y))
    optimizer sgd(lr: 0.1)
}
`
	products := map[string]int64{}
	for _, depth := range []string{"4", "8"} {
		models, cfg := statSource(t, "tower.nn", strings.ReplaceAll(src, "DEPTH", depth))
		s := stat(t, models[0], cfg, map[string]int{"batch": 16})
		if s.Layers[0].Line != 5 || len(s.Layers[0].Names) != 1 || s.Layers[0].Names[0] != "fc" {
			t.Fatalf("the first row is %+v, want the loop", s.Layers[0])
		}
		products[depth] = s.Layers[0].Forward.Products
	}
	if want := int64(4 * 2 * 16 * 32 * 32); products["4"] != want || products["8"] != 2*want {
		t.Errorf("got %v, want %d and twice that", products, want)
	}
}

// TestStatOfEveryModel checks what must hold for all models of the tests and examples.
func TestStatOfEveryModel(t *testing.T) {
	var paths []string
	for _, pattern := range []string{"testdata/*.nn", "testdata/models/*.nn", "../examples/*/*.nn"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) < 10 {
		t.Fatalf("only %d models", len(paths))
	}
	for _, path := range paths {
		models, cfg := statModels(t, path)
		for _, m := range models {
			t.Run(m.Name, func(t *testing.T) {
				s := stat(t, m, cfg, map[string]int{"batch": 16})
				checkStat(t, s)
				size := 0
				for _, p := range m.Params {
					size += paramSize(p)
				}
				if s.Total.Parameters != size {
					t.Errorf("got %d parameters, want %d", s.Total.Parameters, size)
				}
				files, err := Generate([]*dsl.Model{m}, cfg)
				if err != nil {
					t.Fatal(err)
				}
				lines, assembly := 0, 0
				for _, f := range files {
					if n := strings.Count(string(f.Data), "\n"); filepath.Ext(f.Name) == ".s" {
						assembly += n
					} else {
						lines += n
					}
				}
				if s.Total.Lines != lines || s.Total.Assembly != assembly {
					t.Errorf("got %d and %d lines of Go and assembly, the files have %d and %d", s.Total.Lines, s.Total.Assembly, lines, assembly)
				}
				// Twice the rows are twice the products of a step, whatever the blocks; more where rows meet rows.
				twice := stat(t, m, cfg, map[string]int{"batch": 32})
				if got, want := twice.Total.Sum().Products, 2*s.Total.Sum().Products; got < want || got > want && m.Name != "Stats" {
					t.Errorf("got %d operations in products for twice the batch, want %d", got, want)
				}
			})
		}
	}
}

// TestStatOfRandomModels counts models that nobody has written.
func TestStatOfRandomModels(t *testing.T) {
	for seed := range 40 {
		models, cfg := statSource(t, "random.nn", randomText("Random", seeded(uint64(seed))))
		sizes := map[string]int{"batch": 12}
		checkStat(t, stat(t, models[0], cfg, sizes))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// checkStat checks a Stat in itself.
func checkStat(t *testing.T, s *Stat) {
	t.Helper()
	var sum LayerStat
	for i, l := range s.Layers {
		for _, w := range []Work{l.Forward, l.Backward, l.Update} {
			if w.Products > w.Operations || w.Products < 0 || w.Bytes < 0 {
				t.Errorf("line %d: impossible counts %+v", l.Line, w)
			}
		}
		if l.Line == 0 && (i != len(s.Layers)-1 || l.Parameters != 0 || l.Sum().Products != 0) {
			t.Errorf("row %d belongs to no line but has work: %+v", i, l)
		}
		sum.Parameters += l.Parameters
		sum.Lines += l.Lines
		sum.Assembly += l.Assembly
		sum.Forward.add(l.Forward)
		sum.Backward.add(l.Backward)
		sum.Update.add(l.Update)
	}
	if sum.Parameters != s.Total.Parameters || sum.Lines != s.Total.Lines || sum.Assembly != s.Total.Assembly || sum.Sum() != s.Total.Sum() {
		t.Errorf("the rows add up to %+v, the total is %+v", sum, s.Total)
	}
	shapes := int64(0)
	for _, x := range s.Products {
		shapes += 2 * int64(x.M) * int64(x.N) * int64(x.K) * int64(x.Count)
	}
	if shapes != s.Total.Sum().Products {
		t.Errorf("the shapes of products do %d operations, the rows %d", shapes, s.Total.Sum().Products)
	}
	if s.Total.Forward.Operations == 0 || s.Total.Forward.Bytes == 0 {
		t.Errorf("a forward pass costs nothing: %+v", s.Total.Forward)
	}
}

// TestStatSizes checks which sizes are taken.
func TestStatSizes(t *testing.T) {
	models, cfg := statModels(t, "testdata/models/tagger.nn")
	for _, sizes := range []map[string]int{nil, {"batch": 0}, {"batch": 4, "time": 10}, {"batch": 4, "time": 0}} {
		_, err := NewStat(models[0], cfg, sizes)
		var wrong *SizeError
		if !errors.As(err, &wrong) {
			t.Errorf("%v: got %v, want a SizeError", sizes, err)
		}
	}
	s := stat(t, models[0], cfg, map[string]int{"batch": 4})
	if got := s.Sizes; len(got) != 2 || got[0] != (SizeStat{"batch", 4}) || got[1] != (SizeStat{"time", 9}) {
		t.Errorf("got sizes %v, want batch 4 and time 9", got)
	}
}
