package progress

// This file answers: what is said about a run, and what is left out where there is no room?

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	nnrt "nngen/runtime"
)

// field is a part of a line. Where there is no room for all, those of high rank are left out.
type field struct {
	text string
	rank int
}

// Ranks of fields.
const (
	rankPlace = iota // epoch or step
	rankLoss
	rankTime
	rankValLoss
	rankMetric
	rankSpeed
)

// fields returns all that there is to say, in the order of the line.
func (p *painter) fields(e *nnrt.FitEvent, now time.Time) []field {
	var out []field
	add := func(rank int, format string, args ...any) {
		out = append(out, field{fmt.Sprintf(format, args...), rank})
	}
	if e.Epochs > 0 {
		add(rankPlace, "epoch %d/%d", e.Epoch, e.Epochs)
	} else {
		add(rankPlace, "step %d/%d", e.Step, e.Steps)
	}
	measures := func(names []string, values []float64, lossRank int) {
		for i, v := range values {
			rank := rankMetric
			if i == 0 {
				rank = lossRank
			}
			if !math.IsNaN(v) || i == 0 {
				add(rank, "%s %.4g", names[i], v)
			}
		}
	}
	measures(e.Names, e.Values, rankLoss)
	measures(e.ValidationNames, e.Validation, rankValLoss)
	if e.SamplesPerSecond > 0 {
		add(rankSpeed, "%s samples/s", count(e.SamplesPerSecond))
	}
	switch {
	case e.Kind != nnrt.EventEnd:
		if left, ok := p.left(e, now); ok {
			add(rankTime, "ETA %s", duration(left))
		}
	case e.Stopped == nnrt.StopEpochs || e.Stopped == nnrt.StopSteps:
		add(rankTime, "%s", duration(now.Sub(p.begun)))
	default:
		add(rankTime, "stopped: %s", e.Stopped)
	}
	return out
}

// left estimates the time to the end of the run from the time since it began or was resumed, validations included.
func (p *painter) left(e *nnrt.FitEvent, now time.Time) (time.Duration, bool) {
	done := float64(e.Step - p.first)
	if done < 1 || e.Steps == 0 {
		return 0, false
	}
	return time.Duration(float64(now.Sub(p.begun)) / done * float64(e.Steps-e.Step)), true
}

// choose joins as many fields as fit into some columns, those of low rank first.
func choose(fields []field, columns int) string {
	const gap = "  "
	keep := make([]bool, len(fields))
	byRank := make([]int, len(fields))
	for i := range byRank {
		byRank[i] = i
	}
	slices.SortStableFunc(byRank, func(a, b int) int { return fields[a].rank - fields[b].rank })
	used := -len(gap)
	for _, i := range byRank {
		if n := len(gap) + len([]rune(fields[i].text)); used+n <= columns {
			used += n
			keep[i] = true
		}
	}
	var texts []string
	for i, f := range fields {
		if keep[i] {
			texts = append(texts, f.text)
		}
	}
	return strings.Join(texts, gap)
}

// count writes a number in three digits: 934, 12.3k, 182k.
func count(v float64) string {
	for _, unit := range []string{"", "k", "M"} {
		if v < 999.5 {
			if unit == "" || v >= 99.95 {
				return strconv.FormatFloat(v, 'f', 0, 64) + unit
			}
			return strconv.FormatFloat(v, 'f', 1, 64) + unit
		}
		v /= 1000
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + "G"
}

// duration writes a time to the second: 14s, 3m7s, 2h5m0s.
func duration(d time.Duration) string { return d.Round(time.Second).String() }

// writer writes a line for each epoch and each validation, but not more often than a reader of a log wants.
type writer struct {
	w       io.Writer
	now     func() time.Time
	written time.Time
	line    []byte
	pending bool // line was not written yet
}

func (p *writer) report(e *nnrt.FitEvent) {
	switch e.Kind {
	case nnrt.EventStart:
		*p = writer{w: p.w, now: p.now, line: p.line}
	case nnrt.EventRow, nnrt.EventEpoch:
		p.line = append(e.AppendLine(p.line[:0]), '\n')
		p.pending = true
		if now := p.now(); now.Sub(p.written) >= period {
			p.written = now
			p.flush()
		}
	case nnrt.EventEnd: // the last line is always there
		p.flush()
		if e.Stopped != nnrt.StopEpochs && e.Stopped != nnrt.StopSteps {
			_, _ = fmt.Fprintf(p.w, "stopped: %s\n", e.Stopped)
		}
	}
}

func (p *writer) flush() {
	if p.pending {
		_, _ = p.w.Write(p.line)
		p.pending = false
	}
}
