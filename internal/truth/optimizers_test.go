package truth

// This file answers: which model says the same as a row of optimizers.json, or of curves.json?

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"nngen/internal/truth/driver"
)

// optimizerNames maps PyTorch's classes to the library.
var optimizerNames = map[string]string{
	"SGD": "sgd", "Adagrad": "adagrad", "Adadelta": "adadelta", "RMSprop": "rmsprop", "Adam": "adam", "AdamW": "adamw",
	"Adamax": "adamax", "NAdam": "nadam", "RAdam": "radam", "Lion": "lion",
}

// optimizerCall writes the optimizer of a model: every hyperparameter of the row, and clipping where the row has it.
func optimizerCall(r *row, class string, hyper settings, clip float64) string {
	name, ok := optimizerNames[class]
	if !ok {
		r.fail("no optimizer of the library for PyTorch's %s", class)
	}
	flat := settings{}
	for k, v := range hyper {
		list, isList := v.([]any)
		switch {
		case k == "betas" && isList && len(list) == 2:
			flat["beta1"], flat["beta2"] = list[0], list[1]
		case v != nil: // an option that PyTorch leaves open
			flat[k] = v
		}
	}
	args, err := flat.args(nil)
	if err != nil {
		r.fail("%v", err)
	}
	if clip != 0 {
		args += fmt.Sprintf(", clip: global_norm(%v)", clip)
	}
	return fmt.Sprintf("optimizer %s(%s)", name, strings.TrimPrefix(args, ", "))
}

// optimizerCase runs the optimizer on given gradients: the loss is the sum of c*p, whose gradient by p is the input c.
func optimizerCase(r *row, c *truthCase) {
	class, hyper := r.text("class"), r.settings("hyper")
	p0 := r.floats("p0")
	var grads [][]float64
	after := map[string][]float64{}
	r.decode("grads", &grads)
	r.decode("params_after_step", &after)

	c.line("input c [batch, %d]", len(p0))
	c.line("param p [%d] = 0", len(p0))
	c.line("loss = sum(c * p)")
	c.line("%s", optimizerCall(r, class, hyper, 0))
	c.job.Params = map[string][]float64{"p": p0}
	batches := make([]map[string]driver.Values, len(grads))
	for i, g := range grads {
		batches[i] = map[string]driver.Values{"C": {Float: g}}
	}
	c.train(len(grads), 1, batches...)
	for _, key := range names(after) {
		step, err := strconv.Atoi(key)
		if err != nil || step < 1 || step > len(grads) {
			r.fail("params_after_step %q is no step of %d", key, len(grads))
		}
		c.job.Record = append(c.job.Record, step)
		c.scale = max(c.scale, largest(after[key]))
		c.expect("parameters after step "+key, after[key], 1e-9, func(res driver.Result) []float64 { return res.Params[step]["p"] })
	}
	r.noRest()
}

// A curveParam is one parameter of a curve: its values follow a formula.
type curveParam struct {
	Name        string
	Shape       []int
	Base, Scale float64
}

// Formulas of the initial values and the data, as the folder's README states them.
const (
	initFormula       = "element i of parameter k: base + scale * sin(0.7*i + 1.3*k + 0.1)"
	inputFormula      = "element i: sin(0.9*i + 0.5)"
	targetFormula     = "element i: cos(0.4*i)"
	labelFormula      = "label i: (7*i + 3) mod %d"
	curveReduction    = "mean over all elements or positions"
	curveLossMSE      = "mse"
	curveLossEntropy  = "cross_entropy"
	curveTolerance    = 1e-9
	curveLayerPattern = "h%d"
)

// curveCase trains a whole multilayer perceptron on one batch and compares losses and parameters.
func curveCase(r *row, c *truthCase) {
	model := r.settings("model")
	kind, _ := model["kind"].(string)
	if slices.Contains(pendingCurves, kind) {
		c.pending = true
		return
	}
	if kind != "mlp" {
		r.fail("model kind %q has neither a form here nor a line in pendingCurves", kind)
	}
	sizes, activation := mlpShape(r, model)
	r.formula("init", initFormula)
	r.formula("input", inputFormula)
	var inputShape, targetShape []int
	r.decode("input_shape", &inputShape)
	r.decode("target_shape", &targetShape)
	lossName, reduction, _ := strings.Cut(r.text("loss"), ", ")
	if reduction != curveReduction {
		r.fail("loss reduction %q, want %q", reduction, curveReduction)
	}
	x := formulaTensor(inputShape, func(i int) float64 { return math.Sin(0.9*float64(i) + 0.5) })
	var y tensor
	classes := sizes[len(sizes)-1]
	if lossName == curveLossEntropy {
		r.formula("target", fmt.Sprintf(labelFormula, classes))
		y = formulaTensor(targetShape, func(i int) float64 { return float64((7*i + 3) % classes) })
		y.Int = true
	} else {
		r.formula("target", targetFormula)
		y = formulaTensor(targetShape, func(i int) float64 { return math.Cos(0.4 * float64(i)) })
	}
	clip := 0.0
	if r.has("clip_global_norm") {
		clip = r.number("clip_global_norm")
	}

	c.line("input x %s", x.batched())
	c.line("target y %s", y.batched())
	in := "x"
	for i, n := range sizes[1:] {
		name := fmt.Sprintf(curveLayerPattern, i)
		act := ""
		if i < len(sizes)-2 {
			act = ", act: " + activation
		}
		c.line("%s := dense(%s, %d%s)", name, in, n, act)
		in = name
	}
	c.line("loss = mean(%s(%s, y))", lossName, in)
	c.line("%s", optimizerCall(r, r.text("optimizer"), r.settings("hyper"), clip))
	curveParams(r, c)
	losses := r.floats("losses")
	c.scale = largest(losses)
	c.expect("losses", losses, curveTolerance, func(res driver.Result) []float64 { return res.Losses })
	c.train(len(losses), inputShape[0], map[string]driver.Values{"X": x.values(), "Y": y.values()})
	c.job.Record = []int{len(losses)}
	r.noRest()
}

// mlpShape reads the sizes and the activation of a multilayer perceptron.
func mlpShape(r *row, model settings) (sizes []int, activation string) {
	for _, name := range model.names() {
		switch v := model[name].(type) {
		case string:
			if name == "activation" {
				activation = v
				continue
			}
		case []any:
			if name == "sizes" {
				for _, s := range v {
					n, err := s.(json.Number).Int64()
					if err != nil {
						r.fail("size %v: %v", s, err)
					}
					sizes = append(sizes, int(n))
				}
				continue
			}
		}
		if name != "kind" {
			r.fail("model setting %q is not used by the comparison", name)
		}
	}
	if len(sizes) < 2 || activation == "" {
		r.fail("want sizes and an activation, got %v", model)
	}
	return sizes, activation
}

// curveParams sets the initial parameters and expects the sums over each at the end.
func curveParams(r *row, c *truthCase) {
	var params []curveParam
	var after []struct {
		Sum          float64 `json:"sum"`
		SumOfSquares float64 `json:"sum_of_squares"`
	}
	r.decode("params", &params)
	r.decode("after", &after)
	if len(after) != len(params) {
		r.fail("got %d sums for %d parameters", len(after), len(params))
	}
	last := len(r.floats("losses"))
	c.job.Params = map[string][]float64{}
	for k, p := range params {
		values := formulaTensor(p.Shape, func(i int) float64 {
			return p.Base + p.Scale*math.Sin(0.7*float64(i)+1.3*float64(k)+0.1)
		}).Data
		layer := fmt.Sprintf(curveLayerPattern, k/2)
		var path string
		switch {
		case strings.HasSuffix(p.Name, ".weight") && k%2 == 0:
			path = layer + ".W"
			values = transposed(values, p.Shape[0], p.Shape[1])
		case strings.HasSuffix(p.Name, ".bias") && k%2 == 1:
			path = layer + ".b"
		default:
			r.fail("parameter %d is %q, want weights and biases in turn", k, p.Name)
		}
		c.job.Params[path] = values
		c.expectSums(p.Name+" at the end", after[k].Sum, after[k].SumOfSquares, size(p.Shape), curveTolerance,
			func(res driver.Result) []float64 { return res.Params[last][path] })
	}
}

// formula checks that a member of the row states the formula that this test computes.
func (r *row) formula(member, want string) {
	if got := r.text(member); got != want {
		r.fail("%s: got the formula %q, want %q", member, got, want)
	}
}

// formulaTensor fills a shape by a formula of the element's number.
func formulaTensor(shape []int, value func(i int) float64) tensor {
	a := tensor{Shape: shape, Data: make([]float64, size(shape))}
	for i := range a.Data {
		a.Data[i] = value(i)
	}
	return a
}
