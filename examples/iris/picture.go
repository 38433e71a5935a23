package main

// This file answers: what does the net answer where, and which flowers are misread?

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"nngen/runtime/data"
)

// The plane of the picture: petal length to the right, petal width upwards.
const (
	across, up                 = 2, 3 // their columns
	left, top, wide, high      = 52, 34, 560, 336
	leastLength, longest       = 0.5, 7.5 // centimetres
	leastWidth, widest         = 0.0, 2.8
	cell                       = 4 // pixels
	perLength, perWidth        = wide / (longest - leastLength), high / (widest - leastWidth)
	columnsOfCells, rowOfCells = wide / cell, high / cell
)

// Colours of the species, which differ for colour-blind people too, and of the regions.
var (
	dark  = [species]string{"#0072b2", "#b85c00", "#00734f"}
	light = [species]string{"#d6eaf8", "#fdebd0", "#d5f0e3"}
)

// draw shows, as a background, what the net answers to petals of any size on a flower of mean sepals, and before it all flowers. A ring is
// around those that were misread by a net that had not seen them; answers holds what those nets said.
func (c *classifier) draw(table *data.Table[float32], answers []int) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 472" width="640" font-family="sans-serif" font-size="13" fill="#222">`+"\n")
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	regions, err := c.regions()
	if err != nil {
		return nil, err
	}
	for class, path := range regions {
		fmt.Fprintf(&b, `<path fill="%s" shape-rendering="crispEdges" d="%s"/>`+"\n", light[class], path)
	}
	fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#888"/>`+"\n", left, top, wide, high)
	for cm := 1; cm <= 7; cm++ {
		x, _ := place(float32(cm), 0)
		fmt.Fprintf(&b, `<text x="%.0f" y="%d" text-anchor="middle">%d</text>`+"\n", x, top+high+17, cm)
	}
	for half := range 6 {
		_, y := place(0, float32(half)/2)
		fmt.Fprintf(&b, `<text x="%d" y="%.0f" text-anchor="end">%.1f</text>`+"\n", left-7, y+4, float64(half)/2)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">petal length in cm</text>`+"\n", left+wide/2, top+high+36)
	fmt.Fprintf(&b, `<text transform="translate(15 %d) rotate(-90)" text-anchor="middle">petal width in cm</text>`+"\n", top+high/2)

	wrong := 0
	for i, is := range table.Labels {
		x, y := place(table.Row(i)[across], table.Row(i)[up])
		mark(&b, int(is), x, y)
		if answers[i] != int(is) {
			wrong++
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="8" fill="none" stroke="#c00" stroke-width="1.6"/>`+"\n", x, y)
		}
	}
	for class, name := range c.classes {
		x := float64(left + 8 + 100*class)
		mark(&b, class, x, 18)
		fmt.Fprintf(&b, `<text x="%.0f" y="22">%s</text>`+"\n", x+9, name)
	}
	fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="8" fill="none" stroke="#c00" stroke-width="1.6"/><text x="%d" y="22">misread when unseen: %d of %d</text>`+"\n", left+330, left+343, wrong, table.Rows)
	for line, text := range [...]string{
		"Background: what the net trained on all flowers answers if the sepals have mean size.",
		"The flowers' own sepals differ, so the borders in this plane are not quite theirs.",
		"Flowers of equal petals cover each other.",
	} {
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#555">%s</text>`+"\n", left, top+high+60+17*line, text)
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// place returns where petals of a size lie in the picture.
func place(length, width float32) (x, y float64) {
	return left + (float64(length)-leastLength)*perLength, top + high - (float64(width)-leastWidth)*perWidth
}

// mark draws the sign of a species.
func mark(b *bytes.Buffer, class int, x, y float64) {
	switch class {
	case 0:
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4"`, x, y)
	case 1:
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="7" height="7"`, x-3.5, y-3.5)
	default:
		fmt.Fprintf(b, `<path d="M%.1f %.1fl4.5 8h-9z"`, x, y-5)
	}
	fmt.Fprintf(b, ` fill="%s" fill-opacity="0.6"/>`+"\n", dark[class])
}

// regions returns for each species the path of all cells in which the net answers it: a bar for each run of neighbours.
func (c *classifier) regions() (paths [species]string, err error) {
	flower := make([]float32, features)
	for i, mean := range c.scaling.Shift {
		flower[i] = float32(mean)
	}
	var path [species]strings.Builder
	answers := make([]int, columnsOfCells)
	for row := range rowOfCells {
		y := top + row*cell
		flower[up] = float32(widest - (float64(row)+0.5)*cell/perWidth)
		for column := range answers {
			flower[across] = float32(leastLength + (float64(column)+0.5)*cell/perLength)
			if answers[column], _, err = c.classify(flower); err != nil {
				return paths, err
			}
		}
		for from := 0; from < len(answers); {
			n := slices.IndexFunc(answers[from:], func(a int) bool { return a != answers[from] })
			if n < 0 {
				n = len(answers) - from
			}
			fmt.Fprintf(&path[answers[from]], "M%d %dh%dv%dh-%dz", left+from*cell, y, n*cell, cell, n*cell)
			from += n
		}
	}
	for class := range paths {
		paths[class] = path[class].String()
	}
	return paths, nil
}
