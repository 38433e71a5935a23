package main

// This file answers: what does the model gain from the samples that are posted?

import (
	"bytes"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
)

// A reading is the accuracy on the images for the test once some samples have been posted.
type reading struct {
	posted   int
	accuracy float64 // from 0 to 1
}

// readEvery is how many samples lie between two readings.
const readEvery = 10

// learningCurve hands samples to a learner in order, as the service does, and reads the accuracy on the way: before the first sample, after
// every readEvery samples and after the last one.
func learningCurve(l *learner, samples []sample, test DigitData) ([]reading, error) {
	var curve []reading
	for n := 0; ; n++ {
		if n%readEvery == 0 || n == len(samples) {
			m, err := l.trainer.Evaluate(test)
			if err != nil {
				return nil, err
			}
			curve = append(curve, reading{n, m.Accuracy})
		}
		if n == len(samples) {
			return curve, nil
		}
		if err := l.learn(&samples[n]); err != nil {
			return nil, err
		}
	}
}

// picture draws what the shipped model gains from the training images of a file that it has not seen, posted in their order. Nothing
// is served or kept: the same samples in the same order give the same parameters in a service.
func picture(path, out string, logger *log.Logger) error {
	train, test, names, err := readImages(path)
	if err != nil {
		return err
	}
	if train.Len() <= knownRows {
		return fmt.Errorf("%s: got %d rows to train on, want more than the %d that the shipped model has seen", path, train.Len(), knownRows)
	}
	model, want, err := shipped()
	if err != nil {
		return err
	}
	if !slices.Equal(names, want) {
		return fmt.Errorf("%s: got the classes %q, want those of the shipped model: %q", path, names, want)
	}
	l, err := newLearner(model)
	if err != nil {
		return err
	}
	curve, err := learningCurve(l, samplesOf(train)[knownRows:], test)
	if err != nil {
		return err
	}
	first, last := curve[0], curve[len(curve)-1]
	logger.Printf("accuracy on %d unseen images: %.1f %% as shipped, %.1f %% after %d samples", test.Len(), 100*first.accuracy, 100*last.accuracy, last.posted)
	return os.WriteFile(out, draw(curve, test.Len()), 0o666)
}

// draw returns the curve as an SVG file, in the colours of service.svg, which follow the reader's scheme.
func draw(curve []reading, images int) []byte {
	const (
		left, top, wide, high = 64.0, 44.0, 556.0, 260.0 // of the panel
		every                 = 5                        // per cent between two lines
	)
	first, last := curve[0], curve[len(curve)-1]
	least := 100.0
	for _, r := range curve {
		least = min(least, 100*r.accuracy)
	}
	bottom := int(max(0, math.Floor((least-1)/every)*every)) // a per cent of room, so that a curve never lies on the frame
	x := func(posted int) float64 { return left + wide*float64(posted)/float64(last.posted) }
	y := func(percent float64) float64 { return top + high*(100-percent)/float64(100-bottom) }

	var b bytes.Buffer
	line := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	line(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 372" width="640" height="372" role="img" font-family="system-ui, sans-serif" font-size="13">`)
	line(`<title>Accuracy on %d unseen images rises from %.1f %% to %.1f %% over %d posted samples</title>`, images, 100*first.accuracy, 100*last.accuracy, last.posted)
	line(`<style>
  .bg { fill: #ffffff } text { fill: #1f2328 } .small { font-size: 12px; fill: #57606a } .rule { stroke: #d8dee4 } .frame { stroke: #8c959f; fill: none }
  .start { stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 5 4 } .curve { stroke: #1f6fc4; stroke-width: 1.8; stroke-linejoin: round; fill: none } .dot { fill: #1f6fc4; stroke: #ffffff; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    .bg { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9aa4af } .rule { stroke: #262c36 } .frame { stroke: #6e7681 }
    .start { stroke: #9aa4af } .curve { stroke: #6cb0f5 } .dot { fill: #6cb0f5; stroke: #0d1117 }
  }
</style>`)
	line(`<rect class="bg" width="640" height="372" rx="8"/>`)
	line(`<text x="%.0f" y="25" font-weight="600">Accuracy on %d images that are never posted</text>`, left, images)
	for percent := bottom; percent <= 100; percent += every {
		at := y(float64(percent))
		line(`<path class="rule" d="M%.0f %.1fH%.0f"/><text class="small" x="%.0f" y="%.1f" text-anchor="end">%d %%</text>`, left, at, left+wide, left-8, at+4, percent)
	}
	apart := 200
	for last.posted > 10*apart {
		apart *= 2
	}
	for posted := 0; posted <= last.posted; posted += apart {
		line(`<path class="rule" d="M%.1f %.0fV%.0f"/><text class="small" x="%.1[1]f" y="%.0[4]f" text-anchor="middle">%[5]d</text>`, x(posted), top, top+high, top+high+18, posted)
	}
	line(`<rect class="frame" x="%.0f" y="%.0f" width="%.0f" height="%.0f"/>`, left, top, wide, high)
	line(`<text x="%.0f" y="%.0f" text-anchor="middle">samples posted, in their order</text>`, left+wide/2, top+high+42)
	line(`<text transform="translate(18 %.0f) rotate(-90)" text-anchor="middle">accuracy (axis begins at %d %%)</text>`, top+high/2, bottom)

	line(`<path class="start" d="M%.0f %.1fH%.0f"/>`, left, y(100*first.accuracy), left+wide)
	b.WriteString(`<path class="curve" d="`)
	for i, r := range curve {
		fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(i, 1)], x(r.posted), y(100*r.accuracy))
	}
	b.WriteString("\"/>\n")
	for _, r := range []reading{first, last} {
		line(`<circle class="dot" cx="%.1f" cy="%.1f" r="5"/>`, x(r.posted), y(100*r.accuracy))
	}
	line(`<text x="%.0f" y="%.1f" text-anchor="end">%.1f %% as shipped, trained on %d images</text>`, left+wide-8, y(100*first.accuracy)+18, 100*first.accuracy, knownRows)
	line(`<text x="%.0f" y="%.1f" text-anchor="end">%.1f %% after %d samples</text>`, left+wide-8, y(100*last.accuracy)+48, 100*last.accuracy, last.posted)
	line(`</svg>`)
	return b.Bytes()
}
