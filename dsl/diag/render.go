// How is a diagnostic shown to a person? The first line as editors expect it, then the source line with carets.

package diag

import (
	"bytes"
	"fmt"
	"go/token"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Options are the choices of Render.
type Options struct {
	Color bool // terminal colours
}

// Render writes the list in the form of the package comment, one diagnostic after another. The first line of each is
// always `file:line:col: severity code: message`, or `severity code: message` without a position.
func Render(w io.Writer, list List, fset *token.FileSet, src Sources, opt Options) error {
	r := renderer{fset: fset, src: src, color: opt.Color}
	for _, d := range list {
		r.diagnostic(d)
	}
	_, err := w.Write(r.out.Bytes())
	return err
}

// Terminal attributes.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[1;34m"
	green  = "\x1b[1;32m"
	reset  = "\x1b[0m"
)

const tabWidth = 4 // tabs of source lines are shown as spaces up to the next multiple

type renderer struct {
	out   bytes.Buffer
	fset  *token.FileSet
	src   Sources
	color bool
}

func headline(fset *token.FileSet, src Sources, d *Diagnostic) string {
	text := fmt.Sprintf("%s %s: %s", d.Severity, d.Code, d.Message)
	if loc, ok := src.Locate(fset, d.Pos); ok {
		return loc.String() + ": " + text
	}
	return text
}

func (r *renderer) paint(attr, text string) string {
	if !r.color || text == "" {
		return text
	}
	return attr + text + reset
}

func (r *renderer) diagnostic(d *Diagnostic) {
	attr := red
	if d.Severity == Warning {
		attr = yellow
	}
	loc, placed := r.src.Locate(r.fset, d.Pos)
	if placed {
		r.out.WriteString(r.paint(bold, loc.String()+":") + " ")
	}
	fmt.Fprintf(&r.out, "%s %s\n", r.paint(attr, d.Severity.String()+" "+d.Code+":"), r.paint(bold, d.Message))
	r.excerpt(d.Pos, d.End, attr, "^", "~", d.Label)
	for _, n := range d.Notes {
		where := ""
		if at, ok := r.src.Locate(r.fset, n.Pos); ok && at.File != loc.File {
			where = " (" + at.String() + ")"
		}
		fmt.Fprintf(&r.out, "   %s %s%s\n", r.paint(blue, "note:"), n.Message, where)
		r.excerpt(n.Pos, n.End, blue, "-", "-", "")
	}
	if d.Fix != nil {
		fmt.Fprintf(&r.out, "   %s %s\n", r.paint(green, "help:"), d.Fix.Message)
		r.fixed(d.Fix)
	}
}

// excerpt writes the source line of pos and a line of marks under [pos, end), which is cut at the end of the line.
func (r *renderer) excerpt(pos, end token.Pos, attr, first, rest, label string) {
	if !pos.IsValid() || r.fset == nil {
		return
	}
	file := r.fset.File(pos)
	if file == nil {
		return
	}
	p := file.PositionFor(pos, false)
	text, offset, ok := r.src.line(file, p.Line)
	if !ok {
		return
	}
	lo := min(p.Offset-offset, len(text))
	hi := lo
	if end > pos {
		hi = min(lo+int(end-pos), len(text))
	}
	text, lo, hi = window(text, lo, hi)
	shown, left, right := expand(text, lo, hi)
	marks := first + strings.Repeat(rest, max(right-left-1, 0))
	if label != "" {
		marks += " " + label
	}
	r.gutter(fmt.Sprint(p.Line), shown)
	r.gutter("", strings.Repeat(" ", left)+r.paint(attr, marks))
}

// fixed writes the source line as it is after the fix, when the fix changes one line only and the line is not long.
func (r *renderer) fixed(fix *Fix) {
	if len(fix.Edits) == 0 || r.fset == nil {
		return
	}
	file := r.fset.File(fix.Edits[0].Pos)
	if file == nil {
		return
	}
	number := file.Line(fix.Edits[0].Pos)
	text, offset, ok := r.src.line(file, number)
	if !ok || len(text) > maxLine {
		return
	}
	// A file that is the line alone, with the edits moved to it.
	line := token.NewFileSet().AddFile("", 1, len(text))
	var local Fix
	for _, e := range fix.Edits {
		lo := int(e.Pos) - file.Base() - offset
		hi := int(e.End) - file.Base() - offset
		if lo < 0 || hi < lo || hi > len(text) || strings.Contains(e.New, "\n") {
			return
		}
		local.Edits = append(local.Edits, Edit{line.Pos(lo), line.Pos(hi), e.New})
	}
	if shown, _, _ := expand(Apply(line, text, &local), 0, 0); strings.TrimSpace(shown) != "" {
		r.gutter(fmt.Sprint(number), shown)
	}
}

// maxLine is the longest source line, in bytes, that is shown whole; of longer ones the part around the span is shown.
const maxLine = 240

// window cuts a long line to the part around [lo, hi) and returns the offsets in what is left.
func window(text []byte, lo, hi int) ([]byte, int, int) {
	if len(text) <= maxLine {
		return text, lo, hi
	}
	hi = min(hi, lo+maxLine/2)
	from, to := max(0, lo-maxLine/4), min(len(text), hi+maxLine/4)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	var cut []byte
	if from > 0 {
		cut = append(cut, "..."...)
	}
	lo, hi = lo-from+len(cut), hi-from+len(cut)
	cut = append(cut, text[from:to]...)
	if to < len(text) {
		cut = append(cut, "..."...)
	}
	return cut, lo, hi
}

func (r *renderer) gutter(number, text string) {
	fmt.Fprintf(&r.out, "%s\n", strings.TrimRight(fmt.Sprintf("%s %s", r.paint(blue, fmt.Sprintf("%5s |", number)), text), " "))
}

// expand returns the line as shown: tabs as spaces, and what a terminal must not see as replacement characters. left and
// right are the columns, from 0, of the byte offsets lo and hi in what is shown.
func expand(line []byte, lo, hi int) (shown string, left, right int) {
	var b strings.Builder
	col := 0
	left, right = -1, -1
	for i := 0; i < len(line); {
		if left < 0 && i >= lo {
			left = col
		}
		if right < 0 && i >= hi {
			right = col
		}
		c, size := utf8.DecodeRune(line[i:])
		switch {
		case c == '\t':
			n := tabWidth - col%tabWidth
			b.WriteString(strings.Repeat(" ", n))
			col += n
		case c == utf8.RuneError || !unicode.IsPrint(c):
			b.WriteRune(utf8.RuneError)
			col++
		default:
			b.WriteRune(c)
			col++
		}
		i += size
	}
	if left < 0 {
		left = col
	}
	if right < 0 {
		right = col
	}
	return b.String(), left, right
}
