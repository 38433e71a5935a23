// Which of our arguments did an author mean who brings names from PyTorch or Keras, or who writes the beginning of one?
package dsl

import (
	"slices"
	"strings"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// foreignArguments are names of arguments in PyTorch, Keras and JAX with ours. They count only where the function has the argument meant;
// several stand for the elements of a list.
var foreignArguments = map[string][]string{
	"learning_rate":      {"lr"},
	"step_size":          {"lr"},
	"betas":              {"beta1", "beta2"},
	"epsilon":            {"eps"},
	"wd":                 {"weight_decay"},
	"rho":                {"alpha"},
	"activation":         {"act"},
	"units":              {"m"},
	"out_features":       {"m"},
	"use_bias":           {"bias"},
	"kernel_initializer": {"init"},
	"bias_initializer":   {"bias_init"},
	"num_embeddings":     {"vocab"},
	"input_dim":          {"vocab"},
	"embedding_dim":      {"d"},
	"output_dim":         {"d"},
	"p":                  {"rate"},
	"negative_slope":     {"slope"},
	"label_smoothing":    {"smoothing"},
	"dim":                {"axis"},
	"keepdim":            {"keep"},
	"keepdims":           {"keep"},
	"mask":               {"where"},
}

// foreignParameters are the last parts of paths in PyTorch and Keras, with those of layers of the library.
var foreignParameters = map[string]string{"weight": "W", "kernel": "W", "bias": "b"}

// suggestArgument says which of names an argument a was meant to be; where none is near, what there is: "arguments" or "settings". Only a
// rewritable argument is where the mistake stands.
func suggestArgument(d *diag.Diagnostic, a *syntax.Arg, names []string, what string, rewritable bool) {
	name := a.Name.Name
	meant := foreignArguments[name]
	if slices.ContainsFunc(meant, func(m string) bool { return !slices.Contains(names, m) }) {
		meant = nil
	}
	if meant == nil {
		if near := nearArgument(name, names); near != "" {
			meant = []string{near}
		}
	}
	switch {
	case !rewritable || meant == nil:
		d.Help("its " + what + " are " + strings.Join(names, ", "))
	case len(meant) == 1:
		d.Help("did you mean "+meant[0]+"?", diag.Edit{Pos: a.Name.Pos(), End: a.Name.End(), New: meant[0]})
	default:
		d.Help("write "+joined(meant)+" each by itself", apart(a, meant)...)
	}
}

// apart rewrites `betas: [a, b]` as `beta1: a, beta2: b`; nil where the value is no such list.
func apart(a *syntax.Arg, names []string) []diag.Edit {
	list, ok := a.Value.(*syntax.List)
	if !ok || len(list.Elems) != len(names) {
		return nil
	}
	var edits []diag.Edit
	at, before := a.Pos(), ""
	for i, x := range list.Elems {
		edits = append(edits, diag.Edit{Pos: at, End: x.Pos(), New: before + names[i] + ": "})
		at, before = x.End(), ", "
	}
	return append(edits, diag.Edit{Pos: at, End: a.End()})
}

// nearArgument returns the one name that begins with the given one, or that is nearest by spelling; "" when none is near.
func nearArgument(name string, names []string) string {
	var longer []string
	for _, n := range names {
		if len(name) > 1 && strings.HasPrefix(n, name) {
			longer = append(longer, n)
		}
	}
	if len(longer) == 1 {
		return longer[0]
	}
	return diag.Closest(name, names)
}

// nearPattern returns a pattern near to one that no path matches: its parts with anything before them, ours for those of other libraries, or
// the path that is nearest by spelling.
func nearPattern(pattern string, paths []string) string {
	front, last := "", pattern
	if i := strings.LastIndex(pattern, "."); i >= 0 {
		front, last = pattern[:i+1], pattern[i+1:]
	}
	tries := []string{"*." + pattern}
	if ours := foreignParameters[last]; ours != "" {
		tries = append(tries, front+ours, "*."+front+ours) // h.weight, or the end of a longer path
	}
	for _, try := range tries {
		if slices.ContainsFunc(paths, func(path string) bool { return matchPath(try, path) }) {
			return try
		}
	}
	return diag.Closest(pattern, paths)
}
