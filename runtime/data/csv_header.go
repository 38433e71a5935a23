package data

// This file answers: which columns does a CSV file have, and which of them are read?

import (
	"fmt"
	"slices"
	"strings"
)

// header returns the names of the columns from the first record.
func header(first []string, o Options, line int) ([]string, error) {
	if sep := otherComma(first); sep != "" && o.Comma == 0 {
		return nil, &Error{Line: line, Got: "one field, " + clipped(first[0]), Want: "fields separated by ',', or Options.Comma: '" + sep + "'"}
	}
	if o.NoHeader {
		return numbered(len(first)), nil
	}
	names := make([]string, len(first))
	numbers := 0
	for i, f := range first {
		names[i] = strings.Clone(f)
		if _, ok := number[float64](f); ok {
			numbers++
		}
	}
	if numbers == len(first) {
		return nil, &Error{Line: line, Got: "a header of numbers only", Want: "column names, or the option NoHeader"}
	}
	return names, nil
}

// otherComma returns the character that seems to separate the fields of a record that was read as one, as Go writes it; "" if none does.
func otherComma(first []string) string {
	switch {
	case len(first) != 1:
	case strings.Contains(first[0], ";"):
		return ";"
	case strings.Contains(first[0], "\t"):
		return `\t`
	}
	return ""
}

// layout says which columns are read; label is -1 when there is no target column, or several.
type layout struct {
	features []int
	targets  []int
	label    int
}

// choose finds the columns that the options name.
func choose(names []string, o Options, line int) (layout, error) {
	l := layout{label: -1}
	find := func(name string) (int, error) {
		i := slices.Index(names, name)
		switch {
		case i < 0:
			return 0, &Error{Line: line, Got: "columns " + quoted(names), Want: fmt.Sprintf("one called %q", name)}
		case slices.Contains(names[i+1:], name):
			return 0, &Error{Line: line, Column: name, Got: "two columns of this name", Want: "one"}
		}
		return i, nil
	}
	all := func(wanted []string) (indices []int, err error) {
		for _, name := range wanted {
			i, err := find(name)
			if err != nil {
				return nil, err
			}
			indices = append(indices, i)
		}
		return indices, nil
	}
	var err error
	switch {
	case len(o.Targets) > 0:
		if o.Label != "" || o.NoLabel || len(o.Classes) > 0 {
			return l, fmt.Errorf("options: got Targets beside Label, NoLabel or Classes, want one of them")
		}
		if err = distinctTargets(o.Targets); err != nil {
			return l, err
		}
		l.targets, err = all(o.Targets)
	case o.NoLabel:
		if o.Label != "" || len(o.Classes) > 0 {
			return l, fmt.Errorf("options: got NoLabel beside Label or Classes, want one of them")
		}
	case o.Label != "":
		l.label, err = find(o.Label)
	default:
		l.label = len(names) - 1
	}
	if err != nil {
		return l, err
	}
	isTarget := func(i int) bool { return i == l.label || slices.Contains(l.targets, i) }
	if len(o.Columns) == 0 {
		for i := range names {
			if !isTarget(i) {
				l.features = append(l.features, i)
			}
		}
		if len(l.features) == 0 {
			return l, &Error{Line: line, Got: "target columns only", Want: "at least one feature column"}
		}
		return l, nil
	}
	if l.features, err = all(o.Columns); err != nil {
		return l, err
	}
	for _, i := range l.features {
		if isTarget(i) {
			return l, &Error{Line: line, Column: names[i], Got: "the target among the feature columns", Want: "a column that is one of them"}
		}
	}
	return l, nil
}

func distinctTargets(targets []string) error {
	for i, name := range targets {
		if slices.Contains(targets[:i], name) {
			return fmt.Errorf("option Targets: got %q twice, want distinct columns", name)
		}
	}
	return nil
}
