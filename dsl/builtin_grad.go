// Which built-in functions are about derivatives and warnings? grad, and logits, which marks what losses on logits take.
package dsl

import (
	"errors"

	"nngen/dsl/diag"
	"nngen/symbolic"
)

func init() {
	register(
		&builtin{name: "grad", doc: "the gradient of a scalar by a tensor, or by each of a list of tensors", sig: params(required(tensorParam, "y", "x")), run: gradOf},
		&builtin{name: "prediction", doc: "x unchanged; warns where x comes straight out of relu", sig: params(required(tensorParam, "x")), run: predictionOf},
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
		a := c.args[0]
		d := c.e.errorf(badGradient, a, "grad needs a scalar float, got %s", tensorText(y))
		if y.DType.Float() {
			c.e.help(d, a, "reduce it by sum or mean", diag.Edit{Pos: a.pos, End: a.pos, New: "sum("}, diag.Edit{Pos: a.end, End: a.end, New: ")"})
		}
		return poison{}
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
		if n == nil && reach(y)[wrt[i]] {
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
	if origin := c.e.originOf(t.n); probabilities[origin] {
		c.e.errorf(doubleSoftmax, c.at, "%s takes logits, but gets what came out of %s", c.caller(), origin).
			Help("pass what goes into " + origin)
	}
	return predictionOf(c)
}

// canDie are the functions whose derivative is zero on a half line: an output layer behind one may stop learning.
var canDie = map[string]bool{"relu": true, "relu6": true}

func predictionOf(c *bcall) value {
	t, ok := c.args[0].v.(tensorVal)
	if !ok {
		return c.args[0].v
	}
	if origin := c.e.originOf(t.n); canDie[origin] {
		c.e.errorf(outputCanDie, c.at, "%s gets what came straight out of %s: where it is 0 the output layer learns nothing", c.caller(), origin).
			Help("leave out " + origin + " in the output layer")
	}
	return t
}

// caller is the function of the library that asks.
func (c *bcall) caller() string {
	if n := len(c.e.stack); n > 0 {
		return c.e.stack[n-1].name
	}
	return c.fn.name
}

// originOf returns the function that a value came out of.
func (e *elaborator) originOf(n *symbolic.Node) string {
	if n.Op == symbolic.OpSigmoid {
		return "sigmoid"
	}
	return e.origin[n]
}
