package main

// This file answers: how long do the fused loops take for each element, on each level of instruction sets, and how does an update that no cache
// holds compare with the traffic of memory alone?

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	nnrt "nngen/runtime"
)

// A loopLine is one loop's measurement, in nanoseconds an element.
type loopLine struct {
	Peer     string             `json:"peer"`
	Loop     string             `json:"loop"`
	Elements int                `json:"elements"`
	NS       map[string]float64 `json:"ns"`                  // by level of instruction sets
	Bytes    int                `json:"bytes,omitempty"`     // that an update out of cache reads and writes for each element
	MemoryNS float64            `json:"memory_ns,omitempty"` // of moving so many bytes and doing nothing else
	CPU      string             `json:"cpu"`
}

// measureLoops times the loops whose name contains only, each for so many seconds: a line of JSON as soon as one is measured, and a table at the end.
func measureLoops(lines, table io.Writer, only string, seconds float64) error {
	enc, cpu := json.NewEncoder(lines), cpuName()
	var all []loopLine
	for _, l := range loops {
		if !strings.Contains(l.name, only) {
			continue
		}
		m, err := l.measure(seconds)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		m.CPU = cpu
		if err := enc.Encode(m); err != nil {
			return err
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return fmt.Errorf("no loop's name contains %q", only)
	}
	return writeLoops(table, all)
}

// levels are the instruction sets that this machine and build have.
func levels() []nnrt.CPU {
	var out []nnrt.CPU
	for c := nnrt.Portable; c <= nnrt.BestCPU(); c++ {
		out = append(out, c)
	}
	return out
}

// A contender is one of the things that measure compares: the loop on one level, or the probe of memory.
type contender struct {
	prepare func() error
	do      func() error
	calls   int     // of one repetition
	best    float64 // seconds of one call
}

// measure times the loop on every level, and the traffic of memory beside it if the loop is an update that no cache holds. All take turns in short
// repetitions, and the best of each counts: what disturbs a machine passes over some repetitions only.
func (l loop) measure(seconds float64) (loopLine, error) {
	out := loopLine{Peer: "nngen", Loop: l.name, Elements: l.elements, NS: map[string]float64{}}
	w, err := l.setup()
	if err != nil {
		return out, err
	}
	active := nnrt.ActiveCPU()
	defer nnrt.SetCPU(active) // it was in use, so it can be
	var all []*contender
	for _, c := range levels() {
		all = append(all, &contender{prepare: func() error { return nnrt.SetCPU(c) }, do: w.do})
	}
	large := l.elements >= outCache
	if large {
		defer debug.FreeOSMemory()
		writes := len(w.arrays) - 1
		out.Bytes = 4 * (len(w.arrays) + writes)
		for _, do := range memoryProbes(w.arrays, writes) {
			all = append(all, &contender{prepare: func() error { return nil }, do: do})
		}
	}
	if err := compete(all, seconds); err != nil {
		return out, err
	}
	perElement := func(s float64) float64 { return round(s*1e9/float64(l.elements), 1e4) }
	for i, c := range levels() {
		out.NS[c.String()] = perElement(all[i].best)
	}
	if large {
		least := math.Inf(1)
		for _, c := range all[len(levels()):] {
			least = min(least, c.best)
		}
		out.MemoryNS = perElement(least)
	}
	return out, nil
}

// repetition is what one repetition of quick calls takes: long enough for the clock, short enough to fit between two disturbances.
const repetition = 200 * time.Microsecond

// compete gives every contender its turn until the time is over, at least three times. One that takes more than four times what the best takes has
// three turns only, which leaves the time to the others.
func compete(all []*contender, seconds float64) error {
	for _, c := range all {
		c.calls, c.best = 1, math.Inf(1)
	}
	began, least := time.Now(), math.Inf(1)
	for round := 0; round < 3 || time.Since(began).Seconds() < seconds; round++ {
		for _, c := range all {
			if round >= 3 && c.best > 4*least {
				continue
			}
			if err := c.turn(); err != nil {
				return err
			}
			least = min(least, c.best)
		}
	}
	return nil
}

// turn makes one repetition after a call that warms up, and chooses how many calls the next one has.
func (c *contender) turn() error {
	if err := c.prepare(); err != nil {
		return err
	}
	warm := time.Now()
	if err := c.do(); err != nil {
		return err
	}
	if one := time.Since(warm); one < repetition {
		began := time.Now()
		for range c.calls {
			if err := c.do(); err != nil {
				return err
			}
		}
		c.best = min(c.best, time.Since(began).Seconds()/float64(c.calls))
		c.calls = max(int(repetition.Seconds()/max(c.best, 1e-9)), 1)
	} else {
		c.best = min(c.best, one.Seconds()) // a call so long needs no warming up
	}
	return nil
}

// writeLoops prints nanoseconds an element, in parentheses how many times faster than portable code that is, and beside updates out of cache
// what the traffic of memory takes, in parentheses how many times that the fastest level takes.
func writeLoops(w io.Writer, all []loopLine) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "ns an element\telements\t")
	for _, c := range levels() {
		fmt.Fprintf(t, "%s\t", c)
		if c > nnrt.Portable {
			fmt.Fprint(t, "\t")
		}
	}
	fmt.Fprint(t, "memory\t\t\n")
	for _, l := range all {
		fmt.Fprintf(t, "%s\t%d\t", l.Loop, l.Elements)
		least := math.Inf(1)
		for _, c := range levels() {
			ns := l.NS[c.String()]
			least = min(least, ns)
			fmt.Fprintf(t, "%.3f\t", ns)
			if c > nnrt.Portable {
				fmt.Fprintf(t, "(%.1f)\t", l.NS[nnrt.Portable.String()]/ns)
			}
		}
		if l.MemoryNS > 0 {
			fmt.Fprintf(t, "%.3f\t(%.2f)\t", l.MemoryNS, least/l.MemoryNS)
		} else {
			fmt.Fprint(t, "\t\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
