// In which order, and in which parallel loop, is each operation done? List scheduling of one Func into regions.
package codegen

import (
	"cmp"
	"fmt"
	"slices"

	"nngen/symbolic"
)

// class says how an operation takes part in the schedule.
type class uint8

const (
	classVirtual class = iota // never in memory: leaves, constants, broadcasts, views
	classScalar               // a number
	classElement              // member of a fused group: elementwise, or a reduction over trailing axes
	classKernel               // kernel call on a block of rows
	classRowSum               // sum of a row vector over all rows: a partial of the region
	classTile                 // kernel whose output is cut into tiles
	classCall                 // call of a kept Func
)

// scheduler holds what is known about one Func while it is planned.
type scheduler struct {
	f      *symbolic.Func
	nodes  []*symbolic.Node
	class  map[*symbolic.Node]class
	given  map[*symbolic.Node]bool // results
	stored map[*symbolic.Node]bool // must exist in memory: read by a kernel, a view or a call, or a result
	done   map[*symbolic.Node]bool
	// readers are the scheduled operations that read an operation, through broadcasts and views.
	readers map[*symbolic.Node][]*symbolic.Node
	steps   []Step
	split   bool // workers may share the terms of products
}

func newScheduler(f *symbolic.Func, split bool) *scheduler {
	s := &scheduler{f: f, split: split, nodes: f.Nodes(), class: map[*symbolic.Node]class{}, given: map[*symbolic.Node]bool{}, stored: map[*symbolic.Node]bool{}, done: map[*symbolic.Node]bool{}, readers: map[*symbolic.Node][]*symbolic.Node{}}
	for _, r := range f.Results {
		s.given[r.Node], s.stored[r.Node] = true, true
	}
	for _, n := range s.nodes {
		if !fused(n) || n.Op == symbolic.OpReshape {
			for _, a := range n.Args {
				if !(n.Rank() == 0 && a.Rank() == 0) {
					s.stored[a] = true
				}
			}
		}
	}
	for _, n := range s.nodes {
		s.class[n] = s.classify(n)
	}
	for _, n := range s.nodes {
		if s.class[n] != classVirtual {
			s.deps(n, func(d *symbolic.Node, _ bool) { s.readers[d] = append(s.readers[d], n) })
		}
	}
	return s
}

// fused reports whether n can be a member of a group or an operand inside one.
func fused(n *symbolic.Node) bool {
	switch n.Info().Kind {
	case symbolic.KindElement, symbolic.KindLeaf:
		return true
	}
	return n.Op == symbolic.OpBroadcast || trailing(n) || rowSum(n)
}

// trailing reports whether n is a reduction that a row loop can do: a sum or maximum over the last axes, but not the first.
func trailing(n *symbolic.Node) bool {
	if n.Op != symbolic.OpSum && n.Op != symbolic.OpReduceMax || n.Rank() == 0 || !n.DType.Float() {
		return false
	}
	return n.Attr.Axes[0] == n.Rank() // the axes that disappear are the last ones
}

// rowSum reports whether n adds a row vector to a number.
func rowSum(n *symbolic.Node) bool {
	return n.Op == symbolic.OpSum && n.Rank() == 0 && n.Args[0].Rank() == 1 && n.DType.Float()
}

func (s *scheduler) classify(n *symbolic.Node) class {
	switch k := n.Info().Kind; {
	case n.Op == symbolic.OpGet, n.Op == symbolic.OpReshape && n.Rank() > 0:
		return classVirtual
	case n.Op == symbolic.OpCall:
		return classCall
	case rowSum(n):
		return classRowSum
	case k == symbolic.KindLeaf && n.Op != symbolic.OpDimval && !(s.stored[n] && free(n)):
		return classVirtual
	case n.Rank() == 0 && scalarOp(n):
		return classScalar
	case n.Op == symbolic.OpRand:
		return classKernel
	case n.Op == symbolic.OpBroadcast && !s.stored[n]:
		return classVirtual
	case k == symbolic.KindElement, k == symbolic.KindLeaf, n.Op == symbolic.OpBroadcast, trailing(n):
		return classElement
	case rowwise(n) && !s.splits(n):
		return classKernel
	}
	return classTile
}

func (s *scheduler) splits(n *symbolic.Node) bool { return s.split && splits(n) }

// free reports whether a leaf is computed, not given.
func free(n *symbolic.Node) bool {
	return n.Op == symbolic.OpConst || n.Op == symbolic.OpIota || n.Op == symbolic.OpRand
}

func scalarOp(n *symbolic.Node) bool {
	if n.Op == symbolic.OpReshape {
		return true // the only element of a tensor
	}
	for _, a := range n.Args {
		if a.Rank() != 0 {
			return false
		}
	}
	return n.Info().Kind == symbolic.KindElement || n.Info().Kind == symbolic.KindLeaf || n.Op == symbolic.OpBroadcast || n.Op == symbolic.OpReshape
}

// deps calls visit for every scheduled operation that n reads, through broadcasts and views; ok says whether it is read row by row.
func (s *scheduler) deps(n *symbolic.Node, visit func(d *symbolic.Node, ok bool)) {
	for i, a := range n.Args {
		s.dep(a, aligned(n, i) || rowSum(n), visit)
	}
}

func (s *scheduler) dep(a *symbolic.Node, ok bool, visit func(*symbolic.Node, bool)) {
	if s.class[a] != classVirtual {
		visit(a, ok)
		return
	}
	for i, b := range a.Args {
		s.dep(b, ok && a.Op != symbolic.OpGet && aligned(a, i), visit)
	}
}

// ready reports whether everything n reads is done.
func (s *scheduler) ready(n *symbolic.Node) bool {
	ok := true
	s.deps(n, func(d *symbolic.Node, _ bool) { ok = ok && s.done[d] })
	return ok
}

// rows returns the size of the axis that a row-wise operation is cut along.
func rows(n *symbolic.Node) symbolic.Dim {
	if rowSum(n) {
		return n.Args[0].Shape[0]
	}
	return n.Shape[0]
}

func runTime(d symbolic.Dim) bool {
	_, ok := d.Const()
	return !ok
}

// run schedules everything: numbers as soon as they are ready, then loops over run-time rows, calls, tiles, and last
// loops over fixed sizes, so that as much as possible shares one fork.
func (s *scheduler) run() error {
	var pending []*symbolic.Node
	for _, n := range s.nodes {
		if s.class[n] != classVirtual {
			pending = append(pending, n)
		}
	}
	for len(pending) > 0 {
		before := len(pending)
		if s.scalars(pending) || s.rowRegion(pending, true, false) || s.call(pending) || s.tileRegion(pending) || s.rowRegion(pending, false, false) ||
			s.rowRegion(pending, true, true) || s.rowRegion(pending, false, true) {
			left := pending[:0]
			for _, n := range pending {
				if !s.done[n] {
					left = append(left, n)
				}
			}
			pending = left
		}
		if len(pending) == before {
			return fmt.Errorf("codegen: %s: no order for %d operations from %s", s.f.Name, before, pending[0].Info().Name)
		}
	}
	s.joins()
	return nil
}

func (s *scheduler) scalars(pending []*symbolic.Node) bool {
	step := &Scalars{}
	for _, n := range pending {
		if s.class[n] == classScalar && s.ready(n) {
			s.done[n] = true
			step.Nodes = append(step.Nodes, n)
		}
	}
	if len(step.Nodes) == 0 {
		return false
	}
	s.steps = append(s.steps, step)
	return true
}

func (s *scheduler) call(pending []*symbolic.Node) bool {
	for _, n := range pending {
		if s.class[n] == classCall && s.ready(n) {
			s.done[n] = true
			s.steps = append(s.steps, &Calls{Nodes: []*symbolic.Node{n}})
			return true
		}
	}
	return false
}

func (s *scheduler) tileRegion(pending []*symbolic.Node) bool {
	r := &Region{Tiles: true}
	var members []*symbolic.Node
	for _, n := range pending {
		if s.class[n] == classTile && s.ready(n) {
			members = append(members, n)
		}
	}
	if len(members) == 0 {
		return false
	}
	// Products that are not worth cutting first, then the tasks of the largest, so that what is left for the last is small.
	whole := func(n *symbolic.Node) int {
		if n.Op == symbolic.OpDot && tileWork(n) < taskWork {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(members, func(a, b *symbolic.Node) int {
		return cmp.Or(cmp.Compare(whole(a), whole(b)), cmp.Compare(tileWork(b), tileWork(a)))
	})
	for _, n := range members {
		s.done[n] = true
		r.Body = append(r.Body, &Kernel{Node: n, Terms: s.splits(n)})
	}
	s.steps = append(s.steps, r)
	return true
}

// tileWork estimates the work of a kernel that is cut into tiles.
func tileWork(n *symbolic.Node) int {
	switch n.Op {
	case symbolic.OpDot:
		w := constOr(symbolic.Size(n.Shape), 64)
		for _, k := range n.Attr.Dot.ContractA {
			w *= constOr(n.Args[0].Shape[k], 64)
		}
		return w
	case symbolic.OpSum:
		return constOr(symbolic.Size(n.Args[0].Shape), 64)
	}
	return constOr(symbolic.Size(n.Shape), 64)
}

// rowRegion opens a region over the rows of the first ready row-wise operation and takes in everything that can follow. Unless it must,
// it opens none for what can as well wait.
func (s *scheduler) rowRegion(pending []*symbolic.Node, dynamic, must bool) bool {
	var size symbolic.Dim
	for _, n := range pending {
		if s.rowClass(n) && runTime(rows(n)) == dynamic && s.ready(n) {
			size = rows(n)
			break
		}
	}
	if !size.Valid() {
		return false
	}
	in := map[*symbolic.Node]bool{}
	var members []*symbolic.Node
	for _, n := range pending {
		if !s.rowClass(n) || rows(n) != size {
			continue
		}
		fits := true
		s.deps(n, func(d *symbolic.Node, ok bool) {
			fits = fits && (s.done[d] || in[d] && ok && s.class[d] != classRowSum)
		})
		if fits {
			in[n] = true
			members = append(members, n)
		}
	}
	members = s.postpone(members, in, size, must)
	if len(members) == 0 {
		return false
	}
	r := &Region{Rows: size}
	s.fuse(r, members, in)
	for _, n := range members {
		s.done[n] = true
	}
	s.steps = append(s.steps, r)
	return true
}

// postpone takes elements out of a region that only later regions over the same rows read and that nothing of this region feeds: they
// are computed where they are read instead of being kept until then. If must, something stays.
func (s *scheduler) postpone(members []*symbolic.Node, in map[*symbolic.Node]bool, size symbolic.Dim, must bool) []*symbolic.Node {
	var left []*symbolic.Node
	for i := len(members) - 1; i >= 0; i-- {
		n := members[i]
		if s.class[n] == classElement && !s.stored[n] && (!must || i+len(left) > 0) && s.readLater(n, in, size) && !s.fed(n, in) {
			delete(in, n)
			continue
		}
		left = append(left, n)
	}
	slices.Reverse(left)
	return left
}

// readLater reports whether every reader of n is in a later region over the same rows.
func (s *scheduler) readLater(n *symbolic.Node, in map[*symbolic.Node]bool, size symbolic.Dim) bool {
	for _, u := range s.readers[n] {
		if in[u] || s.done[u] || !s.rowClass(u) || rows(u) != size {
			return false
		}
	}
	return len(s.readers[n]) > 0
}

// fed reports whether n reads something computed in this region.
func (s *scheduler) fed(n *symbolic.Node, in map[*symbolic.Node]bool) bool {
	fed := false
	s.deps(n, func(d *symbolic.Node, _ bool) { fed = fed || in[d] })
	return fed
}

func (s *scheduler) rowClass(n *symbolic.Node) bool {
	switch s.class[n] {
	case classElement, classKernel, classRowSum:
		return true
	}
	return false
}
