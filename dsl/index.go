// What does x[...] select? Elements and slices of tensors, new axes, elements of lists and shapes.
package dsl

import (
	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// index elaborates x[0], x[:, 1:-1], x[:, new].
func (e *elaborator) index(sc *scope, x *syntax.Index) value {
	v := e.single(sc, x.X)
	switch v := v.(type) {
	case poison:
		return v
	case listVal:
		return e.indexList(sc, x, v)
	case tensorVal:
		e.mark(x)
		return e.indexTensor(sc, x, v.n)
	}
	return e.fail(wrongKind, x, "%s cannot be indexed: tensors and lists can", v.kind())
}

// indexList elaborates s[0], s[-1], s[1:].
func (e *elaborator) indexList(sc *scope, x *syntax.Index, v listVal) value {
	if len(x.Subs) != 1 {
		return e.fail(badIndex, x, "a list has one index, got %d", len(x.Subs))
	}
	if s, ok := x.Subs[0].(*syntax.Slice); ok {
		lo, hi := 0, len(v)
		fine := true
		for _, end := range []struct {
			x  syntax.Expr
			at *int
		}{{s.Lo, &lo}, {s.Hi, &hi}} {
			if end.x != nil {
				i, ok := e.listIndex(sc, end.x, len(v), true)
				*end.at, fine = i, fine && ok
			}
		}
		if !fine {
			return poison{}
		}
		if s.Step != nil || lo > hi {
			return e.fail(badIndex, s, "the slice [%d:%d] of a list of %d", lo, hi, len(v))
		}
		return v[lo:hi:hi]
	}
	i, ok := e.listIndex(sc, x.Subs[0], len(v), false)
	if !ok {
		return poison{}
	}
	return v[i]
}

// listIndex evaluates an index into a list of n; a bound may be n itself.
func (e *elaborator) listIndex(sc *scope, x syntax.Expr, n int, bound bool) (int, bool) {
	v := e.single(sc, x)
	num, ok := v.(numVal)
	i := 0
	if ok {
		i, ok = num.int()
	}
	if !ok {
		if !isPoison(v) {
			e.errorf(wrongKind, x, "an index of a list must be an int known at generate time, got %s", v.kind())
		}
		return 0, false
	}
	k := i
	if k < 0 {
		k += n
	}
	if k < 0 || k > n || k == n && !bound {
		e.errorf(badIndex, x, "index %d of a list of %d", i, n)
		return 0, false
	}
	return k, true
}

// indexTensor elaborates subscripts one axis after the other; axes without one stay whole.
func (e *elaborator) indexTensor(sc *scope, x *syntax.Index, n *symbolic.Node) value {
	var lo, hi, shape []symbolic.Dim
	var step []int
	axis, ok := 0, true
	for _, sub := range x.Subs {
		if id, isName := sub.(*syntax.Ident); isName && id.Name == "new" {
			shape = append(shape, symbolic.Int(1))
			continue
		}
		if axis >= n.Rank() {
			return e.fail(badIndex, sub, "too many subscripts: %s has %s", tensorText(n), rankWords(n.Rank()))
		}
		size := n.Shape[axis]
		axis++
		if s, slice := sub.(*syntax.Slice); slice {
			a, b, by, fine := e.slice(sc, s, size)
			if !fine {
				ok = false
				continue
			}
			lo, hi, step = append(lo, a), append(hi, b), append(step, by)
			count := b.Sub(a)
			if by > 1 {
				count = count.Add(symbolic.Int(by - 1)).FloorDiv(by)
			}
			shape = append(shape, count)
			continue
		}
		at, fine := e.subscript(sc, sub, size, false)
		if !fine {
			ok = false
			continue
		}
		lo, hi, step = append(lo, at), append(hi, at.Add(symbolic.Int(1))), append(step, 1)
	}
	if !ok {
		return poison{}
	}
	for ; axis < n.Rank(); axis++ {
		lo, hi, step = append(lo, symbolic.Int(0)), append(hi, n.Shape[axis]), append(step, 1)
		shape = append(shape, n.Shape[axis])
	}
	if len(lo) == 0 {
		m, err := e.g.Reshape(n, shape)
		return e.node(x, m, err)
	}
	m, err := e.g.Slice(n, lo, hi, step)
	if err != nil {
		return e.fail(badIndex, x, "%s", err)
	}
	m, err = e.g.Reshape(m, shape)
	return e.node(x, m, err)
}

// slice evaluates lo:hi:step along an axis.
func (e *elaborator) slice(sc *scope, s *syntax.Slice, size symbolic.Dim) (lo, hi symbolic.Dim, step int, ok bool) {
	lo, hi, step, ok = symbolic.Int(0), size, 1, true
	if s.Lo != nil {
		lo, ok = e.subscript(sc, s.Lo, size, true)
	}
	if s.Hi != nil {
		var fine bool
		hi, fine = e.subscript(sc, s.Hi, size, true)
		ok = ok && fine
	}
	if s.Step != nil {
		v := e.single(sc, s.Step)
		num, isNum := v.(numVal)
		n, isInt := 0, false
		if isNum {
			n, isInt = num.int()
		}
		if !isInt || n < 1 {
			if !isPoison(v) {
				e.errorf(badIndex, s.Step, "the step of a slice must be an int from 1, got %s; flip(x, axis: k) reverses", valueText(v))
			}
			return lo, hi, 1, false
		}
		step = n
	}
	if !ok {
		return lo, hi, step, false
	}
	if less, known := compareSizes(syntax.Lt, lo, hi); known && !less {
		e.errorf(badIndex, s, "the slice from %s to %s has no elements", lo, hi)
		return lo, hi, step, false
	}
	return lo, hi, step, true
}

// subscript evaluates an index along an axis of the given size: negative ints count from its end. A bound may be the size
// itself.
func (e *elaborator) subscript(sc *scope, x syntax.Expr, size symbolic.Dim, bound bool) (symbolic.Dim, bool) {
	v := e.single(sc, x)
	if isPoison(v) {
		return symbolic.Dim{}, false
	}
	d, ok := asDim(v)
	if !ok {
		if t, tensor := v.(tensorVal); tensor && t.n.DType == symbolic.I32 {
			e.errorf(wrongKind, x, "an index must be known at generate time, got %s: gather(x, index) looks up at run time", tensorText(t.n))
		} else {
			e.errorf(wrongKind, x, "an index must be an int, got %s", valueText(v))
		}
		return symbolic.Dim{}, false
	}
	if n, constant := d.Const(); constant && n < 0 {
		d = size.Add(d)
	}
	top := size
	if !bound {
		top = size.Sub(symbolic.Int(1))
	}
	low, knownLow := compareSizes(syntax.Ge, d, symbolic.Int(0))
	high, knownHigh := compareSizes(syntax.Le, d, top)
	switch {
	case knownLow && !low || knownHigh && !high:
		e.errorf(badIndex, x, "%s is outside an axis of size %s", valueText(v), size)
		return symbolic.Dim{}, false
	case !knownLow || !knownHigh:
		e.errorf(badIndex, x, "%s is not provably inside an axis of size %s", valueText(v), size)
		return symbolic.Dim{}, false
	}
	return d, true
}
