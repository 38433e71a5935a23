// Golden tests: graphs in, simplified graphs, gradients and halves out.

package symbolic

import (
	"fmt"
	"strings"
	"testing"

	"nngen/internal/golden"
)

func parseLast(t *testing.T, text []byte) *Func {
	t.Helper()
	fs, err := ParseText(NewGraph(), string(text))
	if err != nil {
		t.Fatal(err)
	}
	return fs[len(fs)-1]
}

// TestSimplifyGolden also demands that each structural rule fires in one of the archives.
func TestSimplifyGolden(t *testing.T) {
	fired := map[string]bool{}
	golden.Run(t, "testdata/simplify/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		f := parseLast(t, c.Read("in"))
		before := f
		var log strings.Builder
		f = Simplify(f, func(rule string, a, b *Node) {
			fired[rule] = true
			fmt.Fprintf(&log, "%s: %s %s -> %s %s\n", rule, a.Info().Name, TypeString(a), b.Info().Name, TypeString(b))
		})
		if err := Verify(f); err != nil {
			t.Fatal(err)
		}
		args := sampleArgs(before, 1, 0.2, 1)
		want, got := mustEval(t, before, args, testSizes), mustEval(t, f, args, testSizes)
		for i := range want {
			for j := range want[i].Data {
				if d := want[i].Data[j] - got[i].Data[j]; d > 1e-12 || d < -1e-12 {
					t.Errorf("result %s changed by %g", f.Results[i].Name, d)
				}
			}
		}
		return map[string]string{"rules": log.String(), "out": Text(f)}
	})
	for op := range structural {
		for _, r := range structural[op] {
			if !fired[r.name] {
				t.Errorf("structural rule %q of %s fires in no archive", r.name, Ops[op].Name)
				fired[r.name] = true
			}
		}
	}
}

// TestGradGolden follows a loss to the two halves of its step: the last Func's first result is differentiated by its params
// (the leaves of op param).
func TestGradGolden(t *testing.T) {
	golden.Run(t, "testdata/grad/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		f := Prepare(parseLast(t, c.Read("in")), nil)
		g := f.graph()
		var wrt []*Node
		for _, p := range f.Params {
			if p.Op == OpParam {
				wrt = append(wrt, p)
			}
		}
		grads, err := Grad(g, f.Results[0].Node, wrt, nil)
		if err != nil {
			t.Fatal(err)
		}
		joint := *f
		joint.Results = append([]Result(nil), f.Results...)
		for i, d := range grads {
			if d == nil {
				t.Fatalf("no gradient reaches %s", wrt[i].Attr.Name)
			}
			joint.Results = append(joint.Results, Result{"d." + wrt[i].Attr.Name, d})
		}
		step := Run(&joint, func(pass string, f *Func) {
			if err := Verify(f); err != nil {
				t.Fatalf("after %s: %v", pass, err)
			}
		})
		h := SplitFunc(f.Name, step.Results[:len(f.Results)], step.Results[len(f.Results):], step.Params)
		return map[string]string{"forward": Text(h.Forward), "backward": Text(h.Backward)}
	})
}
