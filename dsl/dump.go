// What does a model look like as text? Declarations first, then every function in the graph form of package symbolic.
package dsl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nngen/symbolic"
)

// DumpModel returns the text form of the model stage. Equal models have equal texts.
func DumpModel(m *Model) string {
	d := dumper{}
	d.line("model %s", m.Name)
	d.line("  file %s", m.File)
	for _, line := range strings.Split(m.Doc, "\n") {
		if line != "" {
			d.line("  doc %s", line)
		}
	}
	d.line("  float %s", m.Float)
	for _, in := range m.Inputs {
		word, limit := "input", ""
		if in.Target {
			word = "target"
		}
		if in.Limit.Valid() {
			limit = " < " + in.Limit.String()
		}
		d.line("  %s %s %s%s", word, in.Name, typeText(in.Shape, in.DType), limit)
	}
	for _, p := range m.Params {
		layer := ""
		if p.Layer != "" {
			layer = " of " + p.Layer
		}
		d.line("  param %s %s%s = %s", p.Path, symbolic.ShapeString(p.Shape), layer, p.Init.Name)
	}
	for _, h := range m.Hypers {
		d.line("  hyper %s = %s", h.Name, floatText(h.Value))
	}
	d.optimizer(m.Optimizer)
	for _, p := range m.Params {
		d.fn(p.Init)
	}
	d.fn(m.forward("train", m.Train))
	if infer := m.forward("infer", m.Infer); slices.Equal(infer.Results, m.forward("train", m.Train).Results) {
		d.line("\ninfer is train")
	} else {
		d.fn(infer)
	}
	if o := m.Optimizer; o != nil {
		d.fn(o.Clip)
		if o.Average != nil {
			d.fn(o.Average.Prologue)
			d.fn(o.Average.Update)
		}
		for _, g := range o.Groups {
			d.fn(g.Prologue)
			d.fn(g.Update)
		}
	}
	return d.b.String()
}

func floatText(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

type dumper struct {
	b    strings.Builder
	done map[string]bool // texts of Funcs written
}

func (d *dumper) line(format string, args ...any) {
	fmt.Fprintf(&d.b, format+"\n", args...)
}

// fn writes a Func and what it calls, each once: names of Funcs are unique within a model.
func (d *dumper) fn(f *symbolic.Func) {
	if f == nil {
		return
	}
	for _, block := range strings.SplitAfter(symbolic.Text(f), "\nend\n") {
		block = strings.TrimPrefix(block, "\n")
		if block == "" || d.done[block] {
			continue
		}
		if d.done == nil {
			d.done = map[string]bool{}
		}
		d.done[block] = true
		d.b.WriteString("\n" + block)
	}
}

func (d *dumper) optimizer(o *Optimizer) {
	if o == nil {
		return
	}
	d.line("  optimizer %s", o.Name)
	for _, h := range o.Hypers {
		d.line("    hyper %s = %s", h.Name, floatText(h.Value))
	}
	if o.Clip != nil {
		d.line("    clip %s", o.Clip.Name)
	}
	if o.Average != nil {
		d.line("    average %s", o.Average.Update.Name)
	}
	for _, g := range o.Groups {
		name := "default"
		if g.Name != "" {
			name = strconv.Quote(g.Name)
		}
		if g.Frozen {
			d.line("    group %s frozen", name)
		} else {
			class := "elementwise"
			if g.Class == PerTensor {
				class = "per tensor"
			}
			d.line("    group %s %s, %s after %s", name, class, g.Update.Name, g.Prologue.Name)
		}
		for _, s := range g.States {
			d.line("      state %s = %s", s.Name, floatText(s.Init))
		}
		for _, s := range g.ScalarStates {
			d.line("      state %s float = %s", s.Name, floatText(s.Init))
		}
		for _, p := range g.Params {
			d.line("      %s", p.Path)
		}
	}
}

// forward closes one reading into a Func over the leaves that it reaches: inputs, parameters, hypers, in the model's order.
func (m *Model) forward(name string, f *Forward) *symbolic.Func {
	fn := &symbolic.Func{Name: name}
	for _, o := range f.Outputs {
		fn.Results = append(fn.Results, symbolic.Result{Name: o.Name, Node: o.Node})
	}
	if f.Loss != nil {
		fn.Results = append(fn.Results, symbolic.Result{Name: f.Loss.Name, Node: f.Loss.Node})
	}
	for _, o := range f.Metrics {
		fn.Results = append(fn.Results, symbolic.Result{Name: o.Name, Node: o.Node})
	}
	reached := map[*symbolic.Node]bool{}
	for _, n := range fn.Nodes() {
		reached[n] = true
	}
	seen := map[*symbolic.Sym]bool{}
	leaf := func(n *symbolic.Node) {
		if !reached[n] {
			return
		}
		fn.Params = append(fn.Params, n)
		for _, d := range n.Shape {
			for _, s := range d.Syms() {
				if !seen[s] {
					seen[s] = true
					fn.Syms = append(fn.Syms, s)
				}
			}
		}
	}
	for _, in := range m.Inputs {
		leaf(in.Node)
	}
	for _, p := range m.Params {
		leaf(p.Node)
	}
	for _, h := range m.Hypers {
		leaf(h.Node)
	}
	return fn
}
