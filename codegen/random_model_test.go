// Which models does nobody think of writing? Random texts in the language, through the whole compiler, against the interpreter.
package codegen

import (
	"fmt"
	"strings"
	"testing"

	"nngen/dsl"
)

var (
	randomActs   = []string{"tanh", "relu", "gelu", "silu", "softplus", "elu", "leaky_relu(0.2)", "mish", "v => v * sigmoid(1.7*v)", "identity"}
	randomLosses = []string{"mse", "mae", "huber", "smooth_l1", "log_cosh"}
	randomRules  = []string{
		"sgd(lr: 0.01)", "sgd(lr: 0.01, momentum: 0.9, nesterov: true)", "adagrad(lr: 0.01, lr_decay: 0.1)", "adadelta(lr: 0.5)", "rmsprop(lr: 0.001, centered: true, momentum: 0.5)",
		"adam(lr: 0.001, amsgrad: true)", "adamw(lr: 0.001)", "adamax(lr: 0.001)", "nadam(lr: 0.001)", "radam(lr: 0.001, weight_decay: 0.1)", "lamb(lr: 0.001)",
		"adam(lr: step_decay(t, 0.01, every: 2))", "adamw(lr: warmup_cosine(t, 0.01, warmup: 2, total: 10))",
	}
)

// randomText returns a model as text. It declares one layer of a random body and uses it in loops.
func randomText(name string, pick chooser) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "    "+format+"\n", args...) }
	act := func() string { return randomActs[pick(len(randomActs))] }

	fmt.Fprintf(&b, "layer own%s(x [...s, d]) [...s, d] {\n", name)
	own := 1 + pick(3)
	line("h := x")
	for i := range own {
		switch pick(7) {
		case 0:
			line("h = dense(h, d, act: %s) as a%d", act(), i)
		case 1:
			line("h = layer_norm(h) as n%d", i)
		case 2:
			line("h = dropout(h, 0.2)")
		case 3:
			line("h = dense(dense(h, 7, act: %s) as up%d, d) as down%d", act(), i, i)
		case 4:
			line("param p%d [d] = normal(0.5)", i)
			line("h = h * p%d", i)
		case 5:
			line("param q%d [] = 0.7", i)
			line("h = tanh(h * q%d)", i)
		case 6:
			line("h = h - mean(h, axis: -1, keep: true)")
		}
	}
	if pick(2) == 0 {
		line("h = x + h")
	}
	line("return h")
	fmt.Fprintf(&b, "}\n\nmodel %s {\n", name)

	width := 2 + pick(6)
	series := pick(3) == 0
	switch {
	case series:
		line("input x [batch, time <= 9, %d]", width)
	case pick(4) == 0:
		line("input word [batch]int")
		line("x := embedding(word, 9, %d)", width)
	default:
		line("input x [batch, %d]", width)
	}
	var body strings.Builder
	step := func(format string, args ...any) { fmt.Fprintf(&body, "    "+format+"\n", args...) }
	step("h := x")
	for i := range 2 + pick(5) {
		switch pick(10) {
		case 0, 1:
			width = 1 + pick(9)
			bias := pick(3) > 0
			step("h = dense(h, %d, act: %s, bias: %t) as d%d", width, act(), bias, i)
		case 2:
			step("h = rms_norm(h) as r%d", i)
		case 3:
			step("h = dropout(h, 0.3)")
		case 4, 5:
			step("for i in 0..%d { h = own%s(h) as blk%d[i] }", 2+pick(4), name, i)
		case 6:
			step("for i in 0..%d { h = dense(h, %d, act: %s) as fc%d[i] }", 2+pick(4), width, act(), i)
		case 7:
			step("h = concat(h, tanh(h), axis: -1)")
			width *= 2
		case 8:
			step("h = h * sigmoid(dense(h, %d) as g%d)", width, i)
		case 9:
			if series {
				step([]string{"h = softmax(h @ transpose(h) / 3) @ h", "h = cumsum(h, axis: 1) / 4", "h = h - max(h, axis: 1, keep: true)", "h = h * softmax(h, axis: 1)"}[pick(4)])
			} else {
				step("use c%d = dense(%d, act: tanh)", i, width)
				step("h = c%d(c%d(h) + h)", i, i)
			}
		}
	}
	if series && pick(2) == 0 {
		step("h = mean(h, axis: 1)")
		series = false
	}
	lead := "batch"
	if series {
		lead = "batch, time"
	}
	loss := fmt.Sprintf("mean(%s(h, y))", randomLosses[pick(len(randomLosses))])
	switch {
	case pick(3) == 0:
		step("h = dense(h, 4) as last")
		line("target y [%s]int", lead)
		loss = "mean(cross_entropy(h, y))"
		step("metric hits = mean(argmax(h) == y)")
	default:
		line("target y [%s, %d]", lead, width)
		step("h = dense(h, %d) as last", width)
		step("metric worst = max(abs(h - y))")
	}
	if pick(3) == 0 {
		loss += " + 0.01*mean(square(h))"
	}
	b.WriteString(body.String())
	line("output value = h")
	line("loss = %s", loss)
	rule := randomRules[pick(len(randomRules))]
	if pick(3) == 0 {
		rule = rule[:len(rule)-1] + ", clip: global_norm(0.5))"
	}
	if pick(3) == 0 {
		rule = rule[:len(rule)-1] + ", average: ema(0.9))"
	}
	if pick(3) == 0 {
		rule += " {\n        for \"last.*\" { lr: 0.02 }\n    }"
	}
	line("optimizer %s", rule)
	b.WriteString("}\n")
	return b.String()
}

// TestRandomModels checks random models as TestModels does its own.
func TestRandomModels(t *testing.T) {
	n := 24
	if testing.Short() {
		n = 8
	}
	var models []*testModel
	texts := map[*testModel]string{}
	for seed := range n {
		name := fmt.Sprintf("Random%d", seed)
		text := randomText(name, seeded(uint64(seed)))
		if seed%4 > 0 {
			text = strings.Replace(text, "model "+name+" {\n", "model "+name+" {\n    precision float64\n", 1)
		}
		pkg, list := dsl.Load(dsl.Options{}, "random.nn", []byte(text))
		if pkg == nil || len(pkg.Models) != 1 {
			t.Fatalf("%v\n%s", list.Err(pkg.Fset, pkg.Sources), text)
		}
		m := newTestModel(t, pkg, "random.nn")
		models = append(models, m)
		texts[m] = text
	}
	runModels(t, models, func(t *testing.T, s *script, answers []modelAnswer) {
		s.tol *= 100
		s.check(t, answers)
		if t.Failed() {
			t.Log(texts[s.m])
		}
	})
}

// TestDraws: loops read random draws from panels that are filled a block at a time, so that all of them become vector loops.
func TestDraws(t *testing.T) {
	code := string(loadModel(t, "dropout.nn").code)
	if strings.Contains(code, "nnrt.Uniform[") {
		t.Error("dropout.nn draws element by element")
	}
	if n := strings.Count(code, "nnrt.FillUniform("); n == 0 {
		t.Error("dropout.nn fills nothing")
	}
	if strings.Contains(code, "[]bool") {
		t.Error("dropout.nn keeps a mask")
	}
}
