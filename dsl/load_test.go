package dsl

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"nngen/dsl/diag"
	"nngen/internal/golden"
	"nngen/symbolic"
)

// load elaborates in.nn of a case; its other .nn sections are the files it may import.
func load(c *golden.Case, opts Options) (*Package, diag.List) {
	c.Inputs(".nn")
	opts.Read = func(name string) ([]byte, error) {
		if data := c.Read(name); data != nil {
			return data, nil
		}
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist})
	}
	return Load(opts, "in.nn", c.Read("in.nn"))
}

func render(t *testing.T, pkg *Package, list diag.List) string {
	t.Helper()
	var b bytes.Buffer
	if err := diag.Render(&b, list, pkg.Fset, pkg.Sources, diag.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestModels compares the text form of whole models; warnings stand in a section of their own.
func TestModels(t *testing.T) {
	golden.Run(t, "testdata/model/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		opts := Options{Define: map[string]string{}}
		for line := range strings.Lines(string(c.Read("define"))) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			opts.Define[name] = value
		}
		pkg, list := load(c, opts)
		var b strings.Builder
		for i, m := range pkg.Models {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(DumpModel(m))
			closed(t, m)
		}
		out := map[string]string{"model": b.String()}
		if len(list) > 0 {
			out["diag"] = render(t, pkg, list)
		}
		return out
	})
}

// closed checks that every Func of a model reaches no leaf that is not among its parameters.
func closed(t *testing.T, m *Model) {
	t.Helper()
	funcs := []*symbolic.Func{m.forward("train", m.Train), m.forward("infer", m.Infer)}
	for _, p := range m.Params {
		funcs = append(funcs, p.Init)
	}
	if o := m.Optimizer; o != nil {
		if o.Clip != nil {
			funcs = append(funcs, o.Clip)
		}
		for _, g := range o.Groups {
			if !g.Frozen {
				funcs = append(funcs, g.Prologue, g.Update)
			}
		}
	}
	seen := map[*symbolic.Func]bool{}
	for len(funcs) > 0 {
		f := funcs[0]
		funcs = funcs[1:]
		if seen[f] {
			continue
		}
		seen[f] = true
		param := map[*symbolic.Node]bool{}
		for _, p := range f.Params {
			param[p] = true
		}
		for _, n := range f.Nodes() {
			switch n.Op {
			case symbolic.OpInput, symbolic.OpParam, symbolic.OpState, symbolic.OpHyper, symbolic.OpArg:
				if !param[n] {
					t.Errorf("%s: func %s reads %s %s, which is not a parameter", m.Name, f.Name, n.Info().Name, n.Attr.Name)
				}
			case symbolic.OpCall:
				funcs = append(funcs, n.Attr.Func)
			}
		}
	}
}

// TestWrong compares what is reported for wrong models; a file holds every mistake that its author might have made at once.
func TestWrong(t *testing.T) {
	golden.Run(t, "testdata/wrong/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		pkg, list := load(c, Options{})
		if len(list) == 0 {
			t.Error("nothing is reported")
		}
		return map[string]string{"diag": render(t, pkg, list)}
	})
}
