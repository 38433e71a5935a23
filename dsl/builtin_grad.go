// Which built-in functions are about derivatives and warnings? grad, and logits, which marks what losses on logits take.
package dsl

import (
	"errors"
	"slices"

	"nngen/symbolic"
)

func init() {
	register(
		&builtin{name: "grad", doc: "the gradient of a scalar by a tensor, or by each of a list of tensors", sig: params(required(tensorParam, "y", "x")), run: gradOf},
		&builtin{name: "logits", doc: "x unchanged; warns where x is a probability already", sig: params(required(tensorParam, "x")), run: logitsOf},
	)
}

// gradOf elaborates grad(y, x). The result is an expression like any other: it can be differentiated again.
func gradOf(c *bcall) value {
	y, ok := c.tensor(0)
	if !ok {
		return poison{}
	}
	if !y.Scalar() || !y.DType.Float() {
		return c.e.fail(badGradient, c.args[0], "grad needs a scalar float, got %s: reduce it by sum or mean", tensorText(y))
	}
	list, many := c.args[1].v.(listVal)
	if !many {
		list = listVal{c.args[1].v}
	}
	var wrt []*symbolic.Node
	for _, v := range list {
		t, ok := v.(tensorVal)
		if !ok {
			return c.e.fail(badGradient, c.args[1], "grad is taken by a tensor, got %s", valueText(v))
		}
		if !t.n.DType.Float() {
			return c.e.fail(badGradient, c.args[1], "grad is taken by float tensors, got %s", tensorText(t.n))
		}
		wrt = append(wrt, t.n)
	}
	out, err := symbolic.Grad(c.e.g, y, wrt, nil)
	if err != nil {
		return c.e.noGradient(c.args[0], err)
	}
	vals := make(tupleVal, len(out))
	for i, n := range out {
		if n == nil && slices.Contains(symbolic.Reach(y), wrt[i]) {
			n = c.e.g.Const(0, wrt[i].DType, wrt[i].Shape...) // as the second derivative of relu is
		}
		if n == nil {
			return c.e.fail(badGradient, c.args[1], "%s does not depend on %s", c.e.pkg.text(c.args[0].expr), c.e.pkg.text(c.args[1].expr))
		}
		vals[i] = tensorVal{n}
	}
	if !many {
		return vals[0]
	}
	return vals
}

// noGradient reports an op without a derivative on the way.
func (e *elaborator) noGradient(at spanned, err error) value {
	d := e.errorf(noDerivative, at, "%s", err)
	var ge *symbolic.GradError
	if errors.As(err, &ge) && ge.Pos.IsValid() {
		d.Notef(ge.Pos, ge.Pos, "%s stands here", symbolic.Ops[ge.Op].Name)
	}
	return poison{}
}

// probabilities are the functions whose results are probabilities already.
var probabilities = map[string]bool{"softmax": true, "sigmoid": true, "hardsigmoid": true, "log_softmax": true, "log_sigmoid": true}

func logitsOf(c *bcall) value {
	t, ok := c.args[0].v.(tensorVal)
	if !ok {
		return c.args[0].v
	}
	origin := c.e.origin[t.n]
	if t.n.Op == symbolic.OpSigmoid {
		origin = "sigmoid"
	}
	if probabilities[origin] {
		n := len(c.e.stack)
		name := "the loss"
		if n > 0 {
			name = c.e.stack[n-1].name
		}
		c.e.errorf(doubleSoftmax, c.at, "%s takes logits, but gets what came out of %s", name, origin).
			Help("pass what goes into " + origin)
	}
	return t
}
