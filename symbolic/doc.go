// Package symbolic is nngen's algebra: expression graphs, the op table, derivatives, rewrite rules and a reference
// interpreter.
//
// A [Node] is an immutable operation on tensors, interned in a [Graph]: equal expressions are one pointer. What an op means
// is one row of the op table [Ops]: shape rule, derivative, meaning in float64, Go spelling, domain for tests.
// A [Func] is a closed set of results over parameter leaves. Sizes known only at run time are polynomials, [Dim].
//
// A model's forward Func goes through [Prepare], its loss through [Grad], both together through [Run], and [SplitFunc] cuts
// what comes out into the forward and the backward half of a training step. [Text] shows a Func at any stage, [ParseText] reads it
// back, [Verify] checks it, and [Eval] says what it is worth:
//
//	forward := Prepare(f, nil)
//	grads, err := Grad(g, forward.Results[0].Node, params, nil)
//	step := Run(&Func{Name: "step", Params: leaves, Results: both}, nil)
//	halves := SplitFunc("step", step.Results[:n], step.Results[n:], step.Params)
//
// Adding an op is a constant in op.go and a row in ops.go, and a case in the derivative tests unless it is elementwise;
// adding a rewrite is a line in rules.go, which the tests sample on both sides.
//
// The package imports the standard library only. It knows neither the text of models nor Go printers: those are dsl and
// codegen.
package symbolic
