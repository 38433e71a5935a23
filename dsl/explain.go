// What does an error code mean, at length? Every code has a page: explanation, wrong example, what is reported, right example.
package dsl

import (
	"embed"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"nngen/dsl/diag"
)

//go:embed errors/*.txtar
var errorPages embed.FS

// A Page explains one code. The tests check that Bad gives Want and Good gives no diagnostics.
type Page struct {
	Code  string
	Title string
	Text  string // why it is wrong and what to do
	Bad   string // a file that gives the diagnostic
	Want  string // what is reported for Bad, rendered
	Good  string // the file corrected
}

// Explain returns the page of a code as text for a terminal, and false when there is no such code.
func Explain(code string) (string, bool) {
	p, ok := ReadPage(code)
	if !ok {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s", p.Code, p.Title, p.Text)
	for _, part := range []struct{ head, text string }{{"Wrong", p.Bad}, {"Reported", p.Want}, {"Right", p.Good}} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s:\n\n%s", part.head, indent(part.text))
		}
	}
	return b.String(), true
}

// ReadPage returns the page of a code, and false when there is no such code.
func ReadPage(code string) (Page, bool) {
	title, known := diag.Title(code)
	data, err := errorPages.ReadFile("errors/" + code + ".txtar")
	if !known || err != nil {
		return Page{}, false
	}
	page := Page{Code: code, Title: title}
	archive := txtar.Parse(data)
	page.Text = string(archive.Comment)
	for _, f := range archive.Files {
		switch f.Name {
		case "bad.nn":
			page.Bad = string(f.Data)
		case "want":
			page.Want = string(f.Data)
		case "good.nn":
			page.Good = string(f.Data)
		}
	}
	return page, true
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}
