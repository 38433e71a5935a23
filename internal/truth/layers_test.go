package truth

// This file answers: which model says the same as a row of layers.json?

import (
	"encoding/json"
	"fmt"
	"slices"

	"nngen/internal/truth/driver"
)

// A layerForm is how the library spells a PyTorch layer.
type layerForm struct {
	call   string            // without closing parenthesis; %v is filled from args
	args   []string          // settings of config that the call takes by position
	rename map[string]string // names of the other settings; "" for those that the shapes say already
	params map[string]string // PyTorch's parameter to the path here
}

// layerForms lists the layers that are compared.
var layerForms = map[string]layerForm{
	"dense": {
		call: "dense(x, %v", args: []string{"out"}, rename: map[string]string{"in": "", "out": ""},
		params: map[string]string{"weight": "y.W", "bias": "y.b"},
	},
	"layer_norm": {call: "layer_norm(x", params: map[string]string{"weight": "y.g", "bias": "y.b"}},
	"rms_norm":   {call: "rms_norm(x", params: map[string]string{"weight": "y.g"}},
	"embedding": {
		call: "embedding(x, %v, %v", args: []string{"vocab", "dim"}, rename: map[string]string{"vocab": "", "dim": ""},
		params: map[string]string{"weight": "y.W"},
	},
}

// layerCase compares a layer's output and its gradients by inputs and parameters.
func layerCase(r *row, c *truthCase) {
	if slices.Contains(pendingLayers, r.name) {
		c.pending = true
		return
	}
	form, ok := layerForms[r.name]
	if !ok {
		r.fail("layer %q has neither a form here nor a line in pendingLayers", r.name)
	}
	config := r.settings("config")
	var positional []any
	for _, name := range form.args {
		v, ok := config[name].(json.Number)
		if !ok {
			r.fail("config has no number %q", name)
		}
		positional = append(positional, v)
	}
	args, err := config.args(form.rename)
	if err != nil {
		r.fail("%v", err)
	}
	var inputs, gradInputs []tensor
	var params, gradParams map[string]tensor
	r.decode("inputs", &inputs)
	r.decode("grad_inputs", &gradInputs)
	r.decode("params", &params)
	r.decode("grad_params", &gradParams)
	out, w := r.tensor("output"), r.tensor("weight")
	if len(inputs) != 1 {
		r.fail("got %d inputs, want 1", len(inputs))
	}
	x := inputs[0]

	c.line("input x %s", x.batched())
	c.line("input w %s", w.batched())
	c.line("y := %s%s)", fmt.Sprintf(form.call, positional...), args)
	c.line("output value = y")
	c.line("loss = sum(w * y)")
	c.line("optimizer sgd(lr: 0.1)")
	fields := map[string]driver.Values{"X": x.values(), "W": w.values()}
	c.job.Predict = map[string]driver.Values{"X": x.values()}
	all := [][]float64{out.Data}
	c.expect("output", out.Data, 1e-10, output("Value"))
	if len(gradInputs) > 0 {
		c.line("output first = grad(sum(w * y), x)")
		c.expect("grad_inputs[0]", gradInputs[0].Data, 1e-10, output("First"))
		c.job.Predict = fields
		all = append(all, gradInputs[0].Data)
	}
	c.job.Params = map[string][]float64{}
	for _, name := range names(params) {
		path, ok := form.params[name]
		if !ok {
			r.fail("no path for parameter %q", name)
		}
		p, want := params[name], gradParams[name]
		values, got := p.Data, gradOf(path)
		if r.name == "dense" && len(p.Shape) == 2 {
			values = transposed(p.Data, p.Shape[0], p.Shape[1])
			got = func(res driver.Result) []float64 { return transposed(res.Grads[path], p.Shape[1], p.Shape[0]) }
		}
		c.job.Params[path] = values
		c.expect("grad_params "+name, want.Data, 1e-10, got)
		all = append(all, want.Data)
	}
	c.scale = largest(all...)
	c.train(1, x.Shape[0], fields)
	r.noRest()
}

// names returns the keys of a map in order.
func names[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
