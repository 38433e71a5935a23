package main

// This file answers: what comes after the checker? It runs the code generator and turns what it has against a model into
// diagnostics like any other.

import (
	"errors"
	"fmt"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/dsl/diag"
	"nngen/symbolic"
)

// codeNoDerivative is the diagnostic for a path from a parameter to the loss that has no derivative. Derivatives are taken
// after the checker is done, so it is found here.
const codeNoDerivative = "E0501"

// compile generates the models of a package. What is wrong with the model comes back as diagnostics.
func compile(pkg *dsl.Package, cfg codegen.Config) ([]codegen.File, diag.List, error) {
	cfg.Fset = pkg.Fset
	files, err := codegen.Generate(pkg.Models, cfg)
	if list := locate(err); list != nil {
		return nil, list, nil
	}
	return files, nil, err
}

// locate turns an error that has a place in the model into a diagnostic; nil when it has none.
func locate(err error) diag.List {
	var list diag.List
	var grad *symbolic.GradError
	var model *codegen.ModelError
	switch {
	case errors.As(err, &grad) && grad.Pos.IsValid():
		list.Errorf(codeNoDerivative, grad.Pos, grad.Pos, "%s", grad.Message)
	case errors.As(err, &model):
		list.Errorf(model.Code, model.Pos, model.Pos, "%s", model.Message)
	}
	return list
}

// verdict says what a file without errors holds.
func verdict(pkg *dsl.Package, list diag.List) string {
	text := "no model, no errors"
	if len(pkg.Models) > 0 {
		text = "ok: " + describe(pkg.Models)
	}
	switch n := len(list); n {
	case 0:
		return text
	case 1:
		return text + "; 1 warning"
	default:
		return fmt.Sprintf("%s; %d warnings", text, n)
	}
}
