// Command bench measures the time of a training step (forward, loss, backward, update) on fixed workloads and prints one
// JSON object a line:
//
//	{"peer":"nngen","workload":"xor_2_8_1_b4_sgd","threads":1,"us_per_step":0.61,"gflops":2.1,"peak_share":0.02,"first_step_s":0.00001,"final_loss":0.2,"cpu":"...","isa":"avx512"}
//
// The workloads have the names, shapes, activations, losses and optimizers of the scripts that measure other libraries. Each
// trains on one fixed batch, so that only the step is timed; the time is the best of five repetitions after warm-up. The operations
// behind gflops are those that `nngen stat` counts, in products and elsewhere; peak_share is their part of what as many cores do at best.
//
// Usage:
//
//	bench [-threads N] [-only TEXT] [-seconds S] [-gemm] [-phases] [-loops] [-serve]
//
// With -gemm it measures the matrix products of the workloads' steps alone, and one of 512x512x512. With -phases it
// says how the time of a step divides. With -loops it measures updates and functions an element, on every level of instruction sets, and
// prints a table on standard error at the end. With -serve it waits for lines
// "NAME SECONDS" on standard input and measures what they name; examples/bench/compare uses it.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	nnrt "nngen/runtime"
)

// A line is one measurement.
type line struct {
	Peer       string  `json:"peer"`
	Workload   string  `json:"workload"`
	Threads    int     `json:"threads"`
	USPerStep  float64 `json:"us_per_step"`
	GFLOPS     float64 `json:"gflops"`
	PeakShare  float64 `json:"peak_share"`
	FirstStepS float64 `json:"first_step_s"`
	FinalLoss  float64 `json:"final_loss"`
	CPU        string  `json:"cpu"`
	ISA        string  `json:"isa"`
}

// isa is the instruction set of the kernels that run.
func isa() string { return nnrt.ActiveCPU().String() }

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if err != flag.ErrHelp {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(2)
	}
}

// A task is what can be measured: a workload or a product.
type task struct {
	name       string
	operations int64 // of one step
	setup      func(threads int) (step func() (float64, error), err error)
}

// run parses the flags and measures the tasks that they choose.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	threads := flags.Int("threads", 1, "workers that share a step")
	only := flags.String("only", "", "measure the workloads whose name contains this `text`")
	seconds := flags.Float64("seconds", 0.6, "time to spend on each workload")
	gemm := flags.Bool("gemm", false, "measure the matrix products of the steps instead of the steps")
	divide := flags.Bool("phases", false, "say how the time of a step divides into forward pass, backward pass and update, and what the products take")
	fused := flags.Bool("loops", false, "measure fused loops (updates, and functions forward and backward) on each level of instruction sets, by one worker; a table follows on standard error")
	server := flags.Bool("serve", false, "measure what lines \"NAME SECONDS\" on standard input name")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // the flag package has said why
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *threads < 1:
		return fmt.Errorf("got -threads %d, want at least 1", *threads)
	case *gemm && *divide:
		return errors.New("products have no phases")
	case *fused && (*gemm || *divide || *server):
		return errors.New("loops are measured apart from products, phases and a server's workloads")
	case *fused && *threads != 1:
		return errors.New("loops are measured on one thread")
	case !(*seconds > 0):
		return fmt.Errorf("got -seconds %v, want more than 0", *seconds)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(*threads))
	if *fused {
		return measureLoops(stdout, stderr, *only, *seconds)
	}
	steps, products, err := tasks()
	if err != nil {
		return err
	}
	best, err := peak(*threads)
	if err != nil {
		return err
	}
	m, out := machine{*threads, best, cpuName()}, json.NewEncoder(stdout)
	if *server {
		return serve(stdin, stdout, append(steps, products...), m)
	}
	if *gemm {
		steps = products
	}
	measured := false
	for _, t := range steps {
		if !strings.Contains(t.name, *only) {
			continue
		}
		measured = true
		var l any
		if *divide {
			l, err = m.phases(t.name, *seconds)
		} else {
			l, err = m.measure(t, *seconds)
		}
		if err != nil {
			return err
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	if !measured {
		return fmt.Errorf("no workload's name contains %q", *only)
	}
	return nil
}

// tasks returns the workloads and the products.
func tasks() (steps, products []task, err error) {
	all, err := counts()
	if err != nil {
		return nil, nil, err
	}
	for i, w := range workloads {
		if i >= len(all) || all[i].Workload != w.name {
			return nil, nil, fmt.Errorf("operations.json does not have %s in its place", w.name)
		}
		steps = append(steps, task{w.name, all[i].Operations, func(threads int) (func() (float64, error), error) {
			s, err := w.setup(threads)
			return s.step, err
		}})
	}
	for _, p := range shapes(all) {
		products = append(products, task{p.String(), 2 * int64(p.M) * int64(p.N) * int64(p.K), p.setup})
	}
	return steps, products, nil
}

// A machine is what tasks are measured on.
type machine struct {
	threads int
	peak    float64 // of so many threads, in GFLOP/s
	cpu     string
}

// measure sets a task up and times it: the best of five repetitions after warm-up, each long enough for a fifth of the time. Each
// measurement starts from the same parameters, so that none sees numbers that longer training has made too small to be normal.
func (m machine) measure(t task, seconds float64) (line, error) {
	began := time.Now()
	step, err := t.setup(m.threads)
	if err != nil {
		return line{}, fmt.Errorf("%s: %w", t.name, err)
	}
	loss := 0.0
	repeat := func(n int) (float64, error) {
		began := time.Now()
		for range n {
			var err error
			if loss, err = step(); err != nil {
				return 0, fmt.Errorf("%s: %w", t.name, err)
			}
		}
		return time.Since(began).Seconds() / float64(n), nil
	}
	if _, err := repeat(1); err != nil {
		return line{}, err
	}
	first := time.Since(began)
	if _, err := repeat(5); err != nil {
		return line{}, err
	}
	one, err := repeat(1)
	if err != nil {
		return line{}, err
	}
	n := max(int(seconds/5/max(one, 1e-7)), 1)
	best := math.Inf(1)
	for range 5 {
		t, err := repeat(n)
		if err != nil {
			return line{}, err
		}
		best = min(best, t)
	}
	gflops := float64(t.operations) / best / 1e9
	return line{
		Peer: "nngen", Workload: t.name, Threads: m.threads, USPerStep: round(best*1e6, 1e4), GFLOPS: round(gflops, 1e2), PeakShare: round(gflops/m.peak, 1e4),
		FirstStepS: first.Seconds(), FinalLoss: loss, CPU: m.cpu, ISA: isa(),
	}, nil
}

// round keeps as many digits as to has zeros.
func round(v, to float64) float64 { return math.Round(v*to) / to }

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
