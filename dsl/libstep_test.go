// Do the optimizers, schedules and initialisers of the library elaborate, and do their functions give sensible numbers?

package dsl

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// optimizerSettings are calls beside that without arguments: together they reach every branch of the optimizers.
var optimizerSettings = map[string][]string{
	"sgd":      {"sgd(momentum: 0.9)", "sgd(momentum: 0.9, nesterov: true)", "sgd(momentum: 0.9, dampening: 0.5)", "sgd(weight_decay: 0.1)"},
	"adagrad":  {"adagrad(lr_decay: 0.1, initial_accumulator_value: 0.5)"},
	"adadelta": {"adadelta(weight_decay: 0.1)"},
	"rmsprop":  {"rmsprop(centered: true)", "rmsprop(momentum: 0.9)"},
	"adam":     {"adam(amsgrad: true)", "adam(weight_decay: 0.1)"},
	"adamw":    {"adamw(amsgrad: true)"},
	"nadam":    {"nadam(weight_decay: 0.1)", "nadam(weight_decay: 0.1, decoupled_weight_decay: true)"},
	"radam":    {"radam(weight_decay: 0.1)", "radam(weight_decay: 0.1, decoupled_weight_decay: true)", "radam(beta2: 0.5)"},
	"lion":     {"lion(weight_decay: 0.1)"},
	"lamb":     {"lamb(weight_decay: 0)"},
}

// scheduleCalls calls every schedule.
var scheduleCalls = map[string]string{
	"step_decay":        "step_decay(t, 0.1, every: 2, factor: 0.5)",
	"exponential_decay": "exponential_decay(t, 0.1, gamma: 0.9)",
	"cosine_decay":      "cosine_decay(t, 0.1, total: 4, final: 0.01)",
	"polynomial_decay":  "polynomial_decay(t, 0.1, total: 4, power: 2)",
	"linear_warmup":     "linear_warmup(t, 0.1, warmup: 2)",
	"constant_warmup":   "constant_warmup(t, 0.1, warmup: 2)",
	"warmup_cosine":     "warmup_cosine(t, 0.1, warmup: 2, total: 4)",
	"inverse_sqrt":      "inverse_sqrt(t, 0.1, warmup: 2)",
}

// initialisers are calls of those that need arguments; the shape comes from the parameter.
var initialisers = map[string]string{"constant": "constant(2.5)"}

// isInitialiser reports whether fn makes a tensor of a shape.
func isInitialiser(fn *syntax.FuncDecl) bool {
	if len(fn.Params) == 0 || len(fn.Results) != 1 || !fn.Results[0].Tensor {
		return false
	}
	first := fn.Params[0].Type
	return first != nil && !first.Tensor && first.Name != nil && first.Name.Name == "shape"
}

// stepModel is a small model with the optimizer that the text says.
func stepModel(t *testing.T, optimizer string) *Model {
	t.Helper()
	return loadOne(t, `model M {
    input  x [batch, 3]
    target y [batch, 2]
    z := dense(x, 2)
    output p = z
    loss = mean(mse(z, y))
    optimizer `+optimizer+`
}
`)
}

// A stepper runs the functions of an optimizer's only group.
type stepper struct {
	t            *testing.T
	group        *Group
	lr           float64
	p            *symbolic.Tensor
	states       []*symbolic.Tensor
	scalarStates []*symbolic.Tensor
	step         int
}

const stepSize = 7 // elements of the parameter

func newStepper(t *testing.T, m *Model) *stepper {
	t.Helper()
	if len(m.Optimizer.Groups) != 1 || len(m.Optimizer.Hypers) != 1 {
		t.Fatalf("got %d groups and %d hypers, want one of each", len(m.Optimizer.Groups), len(m.Optimizer.Hypers))
	}
	s := &stepper{t: t, group: m.Optimizer.Groups[0], lr: m.Optimizer.Hypers[0].Value, p: symbolic.NewTensor(stepSize)}
	for i := range s.p.Data {
		s.p.Data[i] = 1 + 0.1*float64(i)
	}
	for _, state := range s.group.States {
		v := symbolic.NewTensor(stepSize)
		for i := range v.Data {
			v.Data[i] = state.Init
		}
		s.states = append(s.states, v)
	}
	for _, state := range s.group.ScalarStates {
		s.scalarStates = append(s.scalarStates, oneNumber(state.Init))
	}
	return s
}

func oneNumber(v float64) *symbolic.Tensor {
	n := symbolic.NewTensor()
	n.Data[0] = v
	return n
}

// scalars runs the prologue of the next step and returns what the update reads.
func (s *stepper) scalars() []*symbolic.Tensor {
	s.t.Helper()
	s.step++
	states := map[string]*symbolic.Tensor{}
	for i, state := range s.group.ScalarStates {
		states[state.Name] = s.scalarStates[i]
	}
	f := s.group.Prologue
	var args []*symbolic.Tensor
	for _, p := range f.Params {
		switch name := p.Attr.Name; {
		case name == "t":
			args = append(args, oneNumber(float64(s.step)))
		case name == "LR" || name == "LRScale":
			args = append(args, oneNumber(s.lr))
		case states[name] != nil:
			args = append(args, states[name])
		default:
			s.t.Fatalf("the prologue reads %s", name)
		}
	}
	out := s.eval(f, args)
	n := len(out) - len(s.scalarStates)
	copy(s.scalarStates, out[n:])
	return out[:n]
}

// update moves p along the gradient g.
func (s *stepper) update(g *symbolic.Tensor) {
	s.t.Helper()
	scalars := s.scalars()
	args := append([]*symbolic.Tensor{s.p, g}, s.states...)
	out := s.eval(s.group.Update, append(args, scalars...))
	for i, v := range out {
		for _, x := range v.Data {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				s.t.Fatalf("step %d: %s is %v", s.step, s.group.Update.Results[i].Name, v.Data)
			}
		}
	}
	s.p = out[0]
	copy(s.states, out[1:])
}

func (s *stepper) eval(f *symbolic.Func, args []*symbolic.Tensor) []*symbolic.Tensor {
	s.t.Helper()
	sizes := map[*symbolic.Sym]int{}
	for _, sym := range f.Syms {
		sizes[sym] = stepSize
	}
	out, err := symbolic.Eval(f, args, sizes)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// TestLibraryOptimizers runs every optimizer in all its settings: numbers stay finite, and p moves against a constant gradient, along
// it with maximize.
func TestLibraryOptimizers(t *testing.T) {
	for _, fn := range libraryDecls(t, "optimizers") {
		if fn.Kind != syntax.Optimizer {
			continue
		}
		calls := append([]string{fn.Name.Name + "()"}, optimizerSettings[fn.Name.Name]...)
		if hasParam(fn, "maximize") {
			calls = append(calls, fn.Name.Name+"(maximize: true)")
		} else {
			t.Errorf("%s has no argument maximize, which all optimizers share", fn.Name.Name)
		}
		for i, call := range calls {
			t.Run(call, func(t *testing.T) {
				s := newStepper(t, stepModel(t, call))
				start := s.p
				g := symbolic.NewTensor(stepSize)
				rnd := rand.New(rand.NewPCG(3, 4))
				for i := range g.Data {
					g.Data[i] = 1 + rnd.Float64()
				}
				for range 6 {
					s.update(g)
				}
				want := -1.0
				if i == len(calls)-1 {
					want = 1
				}
				for i, v := range s.p.Data {
					if moved := v - start.Data[i]; moved*want <= 0 {
						t.Errorf("element %d with gradient %g moved by %g in 6 steps, want the sign of %g", i, g.Data[i], moved, want)
					}
				}
			})
		}
	}
}

func hasParam(fn *syntax.FuncDecl, name string) bool {
	for _, p := range fn.Params {
		if p.Name.Name == name {
			return true
		}
	}
	return false
}

// TestLibrarySchedules runs every schedule as the rate of an optimizer: gradient descent moves p by exactly the rate, which is
// positive, at most the given one, and not always the same.
func TestLibrarySchedules(t *testing.T) {
	for _, fn := range libraryDecls(t, "schedules") {
		name := fn.Name.Name
		if scheduleCalls[name] == "" {
			t.Errorf("scheduleCalls has no call of %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := newStepper(t, stepModel(t, fmt.Sprintf("sgd(lr: %s)", scheduleCalls[name])))
			ones := symbolic.NewTensor(stepSize)
			for i := range ones.Data {
				ones.Data[i] = 1
			}
			rates := map[string]bool{}
			for range 6 {
				before := s.p.Data[0]
				s.update(ones)
				rate := before - s.p.Data[0]
				if rate < -1e-12 || rate > 0.1+1e-12 {
					t.Errorf("step %d: got rate %g, want it in [0, 0.1]", s.step, rate)
				}
				rates[fmt.Sprintf("%.6f", rate)] = true
			}
			if len(rates) < 2 {
				t.Error("the rate never changes")
			}
		})
	}
}

// TestLibraryInitialisers evaluates every initialiser for a weight and a bias.
func TestLibraryInitialisers(t *testing.T) {
	for _, fn := range libraryDecls(t, "init") {
		if !isInitialiser(fn) {
			continue
		}
		call := initialisers[fn.Name.Name]
		if call == "" {
			call = fn.Name.Name + "()"
		}
		t.Run(call, func(t *testing.T) {
			m := loadOne(t, fmt.Sprintf("model M {\n    input x [batch, 5]\n    param W [5, 4] = %s\n    param b [4] = %s\n    output p = x @ W + b\n}\n", call, call))
			for _, p := range m.Params {
				out, err := symbolic.Eval(p.Init, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				want := 1
				for _, d := range p.Shape {
					want *= d.Eval(nil)
				}
				if len(out[0].Data) != want {
					t.Errorf("%s: got %d elements, want %d", p.Path, len(out[0].Data), want)
				}
				for _, v := range out[0].Data {
					if math.IsNaN(v) || math.Abs(v) > 10 {
						t.Errorf("%s: got the initial value %g", p.Path, v)
					}
				}
			}
		})
	}
}
