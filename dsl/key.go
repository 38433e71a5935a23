// When are two calls of a layer the same Func? When their keys are equal: declaration, static arguments, types and shapes,
// up to the names of run-time sizes.
package dsl

import (
	"fmt"
	"sort"
	"strings"

	"nngen/symbolic"
)

// A keyer writes values so that equal text means equal elaboration, and collects the run-time sizes that occur.
type keyer struct {
	b    strings.Builder
	syms []*symbolic.Sym
}

// layerKey returns the key of a layer call, the indices of the arguments that are tensors, and the run-time sizes in order
// of appearance: the Syms of the Func, and what a call binds them to.
func (e *elaborator) layerKey(d *decl, args map[int]argument) (key string, tensors []int, syms []*symbolic.Sym) {
	var k keyer
	fmt.Fprintf(&k.b, "%d", d.id)
	for i := range d.signature().params {
		a, given := args[i]
		if !given {
			continue
		}
		if isTensor(a.v) {
			tensors = append(tensors, i)
		}
		fmt.Fprintf(&k.b, " %d=", i)
		k.value(a.v)
	}
	return k.b.String(), tensors, k.syms
}

func (k *keyer) value(v value) {
	switch v := v.(type) {
	case numVal:
		if v.c == nil {
			fmt.Fprintf(&k.b, "#%v", v.f)
			return
		}
		fmt.Fprintf(&k.b, "#%v:%s", v.c.Kind(), v.c.ExactString())
	case dimVal:
		k.dim(v.d)
	case listVal:
		k.b.WriteByte('[')
		for _, x := range v {
			k.value(x)
			k.b.WriteByte(',')
		}
		k.b.WriteByte(']')
	case tensorVal:
		fmt.Fprintf(&k.b, "%s[", v.n.DType)
		for _, d := range v.n.Shape {
			k.dim(d)
			k.b.WriteByte(',')
		}
		k.b.WriteByte(']')
	case funcVal:
		k.function(v)
	default:
		k.b.WriteString(valueText(v))
	}
}

func (k *keyer) function(f funcVal) {
	switch fn := f.fn.(type) {
	case *decl:
		fmt.Fprintf(&k.b, "decl%d", fn.id)
	case *builtin:
		k.b.WriteString("builtin " + fn.name)
	case *lambda:
		fmt.Fprintf(&k.b, "lambda%d", fn.fn.Pos())
		for _, b := range captured(fn) {
			k.b.WriteString(" " + b.name + "=")
			k.value(b.v)
		}
	}
	var bound []int
	for i := range f.pre {
		bound = append(bound, i)
	}
	sort.Ints(bound)
	k.b.WriteByte('(')
	for _, i := range bound {
		fmt.Fprintf(&k.b, "%d=", i)
		k.value(f.pre[i].v)
		k.b.WriteByte(',')
	}
	k.b.WriteByte(')')
}

// dim writes a size with its symbols numbered by appearance.
func (k *keyer) dim(d symbolic.Dim) {
	if n, ok := d.Const(); ok {
		fmt.Fprintf(&k.b, "%d", n)
		return
	}
	for _, s := range d.Syms() {
		known := false
		for _, t := range k.syms {
			known = known || s == t
		}
		if !known {
			k.syms = append(k.syms, s)
		}
	}
	k.b.WriteString(d.Subst(func(s *symbolic.Sym) symbolic.Dim {
		for i, t := range k.syms {
			if s == t {
				return symbolic.SymDim(fmt.Sprintf("$%d<%d>", i, s.Max), 0)
			}
		}
		return symbolic.Dim{}
	}).String())
}
