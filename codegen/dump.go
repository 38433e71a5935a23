// What did the compiler make of a model? The text form of every stage from the graph on.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"nngen/dsl"
	"nngen/symbolic"
)

// Stages are the stages that Dump knows, in the order of the pipeline: the forward graph, the graph with gradients, the simplified
// functions, the plans, the Go file, the assembly file.
var Stages = []string{"graph", "grad", "opt", "plan", "go", "asm"}

// Dump returns the text form of a model at a stage. It is deterministic.
func Dump(m *dsl.Model, cfg Config, stage string) (string, error) {
	switch stage {
	case "graph":
		return graphDump(m), nil
	case "grad", "opt":
		p, err := newProgram(m, cfg.Predict)
		if err != nil {
			return "", err
		}
		if stage == "grad" {
			if p.Step == nil {
				return "", nil
			}
			return symbolic.Text(p.Step), nil
		}
		return texts(slices.Concat([]*symbolic.Func{p.Predict, p.Forward, p.Backward, p.chunk(), p.finish(), p.Clip}, p.Prologues, p.Updates)...), nil
	case "plan":
		e, err := planned(nil, m, cfg)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		for i, p := range e.all() {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(p.String())
		}
		return b.String(), nil
	case "go", "asm":
		files, err := Generate([]*dsl.Model{m}, cfg)
		if err != nil {
			return "", err
		}
		for _, f := range files {
			if strings.HasSuffix(f.Name, "_nn.go") == (stage == "go") && !strings.HasSuffix(f.Name, "_amd64.go") && !strings.HasSuffix(f.Name, "_noasm.go") {
				return string(f.Data), nil
			}
		}
		return "", nil // no loop became assembly
	}
	return "", fmt.Errorf("unknown stage %q, want one of %s", stage, strings.Join(Stages, " "))
}

// graphDump prints the forward graph in training and, where it differs, in prediction.
func graphDump(m *dsl.Model) string {
	p := &Program{Model: m, Layout: newLayout(m)}
	forward := func(name string, f *dsl.Forward) *symbolic.Func {
		rs := results(f.Outputs)
		if f.Loss != nil {
			rs = append(rs, symbolic.Result{Name: "loss", Node: f.Loss.Node})
		}
		rs = append(rs, results(f.Metrics)...)
		if len(rs) == 0 {
			return nil
		}
		return p.closed(name, "", rs)
	}
	train, infer := forward("train", m.Train), forward("infer", m.Infer)
	if train != nil && infer != nil && slices.Equal(train.Results, infer.Results) {
		infer = nil
	}
	return texts(train, infer)
}

// texts joins the text forms of Funcs: each Func once, those that are called before their callers.
func texts(fs ...*symbolic.Func) string {
	var parts []string
	for _, f := range fs {
		if f == nil {
			continue
		}
		for _, block := range strings.Split(strings.TrimSuffix(symbolic.Text(f), "\n"), "\n\n") {
			if !slices.Contains(parts, block) {
				parts = append(parts, block)
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "\n\n") + "\n"
}

func (p *Program) chunk() *symbolic.Func {
	if p.Eval == nil {
		return nil
	}
	return p.Eval.Chunk
}

func (p *Program) finish() *symbolic.Func {
	if p.Eval == nil {
		return nil
	}
	return p.Eval.Finish
}
