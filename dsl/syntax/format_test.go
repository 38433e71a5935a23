// Does the formatter keep its promises: same tree, same comments, and nothing left to do the second time?

package syntax

import (
	"go/token"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nngen/internal/golden"
)

// checkFormat formats src and checks the result; false when src does not parse.
func checkFormat(t testing.TB, src []byte) (string, bool) {
	t.Helper()
	fset := token.NewFileSet()
	out, diags := Format(fset, "in.nn", src)
	before, want := Parse(fset, "in.nn", src)
	if want.HasErrors() != diags.HasErrors() || want.HasErrors() != (out == nil) {
		t.Fatalf("Parse reports %d diagnostics, Format %d, result nil: %t\n%s", len(want), len(diags), out == nil, src)
	}
	if out == nil {
		return "", false
	}
	after, diags := Parse(fset, "out.nn", out)
	if diags.HasErrors() {
		t.Fatalf("the formatted file does not parse:\n%s\n%s", render(t, fset, "out.nn", out, diags), out)
	}
	if diff := cmp.Diff(dump(t, before), dump(t, after)); diff != "" {
		t.Fatalf("formatting changed the tree (-before +after):\n%s\n%s", diff, out)
	}
	if diff := cmp.Diff(commentTexts(before), commentTexts(after)); diff != "" {
		t.Fatalf("formatting changed the comments (-before +after):\n%s\n%s", diff, out)
	}
	again, _ := Format(fset, "out.nn", out)
	if diff := cmp.Diff(string(out), string(again)); diff != "" {
		t.Fatalf("formatting twice differs (-once +twice):\n%s", diff)
	}
	return string(out), true
}

func commentTexts(f *File) []string {
	var texts []string
	for _, c := range f.Comments {
		texts = append(texts, c.Text)
	}
	return texts
}

func TestFormat(t *testing.T) {
	golden.Run(t, "testdata/format/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		out, ok := checkFormat(t, c.Read("in.nn"))
		if !ok {
			t.Fatal("the input does not parse")
		}
		return map[string]string{"out.nn": out}
	})
}
