// Does any input at all break the scanner, the parser or the formatter? Seeds are all inputs of the golden tests.
package syntax

import (
	"go/token"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"nngen/dsl/diag"
)

// seed adds the inputs of all golden tests, and some text that no golden test can hold.
func seed(f *testing.F) {
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
				f.Add(section.Data)
			}
		}
	}
	for _, text := range []string{"", "\x00", "\xff", byteOrderMark + "model A {}\r\n", "model A {\r}", "\"\\", "'", "/*", "a\n{\n{", "x = ((((\n}", "`\n`"} {
		f.Add([]byte(text))
	}
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

func FuzzScan(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
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
			if c.Text != "//"+c.Text[2:] || int(c.To) > file.Base()+file.Size() {
				t.Fatalf("comment %q at [%d, %d)", c.Text, c.From, c.To)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		fset := token.NewFileSet()
		file, diags := Parse(fset, "in.nn", src)
		checkTree(t, fset, src, file)
		checkDiagnostics(t, fset, fset.File(file.Pos()), src, diags)
		text := dump(t, file)
		again, more := Parse(fset, "in.nn", src)
		if dump(t, again) != text || len(more) != len(diags) {
			t.Fatal("parsing twice differs")
		}
	})
}

func FuzzFormat(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) { checkFormat(t, src) })
}
