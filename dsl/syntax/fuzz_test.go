// Does any input at all break the scanner, the parser or the formatter? Seeds are all inputs of the golden tests.

package syntax

import (
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"nngen/dsl/diag"
)

// seeds returns the inputs of all golden tests, and some text that no golden test can hold.
func seeds(f testing.TB) [][]byte {
	var sources [][]byte
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds: ", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range archive.Files {
			if filepath.Ext(section.Name) == ".nn" {
				sources = append(sources, section.Data)
			}
		}
	}
	for _, text := range []string{"", "\x00", "\xff", byteOrderMark + "model A {}\r\n", "model A {\r}", "\"\\", "'", "/*", "a\n{\n{", "x = ((((\n}", "`\n`"} {
		sources = append(sources, []byte(text))
	}
	return sources
}

// checkDiagnostics checks that every diagnostic has a registered code, a message and a place in the file, that it
// renders, and that fixes can be applied.
func checkDiagnostics(t *testing.T, fset *token.FileSet, file *token.File, src []byte, list diag.List) {
	for _, d := range list {
		if _, ok := diag.Title(d.Code); !ok || d.Message == "" {
			t.Fatalf("diagnostic with code %q and message %q", d.Code, d.Message)
		}
		if fset.File(d.Pos) != file || d.End < d.Pos || int(d.End) > file.Base()+file.Size() {
			t.Fatalf("diagnostic %s %q with the span [%d, %d) in a file of %d bytes", d.Code, d.Message, d.Pos, d.End, len(src))
		}
		if d.Fix != nil {
			diag.Apply(file, src, d.Fix)
		}
	}
	render(t, fset, file.Name(), src, list)
}

// checkScan checks the tokens of any source: they end with EOF, lie in order, and are what the source says.
func checkScan(t *testing.T, src []byte) {
	fset := token.NewFileSet()
	toks, comments, diags := Scan(fset, "in.nn", src)
	last := toks[len(toks)-1]
	file := fset.File(last.Pos)
	if last.Kind != EOF {
		t.Fatalf("the last token is %v", last.Kind)
	}
	checkDiagnostics(t, fset, file, src, diags)
	at := token.Pos(file.Base())
	for _, l := range toks {
		if l.Pos < at || l.End < l.Pos {
			t.Fatalf("token %v at [%d, %d) begins before the last one ends, at %d", l.Kind, l.Pos, l.End, at)
		}
		if text := string(src[file.Offset(l.Pos):file.Offset(l.End)]); len(diags) == 0 && text != l.Text {
			t.Fatalf("token %v has the text %q, the source %q", l.Kind, l.Text, text)
		}
		at = l.End
	}
	for _, c := range comments {
		if !strings.HasPrefix(c.Text, "//") || c.To < c.From || int(c.To) > file.Base()+file.Size() {
			t.Fatalf("comment %q at [%d, %d)", c.Text, c.From, c.To)
		}
	}
}

// checkParse checks the tree and the diagnostics of any source.
func checkParse(t *testing.T, src []byte) {
	fset := token.NewFileSet()
	file, diags := Parse(fset, "in.nn", src)
	checkTree(t, fset, src, file)
	checkDiagnostics(t, fset, fset.File(file.Pos()), src, diags)
	again, more := Parse(fset, "in.nn", src)
	if dump(t, again) != dump(t, file) || len(more) != len(diags) {
		t.Fatal("parsing twice differs")
	}
}

func FuzzScan(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src)
	}
	f.Fuzz(checkScan)
}

func FuzzParse(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src)
	}
	f.Fuzz(checkParse)
}

func FuzzFormat(f *testing.F) {
	for _, src := range seeds(f) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkFormat(t, src) })
}

// TestMutations does what the fuzz targets do for a fixed number of mutations that keep tokens whole, which fuzzing by
// bytes rarely does: tokens deleted, doubled, swapped, replaced by others, lines joined and split.
func TestMutations(t *testing.T) {
	rounds := 150
	if n, err := strconv.Atoi(os.Getenv("NNGEN_MUTATIONS")); err == nil {
		rounds = n
	}
	sources := seeds(t)
	words := []string{"(", ")", "[", "]", "{", "}", ",", ":", "=", ":=", "=>", "..", "...", "as", "not", "-", "^", "x", "1", "\"s\"", ";", "\n", " // c\n", "else", "model", "for", "\x00", "->", "!", "'q'"}
	for i, src := range sources {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		fset := token.NewFileSet()
		toks, _, _ := Scan(fset, "in.nn", src)
		file := fset.File(toks[0].Pos)
		for range rounds {
			mutant := slices.Clone(src)
			for range 1 + rng.IntN(3) {
				a, b := toks[rng.IntN(len(toks))], toks[rng.IntN(len(toks))]
				lo, hi := file.Offset(a.Pos), file.Offset(a.End)
				if hi > len(mutant) {
					continue
				}
				other := words[rng.IntN(len(words))]
				if rng.IntN(2) == 0 {
					other = b.Text
				}
				switch rng.IntN(4) {
				case 0:
					mutant = slices.Delete(mutant, lo, hi)
				case 1:
					mutant = slices.Insert(mutant, lo, []byte(other)...)
				case 2:
					mutant = slices.Replace(mutant, lo, hi, []byte(other)...)
				case 3:
					mutant = mutant[:lo]
				}
			}
			ok := t.Run("", func(t *testing.T) {
				checkScan(t, mutant)
				checkParse(t, mutant)
				checkFormat(t, mutant)
			})
			if !ok {
				t.Fatalf("seed %d, input:\n%s\n%q", i, mutant, mutant)
			}
		}
	}
}
