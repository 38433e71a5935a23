// Does the scanner split text where it should, and keep line ends only where statements end?

package syntax

import (
	"bytes"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nngen/dsl/diag"
	"nngen/internal/golden"
)

func scan(src string) ([]Lexeme, diag.List) {
	toks, _, diags := Scan(token.NewFileSet(), "in.nn", []byte(src))
	return toks, diags
}

func TestScan(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{"", ""},
		{"0..4", "0 .. 4"},
		{"0...s", "0 ... s"},
		{"1.5.x", "1.5 . x"},
		{"1.x", "1 . x"},
		{"x[1:-1]", "x [ 1 : - 1 ]"},
		{"a:=b", "a := b"},
		{"a: =b", "a : = b"},
		{"a<=b<c==d", "a <= b < c == d"},
		{"x=>y", "x => y"},
		{"1e-3 1E+5 1e5 0x1F 1_000 0.5 0", "1e-3 1E+5 1e5 0x1F 1_000 0.5 0"},
		{"1e-3-1", "1e-3 - 1"},
		{"p-=lr*g", "p -= lr * g"},
		{"a\nb", "a ¶ b"},
		{"a;b", "a ; b"},
		{"\n\n a\n\n\nb\n\n", "a ¶ b ¶"},
		{"a // c\nb", "a ¶ b"},
		{"a +\nb", "a + b"},
		{"a =\n\nb", "a = b"},
		{"f(\na,\nb\n)\n", "f ( a , b ¶ ) ¶"},
		{"a and\nb or\nnot\nc", "a and b or not c"},
		{"x =>\ny", "x => y"},
		{"}\n", "} ¶"},
		{"a\r\nb\r\n", "a ¶ b ¶"},
		{byteOrderMark + "a", "a"},
		{"\ta\t\tb", "a b"},
		{`"a\"b" "\u00e9" "é"`, `"a\"b" "\u00e9" "é"`},
		{"inputs input input_ _", "inputs input input_ _"},
		{"a++b", "a + + b"},
		{"a - -b", "a - - b"},
	} {
		toks, diags := scan(test.src)
		if len(diags) > 0 {
			t.Errorf("%q: got error %q", test.src, diags[0].Message)
		}
		var got []string
		for _, l := range toks[:len(toks)-1] {
			got = append(got, strings.ReplaceAll(l.Text, "\n", "¶"))
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.src, diff)
		}
	}
}

// TestScanErrors holds what no text file should: bytes that editors would change.
func TestScanErrors(t *testing.T) {
	for _, test := range []struct {
		src, code, message string
		column             int
	}{
		{"a\x00b", diag.BadCharacter, "NUL character, want text in UTF-8", 2},
		{"a \xff", diag.BadCharacter, "invalid UTF-8, want text in UTF-8", 3},
		{"a" + byteOrderMark, diag.BadCharacter, "byte order mark, want text in UTF-8", 2},
		{"a\rb", diag.BadCharacter, "carriage return without line feed", 2},
		{"a\u2028b", diag.BadCharacter, "character U+2028, want a plain space", 2},
		{"a\u200bb", diag.BadCharacter, "character U+200B, want a plain space", 2},
		{"a\x07", diag.BadCharacter, "character U+0007, want text in UTF-8", 2},
		{"\"a\x00\"", diag.BadCharacter, "NUL character in a string", 3},
		{"\"a\xff\"", diag.BadCharacter, "invalid UTF-8 in a string", 3},
		{"// a\xff", diag.BadCharacter, "invalid UTF-8 in a comment", 5},
		{"// a\x00", diag.BadCharacter, "NUL character in a comment", 5},
		{"// a\rb", diag.BadCharacter, "carriage return in a comment", 5},
		{"\"a\\", diag.BadString, "string is not closed on its line, want '\"'", 1},
		{"\"\\x\"", diag.BadString, "unknown or incomplete escape, want one of \\\" \\\\ \\n \\t \\xff \\u00e9", 2},
		{"\"", diag.BadString, "string is not closed on its line, want '\"'", 1},
		{"1" + strings.Repeat("0", maxNumber), diag.BadNumber, "number has 201 characters, at most 200 are accepted", 1},
		{"\\", diag.BadCharacter, `character '\\' starts no token`, 1},
	} {
		fset := token.NewFileSet()
		_, _, diags := Scan(fset, "in.nn", []byte(test.src))
		if len(diags) != 1 {
			t.Errorf("%q: got %d diagnostics, want 1", test.src, len(diags))
			continue
		}
		d := diags[0]
		if col := fset.Position(d.Pos).Column; d.Code != test.code || d.Message != test.message || col != test.column {
			t.Errorf("%q: got %s %q at column %d, want %s %q at column %d", test.src, d.Code, d.Message, col, test.code, test.message, test.column)
		}
	}
}

func TestComments(t *testing.T) {
	fset := token.NewFileSet()
	src := "// one  \r\na // two\t\n//\n/// three"
	_, comments, diags := Scan(fset, "in.nn", []byte(src))
	if len(diags) > 0 {
		t.Fatal(diags[0].Message)
	}
	var got []string
	for _, c := range comments {
		got = append(got, fset.Position(c.From).String()+"-"+fset.Position(c.To).String()+" "+c.Text)
	}
	want := []string{"in.nn:1:1-in.nn:1:7 // one", "in.nn:2:3-in.nn:2:9 // two", "in.nn:3:1-in.nn:3:3 //", "in.nn:4:1-in.nn:4:10 /// three"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTokens checks the dump of the token stream.
func TestTokens(t *testing.T) {
	golden.Run(t, "testdata/tokens/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		fset := token.NewFileSet()
		toks, _, _ := Scan(fset, "in.nn", c.Read("in.nn"))
		var b bytes.Buffer
		if err := WriteTokens(&b, fset, toks); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"tokens": b.String()}
	})
}
