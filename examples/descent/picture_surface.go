package main

// This file answers: how do the paths over the loss surface look?

import (
	"fmt"
	"strings"
)

const plane = 300.0 // pixels of the side of the surface in a picture

// place returns where a point of the surface lies in a picture.
func place(p point) (x, y float64) {
	return plane * (p.w + reach) / (2 * reach), plane * (reach - p.v) / (2 * reach)
}

// contours returns the d of the path of all lines of each level.
func (s *surface) contours() []string {
	out := make([]string, len(levels))
	for i, level := range levels {
		for _, line := range s.contour(level) {
			out[i] += trace(line, place)
		}
	}
	return out
}

// drawSurface draws the paths of all optimizers over the whole set, and those of gradient descent with three ways of sampling.
func drawSurface(s *surface, paths []path) []byte {
	const left, top, right, down = 30.0, 100.0, plane + 16, plane + 66.0
	p := newPicture(left+3*right-4, top+3*down-40, "Paths of six optimizers over the loss surface of a model with two weights")
	p.addf(`<defs><clipPath id="plane"><rect width="%s" height="%[1]s"/></clipPath><g id="contours">`, px(plane))
	for _, d := range s.contours() {
		p.addf(`<path d="%s"/>`, d)
	}
	p.addf(`</g></defs>`)
	p.text(left, 16, "start", `font-size="14" font-weight="600"`, fmt.Sprintf("%d steps over the loss surface of v·tanh(w·x), from the ring to the disc", steps))
	p.text(left, 32, "start", `class="soft"`, "A small dot every ten steps. Across: w, up: v. Crosses: the two minima, equally deep, for both weights may change their signs together.")
	p.text(left, 47, "start", `class="soft"`, "Contour lines at losses "+strings.Trim(fmt.Sprint(levels), "[]")+". The saddle is in the middle, at loss 1.")
	panel := func(column, row float64, q *path, title string) {
		x0, y0 := left+right*column, top+down*row
		p.text(x0, y0-22, "start", fmt.Sprintf(`class="f%d" font-weight="600" font-size="13"`, q.optimizer), title)
		p.text(x0, y0-7, "start", `class="soft"`, fmt.Sprintf("learning rate %g, ends at loss %.3f", steep[q.optimizer], q.loss))
		p.addf(`<g transform="translate(%s %s)"><g clip-path="url(#plane)"><use href="#contours" class="contour"/>`, px(x0), px(y0))
		p.addf(`<path class="line s%d" stroke-opacity=".9" style="stroke-width:1.4" d="%s"/>`, q.optimizer, trace(q.at, place))
		for t := 10; t < steps; t += 10 {
			x, y := place(q.at[t])
			p.addf(`<circle class="f%d" cx="%s" cy="%s" r="2.2"/>`, q.optimizer, px(x), px(y))
		}
		x, y := place(q.at[0])
		p.addf(`<circle class="s%d" cx="%s" cy="%s" r="5" fill="none" stroke-width="2"/>`, q.optimizer, px(x), px(y))
		x, y = place(q.at[steps])
		p.addf(`<circle class="f%d paper" cx="%s" cy="%s" r="5" stroke-width="1.5"/>`, q.optimizer, px(x), px(y))
		for _, m := range s.minima() {
			x, y := place(m)
			p.addf(`<path class="frame" stroke-width="1.2" d="M%s %sl8 8m0 -8l-8 8"/>`, px(x-4), px(y-4))
		}
		p.addf(`</g><rect class="frame" width="%s" height="%[1]s"/>`, px(plane))
		for _, tick := range []float64{-2, 0, 2} {
			x, _ := place(point{tick, 0})
			_, y := place(point{0, tick})
			p.text(x, plane+14, "middle", `class="soft"`, fmt.Sprint(tick))
			if column == 0 {
				p.text(-6, y+4, "end", `class="soft"`, fmt.Sprint(tick))
			}
		}
		p.addf(`</g>`)
	}
	for i := range paths {
		q := &paths[i]
		if q.by == wholeSet {
			panel(float64(q.optimizer%3), float64(q.optimizer/3), q, optimizers[q.optimizer].name+", whole set")
		}
		if q.optimizer == 0 && q.by != wholeSet {
			panel(float64(q.by-1), 2, q, optimizers[0].name+", "+q.by.String())
		}
	}
	return p.end()
}

// minima returns the lowest corner of the surface and its mirror image, which is as low: tanh(-w*x) = -tanh(w*x).
func (s *surface) minima() [2]point {
	bi, bj := 0, 0
	for j := range s {
		for i := range s[j] {
			if s[j][i] < s[bj][bi] {
				bi, bj = i, j
			}
		}
	}
	w, v := corner(float64(bi)), corner(float64(bj))
	return [2]point{{w, v}, {-w, -v}}
}
