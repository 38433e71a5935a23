// How does a training loop read loss and metrics without knowing the model? By the names that the model gives them, and as numbers in the same
// order.
package codegen

import (
	"strings"

	"github.com/dave/jennifer/jen"
)

// measureMethods writes the methods of nnrt.Measures.
func (e *modelEmitter) measureMethods() {
	names := []jen.Code{jen.Lit("loss")}
	for _, m := range e.prog.Model.Train.Metrics {
		names = append(names, jen.Lit(m.Name))
	}
	list := e.low + "Measures"
	e.file.Var().Id(list).Op("=").Index().String().Values(names...)
	e.file.Comment("Names returns what the model calls the fields, in their order. The slice belongs to the package: do not change it.")
	e.file.Func().Params(jen.Id(e.name + "Metrics")).Id("Names").Params().Index().String().Block(raw("return %s", list))
	var fields []string
	for _, f := range e.measures() {
		fields = append(fields, "m."+f)
	}
	e.file.Comment("AppendTo appends the fields to dst in the order of Names.")
	e.file.Func().Params(jen.Id("m").Id(e.name + "Metrics")).Id("AppendTo").Params(jen.Id("dst").Index().Float64()).Index().Float64().
		Block(raw("return append(dst, %s)", strings.Join(fields, ", ")))
}
