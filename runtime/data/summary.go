package data

// This file answers: what does a person see of a data set?

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Most columns and classes that a summary lists.
const (
	mostColumns = 12
	mostClasses = 20
)

// String describes the table for people: its size, the least, mean and largest value and the deviation of each column, and how many rows
// each class has. Of many columns and classes it lists the first ones.
func (t *Table[T]) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s", counted(t.Rows, "row"), counted(len(t.Columns), "feature"))
	switch {
	case len(t.Targets) > 0:
		fmt.Fprintf(&b, ", to predict: %s", quoted(t.Targets))
	case t.Classes != nil:
		fmt.Fprintf(&b, ", to predict: class %s", clipped(t.Label))
	case t.Target != nil:
		fmt.Fprintf(&b, ", to predict: number %s", clipped(t.Label))
	}
	if t.Dropped > 0 {
		fmt.Fprintf(&b, "; %s with missing values left out", counted(t.Dropped, "row"))
	}
	b.WriteByte('\n')
	if err := t.Check(); err != nil {
		fmt.Fprintf(&b, "not whole: %v\n", err)
		return b.String()
	}
	if t.Rows > 0 {
		t.statistics(&b)
	}
	if t.Labels != nil {
		t.classCounts(&b)
	}
	return b.String()
}

// statistics lists what is in the columns.
func (t *Table[T]) statistics(b *strings.Builder) {
	lines := [][]string{{"column", "least", "mean", "largest", "deviation"}}
	add := func(name string, m moments) {
		lines = append(lines, []string{clean(name), brief(m.least), brief(m.mean), brief(m.largest), brief(m.deviation())})
	}
	for i, m := range momentsOf(t.Features, len(t.Columns)) {
		if i == mostColumns && len(t.Columns) > mostColumns+1 {
			lines = append(lines, []string{fmt.Sprintf("and %d more", len(t.Columns)-mostColumns)})
			break
		}
		add(t.Columns[i], m)
	}
	if names, err := t.targetNames(); err == nil && t.Classes == nil {
		for i, m := range momentsOf(t.Target, len(names)) {
			add(names[i], m)
		}
	}
	grid(b, lines)
}

// classCounts lists how many rows each class has.
func (t *Table[T]) classCounts(b *strings.Builder) {
	counts := make([]int, len(t.Classes))
	for _, l := range t.Labels {
		counts[l]++
	}
	lines := [][]string{{"class", "rows"}}
	for i, n := range counts {
		if i == mostClasses && len(counts) > mostClasses+1 {
			lines = append(lines, []string{fmt.Sprintf("and %d more", len(counts)-mostClasses)})
			break
		}
		lines = append(lines, []string{clean(t.Classes[i]), strconv.Itoa(n)})
	}
	grid(b, lines)
}

// grid writes lines of cells in columns: the first to the left, numbers to the right.
func grid(b *strings.Builder, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		b.WriteString("  " + line[0])
		pad := widths[0] - utf8.RuneCountInString(line[0])
		for i, cell := range line[1:] {
			b.WriteString(strings.Repeat(" ", pad+2+widths[i+1]-utf8.RuneCountInString(cell)) + cell)
			pad = 0
		}
		b.WriteByte('\n')
	}
}

// clean makes a name from a file fit for a terminal: no control characters, not too long.
func clean(name string) string {
	const most = 40
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
	if r := []rune(name); len(r) > most {
		name = string(r[:most-3]) + "..."
	}
	return name
}

// brief writes a number in few characters: four digits, or all of a small whole number.
func brief(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e6 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.4g", v)
}
