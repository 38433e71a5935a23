package main

// This file answers: which sources does a command line name, and how do their diagnostics reach the person?

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nngen/dsl"
	"nngen/dsl/diag"
)

// isSource reports whether a path is named like a model file.
func isSource(path string) bool { return filepath.Ext(path) == ".nn" }

// source is one .nn file of the command line.
type source struct {
	path  string
	named bool // given by name rather than found in a folder
}

// expand returns the sources that args name, each once, folders walked in order of names. A path that ends in "/..." is
// the folder before it, so that Go's habit works. Hidden folders, testdata and vendor are not entered.
func expand(args []string) ([]source, error) {
	var out []source
	seen := map[string]bool{}
	add := func(path string, named bool) {
		if clean := filepath.Clean(path); !seen[clean] {
			seen[clean] = true
			out = append(out, source{clean, named})
		}
	}
	for _, arg := range args {
		arg = strings.TrimSuffix(arg, "/...")
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", arg, reason(err))
		}
		if !info.IsDir() {
			if !isSource(arg) {
				return nil, usagef("%s is not a model: its name must end in .nn", arg)
			}
			add(arg, true)
			continue
		}
		before := len(out)
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != arg && skipDir(d.Name()):
				return filepath.SkipDir
			case !d.IsDir() && isSource(path):
				add(path, false)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", arg, reason(err))
		}
		if len(out) == before {
			return nil, fmt.Errorf("no .nn file in %s", arg)
		}
	}
	return out, nil
}

// skipDir reports whether a folder found on a walk is not entered.
func skipDir(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor"
}

// reason strips operation and path from an error of the file system: the caller names the path.
func reason(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}

// compileFlags are the flags of all commands that elaborate models.
type compileFlags struct{ define []string }

func (f *compileFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.define, "define", "D", nil, "set a `name=value` constant of the model (repeatable)")
}

// defines parses the -D flags.
func (f *compileFlags) defines() (map[string]string, error) {
	out := map[string]string{}
	for _, d := range f.define {
		name, value, ok := strings.Cut(d, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return nil, usagef("got -D %q, want -D name=value", d)
		}
		if old, dup := out[name]; dup && old != value {
			return nil, usagef("-D sets %s twice, to %s and to %s", name, old, value)
		}
		out[name] = value
	}
	return out, nil
}

// load reads and checks one source. Diagnostics come back as data; the error is one of reading the file.
func (f *compileFlags) load(path string) (*dsl.Package, diag.List, error) {
	define, err := f.defines()
	if err != nil {
		return nil, nil, err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read %s: %w", path, reason(err))
	}
	pkg, list := dsl.Load(dsl.Options{Define: define, Read: readSlash}, filepath.ToSlash(path), src)
	return pkg, list, nil
}

// readSlash reads an imported file; imports are written with slashes on every system.
func readSlash(name string) ([]byte, error) { return os.ReadFile(filepath.FromSlash(name)) }

// render prints diagnostics for a person.
func render(w io.Writer, pkg *dsl.Package, list diag.List) error {
	return diag.Render(w, list, pkg.Fset, pkg.Sources, diag.Options{Color: useColor(w, os.Getenv)})
}

// useColor reports whether output to w is coloured: w is a terminal that is not dumb, and NO_COLOR (no-color.org) is not set.
func useColor(w io.Writer, getenv func(string) string) bool {
	f, ok := w.(*os.File)
	if !ok || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
