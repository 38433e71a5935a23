// What do axes of size one mean in memory? Nothing: they are dropped before planning, so that a row number and a column of width one
// are the same thing, and most reshapes disappear.
package codegen

import (
	"slices"

	"nngen/symbolic"
)

// squeezer rebuilds a graph without axes of size one.
type squeezer struct {
	g    *symbolic.Graph
	done map[*symbolic.Node]*symbolic.Node // shapes without ones
}

// squeezed returns a shape without its ones, and for each old axis its new number or -1.
func squeezed(shape []symbolic.Dim) ([]symbolic.Dim, []int) {
	out := make([]symbolic.Dim, 0, len(shape))
	index := make([]int, len(shape))
	for i, d := range shape {
		index[i] = -1
		if !d.Is(1) {
			index[i] = len(out)
			out = append(out, d)
		}
	}
	return out, index
}

// kept returns the new numbers of axes that stay.
func kept(axes, index []int) []int {
	out := make([]int, 0, len(axes))
	for _, a := range axes {
		if index[a] >= 0 {
			out = append(out, index[a])
		}
	}
	return out
}

// view returns x with another shape of the same elements.
func (s *squeezer) view(x *symbolic.Node, shape []symbolic.Dim) *symbolic.Node {
	if x.Op == symbolic.OpReshape {
		x = x.Args[0]
	}
	if symbolic.SameShape(x.Shape, shape) {
		return x
	}
	if v, ok := x.ConstValue(); ok {
		return s.g.Const(v, x.DType, shape...)
	}
	return s.g.Must(symbolic.OpReshape, symbolic.Attr{Shape: shape}, x)
}

// squeeze returns f without axes of size one in between; parameters keep their shapes and are viewed.
func squeeze(f *symbolic.Func) *symbolic.Func {
	if len(f.Results) == 0 {
		return f
	}
	g := f.Results[0].Node.Graph()
	s := &squeezer{g: g, done: map[*symbolic.Node]*symbolic.Node{}}
	for _, n := range f.Nodes() {
		old := g.Pos
		g.Pos = n.Pos
		m := s.node(n)
		g.Pos = old
		if name := g.Name(n); name != "" && m != n {
			g.SetName(m, name)
		}
		s.done[n] = m
	}
	out := &symbolic.Func{Name: f.Name, Doc: f.Doc, Syms: f.Syms, Params: f.Params}
	for _, r := range f.Results {
		out.Results = append(out.Results, symbolic.Result{Name: r.Name, Node: s.done[r.Node]})
	}
	return out
}

func (s *squeezer) node(n *symbolic.Node) *symbolic.Node {
	shape, index := squeezed(n.Shape)
	args := make([]*symbolic.Node, len(n.Args))
	for i, a := range n.Args {
		args[i] = s.done[a]
	}
	attr := n.Attr
	switch {
	case n.Op == symbolic.OpConst:
		return s.g.Const(n.Attr.Num, n.DType, shape...)
	case n.Op == symbolic.OpIota:
		axis := index[n.Attr.Axes[0]]
		if axis < 0 {
			return s.g.Const(0, n.DType, shape...)
		}
		attr.Shape, attr.Axes = shape, []int{axis}
		return s.g.Must(n.Op, attr)
	case n.Op == symbolic.OpRand:
		attr.Shape = shape
		return s.g.Must(n.Op, attr)
	case n.Info().Kind == symbolic.KindLeaf && n.Op != symbolic.OpVar:
		return s.view(n, shape)
	case n.Info().Kind == symbolic.KindElement, n.Op == symbolic.OpVar:
		return s.g.Must(n.Op, attr, args...)
	case n.Op == symbolic.OpReshape:
		return s.view(args[0], shape)
	case n.Op == symbolic.OpBroadcast:
		if symbolic.SameShape(args[0].Shape, shape) {
			return args[0]
		}
		attr.Shape, attr.Axes = shape, make([]int, 0, args[0].Rank())
		for i, a := range n.Attr.Axes {
			if !n.Args[0].Shape[i].Is(1) {
				attr.Axes = append(attr.Axes, index[a])
			}
		}
		return s.g.Must(n.Op, attr, args[0])
	case n.Op == symbolic.OpSum, n.Op == symbolic.OpReduceMax, n.Op == symbolic.OpProd:
		_, from := squeezed(n.Args[0].Shape)
		attr.Axes = kept(n.Attr.Axes, from)
		if len(attr.Axes) == 0 {
			return args[0]
		}
		return s.g.Must(n.Op, attr, args[0])
	case n.Op == symbolic.OpDot:
		_, ia := squeezed(n.Args[0].Shape)
		_, ib := squeezed(n.Args[1].Shape)
		d := n.Attr.Dot
		attr.Dot = &symbolic.DotAxes{BatchA: kept(d.BatchA, ia), BatchB: kept(d.BatchB, ib), ContractA: kept(d.ContractA, ia), ContractB: kept(d.ContractB, ib)}
		return s.g.Must(n.Op, attr, args...)
	case n.Op == symbolic.OpPermute:
		_, from := squeezed(n.Args[0].Shape)
		attr.Axes = kept(n.Attr.Axes, from)
		if ordered(attr.Axes) {
			return args[0]
		}
		return s.g.Must(n.Op, attr, args[0])
	}
	// Any other op sees its arguments as they were.
	for i, a := range n.Args {
		if a.DType != symbolic.NoType {
			args[i] = s.view(args[i], a.Shape)
		}
	}
	m := n
	if !slices.Equal(args, n.Args) {
		m = s.g.Must(n.Op, n.Attr, args...)
	}
	if n.DType == symbolic.NoType {
		return m
	}
	return s.view(m, shape)
}
