// How do few rows keep several cores busy? Where all rows are one block, the region's body runs once and its large products are cut along
// their columns: each worker reads a part of the second matrix, and of that alone.
package codegen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// leastBlock is the number of rows of the smallest block.
const leastBlock = 16

// rowPrice is what reading the second matrix of a product of few rows costs, in rows: an element comes from the second-level cache in the
// time of some four multiplications.
const rowPrice = 4

// columnTask is how many columns one task computes: as many as the widest kernels take at once.
const columnTask = 64

// cutsColumns reports whether a product of r is worth a fork of its own where all rows are one block.
func (r *Region) cutsColumns(n *symbolic.Node) bool {
	if r.Tiles || r.single() || r.Block != leastBlock || n.Op != symbolic.OpDot || !n.DType.Float() || !aligned(n, 0) || aligned(n, 1) {
		return false
	}
	p := productOf(n)
	if len(p.batch) > 0 || p.transA || len(p.freeA) != 1 {
		return false
	}
	_, cols := columnSizes(n)
	return constOr(cols, leastBlock) > columnTask && leastBlock*constOr(kernelWork(n), leastBlock) >= 2*taskWork
}

// eachColumnKernel visits the products of r that may be cut along columns, with the suffix of their names.
func (r *Region) eachColumnKernel(visit func(n *symbolic.Node, suffix string)) {
	for i, l := range r.Body {
		if k, ok := l.(*Kernel); ok && r.cutsColumns(k.Node) {
			visit(k.Node, strconv.Itoa(r.Index)+letters(i))
		}
	}
}

// columnFields adds what the frame holds for products that may be cut along columns.
func (e *frameEmitter) columnFields(r *Region, line func(jen.Code)) {
	r.eachColumnKernel(func(n *symbolic.Node, suffix string) {
		line(jen.Id("columns" + suffix).Func().Params(jen.List(jen.Id("worker"), jen.Id("task")).Int()).Comment("of " + e.p.valueOf(n).Name + ", where all rows are one block"))
	})
}

// columns writes product n of a row region: one call, or where the block is all rows one for each of several ranges of columns.
func (e *regionEmitter) columns(n *symbolic.Node, call []jen.Code) []jen.Code {
	e.counts = true
	k, cols := columnSizes(n)
	var out []jen.Code
	e.r.eachColumnKernel(func(m *symbolic.Node, suffix string) {
		if m == n {
			out = []jen.Code{jen.If(raw("rows == %s", e.size(e.r.Rows))).Block(
				raw("f.pool.RunWork(%s, nnrt.Blocks(%s, %d), f.columns%s)", times(fmt.Sprintf("rows+%d", rowPrice), e.size(cols.Mul(k))), e.size(cols), columnTask, suffix),
			).Else().Block(call...)}
		}
	})
	return out
}

// columnSizes returns the terms and columns of a product.
func columnSizes(n *symbolic.Node) (k, cols symbolic.Dim) {
	p := productOf(n)
	return symbolic.Size(pickDims(n.Args[0].Shape, p.contractA)), symbolic.Size(pickDims(n.Args[1].Shape, p.freeB))
}

// columnMethods writes the bodies of the tasks.
func (e *frameEmitter) columnMethods(r *Region) {
	r.eachColumnKernel(func(n *symbolic.Node, suffix string) {
		re := &regionEmitter{frameEmitter: e, r: r, all: true}
		terms, columns := columnSizes(n)
		k, cols := e.size(terms), e.size(columns)
		name := "columnsOf" + suffix
		e.file.Commentf("%s computes some columns of %s for all rows, number task.", name, e.p.valueOf(n).Name)
		body := append([]jen.Code{raw("lo := task * %d", columnTask), raw("hi := min(lo+%d, %s)", columnTask, cols)}, e.comment([]*symbolic.Node{n})...)
		body = append(body, productColumns(productOf(n), strings.TrimSuffix(re.result(n), "[0:]"), re.operand(n, 0), re.operand(n, 1), e.size(r.Rows), cols, k, k))
		e.file.Func().Params(jen.Id("f").Op("*").Id(e.p.Name)).Id(name).Params(jen.List(jen.Id("_"), jen.Id("task")).Int()).Block(body...)
	})
}
