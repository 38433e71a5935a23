// What does the formatter line up? The columns of neighbouring declarations, and comments at the ends of lines.

package syntax

import (
	"strings"
	"unicode/utf8"
)

// maxPadding is the widest gap that lining up may open; beyond it a run of lines is left ragged.
const maxPadding = 24

// columns gives a statement its class and its columns. Statements of one class on adjacent lines are lined up:
//
//	input  x [batch, 2]         output p        = sigmoid(z)
//	target y [batch, 1]         loss            = mean(bce_logits(z, y))
//
// Assignments with := are lined up with each other, those that rebind a name are not.
func (l *layout) columns(n Node) {
	set := func(class string, cuts ...Lexeme) {
		l.class[n.Pos()] = class
		for _, c := range cuts {
			l.cut[c.Pos] = true
		}
	}
	sign := func(value Expr) Lexeme { return l.before(value.Pos()) }
	switch n := n.(type) {
	case *ItemDecl:
		set("item", sign(n.Value))
	case *InputDecl:
		set("input", l.at(n.Name.Pos()), l.at(n.Type.Pos()))
	case *ParamDecl:
		if n.Init == nil {
			set("param", l.at(n.Type.Pos()))
		} else {
			set("param with value", l.at(n.Type.Pos()), sign(n.Init))
		}
	case *StateDecl:
		switch {
		case len(n.Names) != 1:
		case n.Type != nil && n.Init != nil:
			set("typed state with value", l.at(n.Type.Pos()), sign(n.Init))
		case n.Type != nil:
			set("typed state", l.at(n.Type.Pos()))
		case n.Init != nil:
			set("state with value", sign(n.Init))
		}
	case *ConstDecl:
		if len(n.Names) == 1 {
			set("const", sign(n.Values[0]))
		}
	case *HyperDecl:
		set("hyper", sign(n.Value))
	case *Use:
		set("use", sign(n.Call))
	case *Assign:
		if n.Op == Define && len(n.Names) == 1 {
			set("define", l.at(n.OpPos))
		}
	}
}

// alignColumns pads the columns of each run of adjacent lines of one class.
func alignColumns(lines []*line) {
	for i := 0; i < len(lines); {
		j := i + 1
		for j < len(lines) && lines[i].class != "" && lines[j].class == lines[i].class && !lines[j].blank &&
			lines[j].indent == lines[i].indent && len(lines[j].cuts) == len(lines[i].cuts) {
			j++
		}
		if j > i+1 {
			alignRun(lines[i:j])
		}
		i = j
	}
}

// alignRun pads each column of the lines to the width of its widest cell.
func alignRun(lines []*line) {
	cells := make([][]string, len(lines))
	for i, l := range lines {
		text, at := l.text.String(), 0
		for _, cut := range l.cuts {
			cells[i] = append(cells[i], strings.TrimRight(text[at:cut], " "))
			at = cut
		}
		cells[i] = append(cells[i], text[at:])
	}
	widths := make([]int, len(lines[0].cuts))
	for col := range widths {
		narrow, wide := 1<<30, 0
		for i := range lines {
			w := utf8.RuneCountInString(cells[i][col])
			narrow, wide = min(narrow, w), max(wide, w)
		}
		if wide-narrow > maxPadding {
			wide = 0
		}
		widths[col] = wide
	}
	for i, l := range lines {
		l.text.Reset()
		for col, w := range widths {
			l.text.WriteString(pad(cells[i][col], w) + " ")
		}
		l.text.WriteString(cells[i][len(widths)])
	}
}

// alignComments puts the comments at the ends of adjacent lines into one column.
func alignComments(lines []*line) {
	trailing := func(l *line) bool { return l.comment != "" && l.text.Len() > 0 }
	for i := 0; i < len(lines); {
		j := i + 1
		for j < len(lines) && trailing(lines[i]) && trailing(lines[j]) && !lines[j].blank && lines[j].indent == lines[i].indent {
			j++
		}
		wide := 0
		for _, l := range lines[i:j] {
			wide = max(wide, utf8.RuneCountInString(l.text.String()))
		}
		for _, l := range lines[i:j] {
			if trailing(l) {
				text := pad(l.text.String(), wide) + " "
				l.text.Reset()
				l.text.WriteString(text)
			}
		}
		i = j
	}
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// writeTo writes the line with its indentation and line end.
func (l *line) writeTo(b *strings.Builder) {
	if l.blank && b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat(" ", l.indent) + l.text.String() + l.comment)
	b.WriteByte('\n')
}
