package main

// This file answers: who measures what, and when? Round by round, workload by workload, contender by contender.

import (
	"context"
	"fmt"
	"io"
)

// A turn is one contender's measurements of one workload.
type turn struct {
	s     *server
	name  string
	over  bool // it failed, or is too slow to repeat
	index int  // of the figure; -1 before the first
}

// peakName is what nngen's benchmark is asked for to measure what the cores do at best.
const peakName = "peak"

// A measurement whose steps alone take tooLong times the asked time is not repeated: at least leastSteps are made, however slow.
const (
	tooLong    = 6
	leastSteps = 12
)

// measure fills the report. Every other round goes through the contenders backwards, so that none always
// follows the same one. The peak is measured in every round, too.
func measure(ctx context.Context, servers []*server, names []string, o options, r *report, log io.Writer) error {
	turns := map[string][]*turn{}
	for _, name := range names {
		for _, s := range servers {
			if s.can(name) {
				turns[name] = append(turns[name], &turn{s: s, name: name, index: -1})
			}
		}
	}
	for round := range o.rounds {
		for _, s := range servers {
			if s.Name != nngenName {
				continue
			}
			l, err := s.ask(ctx, peakName, o.seconds)
			if err != nil {
				return fmt.Errorf("peak: %w", err)
			}
			r.Peak[s.Threads] = max(r.Peak[s.Threads], l.GFLOPS)
		}
		for _, name := range names {
			fmt.Fprintf(log, "round %d of %d: %s\n", round+1, o.rounds, name)
			all := turns[name]
			for i := range all {
				t := all[i]
				if round%2 == 1 {
					t = all[len(all)-1-i]
				}
				if t.over {
					continue
				}
				if err := t.take(ctx, o.seconds, r, log); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// take lets a contender measure once.
func (t *turn) take(ctx context.Context, seconds float64, r *report, log io.Writer) error {
	l, err := t.s.ask(ctx, t.name, seconds)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if t.s.Name == nngenName {
			return fmt.Errorf("nngen, %s: %w", t.name, err)
		}
		fmt.Fprintf(log, "LEFT OUT %s, %s, %s: %v\n", t.s.Name, threadsText(t.s.Threads), t.name, err)
		r.Skipped = append(r.Skipped, skip{Name: t.s.Name, Threads: t.s.Threads, Reason: t.name + ": " + err.Error()})
		t.over = true
		return nil
	}
	if t.index < 0 {
		t.index = len(r.Figures)
		r.Figures = append(r.Figures, figure{Name: t.s.Name, Library: t.s.Library, Version: t.s.header.Peer, Threads: t.s.Threads, Workload: t.name})
	}
	r.Figures[t.index].take(l)
	t.over = l.USPerStep*leastSteps/1e6 > tooLong*seconds && t.s.Name != nngenName
	return nil
}
