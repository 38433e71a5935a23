// Package progress shows how a training run of [nnrt.Fit] goes on: a bar on a terminal, plain lines elsewhere.
//
//	history, err := nnrt.Fit(ctx, trainer, source, nnrt.FitOptions{
//		Epochs: 20,
//		Report: progress.Bar(os.Stderr),
//	})
//
// On a terminal it looks like this, on one line that is painted again at most ten times a second:
//
//	35% |======>             |  epoch 8/20  loss 0.2113  accuracy 0.9378  val_loss 0.1951  182k samples/s  ETA 14s
//
// It is a package of its own so that programs that show nothing do not link it, and the only one of the runtime with dependencies.
package progress

// This file answers: what does one line of a terminal say about a run?

import (
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	nnrt "nngen/runtime"
)

// period is the least time between two repaints.
const period = 100 * time.Millisecond

// Bar returns a function for [nnrt.FitOptions].Report that shows the run on w. If w is a terminal it paints a bar, fitted to the width of
// the window, which ends with a full line when the run ends, however it ends; the cursor is never hidden. If w is no terminal, or one of
// the environment variables NO_COLOR and CI is set or TERM is "dumb", it writes a line for each epoch and each validation, at most ten a
// second. What cannot be written is lost.
//
// The bar and FitOptions.Log are for different places: lines of a log on the same terminal would break the bar.
func Bar(w io.Writer) func(*nnrt.FitEvent) {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && paintable(os.Getenv) {
		width := func() int {
			n, _, err := term.GetSize(int(f.Fd()))
			if err != nil || n <= 0 {
				return 80
			}
			return n
		}
		return (&painter{w: w, width: width, now: time.Now}).report
	}
	return (&writer{w: w, now: time.Now}).report
}

// paintable reports whether the environment lets a line be painted again.
func paintable(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("CI") == "" && getenv("TERM") != "dumb"
}

// painter paints one line of a terminal again and again.
type painter struct {
	w     io.Writer
	width func() int // columns of the terminal
	now   func() time.Time

	bar     *progressbar.ProgressBar
	columns int   // of bar
	all     int64 // steps of bar
	painted time.Time
	length  int // columns of the line that is on the terminal

	begun time.Time // with the step that the run began or went on with
	first int
}

func (p *painter) report(e *nnrt.FitEvent) {
	now := p.now()
	switch {
	case e.Kind == nnrt.EventStart:
		*p = painter{w: p.w, width: p.width, now: p.now, begun: now, first: e.Step}
	case e.Kind != nnrt.EventEnd && now.Sub(p.painted) < period:
		return
	}
	width := max(p.width()-3, 0) // a full line would begin another, and so would a ^C behind one
	line := p.line(e, now, width)
	length := utf8.RuneCountInString(line)
	wipe := min(p.length, width) // what was longer has been wrapped when the window became narrower
	if e.Kind == nnrt.EventEnd {
		wipe = width // and with it the ^C of a terminal
	}
	text := "\r" + line
	if wipe > length { // first, so that the cursor, where a ^C would appear, stays behind the text
		text = "\r" + strings.Repeat(" ", wipe) + text
	}
	if e.Kind == nnrt.EventEnd {
		text += "\n"
	}
	p.length, p.painted = length, now
	_, _ = io.WriteString(p.w, text) // as documented: what cannot be written is lost
}

// line returns the line that shows an event in some columns.
func (p *painter) line(e *nnrt.FitEvent, now time.Time, width int) string {
	done, all := int64(e.Step), int64(e.Steps)
	if all == 0 { // the source does not know how long an epoch is
		done, all = int64(e.Epoch-1), int64(e.Epochs)
		if e.Stopped == nnrt.StopEpochs {
			done = all
		}
	}
	columns := min(width/5, 30)
	if p.bar == nil || p.columns != columns || p.all != all {
		p.columns, p.all = columns, all
		p.bar = progressbar.NewOptions64(all, progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(columns),
			progressbar.OptionSetPredictTime(false), progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: " ", BarStart: "|", BarEnd: "|"}))
	}
	_ = p.bar.Set64(min(done, all))
	p.bar.Describe(choose(p.fields(e, now), width-columns-len(" 100% ||  ")))
	return clip(strings.TrimRight(strings.TrimPrefix(p.bar.String(), "\r"), " "), width)
}

// clip cuts a line that is longer than a terminal of next to no columns.
func clip(line string, width int) string {
	if len(line) <= width {
		return line
	}
	return string([]rune(line)[:min(width, utf8.RuneCountInString(line))])
}
