// How is a list of diagnostics written for programs?

package diag

import (
	"encoding/json"
	"go/token"
	"io"
)

// The JSON form: stable names, lines and columns from 1, columns in characters, ends just after the last character.

type jsonDiagnostic struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
	jsonSpan
	Message string     `json:"message"`
	Label   string     `json:"label,omitempty"`
	Notes   []jsonNote `json:"notes,omitempty"`
	Fix     *jsonFix   `json:"fix,omitempty"`
}

type jsonSpan struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Col     int    `json:"col,omitempty"`
	EndLine int    `json:"endLine,omitempty"`
	EndCol  int    `json:"endCol,omitempty"`
}

type jsonNote struct {
	jsonSpan
	Message string `json:"message"`
}

type jsonFix struct {
	Message string     `json:"message"`
	Edits   []jsonEdit `json:"edits,omitempty"`
}

type jsonEdit struct {
	jsonSpan
	New string `json:"new"`
}

// RenderJSON writes the list as one JSON array, indented, with an object for each diagnostic: code, severity, title, file,
// line, col, endLine, endCol, message, label, notes and fix with its edits. An empty list is [].
func RenderJSON(w io.Writer, list List, fset *token.FileSet, src Sources) error {
	span := func(pos, end token.Pos) jsonSpan {
		from, ok := src.Locate(fset, pos)
		if !ok {
			return jsonSpan{}
		}
		to, ok := src.Locate(fset, end)
		if !ok || to.File != from.File || end < pos {
			to = from
		}
		return jsonSpan{from.File, from.Line, from.Column, to.Line, to.Column}
	}
	out := []jsonDiagnostic{}
	for _, d := range list {
		title, _ := Title(d.Code)
		j := jsonDiagnostic{
			Code: d.Code, Severity: d.Severity.String(), Title: title, jsonSpan: span(d.Pos, d.End), Message: d.Message, Label: d.Label,
		}
		for _, n := range d.Notes {
			j.Notes = append(j.Notes, jsonNote{span(n.Pos, n.End), n.Message})
		}
		if d.Fix != nil {
			j.Fix = &jsonFix{Message: d.Fix.Message}
			for _, e := range d.Fix.Edits {
				j.Fix.Edits = append(j.Fix.Edits, jsonEdit{span(e.Pos, e.End), e.New})
			}
		}
		out = append(out, j)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
