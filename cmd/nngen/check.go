package main

// This file answers: what is wrong with a model? `nngen check` runs the whole compiler and writes nothing.

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"nngen/codegen"
)

// newCheck builds `nngen check`.
func newCheck() *cobra.Command {
	var f compileFlags
	cmd := &cobra.Command{
		Use:   "check [flags] FILE.nn...",
		Short: "Report errors and warnings of models",
		Long: `Check reads each file as gen does, derives and plans every model in it, and reports all that is wrong. It writes no file.
A file without a model, one that others import, is checked too. Warnings alone do not make it fail.`,
		Example: `  nngen check digits.nn
  nngen check .`,
		Args: someSource,
		RunE: func(cmd *cobra.Command, args []string) error { return runCheck(cmd, args, &f) },
	}
	f.register(cmd)
	return cmd
}

// runCheck checks all sources.
func runCheck(cmd *cobra.Command, args []string, f *compileFlags) error {
	sources, err := expand(args)
	if err != nil {
		return err
	}
	failed := false
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
		if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
			return err
		}
		if !list.HasErrors() && !quiet(cmd) {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", s.path, verdict(pkg, list))
		}
	}
	if failed {
		return errReported
	}
	return nil
}
