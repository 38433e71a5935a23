package main

// This file answers: how does `nngen gen` go from sources to files in a package?

import (
	"fmt"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/dsl/diag"
)

// genFlags are the flags of `nngen gen`.
type genFlags struct {
	compileFlags
	out, pkg, emit string
	check, asm     bool
	tests          bool
}

// newGen builds the command. Its flags are the root's too.
func newGen() *cobra.Command {
	var f genFlags
	cmd := &cobra.Command{
		Use:   "gen [flags] FILE.nn...",
		Short: "Generate Go files from models",
		Long: `Gen checks each model file and writes the Go code for it: digits.nn becomes digits_nn.go in the same folder, and
digits_nn_amd64.s with its declarations, the same loops in vector assembly (AVX2 and AVX-512) for processors that have it.
A file is written only when it changes, as a whole, and files that the same source generated before but does not any more
are removed. Nothing is written when a model has errors.

With --tests, digits_nn_test.go checks the model itself on random data of its shapes: gradients against finite differences, no allocation
in a step or a prediction, the same bits for any number of workers, vector instructions against portable Go; and benchmarks.
A test file that is there is kept up to date without it; --tests=false removes it.

The package is the one that the folder's Go files belong to, else GOPACKAGE as set by go generate, else the folder's name.`,
		Example: `  nngen gen digits.nn
  nngen gen --out internal/net --package net digits.nn
  nngen gen -D hidden=64 digits.nn
  nngen gen --emit predict digits.nn  for a service that only predicts: no trainer is built or linked
  nngen gen --asm=false digits.nn     Go alone, such as for a package that uses cgo
  nngen gen --tests digits.nn         also digits_nn_test.go, for go test
  nngen gen --check .                 in continuous integration: fail when a file is stale`,
		Args: someSource,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.out, "out", "", "write into this `folder` instead of the source's")
	cmd.Flags().StringVar(&f.pkg, "package", "", "`name` of the generated package")
	cmd.Flags().StringVar(&f.emit, "emit", "all", "`what` to generate: all, or predict for model and predictor without the trainer")
	cmd.Flags().BoolVar(&f.asm, "asm", true, "write vector assembly beside the Go code; never in a package that uses cgo")
	cmd.Flags().BoolVar(&f.tests, "tests", false, "write tests and benchmarks of the models beside the Go code: gradients, allocations, same bits, vectors; unless said otherwise, where such a file is already")
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; fail and name the files that are not up to date")
	return cmd
}

// run generates all sources. Sources with errors do not keep the others from being written.
func (f *genFlags) run(cmd *cobra.Command, args []string) error {
	if f.pkg != "" && !token.IsIdentifier(f.pkg) {
		return usagef("got --package %q, want a Go identifier", f.pkg)
	}
	if f.emit != "all" && f.emit != "predict" {
		return usagef("got --emit %q, want all or predict", f.emit)
	}
	if _, err := f.defines(); err != nil {
		return err
	}
	sources, err := expand(args)
	if err != nil {
		return err
	}
	if f.out != "" {
		writer := map[string]string{}
		for _, s := range sources {
			base := filepath.Base(s.path)
			if other, taken := writer[base]; taken {
				return usagef("%s and %s would write the same file into %s: generate them one by one", other, s.path, f.out)
			}
			writer[base] = s.path
		}
	}
	failed := false
	for _, s := range sources {
		ok, err := f.one(cmd, s)
		if err != nil {
			return err
		}
		failed = failed || !ok
	}
	if failed {
		return errReported
	}
	return nil
}

// one generates one source; false means that the reason has been printed.
func (f *genFlags) one(cmd *cobra.Command, s source) (bool, error) {
	pkg, list, err := f.load(s.path)
	if err != nil {
		return false, err
	}
	dir := f.out
	if dir == "" {
		dir = filepath.Dir(s.path)
	}
	var files []codegen.File
	if !list.HasErrors() && len(pkg.Models) > 0 {
		name := f.pkg
		if name == "" {
			if name, err = packageName(dir, os.Getenv); err != nil {
				return false, err
			}
		}
		cgo, err := usesCgo(dir)
		if err != nil {
			return false, err
		}
		if cgo && f.asm && !quiet(cmd) {
			fmt.Fprintf(cmd.OutOrStdout(), "note: the package in %s uses cgo, beside which Go builds no assembly: the loops of %s stay Go\n", dir, filepath.Base(s.path))
		}
		tests := f.tests
		if !cmd.Flags().Changed("tests") {
			tests = hasTests(dir, filepath.Base(s.path))
		}
		var more diag.List
		files, more, err = compile(pkg, codegen.Config{Package: name, Source: filepath.Base(s.path), Predict: f.emit == "predict", Tests: tests, NoAsm: cgo || !f.asm})
		if err != nil {
			return false, fmt.Errorf("%s: %w", s.path, err)
		}
		list = append(list, more...)
	}
	if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
		return false, err
	}
	if list.HasErrors() {
		return false, nil
	}
	if len(pkg.Models) == 0 && s.named {
		return false, fmt.Errorf("%s declares no model: there is nothing to generate", s.path)
	}
	c, err := compare(dir, filepath.Base(s.path), files)
	if err != nil {
		return false, err
	}
	if f.check {
		reportStale(cmd.ErrOrStderr(), dir, s.path, c)
		return len(c.write)+len(c.remove) == 0, nil
	}
	if err := c.apply(dir); err != nil {
		return false, err
	}
	if !quiet(cmd) {
		summarize(cmd.OutOrStdout(), dir, pkg.Models, c)
	}
	return true, nil
}

// reportStale names the files that are not what would be generated, and the command that mends it.
func reportStale(w io.Writer, dir, source string, c changes) {
	for _, file := range c.write {
		fmt.Fprintf(w, "%s is stale: run 'nngen gen %s'\n", filepath.Join(dir, file.Name), source)
	}
	for _, name := range c.remove {
		fmt.Fprintf(w, "%s is left over from an earlier %s: run 'nngen gen %s'\n", filepath.Join(dir, name), filepath.Base(source), source)
	}
}

// summarize prints a line for every file that was written or removed.
func summarize(w io.Writer, dir string, models []*dsl.Model, c changes) {
	for _, file := range c.write {
		fmt.Fprintf(w, "wrote %s: %s\n", filepath.Join(dir, file.Name), describe(models))
	}
	for _, name := range c.remove {
		fmt.Fprintf(w, "removed %s\n", filepath.Join(dir, name))
	}
}

// describe says how large models are: "Digits, 2 410 parameters".
func describe(models []*dsl.Model) string {
	parts := make([]string, len(models))
	for i, m := range models {
		n := paramCount(m)
		noun := "parameters"
		if n == 1 {
			noun = "parameter"
		}
		parts[i] = fmt.Sprintf("%s, %s %s", m.Name, group(n), noun)
	}
	return strings.Join(parts, "; ")
}

// paramCount is the number of trained numbers in a model.
func paramCount(m *dsl.Model) int {
	total := 0
	for _, p := range m.Params {
		n := 1
		for _, d := range p.Shape {
			size, _ := d.Const() // parameters have constant shapes
			n *= size
		}
		total += n
	}
	return total
}

// group writes a number with a space before every three digits.
func group(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}
