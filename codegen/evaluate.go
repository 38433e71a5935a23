// How is a loss evaluated over more rows than fit at once? Sums over the batch are collected chunk by chunk, and what is computed from
// them and from the number of rows comes last, once.
package codegen

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nngen/dsl"
	"nngen/symbolic"
)

// An Evaluation computes loss and metrics of any number of rows.
type Evaluation struct {
	Chunk  *symbolic.Func // sums of one chunk
	Finish *symbolic.Func // loss and metrics from the sums; its batch is the number of all rows
	Kinds  []collect      // how each result of Chunk is collected

	// Whole says why loss and metrics are no sums over rows, such as "r2 needs all rows at once (a mean sees other rows than its own)". Then Chunk computes them at
	// once, from all rows, and Finish is nil.
	Whole string
}

// collect says how a number is carried from chunk to chunk.
type collect uint8

const (
	collectSum  collect = iota // sum over rows: added
	collectMax                 // maximum over rows
	collectFree                // does not depend on the rows: the last stays
)

// evaluator cuts the graphs of loss and metrics at their sums over the batch.
type evaluator struct {
	p     *Program
	e     *Evaluation
	batch map[*symbolic.Node]bool // depends on the rows
	cuts  map[*symbolic.Node]*symbolic.Node
	sums  []symbolic.Result
	args  []*symbolic.Node
}

// newEvaluation cuts loss and metrics at their sums over the batch where that is possible.
func newEvaluation(p *Program) *Evaluation {
	m := p.Model
	var rs []dsl.Named
	if m.Infer.Loss != nil {
		rs = append(rs, *m.Infer.Loss)
	}
	rs = append(rs, m.Infer.Metrics...)
	ev := &evaluator{p: p, e: &Evaluation{}, batch: map[*symbolic.Node]bool{}, cuts: map[*symbolic.Node]*symbolic.Node{}}
	var roots []*symbolic.Node
	for _, r := range rs {
		roots = append(roots, r.Node)
	}
	for _, n := range symbolic.Reach(roots...) {
		dep := hasBatch(n.Shape)
		for _, a := range n.Args {
			dep = dep || ev.batch[a]
		}
		ev.batch[n] = dep
	}
	for _, r := range rs {
		if err := ev.cut(r.Node); err != nil {
			return &Evaluation{
				Chunk: optimised(p.closed("eval", "computes loss and metrics of a whole set", results(rs))),
				Whole: fmt.Sprintf("%s needs all rows at once (%v)", r.Name, err),
			}
		}
	}
	after := m.Graph.Replace(roots, ev.cuts)
	finish := &symbolic.Func{Name: "finish", Doc: "computes loss and metrics from sums over all rows", Params: ev.args}
	for i, r := range rs {
		finish.Results = append(finish.Results, symbolic.Result{Name: r.Name, Node: after[i]})
	}
	finish.Syms = symsOf(finish)
	chunk := p.closed("eval", "computes the sums over a batch that loss and metrics are made of", ev.sums)
	ev.e.Chunk, ev.e.Finish = optimised(chunk), optimised(finish)
	return ev.e
}

func hasBatch(shape []symbolic.Dim) bool {
	for _, d := range shape {
		for _, s := range d.Syms() {
			if s.Name == batchName {
				return true
			}
		}
	}
	return false
}

// batchName is the run-time size that data sets are cut along.
const batchName = "batch"

// cut walks down from a number to the sums over the batch that it is made of. An error says why it is not made of such sums.
func (ev *evaluator) cut(n *symbolic.Node) error {
	if ev.cuts[n] != nil {
		return nil
	}
	if !ev.batch[n] {
		if usesNumber(n) {
			return nil // a size or constant: computed last
		}
		ev.collect(n, collectFree)
		return nil
	}
	over := len(n.Args) == 1 && hasBatch(n.Args[0].Shape)
	switch {
	case n.Rank() > 0:
		return fmt.Errorf("it goes through %s, which is no sum over rows", tensorName(n))
	case over && (n.Op == symbolic.OpSum || n.Op == symbolic.OpReduceMax):
		if at := mixing(n.Args[0], false); at != nil {
			if at.Op == symbolic.OpDimval {
				return errors.New("it uses the number of rows inside a sum over rows")
			}
			return fmt.Errorf("%s sees other rows than its own", tensorName(at))
		}
		kind := collectSum
		if n.Op == symbolic.OpReduceMax {
			kind = collectMax
		}
		ev.collect(n, kind)
		return nil
	case over:
		return fmt.Errorf("it takes %s over all of them", strings.TrimPrefix(n.Info().Name, "reduce_"))
	}
	for _, a := range n.Args {
		if err := ev.cut(a); err != nil {
			return err
		}
	}
	return nil
}

// tensorName says what a node is to the reader of a model.
func tensorName(n *symbolic.Node) string {
	if name := n.Graph().Name(n); name != "" {
		return name
	}
	if n.Op == symbolic.OpDimval {
		return "the number of rows"
	}
	return "a " + strings.TrimPrefix(n.Info().Name, "reduce_")
}

// usesNumber reports whether n is made of sizes and constants only.
func usesNumber(n *symbolic.Node) bool {
	return !slices.ContainsFunc(symbolic.Reach(n), func(a *symbolic.Node) bool {
		return a.Info().Kind == symbolic.KindLeaf && a.Op != symbolic.OpConst && a.Op != symbolic.OpDimval
	})
}

func (ev *evaluator) collect(n *symbolic.Node, kind collect) {
	name := fmt.Sprintf("sum%d", len(ev.sums))
	arg := ev.p.Model.Graph.Leaf(symbolic.OpArg, name, n.DType, n.Shape)
	ev.cuts[n] = arg
	ev.args = append(ev.args, arg)
	ev.sums = append(ev.sums, symbolic.Result{Name: name, Node: n})
	ev.e.Kinds = append(ev.e.Kinds, kind)
}
