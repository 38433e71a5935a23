// What do gather, its transpose scatter_add, and calls take?

package symbolic

import "fmt"

func ruleGather(a *Attr, args []*Node) ([]Dim, DType, error) {
	table, idx := args[0], args[1]
	if table.Rank() == 0 {
		return nil, NoType, fmt.Errorf("gather needs a table with at least one axis, got a scalar")
	}
	if idx.DType != I32 {
		return nil, NoType, fmt.Errorf("gather needs int indices, got %s", dtypeWord(idx.DType))
	}
	return append(append([]Dim(nil), idx.Shape...), table.Shape[1:]...), table.DType, nil
}

func transposeGather(g *Graph, n, ct *Node, i int) *Node {
	return g.Must(OpScatterAdd, Attr{Shape: n.Args[0].Shape}, n.Args[1], ct)
}

func ruleScatterAdd(a *Attr, args []*Node) ([]Dim, DType, error) {
	idx, upd := args[0], args[1]
	if idx.DType != I32 {
		return nil, NoType, fmt.Errorf("scatter_add needs int indices, got %s", dtypeWord(idx.DType))
	}
	if !upd.DType.Float() {
		return nil, NoType, fmt.Errorf("scatter_add needs float values, got %s", dtypeWord(upd.DType))
	}
	if len(a.Shape) == 0 {
		return nil, NoType, fmt.Errorf("scatter_add needs a result with at least one axis")
	}
	want := append(append([]Dim(nil), idx.Shape...), a.Shape[1:]...)
	if !SameShape(want, upd.Shape) {
		return nil, NoType, fmt.Errorf("scatter_add of %s at %s into %s needs values %s", ShapeString(upd.Shape), ShapeString(idx.Shape), ShapeString(a.Shape), ShapeString(want))
	}
	return a.Shape, upd.DType, nil
}

func transposeScatterAdd(g *Graph, n, ct *Node, i int) *Node {
	return g.Must(OpGather, Attr{}, ct, n.Args[0])
}

func ruleCall(a *Attr, args []*Node) ([]Dim, DType, error) {
	f := a.Func
	if f == nil {
		return nil, NoType, fmt.Errorf("call needs a function")
	}
	if len(args) != len(f.Params) {
		return nil, NoType, fmt.Errorf("%s takes %d arguments, got %d", f.Name, len(f.Params), len(args))
	}
	if len(a.Bind) != len(f.Syms) {
		return nil, NoType, fmt.Errorf("%s has %d sizes, got %d", f.Name, len(f.Syms), len(a.Bind))
	}
	bind := binding(a)
	for i, p := range f.Params {
		want := substShape(p.Shape, bind)
		if args[i].DType != p.DType || !SameShape(want, args[i].Shape) {
			return nil, NoType, fmt.Errorf("%s: argument %s is %s, expected %s", f.Name, p.Attr.Name, TypeString(args[i]), TypeString(&Node{Shape: want, DType: p.DType}))
		}
	}
	return nil, NoType, nil
}

func ruleGet(a *Attr, args []*Node) ([]Dim, DType, error) {
	call := args[0]
	if call.Op != OpCall {
		return nil, NoType, fmt.Errorf("get reads results of a call, got %s", call.Info().Name)
	}
	rs := call.Attr.Func.Results
	if a.Index < 0 || a.Index >= len(rs) {
		return nil, NoType, fmt.Errorf("%s has %d results, got index %d", call.Attr.Func.Name, len(rs), a.Index)
	}
	r := rs[a.Index].Node
	return substShape(r.Shape, binding(&call.Attr)), r.DType, nil
}

// binding returns the values of a call's sizes; a symbol that is not bound stays.
func binding(a *Attr) func(*Sym) Dim {
	return func(s *Sym) Dim {
		for i, t := range a.Func.Syms {
			if s == t {
				return a.Bind[i]
			}
		}
		return Dim{}
	}
}

func substShape(shape []Dim, value func(*Sym) Dim) []Dim {
	if shape == nil {
		return nil
	}
	out := make([]Dim, len(shape))
	for i, d := range shape {
		out[i] = d.Subst(value)
	}
	return out
}
