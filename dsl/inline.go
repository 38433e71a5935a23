// What does a call of a func do? Its body is elaborated in place.
package dsl

import (
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// inline elaborates the body of a func at a call. The func shares the frame of the caller, so that its random draws are
// numbered with the caller's.
func (e *elaborator) inline(sc *scope, d *decl, args map[int]argument, at spanned) value {
	if !e.push(d, sc, at, args) {
		return poison{}
	}
	defer e.pop()
	implicit := e.implicit
	e.implicit = nil
	defer func() { e.implicit = implicit }()

	var fr *frame
	if sc.unit != nil {
		fr = sc.unit.frame
	}
	u := newUnit(funcBody, d, fr, noPrefix)
	body := fileScope(d.file, u)
	if !e.bindParams(d, body, args, at) {
		return poison{}
	}
	v := e.body(d, body)
	if t, ok := v.(tensorVal); ok && d.file.library {
		if _, known := e.origin[t.n]; !known {
			e.origin[t.n] = d.name.Name
		}
	}
	return v
}

// body elaborates the statements of a func or layer and checks what it returns against its declaration.
func (e *elaborator) body(d *decl, sc *scope) value {
	f := d.node.(*syntax.FuncDecl)
	r := e.block(sc, f.Body.Stmts)
	if r == nil {
		return e.fail(badResults, f.Name, "%s ends without return", d.name.Name)
	}
	if r.stmt == nil {
		return poison{} // out of steps, or a requirement failed
	}
	vals := r.vals
	if len(vals) == 1 {
		if t, ok := vals[0].v.(tupleVal); ok { // return f(x), where f has several results
			vals = nil
			for _, v := range t {
				vals = append(vals, argument{v, r.vals[0].pos, r.vals[0].end, nil})
			}
		}
	}
	if len(vals) != len(f.Results) {
		e.errorf(badResults, r.stmt, "%s returns %s, its declaration says %d", d.name.Name, count(len(vals), "value"), len(f.Results)).
			Notef(f.Name.Pos(), f.Name.End(), "declared here")
		return poison{}
	}
	out := make(tupleVal, len(vals))
	for i, a := range vals {
		out[i] = e.result(d, sc, f.Results[i], a)
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

// result checks one returned value against its declared type.
func (e *elaborator) result(d *decl, sc *scope, t *syntax.Type, a argument) value {
	if isPoison(a.v) {
		return a.v
	}
	b := &binder{e: e, d: d, sc: sc, at: a, depth: len(e.stack), ok: true, by: map[string]boundBy{}}
	if !t.Tensor {
		v, ok := e.asWord(t.Name.Name, a.v)
		if !ok {
			e.errorf(resultMismatch, a, "%s returns %s, its declaration says %s", d.name.Name, valueText(a.v), t.Name.Name).
				Notef(t.Pos(), t.End(), "declared here")
			return poison{}
		}
		return v
	}
	dt, any := b.dtype(t)
	if _, tensor := a.v.(tensorVal); !tensor {
		if any {
			dt = e.float
		}
		n, ok := e.toNode(a, dt)
		if !ok {
			return poison{}
		}
		if shape, known := b.known(&syntax.Field{Span: t.Span, Name: d.name, Type: t}); known {
			if wide, err := e.g.Expand(n, shape); err == nil {
				n = wide
			}
		}
		a.v = tensorVal{n}
	}
	n := a.v.(tensorVal).n
	if any {
		dt = n.DType
	}
	if n.DType == symbolic.F64 && n.Scalar() && dt == symbolic.F32 {
		n = e.g.Must(symbolic.OpCast, symbolic.Attr{DType: dt}, n)
	}
	why, ok := "", n.DType == dt
	if ok {
		why, ok = b.match(t.Dims, n.Shape)
	}
	if !ok {
		e.errorf(resultMismatch, a, "%s returns %s, its declaration says %s", d.name.Name, tensorText(n), e.pkg.text(t)).Labelf("%s", why).
			Notef(t.Pos(), t.End(), "declared here")
		return poison{}
	}
	return tensorVal{n}
}
