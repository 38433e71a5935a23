// Where does every value live? Arguments and results belong to the caller, what crosses a region lies in the frame, what does not
// lies in a panel of the worker, hot in its cache.
package codegen

import (
	"fmt"

	"nngen/symbolic"
)

// planner gives values their places.
type planner struct {
	*scheduler
	env
	families map[*Family]*Value
	p        *Plan
	names    namer
	step     map[*symbolic.Node]int // step that computes it
	leaf     map[*symbolic.Node]int // leaf of the region that computes it
	group    map[*symbolic.Node]*Group
	users    map[*symbolic.Node][]*symbolic.Node
	last     map[*symbolic.Node]int // last step that reads it
	taken    map[*Value]bool        // results whose memory holds what they are made of
}

// An env is what planning a Func needs to know of its surroundings.
type env struct {
	float  symbolic.DType
	member map[*symbolic.Node]Member             // parameters and results that are members of the caller's arrays
	array  map[*symbolic.Node]bool               // results in memory that nothing else uses; the caller takes them as arrays, where equal layers leave them
	callee func(f *symbolic.Func) (*Plan, error) // plan of a kept Func
	task   int                                   // least work of a task, or 0 for taskWork
	split  bool                                  // an update follows, so that workers had better read the parts of parameters that they update
}

// newPlan schedules f and places its values. name is the Go name of the frame type.
func newPlan(f *symbolic.Func, name string, e env) (*Plan, error) {
	s := newScheduler(f, e.split)
	if err := s.run(); err != nil {
		return nil, err
	}
	pl := &planner{scheduler: s, env: e, names: newNamer(frameNames...),
		p:    &Plan{Func: f, Name: name, Float: e.float, value: map[*symbolic.Node]*Value{}, result: map[*symbolic.Node]*Value{}, drawn: map[*symbolic.Node]*symbolic.Node{}},
		step: map[*symbolic.Node]int{}, leaf: map[*symbolic.Node]int{}, group: map[*symbolic.Node]*Group{},
		users: map[*symbolic.Node][]*symbolic.Node{}, last: map[*symbolic.Node]int{}, taken: map[*Value]bool{}, families: map[*Family]*Value{}}
	pl.merge()
	pl.p.Steps = pl.steps
	pl.draws()
	pl.locate()
	for i, st := range pl.steps {
		if c, ok := st.(*Calls); ok {
			var err error
			if c.Plan, err = e.callee(c.Nodes[0].Attr.Func); err != nil {
				return nil, err
			}
			pl.outputs(c, i)
		}
	}
	pl.interface_()
	pl.place()
	pl.blocks()
	return pl.p, nil
}

// locate records where each operation runs and who reads it.
func (pl *planner) locate() {
	index := 0
	for i, st := range pl.steps {
		switch st := st.(type) {
		case *Scalars:
			for _, n := range st.Nodes {
				pl.step[n] = i
			}
		case *Calls:
			for _, n := range st.Nodes {
				pl.step[n] = i
			}
		case *Region:
			st.Index = index
			index++
			for j, l := range st.Body {
				switch l := l.(type) {
				case *Kernel:
					pl.step[l.Node], pl.leaf[l.Node] = i, j
				case *Group:
					for _, n := range l.Members {
						pl.step[n], pl.leaf[n], pl.group[n] = i, j, l
					}
				}
			}
		}
	}
	for _, n := range pl.nodes {
		if pl.class[n] == classVirtual {
			continue
		}
		pl.eachRead(n, func(d *symbolic.Node) {
			pl.users[d] = append(pl.users[d], n)
			pl.last[d] = max(pl.last[d], pl.step[n])
		})
	}
}

// eachRead visits every node with a place of its own (or leaf) that n reads, through broadcasts and views.
func (pl *planner) eachRead(n *symbolic.Node, visit func(d *symbolic.Node)) {
	var walk func(a *symbolic.Node)
	walk = func(a *symbolic.Node) {
		if pl.class[a] == classVirtual && len(a.Args) > 0 && a.Op != symbolic.OpGet {
			for _, b := range a.Args {
				walk(b)
			}
			return
		}
		visit(a)
		if a.Op == symbolic.OpGet {
			visit(a.Args[0])
		}
	}
	for _, a := range n.Args {
		walk(a)
	}
}

// interface_ makes the values of parameters and results.
func (pl *planner) interface_() {
	for _, n := range pl.f.Params {
		pl.outside(n, n.Attr.Name, StoreArg)
	}
	for _, r := range pl.f.Results {
		if pl.p.value[r.Node] == nil {
			pl.outside(r.Node, r.Name, StoreResult)
		}
	}
}

// outside places a value that the caller owns, alone or as a member of an array.
func (pl *planner) outside(n *symbolic.Node, name string, store Store) {
	m, ok := pl.member[n]
	if !ok || n.Rank() == 0 { // a number is a field of its own
		pl.add(n, &Value{Name: pl.names.pick(name), Node: n, Store: store, Shape: n.Shape, DType: n.DType})
		return
	}
	base := pl.families[m.Family]
	if base == nil {
		base = &Value{Name: pl.names.pick(m.Family.Name), Store: store, Shape: n.Shape, DType: n.DType, Count: m.Family.Count, Family: m.Family}
		pl.families[m.Family] = base
		pl.p.Values = append(pl.p.Values, base)
	}
	pl.p.value[n] = &Value{Name: base.Name, Node: n, Store: store, Shape: n.Shape, DType: n.DType, Base: base, Index: m.Index, Family: m.Family}
}

func (pl *planner) add(n *symbolic.Node, v *Value) {
	pl.p.value[n] = v
	if n.Rank() == 0 {
		pl.p.Scalars = append(pl.p.Scalars, v)
	} else {
		pl.p.Values = append(pl.p.Values, v)
	}
}

// place gives every other operation that needs one a value.
func (pl *planner) place() {
	for i, st := range pl.steps {
		switch st := st.(type) {
		case *Scalars:
			for _, n := range st.Nodes {
				if !pl.inline(n) {
					pl.number(n)
				}
			}
		case *Calls:
			for _, c := range st.Nodes {
				for _, n := range pl.gets(c) {
					if n != nil && n.Rank() == 0 {
						pl.number(n)
					}
				}
			}
			for _, k := range st.Plan.Keys {
				pl.calleeKeys(st, k)
			}
		case *Region:
			for _, l := range st.Body {
				switch l := l.(type) {
				case *Kernel:
					pl.tensor(l.Node, st, i)
					if d := pl.p.drawn[l.Node]; d != nil {
						pl.p.value[d] = pl.p.value[l.Node]
					}
				case *Group:
					for _, n := range l.Members {
						if pl.leaves(n, l) {
							pl.tensor(n, st, i)
						}
					}
					for _, n := range l.keep(func(n *symbolic.Node) bool { return pl.p.value[n] != nil }) {
						pl.tensor(n, st, i)
					}
				}
			}
			for j, s := range st.Sums {
				s.Name = fmt.Sprintf("part%d%s", st.Index, letters(j))
				pl.number(s.Node)
			}
		}
	}
	for _, n := range pl.nodes {
		if n.Op == symbolic.OpRand {
			pl.key(n)
		}
	}
}

// key gives the random site of this Func a stream.
func (pl *planner) key(draw *symbolic.Node) {
	for _, k := range pl.p.Keys {
		if k.Site == draw.Attr.Site {
			return
		}
	}
	pl.p.Keys = append(pl.p.Keys, KeyRange{Site: draw.Attr.Site, First: pl.p.keyCount(), Count: 1, Shape: draw.Shape})
}

// calleeKeys gives a random site of a called Func a stream for each call.
func (pl *planner) calleeKeys(c *Calls, k KeyRange) {
	c.keys = append(c.keys, pl.p.keyCount())
	sites := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		sites[i] = symbolic.JoinSite(n.Attr.Site, k.Site)
	}
	shape := outside(c.Nodes[0], k.Shape)
	if site, from, ok := numbered(sites[0]); ok && from == 0 && k.Count == 1 && len(sites) > 1 && equalButNumber(sites) {
		pl.p.Keys = append(pl.p.Keys, KeyRange{Site: site, First: pl.p.keyCount(), Count: len(sites), Shape: shape})
		return
	}
	for _, site := range sites {
		pl.p.Keys = append(pl.p.Keys, KeyRange{Site: site, First: pl.p.keyCount(), Count: k.Count, Shape: shape})
	}
}

// equalButNumber reports whether sites count from 0 in their first number.
func equalButNumber(sites []string) bool {
	first, _, _ := numbered(sites[0])
	for i, s := range sites {
		if site, n, ok := numbered(s); !ok || n != i || site != first {
			return false
		}
	}
	return true
}

func (p *Plan) keyCount() int {
	n := 0
	for _, k := range p.Keys {
		n += k.Count
	}
	return n
}

// inline reports whether a number is best written into the one expression that reads it.
func (pl *planner) inline(n *symbolic.Node) bool {
	us := pl.users[n]
	return !pl.stored[n] && len(us) == 1 && pl.class[us[0]] == classScalar && pl.step[us[0]] == pl.step[n] && !needsStatement(us[0])
}

// leaves reports whether a member is read outside its group.
func (pl *planner) leaves(n *symbolic.Node, g *Group) bool {
	if rowSum(n) {
		return false
	}
	if pl.stored[n] {
		return true
	}
	for _, u := range pl.users[n] {
		if pl.group[u] != g {
			return true
		}
	}
	return false
}

func (pl *planner) number(n *symbolic.Node) {
	if pl.p.value[n] == nil {
		pl.add(n, &Value{Name: pl.names.pick(pl.hint(n)), Node: n, Store: StoreScalar, DType: n.DType})
	}
}

// tensor places an operation's result: in a panel when only its own region reads it, else in the frame.
func (pl *planner) tensor(n *symbolic.Node, r *Region, step int) {
	if pl.p.value[n] != nil {
		return // a result
	}
	v := &Value{Name: pl.names.pick(pl.hint(n)), Node: n, Shape: n.Shape, DType: n.DType, first: step, last: max(step, pl.last[n])}
	if in := pl.becomes(n); in != nil && v.last > step {
		v.Store, v.In = StoreShared, in
		pl.taken[in] = true
	} else if !r.Tiles && v.last == step {
		v.Store = StoreLocal
		v.Local = pl.panel(r, v, n)
	} else {
		v.Store = StoreFrame
		v.Slot = pl.slot(v)
	}
	pl.add(n, v)
}

// panel finds a buffer of the worker that is free again when n is computed.
func (pl *planner) panel(r *Region, v *Value, n *symbolic.Node) int {
	first, last := pl.leaf[n], pl.leaf[n]
	for _, u := range pl.users[n] {
		last = max(last, pl.leaf[u])
	}
	width := symbolic.Size(v.Shape[1:])
	for i, p := range r.Panels {
		if p.busy < first && p.DType == v.DType && p.Width == width {
			p.busy = last
			return i
		}
	}
	r.Panels = append(r.Panels, &Panel{DType: v.DType, Width: width, busy: last})
	return len(r.Panels) - 1
}

// slot finds a piece of the frame that is free again when v is defined.
func (pl *planner) slot(v *Value) *Slot {
	size := symbolic.Size(v.Shape).Mul(symbolic.Int(max(v.Count, 1)))
	var found *Slot
	for _, s := range pl.p.Slots {
		if s.busy >= v.first || s.DType != v.DType {
			continue
		}
		if found == nil {
			found = s
		}
		for _, d := range s.Sizes {
			if d == size {
				found = s
			}
		}
	}
	if found == nil {
		found = &Slot{DType: v.DType}
		pl.p.Slots = append(pl.p.Slots, found)
	}
	known := false
	for _, d := range found.Sizes {
		known = known || d == size
	}
	if !known {
		found.Sizes = append(found.Sizes, size)
	}
	found.busy = v.last
	return found
}

// hint is what a value would like to be called: the model's name for it, else its op.
func (pl *planner) hint(n *symbolic.Node) string {
	if name := n.Graph().Name(n); name != "" {
		return name
	}
	return n.Info().Name
}
