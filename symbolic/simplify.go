// How are rewrites applied? Arguments first, each node until no rule fits; interning makes equal results one node.

package symbolic

// Fired is called for each rewrite made, with the rule's name and both sides.
type Fired func(rule string, before, after *Node)

// maxRounds bounds how often Simplify goes over a Func; a second round is needed only where a rewrite left a value with one reader.
const maxRounds = 8

// Simplify returns f rewritten by the rules of the table and by the structural ones until none fits. Values agree up to
// rounding and derivatives too, so it may run before and after differentiation. Called Funcs are left alone; the passes go through them.
func Simplify(f *Func, fired Fired) *Func {
	for round := 0; round < maxRounds; round++ {
		count := 0
		f = simplifyOnce(f, func(rule string, before, after *Node) {
			count++
			if fired != nil {
				fired(rule, before, after)
			}
		})
		if count == 0 {
			break
		}
	}
	return f
}

func simplifyOnce(f *Func, fired Fired) *Func {
	roots := make([]*Node, len(f.Results))
	for i, r := range f.Results {
		roots[i] = r.Node
	}
	s := &simplifier{g: f.graph(), fired: fired, done: map[*Node]*Node{}, open: map[*Node]bool{}, uses: map[*Node]int{}}
	nodes := Reach(roots...)
	s.fuel = 1000 + 50*len(nodes)
	for _, n := range nodes {
		for _, a := range n.Args {
			s.uses[a]++
		}
	}
	out := *f
	out.Results = make([]Result, len(roots))
	for i, r := range roots {
		s.uses[r]++
		out.Results[i] = Result{f.Results[i].Name, s.normal(r)}
	}
	return &out
}

// simplifier is the state of one run.
type simplifier struct {
	g     *Graph
	fired Fired
	fuel  int // rewrites left: a loop among rules ends, with a correct if not minimal result
	done  map[*Node]*Node
	open  map[*Node]bool // being rewritten: meeting it again is a loop
	uses  map[*Node]int
}

// normal returns the simplest form of root. Its stack is its own, so that long chains are fine.
func (s *simplifier) normal(root *Node) *Node {
	type frame struct {
		n, as *Node // as: what n was rewritten to and waits for
	}
	stack := []frame{{n: root}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		n := top.n
		if s.done[n] != nil {
			stack = stack[:len(stack)-1]
			continue
		}
		if top.as != nil {
			s.done[n] = s.done[top.as]
			delete(s.open, n)
			stack = stack[:len(stack)-1]
			continue
		}
		ready := true
		for _, a := range n.Args {
			if s.done[a] == nil {
				ready = false
				stack = append(stack, frame{n: a})
			}
		}
		if !ready {
			continue
		}
		m := s.g.rebuild(n, s.done)
		if u := s.uses[n]; u > s.uses[m] {
			s.uses[m] = u
		}
		s.open[n] = true
		to := m
		if s.done[m] == nil {
			if r := s.rewrite(m); r != nil && !s.open[r] {
				to = r
			}
		} else {
			to = s.done[m]
		}
		if to == n || to == m && s.done[m] == nil {
			s.done[n], s.done[m] = m, m
			delete(s.open, n)
			stack = stack[:len(stack)-1]
			continue
		}
		if name := n.graph.Name(n); name != "" {
			s.g.SetName(to, name)
		}
		if u := s.uses[n]; u > s.uses[to] {
			s.uses[to] = u
		}
		top.as = to
		stack = append(stack, frame{n: to})
	}
	return s.done[root]
}

// rewrite returns what one rule makes of n, nil if none fits.
func (s *simplifier) rewrite(n *Node) *Node {
	if s.fuel == 0 {
		return nil
	}
	old := s.g.Pos
	s.g.Pos = n.Pos
	name, to := s.step(n)
	s.g.Pos = old
	if to == nil || to == n {
		return nil
	}
	s.fuel--
	s.fired(name, n, to)
	return to
}

// step tries constant folding, then the table, then the structural rules.
func (s *simplifier) step(n *Node) (string, *Node) {
	if to := s.fold(n); to != nil {
		return "fold", to
	}
	for _, r := range ruleIndex()[n.Op] {
		b := newBindings()
		if !b.match(r.left, n, true) || r.When != nil && !r.When(s, b) || r.Exactness == FiniteOnly && !finite(b.vars["x"]) {
			continue
		}
		return r.Name, s.g.build(r.right, b, n.Shape, n.DType)
	}
	for _, r := range structural[n.Op] {
		if to := r.apply(s, n); to != nil {
			return r.name, to
		}
	}
	return "", nil
}

// finite reports whether every element of n is proved to be neither infinite nor NaN.
func finite(n *Node) bool {
	for depth := 0; depth < 8; depth++ {
		switch {
		case !n.DType.Float():
			return true
		case n.Op == OpConst:
			v, _ := n.ConstValue()
			return v-v == 0
		case n.Op == OpIota || n.Op == OpDimval || n.Op == OpRand:
			return true
		case n.Op == OpWhere || n.Op == OpMin || n.Op == OpMax:
			return finite(n.Args[len(n.Args)-1]) && finite(n.Args[len(n.Args)-2])
		case keepsFinite[n.Op]:
			n = n.Args[0]
		default:
			return false
		}
	}
	return false
}

// keepsFinite lists the ops that give finite results for finite arguments.
var keepsFinite = [NumOps]bool{OpCast: true, OpNeg: true, OpAbs: true, OpSign: true, OpSin: true, OpCos: true, OpTanh: true, OpSigmoid: true, OpErf: true,
	OpAtan: true, OpAsinh: true, OpFloor: true, OpCeil: true, OpRound: true, OpBroadcast: true, OpReshape: true, OpPermute: true, OpSlice: true,
	OpReverse: true, OpReduceMax: true, OpGather: true, OpPad: true}
