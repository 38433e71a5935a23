package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file holds the import order of the repository as data, and the few limits of style that a program can check.

// layers lists every package with all that it may import besides the standard library: packages of this module by their
// path in it, others by module path. "..." at the end of a name covers the packages below it. Tests are not counted: a
// test may look at any package.
var layers = []struct{ pkg, may string }{
	{"symbolic", ""},
	{"dsl/diag", ""},
	{"dsl/syntax", "dsl/diag"},
	{"dsl", "symbolic dsl/diag dsl/syntax golang.org/x/tools"},
	{"codegen/lane", ""},
	{"codegen", "symbolic dsl dsl/diag codegen/lane github.com/dave/jennifer golang.org/x/tools"},
	{"cmd/nngen", "symbolic dsl dsl/diag dsl/syntax codegen github.com/spf13/cobra github.com/rogpeppe/go-internal golang.org/x/tools"},
	{"runtime/safetensors", ""},
	{"runtime", "runtime/safetensors golang.org/x/sys"},
	{"runtime/data", "runtime"},
	{"runtime/progress", "runtime github.com/schollz/progressbar golang.org/x/term"},
	{"runtime/nncheck", "runtime"},
	{"internal/golden", "github.com/google/go-cmp golang.org/x/tools"},
	{"internal/truth", ""},
	{"internal/truth/driver", "runtime"},
	{"codegen/internal/models/...", "runtime"},
	{"examples/...", "runtime runtime/data runtime/progress golang.org/x/sys"},
}

// What generated code may import besides the standard library, wherever it lies: programs and their tests.
const (
	generatedMay      = "nngen/runtime"
	generatedTestsMay = "nngen/runtime/nncheck"
)

// longFiles may exceed maxLines: tables and the parser.
var longFiles = []string{"symbolic/ops.go", "dsl/syntax/parse.go"}

const maxLines = 700

// listed is what `go list -json` says about one package.
type listed struct {
	ImportPath, Dir, Name, Doc           string
	GoFiles, TestGoFiles, IgnoredGoFiles []string
	Imports                              []string
}

// listPackages returns all packages of the module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Name,Doc,GoFiles,TestGoFiles,IgnoredGoFiles,Imports", "./...")
	cmd.Dir = repoRoot(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		pkgs = append(pkgs, p)
	}
}

// repoRoot is the folder with go.mod.
func repoRoot(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// isStd reports whether an import path belongs to the standard library: its first element has no dot, and it is not ours.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != "nngen" && !strings.Contains(first, ".")
}

// allows reports whether the list may names the imported path: exactly for packages of this module, by module for others.
func allows(may, path string) bool {
	for m := range strings.FieldsSeq(may) {
		if path == "nngen/"+m || path == m || strings.Contains(m, ".") && strings.HasPrefix(path, m+"/") {
			return true
		}
	}
	return false
}

// layerOf finds the row of layers for a package of this module.
func layerOf(pkg string) (may string, ok bool) {
	for _, l := range layers {
		prefix, below := strings.CutSuffix(l.pkg, "...")
		if pkg == l.pkg || below && strings.HasPrefix(pkg, prefix) {
			return l.may, true
		}
	}
	return "", false
}

func TestImportOrder(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.Name == "" {
			continue // a folder of testdata or one that holds only tests
		}
		pkg := strings.TrimPrefix(p.ImportPath, "nngen/")
		may, ok := layerOf(pkg)
		if !ok {
			t.Errorf("package %s has no row in layers: say what it may import", pkg)
			continue
		}
		for _, imp := range p.Imports {
			if !isStd(imp) && !allows(may, imp) {
				t.Errorf("%s imports %s, which it may not (allowed besides the standard library: %q)", pkg, imp, may)
			}
		}
	}
}

// TestImportPolicy checks the checker: the rules that matter most must reject what they are for.
func TestImportPolicy(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		want     bool
	}{
		{"symbolic", "nngen/dsl", false},
		{"dsl/diag", "nngen/dsl/syntax", false},
		{"dsl/syntax", "nngen/dsl", false},
		{"dsl", "nngen/codegen", false},
		{"codegen", "nngen/runtime", false},
		{"codegen", "github.com/dave/jennifer/jen", true},
		{"runtime", "nngen/symbolic", false},
		{"runtime", "golang.org/x/sys/cpu", true},
		{"runtime", "golang.org/x/sysother", false},
		{"runtime", "github.com/schollz/progressbar/v3", false},
		{"runtime/progress", "github.com/schollz/progressbar/v3", true},
		{"runtime/nncheck", "nngen/codegen", false},
		{"examples/xor", "nngen/runtime", true},
		{"examples/xor", "nngen/runtime/nncheck", false},
		{"examples/xor", "nngen/dsl", false},
	} {
		may, ok := layerOf(c.pkg)
		if !ok {
			t.Errorf("%s has no row", c.pkg)
		}
		if got := allows(may, c.imp); got != c.want {
			t.Errorf("%s may import %s: got %v, want %v", c.pkg, c.imp, got, c.want)
		}
	}
}

// TestGeneratedImports checks each generated file by itself, because its package may hold hand-written files that use more.
func TestGeneratedImports(t *testing.T) {
	for _, p := range listPackages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, p.TestGoFiles) {
			path := filepath.Join(p.Dir, name)
			if !isGenerated(t, path) {
				continue
			}
			may := generatedMay
			if slices.Contains(p.TestGoFiles, name) {
				may = generatedTestsMay
			}
			for _, imp := range fileImports(t, path) {
				if !isStd(imp) && imp != may {
					t.Errorf("%s/%s imports %s; generated code imports the standard library and %s only", p.ImportPath, name, imp, may)
				}
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.Name == "" || len(p.GoFiles) == 0 {
			continue
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

func TestFileLength(t *testing.T) {
	root := repoRoot(t)
	for _, p := range listPackages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			path := filepath.Join(p.Dir, name)
			rel, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			if isGenerated(t, path) || slices.Contains(longFiles, filepath.ToSlash(rel)) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(text, []byte("\n")); n > maxLines {
				t.Errorf("%s has %d lines, more than %d: a file answers one question", rel, n, maxLines)
			}
		}
	}
}

// isGenerated reports whether the file begins with the header that the go command knows.
func isGenerated(t *testing.T, path string) bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(line, " DO NOT EDIT.")
}

// fileImports returns the import paths of one file.
func fileImports(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range f.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", path, err))
		}
		out = append(out, imp)
	}
	return out
}
