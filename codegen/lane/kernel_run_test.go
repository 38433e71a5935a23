package lane

// This file answers: do printed kernels do what they say? Tests describe kernels; all of a test are assembled into the program of
// testdata/kernels, which runs them on every instruction set of the machine and compares with an interpreter.

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestKernels runs every primitive, every length of a reduction, and random kernels of all forms.
func TestKernels(t *testing.T) {
	m := &kernelMaker{}
	m.primitives()
	m.reductions()
	seeds := uint64(24)
	if testing.Short() {
		seeds = 6
	}
	for form := range forms {
		for seed := range seeds {
			m.random(form, seed)
		}
	}
	checkKernels(t, m.kernels, 0.4)
}

// checkKernels runs kernels with many arguments. At least the given share of what they compute must be ordinary numbers, which tell more than
// infinities do.
func checkKernels(t *testing.T, kernels []*Kernel, share float64) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("assembly is for amd64")
	}
	dir := t.TempDir()
	asm := NewFile()
	table := "package main\n"
	entries := ""
	var printed []*Kernel
	for _, k := range kernels {
		if err := add(asm, k); err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		printed = append(printed, k)
		if k.Frame != "" {
			table += "\n" + k.structText()
		}
		for _, m := range Machines {
			table += fmt.Sprintf("\nfunc %s%s(%s)\n", k.Name, m, strings.Join(k.Arguments(), ", "))
			entries += fmt.Sprintf("\t%q: %s%s,\n", k.Name+m, k.Name, m)
		}
	}
	var described bytes.Buffer
	if err := gob.NewEncoder(&described).Encode(printed); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"table.go":     table + "\nvar functions = map[string]any{\n" + entries + "}\n",
		"kernels.gob":  described.String(),
		"kernels.s":    asm.Assembly("// Kernels of a test.", "amd64"),
		"overlay.json": "",
	}
	pkg, err := filepath.Abs("testdata/kernels")
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]string{}
	for _, name := range []string{"table.go", "kernels.s"} {
		overlay[filepath.Join(pkg, name)] = filepath.Join(dir, name)
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	files["overlay.json"] = string(text)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(dir, "kernels.exe")
	if out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", exe, "./testdata/kernels").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(exe, filepath.Join(dir, "kernels.gob")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, l := range lines[:len(lines)-1] {
		t.Error(l)
	}
	last := lines[len(lines)-1]
	t.Log(last)
	var elements, plain int
	if at := strings.Index(last, "failed, "); at < 0 {
		t.Errorf("no summary: %s", last)
	} else if _, err := fmt.Sscanf(last[at:], "failed, %d elements, %d plain", &elements, &plain); err != nil || float64(plain) < share*float64(elements) {
		t.Errorf("%d of %d elements are ordinary numbers, want a share of %g (%v)", plain, elements, share, err)
	}
	show(t, files["kernels.s"], lines)
}

// structText declares the struct that holds what a kernel reads.
func (k *Kernel) structText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "type %s struct {\n", k.Frame)
	known := map[string]bool{}
	count := func(c Count) {
		if c.Field != "" && !known[c.Field] {
			known[c.Field] = true
			fmt.Fprintf(&b, "\t%s int\n", c.Field)
		}
	}
	for _, n := range k.Numbers {
		fmt.Fprintf(&b, "\t%s %s\n", n.Name, goType(n.Type, k.Size))
	}
	for _, o := range k.Operands {
		if o.Turn == nil {
			fmt.Fprintf(&b, "\t%s []%s\n", o.Name, goType(o.Type, k.Size))
		}
		count(o.Base)
		for _, c := range o.Steps {
			count(c)
		}
	}
	for _, c := range k.Outer {
		count(c)
	}
	for _, st := range k.Stages {
		count(st.Inner)
	}
	return b.String() + "}\n"
}

// show writes the assembly of failed kernels to the folder named by NNGEN_SHOW.
func show(t *testing.T, text string, lines []string) {
	dir := os.Getenv("NNGEN_SHOW")
	if dir == "" || !t.Failed() {
		return
	}
	for _, l := range lines {
		name, _, _ := strings.Cut(l, ":")
		for _, m := range Machines {
			if at := strings.Index(text, "TEXT ·"+name+m+"("); at >= 0 {
				body := text[at:]
				if end := strings.Index(body, "\n\tRET"); end >= 0 {
					body = body[:end+6]
				}
				if err := os.WriteFile(filepath.Join(dir, name+m+".s"), []byte(body), 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// add prints k; what panics is an error.
func add(asm *File, k *Kernel) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	asm.Add(k)
	return nil
}
