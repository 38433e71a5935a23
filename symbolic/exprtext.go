// How are derivatives and rewrite rules written? As infix expressions; this is their parser, and the builder that makes nodes of them.

package symbolic

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// An expr is a parsed expression: a number, a name, or an op over arguments.
type expr struct {
	num  float64
	name string // of a variable; "" for numbers and ops
	op   Op
	args []*expr
	axes string // name of captured axes: A in sum[A](x)
}

func (e *expr) isNum() bool { return e.name == "" && len(e.args) == 0 }

// String returns the expression in prefix form, for test failures.
func (e *expr) String() string {
	switch {
	case e.name != "":
		return e.name
	case e.isNum():
		return strconv.FormatFloat(e.num, 'g', -1, 64)
	}
	parts := make([]string, len(e.args))
	for i, a := range e.args {
		parts[i] = a.String()
	}
	axes := ""
	if e.axes != "" {
		axes = "[" + e.axes + "]"
	}
	return Ops[e.op].Name + axes + "(" + strings.Join(parts, ", ") + ")"
}

// exprOps are the names that may be called; `max[A]` is the reduction, `max` the elementwise op. expand[A] broadcasts a reduction's result back.
var exprOps = sync.OnceValue(func() map[string]Op {
	m := map[string]Op{"max[]": OpReduceMax, "sum[]": OpSum, "prod[]": OpProd, "expand[]": OpBroadcast}
	for op := Op(0); op < NumOps; op++ {
		if Ops[op].Kind == KindElement {
			m[Ops[op].Name] = op
		}
	}
	return m
})

// binary operators by precedence, weakest first. > and >= are lt and le with the arguments exchanged.
var exprLevels = [][]struct {
	text string
	op   Op
	swap bool
}{
	{{"or", OpOr, false}},
	{{"and", OpAnd, false}},
	{{"==", OpEq, false}, {"!=", OpNe, false}, {"<=", OpLe, false}, {">=", OpLe, true}, {"<", OpLt, false}, {">", OpLt, true}},
	{{"+", OpAdd, false}, {"-", OpSub, false}},
	{{"*", OpMul, false}, {"/", OpDiv, false}},
}

type exprParser struct {
	text  string
	pos   int
	depth int
}

// parseExpr parses one expression.
func parseExpr(text string) (e *expr, err error) {
	p := &exprParser{text: text}
	e, err = p.level(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(text) {
		return nil, fmt.Errorf("%q: got %q after the expression", text, text[p.pos:])
	}
	return e, nil
}

func (p *exprParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

// accept takes tok if it comes next; a word must end there.
func (p *exprParser) accept(tok string) bool {
	p.space()
	rest := p.text[p.pos:]
	if !strings.HasPrefix(rest, tok) {
		return false
	}
	if isLetter(tok[0]) && len(rest) > len(tok) && isWord(rest[len(tok)]) {
		return false
	}
	p.pos += len(tok)
	return true
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isWord(c byte) bool   { return isLetter(c) || isDigit(c) }

func (p *exprParser) level(l int) (*expr, error) {
	if p.depth++; p.depth > 1000 {
		return nil, fmt.Errorf("%.20q...: nested too deeply", p.text)
	}
	defer func() { p.depth-- }()
	if l == len(exprLevels) {
		return p.unary()
	}
	if l == 2 && p.accept("not") {
		x, err := p.level(2)
		return &expr{op: OpNot, args: []*expr{x}}, err
	}
	x, err := p.level(l + 1)
	for err == nil {
		found := false
		for _, o := range exprLevels[l] {
			if !p.accept(o.text) {
				continue
			}
			var y *expr
			if y, err = p.level(l + 1); err != nil {
				return nil, err
			}
			if o.swap {
				x, y = y, x
			}
			x, found = &expr{op: o.op, args: []*expr{x, y}}, true
			break
		}
		if !found {
			return x, nil
		}
	}
	return nil, err
}

// unary parses a sign, which binds weaker than ^: -x^2 is -(x^2).
func (p *exprParser) unary() (*expr, error) {
	if p.accept("-") {
		x, err := p.unary()
		if err != nil {
			return nil, err
		}
		if x.isNum() {
			return &expr{num: -x.num}, nil
		}
		return &expr{op: OpNeg, args: []*expr{x}}, nil
	}
	x, err := p.primary()
	if err == nil && p.accept("^") {
		var y *expr
		if y, err = p.unary(); err == nil {
			return &expr{op: OpPow, args: []*expr{x, y}}, nil
		}
	}
	return x, err
}

func (p *exprParser) primary() (*expr, error) {
	p.space()
	start := p.pos
	switch {
	case p.pos == len(p.text):
		return nil, fmt.Errorf("%q: expected an expression at the end", p.text)
	case p.accept("("):
		x, err := p.level(0)
		if err == nil && !p.accept(")") {
			err = fmt.Errorf("%q: expected ) at %q", p.text, p.text[p.pos:])
		}
		return x, err
	case isDigit(p.text[p.pos]) || p.text[p.pos] == '.':
		return p.number()
	case !isLetter(p.text[p.pos]):
		return nil, fmt.Errorf("%q: expected an expression at %q", p.text, p.text[p.pos:])
	}
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	name := p.text[start:p.pos]
	axes := ""
	if p.accept("[") {
		for p.pos < len(p.text) && isWord(p.text[p.pos]) {
			axes += string(p.text[p.pos])
			p.pos++
		}
		if axes == "" || !p.accept("]") {
			return nil, fmt.Errorf("%q: expected a name of axes and ] after %s", p.text, name)
		}
	}
	if !p.accept("(") {
		if axes != "" {
			return nil, fmt.Errorf("%q: expected ( after %s[%s]", p.text, name, axes)
		}
		return &expr{name: name}, nil
	}
	return p.call(name, axes)
}

func (p *exprParser) number() (*expr, error) {
	start := p.pos
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		exponentSign := (c == '-' || c == '+') && (p.text[p.pos-1] == 'e')
		if !isDigit(c) && c != '.' && c != 'e' && (p.pos == start || !exponentSign) {
			break
		}
		p.pos++
	}
	v, err := strconv.ParseFloat(p.text[start:p.pos], 64)
	if err != nil {
		return nil, fmt.Errorf("%q: bad number %q", p.text, p.text[start:p.pos])
	}
	return &expr{num: v}, nil
}

func (p *exprParser) call(name, axes string) (*expr, error) {
	key := name
	if axes != "" {
		key += "[]"
	}
	op, ok := exprOps()[key]
	if !ok {
		return nil, fmt.Errorf("%q: unknown operation %s", p.text, name)
	}
	e := &expr{op: op, axes: axes}
	for {
		x, err := p.level(0)
		if err != nil {
			return nil, err
		}
		e.args = append(e.args, x)
		if p.accept(")") {
			break
		}
		if !p.accept(",") {
			return nil, fmt.Errorf("%q: expected , or ) at %q", p.text, p.text[p.pos:])
		}
	}
	if want := Ops[op].Arity; want != len(e.args) {
		return nil, fmt.Errorf("%q: %s takes %d arguments, got %d", p.text, name, want, len(e.args))
	}
	return e, nil
}

// mustExpr parses text that is part of the program.
func mustExpr(text string) *expr {
	e, err := parseExpr(text)
	if err != nil {
		panic("symbolic: " + err.Error())
	}
	return e
}

// uses reports whether e mentions the variable.
func (e *expr) uses(name string) bool {
	if e.name == name {
		return true
	}
	for _, a := range e.args {
		if a.uses(name) {
			return true
		}
	}
	return false
}

// partials holds the parsed Partials of all elementwise rows; nil for "0". An expression without d is multiplied by it.
var partials = sync.OnceValue(func() [NumOps][]*expr {
	var all [NumOps][]*expr
	for op := range Ops {
		for _, text := range Ops[op].Partials {
			var e *expr
			if text != "0" {
				e = mustExpr(text)
				if !e.uses("d") {
					e = &expr{op: OpMul, args: []*expr{{name: "d"}, e}}
				}
			}
			all[op] = append(all[op], e)
		}
	}
	return all
})

// element builds an elementwise expression over nodes of one shape. Numbers take that shape and the type dt.
func (g *Graph) element(e *expr, vars func(name string) *Node, dt DType, shape []Dim) *Node {
	if e.name != "" {
		return vars(e.name)
	}
	if e.isNum() {
		return g.Const(e.num, dt, shape...)
	}
	args := make([]*Node, len(e.args))
	for i, a := range e.args {
		args[i] = g.element(a, vars, dt, shape)
	}
	// A cotangent of 1 starts every gradient: multiplying by it is not worth a node.
	if e.op == OpMul {
		for i, a := range args {
			if v, ok := a.ConstValue(); ok && v == 1 {
				return args[1-i]
			}
		}
	}
	return g.Must(e.op, Attr{}, args...)
}

// partial returns what a change d of argument i does to the elementwise node n, or nil where nothing flows.
func (g *Graph) partial(n *Node, i int, d *Node) *Node {
	e := partials()[n.Op][i]
	if e == nil {
		return nil
	}
	return g.element(e, func(name string) *Node {
		switch name {
		case "d":
			return d
		case "y":
			return n
		}
		return n.Args[name[0]-'a']
	}, n.DType, n.Shape)
}
