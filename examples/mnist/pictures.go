package main

// This file answers: what do the weights of a net look like, and what does it read wrong?

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// draw writes the pictures of a net into a folder.
func draw(folder string, model *Mnist, test MnistData) error {
	weights, err := weightsPNG(model)
	if err != nil {
		return err
	}
	wrong, err := mistakes(model, test)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "weights.png"), weights, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "mistakes.svg"), mistakesSVG(wrong), 0o666)
}

// The grid of weights.png: the first hidden units, each as large as an image, times zoom.
const (
	gridColumns = 10
	gridRows    = 4
	zoom        = 2
	gap         = 4
	shades      = 31 // of each sign
)

// weightsPNG draws the weights of the first hidden units, each in the place of the pixel that it multiplies: red is positive, blue
// negative, white zero; the largest weight of a unit has full colour.
func weightsPNG(model *Mnist) ([]byte, error) {
	var palette color.Palette
	for s := -shades; s <= shades; s++ {
		light := uint8(255 - 225*max(s, -s)/shades)
		if s < 0 {
			palette = append(palette, color.RGBA{light, light, 255, 255})
		} else {
			palette = append(palette, color.RGBA{255, light, light, 255})
		}
	}
	frame := uint8(len(palette))
	palette = append(palette, color.RGBA{128, 128, 128, 255})

	const cell = side*zoom + gap
	img := image.NewPaletted(image.Rect(0, 0, gridColumns*cell+gap, gridRows*cell+gap), palette)
	for i := range img.Pix {
		img.Pix[i] = frame
	}
	units := len(model.H.B)
	for unit := range gridColumns * gridRows {
		largest := 0.0
		for p := range pixels {
			largest = max(largest, math.Abs(float64(model.H.W[p*units+unit])))
		}
		left, top := gap+unit%gridColumns*cell, gap+unit/gridColumns*cell
		for y := range side * zoom {
			for x := range side * zoom {
				w := float64(model.H.W[(y/zoom*side+x/zoom)*units+unit])
				img.SetColorIndex(left+x, top+y, uint8(shades+math.Round(shades*w/max(largest, math.SmallestNonzeroFloat64))))
			}
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// The grid of mistakes.svg.
const (
	shown     = 12 // mistakes, if there are so many
	perRow    = 6
	dot       = 3 // size of a pixel
	cellWide  = 28*dot + 20
	cellHigh  = 28*dot + 34
	greys     = 6
	lineStart = 26 // of the caption
)

// mistakesSVG draws the mistakes that a net is most certain of.
func mistakesSVG(wrong []mistake) []byte {
	wrong = wrong[:min(shown, len(wrong))]
	rows := (len(wrong) + perRow - 1) / perRow
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" font-family="sans-serif" font-size="12" fill="#222">`+"\n",
		perRow*cellWide, rows*cellHigh+lineStart+10, perRow*cellWide)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	fmt.Fprintf(&b, `<text x="10" y="20">What it is, what the net takes it for, and the probability that the net gives its answer</text>`+"\n")
	for i, m := range wrong {
		left, top := i%perRow*cellWide+10, i/perRow*cellHigh+lineStart+6
		fmt.Fprintf(&b, `<g transform="translate(%d %d)"><rect width="%d" height="%d" fill="#fff" stroke="#bbb"/>`+"\n", left, top, side*dot, side*dot)
		for grey := 1; grey < greys; grey++ {
			if path := runs(m.image, grey); path != "" {
				light := 255 - 255*grey/(greys-1)
				fmt.Fprintf(&b, `<path fill="#%02x%02x%02x" shape-rendering="crispEdges" d="%s"/>`+"\n", light, light, light, path)
			}
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%d, not %d (%.3f)</text></g>`+"\n", side*dot/2, side*dot+17, m.is, m.got, m.certainty)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// runs returns the path of all pixels of one grey level: a bar for each run of neighbours.
func runs(image []float32, grey int) string {
	var path strings.Builder
	level := func(x, y int) int { return int(math.Round(float64(image[y*side+x]) * (greys - 1))) }
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && level(x, y) == grey {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv%dh-%dz", from*dot, y*dot, (x-from)*dot, dot, (x-from)*dot)
			}
		}
	}
	return path.String()
}
