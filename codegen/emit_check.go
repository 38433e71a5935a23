// How does a user check the gradients of a model? A method of the trainer that compares them with differences of the loss.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// checkGradients writes the trainer's method CheckGradients, unless the model hides something from its gradients.
func (e *modelEmitter) checkGradients(t string) {
	if e.stopsGradients() {
		return
	}
	e.doc(`CheckGradients compares the gradients of b's loss by every trained parameter with finite differences of the loss, along random
directions: nil, or errors that name the parameters whose gradients are wrong. It is for tests, and for doubts about a model or its
data, at any time between two steps: parameters and optimizer are as before afterwards. See nnrt.CheckGradients for how it is done
and what it cannot see.`)
	e.fn(t, "CheckGradients").Params(jen.Id("b").Id(e.name+"Batch")).Error().Block(
		raw("err := nnrt.CheckGradients(nnrt.GradientCheck[%s]{\nModel: %q,\nSchema: %s,\nParams: t.Model.flat,\nGradients: t.gradient.flat,\n"+
			"Forward: func() (float64, error) {\nm, err := t.Forward(b)\nreturn m.Loss, err\n},\nBackward: t.Backward,\n})",
			e.typ, e.prog.Model.Name, e.trainedSchema()),
		e.idle(),
		raw("return err"))
}

// trainedSchema returns the rows of the schema whose parameters are trained.
func (e *modelEmitter) trainedSchema() string {
	var rows []string
	for i, r := range e.prog.Layout.Runs {
		if e.gradValue(r.Params[0]) != nil {
			rows = append(rows, fmt.Sprintf("%sSchema[%d]", e.low, i))
		}
	}
	if len(rows) == len(e.prog.Layout.Runs) {
		return e.low + "Schema"
	}
	return "nnrt.Schema{" + strings.Join(rows, ", ") + "}"
}

// stopsGradients reports whether the loss reads a parameter through a stop_gradient of the author's: its gradients are then, on purpose, not the derivatives that
// differences of the loss show. In the body of a layer any argument may come from a parameter.
func (e *modelEmitter) stopsGradients() bool {
	seen := map[*symbolic.Func]bool{}
	var look func(nodes []*symbolic.Node, body bool) bool
	look = func(nodes []*symbolic.Node, body bool) bool {
		for _, n := range nodes {
			if f := n.Attr.Func; f != nil && !seen[f] {
				seen[f] = true
				if look(f.Nodes(), true) {
					return true
				}
			}
			if !slices.Contains(e.prog.Model.Stopped, n) {
				continue
			}
			for _, x := range symbolic.Reach(n) {
				if x.Op == symbolic.OpParam || body && x.Op == symbolic.OpArg {
					return true
				}
			}
		}
		return false
	}
	return look(symbolic.Reach(e.prog.Model.Train.Loss.Node), false)
}
