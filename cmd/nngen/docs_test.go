package main

// This file tests the documentation: examples in the language are checked, excerpts of files are what the files say, the
// command's help is the command's, and links lead somewhere.

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nngen/dsl"
	"nngen/dsl/diag"
	"nngen/dsl/syntax"
	"nngen/internal/golden"
)

// A block is one fenced block of a document, with the marker comment directly above it.
type block struct {
	line   int    // of the opening fence, from 1
	marker string // "file: examples/xor/xor.nn", "" without one
	info   string // after the fence: "nn", "nn error=E0203", "go"
	text   string
}

// documents returns the markdown files of the repository, by path relative to the root. Data and test data are left out.
func documents(t *testing.T) []string {
	t.Helper()
	root := repoRoot(t)
	var docs []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && skipDir(d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && filepath.Ext(path) == ".md":
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			docs = append(docs, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

var (
	markerForm = regexp.MustCompile(`^<!-- ([^>]*?) -->$`)
	linkForm   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// blocks returns the fenced blocks of a document.
func blocks(doc string) []block {
	var out []block
	var open *block
	marker := ""
	for i, line := range strings.Split(doc, "\n") {
		switch fence := strings.HasPrefix(line, "```"); {
		case fence && open == nil:
			open = &block{line: i + 1, marker: marker, info: strings.TrimSpace(strings.TrimPrefix(line, "```"))}
		case fence:
			out = append(out, *open)
			open, marker = nil, ""
		case open != nil:
			open.text += line + "\n"
		case markerForm.MatchString(line):
			marker = markerForm.FindStringSubmatch(line)[1]
		case strings.TrimSpace(line) != "":
			marker = ""
		}
	}
	return out
}

// readDoc reads a document.
func readDoc(t *testing.T, doc string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repoRoot(t), filepath.FromSlash(doc)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestModelBlocks checks every nn block: it must be formatted, which NNGEN_UPDATE=1 mends, and without a diagnostic, or give
// the code that it names.
func TestModelBlocks(t *testing.T) {
	found := 0
	for _, doc := range documents(t) {
		if golden.Update() {
			formatBlocks(t, doc)
		}
		for _, b := range blocks(readDoc(t, doc)) {
			lang, want, _ := strings.Cut(b.info, " ")
			if lang != "nn" {
				continue
			}
			found++
			t.Run(fmt.Sprintf("%s:%d", doc, b.line), func(t *testing.T) { checkBlock(t, b.text, want) })
		}
	}
	if found == 0 {
		t.Error("no nn block in any document")
	}
}

// formatBlocks formats the nn blocks of a document.
func formatBlocks(t *testing.T, doc string) {
	t.Helper()
	text := readDoc(t, doc)
	updated := text
	for _, b := range blocks(text) {
		if b.info != "nn" && !strings.HasPrefix(b.info, "nn ") {
			continue
		}
		formatted, list := syntax.Format(token.NewFileSet(), "block.nn", []byte(b.text))
		if !list.HasErrors() {
			updated = strings.Replace(updated, "```"+b.info+"\n"+b.text+"```", "```"+b.info+"\n"+string(formatted)+"```", 1)
		}
	}
	if updated == text {
		return
	}
	if err := os.WriteFile(filepath.Join(repoRoot(t), filepath.FromSlash(doc)), []byte(updated), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkBlock checks one nn block; want is "", "error=E0203" or "warning=W0701".
func checkBlock(t *testing.T, text, want string) {
	if formatted, list := syntax.Format(token.NewFileSet(), "block.nn", []byte(text)); !list.HasErrors() {
		if diff := cmp.Diff(string(formatted), text); diff != "" {
			t.Errorf("the block is not formatted (-want +got):\n%s", diff)
		}
	}
	read := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	pkg, list := dsl.Load(dsl.Options{Read: read}, "block.nn", []byte(text))
	kind, code, _ := strings.Cut(want, "=")
	var rendered bytes.Buffer
	if err := diag.Render(&rendered, list, pkg.Fset, pkg.Sources, diag.Options{}); err != nil {
		t.Fatal(err)
	}
	switch kind {
	case "":
		if len(list) > 0 {
			t.Errorf("want no diagnostic, got\n%s", rendered.String())
		}
	case "error", "warning":
		for _, d := range list {
			if d.Code != code || d.Severity.String() != kind {
				t.Errorf("want %s %s only, got\n%s", kind, code, rendered.String())
				return
			}
		}
		if len(list) == 0 {
			t.Errorf("want %s %s, got nothing", kind, code)
		}
	default:
		t.Errorf("unknown annotation %q of a block", want)
	}
}

// TestExcerpts checks every block whose marker names a file, or the command's help, against what it shows. NNGEN_UPDATE=1
// rewrites them.
func TestExcerpts(t *testing.T) {
	found := 0
	for _, doc := range documents(t) {
		text := readDoc(t, doc)
		updated := text
		for _, b := range blocks(text) {
			want, ok, err := excerpt(t, b.marker)
			if !ok {
				continue
			}
			found++
			if err != nil {
				t.Errorf("%s:%d: %v", doc, b.line, err)
				continue
			}
			head := "<!-- " + b.marker + " -->\n```" + b.info + "\n"
			updated = strings.Replace(updated, head+b.text+"```\n", head+want+"```\n", 1)
			if diff := cmp.Diff(want, b.text); diff != "" && !golden.Update() {
				t.Errorf("%s:%d: the block is not what %q says (-want +got):\n%s", doc, b.line, b.marker, diff)
			}
		}
		if golden.Update() && updated != text {
			if err := os.WriteFile(filepath.Join(repoRoot(t), doc), []byte(updated), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if found == 0 {
		t.Error("no excerpt in any document")
	}
}

// excerpt returns what a marker stands for: "file: PATH" a whole file, "file: PATH func NAME" one function with its comment,
// "help" the help of nngen, "help NAME" that of a command, "library: FILE" the declarations of a library file, "keywords" and
// "builtins" those of the language, "dump: STAGE PATH" the dump of a model at a stage, "dump: STAGE PATH NAME" one function, frame or Go method of it. ok is
// false for other markers.
func excerpt(t *testing.T, marker string) (text string, ok bool, err error) {
	if marker == "help" || strings.HasPrefix(marker, "help ") {
		var out bytes.Buffer
		if code := run(append(strings.Fields(marker)[1:], "--help"), strings.NewReader(""), &out, &out); code != 0 {
			return "", true, fmt.Errorf("exit code %d", code)
		}
		return out.String(), true, nil
	}
	if file, ok := strings.CutPrefix(marker, "library: "); ok {
		text, err := signatures("std/" + file)
		return text, true, err
	}
	switch marker {
	case "keywords":
		return keywords(), true, nil
	case "builtins":
		return builtins(), true, nil
	}
	if what, ok := strings.CutPrefix(marker, "dump: "); ok {
		text, err := dumpExcerpt(t, strings.Fields(what))
		return text, true, err
	}
	what, ok := strings.CutPrefix(marker, "file: ")
	if !ok {
		return "", false, nil
	}
	path, name, oneFunc := strings.Cut(what, " func ")
	src, err := os.ReadFile(filepath.Join(repoRoot(t), filepath.FromSlash(path)))
	if err != nil || !oneFunc {
		return string(src), true, err
	}
	text, err = goFunc(path, src, name)
	return text, true, err
}

// dumpExcerpt returns a dump, or the part of it that is called name.
func dumpExcerpt(t *testing.T, words []string) (string, error) {
	if len(words) < 2 {
		return "", errors.New("want dump: STAGE PATH [NAME]")
	}
	var out, msg bytes.Buffer
	if code := run([]string{"dump", "--stage", words[0], filepath.Join(repoRoot(t), filepath.FromSlash(words[1]))}, strings.NewReader(""), &out, &msg); code != 0 {
		return "", fmt.Errorf("exit code %d: %s", code, msg.String())
	}
	if len(words) == 2 {
		return out.String(), nil
	}
	if words[0] == "go" {
		return goFunc(words[1], out.Bytes(), words[2])
	}
	var part strings.Builder
	in := false
	for _, line := range strings.SplitAfter(out.String(), "\n") {
		if head := strings.Fields(line); !strings.HasPrefix(line, " ") && len(head) > 1 {
			in = head[1] == words[2]
		}
		if in && strings.TrimSpace(line) != "" {
			part.WriteString(line)
		}
	}
	if part.Len() == 0 {
		return "", fmt.Errorf("the dump has no %s", words[2])
	}
	return part.String(), nil
}

// goFunc returns the first function or method of that name with its comment. A method may be named with its receiver's type: lineForward.run.
func goFunc(path string, src []byte, name string) (string, error) {
	receiver, method, isMethod := strings.Cut(name, ".")
	if isMethod {
		name = method
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, src, parser.ParseComments)
	if err != nil {
		return "", err
	}
	for _, d := range file.Decls {
		f, isFunc := d.(*ast.FuncDecl)
		if !isFunc || f.Name.Name != name {
			continue
		}
		if isMethod && (f.Recv == nil || !strings.Contains(string(src[f.Recv.Pos()-file.FileStart:f.Recv.End()-file.FileStart]), "*"+receiver+")")) {
			continue
		}
		start := f.Pos()
		if f.Doc != nil {
			start = f.Doc.Pos()
		}
		return string(src[fset.Position(start).Offset:fset.Position(f.End()).Offset]) + "\n", nil
	}
	return "", fmt.Errorf("%s has no function %s", path, name)
}

// keywords lists the words of the token table, wrapped.
func keywords() string {
	var b strings.Builder
	width := 0
	for tok := syntax.Token(0); tok < 255; tok++ {
		if !tok.IsKeyword() {
			continue
		}
		word := tok.String()
		switch {
		case width == 0:
		case width+1+len(word) > 100:
			b.WriteByte('\n')
			width = 0
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String() + "\n"
}

// builtins lists the intrinsic functions.
func builtins() string {
	var b strings.Builder
	for _, f := range dsl.Builtins() {
		fmt.Fprintf(&b, "%-36s %s\n", f.Signature, f.Doc)
	}
	return b.String()
}

// signatures lists the declarations of a library file: the comment of each, then its head.
func signatures(file string) (string, error) {
	src, ok := dsl.Library()[file]
	if !ok {
		return "", fmt.Errorf("the library has no file %s", file)
	}
	fset := token.NewFileSet()
	tree, list := syntax.Parse(fset, file, src)
	if err := list.Err(fset, diag.Sources{file: src}); err != nil {
		return "", err
	}
	at := func(p token.Pos) int { return fset.Position(p).Offset }
	var b strings.Builder
	for _, d := range tree.Decls {
		f, ok := d.(*syntax.FuncDecl)
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(commentAbove(src[:at(f.Pos())]))
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(string(src[at(f.Pos()):at(f.Body.Pos())])))
	}
	return b.String(), nil
}

// commentAbove returns the comment lines directly before the end of src.
func commentAbove(src []byte) string {
	lines := strings.Split(strings.TrimSuffix(string(src), "\n"), "\n")
	first := len(lines)
	for first > 0 && strings.HasPrefix(lines[first-1], "//") {
		first--
	}
	text := strings.Join(lines[first:], "\n")
	if text != "" {
		text += "\n"
	}
	return text
}

// TestLinks checks that every relative link of a document leads to a file, and every anchor in it to a heading.
func TestLinks(t *testing.T) {
	root := repoRoot(t)
	for _, doc := range documents(t) {
		text := readDoc(t, doc)
		for _, b := range blocks(text) {
			text = strings.Replace(text, "\n"+b.text, "\n", 1) // code may look like a link
		}
		for _, m := range linkForm.FindAllStringSubmatch(text, -1) {
			link := m[1]
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			path, anchor, _ := strings.Cut(link, "#")
			target := doc
			if path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(doc), path))
			}
			if _, err := os.Stat(filepath.Join(root, target)); errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: link %s leads nowhere", doc, link)
				continue
			}
			if anchor != "" && !hasHeading(readDoc(t, target), anchor) {
				t.Errorf("%s: link %s: no such heading", doc, link)
			}
		}
	}
}

// hasHeading reports whether a document has a heading with this anchor, as code hosts form them.
func hasHeading(doc, anchor string) bool {
	for line := range strings.Lines(doc) {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		var b strings.Builder
		for _, r := range strings.ToLower(strings.TrimSpace(title)) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case r == '-' || r == '_' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
				b.WriteRune(r)
			}
		}
		if b.String() == anchor {
			return true
		}
	}
	return false
}

// TestOwnModule builds the module that a document describes block by block (README's "In your own module", and the guides), in an empty folder, and
// runs its commands. As for a user, the first "go mod tidy" on a machine fetches descriptions of modules that nngen's own build does not need.
// Where the document shows what the last command prints, it must print that.
func TestOwnModule(t *testing.T) {
	root := repoRoot(t)
	found := 0
	for _, doc := range documents(t) {
		var parts []block
		for _, b := range blocks(readDoc(t, doc)) {
			if strings.HasPrefix(b.marker, "module: ") {
				parts = append(parts, b)
			}
		}
		if len(parts) == 0 {
			continue
		}
		found++
		t.Run(doc, func(t *testing.T) { runModule(t, root, parts) })
	}
	if found == 0 {
		t.Fatal("no document describes a module")
	}
}

func runModule(t *testing.T, root string, parts []block) {
	dir := t.TempDir()
	local := func(text string) string { return strings.ReplaceAll(text, "../nngen", filepath.ToSlash(root)) }
	var commands []string
	want := ""
	replaced := false
	for _, b := range parts {
		switch name := strings.TrimPrefix(b.marker, "module: "); name {
		case "commands":
			commands = append(commands, strings.Split(strings.TrimSpace(local(b.text)), "\n")...)
		case "output":
			want = b.text
		default:
			text := b.text
			if name == "go.mod" {
				text = local(text)
				replaced = text != b.text
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !replaced || len(commands) == 0 {
		t.Fatal("the module has no go.mod with a replace line, or no commands")
	}
	var last []byte
	for _, command := range commands {
		words := strings.Fields(command)
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "PWD="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		last = out
	}
	if want != "" && string(last) != want {
		t.Errorf("the last command printed %q, want %q", last, want)
	}
}
