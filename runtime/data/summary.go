package data

// This file answers: what does a person see of a data set?

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
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
		fmt.Fprintf(&b, ", targets %s", strings.Join(t.Targets, ", "))
	case t.Classes != nil:
		fmt.Fprintf(&b, ", target %s in %d classes", t.Label, len(t.Classes))
	case t.Target != nil:
		fmt.Fprintf(&b, ", target %s", t.Label)
	}
	if t.Dropped > 0 {
		fmt.Fprintf(&b, ", %s dropped for missing values", counted(t.Dropped, "row"))
	}
	b.WriteByte('\n')
	if err := t.Check(); err != nil {
		fmt.Fprintf(&b, "not whole: %v\n", err)
		return b.String()
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "column\tleast\tmean\tlargest\tdeviation\t\n")
	line := func(name string, m moments) {
		if m.n == 0 {
			return
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", clean(name), brief(m.least), brief(m.mean), brief(m.largest), brief(m.deviation()))
	}
	for i, m := range momentsOf(t.Features, len(t.Columns)) {
		if i == mostColumns && len(t.Columns) > mostColumns+1 {
			fmt.Fprintf(w, "%d more\t\t\t\t\t\n", len(t.Columns)-mostColumns)
			break
		}
		line(t.Columns[i], m)
	}
	if t.Target != nil && t.Classes == nil {
		names, _ := t.targetNames()
		for i, m := range momentsOf(t.Target, t.targetWidth()) {
			line(names[i], m)
		}
	}
	w.Flush()
	t.classCounts(&b)
	return b.String()
}

// classCounts lists how many rows each class has.
func (t *Table[T]) classCounts(b *strings.Builder) {
	if t.Labels == nil {
		return
	}
	counts := make([]int, len(t.Classes))
	for _, l := range t.Labels {
		counts[l]++
	}
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "class\trows\t\n")
	for i, n := range counts {
		if i == mostClasses && len(counts) > mostClasses+1 {
			fmt.Fprintf(w, "%d more\t\t\n", len(counts)-mostClasses)
			break
		}
		fmt.Fprintf(w, "%s\t%d\t\n", clean(t.Classes[i]), n)
	}
	w.Flush()
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
