package main

// This file answers: how does a harness that measures several libraries in turns ask for one measurement? By lines on standard input,
// so that nothing is built or started between turns.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A header is the first line that a server prints: who it is and what it can measure.
type header struct {
	Peer      string   `json:"peer"`
	Threads   int      `json:"threads"`
	Workloads []string `json:"workloads"`
	CPU       string   `json:"cpu"`
	ISA       string   `json:"isa"`
}

// serve answers each line "NAME SECONDS" with the line of that workload or product, until the input ends. A mistake is answered by
// {"error": "..."}.
func serve(in io.Reader, out io.Writer, tasks []task, threads int, cpu string) error {
	enc := json.NewEncoder(out)
	h := header{Peer: "nngen", Threads: threads, CPU: cpu, ISA: isa()}
	steps := map[string]task{}
	for _, t := range tasks {
		h.Workloads = append(h.Workloads, t.name)
		steps[t.name] = t
	}
	if err := enc.Encode(h); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		l, err := answer(lines.Text(), steps, threads)
		if err != nil {
			if err := enc.Encode(map[string]string{"error": err.Error()}); err != nil {
				return err
			}
			continue
		}
		l.CPU = cpu
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer measures what one line asks for.
func answer(text string, tasks map[string]task, threads int) (line, error) {
	name, after, ok := strings.Cut(strings.TrimSpace(text), " ")
	seconds, err := strconv.ParseFloat(after, 64)
	if !ok || err != nil || !(seconds > 0) {
		return line{}, fmt.Errorf("got %q, want NAME SECONDS", text)
	}
	t, known := tasks[name]
	if !known {
		return line{}, fmt.Errorf("unknown workload %q", name)
	}
	return measure(t, threads, seconds)
}
