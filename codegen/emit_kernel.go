// How does a kernel become a call of the runtime? One printer for each kind of kernel, on a block of rows or on a tile.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// A kernelPrinter writes n on the rows of the current block.
type kernelPrinter func(e *regionEmitter, n *symbolic.Node) []jen.Code

// kernelPrinters is keyed by op: the ops that are neither fused nor views.
var kernelPrinters map[symbolic.Op]kernelPrinter

func init() {
	kernelPrinters = map[symbolic.Op]kernelPrinter{
		symbolic.OpDot:        printDot,
		symbolic.OpGather:     printGather,
		symbolic.OpSum:        printReduce,
		symbolic.OpReduceMax:  printReduce,
		symbolic.OpProd:       printReduce,
		symbolic.OpArgmax:     printReduce,
		symbolic.OpCumsum:     printReduce,
		symbolic.OpPermute:    printStrided,
		symbolic.OpSlice:      printStrided,
		symbolic.OpReverse:    printStrided,
		symbolic.OpPad:        printPad,
		symbolic.OpConcat:     printConcat,
		symbolic.OpScatterAdd: printScatter,
		symbolic.OpRand:       printDraws,
	}
}

func (e *regionEmitter) kernel(n *symbolic.Node) []jen.Code {
	p, ok := kernelPrinters[n.Op]
	if !ok {
		panic("codegen: no kernel printer for " + n.Info().Name)
	}
	call := p(e, n)
	if e.r.cutsColumns(n) {
		return e.columns(n, call)
	}
	return call
}

// operand returns the Go expression of argument i of a kernel: the block's rows where it is read by rows.
func (e *regionEmitter) operand(n *symbolic.Node, i int) string {
	v := e.p.valueOf(n.Args[i])
	if !e.r.Tiles && aligned(n, i) {
		return e.rowView(v)
	}
	return e.whole(v)
}

func (e *regionEmitter) result(n *symbolic.Node) string {
	if e.r.Tiles {
		return e.whole(e.p.valueOf(n))
	}
	return e.rowView(e.p.valueOf(n))
}

// count returns the product of sizes over axes; axis 0 counts the block's rows in a row region.
func (e *regionEmitter) count(shape []symbolic.Dim, axes []int) string {
	rest := symbolic.Int(1)
	first := false
	for _, a := range axes {
		if a == 0 && !e.r.Tiles {
			first = true
			continue
		}
		rest = rest.Mul(shape[a])
	}
	if first {
		e.counts = true
		return times("rows", factor(e.size(rest)))
	}
	return factor(e.size(rest))
}

func axesFrom(lo, hi int) []int {
	var out []int
	for i := lo; i < hi; i++ {
		out = append(out, i)
	}
	return out
}

// product is a dot in the form that the matrix kernels know.
type product struct {
	batch          []int // leading axes of both
	freeA, freeB   []int
	contractA      []int
	transA, transB bool // contracted axes come first in A, last in B
}

// productOf reads a dot as a (batched) matrix product; legalise has brought it into this form.
func productOf(n *symbolic.Node) product {
	d := n.Attr.Dot
	p := product{batch: d.BatchA, contractA: d.ContractA}
	a, b := n.Args[0], n.Args[1]
	for i := range a.Rank() {
		if !slices.Contains(d.BatchA, i) && !slices.Contains(d.ContractA, i) {
			p.freeA = append(p.freeA, i)
		}
	}
	for i := range b.Rank() {
		if !slices.Contains(d.BatchB, i) && !slices.Contains(d.ContractB, i) {
			p.freeB = append(p.freeB, i)
		}
	}
	p.transA = len(p.freeA) > 0 && len(d.ContractA) > 0 && d.ContractA[0] < p.freeA[0]
	p.transB = len(p.freeB) > 0 && len(d.ContractB) > 0 && d.ContractB[0] > p.freeB[0]
	return p
}

func (p product) variant() string {
	switch {
	case p.transA:
		return "GemmTN"
	case p.transB:
		return "GemmNT"
	}
	return "GemmNN"
}

// gemm writes one product of m rows; the offsets are Go expressions.
func gemm(p product, c, a, b, m, n, k, lda string) jen.Code {
	ldb := n
	if p.transB {
		ldb = k
	}
	return raw("nnrt.%s(%s, %s, %s, %s, %s, %s, %s, %s, %s, false)", p.variant(), c, n, a, lda, b, ldb, m, n, k)
}

// productColumns writes columns lo to hi of a product.
func productColumns(p product, c, a, b, m, n, k, lda string) jen.Code {
	at, ldb := "lo", n
	if p.transB {
		at, ldb = times("lo", factor(k)), k
	}
	return raw("nnrt.%s(%s, %s, %s, %s, %s, %s, %s, %s, %s, false)", p.variant(), from(c, "lo"), n, a, lda, from(b, at), ldb, m, "hi-lo", k)
}

func printDot(e *regionEmitter, n *symbolic.Node) []jen.Code {
	p := productOf(n)
	a, b := n.Args[0], n.Args[1]
	c := e.result(n)
	av, bv := e.operand(n, 0), e.operand(n, 1)
	k := e.count(a.Shape, p.contractA)
	nn := e.size(symbolic.Size(pickDims(b.Shape, p.freeB)))
	if len(p.batch) == 0 {
		m := e.count(a.Shape, p.freeA)
		lda := k
		if p.transA {
			lda = m
		}
		return []jen.Code{gemm(p, c, av, bv, m, nn, k, lda)}
	}
	m := e.size(symbolic.Size(pickDims(a.Shape, p.freeA)))
	k = e.size(symbolic.Size(pickDims(a.Shape, p.contractA)))
	lda := k
	if p.transA {
		lda = m
	}
	i := e.names.copy().pick("i")
	at := func(x, size string) string { return fmt.Sprintf("%s[%s*%s:]", x, i, factor(size)) }
	return []jen.Code{
		jen.For(raw("%s := range %s", i, e.count(a.Shape, p.batch))).Block(
			gemm(p, at(c, times(m, nn)), at(av, times(m, k)), at(bv, times(k, nn)), m, nn, k, lda)),
	}
}

func pickDims(shape []symbolic.Dim, axes []int) []symbolic.Dim {
	var out []symbolic.Dim
	for _, a := range axes {
		out = append(out, shape[a])
	}
	return out
}

func printGather(e *regionEmitter, n *symbolic.Node) []jen.Code {
	width := e.size(symbolic.Size(n.Args[0].Shape[1:]))
	return []jen.Code{raw("nnrt.%s(%s, %s, %s, %s)", n.Info().Kernel, e.result(n), e.operand(n, 0), e.operand(n, 1), width)}
}

// printReduce prints the kernels that see their argument as [outer, n, inner] and reduce the middle.
func printReduce(e *regionEmitter, n *symbolic.Node) []jen.Code {
	shape, axes := n.Args[0].Shape, n.Attr.Axes
	lo, hi := axes[0], axes[len(axes)-1]+1
	call := fmt.Sprintf("nnrt.%s(%s, %s, %s, %s, %s", n.Info().Kernel, e.result(n), e.operand(n, 0),
		e.count(shape, axesFrom(0, lo)), e.count(shape, axes), e.count(shape, axesFrom(hi, len(shape))))
	if n.Op == symbolic.OpCumsum {
		call += fmt.Sprintf(", %t", n.Attr.Flag)
	}
	return []jen.Code{raw("%s)", call)}
}

// strides returns the Go expressions of the row-major strides of a shape.
func (e *regionEmitter) strides(shape []symbolic.Dim) []string {
	out := make([]string, len(shape))
	for i := range shape {
		out[i] = e.size(symbolic.Size(shape[i+1:]))
	}
	return out
}

func (e *regionEmitter) sizes(shape []symbolic.Dim) []string {
	out := make([]string, len(shape))
	for i := range shape {
		out[i] = e.count(shape, []int{i})
	}
	return out
}

func ints(xs []string) string { return "[]int{" + strings.Join(xs, ", ") + "}" }

// strided writes one strided copy.
func (e *regionEmitter) strided(dst string, dstStride []string, src string, srcStride, size []string) jen.Code {
	return raw("nnrt.Strided(%s, %s, %s, %s, %s)", dst, ints(dstStride), src, ints(srcStride), ints(size))
}

// offsetOf returns where index at of every axis lies.
func (e *regionEmitter) offsetOf(strides []string, at []symbolic.Dim) string {
	off := "0"
	for i, s := range strides {
		off = plus(off, times(factor(e.size(at[i])), factor(s)))
	}
	return off
}

func from(x, off string) string {
	if off == "0" {
		return x
	}
	return x + "[" + off + ":]"
}

func printStrided(e *regionEmitter, n *symbolic.Node) []jen.Code {
	a := n.Args[0]
	src := e.strides(a.Shape)
	at := make([]symbolic.Dim, a.Rank())
	for i := range at {
		at[i] = symbolic.Int(0)
	}
	stride := slices.Clone(src)
	switch n.Op {
	case symbolic.OpPermute:
		for i, x := range n.Attr.Axes {
			stride[i] = src[x]
		}
	case symbolic.OpSlice:
		for i := range at {
			if i > 0 || e.r.Tiles {
				at[i] = n.Attr.Lo[i]
			}
			if n.Attr.Step != nil && n.Attr.Step[i] != 1 {
				stride[i] = times(fmt.Sprint(n.Attr.Step[i]), factor(src[i]))
			}
		}
	case symbolic.OpReverse:
		// A reversed axis is copied index by index: slices cannot run backwards.
		return e.reverse(n, src)
	}
	x, off := e.operand(n, 0), e.offsetOf(src, at)
	if least, ok := symbolic.Size(n.Shape).Min(); (!ok || least < 1) && off != "0" {
		off = fmt.Sprintf("min(%s, len(%s))", off, x) // nothing is left, and the first index lies outside
	}
	return []jen.Code{e.strided(e.result(n), e.strides(n.Shape), from(x, off), stride, e.sizes(n.Shape))}
}

func (e *regionEmitter) reverse(n *symbolic.Node, strides []string) []jen.Code {
	x := n.Attr.Axes[0]
	size := e.sizes(n.Shape)
	length := size[x]
	size[x] = "1"
	dst, src, i := e.result(n), e.operand(n, 0), e.names.copy().pick("i")
	copyOne := e.strided(fmt.Sprintf("%s[%s*%s:]", dst, i, factor(strides[x])), strides,
		fmt.Sprintf("%s[(%s-1-%s)*%s:]", src, factor(length), i, factor(strides[x])), strides, size)
	return []jen.Code{jen.For(raw("%s := range %s", i, length)).Block(copyOne)}
}

func printPad(e *regionEmitter, n *symbolic.Node) []jen.Code {
	a := n.Args[0]
	dst := e.strides(n.Shape)
	stride := slices.Clone(dst)
	at := make([]symbolic.Dim, n.Rank())
	for i := range at {
		at[i] = n.Attr.Lo[i]
		if i == 0 && !e.r.Tiles {
			at[i] = symbolic.Int(0)
		}
		if n.Attr.Step != nil && n.Attr.Step[i] != 0 {
			stride[i] = times(fmt.Sprint(n.Attr.Step[i]+1), factor(dst[i]))
		}
	}
	out := e.result(n)
	return []jen.Code{
		raw("clear(%s)", e.extent(out, n)),
		e.strided(from(out, e.offsetOf(dst, at)), stride, e.operand(n, 0), e.strides(a.Shape), e.sizes(a.Shape)),
	}
}

// extent limits a whole tensor at its capacity to its present size.
func (e *regionEmitter) extent(x string, n *symbolic.Node) string {
	if !e.r.Tiles {
		return x
	}
	return fmt.Sprintf("%s[:%s]", x, e.size(symbolic.Size(n.Shape)))
}

func printConcat(e *regionEmitter, n *symbolic.Node) []jen.Code {
	x := n.Attr.Axes[0]
	dst := e.strides(n.Shape)
	off := symbolic.Int(0)
	var out []jen.Code
	for i, a := range n.Args {
		to := from(e.result(n), times(factor(e.size(off)), factor(dst[x])))
		if off.Is(0) {
			to = e.result(n)
		}
		out = append(out, e.strided(to, dst, e.operand(n, i), e.strides(a.Shape), e.sizes(a.Shape)))
		off = off.Add(a.Shape[x])
	}
	return out
}

func printScatter(e *regionEmitter, n *symbolic.Node) []jen.Code {
	idx := n.Args[0]
	width := e.size(symbolic.Size(n.Shape[1:]))
	out := e.extent(e.result(n), n)
	return []jen.Code{
		raw("clear(%s)", out),
		raw("nnrt.%s(%s, %s, %s[:%s], %s, 0, %s)", n.Info().Kernel, out, e.operand(n, 1), e.operand(n, 0), e.size(symbolic.Size(idx.Shape)), width, width),
	}
}
