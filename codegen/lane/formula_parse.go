package lane

// This file answers: how is the text of a formula read, and how do its lines become instructions?
//
// A line is `name = expression` or, the last one, `return expression`; what follows // is a comment. An expression is a name, a number, inf, nan, or a
// call of a primitive of the ops table, of another formula, or of one of these:
//
//	horner(x, c0, c1, ... cn)  c0 + x*(c1 + x*(... cn)), each step an fma
//	horner2(x, u, c0, ... cn)  the same, by even and odd powers, where u is x*x (Knuth's second-order rule): as many steps, half as many in a row
//	where(m, a, b)             select, which is a word of Go
//	fma1(a, b, c)              fma, whose single rounding the method relies on: portable Go does not round the product there
//	fnma1(a, b, c)             fnma, likewise
//
// Expressions are Go's, so that package go/parser reads them.

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"strings"
	"sync"
)

// A formula is a row of the table of formulas, read.
type formula struct {
	*Formula
	params []string
	lines  []line
}

// A line gives a name to an expression; the name of the result is empty.
type line struct {
	name, comment string
	value         *expr
}

// An expr is a name, a number, or a primitive or formula applied to others.
type expr struct {
	text  string // the name or number as written
	typ   Type
	bits  uint32 // of a number
	leaf  leafKind
	op    Op       // of a primitive
	once  bool     // an fma that rounds once in portable Go too
	call  *formula // of a formula
	args  []*expr
	terms []*expr // of a polynomial: the variable and the coefficients
	shift int
}

type leafKind uint8

const (
	leafNot leafKind = iota
	leafName
	leafNumber
)

// parsed holds the formulas of the table by name, each read when the table is first used. A formula calls those above it.
var parsed = sync.OnceValue(func() map[string]*formula {
	known := map[string]*formula{}
	for i := range formulas {
		row := &formulas[i]
		f, err := parseFormula(row, known)
		if err != nil {
			panic("lane: the table of formulas: " + err.Error())
		}
		known[row.Name] = f
	}
	return known
})

// parseFormula reads the body of row, which may call the known formulas.
func parseFormula(row *Formula, known map[string]*formula) (*formula, error) {
	f := &formula{Formula: row, params: strings.Split(row.Args, ", ")}
	r := &reader{known: known, types: map[string]Type{}}
	for _, p := range f.params {
		r.types[p] = Float
	}
	for n, text := range strings.Split(strings.TrimSpace(row.Body), "\n") {
		text, comment, _ := strings.Cut(text, "//")
		text = strings.TrimSpace(text)
		l := line{comment: strings.TrimSpace(comment)}
		fail := func(err error) error { return fmt.Errorf("%s, line %d: %w", row.Name, n+1, err) }
		name, right, found := strings.Cut(text, "=")
		if result, ok := strings.CutPrefix(text, "return "); ok {
			right = result
		} else if l.name = strings.TrimSpace(name); !found || !token.IsIdentifier(l.name) {
			return nil, fail(fmt.Errorf("%q is neither name = value nor return value", text))
		}
		tree, err := parser.ParseExpr(right)
		if err != nil {
			return nil, fail(err)
		}
		if l.value, err = r.expr(tree, None); err != nil {
			return nil, fail(err)
		}
		if l.name != "" {
			if r.types[l.name] != None {
				return nil, fail(fmt.Errorf("%s is named twice", l.name))
			}
			r.types[l.name] = l.value.typ
		}
		f.lines = append(f.lines, l)
	}
	for i, l := range f.lines {
		if last := i == len(f.lines)-1; last != (l.name == "") {
			return nil, fmt.Errorf("%s must have one result, on its last line", row.Name)
		}
	}
	return f, nil
}

// A reader turns expressions of Go's syntax into typed ones.
type reader struct {
	known map[string]*formula
	types map[string]Type // of the names so far
}

// expr reads e, which is to be of type want; None means any.
func (r *reader) expr(e ast.Expr, want Type) (*expr, error) {
	x, err := r.untyped(e, want)
	if err == nil && want != None && x.typ != want {
		return nil, fmt.Errorf("%s has the wrong type", x.text)
	}
	return x, err
}

func (r *reader) untyped(e ast.Expr, want Type) (*expr, error) {
	switch e := e.(type) {
	case *ast.Ident:
		switch {
		case e.Name == "inf" || e.Name == "nan":
			return number(e.Name, want)
		case r.types[e.Name] == None:
			return nil, fmt.Errorf("%s is not known", e.Name)
		}
		return &expr{text: e.Name, typ: r.types[e.Name], leaf: leafName}, nil
	case *ast.BasicLit:
		return number(e.Value, want)
	case *ast.UnaryExpr:
		x, err := r.untyped(e.X, want)
		if err != nil || e.Op != token.SUB || x.leaf != leafNumber {
			return nil, fmt.Errorf("only numbers have signs")
		}
		return number("-"+x.text, want)
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok {
			return r.call(name.Name, e.Args)
		}
	}
	return nil, fmt.Errorf("a formula has names, numbers and calls only")
}

// number reads a float or, where an int is wanted, an int.
func number(text string, want Type) (*expr, error) {
	x := &expr{text: text, typ: Float, leaf: leafNumber}
	if want == Int {
		n, err := strconv.ParseInt(text, 0, 64)
		x.typ, x.bits = Int, uint32(n)
		return x, err
	}
	v, err := strconv.ParseFloat(text, 32)
	x.bits = math.Float32bits(float32(v))
	return x, err
}

// call reads the application of a primitive, a formula or an abbreviation.
func (r *reader) call(name string, args []ast.Expr) (*expr, error) {
	x := &expr{text: name, typ: Float}
	switch name {
	case "horner", "horner2":
		return r.horner(name, args)
	case "where":
		name = "select"
	case "fma1", "fnma1":
		x.once = true
		name = strings.TrimSuffix(name, "1")
	}
	var types []Type
	if f := r.known[name]; f != nil {
		x.call = f
		for range f.params {
			types = append(types, Float)
		}
	} else if op, ok := opByName(name); ok {
		x.op, x.typ, types = op, ops[op].result, ops[op].args
	} else {
		return nil, fmt.Errorf("there is no primitive or formula %s", name)
	}
	if x.call == nil && ops[x.op].form == formImm && len(args) == 2 { // a shift
		by, err := r.expr(args[1], Int)
		if err != nil {
			return nil, err
		}
		x.shift, args = int(by.bits), args[:1]
	}
	if len(args) != len(types) {
		return nil, fmt.Errorf("%s takes %d arguments, not %d", name, len(types), len(args))
	}
	for i, a := range args {
		arg, err := r.expr(a, types[i])
		if err != nil {
			return nil, err
		}
		x.args = append(x.args, arg)
	}
	return x, nil
}

// horner reads a polynomial by its coefficients, from the constant one up.
func (r *reader) horner(name string, args []ast.Expr) (*expr, error) {
	var parts []*expr
	for _, a := range args {
		p, err := r.expr(a, Float)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if len(parts) < 5 && (name == "horner2" || len(parts) < 3) {
		return nil, fmt.Errorf("%s has too few coefficients", name)
	}
	if name == "horner" {
		return polynomial(parts[0], parts[1:]), nil
	}
	var halves [2][]*expr
	for i, c := range parts[2:] {
		halves[i%2] = append(halves[i%2], c)
	}
	return polynomial(parts[0], []*expr{polynomial(parts[1], halves[0]), polynomial(parts[1], halves[1])}), nil
}

// polynomial returns c[0] + x*(c[1] + x*(...)).
func polynomial(x *expr, c []*expr) *expr {
	sum := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		sum = &expr{text: "fma", typ: Float, op: OpFMA, args: []*expr{sum, x, c[i]}}
	}
	sum.terms = append([]*expr{x}, c...)
	return sum
}

// Call adds the instructions of formula name applied to args and returns its result. It reports false where there is no such formula, where it takes
// another number of arguments, or where the program is not on float32.
func (p *Program) Call(name string, args ...Value) (Value, bool) {
	f := parsed()[name]
	if f == nil || p.Size != 4 || len(args) != len(f.params) {
		return 0, false
	}
	return p.apply(f, args), true
}

// apply adds the lines of f.
func (p *Program) apply(f *formula, args []Value) Value {
	values := map[string]Value{}
	for i, name := range f.params {
		values[name] = args[i]
	}
	for _, l := range f.lines {
		values[l.name] = p.expand(l.value, values)
	}
	return values[""]
}

// expand adds the instructions of one expression.
func (p *Program) expand(x *expr, values map[string]Value) Value {
	switch {
	case x.leaf == leafName:
		return values[x.text]
	case x.leaf == leafNumber:
		return p.put(Inst{Op: OpConst, Type: x.typ, Imm: uint64(x.bits)})
	}
	if x.op == OpSelect && x.args[1].call != nil && x.args[1].call.Rare {
		m, often := p.expand(x.args[0], values), p.expand(x.args[2], values)
		around := p.where
		p.where = m
		rare := p.expand(x.args[1], values)
		p.where = around
		return p.Do(OpSelect, m, rare, often)
	}
	args := make([]Value, len(x.args))
	for i, a := range x.args {
		args[i] = p.expand(a, values)
	}
	switch {
	case x.call != nil:
		return p.apply(x.call, args)
	case ops[x.op].form == formImm:
		return p.Shift(x.op, args[0], x.shift)
	}
	return p.Do(x.op, args...)
}
