// What does a batch look like in Go, and how is it checked? Typed fields, run-time sizes found from their lengths, errors that name the
// field.
package codegen

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"nngen/dsl"
	"nngen/symbolic"
)

// A bundle is a struct of inputs: what Predict takes, what Step takes.
type bundle struct {
	names  *fieldNames
	name   string
	inputs []*dsl.Input
	syms   []*symbolic.Sym // all run-time sizes, batch first where there is one
	solve  []solution      // in order
}

// A solution says how a size is found: from the length of an input, or from a field of the struct.
type solution struct {
	sym   *symbolic.Sym
	input *dsl.Input   // nil: a field
	rest  symbolic.Dim // the length divided by rest is the size
}

// newBundle finds out how the run-time sizes of inputs follow from their lengths.
func newBundle(names *fieldNames, name string, inputs []*dsl.Input, extra []*symbolic.Sym) *bundle {
	b := &bundle{names: names, name: name, inputs: inputs}
	seen := map[*symbolic.Sym]bool{}
	note := func(s *symbolic.Sym) {
		if !seen[s] {
			seen[s] = true
			b.syms = append(b.syms, s)
		}
	}
	for _, x := range inputs {
		for _, d := range x.Shape {
			for _, s := range d.Syms() {
				note(s)
			}
		}
	}
	for _, s := range extra {
		note(s)
	}
	known := map[*symbolic.Sym]bool{}
	for len(known) < len(b.syms) {
		found := false
		for _, x := range inputs {
			if s, rest, ok := solvable(x, known); ok {
				known[s] = true
				b.solve = append(b.solve, solution{s, x, rest})
				found = true
				break
			}
		}
		if !found { // the innermost unknown size becomes a field
			for i := len(b.syms) - 1; i >= 0; i-- {
				if s := b.syms[i]; !known[s] {
					known[s] = true
					b.solve = append(b.solve, solution{sym: s})
					break
				}
			}
		}
	}
	return b
}

// solvable reports whether the length of x gives its only unknown size.
func solvable(x *dsl.Input, known map[*symbolic.Sym]bool) (*symbolic.Sym, symbolic.Dim, bool) {
	if len(x.Shape) == 0 {
		return nil, symbolic.Dim{}, false
	}
	var unknown *symbolic.Sym
	for _, s := range symbolic.Size(x.Shape).Syms() {
		if !known[s] {
			if unknown != nil {
				return nil, symbolic.Dim{}, false
			}
			unknown = s
		}
	}
	if unknown == nil {
		return nil, symbolic.Dim{}, false
	}
	rest, ok := symbolic.Size(x.Shape).Div(unknown.Dim())
	if !ok {
		return nil, symbolic.Dim{}, false
	}
	for _, s := range rest.Syms() {
		if s == unknown {
			return nil, symbolic.Dim{}, false
		}
	}
	return unknown, rest, true
}

// lead returns the input whose length says how many rows there are; nil where a field says it.
func (b *bundle) lead() *dsl.Input {
	for _, s := range b.solve {
		if s.sym.Name == batchName {
			return s.input
		}
	}
	return nil
}

// rowsSym returns the size that data sets are cut along.
func (b *bundle) rowsSym() *symbolic.Sym {
	for _, s := range b.syms {
		if s.Name == batchName {
			return s
		}
	}
	return nil
}

// unbounded returns the arguments of a sizes method that takes data of any size.
func (b *bundle) unbounded() []jen.Code {
	var out []jen.Code
	for _, s := range b.syms {
		if s.Max == 0 {
			out = append(out, jen.Qual("math", "MaxInt"))
		}
	}
	return out
}

// dataSize returns how the methods of a whole data set d find a run-time size.
func (b *bundle) dataSize(sym *symbolic.Sym) string {
	if sym.Name == batchName {
		return "d.Len()"
	}
	for _, s := range b.solve {
		if s.sym == sym && s.input != nil {
			return fmt.Sprintf("nnrt.PerRow(len(d.%s), %s)", b.names.input(s.input), sizeExpr(s.rest, b.dataSize))
		}
	}
	return "d." + b.names.size(sym)
}

// fields writes the struct's fields.
func (b *bundle) fields(float symbolic.DType) []jen.Code {
	var out []jen.Code
	for _, x := range b.inputs {
		if len(x.Shape) == 0 {
			out = append(out, jen.Id(b.names.input(x)).Id(goTypes[x.DType]))
			continue
		}
		c := symbolic.ShapeString(x.Shape)
		if x.Limit.Valid() {
			c += ", each from 0 to " + x.Limit.Sub(symbolic.Int(1)).String()
		}
		out = append(out, jen.Id(b.names.input(x)).Index().Id(goTypes[x.DType]).Comment(c))
	}
	for _, s := range b.solve {
		if s.input == nil {
			out = append(out, jen.Id(b.names.size(s.sym)).Int().Comment("size "+s.sym.Name))
		}
	}
	return out
}

// sizesMethod writes the method that finds and checks the run-time sizes of a struct: at most maxBatch rows, every length and index right.
func (e *modelEmitter) sizesMethod(b *bundle) {
	model := e.prog.Model.Name
	local := func(s *symbolic.Sym) string { return symField(s) }
	var body, params, returns []jen.Code
	for _, s := range b.syms {
		if s.Max == 0 {
			params = append(params, jen.Id(b.names.maxSize(s)).Int())
		}
		returns = append(returns, jen.Id(symField(s)).Int())
	}
	returns = append(returns, jen.Err().Error())
	fail := func(call string) jen.Code {
		return jen.If(raw("err = %s; err != nil", call)).Block(jen.Return())
	}
	solved := map[*dsl.Input]bool{} // their lengths are right by how the size was found
	for _, s := range b.solve {
		v := symField(s.sym)
		if s.input == nil {
			body = append(body, raw("%s = b.%s", v, b.names.size(s.sym)))
		} else {
			width := sizeExpr(s.rest, local)
			if width != "1" {
				body = append(body, fail(fmt.Sprintf("nnrt.CheckMultiple(%q, %q, len(b.%s), %s)", model, b.names.input(s.input), b.names.input(s.input), width)))
			}
			body = append(body, raw("%s = len(b.%s) / %s", v, b.names.input(s.input), factorAll(width)))
			solved[s.input] = true
		}
		limit := fmt.Sprint(s.sym.Max)
		if s.sym.Max == 0 {
			limit = b.names.maxSize(s.sym)
		}
		switch {
		case s.sym.Name == batchName:
			body = append(body, fail(fmt.Sprintf("nnrt.CheckBatch(%q, %s, %s)", model, v, limit)))
		case s.input != nil:
			body = append(body, fail(fmt.Sprintf("nnrt.CheckDerived(%q, %q, %q, len(b.%s), %s, %s)", model, b.names.input(s.input), s.sym.Name, b.names.input(s.input), v, limit)))
		default:
			body = append(body, fail(fmt.Sprintf("nnrt.CheckSize(%q, %q, %s, %s)", model, b.names.size(s.sym), v, limit)))
		}
	}
	for _, x := range b.inputs {
		if len(x.Shape) == 0 {
			continue
		}
		rows, rest := "1", x.Shape
		if hasBatch(x.Shape[:1]) {
			rows, rest = sizeExpr(x.Shape[0], local), x.Shape[1:]
		}
		if !solved[x] {
			body = append(body, fail(fmt.Sprintf("nnrt.CheckLen(%q, %q, len(b.%s), %s, %s)", model, b.names.input(x), b.names.input(x), rows, sizeExpr(symbolic.Size(rest), local))))
		}
		if x.Limit.Valid() {
			body = append(body, fail(fmt.Sprintf("nnrt.CheckIndex(%q, %q, b.%s, %s)", model, b.names.input(x), b.names.input(x), sizeExpr(x.Limit, local))))
		}
	}
	body = append(body, jen.Return())
	e.file.Comment("sizes returns the run-time sizes that the fields' lengths say, or an error that names the field that does not fit.")
	e.file.Func().Params(jen.Id("b").Op("*").Id(b.name)).Id("sizes").Params(params...).Params(returns...).Block(body...)
}

func factorAll(e string) string {
	if atom(e) {
		return e
	}
	return "(" + e + ")"
}

// bundles returns what Predict takes and what Step takes.
func (e *modelEmitter) bundles() (in, batch *bundle) {
	var ins []*dsl.Input
	for _, x := range e.prog.Model.Inputs {
		if e.reads(e.prog.Predict, x) {
			ins = append(ins, x)
		}
	}
	var extra []*symbolic.Sym
	if e.prog.Predict != nil {
		extra = e.prog.Predict.Syms
	}
	in = newBundle(e.names, e.name+"Input", ins, extra)
	extra = nil
	if e.prog.Forward != nil {
		extra = slices.DeleteFunc(slices.Clone(e.prog.Forward.Syms), e.prog.isTotal)
	}
	return in, newBundle(e.names, e.name+"Batch", e.prog.Model.Inputs, extra)
}

func (e *modelEmitter) reads(f *symbolic.Func, x *dsl.Input) bool {
	if f == nil {
		return false
	}
	for _, p := range f.Params {
		if p == x.Node {
			return true
		}
	}
	return false
}

// arguments writes the assignments that hand a struct's fields and its sizes to a frame.
func (e *modelEmitter) arguments(frame string, p *Plan, b string, params string) []jen.Code {
	var out []jen.Code
	for _, s := range p.Func.Syms {
		out = append(out, raw("%s.%s = %s", frame, symField(s), symField(s)))
	}
	for _, x := range e.prog.Model.Inputs {
		if v := p.value[x.Node]; v != nil && v.Store == StoreArg {
			out = append(out, raw("%s.%s = %s.%s", frame, v.Name, b, e.names.input(x)))
		}
	}
	for _, x := range e.prog.Model.Hypers {
		if v := p.value[x.Node]; v != nil {
			out = append(out, raw("%s.%s = %s.%s", frame, v.Name, params, e.names.hyper(x.Name)))
		}
	}
	return out
}

// parameters writes the assignments that point a frame's parameter arguments into the model, once.
func (e *modelEmitter) parameters(frame string, p *Plan, flat string) []jen.Code {
	return e.intoFlat(frame, flat, func(x *dsl.Param) *Value {
		if v := p.value[x.Node]; v != nil && v.Store == StoreArg && len(x.Shape) > 0 {
			return v
		}
		return nil
	})
}

// intoFlat points the fields of a frame that hold parameters, or their gradients, at their places in a flat buffer; an array at the place of
// its first member, whichever members the frame reads.
func (e *modelEmitter) intoFlat(frame, flat string, value func(*dsl.Param) *Value) []jen.Code {
	var out []jen.Code
	bound := map[*Value]bool{}
	for _, x := range e.prog.Model.Params {
		v := value(x)
		if v == nil || bound[v.Base] {
			continue
		}
		lo, size := e.prog.Layout.Offset[x], paramSize(x)
		if v.Base != nil {
			bound[v.Base] = true
			lo -= v.Index * v.Family.Stride
			size += (v.Base.Count - 1) * v.Family.Stride
		}
		out = append(out, raw("%s.%s = %s[%d:%d]", frame, v.Name, flat, lo, lo+size))
	}
	return out
}

// capacities returns the arguments of a frame's init for its sizes: the trainer's batch capacity, declared bounds otherwise.
func capacities(p *Plan, batch string) string {
	out := ""
	for _, s := range p.Func.Syms {
		if s.Max > 0 {
			out += fmt.Sprint(s.Max, ", ")
		} else {
			out += batch + ", " // the rows: every other size has a bound
		}
	}
	return out
}
