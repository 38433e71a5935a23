// Is a value computed row by row? Then its rows are the same whether a batch comes whole or in pieces.
package codegen

import "nngen/symbolic"

// mixing returns an operation below n whose rows depend on more than the same rows of the inputs, or nil. What is not known to keep rows
// apart counts as mixing. Random numbers keep them apart only where drawn says that a piece of a batch draws those of its rows in the whole.
func mixing(n *symbolic.Node, drawn bool) *symbolic.Node {
	return mixes(symbolic.Reach(n), drawn, func(s *symbolic.Sym) bool { return s.Name == batchName })
}

// mixes checks nodes where the sizes that batch holds for count rows.
func mixes(nodes []*symbolic.Node, drawn bool, batch func(*symbolic.Sym) bool) *symbolic.Node {
	counts := func(d symbolic.Dim) bool {
		for _, s := range d.Syms() {
			if batch(s) {
				return true
			}
		}
		return false
	}
	rows := func(n *symbolic.Node) bool {
		for _, d := range n.Shape {
			if counts(d) {
				return true
			}
		}
		return false
	}
	for _, n := range nodes {
		switch {
		case n.Attr.Dim.Valid() && counts(n.Attr.Dim):
			return n
		case n.Op == symbolic.OpCall:
			if at := mixesInside(n, drawn, counts); at != nil {
				return at
			}
			continue
		case n.Op == symbolic.OpGet:
			if rows(n) && !plainRows(n.Shape, counts) {
				return n
			}
			continue
		}
		if rows(n) && (!plainRows(n.Shape, counts) || n.Op == symbolic.OpRand && !drawn || n.Op == symbolic.OpIota && n.Attr.Axes[0] == 0) {
			return n
		}
		for i, a := range n.Args {
			if a.DType != symbolic.NoType && rows(a) && !(rows(n) && aligned(n, i)) {
				return n
			}
		}
	}
	return nil
}

// plainRows reports whether only the first axis counts rows, and is the number of rows itself.
func plainRows(shape []symbolic.Dim, counts func(symbolic.Dim) bool) bool {
	syms := shape[0].Syms()
	if len(syms) != 1 || shape[0] != syms[0].Dim() {
		return false
	}
	for _, d := range shape[1:] {
		if counts(d) {
			return false
		}
	}
	return true
}

// mixesInside checks the Func that a call calls: its sizes that are bound to the number of rows count rows in it.
func mixesInside(call *symbolic.Node, drawn bool, counts func(symbolic.Dim) bool) *symbolic.Node {
	f := call.Attr.Func
	inside := map[*symbolic.Sym]bool{}
	for i, s := range f.Syms {
		if d := call.Attr.Bind[i]; counts(d) {
			if syms := d.Syms(); len(syms) != 1 || d != syms[0].Dim() {
				return call
			}
			inside[s] = true
		}
	}
	return mixes(f.Nodes(), drawn, func(s *symbolic.Sym) bool { return inside[s] })
}
