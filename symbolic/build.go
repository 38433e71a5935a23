// How does the front end build expressions? Constructors with the language's broadcasting; where the user's input can be wrong
// they return an error in the language's words, without a position.

package symbolic

import (
	"fmt"
	"math"
)

// Const returns v, rounded to dt, as every element of a tensor of the given shape.
func (g *Graph) Const(v float64, dt DType, shape ...Dim) *Node {
	return g.Must(OpConst, Attr{Num: dt.Round(v), DType: dt, Shape: shape})
}

// Leaf returns the leaf op (input, param, state, hyper, arg) called name.
func (g *Graph) Leaf(op Op, name string, dt DType, shape []Dim) *Node {
	return g.Must(op, Attr{Name: name, DType: dt, Shape: shape})
}

// Dimval returns the size d as a number of type I32 or a float type; a constant size becomes a const.
func (g *Graph) Dimval(d Dim, dt DType) *Node {
	if n, ok := d.Const(); ok {
		return g.Const(float64(n), dt)
	}
	return g.Must(OpDimval, Attr{Dim: d, DType: dt})
}

// Iota returns 0, 1, 2, ... along the given axis of shape, as I32 or a float type.
func (g *Graph) Iota(shape []Dim, axis int, dt DType) *Node {
	return g.Must(OpIota, Attr{Shape: shape, Axes: []int{axis}, DType: dt})
}

// Rand returns random numbers of the kind "uniform" (in [0, 1)) or "normal" (mean 0, variance 1). Different sites draw
// different numbers, equal sites the same.
func (g *Graph) Rand(kind, site string, shape []Dim, dt DType) (*Node, error) {
	return g.Apply(OpRand, Attr{Name: kind, Site: site, Shape: shape, DType: dt})
}

// Var returns x as a variable that a gradient may be taken by.
func (g *Graph) Var(x *Node) *Node { return g.Must(OpVar, Attr{}, x) }

// StopGradient returns x, constant for differentiation.
func (g *Graph) StopGradient(x *Node) *Node { return g.Must(OpStopGradient, Attr{}, x) }

// Unary returns the elementwise op of one argument. Only a scalar or splat constant of another type adapts.
func (g *Graph) Unary(op Op, x *Node) (*Node, error) { return g.Apply(op, Attr{}, x) }

// Cast returns x as type dt. A bool or int becomes a float exactly; towards int the fraction is dropped.
func (g *Graph) Cast(x *Node, dt DType) (*Node, error) {
	if x.DType == dt {
		return x, nil
	}
	if v, ok := x.ConstValue(); ok && dt != U8 {
		return g.Const(castValue(v, dt), dt, x.Shape...), nil
	}
	return g.Apply(OpCast, Attr{DType: dt}, x)
}

// castValue returns v as a value of type dt. Not-a-number and values beyond int32 become the nearest int32, NaN becomes 0.
func castValue(v float64, dt DType) float64 {
	switch dt {
	case I32:
		if math.IsNaN(v) {
			return 0
		}
		return math.Trunc(min(max(v, math.MinInt32), math.MaxInt32))
	case Bool:
		if v != 0 {
			return 1
		}
		return 0
	}
	return dt.Round(v)
}

func (g *Graph) cast(x *Node, dt DType) *Node {
	n, err := g.Cast(x, dt)
	if err != nil {
		panic("symbolic: " + err.Error())
	}
	return n
}

// Reshape returns the elements of x under another shape of the same size.
func (g *Graph) Reshape(x *Node, shape []Dim) (*Node, error) {
	if SameShape(x.Shape, shape) {
		return x, nil
	}
	n, err := g.Apply(OpReshape, Attr{Shape: shape}, x)
	if err == nil && x.Op == OpConst {
		return g.Const(x.Attr.Num, x.DType, shape...), nil
	}
	return n, err
}

func (g *Graph) reshape(x *Node, shape []Dim) *Node {
	n, err := g.Reshape(x, shape)
	if err != nil {
		panic("symbolic: " + err.Error())
	}
	return n
}

// Permute returns x with its axes reordered: axis i of the result is axis axes[i] of x.
func (g *Graph) Permute(x *Node, axes []int) (*Node, error) {
	n, err := g.Apply(OpPermute, Attr{Axes: axes}, x)
	switch {
	case err != nil:
		return nil, err
	case increasing(axes):
		return x, nil
	case x.Op == OpConst:
		return g.Const(x.Attr.Num, x.DType, n.Shape...), nil
	}
	return n, nil
}

func (g *Graph) permute(x *Node, axes []int) *Node {
	n, err := g.Permute(x, axes)
	if err != nil {
		panic("symbolic: " + err.Error())
	}
	return n
}

// Slice returns the elements of x from lo up to but not including hi, every step-th (nil: all). Bounds that cannot be proved are errors.
func (g *Graph) Slice(x *Node, lo, hi []Dim, step []int) (*Node, error) {
	n, err := g.Apply(OpSlice, Attr{Lo: lo, Hi: hi, Step: step}, x)
	switch {
	case err != nil:
		return nil, err
	case SameShape(n.Shape, x.Shape):
		return x, nil
	case x.Op == OpConst:
		return g.Const(x.Attr.Num, x.DType, n.Shape...), nil
	}
	return n, nil
}

// Pad returns x with lo zeros before, hi after, and inner (nil: none) between neighbours of each axis.
func (g *Graph) Pad(x *Node, lo, hi []Dim, inner []int) (*Node, error) {
	n, err := g.Apply(OpPad, Attr{Lo: lo, Hi: hi, Step: inner}, x)
	if err == nil && SameShape(n.Shape, x.Shape) {
		return x, nil
	}
	return n, err
}

// Concat returns xs one after the other along axis.
func (g *Graph) Concat(axis int, xs ...*Node) (*Node, error) {
	if len(xs) == 1 {
		return xs[0], checkAxes("concat", []int{axis}, xs[0].Rank())
	}
	return g.Apply(OpConcat, Attr{Axes: []int{axis}}, xs...)
}

// Reverse returns x with the order of elements reversed along axes.
func (g *Graph) Reverse(x *Node, axes []int) (*Node, error) {
	return g.Apply(OpReverse, Attr{Axes: sorted(axes)}, x)
}

func sorted(axes []int) []int {
	out := append([]int(nil), axes...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// Reduce returns the reduction op (sum, reduce_max, prod, argmax) of x over axes; keep leaves the reduced axes with size 1.
func (g *Graph) Reduce(op Op, x *Node, axes []int, keep bool) (*Node, error) {
	axes = sorted(axes)
	n, err := g.Apply(op, Attr{Axes: axes}, x)
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		return x, nil
	}
	if !keep {
		return n, nil
	}
	shape := append([]Dim(nil), x.Shape...)
	for _, a := range axes {
		shape[a] = Int(1)
	}
	return g.Reshape(n, shape)
}

// Cumsum returns the running sum of x along axis, from its end if reverse.
func (g *Graph) Cumsum(x *Node, axis int, reverse bool) (*Node, error) {
	return g.Apply(OpCumsum, Attr{Axes: []int{axis}, Flag: reverse}, x)
}

func (g *Graph) sum(x *Node, axes []int) *Node {
	if len(axes) == 0 {
		return x
	}
	return g.Must(OpSum, Attr{Axes: axes}, x)
}

func (g *Graph) add(a, b *Node) *Node { return g.Must(OpAdd, Attr{}, a, b) }
func (g *Graph) sub(a, b *Node) *Node { return g.Must(OpSub, Attr{}, a, b) }
func (g *Graph) mul(a, b *Node) *Node { return g.Must(OpMul, Attr{}, a, b) }
func (g *Graph) div(a, b *Node) *Node { return g.Must(OpDiv, Attr{}, a, b) }

// Dot returns the sum of products of a and b over the contracted axes.
func (g *Graph) Dot(a, b *Node, axes DotAxes) (*Node, error) {
	return g.Apply(OpDot, Attr{Dot: &axes}, a, b)
}

// MatMul returns a @ b: the last axis of a is contracted with the last but one of b (its only axis where b is a vector). Leading axes of b are
// batch axes and must be the leading axes of a; [..., n] @ [n, m] works for any leading axes of a.
func (g *Graph) MatMul(a, b *Node) (*Node, error) {
	if a.Rank() == 0 || b.Rank() == 0 {
		return nil, fmt.Errorf("cannot multiply %s @ %s: @ needs tensors with at least one axis", TypeString(a), TypeString(b))
	}
	a, b = g.adapt(a, b)
	for _, x := range []*Node{a, b} {
		if !x.DType.Float() {
			return nil, fmt.Errorf("@ needs float, got %s", dtypeWord(x.DType))
		}
	}
	axis := b.Rank() - 2
	if b.Rank() == 1 {
		axis = 0
	}
	last := a.Rank() - 1
	if a.Shape[last] != b.Shape[axis] {
		return nil, fmt.Errorf("cannot multiply %s @ %s: axis %d is %s here and axis %d is %s there", ShapeString(a.Shape), ShapeString(b.Shape), last, a.Shape[last], axis, b.Shape[axis])
	}
	batch := max(b.Rank()-2, 0)
	if a.Rank() == 2 && batch > 0 { // one matrix from the left for all of b
		n, err := g.Dot(a, b, DotAxes{ContractA: []int{1}, ContractB: []int{axis}})
		if err != nil {
			return nil, err
		}
		order := append(span(1, batch+1), 0, batch+1)
		return g.Permute(n, order)
	}
	if a.Rank() < batch+1 {
		return nil, fmt.Errorf("cannot multiply %s @ %s: %s here and %s there", ShapeString(a.Shape), ShapeString(b.Shape), axesText(a.Rank()), axesText(b.Rank()))
	}
	for i := 0; i < batch; i++ {
		if a.Shape[i] != b.Shape[i] {
			return nil, fmt.Errorf("cannot multiply %s @ %s: batch axis %d is %s here and %s there", ShapeString(a.Shape), ShapeString(b.Shape), i, a.Shape[i], b.Shape[i])
		}
	}
	return g.Dot(a, b, DotAxes{BatchA: span(0, batch), BatchB: span(0, batch), ContractA: []int{last}, ContractB: []int{axis}})
}

// Gather returns rows of table [v, rest...] at the int indices idx [s...]: [s..., rest...].
func (g *Graph) Gather(table, idx *Node) (*Node, error) { return g.Apply(OpGather, Attr{}, table, idx) }

// ScatterAdd returns a tensor of the given shape, zero but for the rows of upd added at the indices idx.
func (g *Graph) ScatterAdd(idx, upd *Node, shape []Dim) (*Node, error) {
	return g.Apply(OpScatterAdd, Attr{Shape: shape}, idx, upd)
}

// Call returns the call of f with its sizes bound (in the order of f.Syms). Its results are read by Get. Where f draws random numbers, use CallAt.
func (g *Graph) Call(f *Func, bind []Dim, args []*Node) (*Node, error) {
	return g.CallAt("", f, bind, args)
}

// CallAt is Call at a place: site goes before the sites of random draws inside f, so that two calls of one layer drop different elements.
func (g *Graph) CallAt(site string, f *Func, bind []Dim, args []*Node) (*Node, error) {
	return g.Apply(OpCall, Attr{Func: f, Bind: bind, Site: site}, args...)
}

// Get returns result i of a call. It panics if the call has no such result.
func (g *Graph) Get(call *Node, i int) *Node { return g.Must(OpGet, Attr{Index: i}, call) }

// HasRand reports whether f draws random numbers, itself or in a function that it calls.
func (f *Func) HasRand() bool {
	for _, n := range f.Nodes() {
		if n.Op == OpRand || n.Op == OpCall && n.Attr.Func.HasRand() {
			return true
		}
	}
	return false
}
