// Do diagnostics render, sort and apply as documented, whatever the source looks like?

package diag

import (
	"bytes"
	"encoding/json"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file adds a source to a new file set and returns functions that find text in it.
func file(fset *token.FileSet, src Sources, name, text string) (at func(part string) token.Pos) {
	f := fset.AddFile(name, -1, len(text))
	f.SetLinesForContent([]byte(text))
	src[name] = []byte(text)
	return func(part string) token.Pos {
		i := strings.Index(text, part)
		if i < 0 {
			panic(part)
		}
		return f.Pos(i)
	}
}

func rendered(t *testing.T, list List, fset *token.FileSet, src Sources, opt Options) string {
	var b bytes.Buffer
	if err := Render(&b, list, fset, src, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRender(t *testing.T) {
	fset, src := token.NewFileSet(), Sources{}
	lib := file(fset, src, "std/layers.nn", "layer dense() {\n    z := x @ W\n}\n")
	user := file(fset, src, "model.nn", "param w1 [784, 128]\r\n\ty = x\t@ w2 // “é”\nlast\x00\xff\x1b[0m")
	var list List
	list.Errorf("E0302", user("x\t@"), user(" // "), "cannot multiply %s by %s", "[32, 784]", "[128, 10]").
		Labelf("inner sizes are 784 and 128").
		Notef(user("w1"), user(" ["), "w1 declared here").
		Notef(lib("x @ W"), lib("\n}"), "in dense").
		Notef(token.NoPos, token.NoPos, "no place").
		Help("use w1, which is [784, 128]", Edit{user("w2"), user(" // "), "w1"})
	list.Errorf("W0701", user("é"), token.NoPos, "odd letter")
	list.Errorf("E0101", user("last"), user("st\x00"), "several lines").Help("remove it", Edit{user("last"), user("st\x00"), "a\nb"})
	list.Errorf("E0101", user("\x00"), user("\x00"), "end")
	list.Errorf("E0601", token.NoPos, token.NoPos, "no file")
	want := `model.nn:2:6: error E0302: cannot multiply [32, 784] by [128, 10]
    2 |     y = x   @ w2 // “é”
      |         ^~~~~~~~ inner sizes are 784 and 128
   note: w1 declared here
    1 | param w1 [784, 128]
      |       --
   note: in dense (std/layers.nn:2:10)
    2 |     z := x @ W
      |          -----
   note: no place
   help: use w1, which is [784, 128]
    2 |     y = x   @ w1 // “é”
model.nn:2:17: warning W0701: odd letter
    2 |     y = x   @ w2 // “é”
      |                      ^
model.nn:3:1: error E0101: several lines
    3 | last���[0m
      | ^~
   help: remove it
model.nn:3:5: error E0101: end
    3 | last���[0m
      |     ^
error E0601: no file
`
	if diff := cmp.Diff(want, rendered(t, list, fset, src, Options{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	coloured := rendered(t, list, fset, src, Options{Color: true})
	for _, attr := range []string{bold, red, yellow, blue, green, reset} {
		if !strings.Contains(coloured, attr) {
			t.Errorf("coloured output lacks %q", attr)
		}
		coloured = strings.ReplaceAll(coloured, attr, "")
	}
	if diff := cmp.Diff(want, coloured); diff != "" {
		t.Errorf("coloured output differs in more than colours (-want +got):\n%s", diff)
	}

	unknown := rendered(t, list[:1], fset, nil, Options{})
	if diff := cmp.Diff("model.nn:2:6: error E0302: cannot multiply [32, 784] by [128, 10]\n   note: w1 declared here\n"+
		"   note: in dense (std/layers.nn:2:10)\n   note: no place\n   help: use w1, which is [784, 128]\n", unknown); diff != "" {
		t.Errorf("without sources (-want +got):\n%s", diff)
	}
}

// TestLongLine checks that of a long line only the surroundings of the span are shown, with the marks in place.
func TestLongLine(t *testing.T) {
	fset, src := token.NewFileSet(), Sources{}
	at := file(fset, src, "a.nn", strings.Repeat("é ", 5000)+"HERE"+strings.Repeat(" é", 5000))
	var list List
	list.Errorf("E0105", at("HERE"), at("HERE")+4, "long").Help("remove it", Edit{at("HERE"), at("HERE") + 4, ""})
	lines := strings.Split(rendered(t, list, fset, src, Options{}), "\n")
	if lines[0] != "a.nn:1:10001: error E0105: long" || lines[3] != "   help: remove it" || len(lines) != 5 {
		t.Fatalf("got %q", lines)
	}
	text, marks := []rune(lines[1]), []rune(lines[2])
	if len(text) > maxLine || string(text[len(marks)-4:len(marks)]) != "HERE" || string(marks[len(marks)-4:]) != "^~~~" {
		t.Errorf("got\n%s\n%s", lines[1], lines[2])
	}
}

func TestJSON(t *testing.T) {
	fset, src := token.NewFileSet(), Sources{}
	at := file(fset, src, "a.nn", "x := é ** 2\ny\n")
	var list List
	list.Errorf("E0106", at("**"), at(" 2"), "got '**', want '^'").Labelf("here").Notef(at("y"), at("y")+1, "a <note>").
		Help("write ^", Edit{at("**"), at(" 2"), "^"})
	list.Errorf("W0701", token.NoPos, token.NoPos, "nowhere")
	var b bytes.Buffer
	if err := RenderJSON(&b, list, fset, src); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	n := func(line, col, endLine, endCol float64, more map[string]any) map[string]any {
		m := map[string]any{"file": "a.nn", "line": line, "col": col, "endLine": endLine, "endCol": endCol}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	want := []any{
		n(1, 8, 1, 10, map[string]any{
			"code": "E0106", "severity": "error", "title": "operator of another language", "message": "got '**', want '^'", "label": "here",
			"notes": []any{n(2, 1, 2, 2, map[string]any{"message": "a <note>"})},
			"fix":   map[string]any{"message": "write ^", "edits": []any{n(1, 8, 1, 10, map[string]any{"new": "^"})}},
		}),
		map[string]any{"code": "W0701", "severity": "warning", "title": "", "message": "nowhere"},
	}
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if strings.Contains(b.String(), `\u003c`) {
		t.Error("angle brackets are escaped")
	}
	b.Reset()
	if err := RenderJSON(&b, nil, fset, src); err != nil || b.String() != "[]\n" {
		t.Errorf("empty list: got %q, %v", b.String(), err)
	}
}

func TestSort(t *testing.T) {
	fset, src := token.NewFileSet(), Sources{}
	at := file(fset, src, "a.nn", "a b c\nd e\n")
	edit := Edit{at("c"), at("\n"), ""}
	var list List
	for _, d := range []struct{ part, code, text string }{
		{"e", "E0201", "second line"}, {"c", "E0201", "with edit"}, {"b", "E0201", "dropped"}, {"a", "E0201", "first"},
		{"a", "E0105", "other code"}, {"d", "W0701", "warning"},
	} {
		list.Errorf(d.code, at(d.part), token.NoPos, "%s", d.text)
	}
	list[1].Help("remove", edit)
	list.Errorf("E0601", token.NoPos, token.NoPos, "no place")
	list.Errorf("E0601", token.NoPos, token.NoPos, "no place either")
	list.Sort(fset)
	var got []string
	for _, d := range list {
		got = append(got, d.Message)
	}
	want := []string{"no place", "no place either", "other code", "first", "with edit", "warning", "second line"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestErr(t *testing.T) {
	fset, src := token.NewFileSet(), Sources{}
	at := file(fset, src, "a.nn", "éa b c\n")
	var list List
	list.Errorf("W0701", at("a"), token.NoPos, "unused")
	if list.HasErrors() || list.Err(fset, src) != nil {
		t.Error("a warning counts as an error")
	}
	for _, want := range []string{
		"a.nn:1:4: error E0201: got b",
		"a.nn:1:4: error E0201: got b (and 1 more error)",
		"a.nn:1:4: error E0201: got b (and 2 more errors)",
	} {
		list.Errorf("E0201", at("b"), token.NoPos, "got b")
		if err := list.Err(fset, src); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestApply(t *testing.T) {
	fset, src := token.NewFileSet(), Sources{}
	other := file(fset, src, "b.nn", "xyz")
	at := file(fset, src, "a.nn", "abcdef")
	f := fset.File(at("a"))
	for _, test := range []struct {
		name  string
		edits []Edit
		want  string
	}{
		{"none", nil, "abcdef"},
		{"insert", []Edit{{at("c"), at("c"), "-"}}, "ab-cdef"},
		{"any order", []Edit{{at("e"), at("f"), "E"}, {at("a"), at("b"), ""}}, "bcdEf"},
		{"two insertions at one place", []Edit{{at("c"), at("c"), "1"}, {at("c"), at("c"), "2"}}, "ab12cdef"},
		{"overlap", []Edit{{at("b"), at("e"), "-"}, {at("d"), at("f"), "+"}}, "a-ef"},
		{"end", []Edit{{at("f") + 1, at("f") + 1, "!"}}, "abcdef!"},
		{"other file", []Edit{{other("x"), other("z"), "-"}}, "abcdef"},
		{"backwards", []Edit{{at("e"), at("b"), "-"}}, "abcdef"},
	} {
		if got := string(Apply(f, src["a.nn"], &Fix{Edits: test.edits})); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestRegisterCodes(t *testing.T) {
	for _, table := range []map[string]string{
		{BadCharacter: "again"},
		{"E9901": ""},
		{"F0001": "wrong letter"},
		{"E1": "too short"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("RegisterCodes(%v) did not panic", table)
				}
			}()
			RegisterCodes(table)
		}()
	}
	codes := Codes()
	if len(codes) == 0 {
		t.Fatal("no codes")
	}
	for _, code := range codes {
		title, ok := Title(code)
		if !ok || strings.HasSuffix(title, ".") || strings.ToLower(title[:1]) != title[:1] {
			t.Errorf("%s has the title %q, want lower case without a period", code, title)
		}
	}
}

func TestClosest(t *testing.T) {
	layers := []string{"dense", "dropout", "embedding", "layer_norm", "rms_norm", "relu", "elu", "gelu", "x", "W"}
	for _, test := range []struct{ name, want string }{
		{"dens", "dense"},
		{"desne", "dense"},
		{"LayerNorm", "layer_norm"},
		{"layernorm", "layer_norm"},
		{"Dense", "dense"},
		{"embeding", "embedding"},
		{"rmsnrom", "rms_norm"},
		{"relo", "relu"},
		{"celu", "gelu"}, // elu is as near, but shorter; relu too, the alphabet decides
		{"rleu", "relu"}, // two letters swapped are one mistake
		{"conv2d", ""},
		{"y", ""},
		{"w", "W"},
		{"dense", ""}, // itself is no suggestion
		{"", ""},
	} {
		if got := Closest(test.name, layers); got != test.want {
			t.Errorf("Closest(%q) = %q, want %q", test.name, got, test.want)
		}
	}
	if a, b := Closest("bat", []string{"cat", "hat"}), Closest("bat", []string{"hat", "cat"}); a != b || a != "cat" {
		t.Errorf("order matters: %q and %q", a, b)
	}
}

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"abc", "abc", 0}, {"ab", "ba", 1}, {"rleu", "relu", 1}, {"abcd", "badc", 2},
	} {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := editDistance(pair[0], pair[1], 10); got != test.want {
				t.Errorf("distance of %q and %q is %d, want %d", pair[0], pair[1], got, test.want)
			}
		}
	}
	if got := editDistance("a", "abcdef", 2); got <= 2 {
		t.Errorf("distance above the limit is %d, want more than 2", got)
	}
}
