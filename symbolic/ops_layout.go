// What do the layout ops take, and what are their transposes? They move elements and compute nothing.

package symbolic

import "fmt"

func ruleBroadcast(a *Attr, args []*Node) ([]Dim, DType, error) {
	x := args[0]
	if len(a.Axes) != x.Rank() {
		return nil, NoType, fmt.Errorf("broadcast of %s needs %d axes, got %d", TypeString(x), x.Rank(), len(a.Axes))
	}
	for i, to := range a.Axes {
		switch {
		case to < 0 || to >= len(a.Shape):
			return nil, NoType, fmt.Errorf("broadcast: axis %d is out of range for %s", to, ShapeString(a.Shape))
		case i > 0 && to <= a.Axes[i-1]:
			return nil, NoType, fmt.Errorf("broadcast: axes %v do not increase", a.Axes)
		case a.Shape[to] != x.Shape[i]:
			return nil, NoType, fmt.Errorf("cannot broadcast %s to %s: axis %d is %s here and %s there", ShapeString(x.Shape), ShapeString(a.Shape), to, x.Shape[i], a.Shape[to])
		}
	}
	return a.Shape, x.DType, nil
}

// transposeBroadcast sums over the axes that were new: the one place where broadcasting is undone.
func transposeBroadcast(g *Graph, n, ct *Node, i int) *Node {
	return g.sum(ct, missing(n.Attr.Axes, n.Rank()))
}

// missing returns the axes below rank that are not listed.
func missing(axes []int, rank int) []int {
	has := make([]bool, rank)
	for _, a := range axes {
		has[a] = true
	}
	var out []int
	for a, h := range has {
		if !h {
			out = append(out, a)
		}
	}
	return out
}

func ruleReshape(a *Attr, args []*Node) ([]Dim, DType, error) {
	x := args[0]
	if from, to := Size(x.Shape), Size(a.Shape); from != to {
		return nil, NoType, fmt.Errorf("cannot reshape %s to %s: %s elements here and %s there", ShapeString(x.Shape), ShapeString(a.Shape), from, to)
	}
	return a.Shape, x.DType, nil
}

func transposeReshape(g *Graph, n, ct *Node, i int) *Node { return g.reshape(ct, n.Args[0].Shape) }

func rulePermute(a *Attr, args []*Node) ([]Dim, DType, error) {
	x := args[0]
	if len(a.Axes) != x.Rank() {
		return nil, NoType, fmt.Errorf("permute of %s needs %d axes, got %d", TypeString(x), x.Rank(), len(a.Axes))
	}
	if err := checkAxes("permute", a.Axes, x.Rank()); err != nil {
		return nil, NoType, err
	}
	shape := make([]Dim, x.Rank())
	for i, from := range a.Axes {
		shape[i] = x.Shape[from]
	}
	return shape, x.DType, nil
}

func transposePermute(g *Graph, n, ct *Node, i int) *Node { return g.permute(ct, inverse(n.Attr.Axes)) }

// inverse returns the inverse permutation.
func inverse(axes []int) []int {
	inv := make([]int, len(axes))
	for i, a := range axes {
		inv[a] = i
	}
	return inv
}

func ruleSlice(a *Attr, args []*Node) ([]Dim, DType, error) {
	x := args[0]
	if len(a.Lo) != x.Rank() || len(a.Hi) != x.Rank() || a.Step != nil && len(a.Step) != x.Rank() {
		return nil, NoType, fmt.Errorf("slice of %s needs %d ranges", TypeString(x), x.Rank())
	}
	shape := make([]Dim, x.Rank())
	for i, d := range x.Shape {
		lo, hi, step := a.Lo[i], a.Hi[i], 1
		if a.Step != nil {
			step = a.Step[i]
		}
		switch {
		case step < 1:
			return nil, NoType, fmt.Errorf("slice: step %d of axis %d is not positive", step, i)
		case !Int(0).AtMost(lo):
			return nil, NoType, fmt.Errorf("slice: axis %d starts at %s, which may be negative", i, lo)
		case !lo.AtMost(hi):
			return nil, NoType, fmt.Errorf("slice: axis %d starts at %s and ends at %s, which may be less", i, lo, hi)
		case !hi.AtMost(d):
			return nil, NoType, fmt.Errorf("slice: axis %d ends at %s, but its size is %s", i, hi, d)
		}
		shape[i] = hi.Sub(lo).Add(Int(step - 1)).FloorDiv(step)
	}
	return shape, x.DType, nil
}

// transposeSlice puts ct back where it was cut out, zeros elsewhere.
func transposeSlice(g *Graph, n, ct *Node, i int) *Node {
	x := n.Args[0]
	hi := make([]Dim, x.Rank())
	var inner []int
	for a, d := range x.Shape {
		step := 1
		if n.Attr.Step != nil {
			step = n.Attr.Step[a]
		}
		if step > 1 && inner == nil {
			inner = make([]int, x.Rank())
		}
		if step > 1 {
			inner[a] = step - 1
		}
		m := n.Shape[a]
		hi[a] = d.Sub(n.Attr.Lo[a]).Sub(m).Sub(m.Sub(Int(1)).Mul(Int(step - 1)))
	}
	return g.Must(OpPad, Attr{Lo: n.Attr.Lo, Hi: hi, Step: inner}, ct)
}

func rulePad(a *Attr, args []*Node) ([]Dim, DType, error) {
	x := args[0]
	if len(a.Lo) != x.Rank() || len(a.Hi) != x.Rank() || a.Step != nil && len(a.Step) != x.Rank() {
		return nil, NoType, fmt.Errorf("pad of %s needs %d widths", TypeString(x), x.Rank())
	}
	shape := make([]Dim, x.Rank())
	for i, d := range x.Shape {
		for _, w := range []Dim{a.Lo[i], a.Hi[i]} {
			if least, ok := w.Min(); ok && least < 0 {
				return nil, NoType, fmt.Errorf("pad: width %s of axis %d may be negative", w, i)
			}
		}
		shape[i] = d.Add(a.Lo[i]).Add(a.Hi[i])
		if a.Step != nil {
			if a.Step[i] < 0 {
				return nil, NoType, fmt.Errorf("pad: %d elements between neighbours of axis %d", a.Step[i], i)
			}
			shape[i] = shape[i].Add(d.Sub(Int(1)).Mul(Int(a.Step[i])))
		}
	}
	return shape, x.DType, nil
}

// transposePad cuts the elements of the argument out again.
func transposePad(g *Graph, n, ct *Node, i int) *Node {
	x := n.Args[0]
	hi := make([]Dim, x.Rank())
	var step []int
	for a, d := range x.Shape {
		inner := 0
		if n.Attr.Step != nil {
			inner = n.Attr.Step[a]
		}
		if inner > 0 && step == nil {
			step = make([]int, x.Rank())
			for j := range step {
				step[j] = 1
			}
		}
		if inner > 0 {
			step[a] = inner + 1
		}
		hi[a] = n.Attr.Lo[a].Add(d).Add(d.Sub(Int(1)).Mul(Int(inner)))
	}
	return g.Must(OpSlice, Attr{Lo: n.Attr.Lo, Hi: hi, Step: step}, ct)
}

func ruleConcat(a *Attr, args []*Node) ([]Dim, DType, error) {
	if len(args) == 0 {
		return nil, NoType, fmt.Errorf("concat needs at least one tensor")
	}
	if len(a.Axes) != 1 {
		return nil, NoType, fmt.Errorf("concat needs one axis, got %d", len(a.Axes))
	}
	x, axis := args[0], a.Axes[0]
	if err := checkAxes("concat", a.Axes, x.Rank()); err != nil {
		return nil, NoType, err
	}
	shape := append([]Dim(nil), x.Shape...)
	for _, y := range args[1:] {
		if y.DType != x.DType {
			return nil, NoType, fmt.Errorf("concat needs one type, got %s and %s", dtypeWord(x.DType), dtypeWord(y.DType))
		}
		if y.Rank() != x.Rank() {
			return nil, NoType, fmt.Errorf("cannot concat %s and %s: %s here and %s there", ShapeString(x.Shape), ShapeString(y.Shape), axesText(x.Rank()), axesText(y.Rank()))
		}
		for i, d := range y.Shape {
			if i != axis && d != x.Shape[i] {
				return nil, NoType, fmt.Errorf("cannot concat %s and %s along axis %d: axis %d is %s here and %s there", ShapeString(x.Shape), ShapeString(y.Shape), axis, i, x.Shape[i], d)
			}
		}
		shape[axis] = shape[axis].Add(y.Shape[axis])
	}
	return shape, x.DType, nil
}

func transposeConcat(g *Graph, n, ct *Node, i int) *Node {
	axis, from := n.Attr.Axes[0], Int(0)
	for _, x := range n.Args[:i] {
		from = from.Add(x.Shape[axis])
	}
	lo, hi := make([]Dim, n.Rank()), append([]Dim(nil), n.Shape...)
	for a := range lo {
		lo[a] = Int(0)
	}
	lo[axis], hi[axis] = from, from.Add(n.Args[i].Shape[axis])
	return g.Must(OpSlice, Attr{Lo: lo, Hi: hi}, ct)
}

func ruleReverse(a *Attr, args []*Node) ([]Dim, DType, error) {
	if err := checkAxes("reverse", a.Axes, args[0].Rank()); err != nil {
		return nil, NoType, err
	}
	return args[0].Shape, args[0].DType, nil
}

func transposeReverse(g *Graph, n, ct *Node, i int) *Node {
	return g.Must(OpReverse, n.Attr, ct)
}
