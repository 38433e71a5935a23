// How is a region of tiles written? Its kernels are cut, each on its own; a method works on one tile of one of them.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// tileFields writes the fields of a tile region: how its kernels are cut, what moves with a gradient, and sums of later terms.
func (e *frameEmitter) tileFields(r *Region, line func(jen.Code)) {
	for i, l := range r.Body {
		k := l.(*Kernel)
		if !k.Terms && e.tilingOf(k.Node) != nil {
			line(jen.Id(tileField(r, i)).Int())
		}
		if fo := e.shadow[k.Node]; fo != nil && fo.rate != "" {
			line(jen.Id(fo.moved).Index().Id(goTypes[k.Node.DType]).Comment(fo.param.Path + ", which moves as its gradient comes out if done is set"))
			line(jen.Id(fo.pace).Id(goTypes[k.Node.DType]).Comment("how much of it"))
		}
	}
	if e.counted(r) {
		line(jen.Id(countsField(r)).Index(jen.Lit(len(r.Body))).Int().Comment(fmt.Sprintf("tasks of each product or sum of region %d", r.Index)))
	}
	r.eachSplit(func(n *symbolic.Node, i int) {
		line(jen.Id(partsField(r, i)).Index().Id(goTypes[n.DType]).Comment("what the later terms of " + e.p.valueOf(n).Name + " add to it"))
	})
}

// runTiles writes how a tile region is cut and run, and the sums of shared terms that no later loop adds up.
func (e *frameEmitter) runTiles(r *Region) []jen.Code {
	var body []jen.Code
	var tasks []string
	work := "0"
	for i, l := range r.Body {
		n := l.(*Kernel).Node
		body = append(body, e.comment([]*symbolic.Node{n})...)
		if l.(*Kernel).Terms {
			tasks = append(tasks, "nnrt.SplitTasks("+splitSizes(n, e.sym)+")")
			work = plus(work, e.size(symbolic.Size(n.Shape).Mul(symbolic.Size(pickDims(n.Args[0].Shape, productOf(n).contractA)))))
			continue
		}
		t := e.tilingOf(n)
		if t == nil {
			tasks = append(tasks, "1")
			continue
		}
		body = append(body, raw("f.%s = nnrt.Tile(%s, %s)", tileField(r, i), t.count, t.work))
		tasks = append(tasks, fmt.Sprintf("nnrt.Tiles(%s, f.%s)", t.count, tileField(r, i)))
		work = plus(work, times(t.count, t.work))
	}
	all := strings.Join(tasks, "+")
	if e.counted(r) {
		body = append(body, raw("f.%s = [%d]int{%s}", countsField(r), len(tasks), strings.Join(tasks, ", ")))
		all = fmt.Sprintf("nnrt.Total(f.%s[:])", countsField(r))
	}
	body = append(body, raw("f.pool.RunWork(%s, %s, f.%s)", work, all, bodyField(r)))
	r.eachSplit(func(n *symbolic.Node, i int) {
		if !r.Body[i].(*Kernel).Joined {
			body = append(body, e.join(Join{n, r, i}, "0", e.size(n.Shape[0])))
		}
	})
	return body
}

// counted reports whether a tile region has several kernels of which some are cut: then the numbers of tiles say which of them a task is.
func (e *frameEmitter) counted(r *Region) bool {
	return len(r.Body) > 1 && slices.ContainsFunc(r.Body, func(l Leaf) bool {
		k := l.(*Kernel)
		return k.Terms || e.tilingOf(k.Node) != nil
	})
}

// tileMethod writes the body of a tile region: each task is one tile of one kernel.
func (e *frameEmitter) tileMethod(r *Region) {
	re := &regionEmitter{frameEmitter: e, r: r, names: newNamer(frameNames...), seen: map[*Value]string{}, nums: map[*Value]string{}}
	var body, cases []jen.Code
	kernel, tile := "task", "task"
	if e.counted(r) {
		kernel, tile = "kernel", "tile"
		body = append(body, raw("kernel, tile := nnrt.FromEnds(task, f.%s[:])", countsField(r)))
	}
	for i, l := range r.Body {
		n := l.(*Kernel).Node
		t := e.tilingOf(n)
		work := e.comment([]*symbolic.Node{n})
		if v := e.p.valueOf(n); v.In != nil {
			work = append(work, jen.Comment(fmt.Sprintf("%s lies in %s, which it becomes.", v.Name, v.In.Name)))
		}
		switch {
		case l.(*Kernel).Terms:
			work = append(work, raw("nnrt.GemmNNSplit(%s, %s, f.%s, %s, %s, %s)", tile, re.result(n), partsField(r, i), re.operand(n, 0), re.operand(n, 1), splitSizes(n, e.sym)))
		case t == nil:
			work = append(work, e.follow(n, t, re.kernel(n), nil)...)
		default:
			work = append(work, raw("lo, hi := nnrt.TileRange(%s, %s, f.%s)", tile, t.count, tileField(r, i)))
			work = append(work, e.follow(n, t, re.tile(n, t), func(fo *follower) jen.Code { return re.descent(n, fo) })...)
		}
		if len(r.Body) == 1 {
			body = work
			break
		}
		cases = append(cases, jen.Case(jen.Lit(i)).Block(work...))
	}
	if cases != nil {
		body = append(body, jen.Switch(jen.Id(kernel)).Block(cases...))
	}
	e.file.Commentf("tiles%d works on one tile of one product or sum, number task.", r.Index)
	e.file.Func().Params(jen.Id("f").Op("*").Id(e.p.Name)).Id(fmt.Sprintf("tiles%d", r.Index)).
		Params(jen.List(jen.Id("_"), jen.Id("task")).Int()).Block(body...)
}

// A tiling says how a kernel of a tile region is cut: along count rows, or columns, each of work operations. Kernels without one run as one
// task.
type tiling struct {
	count, work string
	cols        bool
}

// tilingOf returns how n is cut, or nil. Products are cut along their rows unless these are few and the columns more.
func (e *frameEmitter) tilingOf(n *symbolic.Node) *tiling {
	a := n.Args[0]
	switch {
	case n.Op == symbolic.OpDot && len(n.Attr.Dot.BatchA) == 0:
		p := productOf(n)
		m, cols := symbolic.Size(pickDims(a.Shape, p.freeA)), symbolic.Size(pickDims(n.Args[1].Shape, p.freeB))
		k := symbolic.Size(pickDims(a.Shape, p.contractA))
		if least, ok := m.Const(); ok && least < tallBlock && least < constOr(cols, tallBlock) {
			return &tiling{e.size(cols), e.size(m.Mul(k)), true}
		}
		return &tiling{e.size(m), e.size(cols.Mul(k)), false}
	case n.Op == symbolic.OpSum && n.Rank() > 0 && n.Attr.Axes[0] == 0:
		return &tiling{e.size(symbolic.Size(n.Shape)), e.size(symbolic.Size(pickDims(a.Shape, n.Attr.Axes))), true}
	}
	return nil
}

// tile writes n for outputs lo to hi of its tiling.
func (e *regionEmitter) tile(n *symbolic.Node, t *tiling) []jen.Code {
	a := n.Args[0]
	if n.Op == symbolic.OpSum {
		cols := e.size(symbolic.Size(n.Shape))
		rows := e.size(symbolic.Size(pickDims(a.Shape, n.Attr.Axes)))
		return []jen.Code{raw("nnrt.SumRows(%s[lo:hi], %s[lo:], %s, hi-lo, %s, false)", e.result(n), e.operand(n, 0), rows, cols)}
	}
	p := productOf(n)
	if t.cols {
		m, nn, k, lda, _ := e.band(n)
		return []jen.Code{productColumns(p, e.result(n), e.operand(n, 0), e.operand(n, 1), m, nn, k, lda)}
	}
	_, nn, k, lda, row := e.band(n)
	return []jen.Code{gemm(p, from(e.result(n), times("lo", factor(nn))), from(e.operand(n, 0), row), e.operand(n, 1), "hi-lo", nn, k, lda)}
}

// descent writes rows lo to hi of a product of which the update of a parameter is the end.
func (e *regionEmitter) descent(n *symbolic.Node, fo *follower) jen.Code {
	_, nn, k, lda, row := e.band(n)
	at := times("lo", factor(nn))
	return raw("nnrt.GemmTNDescend(%s, f.%s, %s, %s, %s, %s, %s, %s, hi-lo, %s, %s)",
		from("f."+fo.moved, at), fo.pace, from(e.result(n), at), nn, from(e.operand(n, 0), row), lda, e.operand(n, 1), nn, nn, k)
}

// band returns the sizes of a product, and the stride of the rows of its first argument with where row lo begins.
func (e *regionEmitter) band(n *symbolic.Node) (m, nn, k, lda, row string) {
	p := productOf(n)
	a := n.Args[0]
	m = e.size(symbolic.Size(pickDims(a.Shape, p.freeA)))
	nn = e.size(symbolic.Size(pickDims(n.Args[1].Shape, p.freeB)))
	k = e.size(symbolic.Size(pickDims(a.Shape, p.contractA)))
	if p.transA {
		return m, nn, k, m, "lo"
	}
	return m, nn, k, k, times("lo", factor(k))
}
