package main

// This file answers: what is wrong with a model? `nngen check` runs the whole compiler and writes nothing.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/dsl/diag"
)

// newCheck builds `nngen check`.
func newCheck() *cobra.Command {
	var f compileFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [flags] FILE.nn...",
		Short: "Report errors and warnings of models",
		Long: `Check reads each file as gen does, derives and plans every model in it, and reports all that is wrong. It writes no file.
A file without a model, one that others import, is checked too. Warnings alone do not make it fail.`,
		Example: `  nngen check digits.nn
  nngen check --json digits.nn        one JSON array, for editors and scripts
  nngen check .`,
		Args: someSource,
		RunE: func(cmd *cobra.Command, args []string) error { return runCheck(cmd, args, &f, asJSON) },
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print diagnostics as a JSON array on standard output")
	return cmd
}

// runCheck checks all sources.
func runCheck(cmd *cobra.Command, args []string, f *compileFlags, asJSON bool) error {
	sources, err := expand(args)
	if err != nil {
		return err
	}
	failed := false
	items := []json.RawMessage{}
	for _, s := range sources {
		pkg, list, err := f.load(s.path)
		if err != nil {
			return err
		}
		if !list.HasErrors() && len(pkg.Models) > 0 {
			_, more, err := compile(pkg, codegen.Config{Package: "model", Source: filepath.Base(s.path)})
			if err != nil {
				return fmt.Errorf("%s: %w", s.path, err)
			}
			list = append(list, more...)
		}
		failed = failed || list.HasErrors()
		if asJSON {
			more, err := jsonItems(pkg, list)
			if err != nil {
				return err
			}
			items = append(items, more...)
			continue
		}
		if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
			return err
		}
		if !list.HasErrors() && !quiet(cmd) {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", s.path, verdict(pkg, list))
		}
	}
	if asJSON {
		text, err := json.MarshalIndent(items, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text)
	}
	if failed {
		return errReported
	}
	return nil
}

// jsonItems returns the diagnostics of one source as the elements of a JSON array, so that those of several sources can be
// joined in one.
func jsonItems(pkg *dsl.Package, list diag.List) ([]json.RawMessage, error) {
	var b bytes.Buffer
	if err := diag.RenderJSON(&b, list, pkg.Fset, pkg.Sources); err != nil {
		return nil, err
	}
	var items []json.RawMessage
	err := json.Unmarshal(b.Bytes(), &items)
	return items, err
}
