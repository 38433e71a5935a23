// Which functions does a model become? Prediction, evaluation, the two halves of a step, the update, and the initial values, each a
// closed Func.
package codegen

import (
	"errors"
	"fmt"
	"slices"

	"nngen/dsl"
	"nngen/symbolic"
)

// A Program is everything that is generated for one model, before planning.
type Program struct {
	Model  *dsl.Model
	Layout *Layout

	Predict           *symbolic.Func // nil without outputs
	Step              *symbolic.Func // forward results and gradients together, before they are cut
	Forward, Backward *symbolic.Func // nil without an optimizer
	Saved             []Saved        // what the forward half leaves for the backward half
	Parts             *Accumulation  // how a batch may come in parts; nil without an optimizer
	Eval              *Evaluation    // nil without loss and metrics
	Inits             []*symbolic.Func

	Clip               *symbolic.Func
	Prologues, Updates []*symbolic.Func // by group; the averaged weights last, where there are any
}

// Saved says which result of the forward half is which parameter of the backward half.
type Saved struct{ Result, Param int }

// newProgram derives and simplifies the Funcs of m; with predict only those that a prediction needs.
func newProgram(m *dsl.Model, predict bool) (*Program, error) {
	p := &Program{Model: m, Layout: newLayout(m)}
	for _, r := range m.Infer.Outputs {
		for _, x := range m.Inputs {
			if x.Target && slices.Contains(symbolic.Reach(r.Node), x.Node) {
				return nil, &ModelError{codeModel, r.Pos, fmt.Sprintf("the output %s depends on the target %s, which a prediction does not have", r.Name, x.Name)}
			}
		}
	}
	if len(m.Infer.Outputs) > 0 {
		p.Predict = optimised(p.closed("predict", "computes the outputs for a batch", results(m.Infer.Outputs)))
	}
	if predict && p.Predict == nil {
		return nil, errors.New("codegen: " + m.Name + " has no outputs to predict")
	}
	if !predict && (m.Infer.Loss != nil || len(m.Infer.Metrics) > 0) {
		p.Eval = newEvaluation(p)
	}
	if m.Optimizer != nil && !predict {
		if err := p.train(); err != nil {
			return nil, err
		}
	}
	for _, x := range m.Params {
		known := false
		for _, f := range p.Inits {
			known = known || f == x.Init
		}
		if !known {
			p.Inits = append(p.Inits, x.Init)
		}
	}
	return p, nil
}

func results(ns []dsl.Named) []symbolic.Result {
	var out []symbolic.Result
	for _, n := range ns {
		out = append(out, symbolic.Result{Name: n.Name, Node: n.Node})
	}
	return out
}

// closed makes a Func of results: its parameters are the leaves of the model that they reach, in the model's order.
func (p *Program) closed(name, doc string, rs []symbolic.Result) *symbolic.Func {
	f := &symbolic.Func{Name: name, Doc: doc, Results: rs}
	reached := map[*symbolic.Node]bool{}
	for _, n := range f.Nodes() {
		reached[n] = true
	}
	add := func(n *symbolic.Node) {
		if reached[n] {
			f.Params = append(f.Params, n)
			delete(reached, n)
		}
	}
	for _, x := range p.Model.Inputs {
		add(x.Node)
	}
	for _, x := range p.Model.Hypers {
		add(x.Node)
	}
	for _, x := range p.Model.Params {
		add(x.Node)
	}
	if p.Parts != nil && p.Parts.Share != nil {
		add(p.Parts.Share)
	}
	f.Syms = symsOf(f)
	return f
}

// symsOf returns the run-time sizes that f's nodes mention, in order of appearance.
func symsOf(f *symbolic.Func) []*symbolic.Sym {
	var out []*symbolic.Sym
	seen := map[*symbolic.Sym]bool{}
	note := func(d symbolic.Dim) {
		if !d.Valid() {
			return
		}
		for _, s := range d.Syms() {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	for _, n := range append(append([]*symbolic.Node(nil), f.Params...), f.Nodes()...) {
		for _, d := range n.Shape {
			note(d)
		}
		note(n.Attr.Dim)
	}
	return out
}

// train makes the forward and the backward half of a step.
func (p *Program) train() error {
	m := p.Model
	if m.Train.Loss == nil {
		return errors.New("codegen: " + m.Name + " has an optimizer but no loss")
	}
	p.Parts = newAccumulation(p)
	fwd := append([]symbolic.Result{p.Parts.Loss}, p.Parts.Metrics...)
	var wrt []*symbolic.Node
	var trained []*dsl.Param
	for _, g := range m.Optimizer.Groups {
		if g.Frozen {
			continue
		}
		for _, x := range g.Params {
			wrt = append(wrt, x.Node)
			trained = append(trained, x)
		}
	}
	grads, err := p.gradients(fwd, wrt)
	if err != nil {
		return err
	}
	var bwd []symbolic.Result
	for i, g := range grads.grads {
		if g != nil {
			bwd = append(bwd, symbolic.Result{Name: "grad " + trained[i].Path, Node: g})
		}
	}
	if len(bwd) == 0 {
		return fmt.Errorf("codegen: %s: the loss depends on no trained parameter", m.Name)
	}
	p.split(grads.forward, bwd)
	p.updates()
	return nil
}

// updates simplifies what the optimizer does.
func (p *Program) updates() {
	o := p.Model.Optimizer
	if o.Clip != nil {
		p.Clip = optimised(o.Clip)
	}
	for _, g := range o.Groups {
		if g.Update == nil {
			p.Prologues, p.Updates = append(p.Prologues, nil), append(p.Updates, nil)
			continue
		}
		p.Prologues = append(p.Prologues, optimised(g.Prologue))
		p.Updates = append(p.Updates, optimised(g.Update))
	}
	if a := o.Average; a != nil {
		p.Prologues = append(p.Prologues, optimised(a.Prologue))
		p.Updates = append(p.Updates, optimised(a.Update))
	}
}

// isTotal reports whether s is no size of the data but the number of rows of a batch that comes in parts.
func (p *Program) isTotal(s *symbolic.Sym) bool { return p.Parts != nil && s == p.Parts.Total }

// sizes returns all run-time sizes of the model's inputs and functions, in order of appearance.
func (p *Program) sizes() []*symbolic.Sym {
	var out []*symbolic.Sym
	add := func(ss []*symbolic.Sym) {
		for _, s := range ss {
			if !slices.Contains(out, s) && !p.isTotal(s) {
				out = append(out, s)
			}
		}
	}
	for _, x := range p.Model.Inputs {
		add(symbolic.Size(x.Shape).Syms())
	}
	for _, f := range []*symbolic.Func{p.Predict, p.Forward, p.Backward} {
		if f != nil {
			add(f.Syms)
		}
	}
	return out
}
