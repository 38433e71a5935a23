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

	nnrt "nngen/runtime"
)

// A header is the first line that a server prints: who it is and what it can measure.
type header struct {
	Peer      string   `json:"peer"`
	Threads   int      `json:"threads"`
	Workloads []string `json:"workloads"`
	CPU       string   `json:"cpu"`
	ISA       string   `json:"isa"`
}

// serve answers each line "NAME SECONDS" with the line of that workload or product, until the input ends; "peak SECONDS" with the peak of the
// machine as gflops. A mistake is answered by {"error": "..."}.
func serve(in io.Reader, out io.Writer, tasks []task, m machine) error {
	enc := json.NewEncoder(out)
	h := header{Peer: "nngen", Threads: m.threads, CPU: m.cpu, ISA: isa()}
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
		l, err := answer(lines.Text(), steps, m)
		var reply any = l
		if err != nil {
			reply = map[string]string{"error": err.Error()}
		}
		if err := enc.Encode(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer measures what one line asks for.
func answer(text string, tasks map[string]task, m machine) (line, error) {
	name, after, ok := strings.Cut(strings.TrimSpace(text), " ")
	seconds, err := strconv.ParseFloat(after, 64)
	if !ok || err != nil || !(seconds > 0) {
		return line{}, fmt.Errorf("got %q, want NAME SECONDS", text)
	}
	if name == peakName {
		best, err := peak(m.threads)
		return line{Peer: "nngen", Workload: peakName, Threads: m.threads, GFLOPS: best, PeakShare: 1, CPU: m.cpu, ISA: nnrt.BestCPU().String()}, err
	}
	t, known := tasks[name]
	if !known {
		return line{}, fmt.Errorf("unknown workload %q", name)
	}
	return m.measure(t, seconds)
}
