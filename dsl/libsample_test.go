// On which calls is each function and layer of the library tested?

package dsl

import (
	"fmt"
	"strings"

	"nngen/dsl/syntax"
)

// A sample is one call of a function or layer of the library.
type sample struct {
	inputs string  // "x [batch, 4], k [batch]int": what the call reads
	call   string  // "softmax(x, axis: 0)"
	lo, hi float64 // range of float inputs; both 0: -4 to 4. Ints are 0 to 3, bools of both kinds.
}

// librarySamples are calls that the signature does not suggest: arguments without defaults, settings, and inputs for
// which a function is smooth. A declaration whose parameters without defaults are all tensors of float or int is called without an entry, too.
var librarySamples = map[string][]sample{
	"identity":   {{inputs: "x [batch, 4]", call: "identity(x)"}},
	"leaky_relu": {{inputs: "x [batch, 4]", call: "leaky_relu(x, 0.3)"}},
	"elu":        {{inputs: "x [batch, 4]", call: "elu(x, alpha: 0.5)"}},
	"celu":       {{inputs: "x [batch, 4]", call: "celu(x, alpha: 2)"}},
	"selu":       {{inputs: "x [batch, 4]", call: "selu(x, scale: 2)"}},
	"hardtanh":   {{inputs: "x [batch, 4]", call: "hardtanh(x, -2, 3)"}},
	"softplus": {
		{inputs: "x [batch, 4]", call: "softplus(x, beta: 2, threshold: 3)"},
		{inputs: "x [batch, 4]", call: "softplus(x)", lo: 15, hi: 25},
	},

	"reciprocal": {{inputs: "x [batch, 4]", call: "reciprocal(x)", lo: 0.5, hi: 2}},
	"clamp": {
		{inputs: "x [batch, 4]", call: "clamp(x, -1, 2)"},
		{inputs: "x [batch, 4], lo [4], hi [batch, 4]", call: "clamp(x, lo, hi)"},
	},
	"lerp": {
		{inputs: "a [batch, 4], b [batch, 4]", call: "lerp(a, b, 0.3)"},
		{inputs: "a [batch, 4], b [batch, 4], w [4]", call: "lerp(a, b, w)"},
	},
	"mean": {
		{inputs: "x [batch, 4, 2]", call: "mean(x, axis: 1)"},
		{inputs: "x [batch, 4, 2]", call: "mean(x, axis: [0, -1], keep: true)"},
		{inputs: "x [batch, 4], m [batch, 4]bool", call: "mean(x, where: m)"},
		{inputs: "x [batch, 4]", call: "mean(x, axis: -1, keep: true, where: iota(4) > 1)"},
	},
	"masked_mean": {{inputs: "x [batch, 4]", call: "masked_mean(x, x > -1, -1, false)"}},
	"var":         {{inputs: "x [batch, 4, 2]", call: "var(x, axis: 1, keep: true)"}},
	"std":         {{inputs: "x [batch, 4]", call: "std(x, axis: 0)"}},
	"norm":        {{inputs: "x [batch, 4, 2]", call: "norm(x, axis: [1, 2])"}},
	"safe_sqrt":   {{inputs: "x [batch, 4]", call: "safe_sqrt(x)", lo: 0.2, hi: 3}},
	"logsumexp": {
		{inputs: "x [batch, 4]", call: "logsumexp(x, axis: 0, keep: true)"},
		{inputs: "x [batch, 4]", call: "logsumexp(x, axis: [0, 1])"},
		{inputs: "x [batch, 4]", call: "logsumexp(x)", lo: 900, hi: 904},
	},
	"softmax": {
		{inputs: "x [batch, 4]", call: "softmax(x, axis: 0)"},
		{inputs: "x [batch, 4], m [4]bool", call: "softmax(x, where: m)"},
		{inputs: "x [batch, 4]", call: "softmax(x)", lo: 900, hi: 904},
	},
	"masked_softmax": {{inputs: "x [batch, 4], m [batch, 4]bool", call: "masked_softmax(x, m, -1)"}},
	"log_softmax": {
		{inputs: "x [batch, 4]", call: "log_softmax(x, axis: 0)"},
		{inputs: "x [batch, 4]", call: "log_softmax(x)", lo: -904, hi: -900},
	},

	"huber":     {{inputs: "x [batch, 4], y [batch, 4]", call: "huber(x, y, delta: 2)"}},
	"smooth_l1": {{inputs: "x [batch, 4], y [batch, 4]", call: "smooth_l1(x, y, beta: 2)"}, {inputs: "x [batch, 4], y [batch, 4]", call: "smooth_l1(x, y, beta: 0)"}},
	"bce":       {{inputs: "x [batch, 4], y [batch, 4]", call: "bce(x, y)", lo: 0.1, hi: 0.9}},
	"bce_logits": {
		{inputs: "x [batch, 4], y [batch, 4]", call: "bce_logits(x, y)", lo: 40, hi: 60},
		{inputs: "x [batch, 4], y [batch, 4]", call: "bce_logits(x, y)", lo: -60, hi: -40},
	},
	"poisson_nll": {
		{inputs: "x [batch, 4], y [batch, 4]", call: "poisson_nll(x, y, full: true)"},
		{inputs: "x [batch, 4], y [batch, 4]", call: "poisson_nll(x, y, log_input: false, eps: 0.01)", lo: 0.3, hi: 3},
	},
	"cross_entropy": {
		{inputs: "x [batch, 4], y [batch]int", call: "cross_entropy(x, y)"},
		{inputs: "x [batch, 3, 4], y [batch, 3]int", call: "cross_entropy(x, y, smoothing: 0.2)"},
		{inputs: "x [batch, 4], y [batch, 4]", call: "cross_entropy(x, y)"},
		{inputs: "x [batch, 4], y [batch, 4]", call: "cross_entropy(x, y, smoothing: 0.2)", lo: 0.1, hi: 0.9},
	},
	"cross_entropy_classes":      {{inputs: "x [batch, 4], y [batch]int", call: "cross_entropy_classes(x, y, 0.1)"}},
	"cross_entropy_distribution": {{inputs: "x [batch, 4], y [batch, 4]", call: "cross_entropy_distribution(x, y, 0.1)"}},
	"kl_div":                     {{inputs: "x [batch, 4], y [batch, 4]", call: "kl_div(x, y)", lo: 0.1, hi: 0.9}},
	"r2":                         {{inputs: "x [batch, 4], y [batch, 4]", call: "r2(x, y)"}},

	"dense": {
		{inputs: "x [batch, 4]", call: "dense(x, 3)"},
		{inputs: "x [batch, 3, 4]", call: "dense(x, 2, act: tanh, bias: false, init: normal)"},
		{inputs: "x [4]", call: "dense(x, 2, act: v => v^3, bias_init: uniform)"},
	},
	"embedding":  {{inputs: "k [batch, 3]int", call: "embedding(k, 4, 2)"}, {inputs: "k [batch]int", call: "tanh(embedding(k, 5, 3, init: normal(2)))"}},
	"dropout":    {{inputs: "x [batch, 4]", call: "dropout(x, 0.4)"}, {inputs: "x [batch, 4]", call: "dropout(x, 0)"}},
	"layer_norm": {{inputs: "x [batch, 3, 4]", call: "layer_norm(x, eps: 0.5)"}},
	"rms_norm":   {{inputs: "x [batch, 3, 4]", call: "rms_norm(x, eps: 0.5)"}},

	"ascend":      {{inputs: "g [6]", call: "ascend(g, true)"}, {inputs: "g [6]", call: "ascend(g, false)"}},
	"global_norm": {{inputs: "g [6]", call: "global_norm(g, 1)"}, {inputs: "g [6]", call: "global_norm(g, 100)"}},
	"clip_value":  {{inputs: "g [6]", call: "clip_value(g, 2)"}},

	"ema":          {{inputs: "a [6], p [6]", call: "ema(a, p, 0.9, 3)"}, {inputs: "a [6], p [6]", call: "ema(a, p, 0.9, 1)"}},
	"mean_weights": {{inputs: "a [6], p [6]", call: "mean_weights(a, p, 4)"}},
}

// notDifferentiable are the functions without derivatives by tensors, with the reason.
var notDifferentiable = map[string]string{
	"accuracy":        "a share of comparisons",
	"binary_accuracy": "a share of comparisons",
	"fan_in":          "an int made from a shape",
	"fan_out":         "an int made from a shape",
}

// samplesOf returns the calls of fn: that which its signature suggests, and those of the table.
func samplesOf(fn *syntax.FuncDecl) []sample {
	own := librarySamples[fn.Name.Name]
	if notDifferentiable[fn.Name.Name] != "" || fn.Kind == syntax.Optimizer || ranged(own) {
		return own
	}
	var inputs, args []string
	for _, p := range fn.Params {
		switch {
		case p.Default != nil:
			continue
		case p.Type == nil || !p.Type.Tensor:
			return own
		}
		dims, dtype := "", ""
		for _, d := range p.Type.Dims {
			if dims != "" {
				dims += ", "
			}
			if d.Spread {
				dims += "batch, 2"
			} else {
				dims += "4"
			}
		}
		if p.Type.Name != nil && p.Type.Name.Name != "any" {
			dtype = p.Type.Name.Name
		}
		inputs = append(inputs, fmt.Sprintf("%s [%s]%s", p.Name.Name, dims, dtype))
		args = append(args, p.Name.Name)
	}
	if len(args) == 0 {
		return own
	}
	return append([]sample{{inputs: strings.Join(inputs, ", "), call: fmt.Sprintf("%s(%s)", fn.Name.Name, strings.Join(args, ", "))}}, own...)
}

// ranged reports whether all samples restrict the range of the inputs, so that the usual range is none of the function's.
func ranged(samples []sample) bool {
	for _, s := range samples {
		if s.lo == 0 && s.hi == 0 || s.lo >= 4 || s.hi <= -4 {
			return false
		}
	}
	return len(samples) > 0
}
