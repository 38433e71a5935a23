package main

// This file answers: what is the name of the package that generated files join?

import (
	"errors"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// packageName finds the package clause for files generated into dir: the name that the folder's Go files have, else the
// one that go generate reports (GOPACKAGE), else one made from the folder's name. Files of several packages in one folder
// are settled by GOPACKAGE, or by the user.
func packageName(dir string, getenv func(string) string) (string, error) {
	names, err := packageClauses(dir)
	if err != nil {
		return "", err
	}
	fromGo := strings.TrimSuffix(getenv("GOPACKAGE"), "_test")
	switch {
	case len(names) == 1:
		return names[0], nil
	case slices.Contains(names, fromGo):
		return fromGo, nil
	case len(names) > 1:
		return "", usagef("the Go files of %s name several packages (%s): say which by --package", dir, strings.Join(names, ", "))
	case fromGo != "":
		return fromGo, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return identifier(filepath.Base(abs)), nil
}

// usesCgo reports whether a Go file of dir that is part of its package imports "C".
func usesCgo(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, parser.ImportsOnly)
		if err != nil {
			continue // the go command will say what is wrong with it
		}
		for _, i := range f.Imports {
			if i.Path.Value == `"C"` {
				return true, nil
			}
		}
	}
	return false, nil
}

// packageClauses returns the different package names of the Go files in dir, sorted. Tests do not count, nor files that
// their build constraint always leaves out (//go:build ignore).
func packageClauses(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			continue // the go command will say what is wrong with it
		}
		ignored := false
		for _, group := range f.Comments {
			for _, c := range group.List {
				ignored = ignored || isIgnore(c.Text)
			}
		}
		if !ignored && !slices.Contains(names, f.Name.Name) {
			names = append(names, f.Name.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// isIgnore reports whether a comment is a build constraint that needs the tag ignore, the custom for programs beside a package.
func isIgnore(comment string) bool {
	if !constraint.IsGoBuild(comment) {
		return false
	}
	expr, err := constraint.Parse(comment)
	return err == nil && !expr.Eval(func(tag string) bool { return tag != "ignore" })
}

// identifier makes a package name from a folder's name: letters and digits, lower case, not beginning with a digit.
func identifier(folder string) string {
	var b strings.Builder
	for _, r := range folder {
		if unicode.IsLetter(r) || r == '_' || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	name := strings.TrimLeftFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) })
	if name == "" || token.IsKeyword(name) {
		return "model"
	}
	return name
}
