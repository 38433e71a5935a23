// Package symbolic is nngen's algebra: expression graphs, the op table, derivatives, rewrite rules and a reference
// interpreter.
//
// A [Node] is an immutable operation on tensors, interned in a [Graph]: equal expressions are one pointer. What an op means
// is one row of the op table ([Info]): shape rule, derivative, meaning in float64, Go spelling, domain for tests.
// A [Func] is a closed set of results over parameter leaves. Sizes known only at run time are polynomials, [Dim].
//
// The package imports the standard library only. It knows neither the text of models nor Go printers: those are dsl and
// codegen.
package symbolic
