// How do the parameters of a declaration get their values? Given values first, then shapes of tensors, then defaults.
package dsl

import (
	"nngen/dsl/syntax"
)

// A binder binds the parameters of one call in the scope of the callee's body.
type binder struct {
	e     *elaborator
	d     *decl
	sc    *scope
	at    spanned // the call
	depth int     // of the elaborator's stack in the caller: places of arguments belong there
	ok    bool

	by    map[string]boundBy // which argument bound a name of a pattern
	now   boundBy            // the argument being matched
	clash string             // the name that an argument did not agree with
}

// boundBy is an argument with its parameter.
type boundBy struct {
	f *syntax.Field
	a argument
}

// bindParams defines the parameters of d in sc. The callee is on top of the stack already.
func (e *elaborator) bindParams(d *decl, sc *scope, args map[int]argument, at spanned) bool {
	b := &binder{e: e, d: d, sc: sc, at: at, depth: len(e.stack) - 1, ok: true, by: map[string]boundBy{}}
	sig := d.signature()
	for i, p := range sig.params {
		if a, given := args[i]; given && p.class != tensorParam {
			b.by[p.name] = boundBy{p.field, a}
			sc.define(p.field.Name, b.convert(p.field, a), false)
		}
	}
	var later []int
	for i, p := range sig.params {
		a, given := args[i]
		if !given || p.class != tensorParam {
			continue
		}
		if _, tensor := a.v.(tensorVal); !tensor {
			later = append(later, i)
			continue
		}
		sc.define(p.field.Name, b.tensor(p.field, a), false)
	}
	for _, i := range later {
		p := sig.params[i]
		sc.define(p.field.Name, b.literal(p.field, args[i]), false)
	}
	for i, p := range sig.params {
		if _, given := args[i]; given || sc.names[p.name] != nil {
			continue
		}
		if p.field.Default == nil {
			b.fail(missingArgument, at, "%s needs %s", d.name.Name, p.name)
			sc.define(p.field.Name, poison{}, false)
			continue
		}
		x := p.field.Default
		var v value
		if p.class == funcParam {
			v = e.function(sc, x)
		} else {
			v = e.single(sc, x)
		}
		a := argument{v, x.Pos(), x.End(), x}
		if _, none := v.(noneVal); !none && p.class != tensorParam {
			v = b.convert(p.field, a)
		} else if !none {
			if _, tensor := v.(tensorVal); tensor {
				v = b.tensor(p.field, a)
			} else {
				v = b.literal(p.field, a)
			}
		}
		sc.define(p.field.Name, v, false)
	}
	return b.ok
}

// wordKinds says in words what a parameter of a named type takes.
var wordKinds = map[string]string{
	"int": "an int", "float": "a number", "bool": "true or false", "string": "a string", "shape": "a shape such as [n, m]",
	"list": "a list", "func": "a function", "any": "a value", "number": "a number",
}

// convert turns a given value into what a parameter that is not a tensor takes.
func (b *binder) convert(f *syntax.Field, a argument) value {
	if isPoison(a.v) {
		b.ok = false
		return a.v
	}
	word := b.word(f)
	if v, ok := b.e.asWord(word, a.v); ok {
		return v
	}
	want, known := wordKinds[word]
	if !known {
		d := b.e.errorf(unknownType, f.Type, "unknown type %s", word)
		d.Help("the types are int, float, bool, string, shape, list, func, any and tensors such as [n, m]")
		b.ok = false
		return poison{}
	}
	code, extra := argumentType, ""
	if _, tensor := a.v.(tensorVal); tensor && (word == "int" || word == "bool") {
		code, extra = notStatic, " known at generate time"
	}
	got := a.v
	if given, ok := b.e.stack[b.depth].argument(f.Name.Name); ok {
		got = given.v // within a Func it is a parameter already
	}
	b.mismatch(code, f, a, want+extra, describe(got))
	return poison{}
}

// word returns the type word of a parameter, inferred from the default where none is written.
func (b *binder) word(f *syntax.Field) string {
	if f.Type != nil {
		if f.Type.Name == nil {
			return "any"
		}
		return f.Type.Name.Name
	}
	switch x := f.Default.(type) {
	case *syntax.StringLit:
		return "string"
	case *syntax.List:
		return "list"
	case *syntax.Ident:
		switch {
		case x.Name == "true" || x.Name == "false":
			return "bool"
		case x.Name == "none":
			return "any"
		case b.d.defaultsToFunc(x):
			return "func"
		}
	case *syntax.Lambda:
		return "func"
	}
	return "number"
}

// asWord converts v to a named type: ints become floats, nothing else changes.
func (e *elaborator) asWord(word string, v value) (value, bool) {
	if _, none := v.(noneVal); none {
		return v, word == "any"
	}
	switch word {
	case "any":
		return v, true
	case "int":
		switch v := v.(type) {
		case numVal:
			return v, v.isInt()
		case dimVal:
			return v, true
		}
	case "float", "number":
		switch x := v.(type) {
		case numVal:
			if word == "float" {
				return x.toFloat(), true
			}
			return x, true
		case dimVal:
			if word == "number" {
				return x, true
			}
			return tensorVal{e.g.Dimval(x.d, e.float)}, true
		case tensorVal:
			return x, x.n.Scalar() && x.n.DType.Float()
		}
	case "bool":
		_, ok := v.(boolVal)
		return v, ok
	case "string":
		_, ok := v.(strVal)
		return v, ok
	case "list":
		switch v.(type) {
		case listVal:
			return v, true
		case numVal:
			return listVal{v}, true
		}
	case "shape":
		_, ok := asShape(v)
		return v, ok
	case "func":
		_, ok := v.(funcVal)
		return v, ok
	}
	return nil, false
}
