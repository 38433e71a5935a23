package codegen

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nngen/dsl"
)

// load elaborates a model of one dense layer z with the given loss.
func lossModel(t *testing.T, loss, output string) *dsl.Model {
	t.Helper()
	src := fmt.Sprintf(`layer spread(x [b, n]) [] {
    param f [] = 1
    return f*mean(x)
}
model M {
    input  x [batch, 3]
    input  k [batch]int
    target y [batch, 3]
    use table = embedding(9, 3)
    z := dense(x, 3) + table(k)
    output o = %s
    loss     = %s
    optimizer sgd(lr: 0.1)
}
`, output, loss)
	pkg, list := dsl.Load(dsl.Options{}, "m.nn", []byte(src))
	if list.HasErrors() {
		t.Fatal(list.Err(pkg.Fset, pkg.Sources))
	}
	return pkg.Models[0]
}

// TestEvaluatedInPieces holds every loss that may be collected chunk by chunk apart from those that see several rows at once:
// the latter must be computed whole.
func TestEvaluatedInPieces(t *testing.T) {
	for _, c := range []struct {
		loss   string
		pieces bool
	}{
		{"mean(mse(z, y))", true},
		{"sum(mse(z, y))", true},
		{"mean(mse(z, y)) + 0.1*sum(table.W^2)", true},
		{"sqrt(mean((z - y)^2))", true},
		{"mean(abs(y))/mean(abs(z))", true},
		{"max(z) - mean(y)", true},
		{"mean(mse(layer_norm(z), y))", true},
		{"mean(cross_entropy(z, softmax(y)))", true},
		{"mean(mse(cumsum(z, axis: -1), y))", true},
		{"mean(mse(cumsum(z, axis: 0), y))", false},
		{"mean(mse(softmax(z, axis: 0), y))", false},
		{"mean(tanh(z @ transpose(z))) + mean(y)", false},
		{"mean((z[1:] - z[:-1])^2) + mean(y)", false},
		{"mean(mse(z*float(iota(batch))[:, new], y))", false},
		{"mean(mse(z - mean(z, axis: 0), y))", false},
		{"sum(max(z, axis: 0)) + mean(y)", false},
		{"sum(sin(mean(mse(z, y), axis: 0)))", false},
		{"prod(mean(mse(z, y), axis: -1))", false},
	} {
		p, err := newProgram(lossModel(t, c.loss, "z"), false)
		if err != nil {
			t.Errorf("%s: %v", c.loss, err)
			continue
		}
		if got := p.Eval.Whole == ""; got != c.pieces {
			t.Errorf("%s: evaluated in pieces: %v, want %v (%s)", c.loss, got, c.pieces, p.Eval.Whole)
		}
		if !c.pieces && p.Eval.Finish != nil {
			t.Errorf("%s: has both ways", c.loss)
		}
	}
}

// TestWhyWhole reads the reasons for which a loss cannot be evaluated chunk by chunk.
func TestWhyWhole(t *testing.T) {
	for loss, want := range map[string]string{
		"sum((y*batch - z)^2)":                      "loss needs all rows at once (it uses the number of rows inside a sum over rows)",
		"mean(mse(cumsum(z, axis: 0), y))":          "loss needs all rows at once (a cumsum sees other rows than its own)",
		"sum(max(z, axis: 0)) + mean(y)":            "loss needs all rows at once (it goes through a max, which is no sum over rows)",
		"prod(mean(mse(z, y), axis: -1)) + mean(y)": "loss needs all rows at once (it takes prod over all of them)",
	} {
		p, err := newProgram(lossModel(t, loss, "z"), false)
		if err != nil {
			t.Errorf("%s: %v", loss, err)
			continue
		}
		if p.Eval.Whole != want {
			t.Errorf("%s:\ngot  %s\nwant %s", loss, p.Eval.Whole, want)
		}
	}
}

func TestOutputOfATarget(t *testing.T) {
	_, err := newProgram(lossModel(t, "mean(mse(z, y))", "z + y"), false)
	var model *ModelError
	if !errors.As(err, &model) || !model.Pos.IsValid() || !strings.Contains(model.Message, "target y") {
		t.Errorf("got %v, want a ModelError that names the target y", err)
	}
}
