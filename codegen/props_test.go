// What must hold for every plan? Properties of plans of random graphs, and the same graphs as running code.
package codegen

import (
	"go/format"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nngen/symbolic"
)

// TestRandomGraphs runs random graphs as generated code and has go vet read it.
func TestRandomGraphs(t *testing.T) {
	p := &program{}
	seeds := uint64(150)
	if testing.Short() {
		seeds = 30
	}
	for seed := range seeds {
		dt := symbolic.F64
		c := p.add(t, randomName(seed), dt, func(b *builder) { randomCase(b, seed) })
		c.algebra = seed%2 == 1
		c.floor = 1
		c.tol = 1e-10
	}
	p.run(t)
	for _, c := range p.cases {
		for name, text := range c.files {
			if strings.HasPrefix(name, "case") && strings.HasSuffix(name, ".go") {
				if clean, err := format.Source([]byte(text)); err != nil || string(clean) != text {
					t.Errorf("%s: gofmt would change it (%v)", c.name, err)
				}
			}
		}
	}
	if t.Failed() {
		return
	}
	if exe, message := goBuild(t, p.files, "vet"); exe == "" {
		t.Errorf("go vet: %s", message)
	}
}

// planRandom plans a random graph as a new one each time.
func planRandom(t *testing.T, pick chooser, algebra bool) []*Plan {
	t.Helper()
	p := &program{}
	c := p.add(t, "random", symbolic.F64, func(b *builder) { randomFunc(b, pick) })
	c.algebra = algebra
	all, err := plans(c, "random")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPlanProperties checks plans of random graphs.
func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		algebra := rapid.Bool().Draw(r, "simplified")
		for _, p := range planRandom(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(r, "choice") }, algebra) {
			if err := checkPlan(p); err != nil {
				r.Fatalf("%v\n%s", err, p)
			}
		}
	})
}

// FuzzPlan does the same with choices from bytes.
func FuzzPlan(f *testing.F) {
	f.Add([]byte("a plan is data"), true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, data []byte, algebra bool) {
		pick := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			v := int(data[0]) % n
			data = data[1:]
			return v
		}
		for _, p := range planRandom(t, pick, algebra) {
			if err := checkPlan(p); err != nil {
				t.Fatalf("%v\n%s", err, p)
			}
			files, err := frames([]*Plan{p}, "case")
			if err != nil {
				t.Fatalf("%v\n%s", err, p)
			}
			for name, text := range files {
				if !strings.HasSuffix(name, ".go") {
					continue
				}
				if clean, err := format.Source([]byte(text)); err != nil || string(clean) != text {
					t.Fatalf("gofmt would change %s (%v)", name, err)
				}
			}
		}
	})
}

// TestSameText plans each graph several times from scratch: maps are walked in another order every time, plan and code stay the same.
func TestSameText(t *testing.T) {
	for seed := range uint64(25) {
		var plan string
		var code map[string]string
		for i := range 20 {
			all := planRandom(t, seeded(seed), seed%2 == 0)
			files, err := frames(all, "case")
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if i > 0 && (all[0].String() != plan || !maps.Equal(files, code)) {
				t.Fatalf("seed %d: the %dth plan differs from the first", seed, i+1)
			}
			plan, code = all[0].String(), files
		}
	}
}
