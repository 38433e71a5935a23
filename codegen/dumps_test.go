// What does every stage of the compiler make of a few small models? One archive holds all dumps of a model, so that a change anywhere
// shows what it does to all that follows.
package codegen

import (
	"bytes"
	"go/token"
	"os/exec"
	"strings"
	"testing"

	"nngen/dsl"
	"nngen/dsl/syntax"
	"nngen/internal/golden"
	"nngen/symbolic"
)

// usesMain is the program that runs the use.go of all archives.
const usesMain = `package main

import (
	"fmt"
	"os"
)

var uses []func() bool

func use(name string, f func() error) {
	uses = append(uses, func() bool {
		err := f()
		if err != nil {
			fmt.Println(name+":", err)
		}
		return err == nil
	})
}

func main() {
	for _, f := range uses {
		if !f() {
			defer os.Exit(1)
		}
	}
}
`

// TestDumps compares the stages as `nngen dump` prints them. The text must be the same each time, the graphs must be read back, and the
// Go of all models must compile as one package, in which the archives' use.go train and predict.
func TestDumps(t *testing.T) {
	generated := map[string]string{"main.go": usesMain}
	golden.Run(t, "testdata/dumps/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		src := c.Read("in.nn")
		dumps := dumpAll(t, src)
		again := dumpAll(t, src)
		for stage, text := range dumps {
			if text == "" {
				t.Errorf("the dump of %s is empty", stage)
			}
			if again[stage] != text {
				t.Errorf("the dump of %s differs the second time", stage)
			}
		}
		for _, stage := range []string{"graph", "grad", "opt"} {
			readBack(t, stage, dumps[stage])
		}
		for name, text := range generatedFiles(t, src, c.Name) {
			if strings.HasSuffix(name, "_nn.go") && text != dumps["go"] {
				t.Error("the dump of go is not what is generated")
			}
			generated[name] = text
		}
		generated[c.Name+"_use.go"] = string(c.Read("use.go"))
		return dumps
	})
	if t.Failed() {
		return
	}
	exe, message := goBuild(t, generated, "build")
	if exe == "" {
		t.Fatalf("the generated Go does not compile:\n%s", message)
	}
	if out, err := exec.Command(exe).CombinedOutput(); err != nil {
		t.Errorf("the generated models do not work: %v\n%s", err, out)
	}
}

// generatedFiles generates the only model of src as files that begin with name.
func generatedFiles(t *testing.T, src []byte, name string) map[string]string {
	t.Helper()
	pkg, list := dsl.Load(dsl.Options{}, "in.nn", src)
	if list.HasErrors() {
		t.Fatal(list.Err(pkg.Fset, pkg.Sources))
	}
	files, err := Generate(pkg.Models, Config{Package: "main", Source: "in.nn", Fset: pkg.Fset})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[name+strings.TrimPrefix(f.Name, "in")] = string(f.Data)
	}
	return out
}

// dumpAll returns the text of every stage of a file with one model.
func dumpAll(t *testing.T, src []byte) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	tokens, _, _ := syntax.Scan(fset, "in.nn", src)
	tree, _ := syntax.Parse(token.NewFileSet(), "in.nn", src)
	var scanned, parsed bytes.Buffer
	if err := syntax.WriteTokens(&scanned, fset, tokens); err != nil {
		t.Fatal(err)
	}
	if err := syntax.Dump(&parsed, tree); err != nil {
		t.Fatal(err)
	}
	pkg, list := dsl.Load(dsl.Options{}, "in.nn", src)
	if len(list) > 0 || len(pkg.Models) != 1 {
		t.Fatalf("got %d models, want 1: %v", len(pkg.Models), list.Err(pkg.Fset, pkg.Sources))
	}
	m := pkg.Models[0]
	dumps := map[string]string{"tokens": scanned.String(), "ast": parsed.String(), "model": dsl.DumpModel(m)}
	cfg := Config{Package: "main", Source: "in.nn", Fset: pkg.Fset}
	for _, stage := range Stages {
		text, err := Dump(m, cfg, stage)
		if err != nil {
			t.Fatalf("%s: %v", stage, err)
		}
		dumps[stage] = text
	}
	return dumps
}

// readBack checks that a dump of graphs parses to valid Funcs, all that it shows.
func readBack(t *testing.T, stage, text string) {
	t.Helper()
	funcs, err := symbolic.ParseText(symbolic.NewGraph(), text)
	if err != nil {
		t.Errorf("%s cannot be read back: %v", stage, err)
		return
	}
	if want := strings.Count("\n"+text, "\nfunc "); len(funcs) != want {
		t.Errorf("%s: read back %d Funcs, want %d", stage, len(funcs), want)
	}
	for _, f := range funcs {
		if err := symbolic.Verify(f); err != nil {
			t.Errorf("%s: %s read back is wrong: %v", stage, f.Name, err)
		}
	}
}
