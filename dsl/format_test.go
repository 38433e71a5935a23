// Are the examples in the form that `nngen fmt` gives them?

package dsl

import (
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nngen/dsl/syntax"
)

// TestExamplesAreFormatted reads the models of the examples; the library's own text is checked by
// TestLibraryIsFormattedAndDocumented.
func TestExamplesAreFormatted(t *testing.T) {
	files, err := filepath.Glob("../examples/*/*.nn")
	if err != nil || len(files) < 4 {
		t.Fatalf("got the examples %q, %v, want at least 4", files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		formatted, list := syntax.Format(token.NewFileSet(), file, src)
		if len(list) > 0 {
			t.Errorf("%s has syntax errors: %s", file, list[0].Message)
			continue
		}
		if diff := cmp.Diff(string(src), string(formatted)); diff != "" {
			t.Errorf("%s is not formatted, mend it with `go run ./cmd/nngen fmt -w` (-got +want):\n%s", file, diff)
		}
	}
}
