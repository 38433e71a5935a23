// How does generated text look? As gofmt and go vet want it, of one size for any number of equal layers, without long functions, and the same
// every time.
package codegen

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"math"
	"testing"

	"nngen/dsl"
)

// TestModelText: what is generated is as gofmt and go vet want it, with a trainer and without.
func TestModelText(t *testing.T) {
	models := testModels(t)
	if exe, message := goBuild(t, modelFiles(t, models), "vet"); exe == "" {
		t.Errorf("go vet: %s", message)
	}
	predict := map[string]string{"main.go": "package main\n\nfunc main() {}\n"}
	for _, m := range models {
		files, err := Generate([]*dsl.Model{m.model}, Config{Package: "main", Source: lower(m.name) + ".nn", Predict: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range [][]byte{m.code, files[0].Data} {
			if clean, err := format.Source(code); err != nil || !bytes.Equal(clean, code) {
				t.Errorf("%s: gofmt would change it (%v)", m.name, err)
			}
		}
		if bytes.Contains(files[0].Data, []byte("Trainer")) {
			t.Errorf("%s: a file for prediction only mentions the trainer", m.name)
		}
		for _, f := range files {
			predict[f.Name] = string(f.Data)
		}
	}
	if exe, message := goBuild(t, predict, "vet"); exe == "" {
		t.Errorf("go vet of files for prediction only: %s", message)
	}
}

// TestDeepModels: 4 and 48 equal layers become files of nearly one size, and no function gets long.
func TestDeepModels(t *testing.T) {
	for _, name := range []string{"tower", "blocks"} {
		m4 := loadModel(t, name+".nn")
		m48 := loadModel(t, name+".nn", deep(m4.name)...)
		a, b := len(m4.code), len(m48.code)-bytes.Count(m48.code, []byte(m48.name))*2-bytes.Count(m48.code, []byte(lower(m48.name)))*2
		if d := math.Abs(float64(b-a)) / float64(a); d > 0.05 {
			t.Errorf("%s: %d bytes for 4 layers, %d for 48: %.1f %% apart, want less than 5 %%", name, a, b, 100*d)
		}
		for _, m := range []*testModel{m4, m48} {
			if f, n := longest(t, m.code); n > 2000 {
				t.Errorf("%s: %s has %d statements, want at most 2000", m.name, f, n)
			}
		}
	}
}

// longest returns the function with the most statements.
func longest(t *testing.T, code []byte) (name string, most int) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := 0
		ast.Inspect(f.Body, func(x ast.Node) bool {
			if _, ok := x.(ast.Stmt); ok {
				n++
			}
			return true
		})
		if n > most {
			name, most = f.Name.Name, n
		}
	}
	return name, most
}

// TestSameModels generates every model again from its text: not a byte may differ.
func TestSameModels(t *testing.T) {
	first := testModels(t)
	for range 2 {
		for i, m := range testModels(t) {
			if !bytes.Equal(m.code, first[i].code) {
				t.Errorf("%s: two generations differ", m.name)
			}
		}
	}
}
