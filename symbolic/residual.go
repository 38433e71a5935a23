// Which forward values does the way back keep, and which does it compute again?
//
// Saved: what dots, gathers, reductions and calls gave, where it is needed, and what the way back multiplies as a
// matrix (it lies in memory anyway). Computed again: layout, and elementwise chains of little work from what is there. Random draws are
// functions of counters, so masks are never saved.

package symbolic

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// recompute is the price per element, in additions, up to which computing again is cheaper than a store and a load.
const recompute = 8

// Halves is one computation cut in two closed Funcs. Forward returns the forward results, then the saved values. The parameters of
// Backward are the Leaves that it reads, then saved values: parameter len(Leaves)+k is result From[k] of Forward.
type Halves struct {
	Forward, Backward *Func
	Leaves            []*Node
	From              []int
}

// SplitFunc cuts the graph that holds the results fwd and bwd: everything that fwd needs is computed in Forward, what only bwd needs in
// Backward. Leaves lists the leaves of both in calling order (a Func's parameters and cotangents, or a model's inputs and
// parameters); each half takes those that it reads, and the sizes in order of appearance. Call it with the differentiated graph: calls of a layer and of its
// forward derivative are made one.
func SplitFunc(name string, fwd, bwd []Result, leaves []*Node) *Halves {
	g := bwd[0].Node.graph
	roots := make([]*Node, 0, len(fwd)+len(bwd))
	for _, r := range slices.Concat(fwd, bwd) {
		roots = append(roots, r.Node)
	}
	roots = g.ShareCalls(roots)
	fwdRoots, bwdRoots := roots[:len(fwd)], roots[len(fwd):]
	s := &splitter{first: map[*Node]bool{}, saved: map[*Node]bool{}, result: map[*Node]bool{}}
	for _, n := range fwdRoots {
		s.result[n] = true
	}
	for _, n := range Reach(fwdRoots...) {
		s.first[n] = true
	}
	for _, n := range Reach(bwdRoots...) {
		if n.Op == OpGet && s.first[n.Args[0]] { // a residual of a layer that the forward half calls
			s.first[n] = true
		}
	}
	s.choose(bwdRoots)

	h := &Halves{}
	index := map[*Node]int{} // saved value -> result of Forward
	fr := make([]Result, len(fwd))
	for i, r := range fwd {
		fr[i] = Result{r.Name, fwdRoots[i]}
		if _, ok := index[fwdRoots[i]]; !ok {
			index[fwdRoots[i]] = i
		}
	}
	for _, n := range s.order {
		if _, ok := index[n]; !ok {
			index[n] = len(fr)
			fr = append(fr, Result{s.name(n), n})
		}
	}
	subst := map[*Node]*Node{}
	var params []*Node
	taken := leafNames(leaves)
	for _, n := range s.order {
		p := g.freshArg(taken, fr[index[n]].Name, n)
		subst[n] = p
		params = append(params, p)
		h.From = append(h.From, index[n])
	}
	br := make([]Result, len(bwd))
	for i, n := range g.Replace(bwdRoots, subst) {
		br[i] = Result{bwd[i].Name, n}
	}
	h.Forward = &Func{Name: name + "_fwd", Results: fr}
	h.Backward = &Func{Name: name + "_bwd", Results: br}
	h.Forward.Syms, h.Backward.Syms = freeSyms(h.Forward, h.Forward.Nodes()), freeSyms(h.Backward, h.Backward.Nodes())
	h.Forward.Params = reads(h.Forward, leaves)
	h.Leaves = reads(h.Backward, leaves)
	h.Backward.Params = slices.Concat(h.Leaves, params)
	return h
}

// reads returns the leaves that f reaches, in order.
func reads(f *Func, leaves []*Node) []*Node {
	in := map[*Node]bool{}
	for _, n := range f.Nodes() {
		in[n] = true
	}
	var out []*Node
	for _, l := range leaves {
		if in[l] {
			out = append(out, l)
		}
	}
	return out
}

type splitter struct {
	first  map[*Node]bool // computed by the forward half
	result map[*Node]bool // returned by the forward half anyway: saving it costs nothing
	saved  map[*Node]bool
	order  []*Node        // saved values, in order of creation
	used   map[string]int // how often a name was wanted
}

func (s *splitter) save(n *Node) {
	if !s.saved[n] && !free(n) {
		s.saved[n] = true
		s.order = append(s.order, n)
	}
}

// free reports whether n costs nothing to have again: leaves, sizes, and random draws, which are functions of counters.
func free(n *Node) bool { return n.Info().Kind == KindLeaf }

// heavy reports whether n is never computed again.
func heavy(n *Node) bool {
	switch n.Info().Kind {
	case KindReduce, KindDot, KindIndex, KindRegion:
		return true
	}
	return n.Op == OpConcat || n.Op == OpVar && heavy(n.Args[0])
}

// view reports whether n only names the elements of its argument differently.
func view(n *Node) bool {
	return n.Op == OpReshape || n.Op == OpBroadcast || n.Op == OpPermute || n.Op == OpSlice || n.Op == OpVar || n.Op == OpStopGradient
}

// choose fills saved for the backward roots.
func (s *splitter) choose(bwd []*Node) {
	var need []*Node // forward values that the way back reads
	needed, operand := map[*Node]bool{}, map[*Node]bool{}
	want := func(n *Node, product bool) {
		for view(n) && s.first[n] {
			n = n.Args[0]
		}
		if !s.first[n] || free(n) {
			return
		}
		operand[n] = operand[n] || product
		if !needed[n] {
			needed[n] = true
			need = append(need, n)
		}
	}
	for _, n := range bwd {
		want(n, false)
	}
	for _, n := range Reach(bwd...) {
		if s.first[n] {
			continue
		}
		for _, a := range n.Args {
			base, onlyViews := a, true // of a product's operand, which a view may stand before
			for !s.first[base] && onlyViews {
				if onlyViews = view(base); onlyViews {
					base = base.Args[0]
				}
			}
			switch {
			case n.Op == OpDot && onlyViews:
				want(base, true)
			case s.first[a]:
				want(a, false)
			}
		}
	}
	sort.Slice(need, func(i, j int) bool { return need[i].id < need[j].id })
	for _, n := range need {
		if heavy(n) || operand[n] || s.result[n] {
			s.save(n)
		}
	}
	for _, n := range need {
		if !s.saved[n] {
			s.decide(n)
		}
	}
	sort.Slice(s.order, func(i, j int) bool { return s.order[i].id < s.order[j].id })
}

// decide saves n, or what is missing to compute it again: the smaller of the two, if computing it is cheap. A mask is worth
// less than what it was made of, which other values need as well.
func (s *splitter) decide(n *Node) {
	cost, missing := s.price(n)
	bytes := 0
	for _, m := range missing {
		if !s.result[m] {
			bytes += weight(m)
		}
	}
	if cost > recompute || bytes > 0 && bytes >= weight(n) && n.DType != Bool {
		s.save(n)
		return
	}
	for _, m := range missing {
		s.save(m)
	}
}

// price returns what computing n again costs per element of n from saved and free values, and the heavy values that are
// not saved yet. It gives up beyond the limit.
func (s *splitter) price(n *Node) (cost int, missing []*Node) {
	seen := map[*Node]bool{}
	stack := []*Node{n}
	size := elements(n)
	for len(stack) > 0 && cost <= recompute {
		m := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[m] || s.saved[m] || free(m) {
			continue
		}
		seen[m] = true
		if heavy(m) || s.result[m] {
			missing = append(missing, m)
			continue
		}
		c := m.Info().Cost
		if e := elements(m); e < size && size > 0 {
			c = c * e / size // a row statistic costs little beside the rows
		}
		cost += c
		stack = append(stack, m.Args...)
	}
	sort.Slice(missing, func(i, j int) bool { return missing[i].id < missing[j].id })
	return cost, missing
}

// nominal is the size assumed for a run-time size without a bound when sizes are compared.
const nominal = 64

func elements(n *Node) int {
	return Size(n.Shape).Eval(func(y *Sym) int {
		if y.Max > 0 {
			return y.Max
		}
		return nominal
	})
}

var dtypeBytes = [...]int{NoType: 0, F32: 4, F64: 8, I32: 4, Bool: 1, U8: 1}

func weight(n *Node) int { return elements(n) * dtypeBytes[n.DType] }

// name gives a saved value a name: what the model calls it, else its op with a number.
func (s *splitter) name(n *Node) string {
	if s.used == nil {
		s.used = map[string]int{}
	}
	base := n.graph.Name(n)
	switch {
	case base == "" && n.Op == OpGet:
		base = strings.TrimPrefix(n.Args[0].Attr.Func.Results[n.Attr.Index].Name, "saved ")
	case base == "":
		base = n.Info().Name
	}
	base = "saved " + base
	s.used[base]++
	if i := s.used[base]; i > 1 {
		return fmt.Sprintf("%s#%d", base, i)
	}
	return base
}
