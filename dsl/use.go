// What is `use e = embedding(vocab, d)`? A layer that may be applied any number of times, with one set of parameters.
package dsl

import (
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// An instance is a layer made by `use`: applied any number of times, always with the same parameters.
type instance struct {
	name    string
	decl    *decl
	unit    *unit
	at      spanned
	pre     map[int]argument
	applied bool
	path    func() (string, bool)
}

func (i *instance) calleeName() string    { return i.name }
func (i *instance) noun() string          { return "layer" }
func (i *instance) signature() *signature { return i.decl.signature() }

// use elaborates `use e = embedding(vocab, d)`: a partial application with a path.
func (e *elaborator) use(sc *scope, s *syntax.Use) {
	v := value(poison{})
	if s.Call != nil {
		v = e.call(sc, s.Call, naming{}, true)
	}
	f, ok := v.(funcVal)
	if !ok {
		sc.define(s.Name, poison{}, true)
		return
	}
	d, ok := f.fn.(*decl)
	if !ok || !d.isFunc(syntax.Layer) {
		e.errorf(wrongKind, s.Call, "use makes a layer, %s is %s", exprText(s.Call.Fun), v.kind())
		sc.define(s.Name, poison{}, true)
		return
	}
	inst := &instance{name: s.Name.Name, decl: d, unit: sc.unit, at: s.Name, pre: f.pre}
	inst.path = e.namer(sc.unit, d, naming{name: s.Name.Name, explicit: true, at: s.Name}, s.Call)
	sc.define(s.Name, funcVal{fn: inst, pre: f.pre}, true)
}

// applyInstance elaborates a call of a layer made by use.
func (e *elaborator) applyInstance(sc *scope, inst *instance, args map[int]argument, c spanned) value {
	again := inst.applied
	inst.applied = true
	if !again {
		defer func(n int) { // the places of the parameters that this call declares
			for _, s := range inst.unit.frame.order[n:] {
				s.call = c
			}
		}(len(inst.unit.frame.order))
	}
	inner := *sc
	inner.unit = inst.unit
	if sc.unit.frame != inst.unit.frame {
		return e.fail(wrongPlace, c, "%s belongs to %s and cannot be applied inside another layer", inst.name, inst.unit.kind)
	}
	return e.applyLayer(&inner, inst.decl, args, c, inst.path, again)
}

// instanceParam elaborates e.W: a parameter of a layer made by use. Before the first application it is declared at once
// when its size does not depend on the tensors that the layer is applied to.
func (e *elaborator) instanceParam(inst *instance, x *syntax.Selector) value {
	path, ok := inst.path()
	if !ok {
		return poison{}
	}
	if s := inst.unit.frame.slots[path+x.Sel.Name]; s != nil {
		return tensorVal{s.leaf}
	}
	f := inst.decl.node.(*syntax.FuncDecl)
	var names []string
	for _, s := range f.Body.Stmts {
		p, ok := s.(*syntax.ParamDecl)
		if !ok {
			continue
		}
		names = append(names, p.Name.Name)
		if p.Name.Name == x.Sel.Name && !inst.applied {
			return e.earlyParam(inst, p, x)
		}
	}
	d := e.errorf(undefinedName, x.Sel, "the layer %s has no parameter %s", inst.name, x.Sel.Name)
	switch near := diag.Closest(x.Sel.Name, names); {
	case near != "":
		d.Help("did you mean "+near+"?", diag.Edit{Pos: x.Sel.Pos(), End: x.Sel.End(), New: near})
	case len(names) > 0:
		d.Help("its parameters are " + strings.Join(names, ", "))
	}
	return poison{}
}

// earlyParam declares a parameter of a layer that was not applied yet.
func (e *elaborator) earlyParam(inst *instance, p *syntax.ParamDecl, x *syntax.Selector) value {
	if !e.push(inst.decl, nil, x, inst.pre) {
		return poison{}
	}
	defer e.pop()
	u := newUnit(layerBody, inst.decl, inst.unit.frame, inst.path)
	sc := fileScope(inst.decl.file, u)
	b := &binder{e: e, d: inst.decl, sc: sc, at: x, depth: len(e.stack) - 1, ok: true, by: map[string]boundBy{}}
	for i, q := range inst.signature().params {
		if q.class == tensorParam {
			continue
		}
		if a, given := inst.pre[i]; given {
			sc.define(q.field.Name, b.convert(q.field, a), false)
		} else if q.field.Default != nil {
			v := value(nil)
			if q.class == funcParam {
				v = e.function(sc, q.field.Default)
			} else {
				v = e.single(sc, q.field.Default)
			}
			sc.define(q.field.Name, v, false)
		}
	}
	if !b.ok {
		return poison{}
	}
	for _, dim := range p.Type.Dims {
		missing := ""
		syntax.Inspect(dim.X, func(n syntax.Node) bool {
			if id, ok := n.(*syntax.Ident); ok && missing == "" && sc.find(id.Name) == nil {
				if _, known := e.outer(inst.decl.file, id.Name, id); !known {
					missing = id.Name
				}
			}
			return true
		})
		if missing != "" {
			e.pop()
			v := e.fail(instanceUnapplied, x, "the size of %s is not known before %s is applied: %s comes from its argument", x.Sel.Name, inst.name, missing)
			e.stack = append(e.stack, call{name: inst.name, decl: inst.decl})
			return v
		}
	}
	u.again = true
	return e.declareParam(sc, p)
}
