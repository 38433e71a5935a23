// Command bench measures the time of a training step (forward, loss, backward, update) on fixed workloads and prints one
// JSON object a line:
//
//	{"peer":"nngen","workload":"xor_2_8_1_b4_sgd","threads":1,"us_per_step":0.61,"first_step_s":0.00001,"final_loss":0.2,"cpu":"...","isa":"portable"}
//
// The workloads have the names, shapes, activations, losses and optimizers of the scripts that measure other libraries. Each
// trains on one fixed batch, so that only the step is timed; the time is the best of five repetitions after warm-up.
//
// Usage:
//
//	bench [-threads N] [-only NAME] [-seconds S]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"time"
)

// A line is one measurement.
type line struct {
	Peer       string  `json:"peer"`
	Workload   string  `json:"workload"`
	Threads    int     `json:"threads"`
	USPerStep  float64 `json:"us_per_step"`
	FirstStepS float64 `json:"first_step_s"`
	FinalLoss  float64 `json:"final_loss"`
	CPU        string  `json:"cpu"`
	ISA        string  `json:"isa"`
}

// isa is the instruction set of the kernels that run: portable Go.
const isa = "portable"

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if err != flag.ErrHelp {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
}

// run parses the flags and measures the workloads that they choose.
func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	threads := flags.Int("threads", 1, "workers that share a step")
	only := flags.String("only", "", "measure the workloads whose name contains this `text`")
	seconds := flags.Float64("seconds", 0.6, "time to spend on each workload")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // the flag package has said why
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *threads < 1:
		return fmt.Errorf("got -threads %d, want at least 1", *threads)
	case !(*seconds > 0):
		return fmt.Errorf("got -seconds %v, want more than 0", *seconds)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(*threads))
	cpu, out := cpuName(), json.NewEncoder(stdout)
	measured := false
	for _, w := range workloads {
		if !strings.Contains(w.name, *only) {
			continue
		}
		measured = true
		l, err := measure(w, *threads, *seconds)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		l.CPU = cpu
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	if !measured {
		return fmt.Errorf("no workload's name contains %q", *only)
	}
	return nil
}

// measure times one workload: the best of five repetitions, each long enough for a fifth of the time.
func measure(w workload, threads int, seconds float64) (line, error) {
	start := time.Now()
	step, err := w.setup(threads)
	if err != nil {
		return line{}, err
	}
	loss, err := step()
	if err != nil {
		return line{}, err
	}
	first := time.Since(start)
	for range 5 {
		if _, err := step(); err != nil {
			return line{}, err
		}
	}
	start = time.Now()
	if _, err := step(); err != nil {
		return line{}, err
	}
	one := max(time.Since(start).Seconds(), 1e-7)
	n := max(int(seconds/5/one), 1)
	best := 0.0
	for rep := range 5 {
		start = time.Now()
		for range n {
			if loss, err = step(); err != nil {
				return line{}, err
			}
		}
		if t := time.Since(start).Seconds() / float64(n); rep == 0 || t < best {
			best = t
		}
	}
	return line{
		Peer: "nngen", Workload: w.name, Threads: threads,
		USPerStep: math.Round(best*1e10) / 1e4, FirstStepS: first.Seconds(), FinalLoss: loss, ISA: isa,
	}, nil
}

// cpuName is the processor's name as Linux tells it, else its architecture.
func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for l := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
