package main

// This file answers: who is taken for whom, as text and as a picture?

import (
	"bytes"
	"fmt"
	"html"
)

// rowTotal returns the number of passages of a speaker.
func (r result) rowTotal(s int) (total int) {
	for _, n := range r.confusion[s] {
		total += n
	}
	return total
}

// confusionTable writes the matrix as text, a row for each speaker; columns are in the same order.
func confusionTable(names []string, r result) string {
	var b bytes.Buffer
	for s, name := range names {
		fmt.Fprintf(&b, "  %-16s", name)
		for _, n := range r.confusion[s] {
			fmt.Fprintf(&b, "  %3d", n)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// drawConfusion draws the matrix as SVG: the deeper a square, the larger the part of a speaker's passages.
func drawConfusion(names []string, r result) []byte {
	const left, top, cell = 170, 150, 62
	size := cell * len(names)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="13">
<style>
  .bg { fill: #ffffff } text { fill: #1f2328 } .cell { fill: #2f6fc4; stroke: #d0d7de }
  @media (prefers-color-scheme: dark) { .bg { fill: #0d1117 } text { fill: #e6edf3 } .cell { fill: #58a0ff; stroke: #30363d } }
</style>
<rect class="bg" width="100%%" height="100%%" rx="8"/>
<text x="%d" y="28" text-anchor="middle" font-size="15">who was named</text>
<text x="22" y="%d" text-anchor="middle" font-size="15" transform="rotate(-90 22 %d)">who speaks</text>
`, left+size+24, top+size+24, left+size/2, top+size/2, top+size/2)
	for s, name := range names {
		name = html.EscapeString(name)
		middle := cell*s + cell/2
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-8, top+middle+5, name)
		fmt.Fprintf(&b, `<text x="%d" y="%d" transform="rotate(-35 %d %d)">%s</text>`+"\n", left+middle, top-10, left+middle, top-10, name)
	}
	for s := range names {
		for n, count := range r.confusion[s] {
			part := float64(count) / float64(max(r.rowTotal(s), 1))
			x, y := left+cell*n, top+cell*s
			fmt.Fprintf(&b, `<rect class="cell" x="%d" y="%d" width="%d" height="%d" fill-opacity="%.2f"/>`, x, y, cell, cell, part)
			fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%d</text>`+"\n", x+cell/2, y+cell/2+5, count)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
