// May a batch come in parts whose gradients are added? Where the loss is a sum over rows, but for terms without rows: those are weighed by a
// part's share of the whole, and what counts rows counts those of the whole.
package codegen

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nngen/dsl"
	"nngen/symbolic"
)

// An Accumulation is a step's loss and metrics in the form that adds up over the parts of a batch. For a batch that comes whole it computes
// what the model says.
type Accumulation struct {
	Loss    symbolic.Result
	Metrics []symbolic.Result

	Total *symbolic.Sym   // rows of the whole batch
	Share *symbolic.Node  // the part's rows divided by those of the whole, where terms are without rows
	Fixed []*symbolic.Sym // other sizes that numbers with Total depend on: the same for all parts
	Loose []bool          // by metric: it does not add up

	// Refused says why the loss does not add up, such as "loss takes sqrt of a value that depends on the rows"; then nothing is rewritten.
	Refused string
}

// newAccumulation rewrites loss and metrics of the training pass.
func newAccumulation(p *Program) *Accumulation {
	m := p.Model
	as := func(n dsl.Named, name string) symbolic.Result { return symbolic.Result{Name: name, Node: n.Node} }
	acc := &Accumulation{Loss: as(*m.Train.Loss, "loss"), Metrics: results(m.Train.Metrics)}
	if !slices.ContainsFunc(m.Inputs, func(x *dsl.Input) bool { return hasBatch(x.Shape) }) {
		acc.Refused = "no input has rows"
		return acc
	}
	acc.Total = symbolic.SymDim(totalName(m), 0).Syms()[0]
	a := &adder{g: m.Graph, total: acc.Total.Dim(), share: m.Graph.Leaf(symbolic.OpArg, shareName, m.Float, nil), batch: map[*symbolic.Node]bool{}}
	loss, err := a.rewrite(acc.Loss.Node)
	if err != nil {
		acc.Refused = "loss " + err.Error()
		return acc
	}
	acc.Loss.Node = loss
	for i, r := range acc.Metrics {
		n, err := a.rewrite(r.Node)
		if err == nil {
			acc.Metrics[i].Node = n
		}
		acc.Loose = append(acc.Loose, err != nil)
	}
	acc.uses(a)
	return acc
}

// uses notes which numbers of the whole the rewritten graphs read.
func (acc *Accumulation) uses(a *adder) {
	roots := []*symbolic.Node{acc.Loss.Node}
	for _, r := range acc.Metrics {
		roots = append(roots, r.Node)
	}
	for _, n := range symbolic.Reach(roots...) {
		if n == a.share {
			acc.Share = n
		}
		if !n.Attr.Dim.Valid() {
			continue
		}
		syms := n.Attr.Dim.Syms()
		if !slices.Contains(syms, acc.Total) {
			continue
		}
		for _, s := range syms {
			if s != acc.Total && !slices.Contains(acc.Fixed, s) {
				acc.Fixed = append(acc.Fixed, s)
			}
		}
	}
}

// shareName is no name that a model can use.
const shareName = "batch share"

// totalName returns a name for the rows of the whole batch that Go tells from the sizes of the model.
func totalName(m *dsl.Model) string {
	names := newNamer()
	for _, x := range m.Inputs {
		for _, s := range symbolic.Size(x.Shape).Syms() {
			names.used[symField(s)] = true
		}
	}
	return lower(names.pickExported("nTotal")[1:])
}

// adder rewrites numbers that are sums over rows.
type adder struct {
	g     *symbolic.Graph
	total symbolic.Dim
	share *symbolic.Node
	batch map[*symbolic.Node]bool // depends on the rows
}

// rewrite returns n in the form that adds up over the parts of a batch, or what stands in the way.
func (a *adder) rewrite(n *symbolic.Node) (*symbolic.Node, error) {
	whole := map[*symbolic.Node]*symbolic.Node{}
	for _, x := range symbolic.Reach(n) {
		if x.Op == symbolic.OpDimval {
			whole[x] = a.g.Dimval(x.Attr.Dim.Subst(func(s *symbolic.Sym) symbolic.Dim {
				if s.Name == batchName {
					return a.total
				}
				return symbolic.Dim{}
			}), x.DType)
		}
	}
	n = a.g.Replace([]*symbolic.Node{n}, whole)[0]
	for _, x := range symbolic.Reach(n) {
		a.batch[x] = hasBatch(x.Shape) || hasBatch(x.Attr.Bind) || slices.ContainsFunc(x.Args, func(y *symbolic.Node) bool { return a.batch[y] })
	}
	return a.terms(n)
}

// terms walks from a sum down to its terms.
func (a *adder) terms(n *symbolic.Node) (*symbolic.Node, error) {
	if !a.batch[n] {
		return a.once(n)
	}
	if hasBatch(n.Shape) {
		return nil, fmt.Errorf("uses rows of %s without adding them up", tensorName(n))
	}
	if a.overRows(n) {
		for _, x := range n.Args {
			if at := mixing(x, true); at != nil {
				return nil, fmt.Errorf("adds up rows of which each depends on others: %s sees other rows than its own", tensorName(at))
			}
		}
		return n, nil
	}
	at := a.linearIn(n)
	subst := map[*symbolic.Node]*symbolic.Node{}
	for i, x := range n.Args {
		subst[x] = x
		switch {
		case slices.Contains(at, i):
			y, err := a.terms(x)
			if err != nil {
				return nil, err
			}
			subst[x] = y
		case a.batch[x] && n.Op == symbolic.OpMul:
			return nil, errors.New("multiplies two values that depend on the rows")
		case a.batch[x] && n.Op == symbolic.OpDiv:
			return nil, errors.New("divides by a value that depends on the rows")
		case a.batch[x] && n.Op == symbolic.OpGet:
			return nil, fmt.Errorf("takes what layer %s makes of all rows", x.Attr.Func.Name)
		case a.batch[x]:
			return nil, fmt.Errorf("takes %s of a value that depends on the rows", strings.TrimPrefix(n.Info().Name, "reduce_"))
		}
	}
	return a.g.Replace([]*symbolic.Node{n}, subst)[0], nil
}

// once weighs a term without rows by the part's share, so that the parts have it once together.
func (a *adder) once(n *symbolic.Node) (*symbolic.Node, error) {
	if v, ok := n.ConstValue(); ok && v == 0 {
		return n, nil
	}
	if n.DType != a.share.DType {
		return nil, fmt.Errorf("adds %s without rows, of type %s", tensorName(n), n.DType)
	}
	old := a.g.Pos
	defer func() { a.g.Pos = old }()
	a.g.Pos = n.Pos
	return a.g.Binary(symbolic.OpMul, n, a.share)
}

// overRows reports whether n adds up over the rows of its arguments: a sum, or a product of two matrices over their rows.
func (a *adder) overRows(n *symbolic.Node) bool {
	switch n.Op {
	case symbolic.OpSum:
		return hasBatch(n.Args[0].Shape)
	case symbolic.OpDot:
		i, j := slices.Index(n.Attr.Dot.ContractA, 0), slices.Index(n.Attr.Dot.ContractB, 0)
		return i >= 0 && i == j && hasBatch(n.Args[0].Shape[:1])
	}
	return false
}

// linearIn returns the arguments that n is linear in together, as long as the others do not depend on the rows; nil for none.
func (a *adder) linearIn(n *symbolic.Node) []int {
	if n.Op == symbolic.OpCast && !(n.DType.Float() && (n.Args[0].DType.Float() || n.Args[0].DType == symbolic.I32)) {
		return nil // it drops a fraction, or is no number
	}
	if at, ok := sumArgs[n.Op]; ok {
		return at
	}
	info := n.Info()
	switch {
	case n.Op == symbolic.OpMul || len(info.Linear) > 1: // linear in each argument
		for i, x := range n.Args {
			if a.batch[x] {
				return []int{i}
			}
		}
	case info.Transpose != nil && info.Linear == nil: // in all of them together
		at := make([]int, len(n.Args))
		for i := range at {
			at[i] = i
		}
		return at
	case info.Transpose != nil:
		return info.Linear
	}
	return nil
}

// sumArgs lists, for elementwise ops, the arguments that the result is a sum over.
var sumArgs = map[symbolic.Op][]int{
	symbolic.OpAdd: {0, 1}, symbolic.OpSub: {0, 1}, symbolic.OpNeg: {0}, symbolic.OpDiv: {0}, symbolic.OpWhere: {1, 2},
	symbolic.OpCast: {0}, symbolic.OpVar: {0}, symbolic.OpStopGradient: {0},
}
