// Which functions are built in, and how does one get its arguments? The tables builtin_*.go list them; all else is library
// text.
package dsl

import (
	"maps"
	"slices"
	"sort"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A builtin is an intrinsic function: a row of one of the tables.
type builtin struct {
	name string
	doc  string // one line for the reference
	sig  signature
	run  func(c *bcall) value
}

func (b *builtin) calleeName() string    { return b.name }
func (b *builtin) noun() string          { return "func" }
func (b *builtin) signature() *signature { return &b.sig }

// call runs a builtin; arguments that are poison have been reported.
func (b *builtin) call(c *bcall) value {
	for _, a := range c.args {
		if isPoison(a.v) {
			return poison{}
		}
	}
	return b.run(c)
}

// A Builtin describes an intrinsic function for the reference.
type Builtin struct {
	Name      string
	Signature string // "sum(x, axis:, keep:)": optional arguments are named, xs... takes any number
	Doc       string
}

// Builtins returns all intrinsic functions, sorted by name. What else a model can call is library text, see Library.
func Builtins() []Builtin {
	var out []Builtin
	for _, name := range slices.Sorted(maps.Keys(builtins)) {
		out = append(out, Builtin{Name: name, Signature: signatureText(builtins[name]), Doc: builtins[name].doc})
	}
	return out
}

// builtins holds all intrinsic functions by name.
var builtins = map[string]*builtin{}

func register(rows ...*builtin) {
	for _, b := range rows {
		if builtins[b.name] != nil {
			panic("dsl: builtin " + b.name + " is registered twice")
		}
		builtins[b.name] = b
	}
}

// required and optional make the parameters of a builtin; tensors come first in every signature.
func required(class paramClass, names ...string) []param {
	var out []param
	for _, n := range names {
		out = append(out, param{name: n, class: class})
	}
	return out
}

func optional(names ...string) []param {
	var out []param
	for _, n := range names {
		out = append(out, param{name: n, optional: true})
	}
	return out
}

func params(parts ...[]param) signature {
	var s signature
	for _, p := range parts {
		s.params = append(s.params, p...)
	}
	return s
}

// variadic makes a signature whose first parameter takes any number of arguments.
func variadic(name string, rest ...param) signature {
	return signature{params: append(required(tensorParam, name), rest...), variadic: true}
}

// A bcall is one call of a builtin.
type bcall struct {
	e    *elaborator
	sc   *scope
	at   *syntax.Call
	fn   *builtin
	args map[int]argument
}

// has reports whether parameter i was given and is not none.
func (c *bcall) has(i int) bool {
	a, given := c.args[i]
	if !given {
		return false
	}
	_, none := a.v.(noneVal)
	return !none
}

// wrong reports an argument of a kind that the builtin does not take.
func (c *bcall) wrong(i int, want string) value {
	a := c.args[i]
	return c.e.fail(argumentType, a, "%s of %s takes %s, got %s", c.fn.sig.params[i].name, c.fn.name, want, valueText(a.v))
}

// tensor returns argument i as a tensor.
func (c *bcall) tensor(i int) (*symbolic.Node, bool) {
	t, ok := c.args[i].v.(tensorVal)
	if !ok {
		c.wrong(i, "a tensor")
		return nil, false
	}
	return t.n, true
}

// notFloat reports an argument that is not float.
func (c *bcall) notFloat(i int) value {
	a := c.args[i]
	d := c.e.errorf(wrongType, a, "%s needs float, got %s", c.fn.name, valueText(a.v))
	c.e.helpConvert(d, a, []argument{a})
	return poison{}
}

// flag returns argument i as a bool known at generate time, false where it is missing.
func (c *bcall) flag(i int) (value, ok bool) {
	if !c.has(i) {
		return false, true
	}
	b, ok := c.args[i].v.(boolVal)
	if !ok {
		c.wrong(i, "true or false")
	}
	return bool(b), ok
}

// int returns argument i as an int known at generate time.
func (c *bcall) int(i int) (int, bool) {
	if n, ok := c.args[i].v.(numVal); ok {
		if v, ok := n.int(); ok {
			return v, true
		}
	}
	c.wrong(i, "an int")
	return 0, false
}

// shape returns argument i as a shape.
func (c *bcall) shape(i int) ([]symbolic.Dim, bool) {
	s, ok := asShape(c.args[i].v)
	if !ok {
		c.wrong(i, "a shape such as [n, m]")
		return nil, false
	}
	for _, d := range s {
		if _, ok := c.e.size(c.args[i], sizeValue(d)); !ok {
			return nil, false
		}
	}
	return s, true
}

// axes returns argument i as a list of axes of n, in order; all of them where it is missing.
func (c *bcall) axes(i int, n *symbolic.Node) ([]int, bool) {
	if !c.has(i) {
		all := make([]int, n.Rank())
		for k := range all {
			all[k] = k
		}
		return all, true
	}
	list, ok := c.args[i].v.(listVal)
	if !ok {
		list = listVal{c.args[i].v}
	}
	seen := map[int]bool{}
	var out []int
	for _, v := range list {
		axis, ok := c.axisOf(i, v, n.Rank())
		if !ok {
			return nil, false
		}
		if seen[axis] {
			c.e.errorf(badAxis, c.args[i], "axis %d is named twice", axis)
			return nil, false
		}
		seen[axis] = true
		out = append(out, axis)
	}
	sort.Ints(out)
	return out, true
}

// axis returns argument i as one axis, or fallback where it is missing; negative axes count from the last.
func (c *bcall) axis(i, rank, fallback int) (int, bool) {
	if !c.has(i) {
		return c.axisOf(i, intNum(fallback), rank)
	}
	return c.axisOf(i, c.args[i].v, rank)
}

func (c *bcall) axisOf(i int, v value, rank int) (int, bool) {
	at := spanned(c.at)
	if c.has(i) {
		at = c.args[i]
	}
	num, ok := v.(numVal)
	axis := 0
	if ok {
		axis, ok = num.int()
	}
	if !ok {
		c.e.errorf(argumentType, at, "an axis is an int, got %s", valueText(v))
		return 0, false
	}
	k := axis
	if k < 0 {
		k += rank
	}
	if k < 0 || k >= rank {
		c.badAxis(at, axis, rank)
		return 0, false
	}
	return k, true
}

// badAxis reports an axis out of range.
func (c *bcall) badAxis(at spanned, axis, rank int) {
	what := "a tensor with " + rankWords(rank)
	if t, ok := c.args[0].v.(tensorVal); ok {
		what = tensorText(t.n)
	}
	switch rank {
	case 0:
		c.e.errorf(badAxis, at, "axis %d of %s, which has no axes", axis, what)
	default:
		c.e.errorf(badAxis, at, "axis %d is outside %s, want %d to %d", axis, what, -rank, rank-1)
	}
}

func rankWords(rank int) string {
	switch rank {
	case 0:
		return "no axes"
	case 1:
		return "1 axis"
	}
	return valueText(intNum(rank)) + " axes"
}

// rest returns the arguments of a variadic builtin in order; one list of tensors counts as its elements.
func (c *bcall) rest() []argument {
	var at []int
	for i := range c.args {
		if i == 0 || i >= len(c.fn.sig.params) {
			at = append(at, i)
		}
	}
	sort.Ints(at)
	var out []argument
	for _, i := range at {
		out = append(out, c.args[i])
	}
	if len(out) == 1 {
		if list, ok := out[0].v.(listVal); ok {
			a := out[0]
			out = nil
			for _, v := range list {
				out = append(out, argument{v: v, pos: a.pos, end: a.end})
			}
		}
	}
	return out
}

// tensors returns the arguments of a variadic builtin as tensors of one type.
func (c *bcall) tensors() ([]*symbolic.Node, bool) {
	args := c.rest()
	if len(args) == 0 {
		c.e.errorf(missingArgument, c.at, "%s needs at least one tensor", c.fn.name)
		return nil, false
	}
	var out []*symbolic.Node
	for _, a := range args {
		t, ok := a.v.(tensorVal)
		if !ok {
			c.e.errorf(argumentType, a, "%s takes tensors, got %s", c.fn.name, valueText(a.v))
			return nil, false
		}
		if len(out) > 0 && t.n.DType != out[0].DType {
			d := c.e.errorf(mixedTypes, a, "cannot %s %s", c.fn.name, argumentsText(args))
			c.e.helpConvert(d, a, args)
			return nil, false
		}
		out = append(out, t.n)
	}
	return out, true
}
