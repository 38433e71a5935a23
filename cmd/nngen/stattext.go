package main

// This file answers: how do numbers and columns of `nngen stat` look to a person?

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scaled writes a count with three digits and a decimal prefix: 950, 12.3 k, 4.56 M.
func scaled(v float64) string {
	for _, unit := range []string{"", " k", " M", " G"} {
		if text := threeDigits(v); v < 999.5 {
			return text + unit
		}
		v /= 1000
	}
	return threeDigits(v) + " T"
}

// microseconds writes a time given in microseconds.
func microseconds(us float64) string {
	switch {
	case us == 0:
		return "0"
	case us < 0.9995:
		return threeDigits(us*1e3) + " ns"
	case us < 999.5:
		return threeDigits(us) + " us"
	case us < 999.5e3:
		return threeDigits(us/1e3) + " ms"
	}
	return threeDigits(us/1e6) + " s"
}

// threeDigits writes v with three significant digits, whole numbers without a point.
func threeDigits(v float64) string {
	switch {
	case v == float64(int64(v)) || v >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// percent writes part of whole.
func percent(part, whole int64) string {
	if whole == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}

// shorten cuts text to width characters.
func shorten(text string, width int) string {
	if r := []rune(text); len(r) > width {
		return strings.TrimSpace(string(r[:width-3])) + "..."
	}
	return text
}

// writeColumns prints rows in aligned columns: the second column and the last are text, the others numbers.
func writeColumns(w io.Writer, rows [][]string) error {
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i > 0 {
				b.WriteString("  ")
			}
			if i == 1 || i == len(r)-1 {
				b.WriteString(c + pad)
			} else {
				b.WriteString(pad + c)
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}
