// Do wrong models get the diagnostics that a person reading them would write? Each archive of testdata/corpus states them
// by hand, apart from the golden text.

package dsl

import (
	"fmt"
	"go/token"
	"strings"
	"testing"

	"nngen/dsl/diag"
	"nngen/internal/golden"
)

// corpusKinds are the folders of testdata/corpus with the least number of models in each.
var corpusKinds = []struct {
	folder string
	least  int
}{
	{"syntax", 12},
	{"names", 12},
	{"shapes", 20},
	{"dtypes", 8},
	{"gradients", 8},
	{"files", 3},
}

// Least numbers that cut across the folders.
const (
	leastModels    = 60
	leastSeveral   = 20 // models with two diagnostics or more
	leastElsewhere = 10 // models with a wrong shape in library or imported text, so with a span in a second file
	leastMixed     = 5  // models with unresolved names beside wrong shapes or types
)

// TestCorpus compares the diagnostics of every archive with the golden text and with the expectations in its comment, which
// were written before the output was seen:
//
//	want 5:12-16 E0301 "[batch, 32]" "[batch, 64]"
//	  note 4:5 "[batch, 64]"
//	  note std/layers.nn "in dense"
//	  fix "transpose"
//
// A want is file (in.nn if left out), line, first column and, where the span is certain, last column, then the code and texts that the
// message or the label must contain. Notes need a file or a place, and texts in the message or in the source they point at; a fix
// needs texts in its message or its edits. There must be exactly as many diagnostics as wants: nothing may be
// reported twice, and nothing that only follows from what is reported.
func TestCorpus(t *testing.T) {
	total, several, elsewhere, mixed := 0, 0, 0, 0
	for _, kind := range corpusKinds {
		count := 0
		golden.Run(t, "testdata/corpus/"+kind.folder+"/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
			count++
			pkg, list := load(c, Options{})
			wants, err := parseWants(c.Comment)
			if err != nil {
				t.Fatal(err)
			}
			checkWants(t, pkg, list, wants)
			checkManners(t, pkg, list)
			checkFixes(t, c, pkg, list)
			if len(wants) >= 2 {
				several++
			}
			if hasSecondFile(pkg, list) {
				elsewhere++
			}
			if isMixed(list) {
				mixed++
			}
			return map[string]string{"err": render(t, pkg, list)}
		})
		if count < kind.least {
			t.Errorf("%s: got %d models, want at least %d", kind.folder, count, kind.least)
		}
		total += count
	}
	for _, n := range []struct {
		what       string
		got, least int
	}{
		{"models", total, leastModels},
		{"models with several diagnostics", several, leastSeveral},
		{"models with a wrong shape in library or imported text", elsewhere, leastElsewhere},
		{"models with unresolved names beside wrong shapes or types", mixed, leastMixed},
	} {
		if n.got < n.least {
			t.Errorf("got %d %s, want at least %d", n.got, n.what, n.least)
		}
	}
}

// checkManners checks what holds for every diagnostic: wording, spans, and that none is said twice.
func checkManners(t *testing.T, pkg *Package, list diag.List) {
	t.Helper()
	said := map[string]bool{}
	for _, d := range list {
		text := render(t, pkg, diag.List{d})
		first, _ := firstRune(d.Message)
		_, isName := pkg.Sources[d.Message]
		switch {
		case d.Message == "" || strings.HasSuffix(d.Message, "."):
			t.Errorf("a message is a sentence without a period: %s", text)
		case first >= 'A' && first <= 'Z' && !isName && !startsWithName(pkg, d):
			t.Errorf("a message begins in lower case: %s", text)
		case said[text]:
			t.Errorf("said twice: %s", text)
		case !d.Pos.IsValid():
			t.Errorf("without a place: %s", text)
		case d.End.IsValid() && d.End < d.Pos:
			t.Errorf("the span ends before it begins: %s", text)
		}
		said[text] = true
		for _, n := range d.Notes {
			if n.Pos == d.Pos && n.End == d.End {
				t.Errorf("a note points at the diagnostic itself: %s", text)
			}
		}
	}
}

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}

// startsWithName reports whether the message begins with a name of the source.
func startsWithName(pkg *Package, d *diag.Diagnostic) bool {
	word := strings.FieldsFunc(d.Message, func(r rune) bool { return r == ' ' || r == '.' || r == ':' })[0]
	for _, src := range pkg.Sources {
		if strings.Contains(string(src), word) {
			return true
		}
	}
	return false
}

// checkFixes carries out each fix of in.nn alone: its diagnostic must be gone and nothing new be said.
func checkFixes(t *testing.T, c *golden.Case, pkg *Package, list diag.List) {
	t.Helper()
	for _, d := range list {
		if d.Fix == nil || len(d.Fix.Edits) == 0 {
			continue
		}
		name := pkg.Fset.File(d.Fix.Edits[0].Pos).Name()
		after := diag.Apply(pkg.Fset.File(d.Fix.Edits[0].Pos), pkg.Sources[name], d.Fix)
		main := c.Read("in.nn")
		if name == "in.nn" {
			main = after
		}
		fixed, left := Load(Options{Read: func(file string) ([]byte, error) {
			if file == name {
				return after, nil
			}
			if data := c.Read(file); data != nil {
				return data, nil
			}
			return nil, fmt.Errorf("no file %s", file)
		}}, "in.nn", main)
		if len(left) >= len(list) {
			t.Errorf("the fix of %s %s\nleaves %d of %d diagnostics:\n%s", d.Code, d.Message, len(left), len(list), render(t, fixed, left))
		}
	}
}

// hasSecondFile reports whether an error of shapes has a span in another file than the first of the package: it was found
// inside, or is about, library or imported text.
func hasSecondFile(pkg *Package, list diag.List) bool {
	inMain := func(pos token.Pos) bool { return !pos.IsValid() || pkg.Fset.File(pos).Name() == "in.nn" }
	for _, d := range list {
		if !strings.HasPrefix(d.Code, "E03") {
			continue
		}
		if !inMain(d.Pos) {
			return true
		}
		for _, n := range d.Notes {
			if !inMain(n.Pos) {
				return true
			}
		}
	}
	return false
}

// isMixed reports whether names are unresolved and something else is wrong with shapes or types.
func isMixed(list diag.List) bool {
	names, rest := false, false
	for _, d := range list {
		names = names || d.Code == undefinedName || d.Code == notInFile || d.Code == unknownArgument
		rest = rest || strings.HasPrefix(d.Code, "E03") || strings.HasPrefix(d.Code, "E04")
	}
	return names && rest
}
