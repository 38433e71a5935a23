package main

// This file answers: what did each stage of the compiler make of a model? `nngen dump` prints it as text.

import (
	"bytes"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// stage is one stage that can be dumped.
type stage struct {
	name, doc string
	file      func(path string, src []byte) ([]byte, error)          // stages of a whole file
	model     func(m *dsl.Model, cfg codegen.Config) (string, error) // stages of one model
}

// stages are in the order in which the compiler runs them.
var stages = []stage{
	{"tokens", "what the scanner read", dumpTokens, nil},
	{"ast", "the syntax tree", dumpAST, nil},
	{"model", "what the checker understood: inputs, parameters, shapes, losses, optimizer", nil, func(m *dsl.Model, _ codegen.Config) (string, error) { return dsl.DumpModel(m), nil }},
	{"graph", "the forward pass as a graph", nil, codegenStage("graph")},
	{"grad", "with the derived backward pass and the update", nil, codegenStage("grad")},
	{"opt", "after simplification", nil, codegenStage("opt")},
	{"plan", "regions, fused loops, kernels and the memory map", nil, codegenStage("plan")},
	{"go", "the generated Go", nil, codegenStage("go")},
	{"asm", "the vector assembly of its loops; empty where there is none", nil, codegenStage("asm")},
}

func codegenStage(name string) func(*dsl.Model, codegen.Config) (string, error) {
	return func(m *dsl.Model, cfg codegen.Config) (string, error) { return codegen.Dump(m, cfg, name) }
}

// newDump builds `nngen dump`.
func newDump() *cobra.Command {
	var f compileFlags
	var names []string
	var model string
	var doc strings.Builder
	for _, s := range stages {
		fmt.Fprintf(&doc, "  %-7s %s\n", s.name, s.doc)
	}
	cmd := &cobra.Command{
		Use:   "dump [flags] FILE.nn",
		Short: "Show what a compiler stage made of a model",
		Long: `Dump prints the text form of the compiler's stages, in the order in which they run:

` + doc.String() + `
Several stages are printed as one txtar archive; so are the stages of several models, with the model's name before the
stage's. The text is the same for the same input, always.`,
		Example: `  nngen dump digits.nn                all stages
  nngen dump --stage grad digits.nn
  nngen dump --stage opt,plan --model XorAdam xor.nn`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runDump(cmd, args[0], &f, names, model) },
	}
	f.register(cmd)
	cmd.Flags().StringSliceVar(&names, "stage", nil, "`stages` to print, separated by commas (default all)")
	cmd.Flags().StringVar(&model, "model", "", "`name` of the only model to print")
	return cmd
}

// runDump prints the chosen stages of one file.
func runDump(cmd *cobra.Command, path string, f *compileFlags, names []string, model string) error {
	chosen, err := chooseStages(names)
	if err != nil {
		return err
	}
	sources, err := expand([]string{path})
	if err != nil {
		return err
	}
	if len(sources) != 1 || !sources[0].named {
		return usagef("dump takes one file, got the folder %s", path)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", path, reason(err))
	}
	var archive txtar.Archive
	for _, s := range chosen {
		if s.file == nil {
			continue
		}
		text, err := s.file(path, src)
		if err != nil {
			return err
		}
		archive.Files = append(archive.Files, txtar.File{Name: s.name, Data: text})
	}
	if slices.ContainsFunc(chosen, func(s stage) bool { return s.model != nil }) {
		files, err := dumpModels(cmd, path, f, chosen, model)
		if err != nil {
			return err
		}
		archive.Files = append(archive.Files, files...)
	}
	out := txtar.Format(&archive)
	if len(archive.Files) == 1 {
		out = archive.Files[0].Data
	}
	_, err = cmd.OutOrStdout().Write(out)
	return err
}

// chooseStages returns the named stages in the order in which they run, all of them without a name.
func chooseStages(names []string) ([]stage, error) {
	if len(names) == 0 {
		return stages, nil
	}
	var known []string
	for _, s := range stages {
		known = append(known, s.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			if near := diag.Closest(name, known); near != "" {
				return nil, usagef("unknown stage %q; did you mean %q?", name, near)
			}
			return nil, usagef("unknown stage %q, want one of %s", name, strings.Join(known, " "))
		}
	}
	var chosen []stage
	for _, s := range stages {
		if slices.Contains(names, s.name) {
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
}

// dumpModels prints the stages that belong to one model each.
func dumpModels(cmd *cobra.Command, path string, f *compileFlags, chosen []stage, model string) ([]txtar.File, error) {
	pkg, list, err := f.load(path)
	if err != nil {
		return nil, err
	}
	if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
		return nil, err
	}
	if list.HasErrors() {
		return nil, errReported
	}
	models, err := chooseModels(path, pkg.Models, model)
	if err != nil {
		return nil, err
	}
	cfg := codegen.Config{Package: "model", Source: filepath.Base(path), Fset: pkg.Fset}
	var files []txtar.File
	for _, m := range models {
		for _, s := range chosen {
			if s.model == nil {
				continue
			}
			text, err := s.model(m, cfg)
			if err != nil {
				if list := locate(err); list != nil {
					if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
						return nil, err
					}
					return nil, errReported
				}
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			name := s.name
			if len(models) > 1 {
				name = m.Name + "/" + s.name
			}
			files = append(files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	return files, nil
}

// chooseModels returns the model of that name, or all models without a name.
func chooseModels(path string, models []*dsl.Model, name string) ([]*dsl.Model, error) {
	if len(models) == 0 {
		return nil, fmt.Errorf("%s declares no model", path)
	}
	if name == "" {
		return models, nil
	}
	var known []string
	for _, m := range models {
		if m.Name == name {
			return []*dsl.Model{m}, nil
		}
		known = append(known, m.Name)
	}
	return nil, usagef("%s has no model %q, it has %s", path, name, strings.Join(known, ", "))
}

func dumpTokens(path string, src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	tokens, _, _ := syntax.Scan(fset, filepath.ToSlash(path), src)
	var b bytes.Buffer
	err := syntax.WriteTokens(&b, fset, tokens)
	return b.Bytes(), err
}

func dumpAST(path string, src []byte) ([]byte, error) {
	file, _ := syntax.Parse(token.NewFileSet(), filepath.ToSlash(path), src)
	var b bytes.Buffer
	err := syntax.Dump(&b, file)
	return b.Bytes(), err
}
