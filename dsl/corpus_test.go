// Do wrong models get the diagnostics that a person reading them would write? Each archive of testdata/corpus states them
// by hand, apart from the golden text.

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
