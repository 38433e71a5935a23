// Do wrong files get the errors they deserve, all of them, and do the fixes fix?

package syntax

import (
	"go/token"
	"strings"
	"testing"

	"nngen/dsl/diag"
	"nngen/internal/golden"
)

// TestErrors checks the diagnostics of each archive as a person sees them, and what the file is after all fixes.
func TestErrors(t *testing.T) {
	seen := map[string]bool{}
	golden.Run(t, "testdata/errors/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		src := c.Read("in.nn")
		fset := token.NewFileSet()
		file, diags := Parse(fset, "in.nn", src)
		checkTree(t, fset, src, file)
		checkDiagnostics(t, fset, fset.File(file.Pos()), src, diags)
		if len(diags) == 0 {
			t.Fatal("got no diagnostics")
		}
		for _, d := range diags {
			seen[d.Code] = true
		}
		return map[string]string{"err": render(t, fset, "in.nn", src, diags), "fixed.nn": fixed(t, fset, src, diags)}
	})
	for _, code := range []string{diag.NestedTooDeep, diag.TooLarge} {
		seen[code] = true // TestLimits
	}
	for _, code := range diag.Codes() {
		if strings.HasPrefix(code, "E01") && !seen[code] {
			t.Errorf("no case reports %s", code)
		}
	}
}

// fixed applies the fixes of all diagnostics that have edits, and checks that each, applied alone, removes its error and
// adds none.
func fixed(t *testing.T, fset *token.FileSet, src []byte, list diag.List) string {
	var fixes []*diag.Fix
	for _, d := range list {
		if d.Fix == nil || len(d.Fix.Edits) == 0 {
			continue
		}
		fixes = append(fixes, d.Fix)
		after := diag.Apply(fset.File(d.Pos), src, d.Fix)
		again := token.NewFileSet()
		_, left := Parse(again, "in.nn", after)
		if got, want := len(left), len(list); got >= want {
			t.Errorf("the fix of %s %q leaves %d of %d errors:\n%s", d.Code, d.Message, got, want, render(t, again, "in.nn", after, left))
		}
	}
	return string(diag.Apply(fset.File(list[0].Pos), src, fixes...))
}

func TestLimits(t *testing.T) {
	for _, test := range []struct{ name, src, code string }{
		{"parentheses", "const n = " + strings.Repeat("(", 2000) + "1" + strings.Repeat(")", 2000), diag.NestedTooDeep},
		{"sum", "const n = 1" + strings.Repeat(" + 1", 2000), diag.NestedTooDeep},
		{"signs", "const n = " + strings.Repeat("-", 2000) + "1", diag.NestedTooDeep},
		{"powers", "const n = 1" + strings.Repeat("^1", 2000), diag.NestedTooDeep},
		{"calls", "const n = f" + strings.Repeat("()", 2000), diag.NestedTooDeep},
		{"lambdas", "const n = " + strings.Repeat("x => ", 2000) + "1", diag.NestedTooDeep},
		{"blocks", "func f(x [n]) [n] {" + strings.Repeat("if a {", 2000) + strings.Repeat("}", 2000) + "}", diag.NestedTooDeep},
		{"else if", "func f(x [n]) [n] {" + strings.Repeat("if a {} else ", 2000) + "{}}", diag.NestedTooDeep},
		{"size", strings.Repeat("\n", MaxFileSize+1), diag.TooLarge},
	} {
		fset := token.NewFileSet()
		_, diags := Parse(fset, "in.nn", []byte(test.src))
		if len(diags) == 0 || diags[0].Code != test.code {
			t.Errorf("%s: got %d diagnostics, want the first to be %s", test.name, len(diags), test.code)
		}
	}
	fset := token.NewFileSet()
	if _, diags := Parse(fset, "in.nn", []byte(strings.Repeat("x ** \n", 5000))); len(diags) != maxErrors {
		t.Errorf("a file of errors: got %d diagnostics, want %d", len(diags), maxErrors)
	}
	deep := "const n = 1" + strings.Repeat(" + 1", MaxNesting-2)
	if _, diags := Parse(fset, "in.nn", []byte(deep)); len(diags) > 0 {
		t.Errorf("a sum of %d terms: got %q, want no error", MaxNesting-1, diags[0].Message)
	}
}
