package main

// This file answers: how do the learning curves look? A row for each sampling, a column for each optimizer, and behind each curve those of
// the other optimizers in grey.

import (
	"fmt"
	"math"
)

const (
	highest, lowest = 3.0, 0.005 // losses at the edges of a panel
)

// drawCurves draws all curves.
func drawCurves(curves []curve, rows int) []byte {
	const (
		width, height = 132.0, 118.0 // of a panel
		left, top     = 44.0, 80.0
		right, down   = width + 12, height + 60
	)
	x := func(epoch float64) float64 { return width * math.Log1p(epoch) / math.Log1p(epochs) }
	y := func(loss float64) float64 { return height * math.Log(highest/loss) / math.Log(highest/lowest) }

	p := newPicture(left+right*float64(len(optimizers)), top+down*samplings-36, "How the loss falls with six optimizers and four ways of choosing samples")
	p.addf(`<defs><clipPath id="panel"><rect width="%s" height="%s"/></clipPath>`, px(width), px(height))
	for _, c := range curves {
		var at []point
		for epoch, loss := range c.loss {
			at = append(at, point{float64(epoch), loss})
		}
		p.addf(`<path id="c%d%d" d="%s"/>`, c.optimizer, c.by, trace(at, func(q point) (float64, float64) { return x(q.w), y(q.v) }))
	}
	p.addf(`</defs>`)
	p.text(left, 16, "start", `font-size="14" font-weight="600"`, "Loss over the whole set after each epoch (a pass over the data)")
	p.text(left, 32, "start", `class="soft"`, fmt.Sprintf("Both axes are logarithmic. The dot: from here on the loss stays at or below %g. Grey: the other five. Rate: the learning rate.", goal))
	for _, c := range curves {
		x0, y0 := left+right*float64(c.optimizer), top+down*float64(c.by)
		if c.optimizer == 0 {
			p.text(x0, y0-24, "start", `font-weight="600"`, c.by.title(rows))
			for _, loss := range []float64{1, 0.1, 0.01} {
				p.text(x0-6, y0+y(loss)+4, "end", `class="soft"`, fmt.Sprint(loss))
			}
		}
		p.text(x0, y0-7, "start", fmt.Sprintf(`class="f%d" font-weight="600"`, c.optimizer), optimizers[c.optimizer].name)
		p.addf(`<g transform="translate(%s %s)">`, px(x0), px(y0))
		for _, loss := range []float64{1, 0.1, 0.01} {
			p.addf(`<path class="rule" stroke-width=".5" d="M0 %sH%s"/>`, px(y(loss)), px(width))
		}
		for _, epoch := range []float64{0, 1, 10, 100} {
			p.addf(`<path class="rule" stroke-width=".5" d="M%s 0V%s"/>`, px(x(epoch)), px(height))
			p.text(x(epoch), height+13, "middle", `class="soft"`, fmt.Sprint(epoch))
		}
		p.text(width-5, 14, "end", `class="soft"`, fmt.Sprintf("rate %g", c.rate))
		p.addf(`<path class="goal" d="M0 %sH%s"/><g clip-path="url(#panel)">`, px(y(goal)), px(width))
		for other := range optimizers {
			if other != c.optimizer {
				p.addf(`<use href="#c%d%d" class="context"/>`, other, c.by)
			}
		}
		p.addf(`<use href="#c%d%d" class="line s%[1]d"/></g><rect class="frame" width="%[3]s" height="%[4]s"/>`, c.optimizer, c.by, px(width), px(height))
		if epoch, ok := c.settled(); ok {
			at := x(float64(epoch))
			p.addf(`<circle class="f%d paper" cx="%s" cy="%s" r="4" stroke-width="1.5"/>`, c.optimizer, px(at), px(y(goal)))
			p.text(max(at+4, 60), y(goal)+17, "end", `font-weight="600"`, fmt.Sprintf("%d epochs", epoch)) // below the curve, whose way there was higher
		}
		p.addf(`</g>`)
	}
	return p.end()
}

// title says what a sampling is, for a set of so many rows.
func (s sampling) title(rows int) string {
	return [samplings]string{
		"Whole set, 1 step an epoch",
		fmt.Sprintf("Mini-batches of %d, %d steps an epoch", batch, rows/batch),
		fmt.Sprintf("Single samples of a shuffle, %d steps an epoch", rows),
		fmt.Sprintf("Single samples drawn with replacement, %d steps an epoch", rows),
	}[s]
}
