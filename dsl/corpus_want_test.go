// What should a person be told about a wrong model? The notation of expectations in the comments of testdata/corpus, and its
// comparison with diagnostics.

package dsl

import (
	"fmt"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nngen/dsl/diag"
)

// A want is one diagnostic as the author of a model expects it.
type want struct {
	line  string // the line of the comment, for messages
	at    place
	code  string
	texts []string
	notes []wantNote
	fix   []string
}

type wantNote struct {
	line  string
	at    place
	texts []string
}

// A place is a file with a line and columns; what is zero is not checked.
type place struct {
	file                    string
	line, firstCol, lastCol int
}

var placeForm = regexp.MustCompile(`^(?:(.+\.nn)(?::|$))?(?:(\d+):(\d+)(?:-(\d+))?)?$`)

func parsePlace(s string) (place, error) {
	m := placeForm.FindStringSubmatch(s)
	if m == nil || s == "" {
		return place{}, fmt.Errorf("%q is no place, want file.nn:line:col-col", s)
	}
	p := place{file: m[1]}
	if p.file == "" {
		p.file = "in.nn"
	}
	for i, to := range []*int{&p.line, &p.firstCol, &p.lastCol} {
		if text := m[i+2]; text != "" {
			*to, _ = strconv.Atoi(text)
		}
	}
	return p, nil
}

// parseWants reads the expectations in the comment of an archive.
func parseWants(comment string) ([]want, error) {
	var wants []want
	for line := range strings.Lines(comment) {
		line = strings.TrimRight(line, "\n")
		word, rest, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
		indented := strings.HasPrefix(line, "  ")
		if word != "want" && !indented {
			continue
		}
		head, quoted, _ := strings.Cut(rest, ` "`)
		if strings.HasPrefix(rest, `"`) {
			head, quoted = "", rest[1:]
		}
		var texts []string
		if quoted != "" {
			var err error
			if texts, err = parseTexts(`"` + quoted); err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
		}
		if word != "want" && len(wants) == 0 {
			return nil, fmt.Errorf("%s: no want before it", line)
		}
		switch {
		case word == "want":
			where, code, ok := strings.Cut(head, " ")
			at, err := parsePlace(where)
			if !ok || err != nil {
				return nil, fmt.Errorf("%s: want a place and a code: %w", line, err)
			}
			wants = append(wants, want{line: line, at: at, code: code, texts: texts})
		case word == "note":
			at, err := parsePlace(head)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", line, err)
			}
			w := &wants[len(wants)-1]
			w.notes = append(w.notes, wantNote{line: line, at: at, texts: texts})
		case word == "fix" && head == "" && len(texts) > 0:
			wants[len(wants)-1].fix = texts
		default:
			return nil, fmt.Errorf("%s: want note or fix", line)
		}
	}
	return wants, nil
}

// parseTexts reads quoted strings separated by spaces.
func parseTexts(s string) ([]string, error) {
	var texts []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		text, err := strconv.Unquote(q)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
		s = s[len(q):]
	}
	return texts, nil
}

// checkWants compares the diagnostics with the expectations, one by one and in order.
func checkWants(t *testing.T, pkg *Package, list diag.List, wants []want) {
	t.Helper()
	if len(wants) == 0 {
		t.Error("the comment has no want line")
	}
	if len(list) != len(wants) {
		t.Errorf("got %d diagnostics, want %d:\n%s", len(list), len(wants), render(t, pkg, list))
		return
	}
	for i, w := range wants {
		d := list[i]
		if d.Code != w.code || !w.at.holds(pkg, d.Pos, d.End) {
			t.Errorf("%s\ngot %s", w.line, render(t, pkg, diag.List{d}))
			continue
		}
		if text := missing(d.Message+"\n"+d.Label, w.texts); text != "" {
			t.Errorf("%s\nthe message lacks %q: %s", w.line, text, render(t, pkg, diag.List{d}))
		}
		for _, n := range w.notes {
			if !n.found(pkg, d.Notes) {
				t.Errorf("%s\nwithout%s\ngot %s", w.line, n.line, render(t, pkg, diag.List{d}))
			}
		}
		if w.fix == nil {
			continue
		}
		if d.Fix == nil {
			t.Errorf("%s\nhas no fix: %s", w.line, render(t, pkg, diag.List{d}))
		} else if text := missing(fixText(t, pkg, d.Fix), w.fix); text != "" {
			t.Errorf("%s\nthe fix lacks %q: %s", w.line, text, render(t, pkg, diag.List{d}))
		}
	}
}

// holds reports whether the span [pos, end) is at p.
func (p place) holds(pkg *Package, pos, end token.Pos) bool {
	if !pos.IsValid() {
		return false
	}
	first := pkg.Fset.Position(pos)
	if first.Filename != p.file || p.line != 0 && (first.Line != p.line || first.Column != p.firstCol) {
		return false
	}
	last := first.Column
	if end > pos {
		last = pkg.Fset.Position(end).Column - 1
	}
	return p.lastCol == 0 || last == p.lastCol
}

func (w wantNote) found(pkg *Package, notes []diag.Note) bool {
	for _, n := range notes {
		if w.at.holds(pkg, n.Pos, n.End) && missing(n.Message+"\n"+spanText(pkg, n.Pos, n.End), w.texts) == "" {
			return true
		}
	}
	return false
}

// missing returns the first of texts that s does not contain.
func missing(s string, texts []string) string {
	for _, text := range texts {
		if !strings.Contains(s, text) {
			return text
		}
	}
	return ""
}

// spanText returns the source in [pos, end).
func spanText(pkg *Package, pos, end token.Pos) string {
	if !pos.IsValid() || !end.IsValid() {
		return ""
	}
	first, last := pkg.Fset.Position(pos), pkg.Fset.Position(end)
	return string(pkg.Sources[first.Filename][first.Offset:last.Offset])
}

// fixText returns what a fix says: its message and the lines that it leads to.
func fixText(t *testing.T, pkg *Package, fix *diag.Fix) string {
	return render(t, pkg, diag.List{{Code: undefinedName, Message: "fix", Fix: fix}})
}

// TestWants checks the reader of expectations.
func TestWants(t *testing.T) {
	wants, err := parseWants("A sentence.\nwant 5:12-16 E0301 \"[batch, 3]\" \"a\\\"b\"\n  note std/layers.nn \"x\"\n  note 4:5-5\n  fix \"y\"\nwant b.nn:1:8 E0602\n")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", wants)
	const text = `[{line:want 5:12-16 E0301 "[batch, 3]" "a\"b" at:{file:in.nn line:5 firstCol:12 lastCol:16} code:E0301 texts:[[batch, 3] a"b] ` +
		`notes:[{line:  note std/layers.nn "x" at:{file:std/layers.nn line:0 firstCol:0 lastCol:0} texts:[x]} ` +
		`{line:  note 4:5-5 at:{file:in.nn line:4 firstCol:5 lastCol:5} texts:[]}] fix:[y]} ` +
		`{line:want b.nn:1:8 E0602 at:{file:b.nn line:1 firstCol:8 lastCol:0} code:E0602 texts:[] notes:[] fix:[]}]`
	if got != text {
		t.Errorf("got  %s\nwant %s", got, text)
	}
	for _, bad := range []string{"want E0301\n", "want 3:4\n", "  note 3:4\n", "want 3:4 E0301\n  hint \"x\"\n", "want 3:4 E0301\n  note \"x\"\n", "want 3:4 E0301\n  fix\n"} {
		if _, err := parseWants(bad); err == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
	if folders, _ := filepath.Glob("testdata/corpus/*"); len(folders) != len(corpusKinds) {
		t.Errorf("got folders %q, want those of corpusKinds", folders)
	}
}
