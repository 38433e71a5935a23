// How is the graph text form read? A line at a time; whatever it is given, it returns Funcs or an error with the line.

package symbolic

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseText reads Funcs in the form that Text writes, into g. A Func must come after those that it calls.
func ParseText(g *Graph, text string) ([]*Func, error) {
	p := &textParser{g: g, funcs: map[string]*Func{}}
	for i, line := range strings.Split(text, "\n") {
		p.line = strings.TrimSpace(line)
		if p.line == "" || strings.HasPrefix(p.line, "//") {
			continue
		}
		if err := p.statement(); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if p.f != nil {
		return nil, fmt.Errorf("func %s has no end", p.f.Name)
	}
	return p.out, nil
}

type textParser struct {
	g     *Graph
	line  string // what is left of the line
	out   []*Func
	funcs map[string]*Func
	depth int

	f     *Func // being read
	nodes map[string]*Node
	syms  map[string]*Sym
}

// next takes the word, number or quoted string that comes next, up to a separator.
func (p *textParser) next() string {
	p.line = strings.TrimLeft(p.line, " \t")
	if strings.HasPrefix(p.line, `"`) {
		if q, err := strconv.QuotedPrefix(p.line); err == nil {
			p.line = p.line[len(q):]
			return q
		}
	}
	n := strings.IndexAny(p.line, " \t{};,:=[]()*")
	switch {
	case n < 0:
		n = len(p.line)
	case n == 0:
		n = 1
	}
	tok := p.line[:n]
	p.line = p.line[n:]
	return tok
}

// peek reports whether tok comes next.
func (p *textParser) peek(tok string) bool {
	p.line = strings.TrimLeft(p.line, " \t")
	return strings.HasPrefix(p.line, tok)
}

func (p *textParser) accept(tok string) bool {
	if p.peek(tok) {
		p.line = p.line[len(tok):]
		return true
	}
	return false
}

func (p *textParser) expect(tok string) error {
	if !p.accept(tok) {
		return fmt.Errorf("expected %s at %q", tok, p.line)
	}
	return nil
}

func (p *textParser) statement() error {
	if p.f == nil {
		return p.head()
	}
	rest := p.line
	switch word := p.next(); word {
	case "doc":
		return p.quoted(&p.f.Doc)
	case "size", "free":
		return p.size(word == "size")
	case "result":
		var name string
		if err := p.quoted(&name); err != nil {
			return err
		}
		n, err := p.ref()
		if err != nil {
			return err
		}
		if n.DType == NoType {
			return fmt.Errorf("result %s is several values", name)
		}
		p.f.Results = append(p.f.Results, Result{name, n})
	case "param":
		n, err := p.node()
		if err != nil {
			return err
		}
		p.f.Params = append(p.f.Params, n)
	case "end":
		if err := Verify(p.f); err != nil {
			return err
		}
		if p.funcs[p.f.Name] != nil {
			return fmt.Errorf("func %s is there already", p.f.Name)
		}
		p.funcs[p.f.Name] = p.f
		p.out = append(p.out, p.f)
		p.f = nil
	default:
		p.line = rest
		_, err := p.node()
		return err
	}
	return p.done()
}

func (p *textParser) done() error {
	if strings.TrimSpace(p.line) != "" {
		return fmt.Errorf("got %q after the statement", p.line)
	}
	return nil
}

func (p *textParser) head() error {
	if word := p.next(); word != "func" {
		return fmt.Errorf("expected func, got %q", word)
	}
	name, err := p.word()
	if err != nil {
		return err
	}
	p.f, p.nodes, p.syms = &Func{Name: name}, map[string]*Node{}, map[string]*Sym{}
	return p.done()
}

// word reads a name, quoted or not.
func (p *textParser) word() (string, error) {
	tok := p.next()
	if strings.HasPrefix(tok, `"`) {
		return strconv.Unquote(tok)
	}
	if tok == "" || funcName(tok) != tok {
		return "", fmt.Errorf("expected a name, got %q", tok)
	}
	return tok, nil
}

func (p *textParser) quoted(to *string) error {
	tok := p.next()
	s, err := strconv.Unquote(tok)
	if err != nil || !strings.HasPrefix(tok, `"`) {
		return fmt.Errorf("expected a quoted string, got %q", tok)
	}
	*to = s
	return nil
}

func (p *textParser) ref() (*Node, error) {
	name := p.next()
	n := p.nodes[name]
	if n == nil {
		return nil, fmt.Errorf("expected a value above, got %q", name)
	}
	return n, nil
}

// textOps are the ops by name.
func textOp(name string) (Op, bool) {
	for op := Op(0); op < NumOps; op++ {
		if Ops[op].Name == name {
			return op, true
		}
	}
	return 0, false
}

// node reads `%name = op args {attrs} : type`.
func (p *textParser) node() (*Node, error) {
	name := p.next()
	if !strings.HasPrefix(name, "%") || p.nodes[name] != nil {
		return nil, fmt.Errorf("expected a new name such as %%x, got %q", name)
	}
	if err := p.expect("="); err != nil {
		return nil, err
	}
	opName := p.next()
	op, ok := textOp(opName)
	if !ok {
		return nil, fmt.Errorf("unknown operation %q", opName)
	}
	var attr Attr
	if op == OpDot {
		dotOf(&attr)
	}
	var args []*Node
	for p.peek("%") {
		a, err := p.ref()
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	if op == OpConst {
		v, err := strconv.ParseFloat(p.next(), 64)
		if err != nil {
			return nil, fmt.Errorf("%s: expected a number", name)
		}
		attr.Num = v
	}
	if p.peek(`"`) {
		if err := p.quoted(&attr.Name); err != nil {
			return nil, err
		}
	}
	hint, err := p.attrs(&attr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var shape []Dim
	dtype := NoType
	if p.accept(":") {
		if dtype, shape, err = p.valueType(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	switch op {
	case OpConst, OpInput, OpParam, OpState, OpHyper, OpArg, OpIota, OpRand:
		attr.Shape, attr.DType = shape, dtype
	case OpBroadcast, OpReshape, OpScatterAdd:
		attr.Shape = shape
	case OpCast, OpDimval:
		attr.DType = dtype
	}
	if op == OpConst && (math.Float64bits(castValue(attr.Num, dtype)) != math.Float64bits(attr.Num) && !math.IsNaN(attr.Num)) {
		return nil, fmt.Errorf("%s: %v is no %s", name, attr.Num, dtype)
	}
	n, err := p.g.Apply(op, attr, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if n.DType != dtype || !SameShape(n.Shape, shape) {
		return nil, fmt.Errorf("%s is %s, but its operation gives %s", name, typeText(dtype, shape), typeText(n.DType, n.Shape))
	}
	if hint != "" {
		p.g.SetName(n, hint)
	}
	p.nodes[name] = n
	return n, nil
}

func typeText(t DType, shape []Dim) string { return t.String() + ShapeString(shape) }

// attrs reads `{axes 0, 1; index 2}` and returns the model's name for the node.
func (p *textParser) attrs(a *Attr) (hint string, err error) {
	if !p.accept("{") {
		return "", nil
	}
	for {
		key := p.next()
		found := false
		if key == "as" {
			found = true
			err = p.quoted(&hint)
		}
		for _, k := range attrKeys {
			if k.name == key {
				found = true
				err = k.parse(p, a)
			}
		}
		if !found {
			err = fmt.Errorf("unknown attribute %q", key)
		}
		if err != nil {
			return "", err
		}
		if p.accept("}") {
			return hint, nil
		}
		if err := p.expect(";"); err != nil {
			return "", err
		}
	}
}

func (p *textParser) valueType() (DType, []Dim, error) {
	word := p.next()
	for t := F32; t <= U8; t++ {
		if t.String() != word {
			continue
		}
		if err := p.expect("["); err != nil {
			return NoType, nil, err
		}
		var shape []Dim
		if p.accept("]") {
			return t, nil, nil
		}
		if err := p.dims(&shape); err != nil {
			return NoType, nil, err
		}
		return t, shape, p.expect("]")
	}
	return NoType, nil, fmt.Errorf("unknown type %q", word)
}

func (p *textParser) int() (int, error) {
	tok := p.next()
	n, err := strconv.ParseInt(tok, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number, got %q", tok)
	}
	return int(n), nil
}

func (p *textParser) ints(to *[]int) error {
	for {
		n, err := p.int()
		if err != nil {
			return err
		}
		*to = append(*to, n)
		if !p.accept(",") {
			return nil
		}
	}
}

// called reads the name of a Func above.
func (p *textParser) called() (*Func, error) {
	name, err := p.word()
	if err != nil {
		return nil, err
	}
	f := p.funcs[name]
	if f == nil {
		return nil, fmt.Errorf("func %s is not defined above", name)
	}
	return f, nil
}
