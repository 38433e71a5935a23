// Command compare measures training steps, or matrix products alone, with nngen and with every other library that is installed. All
// take turns in one run, because machines are shared and slow down: only ratios of measurements that lie close together mean much.
//
// Usage, in this folder:
//
//	go run . [-workloads TEXT,...] [-peers TEXT,...] [-rounds N] [-seconds S] [-threads 1,2] [-python PATH] [-json FILE] [-md FILE] [-svg FILE] [-gemm]
//
// The tables go to standard output, what it is doing and what it leaves out to standard error. README.md says what each library needs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "compare:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	workloads, peers []string
	rounds           int
	seconds          float64
	threads          []int
	python           string
	json, md, svg    string
	gemm             bool
}

// parse reads the flags.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = strings.FieldsFunc(s, func(r rune) bool { return r == ',' }); return nil }
	}
	flags.Func("workloads", "measure those whose names contain one of these `texts`, separated by commas (default all)", list(&o.workloads))
	flags.Func("peers", "compare with those whose names begin with one of these `texts`, separated by commas (default all)", list(&o.peers))
	flags.IntVar(&o.rounds, "rounds", 5, "rounds, of which the best counts")
	flags.Float64Var(&o.seconds, "seconds", 0.5, "time of one measurement")
	threads := flags.String("threads", "1,2", "`numbers` of threads, separated by commas")
	flags.StringVar(&o.python, "python", "python3", "Python with torch, jax and optax")
	flags.StringVar(&o.json, "json", "", "write all figures to this `file`")
	flags.StringVar(&o.md, "md", "", "write the tables to this `file`")
	flags.StringVar(&o.svg, "svg", "", "write the picture to this `file`")
	flags.BoolVar(&o.gemm, "gemm", false, "compare matrix products with OpenBLAS instead of steps")
	if err := flags.Parse(args); err != nil {
		return o, flag.ErrHelp
	}
	for text := range strings.SplitSeq(*threads, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || slices.Contains(o.threads, n) {
			return o, fmt.Errorf("got -threads %s, want different numbers of at least 1", *threads)
		}
		o.threads = append(o.threads, n)
	}
	slices.Sort(o.threads)
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.rounds < 1:
		return o, fmt.Errorf("got -rounds %d, want at least 1", o.rounds)
	case !(o.seconds > 0):
		return o, fmt.Errorf("got -seconds %v, want more than 0", o.seconds)
	case o.gemm && o.svg != "":
		return o, errors.New("there is no picture of products")
	}
	return o, nil
}

// run does everything.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	repo, err := filepath.Abs("../../..")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(repo, "examples", "bench", "compare", "peers")); err != nil {
		return errors.New("run it in its own folder, examples/bench/compare")
	}
	bin, err := os.MkdirTemp("", "nngen-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	w := &workshop{ctx: ctx, repo: repo, bin: bin, python: o.python, log: stderr}
	candidates := steps(o.threads)
	if o.gemm {
		candidates = products(o.threads)
	}
	servers, skipped, err := open(w, candidates, o.peers)
	defer closeAll(servers)
	if err != nil {
		return err
	}
	names, err := chosen(servers, o)
	if err != nil {
		return err
	}
	r := newReport(o, names, servers, skipped)
	if err := measure(ctx, servers, names, o, r, stderr); err != nil {
		return err
	}
	return write(o, r, stdout)
}

// chosen returns the workloads to measure: those of nngen that the flags choose.
func chosen(servers []*server, o options) ([]string, error) {
	var out []string
	for _, name := range servers[0].header.Workloads {
		isProduct := strings.Contains(name, "x") && len(name) > 3 && name[2] == '_'
		if isProduct == o.gemm && contains(name, o.workloads) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no workload's name contains %s", strings.Join(o.workloads, " or "))
	}
	return out, nil
}

// contains reports whether name contains one of the texts; an empty list chooses everything.
func contains(name string, texts []string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(name, t) })
}

// newReport notes the circumstances of the run.
func newReport(o options, names []string, servers []*server, skipped []skip) *report {
	r := &report{Date: time.Now().UTC().Format("2 January 2006"), CPU: servers[0].header.CPU, Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Rounds: o.rounds, Seconds: o.seconds, Threads: o.threads, Workloads: names, Skipped: skipped, Peak: map[int]float64{}}
	for _, s := range servers {
		r.Contenders = append(r.Contenders, s.contender)
		if s.header.ISA != "" && s.Name == "nngen" {
			r.ISA = s.header.ISA
		}
	}
	return r
}

// write prints the tables and writes the files that the flags name.
func write(o options, r *report, stdout io.Writer) error {
	text := r.markdown()
	if o.gemm {
		text = r.productsMarkdown()
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if o.md != "" {
		if err := os.WriteFile(o.md, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if o.json != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	if o.svg != "" {
		return writePicture(r, o.svg)
	}
	return nil
}
