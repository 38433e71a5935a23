// Which operations can run on a block of rows? An argument is aligned when rows [r0, r1) of the result need only rows
// [r0, r1) of it.
package codegen

import (
	"slices"

	"nngen/symbolic"
)

// aligned reports whether argument i of n is read row by row: result row r needs row r of it alone.
func aligned(n *symbolic.Node, i int) bool {
	a := n.Args[i]
	if a.Rank() == 0 || n.Rank() == 0 || a.Shape[0] != n.Shape[0] {
		return false
	}
	switch n.Info().Kind {
	case symbolic.KindElement:
		return true
	case symbolic.KindLayout, symbolic.KindReduce, symbolic.KindIndex, symbolic.KindDot:
		if rule, ok := rowRules[n.Op]; ok {
			return rule(n, i)
		}
	}
	return false
}

// rowRules says for each op that moves or combines elements when it leaves the first axis alone.
var rowRules = map[symbolic.Op]func(n *symbolic.Node, i int) bool{
	symbolic.OpBroadcast: func(n *symbolic.Node, i int) bool { return len(n.Attr.Axes) > 0 && n.Attr.Axes[0] == 0 },
	symbolic.OpReshape:   func(n *symbolic.Node, i int) bool { return true },
	symbolic.OpPermute:   func(n *symbolic.Node, i int) bool { return n.Attr.Axes[0] == 0 },
	symbolic.OpSlice: func(n *symbolic.Node, i int) bool {
		return n.Attr.Lo[0].Is(0) && n.Attr.Hi[0] == n.Args[0].Shape[0] && (n.Attr.Step == nil || n.Attr.Step[0] == 1)
	},
	symbolic.OpPad: func(n *symbolic.Node, i int) bool {
		return n.Attr.Lo[0].Is(0) && n.Attr.Hi[0].Is(0) && (n.Attr.Step == nil || n.Attr.Step[0] == 0)
	},
	symbolic.OpConcat:    func(n *symbolic.Node, i int) bool { return n.Attr.Axes[0] != 0 },
	symbolic.OpReverse:   keepsFirst,
	symbolic.OpSum:       keepsFirst,
	symbolic.OpReduceMax: keepsFirst,
	symbolic.OpProd:      keepsFirst,
	symbolic.OpArgmax:    keepsFirst,
	symbolic.OpCumsum:    keepsFirst,
	symbolic.OpGather:    func(n *symbolic.Node, i int) bool { return i == 1 },
	symbolic.OpDot: func(n *symbolic.Node, i int) bool {
		d := n.Attr.Dot
		if len(d.BatchA) > 0 {
			return d.BatchA[0] == 0 && d.BatchB[0] == 0
		}
		return i == 0 && !slices.Contains(d.ContractA, 0)
	},
}

func keepsFirst(n *symbolic.Node, i int) bool { return !slices.Contains(n.Attr.Axes, 0) }

// rowwise reports whether n can be computed block of rows by block of rows of its first axis. A product whose rows are not rows of its
// first argument (a weight gradient) is cut into tiles instead, as are sums over rows and scatters.
func rowwise(n *symbolic.Node) bool {
	if n.Rank() == 0 {
		return false
	}
	switch n.Op {
	case symbolic.OpDot:
		return aligned(n, 0)
	case symbolic.OpGather:
		return n.Args[1].Rank() > 0
	case symbolic.OpScatterAdd:
		return false
	}
	for i, a := range n.Args {
		// A kernel that reads a tensor otherwise than by rows runs whole.
		if a.Rank() > 0 && n.Info().Kind != symbolic.KindElement && n.Op != symbolic.OpBroadcast && !aligned(n, i) {
			return false
		}
	}
	return true
}
