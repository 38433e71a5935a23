package main

// This file answers: how does a run look? Bars of how many times nngen's time each library takes in its best setting, on a scale where
// equal factors are equal lengths.

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A bar is one library on one workload.
type bar struct {
	library int // number of the library, which chooses the colour
	ratio   float64
	label   string
}

// A panel is one comparison: for each workload the bars of the libraries, fastest first.
type panel struct {
	title     string
	named     bool // shows the names of the workloads on its left
	workloads []string
	bars      [][]bar
}

// panels returns the comparisons of a run: with the fewest threads all alike, and with any setting of the others where there are several.
func (r *report) panels() []panel {
	one := panel{title: fmt.Sprintf("nngen and all others with %s", threadsText(r.Threads[0])), named: true, workloads: r.Workloads}
	for _, w := range r.Workloads {
		one.bars = append(one.bars, r.bars(r.find(nngenName, r.Threads[0], w), func(f *figure) bool { return f.Threads == r.Threads[0] }, func(f *figure) string { return f.Name }))
	}
	if len(r.Threads) == 1 {
		return []panel{one}
	}
	any := panel{title: fmt.Sprintf("nngen with %s, the others in their best setting", threadsText(r.most())), workloads: r.Workloads}
	for _, w := range r.Workloads {
		any.bars = append(any.bars, r.bars(r.find(nngenName, r.most(), w), func(*figure) bool { return true }, func(f *figure) string { return fmt.Sprintf("%s, %s", f.Name, threadsText(f.Threads)) }))
	}
	return []panel{one, any}
}

// bars compares the best matching figure of every library with nngen's own.
func (r *report) bars(own *figure, match func(*figure) bool, name func(*figure) string) []bar {
	if own == nil {
		return nil
	}
	var out []bar
	for i, library := range r.libraries() {
		f := r.best(own.Workload, func(f *figure) bool { return f.Library == library && match(f) })
		if f != nil {
			ratio := f.US / own.US
			out = append(out, bar{i, ratio, digits(ratio) + "\u00d7  " + name(f)})
		}
	}
	slices.SortStableFunc(out, func(a, b bar) int {
		switch {
		case a.ratio < b.ratio:
			return -1
		case a.ratio > b.ratio:
			return 1
		}
		return 0
	})
	return out
}

// palette is Okabe and Ito's, which people who confuse colours can tell apart.
var palette = []color.Color{
	color.RGBA{0xE6, 0x9F, 0x00, 0xFF}, color.RGBA{0x56, 0xB4, 0xE9, 0xFF}, color.RGBA{0x00, 0x9E, 0x73, 0xFF}, color.RGBA{0xCC, 0x79, 0xA7, 0xFF},
	color.RGBA{0xD5, 0x5E, 0x00, 0xFF}, color.RGBA{0x00, 0x72, 0xB2, 0xFF}, color.RGBA{0x99, 0x99, 0x99, 0xFF},
}

var ink = color.RGBA{0x22, 0x22, 0x22, 0xFF}

// Sizes of the picture.
const (
	barHeight   = 15 * vg.Millimeter / 4
	groupGap    = 1.6 // bars between groups
	panelWidth  = 15 * vg.Centimeter
	nameWidth   = 5.2 * vg.Centimeter
	headHeight  = 1.9 * vg.Centimeter
	frameHeight = 1.9 * vg.Centimeter // a panel's title and axis
)

// rows returns the height of a panel in bars.
func (p panel) rows() float64 {
	n := 0.0
	for _, bars := range p.bars {
		n += float64(max(len(bars), 1)) + groupGap
	}
	return n
}

// limits returns the ends of the scale of ratios, with room for labels on the right.
func (p panel) limits() (lo, hi float64) {
	lo, hi = 1, 1
	for _, bars := range p.bars {
		for _, b := range bars {
			lo, hi = min(lo, b.ratio), max(hi, b.ratio)
		}
	}
	width := math.Log(hi/lo) + math.Log(3)
	return math.Exp(math.Log(lo) - 0.05*width), math.Exp(math.Log(hi) + 0.7*width)
}

// Plot draws the bars; it is what plot.Plotter asks for. All text is aligned on its left, because the width of the font that shows it is
// not known.
func (p panel) Plot(c draw.Canvas, plt *plot.Plot) {
	x, y := plt.Transforms(&c)
	for _, t := range ratioTicks(plt.X.Min, plt.X.Max) {
		if t.Label != "" {
			c.StrokeLine2(draw.LineStyle{Color: grid, Width: vg.Points(0.5)}, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
	}
	label, name := textStyle(8), textStyle(8.5)
	top := p.rows()
	for i, bars := range p.bars {
		rows := float64(max(len(bars), 1))
		if p.named {
			c.FillText(name, vg.Point{X: c.Min.X - nameWidth, Y: y(top - (rows+groupGap)/2)}, p.workloads[i])
		}
		at := top - groupGap/2
		for _, b := range bars {
			y0, y1 := y(at-0.9), y(at-0.1)
			from, to := x(min(b.ratio, 1)), x(max(b.ratio, 1))
			c.FillPolygon(palette[b.library%len(palette)], []vg.Point{{X: from, Y: y0}, {X: to, Y: y0}, {X: to, Y: y1}, {X: from, Y: y1}})
			c.FillText(label, vg.Point{X: to + 4, Y: (y0 + y1) / 2}, b.label)
			at--
		}
		top -= rows + groupGap
	}
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: vg.Points(1.2)}, x(1), c.Min.Y, x(1), c.Max.Y)
}

var grid = color.RGBA{0xDD, 0xDD, 0xDD, 0xFF}

// textStyle is plain text of a size in points.
func textStyle(points float64) text.Style {
	return text.Style{Color: ink, Font: font.From(sans, vg.Points(points)), XAlign: draw.XLeft, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
}

var sans = font.Font{Typeface: "Liberation", Variant: "Sans"}

// plot returns a panel as a plot.
func (p panel) plot() *plot.Plot {
	plt := plot.New()
	plt.Title.Text = p.title
	plt.Title.TextStyle.Font = font.From(sans, vg.Points(10))
	plt.Title.Padding = vg.Points(6)
	plt.X.Scale = plot.LogScale{}
	plt.X.Min, plt.X.Max = p.limits()
	plt.X.Tick.Marker = plot.TickerFunc(ratioTicks)
	plt.X.Tick.Label.Font = font.From(sans, vg.Points(8))
	plt.X.Label.Text = "times nngen's time: 1 is nngen, larger is slower"
	plt.X.Label.TextStyle.Font = font.From(sans, vg.Points(8))
	plt.Y.Min, plt.Y.Max = 0, p.rows()
	plt.HideY()
	plt.Add(p)
	return plt
}

// ratioTicks are the powers of ten, labelled, and their halves and fifths.
func ratioTicks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for decade := math.Floor(math.Log10(lo)); decade <= math.Ceil(math.Log10(hi)); decade++ {
		for _, step := range []float64{1, 2, 5} {
			v := step * math.Pow(10, decade)
			if v < lo || v > hi {
				continue
			}
			label := ""
			if step == 1 || hi/lo < 1000 {
				label = fmt.Sprintf("%g", v)
			}
			out = append(out, plot.Tick{Value: v, Label: label})
		}
	}
	return out
}

// writePicture draws the panels side by side, under a title and the circumstances of the run.
func writePicture(r *report, path string) error {
	panels := r.panels()
	rows := 0.0
	for _, p := range panels {
		rows = max(rows, p.rows())
	}
	width := nameWidth + vg.Length(len(panels))*panelWidth
	height := headHeight + frameHeight + vg.Length(rows)*barHeight
	svg := vgsvg.New(width, height)
	c := draw.New(svg)
	c.FillPolygon(color.White, []vg.Point{{X: 0, Y: 0}, {X: width, Y: 0}, {X: width, Y: height}, {X: 0, Y: height}})
	c.FillText(textStyle(14), vg.Point{X: vg.Points(10), Y: height - vg.Points(16)}, "A training step: how many times nngen's time others take")
	c.FillText(textStyle(8.5), vg.Point{X: vg.Points(10), Y: height - vg.Points(35)},
		fmt.Sprintf("%s, %d cores, %s, nngen with %s, %s. One run, everyone in turns, best of %d rounds.", r.CPU, r.Cores, r.OS, r.ISA, r.Date, r.Rounds))
	left := nameWidth
	for _, p := range panels {
		p.plot().Draw(draw.Crop(c, left+vg.Points(10), left+panelWidth-width-vg.Points(10), vg.Points(6), -headHeight))
		left += panelWidth
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := svg.WriteTo(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
