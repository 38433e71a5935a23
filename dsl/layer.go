// What does a call of a layer do? Its body becomes a Func, once for equal arguments, and the call a call node.
package dsl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A layerFunc is the Func of one layer for one set of static arguments and shapes.
type layerFunc struct {
	fn       *symbolic.Func
	slots    []*slot // parameters it needs after its tensors, in order of declaration
	results  int
	training bool // whether it depends on `training`
	random   bool // whether it draws random numbers
	limits   []argLimit
	origins  []string // by result: see elaborator.origin
	failed   bool
}

// argLimit says that the ints of a tensor argument must be in [0, n).
type argLimit struct {
	arg int
	n   symbolic.Dim
}

// layer elaborates a call of a layer: nm says how the instance is called.
func (e *elaborator) layer(sc *scope, d *decl, args map[int]argument, c *syntax.Call, nm naming) value {
	if sc.unit == nil || sc.unit.frame == nil {
		return e.fail(impureFunc, c, "the layer %s is called outside a model", d.name.Name)
	}
	prefix := e.namer(sc.unit, d, nm, c)
	return e.applyLayer(sc, d, args, c, prefix, false)
}

// applyLayer elaborates a layer whose parameters lie under the path that prefix gives. again says that it has been applied
// before, as the layers of `use` may.
func (e *elaborator) applyLayer(sc *scope, d *decl, args map[int]argument, c spanned, prefix func() (string, bool), again bool) value {
	if d.isStateless(e.pkg.std) || open(args) {
		return e.inlineLayer(sc, d, args, c, prefix, again)
	}
	key, tensors, syms := e.layerKey(d, args)
	lf := e.funcs[key+trainingKey(e.training)]
	if lf == nil {
		lf = e.buildLayer(sc, d, args, c, tensors, syms)
		e.funcs[key+trainingKey(e.training)] = lf
		if !lf.training && !lf.failed {
			e.funcs[key+trainingKey(!e.training)] = lf
		}
	}
	if lf.failed {
		return poison{}
	}
	return e.callLayer(sc, d, lf, args, tensors, syms, c, prefix, again)
}

func trainingKey(training bool) string {
	if training {
		return " training"
	}
	return " inference"
}

// callLayer makes the call node.
func (e *elaborator) callLayer(sc *scope, d *decl, lf *layerFunc, args map[int]argument, tensors []int, syms []*symbolic.Sym, c spanned, prefix func() (string, bool), again bool) value {
	fr := sc.unit.frame
	fr.training = fr.training || lf.training
	var nodes []*symbolic.Node
	for _, i := range tensors {
		nodes = append(nodes, args[i].v.(tensorVal).n)
	}
	path := ""
	if len(lf.slots) > 0 {
		var ok bool
		if path, ok = prefix(); !ok {
			return poison{}
		}
		for _, s := range lf.slots {
			leaf, ok := e.slot(sc.unit, &slot{path: path + s.path, pos: s.pos, layer: s.layer, shape: s.shape, init: s.init}, c, again)
			if !ok {
				return poison{}
			}
			nodes = append(nodes, leaf)
		}
	}
	bind := make([]symbolic.Dim, len(syms))
	for i, s := range syms {
		bind[i] = s.Dim()
	}
	place := ""
	if lf.random {
		place = fr.site()
	}
	for _, l := range lf.limits {
		e.limit(sc.unit, nodes[l.arg], l.n.Subst(bindSyms(lf.fn.Syms, bind)))
	}
	e.mark(c)
	n, err := e.g.CallAt(place, lf.fn, bind, nodes)
	if err != nil {
		return e.fail(badLayout, c, "%s", err)
	}
	out := make(tupleVal, lf.results)
	for i := range out {
		get := e.g.Get(n, i)
		if lf.origins[i] != "" {
			e.origin[get] = lf.origins[i]
		}
		out[i] = tensorVal{get}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func bindSyms(syms []*symbolic.Sym, bind []symbolic.Dim) func(*symbolic.Sym) symbolic.Dim {
	return func(s *symbolic.Sym) symbolic.Dim {
		for i, t := range syms {
			if s == t {
				return bind[i]
			}
		}
		return symbolic.Dim{}
	}
}

// site numbers a random draw or a call that draws: no two of a frame share their numbers.
func (f *frame) site() string {
	f.draws++
	if f.fn != nil {
		f.fn.random = true
	}
	return strconv.Itoa(f.draws)
}

// buildLayer elaborates the body of a layer into a Func whose parameters are the tensors among args, then the layer's own.
func (e *elaborator) buildLayer(sc *scope, d *decl, args map[int]argument, c spanned, tensors []int, syms []*symbolic.Sym) *layerFunc {
	lf := &layerFunc{failed: true}
	if !e.push(d, sc, c, args) {
		return lf
	}
	defer e.pop()
	implicit, at := e.implicit, e.g.Pos
	e.implicit = nil
	defer func() { e.implicit, e.g.Pos = implicit, at }()

	fr := &frame{fn: lf, slots: map[string]*slot{}}
	u := newUnit(layerBody, d, fr, noPrefix)
	inner := map[int]argument{}
	for i, a := range args {
		inner[i] = a
	}
	var leaves []*symbolic.Node
	for _, i := range tensors {
		a := args[i]
		n := a.v.(tensorVal).n
		e.g.Pos = d.signature().params[i].field.Pos()
		leaf := e.g.Leaf(symbolic.OpArg, d.signature().params[i].name, n.DType, n.Shape)
		leaves = append(leaves, leaf)
		a.v = tensorVal{leaf}
		inner[i] = a
	}
	body := fileScope(d.file, u)
	if !e.bindParams(d, body, inner, c) {
		return lf
	}
	v := e.body(d, body)
	results, ok := e.results(d, v, c)
	if !ok {
		return lf
	}
	for _, l := range fr.limits {
		if i := slices.Index(leaves, l.leaf); i >= 0 {
			lf.limits = append(lf.limits, argLimit{i, l.n})
		}
	}
	for _, s := range fr.order {
		leaves = append(leaves, s.leaf)
	}
	for _, r := range results {
		lf.origins = append(lf.origins, e.origin[r.Node])
	}
	lf.fn = &symbolic.Func{Name: e.funcName(d.name.Name), Doc: layerDoc(d, args, tensors), Syms: syms, Params: leaves, Results: results}
	lf.slots, lf.results, lf.training, lf.failed = fr.order, len(results), fr.training, false
	return lf
}

// results names what a layer returns.
func (e *elaborator) results(d *decl, v value, c spanned) ([]symbolic.Result, bool) {
	vals, tuple := v.(tupleVal)
	if !tuple {
		vals = tupleVal{v}
	}
	var out []symbolic.Result
	for i, v := range vals {
		t, ok := v.(tensorVal)
		if !ok {
			if !isPoison(v) {
				e.errorf(badResults, c, "the layer %s returns %s: a layer's results are tensors", d.name.Name, v.kind())
			}
			return nil, false
		}
		name := e.g.Name(t.n)
		if name == "" {
			name = "out"
			if len(vals) > 1 {
				name = fmt.Sprintf("out%d", i)
			}
		}
		out = append(out, symbolic.Result{Name: name, Node: t.n})
	}
	return out, true
}

// funcName returns a name that no other Func of the model has.
func (e *elaborator) funcName(name string) string {
	e.funcNames[name]++
	if n := e.funcNames[name]; n > 1 {
		return e.funcName(fmt.Sprintf("%s%d", name, n))
	}
	return name
}

// layerDoc says in one line what a Func computes: dense(x [batch, 64], m: 32, act: relu).
func layerDoc(d *decl, args map[int]argument, tensors []int) string {
	var parts []string
	for i, p := range d.signature().params {
		a, given := args[i]
		switch {
		case !given:
		case isTensor(a.v):
			parts = append(parts, p.name+" "+valueText(a.v))
		default:
			parts = append(parts, p.name+": "+valueText(a.v))
		}
	}
	return d.name.Name + "(" + strings.Join(parts, ", ") + ")"
}

func isTensor(v value) bool {
	_, ok := v.(tensorVal)
	return ok
}

// inlineLayer elaborates a layer in place: one that owns nothing, or one that is given a function which reads tensors of
// the caller.
func (e *elaborator) inlineLayer(sc *scope, d *decl, args map[int]argument, c spanned, prefix func() (string, bool), again bool) value {
	if !e.push(d, sc, c, args) {
		return poison{}
	}
	defer e.pop()
	implicit := e.implicit
	e.implicit = nil
	defer func() { e.implicit = implicit }()
	u := newUnit(layerBody, d, sc.unit.frame, prefix)
	u.again = again
	body := fileScope(d.file, u)
	if !e.bindParams(d, body, args, c) {
		return poison{}
	}
	v := e.body(d, body)
	if t, ok := v.(tensorVal); ok && d.file.library {
		if _, known := e.origin[t.n]; !known && d.name.Name != "dropout" {
			e.origin[t.n] = d.name.Name
		}
	}
	return v
}

// open reports whether a function among args reads tensors or parameters of the caller, so that the callee cannot be a Func
// of its own.
func open(args map[int]argument) bool {
	for _, a := range args {
		if f, ok := a.v.(funcVal); ok && openFunc(f, 0) {
			return true
		}
	}
	return false
}

func openFunc(f funcVal, depth int) bool {
	if depth > maxDepth {
		return true
	}
	for _, a := range f.pre {
		if isTensor(a.v) {
			return true
		}
		if g, ok := a.v.(funcVal); ok && openFunc(g, depth+1) {
			return true
		}
	}
	switch fn := f.fn.(type) {
	case *instance:
		return true
	case *lambda:
		for _, v := range captured(fn) {
			if isTensor(v.v) {
				return true
			}
			if g, ok := v.v.(funcVal); ok && openFunc(g, depth+1) {
				return true
			}
		}
	}
	return false
}

// captured returns the bindings around a lambda that it mentions, in order of mention.
func captured(l *lambda) []*binding {
	own := map[string]bool{}
	for _, id := range l.fn.Params {
		own[id.Name] = true
	}
	var out []*binding
	seen := map[string]bool{}
	syntax.Inspect(l.fn.Body, func(n syntax.Node) bool {
		id, ok := n.(*syntax.Ident)
		if !ok || own[id.Name] || seen[id.Name] {
			return true
		}
		seen[id.Name] = true
		if b := l.sc.find(id.Name); b != nil {
			out = append(out, b)
		}
		return true
	})
	return out
}

// isStateless reports whether a layer can own no parameters: it declares none and calls nothing that might.
func (d *decl) isStateless(std map[string]*decl) bool {
	if d.stateless != nil {
		return *d.stateless
	}
	guess := false
	d.stateless = &guess // while it is being found out: recursive layers count as owners
	f := d.node.(*syntax.FuncDecl)
	result := true
	for _, p := range d.signature().params {
		if p.class == funcParam {
			result = false
		}
	}
	syntax.Inspect(f.Body, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamDecl, *syntax.Use, *syntax.StateDecl:
			result = false
		case *syntax.Call:
			fun, ok := n.Fun.(*syntax.Ident)
			if !ok {
				result = false
				return true
			}
			callee := d.file.decls[fun.Name]
			if callee == nil {
				callee = std[fun.Name]
			}
			if callee != nil && callee.isFunc(syntax.Layer) && !callee.isStateless(std) {
				result = false
			}
		}
		return true
	})
	d.stateless = &result
	return result
}
