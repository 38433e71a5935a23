// How does a test compare its output with expected text kept in files? One txtar archive per case holds inputs and
// expected outputs side by side; NNGEN_UPDATE=1 rewrites the outputs.

// Package golden runs golden tests over txtar archives. A case is one archive: the sections that the test reads are its
// inputs, the sections that it returns are its outputs, and the text before the first section is free for comments.
//
//	What is tested, in words.
//	-- in.nn --
//	model A {}
//	-- ast --
//	ModelDecl A
//
// The archive is the whole truth about its case: an output that differs, a missing output, and a section that the test
// neither read nor produced are all failures, and so is a file beside the archives that no pattern matches. With
// NNGEN_UPDATE=1 in the environment the outputs are rewritten instead, and sections of no use are dropped.
package golden

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Update reports whether expected outputs are to be rewritten rather than compared.
func Update() bool { return os.Getenv("NNGEN_UPDATE") == "1" }

// A Case is one archive as the test sees it. Reading a section declares it an input.
type Case struct {
	Name    string // base name of the archive without .txtar
	Comment string // text before the first section
	archive *txtar.Archive
	read    map[string]bool
}

// Read returns the contents of the named section, or nil when the archive has none.
func (c *Case) Read(name string) []byte {
	c.read[name] = true
	for _, f := range c.archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// Inputs returns, in archive order, the names of all sections whose name ends in suffix, and declares them inputs.
func (c *Case) Inputs(suffix string) []string {
	var names []string
	for _, f := range c.archive.Files {
		if strings.HasSuffix(f.Name, suffix) {
			c.read[f.Name] = true
			names = append(names, f.Name)
		}
	}
	return names
}

// Run calls produce in a subtest for each archive that matches pattern, a path.Match pattern relative to the package's
// directory such as "testdata/parse/*.txtar", and compares the sections that produce returns with those of the archive.
// An output that does not end in a newline is given one. Every file in the pattern's directory must match the pattern.
func Run(t *testing.T, pattern string, produce func(t *testing.T, c *Case) map[string]string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no file matches %s", pattern)
	}
	for _, stray := range unmatched(t, filepath.Dir(pattern), files) {
		t.Errorf("%s: no golden test reads this file (pattern %s)", stray, pattern)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := &Case{Name: name, Comment: string(archive.Comment), archive: archive, read: map[string]bool{}}
			got := produce(t, c)
			if Update() {
				if !t.Failed() {
					update(t, file, c, got)
				}
				return
			}
			for _, problem := range compare(c, got) {
				t.Errorf("%s: %s", file, problem)
			}
		})
	}
}

// unmatched returns the regular files of dir that are not in files.
func unmatched(t *testing.T, dir string, files []string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var stray []string
	for _, e := range entries {
		if file := filepath.Join(dir, e.Name()); !e.IsDir() && !slices.Contains(files, file) {
			stray = append(stray, file)
		}
	}
	return stray
}

// compare returns what is wrong with the archive of c, given the outputs got, in archive order.
func compare(c *Case, got map[string]string) []string {
	var problems []string
	seen := map[string]bool{}
	for _, f := range c.archive.Files {
		text, produced := got[f.Name]
		switch {
		case seen[f.Name]:
			problems = append(problems, "section "+f.Name+" occurs twice")
		case produced && c.read[f.Name]:
			problems = append(problems, "section "+f.Name+" is both read and produced")
		case produced:
			if diff := cmp.Diff(string(f.Data), terminated(text)); diff != "" {
				problems = append(problems, "section "+f.Name+" differs (-want +got), NNGEN_UPDATE=1 accepts:\n"+diff)
			}
		case !c.read[f.Name]:
			problems = append(problems, "section "+f.Name+" is neither read nor produced by the test")
		}
		seen[f.Name] = true
	}
	for _, name := range sortedNames(got) {
		if !seen[name] {
			problems = append(problems, "section "+name+" is missing, NNGEN_UPDATE=1 adds it:\n"+got[name])
		}
	}
	return problems
}

// update writes the archive with the outputs got: inputs and known outputs in their places, new outputs at the end.
func update(t *testing.T, file string, c *Case, got map[string]string) {
	next := &txtar.Archive{Comment: c.archive.Comment}
	seen := map[string]bool{}
	for _, f := range c.archive.Files {
		text, produced := got[f.Name]
		if produced {
			f.Data = []byte(terminated(text))
		}
		if (produced || c.read[f.Name]) && !seen[f.Name] {
			next.Files = append(next.Files, f)
		}
		seen[f.Name] = true
	}
	for _, name := range sortedNames(got) {
		if !seen[name] {
			next.Files = append(next.Files, txtar.File{Name: name, Data: []byte(terminated(got[name]))})
		}
	}
	data := txtar.Format(next)
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(old, data) {
		return
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func terminated(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

func sortedNames(sections map[string]string) []string {
	names := make([]string, 0, len(sections))
	for name := range sections {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
