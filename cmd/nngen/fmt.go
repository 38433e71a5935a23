package main

// This file answers: how does `nngen fmt` bring sources into the one format?

import (
	"bytes"
	"fmt"
	"go/token"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"nngen/dsl/diag"
	"nngen/dsl/syntax"
)

// fmtFlags are the flags of `nngen fmt`; they combine as gofmt's do.
type fmtFlags struct{ write, diff, list bool }

// newFmt builds `nngen fmt`.
func newFmt() *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [flags] FILE.nn... | -",
		Short: "Format models",
		Long: `Fmt prints each file in the one format of the language: spacing, alignment and blank lines, never the order or the meaning.
With - it formats standard input.

Without -w, -l and -d fail (exit code 1) when a file is not formatted, so that a check can use them.`,
		Example: `  nngen fmt digits.nn                 formatted text on standard output
  nngen fmt -w .                      rewrite every .nn file below this folder
  nngen fmt -l .                      names of files that are not formatted
  nngen fmt -d digits.nn              what would change
  nngen fmt - < digits.nn`,
		Args: someSource,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().BoolVarP(&f.write, "write", "w", false, "write the result to the file instead of standard output")
	cmd.Flags().BoolVarP(&f.diff, "diff", "d", false, "print the differences instead of the result")
	cmd.Flags().BoolVarP(&f.list, "list", "l", false, "print the names of files that would change")
	return cmd
}

// run formats all sources, or standard input.
func (f *fmtFlags) run(cmd *cobra.Command, args []string) error {
	changed, failed := false, false
	one := func(name string, src []byte) error {
		ok, differs, err := f.file(cmd, name, src)
		failed = failed || !ok
		changed = changed || differs
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "-":
		if f.write {
			return usagef("-w cannot be used with standard input")
		}
		src, err := io.ReadAll(cmd.InOrStdin())
		if err != nil {
			return fmt.Errorf("cannot read standard input: %w", err)
		}
		if err := one("<standard input>", src); err != nil {
			return err
		}
	default:
		sources, err := expand(args)
		if err != nil {
			return err
		}
		for _, s := range sources {
			src, err := os.ReadFile(s.path)
			if err != nil {
				return fmt.Errorf("cannot read %s: %w", s.path, reason(err))
			}
			if err := one(s.path, src); err != nil {
				return err
			}
		}
	}
	if failed || changed && (f.list || f.diff) && !f.write {
		return errReported
	}
	return nil
}

// file formats one source. ok is false when it does not parse, which has been reported then.
func (f *fmtFlags) file(cmd *cobra.Command, name string, src []byte) (ok, differs bool, err error) {
	fset := token.NewFileSet()
	shown := filepath.ToSlash(name)
	out, list := syntax.Format(fset, shown, src)
	if list.HasErrors() {
		opt := diag.Options{Color: useColor(cmd.ErrOrStderr(), os.Getenv)}
		return false, false, diag.Render(cmd.ErrOrStderr(), list, fset, diag.Sources{shown: src}, opt)
	}
	differs = !bytes.Equal(src, out)
	stdout := cmd.OutOrStdout()
	if differs && f.list {
		fmt.Fprintln(stdout, name)
	}
	if differs && f.diff {
		if _, err := stdout.Write(diff.Diff(name+".orig", src, name, out)); err != nil {
			return true, differs, err
		}
	}
	if differs && f.write {
		if err := writeFile(name, out); err != nil {
			return true, differs, err
		}
	}
	if !f.list && !f.diff && !f.write {
		_, err = stdout.Write(out)
	}
	return true, differs, err
}
