// Which exported names does a model's Go get? Fields of its structs, unique among themselves and apart from the methods beside them.
package codegen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"

	"nngen/dsl"
	"nngen/symbolic"
)

// fieldNames are the Go names of what a model names, by kind: two names of the model that Go spells alike are told apart by a number.
type fieldNames struct{ inputs, sizes, outputs, metrics, hypers map[string]string }

// Methods and fields that generated structs have anyway.
var (
	dataNames    = []string{"Len", "Check", "Gather", "Slice"}
	metricNames  = []string{"Loss", "Names", "AppendTo"}
	trainerNames = []string{"Model", "Average", "Forward", "Backward", "Update", "Step", "Accumulate", "Apply", "Evaluate", "On", "Gradients", "Steps",
		"Capacity", "State", "NonFinite", "Forks", "Predict", "Publish", "PredictInto", "Version", "Snapshot", "CheckGradients", "Save", "Load"}
)

func newFieldNames(m *dsl.Model, sizes []*symbolic.Sym) *fieldNames {
	f := &fieldNames{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}}
	data := newNamer(dataNames...)
	for _, x := range m.Inputs {
		f.inputs[x.Name] = data.pickExported(camel(x.Name))
	}
	for _, s := range sizes {
		f.sizes[s.Name] = data.pickExported(camel(s.Name))
	}
	outputs := newNamer()
	for _, r := range m.Infer.Outputs {
		f.outputs[r.Name] = outputs.pickExported(camel(r.Name))
	}
	metrics := newNamer(metricNames...)
	for _, r := range m.Train.Metrics {
		f.metrics[r.Name] = metrics.pickExported(camel(r.Name))
	}
	trainer := newNamer(trainerNames...)
	hypers := m.Hypers
	if m.Optimizer != nil {
		hypers = append(append([]*dsl.Hyper(nil), m.Optimizer.Hypers...), hypers...) // LR keeps its name
	}
	for _, h := range hypers {
		f.hypers[h.Name] = trainer.pickExported(camel(h.Name))
	}
	return f
}

func (f *fieldNames) input(x *dsl.Input) string      { return f.inputs[x.Name] }
func (f *fieldNames) size(s *symbolic.Sym) string    { return f.sizes[s.Name] }
func (f *fieldNames) output(name string) string      { return f.outputs[name] }
func (f *fieldNames) metric(name string) string      { return f.metrics[name] }
func (f *fieldNames) hyper(name string) string       { return f.hypers[name] }
func (f *fieldNames) maxSize(s *symbolic.Sym) string { return "max" + f.sizes[s.Name] }

// A ModelError says what cannot be generated, and at which place of the model.
type ModelError struct {
	Code    string // of the diagnostic
	Pos     token.Pos
	Message string
}

// Codes of the diagnostics that only generation can find.
const (
	codeTwice = "E0203" // two declarations of one name
	codeModel = "E0222" // a model that makes no sense as a whole
)

// Error returns the message without the position.
func (e *ModelError) Error() string { return e.Message }

// unique returns an error when two models of one file give declarations of the same Go name, such as Foo and foo, or A with an input and
// AInput.
func unique(models []*dsl.Model, src []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("codegen: generated Go does not parse: %w", err)
	}
	seen := map[string]bool{}
	for _, d := range file.Decls {
		var names []string
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
		for _, n := range names {
			if seen[n] && n != "_" {
				return clash(models, n)
			}
			seen[n] = true
		}
	}
	return nil
}

// clash blames the last model whose Go names can include name.
func clash(models []*dsl.Model, name string) error {
	for i := len(models) - 1; i >= 0; i-- {
		for _, prefix := range []string{camel(models[i].Name), lower(models[i].Name), "New" + camel(models[i].Name)} {
			if len(name) >= len(prefix) && name[:len(prefix)] == prefix {
				return &ModelError{codeTwice, models[i].Pos, fmt.Sprintf("the models of this file declare %s twice in Go: rename %s", name, models[i].Name)}
			}
		}
	}
	return &ModelError{codeTwice, models[0].Pos, "the models of this file declare " + name + " twice in Go"}
}
