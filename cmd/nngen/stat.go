package main

// This file answers: what does a training step of a model cost, before it runs? `nngen stat` prints it as a table or as JSON.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"nngen/codegen"
	"nngen/dsl"
	"nngen/symbolic"
)

// statFlags are the flags of `nngen stat`.
type statFlags struct {
	compileFlags
	batch       int
	sizes       []string
	gflops, gbs float64
	model       string
	json        bool
}

// The machine that the bound is for unless flags say otherwise: one core of a server of the 2020s. Float64 does half as much.
const (
	defaultGFLOPS = 100
	defaultGBS    = 20
)

// newStat builds `nngen stat`.
func newStat() *cobra.Command {
	var f statFlags
	cmd := &cobra.Command{
		Use:   "stat [flags] FILE.nn",
		Short: "Predict operations, bytes and the least time of a step",
		Long: `Stat counts what a training step of each model costs, without running it: for each line of the model that makes a layer, its
parameters; the operations of the forward pass, the backward pass and the update; the bytes that they move; and the lines
of Go and of assembly generated for it. A model without an optimizer is counted for a prediction.

Operations: an addition or a multiplication is 1, a fused multiply-add 2, a division 4, an exponential 15. Bytes: each parallel
loop reads every tensor that it needs once and writes every tensor that it leaves once; what stays in a core's cache in between
is free. The bound is the time that either takes at the given speed, the longer of the two for each line and phase (forward,
backward, update): no schedule of the same loops is faster on that machine. The default speeds are those of one core whose data
come from memory. Give --gbs the speed of the cache that the working set fits in, if it fits in one.`,
		Example: `  nngen stat digits.nn
  nngen stat --batch 32 --size time=128 gpt.nn
  nngen stat --gflops 105 --gbs 12 digits.nn      bound on a machine that was measured
  nngen stat --json digits.nn                     one JSON array, for scripts`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runStat(cmd, args[0], &f) },
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.batch, "batch", 64, "`rows` of a batch")
	flags.StringArrayVar(&f.sizes, "size", nil, "`name=value` of another run-time size (repeatable; default its declared bound)")
	flags.Float64Var(&f.gflops, "gflops", defaultGFLOPS, "operations a second that the machine does, in `billions`; half of the default for float64")
	flags.Float64Var(&f.gbs, "gbs", defaultGBS, "bytes a second that the machine moves, in `billions`")
	flags.StringVar(&f.model, "model", "", "`name` of the only model to count")
	flags.BoolVar(&f.json, "json", false, "print a JSON array")
	return cmd
}

// sizeValues parses --batch and --size.
func (f *statFlags) sizeValues() (map[string]int, error) {
	out := map[string]int{"batch": f.batch}
	for _, s := range f.sizes {
		name, text, ok := strings.Cut(s, "=")
		v, err := strconv.Atoi(strings.TrimSpace(text))
		if name = strings.TrimSpace(name); !ok || err != nil || name == "" {
			return nil, usagef("got --size %q, want --size name=value", s)
		}
		if _, dup := out[name]; dup {
			return nil, usagef("the size %s is given twice", name)
		}
		out[name] = v
	}
	return out, nil
}

// runStat counts the models of one file.
func runStat(cmd *cobra.Command, path string, f *statFlags) error {
	sizes, err := f.sizeValues()
	if err != nil {
		return err
	}
	if !(f.gflops > 0) || !(f.gbs > 0) {
		return usagef("got --gflops %v and --gbs %v, want more than 0", f.gflops, f.gbs)
	}
	sources, err := expand([]string{path})
	if err != nil {
		return err
	}
	if len(sources) != 1 || !sources[0].named {
		return usagef("stat takes one file, got the folder %s", path)
	}
	pkg, list, err := f.load(path)
	if err != nil {
		return err
	}
	if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
		return err
	}
	if list.HasErrors() {
		return errReported
	}
	models, err := chooseModels(path, pkg.Models, f.model)
	if err != nil {
		return err
	}
	cfg := codegen.Config{Package: "model", Source: filepath.Base(path), Fset: pkg.Fset}
	var reports []statReport
	used := map[string]bool{"batch": true}
	for _, m := range models {
		s, err := codegen.NewStat(m, cfg, sizes)
		var wrong *codegen.SizeError
		switch list := locate(err); {
		case list != nil:
			if err := render(cmd.ErrOrStderr(), pkg, list); err != nil {
				return err
			}
			return errReported
		case errors.As(err, &wrong):
			return usagef("%s", wrong.Message)
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, z := range s.Sizes {
			used[z.Name] = true
		}
		gflops := f.gflops
		if m.Float == symbolic.F64 && !cmd.Flags().Changed("gflops") {
			gflops /= 2
		}
		reports = append(reports, newStatReport(s, path, sourceLines(pkg, m), machine{gflops, f.gbs}))
	}
	for name := range sizes {
		if !used[name] {
			return usagef("%s has no run-time size %s", path, name)
		}
	}
	out := cmd.OutOrStdout()
	if f.json {
		text, err := json.MarshalIndent(reports, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", text)
		return nil
	}
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := r.table(out); err != nil {
			return err
		}
	}
	return nil
}

// sourceLines returns the lines of the file that declares m.
func sourceLines(pkg *dsl.Package, m *dsl.Model) []string {
	return strings.Split(string(pkg.Sources[pkg.Fset.Position(m.Pos).Filename]), "\n")
}

// A machine is what the bound is computed for.
type machine struct {
	gflops, gbs float64
}

// times returns the microseconds that the operations and the bytes of w take.
func (m machine) times(w codegen.Work) (arithmetic, memory float64) {
	return float64(w.Operations) / m.gflops / 1e3, float64(w.Bytes) / m.gbs / 1e3
}

// statReport is a Stat as it is printed.
type statReport struct {
	Model      string             `json:"model"`
	File       string             `json:"file"`
	Float      string             `json:"float"`
	Optimizer  string             `json:"optimizer,omitempty"` // none: the counts are those of a prediction
	Sizes      map[string]int     `json:"sizes"`
	GFLOPS     float64            `json:"gflops"` // of the machine
	GBS        float64            `json:"gbs"`
	Total      statRow            `json:"total"`
	Memory     codegen.MemoryStat `json:"memory_bytes"`
	WorkingSet int64              `json:"working_set_bytes"`
	Layers     []statRow          `json:"layers"`

	Shapes []codegen.ProductStat `json:"product_shapes"` // of the matrix products of a step

	order []string // of the sizes
}

// statRow is one line of a model, or the total.
type statRow struct {
	Line       int          `json:"line,omitempty"`
	Names      []string     `json:"names,omitempty"`
	Source     string       `json:"source,omitempty"`
	Parameters int          `json:"parameters"`
	Operations int64        `json:"operations"`
	Products   int64        `json:"products"` // part of operations
	Bytes      int64        `json:"bytes"`
	Forward    codegen.Work `json:"forward"`
	Backward   codegen.Work `json:"backward"`
	Update     codegen.Work `json:"update"`
	Go         int          `json:"go_lines"`
	Assembly   int          `json:"assembly_lines"`
	Bound      statBound    `json:"bound_us"`
}

// statBound is the least time, in microseconds.
type statBound struct {
	Arithmetic float64 `json:"arithmetic"` // of all operations
	Memory     float64 `json:"memory"`     // of all bytes
	Time       float64 `json:"time"`       // the longer of the two, line by line and phase by phase
	Binds      string  `json:"binds"`      // which one is longer over all
}

func (b *statBound) add(o statBound) {
	b.Arithmetic += o.Arithmetic
	b.Memory += o.Memory
	b.Time += o.Time
}

// decide names what binds.
func (b *statBound) decide() {
	switch {
	case b.Time == 0:
		b.Binds = ""
	case b.Arithmetic >= b.Memory:
		b.Binds = "arithmetic"
	default:
		b.Binds = "memory"
	}
}

// newStatReport adds the bound and the text of the model's lines.
func newStatReport(s *codegen.Stat, path string, source []string, m machine) statReport {
	r := statReport{Model: s.Model, File: filepath.ToSlash(path), Float: s.Float.String(), Optimizer: s.Optimizer, Sizes: map[string]int{},
		GFLOPS: m.gflops, GBS: m.gbs, Memory: s.Memory, WorkingSet: s.Memory.Sum(),
		Shapes: s.Products}
	for _, z := range s.Sizes {
		r.Sizes[z.Name] = z.Value
		r.order = append(r.order, z.Name)
	}
	r.Total = newStatRow(s.Total)
	for _, l := range s.Layers {
		row := newStatRow(l)
		if l.Line > 0 && l.Line <= len(source) {
			row.Source = strings.Join(strings.Fields(source[l.Line-1]), " ")
		}
		for _, w := range []codegen.Work{l.Forward, l.Backward, l.Update} {
			arithmetic, memory := m.times(w)
			row.Bound.add(statBound{Arithmetic: arithmetic, Memory: memory, Time: max(arithmetic, memory)})
		}
		r.Total.Bound.add(row.Bound)
		row.Bound.decide()
		r.Layers = append(r.Layers, row)
	}
	r.Total.Bound.decide()
	return r
}

func newStatRow(l codegen.LayerStat) statRow {
	sum := l.Sum()
	return statRow{Line: l.Line, Names: l.Names, Parameters: l.Parameters, Operations: sum.Operations, Products: sum.Products, Bytes: sum.Bytes,
		Forward: l.Forward, Backward: l.Backward, Update: l.Update, Go: l.Lines, Assembly: l.Assembly}
}

// sourceWidth is how much of a model's line the table shows.
const sourceWidth = 44

// table prints a report for a person.
func (r statReport) table(w io.Writer) error {
	var sizes []string
	for _, name := range r.order {
		sizes = append(sizes, fmt.Sprintf("%s %d", name, r.Sizes[name]))
	}
	what := "a step of " + r.Optimizer
	if r.Optimizer == "" {
		what = "a prediction"
	}
	fmt.Fprintf(w, "%s (%s): %s with %s, %s\n\n", r.Model, r.File, what, strings.Join(sizes, ", "), map[string]string{"f32": "float32", "f64": "float64"}[r.Float])
	rows := [][]string{{"line", "", "parameters", "forward", "backward", "update", "operations", "bytes", "Go", "asm", "bound", "binds"}}
	add := func(line, text string, s statRow) {
		rows = append(rows, []string{line, text, group(s.Parameters), scaled(float64(s.Forward.Operations)), scaled(float64(s.Backward.Operations)), scaled(float64(s.Update.Operations)),
			scaled(float64(s.Operations)), scaled(float64(s.Bytes)), group(s.Go), group(s.Assembly), microseconds(s.Bound.Time), s.Bound.Binds})
	}
	for _, s := range r.Layers {
		text := "the rest"
		if s.Line > 0 {
			text = shorten(s.Source, sourceWidth)
		}
		line := ""
		if s.Line > 0 {
			line = strconv.Itoa(s.Line)
		}
		add(line, text, s)
	}
	add("", "total", r.Total)
	if err := writeColumns(w, rows); err != nil {
		return err
	}
	t := r.Total
	fmt.Fprintf(w, "\nBound %s a step at %s GFLOP/s and %s GB/s: arithmetic %s (%s of it in products), memory %s.\n", microseconds(t.Bound.Time), number(r.GFLOPS), number(r.GBS),
		microseconds(t.Bound.Arithmetic), percent(t.Products, t.Operations), microseconds(t.Bound.Memory))
	m := r.Memory
	_, err := fmt.Fprintf(w, "Working set %sB: parameters %s, gradients %s, optimizer state %s, batch %s, saved for the backward pass %s, scratch %s.\n", scaled(float64(r.WorkingSet)),
		scaled(float64(m.Parameters)), scaled(float64(m.Gradients)), scaled(float64(m.State)), scaled(float64(m.Batch)), scaled(float64(m.Saved)), scaled(float64(m.Scratch)))
	return err
}
