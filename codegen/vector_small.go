// Which passes are so small that calls and memory would cost more than the arithmetic? A region of narrow rows, and the sums over its rows
// that follow, become one kernel that does everything for one row after the other.
package codegen

import (
	"fmt"
	"slices"

	"github.com/dave/jennifer/jen"

	"nngen/codegen/lane"
	"nngen/symbolic"
)

// Bounds of small passes, for one row: instructions of a product, and elements of a product's result or of a matrix that is transposed on
// the way in. Beyond them the kernels of the runtime, which reuse what is in registers for several rows, are faster.
const (
	smallProduct = 64
	smallMatrix  = 512
	smallRows    = sumTerms
	dearRow      = 20 // price of an element: an exponential, and something
	thinColumns  = 4  // columns of a gradient that fill no vector
)

// A smallPass is one kernel for steps first to last of a plan.
type smallPass struct {
	first, last int
	region      *Region
	rows        int // the most rows for which it stands for the steps bit by bit
	call        string
}

// small returns the small pass of a plan, or nil.
func (e *frameEmitter) small() *smallPass {
	if e.vectors == nil {
		return nil
	}
	for i, st := range e.p.Steps {
		r, ok := st.(*Region)
		if !ok {
			continue
		}
		if r.Tiles || !runTime(r.Rows) {
			return nil
		}
		s := &smallPass{first: i, last: i, region: r, rows: min(r.Block, smallRows)}
		var tiles *Region
		if i+1 < len(e.p.Steps) {
			if next, ok := e.p.Steps[i+1].(*Region); ok && next.Tiles && e.collects(next, r.Rows) {
				tiles, s.last = next, i+1
			}
		}
		if g, ok := r.Body[0].(*Group); len(r.Body) == 1 && tiles == nil && !(ok && len(g.Space) == 1) {
			return nil // one loop is one call already, and only an update has so much to hand over that it counts
		}
		if s.call = e.smallCall(r, tiles); s.call == "" && tiles != nil {
			s.last = i
			if len(r.Body) > 1 {
				s.call = e.smallCall(r, nil)
			}
		}
		if s.call == "" {
			return nil
		}
		return s
	}
	return nil
}

// collects reports whether a tile region only sums small things over the given rows.
func (e *frameEmitter) collects(r *Region, rows symbolic.Dim) bool {
	for _, l := range r.Body {
		n := l.(*Kernel).Node
		m, ok := symbolic.Size(n.Shape).Const()
		switch {
		case !ok || m > smallMatrix || !n.DType.Float():
			return false
		case n.Op == symbolic.OpSum:
			if n.Rank() == 0 || n.Attr.Axes[0] != 0 || len(n.Attr.Axes) != 1 || n.Args[0].Shape[0] != rows {
				return false
			}
		case n.Op == symbolic.OpDot:
			p := productOf(n)
			if len(p.batch) > 0 || !p.transA || p.transB || len(p.contractA) != 1 || n.Args[0].Shape[0] != rows {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// smallCall describes a row region, and a region of sums over the same rows, as one kernel. It returns "" where it cannot.
func (e *frameEmitter) smallCall(r, tiles *Region) string {
	re := &regionEmitter{frameEmitter: e, r: r, names: newNamer(frameNames...), seen: map[*Value]string{}, nums: map[*Value]string{}, all: true}
	b := newKernelBuilder(re)
	b.k.Frame = e.p.Name
	b.k.Outer = []lane.Count{b.count(e.size(r.Rows))}
	var shown []*symbolic.Node
	var last *symbolic.Node // product whose rows the next loop may go on with
	for _, l := range r.Body {
		first := len(b.k.Stages)
		switch l := l.(type) {
		case *Kernel:
			b.product(l.Node)
			b.pass(first)
			last = l.Node
			shown = append(shown, l.Node)
		case *Group:
			ge := re.newGroup(l, true)
			if len(ge.outer) != 1 || len(ge.inner) > 1 || !ge.narrow() {
				return ""
			}
			joins := last != nil && !l.nested() && b.why == "" && ge.sameRow(&b.k.Stages[first-1]) && !ge.overwrites(last.Args[0])
			switch {
			case joins:
				(&vectorizer{groupEmitter: ge, b: b, before: &b.k.Stages[first-1]}).stages()
			case ge.dear() && ge.flatten(b):
				b.pass(first)
			default:
				(&vectorizer{groupEmitter: ge, b: b}).stages()
				b.pass(first)
			}
			last = nil
			shown = append(shown, re.shown(l)...)
		}
	}
	first := len(b.k.Stages)
	if tiles != nil {
		for _, l := range tiles.Body {
			n := l.(*Kernel).Node
			b.collect(n)
			shown = append(shown, n)
		}
	}
	b.pass(first)
	if b.why != "" {
		return ""
	}
	b.dropUnread()
	return b.finish(fmt.Sprintf("%sSmall%d", e.p.Name, r.Index), e.explain(shown))
}

// pass makes the stages from first on a pass over the rows of their own: the processor works on many rows at once only where one row takes
// few instructions.
func (b *kernelBuilder) pass(first int) {
	if first < len(b.k.Stages) {
		b.k.Stages[first].Pass = true
	}
	for n, i := range b.input {
		if i >= leftBase {
			delete(b.input, n)
		}
	}
}

// dropUnread drops what stages leave in panels and no other stage reads: the product whose rows the next loop took from registers.
func (b *kernelBuilder) dropUnread() {
	read := map[int]bool{}
	for _, op := range b.k.Operands {
		if op.Turn != nil {
			read[op.Turn.Operand] = true
		}
	}
	for _, st := range b.k.Stages {
		if st.Gather != nil {
			read[st.Gather.A], read[st.Gather.B] = true, true
			continue
		}
		for _, in := range st.Prog.Insts {
			if in.Op == lane.OpLoad {
				read[in.Index] = true
			}
		}
	}
	for i := range b.k.Stages {
		st := &b.k.Stages[i]
		st.Stores = slices.DeleteFunc(st.Stores, func(s lane.Store) bool { return b.panels[s.Operand] && !read[s.Operand] })
	}
}

// sameRow reports whether the loop of a group runs over the same elements of a row as a stage.
func (e *groupEmitter) sameRow(st *lane.Stage) bool {
	if len(e.inner) == 0 {
		return !st.Loop
	}
	n, ok := symbolic.Size(pickDims(e.g.Space, e.inner[0].axes)).Const()
	return ok && st.Loop && st.Inner.Known() && st.Inner.Const == n
}

// overwrites reports whether the group leaves something in the memory that a lies in: where a row is several vectors, the first would be written
// before the last is computed from a.
func (e *groupEmitter) overwrites(a *symbolic.Node) bool {
	v := e.p.valueOf(a)
	for _, n := range e.g.Members {
		w := e.p.value[n]
		if w != nil && (v.In == w || v.Store == StoreLocal && w.Store == StoreLocal && v.DType == w.DType && v.Local == w.Local) {
			return true
		}
	}
	return false
}

// dear reports whether a group computes so much for a row that rows in the lanes are worth picking their elements apart.
func (e *groupEmitter) dear() bool {
	cost := 0
	for _, n := range e.g.Members {
		cost += n.Info().Cost
	}
	return cost > dearRow || len(e.inner) == 0
}

// narrow reports whether the rows of a group are few vectors.
func (e *groupEmitter) narrow() bool {
	for _, l := range e.inner {
		if n, ok := symbolic.Size(pickDims(e.g.Space, l.axes)).Const(); !ok || n > smallProduct {
			return false
		}
	}
	return true
}

// rowsOf is the operand of n's rows, each of width elements.
func (b *kernelBuilder) rowsOf(n *symbolic.Node, width int) int {
	v := b.re.p.valueOf(n)
	return b.operand(b.re.rowView(v), v.Name, v.DType, []symbolic.Dim{symbolic.Int(width)})
}

// wholeOf is the operand of all of n.
func (b *kernelBuilder) wholeOf(n *symbolic.Node) int {
	v := b.re.p.valueOf(n)
	return b.operand(b.re.whole(v), v.Name, v.DType, []symbolic.Dim{symbolic.Int(0)})
}

// product adds the stage of a small matrix product: a row of the first matrix by all of the second.
func (b *kernelBuilder) product(n *symbolic.Node) {
	if n.Op != symbolic.OpDot || !n.DType.Float() {
		b.fail("%s", n.Info().Name)
		return
	}
	p := productOf(n)
	x, w := n.Args[0], n.Args[1]
	k, ok1 := symbolic.Size(pickDims(x.Shape, p.contractA)).Const()
	cols, ok2 := symbolic.Size(pickDims(w.Shape, p.freeB)).Const()
	if len(p.batch) > 0 || p.transA || !ok1 || !ok2 || k*((cols+15)/16) > smallProduct || len(p.freeA) != 1 || !aligned(n, 0) || aligned(n, 1) {
		b.fail("a large product")
		return
	}
	prog := lane.NewProgram(b.k.Size)
	from, to := b.rowsOf(x, k), b.rowsOf(n, cols)
	weights, line := b.wholeOf(w), cols
	if p.transB && cols > 1 && k > 1 {
		if k*cols > smallProduct {
			b.fail("a large product")
			return
		}
		turn := lane.Operand{Type: lane.Float, Steps: []lane.Count{{}}, Turn: &lane.Turn{Operand: weights, Rows: cols, Cols: k}}
		b.k.Operands = append(b.k.Operands, turn)
		weights, line = len(b.k.Operands)-1, turn.Turn.Line()
	}
	sum := prog.Float(0)
	for i := range k {
		y := prog.LoadAt(weights, lane.Float, i*line)
		if cols == 1 {
			y = prog.Single(weights, lane.Float, i)
		}
		sum = prog.Do(lane.OpFMA, prog.Single(from, lane.Float, i), y, sum)
	}
	b.k.Stages = append(b.k.Stages, lane.Stage{Loop: cols > 1, Inner: lane.Count{Const: cols}, Prog: prog,
		Stores: []lane.Store{{Operand: to, Value: sum, Moves: cols > 1}}})
}

// collect adds the stage of a product or sum over rows.
func (b *kernelBuilder) collect(n *symbolic.Node) {
	g := &lane.Gather{To: b.wholeOf(n), Rows: 1}
	x := n.Args[0]
	width := func(x *symbolic.Node) int {
		w, ok := symbolic.Size(x.Shape[1:]).Const()
		if !ok {
			b.fail("columns of no known number")
		}
		return w
	}
	if n.Op == symbolic.OpSum {
		g.Cols = width(x)
		g.B = b.rowsOf(x, g.Cols)
	} else {
		y := n.Args[1]
		g.Scaled, g.Rows, g.Cols = true, width(x), width(y)
		g.A, g.B = b.rowsOf(x, g.Rows), b.rowsOf(y, g.Cols)
		switch {
		case g.Cols == 1: // its rows lie side by side
			g.A, g.B, g.Rows, g.Cols = g.B, g.A, 1, g.Rows
		case g.Cols <= thinColumns && g.Rows > 2*thinColumns:
			g.A, g.B, g.Rows, g.Cols, g.Across = g.B, g.A, g.Cols, g.Rows, true
		}
		if g.Rows*((g.Cols+15)/16) > smallProduct {
			b.fail("a large product")
		}
	}
	b.k.Stages = append(b.k.Stages, lane.Stage{Gather: g})
}

// emitSmall writes the steps of a small pass: its call, and what it stands for where there is no assembly or there are many rows.
func (e *frameEmitter) emitSmall(s *smallPass, steps []jen.Code) []jen.Code {
	var sums []jen.Code
	for _, x := range s.region.Sums {
		sums = append(sums, raw("f.%s = f.%s[0]", e.p.value[x.Node].Name, x.Name))
	}
	if len(sums) == 0 {
		return []jen.Code{jen.If(raw("%s > %d || !%s", e.size(s.region.Rows), s.rows, s.call)).Block(steps...)}
	}
	return []jen.Code{
		jen.If(raw("%s <= %d && %s", e.size(s.region.Rows), s.rows, s.call)).Block(sums...).Else().Block(steps...),
	}
}
