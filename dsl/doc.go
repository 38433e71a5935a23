// Package dsl turns the text of .nn files into checked models.
//
// [Load] parses a file and what it imports (package syntax), resolves every name (resolve.go), and elaborates each model:
// one abstract interpreter walks the syntax tree, checks it and builds the symbolic graph at once, because control flow is
// at generate time and functions are polymorphic in shapes. Shapes live in the graph and nowhere else.
//
// What an expression may be is in value.go, what a name means in scope.go. A func is elaborated at each call; a layer call
// becomes a call of a symbolic.Func, made once for equal arguments (layer.go). Nearly everything a model calls is library
// text in std/*.nn; the few intrinsic functions are the tables builtin_*.go.
//
// After an error an expression is worth poison, which silences everything computed from it, so that one run reports all
// independent errors of a file. Every code has a page in errors/, see [Explain].
package dsl
