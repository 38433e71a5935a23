package main

// This file answers: how does a run read as text?

import (
	"fmt"
	"strconv"
	"strings"
)

// heading describes the run in one paragraph.
func (r *report) heading() string {
	var b strings.Builder
	fmt.Fprintf(&b, "One run, %s: %s, %d cores, %s, %s, nngen with %s. %d rounds in which everyone takes turns, %s s a measurement, the best counts.\n",
		r.Date, r.CPU, r.Cores, r.OS, r.Go, r.ISA, r.Rounds, strconv.FormatFloat(r.Seconds, 'g', -1, 64))
	for _, t := range r.Threads {
		if p := r.Peak[t]; p > 0 {
			fmt.Fprintf(&b, "Multiply-adds in registers reach %.0f GFLOP/s with %s.\n", p, threadsText(t))
		}
	}
	return b.String()
}

func threadsText(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}

// markdown returns the tables of a run of steps.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString(r.heading() + "\n")
	r.summary(&b)
	for _, t := range r.Threads {
		fmt.Fprintf(&b, "\nTimes nngen's time, %s each:\n\n", threadsText(t))
		r.grid(&b, t, func(f *figure) string { return ratioText(r.ratio(f)) })
		fmt.Fprintf(&b, "\nMicroseconds a step, %s each:\n\n", threadsText(t))
		r.grid(&b, t, func(f *figure) string { return timeText(f) })
	}
	r.missing(&b)
	return b.String()
}

// summary holds, for each workload, nngen against the fastest of the others.
func (r *report) summary(b *strings.Builder) {
	head := []string{"workload"}
	for _, t := range r.Threads {
		head = append(head, fmt.Sprintf("nngen, %d", t), "GFLOP/s", fmt.Sprintf("best other, %d", t), "ratio")
	}
	many := len(r.Threads) > 1
	if many {
		head = append(head, "best other, any", "ratio", "speedup")
	}
	rows := [][]string{head}
	ratios := make([][]float64, len(r.Threads)+1)
	for _, w := range r.Workloads {
		row := []string{w}
		for i, t := range r.Threads {
			d := r.sameThreads(w, t)
			row = append(row, timeText(d.Own), r.speedText(d.Own), namedTime(d.Other), ratioText(d.Ratio()))
			ratios[i] = append(ratios[i], d.Ratio())
		}
		if many {
			d := r.anySetting(w)
			speedup := ""
			if one := r.find(nngenName, r.Threads[0], w); one != nil && d.Own != nil {
				speedup = ratioText(one.US / d.Own.US)
			}
			row = append(row, namedSetting(d.Other), ratioText(d.Ratio()), speedup)
			ratios[len(r.Threads)] = append(ratios[len(r.Threads)], d.Ratio())
		}
		rows = append(rows, row)
	}
	mean := []string{"geometric mean"}
	for i := range r.Threads {
		mean = append(mean, "", "", "", ratioText(geometricMean(ratios[i])))
	}
	if many {
		mean = append(mean, "", ratioText(geometricMean(ratios[len(r.Threads)])), "")
	}
	writeTable(b, append(rows, mean))
}

// grid is a table of contenders and workloads.
func (r *report) grid(b *strings.Builder, threads int, cell func(*figure) string) {
	rows := [][]string{append([]string{""}, r.Workloads...)}
	for _, name := range r.names(threads) {
		row := []string{name}
		for _, w := range r.Workloads {
			row = append(row, cell(r.find(name, threads, w)))
		}
		rows = append(rows, row)
	}
	writeTable(b, rows)
}

// missing lists who did not take part.
func (r *report) missing(b *strings.Builder) {
	if len(r.Skipped) == 0 {
		return
	}
	b.WriteString("\nLeft out:\n\n")
	for _, s := range r.Skipped {
		fmt.Fprintf(b, "- %s, %s: %s", s.Name, threadsText(s.Threads), s.Reason)
		if s.Install != "" {
			fmt.Fprintf(b, " (%s)", s.Install)
		}
		b.WriteByte('\n')
	}
}

// productsMarkdown returns the tables of a run of products: nngen against OpenBLAS.
func (r *report) productsMarkdown() string {
	var b strings.Builder
	b.WriteString(r.heading())
	for _, t := range r.Threads {
		fmt.Fprintf(&b, "\nProducts, %s each; the ratio is OpenBLAS's time over nngen's:\n\n", threadsText(t))
		head := []string{"product"}
		names := r.names(t)
		for _, name := range names {
			head = append(head, name+", GFLOP/s")
		}
		rows := [][]string{append(head, "share of peak", "ratio")}
		var ratios []float64
		for _, w := range r.Workloads {
			row := []string{w}
			for _, name := range names {
				row = append(row, gflopsText(r.find(name, t, w)))
			}
			x := r.ratio(r.find("openblas", t, w))
			ratios = append(ratios, x)
			rows = append(rows, append(row, r.shareText(r.find(nngenName, t, w)), ratioText(x)))
		}
		mean := make([]string, len(rows[0]))
		mean[0], mean[len(mean)-1] = "geometric mean", ratioText(geometricMean(ratios))
		writeTable(&b, append(rows, mean))
	}
	r.missing(&b)
	return b.String()
}

// writeTable writes a table whose first column is text and whose others are numbers.
func writeTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("---:|", len(row)-1) + "\n")
		}
	}
}

// ratioText writes a ratio with three digits; nothing where there is none.
func ratioText(x float64) string { return digits(x) }

// timeText writes a time in microseconds.
func timeText(f *figure) string {
	if f == nil {
		return ""
	}
	return digits(f.US)
}

func namedTime(f *figure) string {
	if f == nil {
		return ""
	}
	return f.Name + " " + digits(f.US)
}

func namedSetting(f *figure) string {
	if f == nil {
		return ""
	}
	return fmt.Sprintf("%s (%d) %s", f.Name, f.Threads, digits(f.US))
}

func gflopsText(f *figure) string {
	if f == nil {
		return ""
	}
	return digits(f.GFLOPS)
}

// shareText writes a figure's speed as a share of what the same threads do in registers.
func (r *report) shareText(f *figure) string {
	if f == nil || r.Peak[f.Threads] == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*f.GFLOPS/r.Peak[f.Threads])
}

// speedText writes a figure's speed, with its share of the peak where that is known.
func (r *report) speedText(f *figure) string {
	if share := r.shareText(f); share != "" {
		return gflopsText(f) + " (" + share + ")"
	}
	return gflopsText(f)
}

// digits writes a number with three digits, none for zero.
func digits(x float64) string {
	switch {
	case x == 0:
		return ""
	case x >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case x >= 0.9995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'f', 3, 64)
}
