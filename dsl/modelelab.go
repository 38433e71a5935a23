// How does a model declaration become a Model? Its body is elaborated twice, with training true and false, over one graph.
package dsl

import (
	"math"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A modelBuilder is a Model under construction.
type modelBuilder struct {
	decl   *decl
	name   *syntax.Ident
	out    *Model
	consts map[*decl]value // top-level constants

	inputs   map[string]*Input
	params   map[string]*Param
	sites    map[string]site // where the text makes a parameter: its declaration, or the call of the layer that owns it
	hypers   map[string]*Hyper
	forward  *Forward // of the reading under way
	optimize *syntax.OptimizerUse
	optScope *scope // where the optimizer's settings are evaluated
	lossAt   *syntax.ItemDecl
	items    bool // whether any output or loss is stated, right or wrong
	losses   bool
}

// model elaborates one model; nil where it has errors.
func (p *loader) model(d *decl) *Model {
	m := d.node.(*syntax.ModelDecl)
	body, ok := p.variant(d)
	if !ok {
		return nil
	}
	b := &modelBuilder{
		decl: d, name: m.Name, consts: map[*decl]value{},
		inputs: map[string]*Input{}, params: map[string]*Param{}, sites: map[string]site{}, hypers: map[string]*Hyper{},
	}
	e := newElaborator(p, b)
	for _, s := range body {
		if prec, ok := s.(*syntax.Precision); ok && prec.Type != nil && prec.Type.Name == "float64" {
			e.float = symbolic.F64
		}
	}
	out := &Model{Name: m.Name.Name, File: d.file.name, Doc: p.doc(d.file, m), Pos: m.Pos(), Float: e.float, Graph: e.g}
	b.out = out
	out.Train = e.reading(body, true)
	trained := len(out.Params)
	out.Infer = e.reading(body, false)
	if !e.list.HasErrors() && len(out.Params) != trained {
		late := out.Params[trained]
		e.list.Errorf(badModel, late.Pos, late.Pos, "the parameter %s exists only where training is false", late.Path)
	}
	e.checkModel()
	e.optimizerOf()
	if !e.list.HasErrors() && !p.unread {
		e.lint()
	}
	p.list = append(p.list, e.list...)
	if e.list.HasErrors() {
		return nil
	}
	return out
}

// reading elaborates the body once.
func (e *elaborator) reading(body []syntax.Stmt, training bool) *Forward {
	b := e.model
	e.training, e.stack, e.implicit = training, nil, nil
	b.forward = &Forward{}
	fr := &frame{slots: map[string]*slot{}}
	sc := fileScope(b.decl.file, newUnit(modelBody, b.decl, fr, noPrefix))
	sc.set("batch", dimVal{symbolic.SymDim("batch", 0)})
	e.block(sc, body)
	b.optScope = sc
	return b.forward
}

// param makes a parameter of the model, or finds it on the second reading.
func (b *modelBuilder) param(e *elaborator, s *slot) *symbolic.Node {
	if old := b.params[s.path]; old != nil {
		if !symbolic.SameShape(old.Shape, s.shape) {
			e.list.Errorf(badModel, s.pos, s.pos, "%s is %s with training and %s without", s.path, symbolic.ShapeString(old.Shape), symbolic.ShapeString(s.shape))
		}
		return old.Node
	}
	b.sites[s.path] = s.site
	p := &Param{Path: s.path, Pos: s.pos, Layer: s.layer, Shape: s.shape, Init: s.init}
	p.Node = e.g.Leaf(symbolic.OpParam, s.path, e.float, s.shape)
	b.params[s.path] = p
	b.out.Params = append(b.out.Params, p)
	return p.Node
}

// limit records the range of an input's ints; of several the smallest holds.
func (b *modelBuilder) limit(leaf *symbolic.Node, n symbolic.Dim) {
	for _, in := range b.out.Inputs {
		if in.Node != leaf {
			continue
		}
		have, known := 0, false
		if in.Limit.Valid() {
			have, known = in.Limit.Const()
		}
		if got, constant := n.Const(); !in.Limit.Valid() || constant && (!known || got < have) {
			in.Limit = n
		}
	}
}

// item elaborates a statement that only models have.
func (e *elaborator) item(sc *scope, s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.InputDecl:
		e.inputDecl(sc, s)
	case *syntax.HyperDecl:
		e.hyperDecl(sc, s)
	case *syntax.ItemDecl:
		e.itemDecl(sc, s)
	case *syntax.OptimizerUse:
		e.model.optimize = s
	case *syntax.Precision:
		if s.Type != nil && s.Type.Name != "float64" && s.Type.Name != "float32" {
			e.errorf(unknownType, s.Type, "precision is float32 or float64, got %s", s.Type.Name)
		}
	}
}

// inputDecl elaborates `input x [batch, 64]` and `target y [batch]int`.
func (e *elaborator) inputDecl(sc *scope, s *syntax.InputDecl) {
	in, ok := e.input(sc, s)
	if !ok {
		sc.define(s.Name, poison{}, true)
		return
	}
	e.g.Pos = s.Name.Pos()
	n := in.Node
	if in.DType == symbolic.U8 { // stored as bytes, computed as float
		n = e.g.Must(symbolic.OpCast, symbolic.Attr{DType: e.float}, n)
	}
	sc.define(s.Name, tensorVal{n}, true).typ = s.Type
}

func (e *elaborator) input(sc *scope, s *syntax.InputDecl) (*Input, bool) {
	if s.Type == nil {
		return nil, false
	}
	dt := e.float
	if s.Type.Name != nil {
		known := map[string]symbolic.DType{"float": e.float, "int": symbolic.I32, "bool": symbolic.Bool, "uint8": symbolic.U8}
		word := s.Type.Name.Name
		if dt, _ = known[word]; dt == symbolic.NoType {
			d := e.errorf(unknownType, s.Type.Name, "unknown type %s", word)
			if near := diag.Closest(word, []string{"float", "int", "bool", "uint8"}); near != "" {
				d.Help("did you mean "+near+"?", diag.Edit{Pos: s.Type.Name.Pos(), End: s.Type.Name.End(), New: near})
			} else {
				d.Help("an input holds float, int, bool or uint8; precision float64 makes floats double")
			}
			return nil, false
		}
	}
	var shape []symbolic.Dim
	if s.Type.Tensor {
		e.declareSizes(sc, s.Type.Dims)
		var ok bool
		if shape, ok = e.shape(sc, s.Type.Dims); !ok {
			return nil, false
		}
	}
	if old := e.model.inputs[s.Name.Name]; old != nil {
		return old, true // second reading
	}
	e.g.Pos = s.Name.Pos()
	in := &Input{Name: s.Name.Name, Pos: s.Name.Pos(), Target: s.Target, DType: dt, Shape: shape}
	in.Node = e.g.Leaf(symbolic.OpInput, s.Name.Name, dt, shape)
	e.model.inputs[in.Name] = in
	e.model.out.Inputs = append(e.model.out.Inputs, in)
	return in, true
}

// declareSizes binds the run-time sizes that an input declares: `time <= 512`.
func (e *elaborator) declareSizes(sc *scope, dims []*syntax.DimField) {
	for _, dim := range dims {
		id, isName := dim.X.(*syntax.Ident)
		if dim.Max == nil {
			if isName && sc.find(id.Name) == nil && !dim.Spread {
				if _, known := e.outer(sc.file, id.Name, id); !known {
					e.undeclaredSize(sc, id)
					sc.define(id, poison{}, true)
				}
			}
			continue
		}
		bound := e.single(sc, dim.Max)
		n, ok := 0, false
		if num, isNum := bound.(numVal); isNum {
			n, ok = num.int()
		}
		switch {
		case !isName:
			e.errorf(undeclaredSize, dim, "only a name can have a bound: time <= 512")
			continue
		case isPoison(bound):
		case !ok || n < 1:
			e.errorf(badSize, dim.Max, "the bound of %s must be an int from 1, got %s", id.Name, valueText(bound))
		default:
			if old := sc.find(id.Name); old != nil {
				if d, isSize := old.v.(dimVal); isSize && d.d == symbolic.SymDim(id.Name, n) {
					continue // stated again
				}
				d := e.errorf(declaredTwice, id, "%s is defined already, as %s", id.Name, valueText(old.v))
				if old.pos.IsValid() {
					d.Notef(old.pos, old.end, "defined here")
				}
				continue
			}
			sc.define(id, dimVal{symbolic.SymDim(id.Name, n)}, true)
			continue
		}
		sc.define(id, poison{}, true)
	}
}

// undeclaredSize reports a size that nothing declares.
func (e *elaborator) undeclaredSize(sc *scope, id *syntax.Ident) {
	seen := map[string]bool{}
	for s := sc; s != nil; s = s.parent {
		for name, b := range s.names {
			if _, ok := asDim(b.v); ok {
				seen[name] = true
			}
		}
	}
	d := e.errorf(undeclaredSize, id, "undefined size %s: only batch is known, any other size is a const or has a bound where it is first used", id.Name)
	if near := diag.Closest(id.Name, sorted(seen)); near != "" {
		d.Help("did you mean "+near+"?", diag.Edit{Pos: id.Pos(), End: id.End(), New: near})
		return
	}
	d.Help("declare it with its bound: " + id.Name + " <= 512")
}

// hyperDecl elaborates `hyper temp = 1.0`.
func (e *elaborator) hyperDecl(sc *scope, s *syntax.HyperDecl) {
	v := e.single(sc, s.Value)
	num, ok := v.(numVal)
	if !ok || math.IsNaN(num.float64()) {
		if !isPoison(v) {
			e.errorf(notStatic, s.Value, "a hyper starts as a number, got %s", v.kind())
		}
		sc.define(s.Name, poison{}, true)
		return
	}
	h := e.model.hypers[s.Name.Name]
	if h == nil {
		e.g.Pos = s.Name.Pos()
		h = &Hyper{Name: s.Name.Name, Pos: s.Name.Pos(), Value: num.float64()}
		h.Node = e.g.Leaf(symbolic.OpHyper, s.Name.Name, symbolic.F64, nil)
		e.model.hypers[s.Name.Name] = h
		e.model.out.Hypers = append(e.model.out.Hypers, h)
	}
	sc.define(s.Name, tensorVal{h.Node}, true)
}

// itemDecl elaborates `output probs = e`, `loss = e`, `metric accuracy = e`.
func (e *elaborator) itemDecl(sc *scope, s *syntax.ItemDecl) {
	e.model.items = e.model.items || s.Kind != syntax.Metric
	e.model.losses = e.model.losses || s.Kind == syntax.Loss
	name, at := "loss", spanned(s)
	nm := naming{}
	if s.Name != nil {
		name, at = s.Name.Name, s.Name
		nm = naming{name: name, at: s.Name, variable: true}
	}
	var v value
	if c, ok := s.Value.(*syntax.Call); ok {
		v = e.call(sc, c, nm, false)
	} else {
		v = e.single(sc, s.Value)
	}
	if _, tuple := v.(tupleVal); tuple {
		v = e.fail(badResults, s.Value, "the call gives several results, one is wanted here")
	}
	if s.Name != nil {
		if old := sc.names[s.Name.Name]; old == nil {
			sc.define(s.Name, v, true)
		}
	}
	if isPoison(v) {
		return
	}
	n, ok := e.itemNode(s, v)
	if !ok {
		return
	}
	e.named(tensorVal{n}, name)
	named := Named{Name: name, Pos: at.Pos(), Node: n}
	switch f := e.model.forward; s.Kind {
	case syntax.Output:
		f.Outputs = append(f.Outputs, named)
	case syntax.Metric:
		f.Metrics = append(f.Metrics, named)
	case syntax.Loss:
		if f.Loss == nil {
			f.Loss = &named
			e.model.lossAt = s
		}
	}
}

// itemNode returns the node of an item in the model's types: losses and metrics are scalar floats.
func (e *elaborator) itemNode(s *syntax.ItemDecl, v value) (*symbolic.Node, bool) {
	word := [...]string{"an output", "the loss", "a metric"}[s.Kind]
	switch v := v.(type) {
	case numVal, dimVal, boolVal:
		a := argument{v, s.Value.Pos(), s.Value.End(), s.Value}
		dt := e.float
		if _, isBool := v.(boolVal); isBool {
			dt = symbolic.Bool
		}
		if s.Kind == syntax.Loss {
			e.errorf(nothingTrains, s.Value, "the loss is %s and depends on no parameter", valueText(v))
			return nil, false
		}
		return e.toNode(a, dt)
	case tensorVal:
		n := v.n
		if n.DType == symbolic.F64 && e.float == symbolic.F32 && n.Scalar() {
			n = e.g.Must(symbolic.OpCast, symbolic.Attr{DType: e.float}, n)
		}
		if s.Kind == syntax.Output {
			return n, true
		}
		if !n.Scalar() {
			d := e.errorf(scalarWanted, s.Value, "%s must be a scalar, got %s", word, tensorText(n))
			d.Help("reduce it by mean or sum", diag.Edit{Pos: s.Value.Pos(), End: s.Value.Pos(), New: "mean("}, diag.Edit{Pos: s.Value.End(), End: s.Value.End(), New: ")"})
			return nil, false
		}
		if !n.DType.Float() {
			if s.Kind == syntax.Loss {
				e.errorf(wrongType, s.Value, "the loss must be a float, got %s", tensorText(n))
				return nil, false
			}
			n = e.g.Must(symbolic.OpCast, symbolic.Attr{DType: e.float}, n)
		}
		return n, true
	}
	e.errorf(wrongKind, s.Value, "%s must be a tensor, got %s", word, v.kind())
	return nil, false
}

// checkModel reports what a model lacks as a whole.
func (e *elaborator) checkModel() {
	b := e.model
	switch {
	case e.steps >= maxSteps: // the rest was not read
	case !b.items:
		e.list.Errorf(badModel, b.name.Pos(), b.name.End(), "the model %s has neither output nor loss", b.name.Name)
	case b.optimize != nil && b.optimize.Call != nil && !b.losses:
		at := b.optimize.Call
		e.list.Errorf(badModel, at.Pos(), at.End(), "an optimizer without a loss").Help("add: loss = mean(...)")
	}
}

// doc returns the comment lines directly above a declaration, without slashes.
func (p *loader) doc(f *file, n syntax.Node) string {
	lines := map[int]string{}
	for _, c := range f.syntax.Comments {
		lines[p.fset.Position(c.Pos()).Line] = c.Text
	}
	text := ""
	for line := p.fset.Position(n.Pos()).Line - 1; ; line-- {
		c, ok := lines[line]
		if !ok {
			return text
		}
		c = trimComment(c)
		if text != "" {
			c += "\n" + text
		}
		text = c
	}
}

func trimComment(c string) string {
	for len(c) > 0 && c[0] == '/' {
		c = c[1:]
	}
	if len(c) > 0 && c[0] == ' ' {
		c = c[1:]
	}
	return c
}
