// Does the assembly of generated models do what its kernels say? Every kernel of every model at hand runs alone, with lengths and numbers of
// rows that no test of whole models has, against the interpreter of package lane's tests.
package codegen

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dave/jennifer/jen"
	"golang.org/x/tools/txtar"

	"nngen/codegen/lane"
	"nngen/dsl"
)

// TestKernels runs the kernels of all models.
func TestKernels(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("assembly is for amd64")
	}
	asm := lane.NewFile()
	table, entries := "package main\n", ""
	kernels := modelKernels(t)
	for _, k := range kernels {
		asm.Add(k)
		for _, m := range lane.Machines {
			table += fmt.Sprintf("\nfunc %s%s(%s)\n", k.Name, m, strings.Join(k.Arguments(), ", "))
			entries += fmt.Sprintf("\t%q: %s%s,\n", k.Name+m, k.Name, m)
		}
	}
	files := map[string]string{"table.go": table + "\nvar functions = map[string]any{\n" + entries + "}\n", "kernels.s": asm.Assembly("// Kernels of all models.", withAssembly)}
	driver, err := filepath.Glob("lane/testdata/kernels/*.go")
	if err != nil || len(driver) == 0 {
		t.Fatalf("no driver (%v)", err)
	}
	for _, name := range driver {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	if exe, message := goBuild(t, files, "vet"); exe == "" {
		t.Errorf("go vet: %s", message)
	}
	exe, message := goBuild(t, files, "build")
	if exe == "" {
		t.Fatalf("go build: %s", message)
	}
	var described bytes.Buffer
	if err := gob.NewEncoder(&described).Encode(kernels); err != nil {
		t.Fatal(err)
	}
	input := filepath.Join(t.TempDir(), "kernels.gob")
	if err := os.WriteFile(input, described.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(exe, input).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, l := range lines[:len(lines)-1] {
		t.Error(l)
	}
	last := lines[len(lines)-1]
	t.Log(last)
	if !strings.HasPrefix(last, fmt.Sprintf("%d kernels on ", len(kernels))) {
		t.Errorf("the last line is %q", last)
	}
}

// modelKernels returns the kernels of the models of tests and examples, each with a name of its own, the first of equal ones.
func modelKernels(t *testing.T) []*lane.Kernel {
	t.Helper()
	sources := map[string][]byte{}
	var names []string
	add := func(name string, src []byte) {
		names = append(names, name)
		sources[name] = src
	}
	for _, pattern := range []string{"testdata/models/*.nn", "../examples/*/*.nn", "testdata/dumps/*.txtar"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: nothing there (%v)", pattern, err)
		}
		for _, name := range found {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, ".txtar") {
				add(name, src)
				continue
			}
			for _, f := range txtar.Parse(src).Files {
				if strings.HasSuffix(f.Name, ".nn") {
					add(name+"/"+f.Name, f.Data)
				}
			}
		}
	}
	for _, m := range modelSources { // the same in float64
		src := string(sources["testdata/models/"+m[0]])
		add(m[0]+" in float64", []byte(strings.NewReplacer(inFloat64(m[1])...).Replace(src)))
	}
	known := map[string]bool{}
	var kernels []*lane.Kernel
	for _, name := range names {
		pkg, list := dsl.Load(dsl.Options{}, filepath.Base(name), sources[name])
		if list.HasErrors() {
			t.Fatalf("%s: %v", name, list)
		}
		vectors := newVectorFile(Config{Package: "main", Source: "m.nn"})
		for _, m := range pkg.Models {
			if err := generateModel(jen.NewFile("main"), m, Config{Package: "main", Source: "m.nn"}, vectors, nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, k := range vectors.kernels {
			key := k.Key()
			if known[key] {
				continue
			}
			known[key] = true
			withArguments(k)
			k.Name = fmt.Sprintf("k%d%s", len(kernels), camel(k.Name))
			kernels = append(kernels, k)
		}
	}
	return kernels
}

// withArguments makes a kernel take as arguments what it finds in the frame of a model, which is another struct for every model.
func withArguments(k *lane.Kernel) {
	if k.Frame == "" {
		return
	}
	k.Frame = ""
	argument := func(c *lane.Count) {
		if c.Field != "" {
			*c = lane.Count{Arg: "size" + c.Field}
		}
	}
	for i := range k.Outer {
		argument(&k.Outer[i])
	}
	for i := range k.Stages {
		argument(&k.Stages[i].Inner)
	}
	for i := range k.Numbers {
		k.Numbers[i].Name = fmt.Sprintf("number%d", i)
	}
	for i := range k.Operands {
		o := &k.Operands[i]
		o.Name, o.Base = fmt.Sprintf("operand%d", i), lane.Count{}
		for j := range o.Steps {
			argument(&o.Steps[j])
		}
	}
}
