// Is a plan right? It is replayed from what its steps read and write, not from what the planner believes.
package codegen

import (
	"fmt"

	"nngen/symbolic"
)

// A moment is a place in the run of a plan: a step, and within a region a leaf and, within a group, a member.
type moment struct{ step, leaf, member int }

func (m moment) before(n moment) bool {
	if m.step != n.step {
		return m.step < n.step
	}
	if m.leaf != n.leaf {
		return m.leaf < n.leaf
	}
	return m.member < n.member
}

// checkPlan replays a plan: everything is computed once and before it is read, values alive at one time do not share memory, and inside a
// region only rows of one's own block are read.
func checkPlan(p *Plan) error {
	at := map[*symbolic.Node]moment{}
	region := map[*symbolic.Node]*Region{}
	var order []*symbolic.Node
	note := func(n *symbolic.Node, m moment, r *Region) error {
		if _, twice := at[n]; twice {
			return fmt.Errorf("%s is computed twice", p.formula(n))
		}
		at[n], region[n] = m, r
		order = append(order, n)
		return nil
	}
	for i, st := range p.Steps {
		var err error
		switch st := st.(type) {
		case *Scalars:
			for j, n := range st.Nodes {
				err = note(n, moment{i, j, 0}, nil)
			}
		case *Calls:
			for j, n := range st.Nodes {
				err = note(n, moment{i, j, 0}, nil)
			}
		case *Region:
			for j, l := range st.Body {
				switch l := l.(type) {
				case *Kernel:
					err = note(l.Node, moment{i, j, 0}, st)
				case *Group:
					for k, n := range l.Members {
						if err == nil {
							err = note(n, moment{i, j, k}, st)
						}
					}
				}
			}
		}
		if err != nil {
			return err
		}
	}
	for _, r := range p.Func.Results {
		v := p.value[r.Node]
		if v == nil {
			return fmt.Errorf("result %s has no place", r.Name)
		}
		if _, ok := at[r.Node]; !ok && r.Node.Op != symbolic.OpGet {
			return fmt.Errorf("result %s is never computed", r.Name)
		}
	}
	last := map[*Value]moment{}
	for _, n := range order {
		m := at[n]
		if err := p.eachOperand(n, func(d *symbolic.Node, straight bool) error {
			def, computed := at[d]
			if d.Op == symbolic.OpGet {
				def, computed = at[d.Args[0]]
			}
			if !computed {
				if given(d) || free(d) || d.Op == symbolic.OpDimval {
					return nil
				}
				return fmt.Errorf("%s reads %s, which nobody computes", p.formula(n), p.formula(d))
			}
			if !def.before(m) {
				return fmt.Errorf("%s at %v reads %s, which is computed at %v", p.formula(n), m, p.formula(d), def)
			}
			if r := region[n]; r != nil && r == region[d] {
				if r.Tiles || rowSum(d) {
					return fmt.Errorf("region %d: %s reads %s of the same region as a whole", r.Index, p.formula(n), p.formula(d))
				}
				if !straight {
					return fmt.Errorf("region %d: %s reads rows of %s that other blocks compute", r.Index, p.formula(n), p.formula(d))
				}
			}
			if v := p.value[d]; v != nil && v.Store == StoreLocal && region[n] != region[d] {
				return fmt.Errorf("%s reads %s, which lies in a panel of another region", p.formula(n), v.Name)
			}
			if v := p.value[d]; v != nil {
				if l, ok := last[v]; !ok || l.before(m) {
					last[v] = m
				}
			} else if sameLoop(p, n, d) {
				return nil
			} else if d.Rank() > 0 {
				return fmt.Errorf("%s reads %s, which has no place in memory", p.formula(n), p.formula(d))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return p.checkSharing(at, region, last)
}

// given reports whether a leaf is handed over by the caller.
func given(n *symbolic.Node) bool {
	return n.Op == symbolic.OpArg || n.Op == symbolic.OpParam || n.Op == symbolic.OpInput
}

// sameLoop reports whether two nodes are members of one group, or numbers written into one expression.
func sameLoop(p *Plan, a, b *symbolic.Node) bool {
	for _, st := range p.Steps {
		switch st := st.(type) {
		case *Scalars:
			if in(st.Nodes, a) && in(st.Nodes, b) {
				return true
			}
		case *Region:
			for _, l := range st.Body {
				if g, ok := l.(*Group); ok && in(g.Members, a) && in(g.Members, b) {
					return true
				}
			}
		}
	}
	return false
}

func in(ns []*symbolic.Node, n *symbolic.Node) bool {
	for _, m := range ns {
		if m == n {
			return true
		}
	}
	return false
}

// checkSharing checks that values in one slot, or in one panel, are never alive together, and that each fits.
func (p *Plan) checkSharing(at map[*symbolic.Node]moment, region map[*symbolic.Node]*Region, last map[*Value]moment) error {
	type life struct {
		v        *Value
		from, to moment
	}
	slots, panels := map[*Slot][]life{}, map[*Panel][]life{}
	shared := map[*Value]*Value{}
	arrays := map[*Value]life{} // of what calls leave, from the first call to the last reader of a member
	for i, st := range p.Steps {
		if c, ok := st.(*Calls); ok {
			for _, a := range c.arrays {
				arrays[a.value] = life{a.value, moment{i, 0, 0}, moment{i, 0, 0}}
			}
		}
	}
	for v, m := range last {
		if l, ok := arrays[v.Base]; ok && v.Base != nil && l.to.before(m) {
			l.to = m
			arrays[v.Base] = l
		}
	}
	for _, v := range p.Values {
		l, ok := arrays[v]
		if !ok && v.Node == nil {
			continue // the caller's array
		}
		if !ok {
			l = life{v, at[v.Node], at[v.Node]}
			if m, ok := last[v]; ok {
				l.to = m
			}
		}
		switch v.Store {
		case StoreFrame:
			if v.Slot.DType != v.DType {
				return fmt.Errorf("%s is %s in a slot of %s", v.Name, v.DType, v.Slot.DType)
			}
			known := false
			for _, d := range v.Slot.Sizes {
				known = known || d == symbolic.Size(v.Shape).Mul(symbolic.Int(max(v.Count, 1)))
			}
			if !known {
				return fmt.Errorf("%s %s does not fit its slot", v.Name, symbolic.ShapeString(v.Shape))
			}
			for _, o := range slots[v.Slot] {
				if l.from.step <= o.to.step && o.from.step <= l.to.step {
					return fmt.Errorf("%s and %s are alive together in one slot", v.Name, o.v.Name)
				}
			}
			slots[v.Slot] = append(slots[v.Slot], l)
		case StoreShared:
			in := at[v.In.Node]
			if v.In.Store != StoreResult || v.In.DType != v.DType || !symbolic.SameShape(v.In.Shape, v.Shape) || region[v.In.Node] == nil || region[v.In.Node].Tiles {
				return fmt.Errorf("%s cannot lie in %s", v.Name, v.In.Name)
			}
			if l.to.step != in.step || l.to.leaf != in.leaf || shared[v.In] != nil {
				return fmt.Errorf("%s, read last at %v, and %s, written at %v, are alive together, or something else lies there", v.Name, l.to, v.In.Name, in)
			}
			shared[v.In] = v
			for _, n := range region[v.In.Node].Body[in.leaf].(*Group).Members {
				if !symbolic.SameShape(n.Shape, v.Shape) {
					return fmt.Errorf("%s lies in %s, whose loop has more than one pass", v.Name, v.In.Name)
				}
			}
		case StoreLocal:
			r := region[v.Node]
			panel := r.Panels[v.Local]
			if panel.DType != v.DType || panel.Width != symbolic.Size(v.Shape[1:]) {
				return fmt.Errorf("%s does not fit its panel", v.Name)
			}
			for _, o := range panels[panel] {
				if l.from.leaf <= o.to.leaf && o.from.leaf <= l.to.leaf {
					return fmt.Errorf("%s and %s are alive together in one panel", v.Name, o.v.Name)
				}
			}
			panels[panel] = append(panels[panel], l)
		}
	}
	return nil
}

// eachOperand visits what n reads with a life of its own, through views; straight says whether row r of n needs row r of it alone.
func (p *Plan) eachOperand(n *symbolic.Node, visit func(d *symbolic.Node, straight bool) error) error {
	computed := map[*symbolic.Node]bool{}
	for _, st := range p.Steps {
		switch st := st.(type) {
		case *Scalars:
			for _, m := range st.Nodes {
				computed[m] = true
			}
		case *Calls:
			for _, m := range st.Nodes {
				computed[m] = true
			}
		case *Region:
			for _, l := range st.Body {
				switch l := l.(type) {
				case *Kernel:
					computed[l.Node] = true
				case *Group:
					for _, m := range l.Members {
						computed[m] = true
					}
				}
			}
		}
	}
	var walk func(n *symbolic.Node, straight bool) error
	walk = func(n *symbolic.Node, straight bool) error {
		for i, a := range n.Args {
			ok := straight && sameRows(n, i)
			var err error
			if a.Op == symbolic.OpGet && computed[a.Args[0]] || computed[a] || len(a.Args) == 0 {
				err = visit(a, ok)
			} else {
				err = walk(a, ok)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return walk(n, true)
}

// sameRows finds out by computing, not by rules, whether row r of n depends on no row but r of argument i: it changes one row after the
// other. Sums over all rows are read by rows, block by block.
func sameRows(n *symbolic.Node, i int) bool {
	a := n.Args[i]
	if rowSum(n) {
		return true
	}
	if a.Rank() == 0 || n.Rank() == 0 || a.Shape[0] != n.Shape[0] || n.Op == symbolic.OpCall {
		return false
	}
	f := &symbolic.Func{Name: "rows"}
	g := n.Graph()
	args := make([]*symbolic.Node, len(n.Args))
	for j, x := range n.Args {
		args[j] = g.Leaf(symbolic.OpArg, fmt.Sprintf("probe%d", j), x.DType, x.Shape)
		f.Params = append(f.Params, args[j])
	}
	f.Results = []symbolic.Result{{Name: "y", Node: g.Must(n.Op, n.Attr, args...)}}
	f.Syms = symsOf(f)
	env := &symbolic.Env{Sizes: map[*symbolic.Sym]int{}}
	for _, s := range f.Syms {
		env.Sizes[s] = 3
	}
	rows := env.Size(a.Shape[0])
	if rows < 2 {
		return true
	}
	eval := func(changed int) []float64 {
		var in []*symbolic.Tensor
		for j, x := range args {
			t := symbolic.NewTensor(shapeIn(env, x.Shape)...)
			for k := range t.Data {
				t.Data[k] = 0.5 + 0.01*float64(k%37)
				if x.DType == symbolic.I32 {
					t.Data[k] = 0
				}
				if x.DType == symbolic.Bool {
					t.Data[k] = float64(k % 2)
				}
				if j == i && k/(len(t.Data)/rows) == changed {
					t.Data[k] = 1.5 - t.Data[k]
					if !x.DType.Float() {
						t.Data[k] = 1 - t.Data[k]
					}
				}
			}
			in = append(in, t)
		}
		out, err := f.EvalEnv(in, env)
		if err != nil {
			return nil
		}
		return out[0].Data
	}
	base := eval(-1)
	for r := range rows {
		got := eval(r)
		for k := range got { // none where the changed index is out of range
			if got[k] != base[k] && k/(len(base)/rows) != r {
				return false
			}
		}
	}
	return true
}
