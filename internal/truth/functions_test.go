package truth

// This file answers: which model says the same as a row of functions.json or losses.json?

import (
	"fmt"
	"strings"

	"nngen/internal/truth/driver"
)

// functionCalls holds the calls of functions whose name or arguments differ from PyTorch's: all others are name(x).
var functionCalls = map[string]string{
	"softmax_axis0": "softmax(x, axis: 0",
	"max":           "max(x, axis: -1",
	"cumsum":        "cumsum(x, axis: -1",
	"mean":          "mean(x, axis: -1",
	"var":           "var(x, axis: -1",
	"prod":          "prod(x, axis: -1",
	"norm":          "norm(x, axis: -1",
	"logsumexp":     "logsumexp(x, axis: -1",
}

// functionSettings renames settings of functions.
var functionSettings = map[string]string{"min": "lo", "max": "hi"}

// functionCase compares a function and its first and second derivatives by grad in the model.
func functionCase(r *row, c *truthCase) {
	x, y, w := r.tensor("x"), r.tensor("y"), r.tensor("weight")
	call, ok := functionCalls[r.name]
	if !ok {
		call = r.name + "(x"
	}
	args, err := r.settings("settings").args(functionSettings)
	if err != nil {
		r.fail("%v", err)
	}
	first := r.tensor("grad_x")
	c.scale = largest(y.Data, first.Data)
	c.line("input x %s", x.batched())
	c.line("input w %s", w.batched())
	c.line("y := %s%s)", call, args)
	c.line("output value = y")
	c.line("g := grad(sum(w * y), x)")
	c.line("output first = g")
	c.expect("y", y.Data, 1e-10, output("Value"))
	c.expect("grad_x", first.Data, 1e-10, output("First"))
	if r.has("grad_of_sum_grad_x") {
		second := r.tensor("grad_of_sum_grad_x")
		c.scale = largest(y.Data, first.Data, second.Data)
		c.line("output second = grad(sum(g), x)")
		c.expect("grad_of_sum_grad_x", second.Data, 1e-10, output("Second"))
	}
	c.job.Predict = map[string]driver.Values{"X": x.values(), "W": w.values()}
	r.noRest()
}

// lossCalls holds the losses whose call differs from name(x, y). The name of a row ends in its reduction, _mean or _sum.
var lossCalls = map[string]string{
	"bce_with_logits":               "bce_logits(x, y",
	"cross_entropy_label_smoothing": "cross_entropy(x, y",
	"cross_entropy_probabilities":   "cross_entropy(x, y",
	"nll_of_log_softmax":            "nll(log_softmax(x), y",
	"kl_div_of_log_softmax_batch":   "kl_div(log_softmax(x), y", // one value a row: its mean is the sum over the batch's size
}

// lossCase compares a loss and its gradient by grad in the model.
func lossCase(r *row, c *truthCase) {
	x, y := r.tensor("x"), r.tensor("target")
	value, gradient := r.number("value"), r.tensor("grad_x")
	name, reduce := r.name, "mean"
	if base, ok := strings.CutSuffix(name, "_sum"); ok {
		name, reduce = base, "sum"
	} else {
		name = strings.TrimSuffix(name, "_mean")
	}
	call, ok := lossCalls[name]
	if !ok {
		call = name + "(x, y"
	}
	args, err := r.rest().args(nil)
	if err != nil {
		r.fail("%v", err)
	}
	c.scale = largest([]float64{value}, gradient.Data)
	c.line("input x %s", x.batched())
	c.line("input y %s", y.batched())
	c.line("l := %s(%s%s))", reduce, call, args)
	c.line("output value = l")
	c.line("output first = grad(l, x)")
	c.expect("value", []float64{value}, 1e-10, output("Value"))
	c.expect("grad_x", gradient.Data, 1e-10, output("First"))
	c.job.Predict = map[string]driver.Values{"X": x.values(), "Y": y.values()}
}

// output reads one output of Predict.
func output(field string) func(driver.Result) []float64 {
	return func(r driver.Result) []float64 { return r.Outputs[field] }
}

// gradOf reads the gradient of one parameter.
func gradOf(path string) func(driver.Result) []float64 {
	return func(r driver.Result) []float64 { return r.Grads[path] }
}

// noRest fails when a member of the row has not been read: a setting would be ignored.
func (r *row) noRest() {
	if rest := r.rest(); len(rest) > 0 {
		panic(badRow{fmt.Errorf("%s: members %v are not used by the comparison", r.key, rest.names())})
	}
}
