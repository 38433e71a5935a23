package main

// This file answers: how are pictures written that can be read on light and dark pages alike? As SVG whose colours follow the reader's
// scheme, with coordinates rounded to a tenth.

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// colours are those of the optimizers, in their order; each has a contrast of at least 3 to 1 with white and with black alike.
var colours = [len(optimizers)]string{"#d55e00", "#b58900", "#009e73", "#cc5fa0", "#2f8fd0", "#8a6fe8"}

// A picture is an SVG file in the making.
type picture struct{ bytes.Buffer }

// newPicture begins a file of a size in pixels. The title is for those who cannot see it.
func newPicture(width, height float64, title string) *picture {
	p := &picture{}
	p.addf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%[1]s" height="%[2]s" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="11">`, px(width), px(height))
	p.addf(`<title>%s</title>`, title)
	p.WriteString(`<style>text{fill:#333}.soft{fill:#6a6a6a}.rule{stroke:#8886;fill:none}.frame{stroke:#8888;fill:none}.goal{stroke:#777;stroke-dasharray:2 3}.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.context{fill:none;stroke:#8885;stroke-width:.8}.contour{fill:none;stroke:#8889;stroke-width:.7}.paper{stroke:#fff}`)
	for i, c := range colours {
		p.addf(`.s%d{stroke:%s}.f%[1]d{fill:%[2]s}`, i, c)
	}
	p.WriteString("@media (prefers-color-scheme:dark){text{fill:#ddd}.soft{fill:#9a9a9a}.paper{stroke:#0d1117}}</style>\n")
	return p
}

// addf writes a line.
func (p *picture) addf(format string, values ...any) {
	fmt.Fprintf(p, format+"\n", values...)
}

// text writes a text whose first letter, middle or last letter is at a place, as the anchor says: start, middle or end.
func (p *picture) text(x, y float64, anchor, more, text string) {
	p.addf(`<text x="%s" y="%s" text-anchor="%s" %s>%s</text>`, px(x), px(y), anchor, more, text)
}

// end returns the finished file.
func (p *picture) end() []byte {
	p.WriteString("</svg>\n")
	return p.Bytes()
}

// px writes a coordinate.
func px(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10+0, 'f', -1, 64) // adding zero makes -0 a 0
}

// trace writes the d of a path through places.
func trace(at []point, place func(point) (x, y float64)) string {
	var b bytes.Buffer
	for i, p := range at {
		x, y := place(p)
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(px(x) + " " + px(y))
	}
	return b.String()
}

// round4 writes a number with four digits, the same on all processors: results of float64 differ between them in the last of sixteen.
func round4(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
