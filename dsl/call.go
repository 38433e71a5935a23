// What does a call do? Find the callee, match arguments with parameters, go on by kind of callee.
package dsl

import (
	"fmt"
	"strconv"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

func (d *decl) calleeName() string { return d.name.Name }

func (d *decl) noun() string {
	if f, ok := d.node.(*syntax.FuncDecl); ok {
		return [...]string{"func", "layer", "optimizer"}[f.Kind]
	}
	return "declaration"
}

// signature returns the parameters of a func, layer or optimizer.
func (d *decl) signature() *signature {
	if d.sig != nil {
		return d.sig
	}
	f := d.node.(*syntax.FuncDecl)
	s := &signature{}
	inPattern := map[string]bool{}
	for _, p := range f.Params {
		if p.Type != nil && p.Type.Tensor {
			for _, dim := range p.Type.Dims {
				if id, ok := dim.X.(*syntax.Ident); ok && !dim.Spread {
					inPattern[id.Name] = true
				}
			}
		}
	}
	for _, p := range f.Params {
		q := param{name: p.Name.Name, optional: p.Default != nil, field: p}
		switch {
		case p.Type == nil:
			if d.defaultsToFunc(p.Default) {
				q.class = funcParam
			}
		case p.Type.Tensor:
			q.class = tensorParam
		case p.Type.Name.Name == "shape":
			q.class = shapeParam
		case p.Type.Name.Name == "func":
			q.class = funcParam
		case p.Type.Name.Name == "int" && inPattern[p.Name.Name]:
			q.optional = true // the shape of another argument tells it
		}
		s.params = append(s.params, q)
	}
	d.sig = s
	return s
}

// defaultsToFunc reports whether a parameter without a type takes a function, as its default shows.
func (d *decl) defaultsToFunc(x syntax.Expr) bool {
	id, ok := x.(*syntax.Ident)
	if !ok {
		_, lambda := x.(*syntax.Lambda)
		return lambda
	}
	if own := d.file.decls[id.Name]; own != nil {
		_, ok := own.node.(*syntax.FuncDecl)
		return ok
	}
	return builtins[id.Name] != nil
}

// A lambda is `x => e` with the scope it was written in.
type lambda struct {
	fn   *syntax.Lambda
	sc   *scope
	text string // as written
	sig  *signature
}

func (l *lambda) calleeName() string { return "lambda" }
func (l *lambda) noun() string       { return "func" }

func (l *lambda) signature() *signature {
	if l.sig == nil {
		l.sig = &signature{}
		for _, id := range l.fn.Params {
			l.sig.params = append(l.sig.params, param{name: id.Name})
		}
	}
	return l.sig
}

// call elaborates a call. nm says how a layer made by it is called. With partial set the call stands where a function is
// wanted, and is a partial application: its arguments go to the parameters after the leading tensors and shapes.
func (e *elaborator) call(sc *scope, c *syntax.Call, nm naming, partial bool) value {
	v := e.single(sc, c.Fun)
	if isPoison(v) {
		return v
	}
	f, ok := v.(funcVal)
	if !ok {
		return e.fail(wrongKind, c.Fun, "%s is not a function, it is %s", exprText(c.Fun), v.kind())
	}
	if d, ok := f.fn.(*decl); ok && d.isFunc(syntax.Optimizer) {
		return e.fail(wrongKind, c.Fun, "%s is an optimizer: it stands after the word optimizer in a model", d.name.Name)
	}
	if d, ok := f.fn.(*decl); ok && d.broken {
		return poison{} // it has syntax errors, which stop everything
	}
	args, ok := e.bind(sc, f, c, partial)
	if !ok {
		return poison{}
	}
	if partial {
		return funcVal{fn: f.fn, pre: args}
	}
	e.mark(c)
	return e.invoke(sc, f.fn, args, c, nm)
}

// invoke runs a callee on bound arguments.
func (e *elaborator) invoke(sc *scope, fn callee, args map[int]argument, c *syntax.Call, nm naming) value {
	if !e.step(c) {
		return poison{}
	}
	switch fn := fn.(type) {
	case *builtin:
		return fn.call(&bcall{e: e, sc: sc, at: c, fn: fn, args: args})
	case *lambda:
		inner := newScope(fn.sc)
		for i, id := range fn.fn.Params {
			inner.define(id, args[i].v, true)
		}
		if len(e.stack) >= maxDepth {
			return e.fail(tooMuchWork, c, "calls nest more than %d deep", maxDepth)
		}
		// The body works in the unit of its author; layers that it makes belong to the unit that calls.
		inner.unit = sc.unit
		e.stack = append(e.stack, call{name: "lambda", decl: e.bodyDecl(), pos: c.Pos(), end: c.End(), from: sc})
		defer e.pop()
		return e.expr(inner, fn.fn.Body)
	case *decl:
		if fn.isFunc(syntax.Layer) {
			return e.layer(sc, fn, args, c, nm)
		}
		return e.inline(sc, fn, args, c)
	case *instance:
		return e.applyInstance(sc, fn, args, c)
	}
	return e.fail(wrongKind, c.Fun, "%s cannot be called", exprText(c.Fun))
}

// bodyDecl is the declaration whose body is under elaboration.
func (e *elaborator) bodyDecl() *decl {
	if n := len(e.stack); n > 0 {
		return e.stack[n-1].decl
	}
	return e.model.decl
}

// bind matches the arguments of a call with parameters and evaluates them.
func (e *elaborator) bind(sc *scope, f funcVal, c *syntax.Call, partial bool) (map[int]argument, bool) {
	sig := f.fn.signature()
	args := map[int]argument{}
	for i, a := range f.pre {
		args[i] = a
	}
	implicit := e.implicit
	e.implicit = nil
	defer func() { e.implicit = implicit }()

	ok := true
	next := 0
	if partial {
		next = sig.leading()
	}
	for k, a := range c.Args {
		i := -1
		if a.Name != nil {
			for j, p := range sig.params {
				if p.name == a.Name.Name {
					i = j
				}
			}
			if i < 0 {
				e.unknownArgument(f.fn, sig, a)
				ok = false
				continue
			}
			if old, given := args[i]; given {
				d := e.errorf(repeatedArgument, a, "%s of %s is given twice", a.Name.Name, f.fn.calleeName())
				if old.pos.IsValid() {
					d.Notef(old.pos, old.end, "given here")
				}
				ok = false
				continue
			}
		} else {
			if k == 0 && implicit != nil && takesShape(f.fn) && !partial {
				// The shape of the parameter being initialised, unless one is given.
				v := e.single(sc, a.Value)
				if _, list := v.(listVal); list {
					args[0] = argument{v, a.Pos(), a.End(), a.Value}
					next = 1
					continue
				}
				next = 1
			}
			for given := true; given; { // the first that is still open
				if _, given = args[next]; given {
					next++
				}
				if sig.variadic && next > 0 {
					next = max(next, len(sig.params)) // further positional arguments follow the parameters
				}
			}
			i = next
			next++
			if i >= len(sig.params) && !sig.variadic {
				e.tooMany(f.fn, sig, c, a)
				return nil, false
			}
		}
		v := e.argument(sc, f.fn, i, a.Value)
		if isPoison(v) {
			ok = false
		}
		args[i] = argument{v, a.Value.Pos(), a.Value.End(), a.Value}
	}
	if !ok {
		return nil, false
	}
	if partial {
		return args, true
	}
	if implicit != nil && takesShape(f.fn) {
		if _, given := args[0]; !given {
			args[0] = argument{v: shapeValue(implicit), pos: c.Pos(), end: c.End()}
		}
	}
	return args, e.complete(f.fn, sig, args, c)
}

// takesShape reports whether a function can initialise a parameter: its first parameter is a shape. That of a lambda may be.
func takesShape(fn callee) bool {
	params := fn.signature().params
	_, isLambda := fn.(*lambda)
	return len(params) > 0 && (isLambda || params[0].class == shapeParam)
}

// argument evaluates one argument in the form that its parameter wants.
func (e *elaborator) argument(sc *scope, fn callee, i int, x syntax.Expr) value {
	sig := fn.signature()
	if i >= len(sig.params) || sig.params[i].class != funcParam {
		return e.single(sc, x)
	}
	v := e.function(sc, x)
	switch v.(type) {
	case funcVal, poison, noneVal:
		return v
	}
	p := sig.params[i]
	d := e.errorf(argumentType, x, "%s of %s takes a function, got %s", p.name, fn.calleeName(), describe(v))
	if p.field != nil {
		d.Notef(p.field.Pos(), p.field.End(), "%s of %s is declared here", p.name, fn.calleeName())
	}
	return poison{}
}

// function evaluates an expression where a function is wanted: a call there is a partial application.
func (e *elaborator) function(sc *scope, x syntax.Expr) value {
	inner := x
	for {
		p, ok := inner.(*syntax.Paren)
		if !ok {
			break
		}
		inner = p.X
	}
	if c, ok := inner.(*syntax.Call); ok {
		return e.call(sc, c, naming{}, true)
	}
	return e.single(sc, x)
}

// complete reports the parameters that have neither an argument nor a default.
func (e *elaborator) complete(fn callee, sig *signature, args map[int]argument, c *syntax.Call) bool {
	var missing []string
	for i, p := range sig.params {
		if _, given := args[i]; !given && !p.optional && !(sig.variadic && i == 0 && len(args) > 0) {
			missing = append(missing, p.name)
		}
	}
	if missing == nil {
		return true
	}
	d := e.errorf(missingArgument, c, "%s needs %s", fn.calleeName(), joined(missing))
	e.noteDecl(d, fn)
	return false
}

func (e *elaborator) noteDecl(d *diag.Diagnostic, fn callee) {
	var at *decl
	switch fn := fn.(type) {
	case *decl:
		at = fn
	case *instance:
		at = fn.decl
	default:
		d.Notef(0, 0, "%s", signatureText(fn))
		return
	}
	d.Notef(at.name.Pos(), at.name.End(), "%s is declared here", at.name.Name)
}

// signatureText is how a built-in function is called.
func signatureText(fn callee) string {
	var names []string
	for _, p := range fn.signature().params {
		name := p.name
		if p.optional {
			name += ":"
		}
		names = append(names, name)
	}
	if fn.signature().variadic {
		names[0] += "..."
	}
	return fmt.Sprintf("%s(%s)", fn.calleeName(), strings.Join(names, ", "))
}

func (e *elaborator) unknownArgument(fn callee, sig *signature, a *syntax.Arg) {
	var names []string
	for _, p := range sig.params {
		names = append(names, p.name)
	}
	if d, ok := fn.(*decl); ok && d.isFunc(syntax.Optimizer) {
		names = append(names, "clip", "average") // which all optimizers have
	}
	site := e.place(a.Name)
	d := site.report(&e.list, unknownArgument, "%s has no argument %s", fn.calleeName(), a.Name.Name)
	suggestArgument(d, a, names, "arguments", site.rewritable)
	e.noteDecl(d, fn)
}

func (e *elaborator) tooMany(fn callee, sig *signature, c *syntax.Call, a *syntax.Arg) {
	positional := 0
	for _, x := range c.Args {
		if x.Name == nil {
			positional++
		}
	}
	d := e.errorf(extraArgument, a, "%s takes at most %s, got %d", fn.calleeName(), count(len(sig.params), "argument"), positional)
	e.noteDecl(d, fn)
}

// count writes a number of things: 1 axis, 2 arguments.
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// exprText writes a callee as the author did.
func exprText(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.Ident:
		return x.Name
	case *syntax.Selector:
		return exprText(x.X) + "." + x.Sel.Name
	}
	return "this"
}
