package main

// This file answers: who takes part, what does each need, and how is it built and started?

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A contender is a library in one setting with one number of threads.
type contender struct {
	Name    string `json:"name"`    // as in tables: pytorch-fast
	Library string `json:"library"` // what settings of one library share: PyTorch
	Threads int    `json:"threads"`

	install string // what to do when it is missing
	// prepare builds it, or finds out that it is missing, and returns the command and what it adds to the environment.
	prepare func(w *workshop, threads int) (command, env []string, err error)
}

// nngenName is the contender that all others are compared with: with the best instructions that the machine has.
const (
	nngenName = "nngen"
	nngenLib  = "nngen"
)

// A skip is a contender that does not take part.
type skip struct {
	Name    string `json:"name"`
	Threads int    `json:"threads"`
	Reason  string `json:"reason"`
	Install string `json:"install,omitempty"`
}

// steps returns everyone who can train, nngen first.
func steps(threads []int) []contender {
	const blas = "apt-get install gcc libopenblas-dev"
	var out []contender
	for _, t := range threads {
		add := func(name, library, install string, prepare func(*workshop, int) ([]string, []string, error)) {
			out = append(out, contender{name, library, t, install, prepare})
		}
		add(nngenName, nngenLib, "Go, in a checkout of nngen", nngen(""))
		add("nngen-avx2", nngenLib, "a processor with AVX-512, so that AVX2 is a choice", nngen("avx2"))
		add("nngen-portable", nngenLib, "", nngen("portable"))
		add("pytorch", "PyTorch", "pip install torch", torch())
		add("pytorch-fast", "PyTorch", "pip install torch", torch("--fast"))
		add("pytorch-compile", "PyTorch", "pip install torch; apt-get install g++", torch("--compile"))
		add("jax", "JAX", "pip install jax optax", jax())
		if t == 1 {
			add("jax-scan", "JAX", "pip install jax optax", jax("--scan", "1000"))
			add("c", "C by hand", "apt-get install gcc", gcc("train.c", "-ffast-math"))
		}
		add("c-openblas", "C by hand", blas, gcc("train.c", "-ffast-math", "-DBLAS", "-lopenblas"))
		if t == 1 {
			add("fann-incremental", "FANN", "apt-get install gcc libfann-dev", fann("incremental"))
			add("fann-batch", "FANN", "apt-get install gcc libfann-dev", fann("batch"))
		}
		add("gorgonia", "Gorgonia", "let Go download the modules of peers/gorgonia", goPeer("gorgonia"))
		add("gomlx", "GoMLX", "let Go download the modules of peers/gomlx", goPeer("gomlx"))
		add("gomlx-manual", "GoMLX", "let Go download the modules of peers/gomlx", goPeer("gomlx", "-manual"))
	}
	return out
}

// products returns who multiplies matrices alone.
func products(threads []int) []contender {
	var out []contender
	for _, t := range threads {
		out = append(out,
			contender{nngenName, nngenLib, t, "Go, in a checkout of nngen", nngen("")},
			contender{"nngen-avx2", nngenLib, t, "a processor with AVX-512, so that AVX2 is a choice", nngen("avx2")},
			contender{"openblas", "OpenBLAS", t, "apt-get install gcc libopenblas-dev", gcc("gemm.c", "-lopenblas")})
	}
	return out
}

// A workshop is where contenders are built.
type workshop struct {
	ctx    context.Context
	repo   string // of nngen
	bin    string // folder for what is built, removed in the end
	python string
	log    io.Writer
	built  map[string]error
}

// once runs a build or probe one time; the text tells them apart.
func (w *workshop) once(text string, do func() error) error {
	if w.built == nil {
		w.built = map[string]error{}
	}
	err, known := w.built[text]
	if !known {
		err = do()
		w.built[text] = err
	}
	return err
}

// command runs a command in a folder; the error is the last line that it says.
func (w *workshop) command(dir, name string, args ...string) error {
	cmd := exec.CommandContext(w.ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	var missing *exec.Error
	if errors.As(err, &missing) {
		return fmt.Errorf("%s: %w", missing.Name, missing.Err)
	}
	if text := lastLine(out); text != "" {
		return errors.New(text)
	}
	return err
}

func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:]))
}

func (w *workshop) peers(name ...string) string {
	return filepath.Join(append([]string{w.repo, "examples", "bench", "compare", "peers"}, name...)...)
}

// nngen builds the benchmark; cpu asks for fewer instructions than the processor has.
func nngen(cpu string) func(*workshop, int) ([]string, []string, error) {
	return func(w *workshop, threads int) ([]string, []string, error) {
		exe := filepath.Join(w.bin, "bench")
		err := w.once(exe, func() error { return w.command(w.repo, "go", "build", "-o", exe, "./examples/bench") })
		return []string{exe, "-serve", "-threads", fmt.Sprint(threads)}, []string{"NNGEN_CPU=" + cpu}, err
	}
}

// gcc builds a C program of peers/c.
func gcc(source string, flags ...string) func(*workshop, int) ([]string, []string, error) {
	return func(w *workshop, threads int) ([]string, []string, error) {
		exe := filepath.Join(w.bin, strings.Join(append([]string{strings.TrimSuffix(source, ".c")}, flags...), ""))
		err := w.once(exe, func() error {
			args := append([]string{"-O3", "-march=native", "-o", exe, source}, flags...)
			return w.command(w.peers("c"), "gcc", append(args, "-lm")...)
		})
		return []string{exe, fmt.Sprint(threads)}, []string{fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", threads)}, err
	}
}

// fann builds the FANN peer.
func fann(algorithm string) func(*workshop, int) ([]string, []string, error) {
	build := gcc("fann.c", "-lfloatfann")
	return func(w *workshop, threads int) ([]string, []string, error) {
		command, _, err := build(w, threads)
		return []string{command[0], algorithm}, nil, err
	}
}

// goPeer builds a peer that is a Go module of its own.
func goPeer(name string, flags ...string) func(*workshop, int) ([]string, []string, error) {
	return func(w *workshop, threads int) ([]string, []string, error) {
		exe := filepath.Join(w.bin, name)
		err := w.once(exe, func() error { return w.command(w.peers(name), "go", "build", "-o", exe, ".") })
		command := append([]string{exe, "-threads", fmt.Sprint(threads)}, flags...)
		if name == "gomlx" && threads == 1 {
			command = append(command, "-config", "ops_sequential") // faster than its pool of workers
		}
		return command, nil, err
	}
}

// torch runs the PyTorch peer. Threads that wait actively are what PyTorch needs to gain from a second core.
func torch(flags ...string) func(*workshop, int) ([]string, []string, error) {
	return func(w *workshop, threads int) ([]string, []string, error) {
		err := w.python3("torch")
		if err == nil && len(flags) > 0 && flags[0] == "--compile" {
			if _, lookErr := exec.LookPath("g++"); lookErr != nil {
				err = errors.New("no C++ compiler")
			}
		}
		env := []string{fmt.Sprintf("OMP_NUM_THREADS=%d", threads)}
		if threads > 1 {
			env = append(env, "OMP_WAIT_POLICY=active")
		}
		return append([]string{w.python, w.peers("python", "torch_train.py"), "--threads", fmt.Sprint(threads)}, flags...), env, err
	}
}

// jax runs the JAX peer, which pins itself to its cores.
func jax(flags ...string) func(*workshop, int) ([]string, []string, error) {
	return func(w *workshop, threads int) ([]string, []string, error) {
		err := w.python3("jax", "optax")
		return append([]string{w.python, w.peers("python", "jax_train.py"), "--threads", fmt.Sprint(threads)}, flags...), nil, err
	}
}

// python3 checks that Python can import modules.
func (w *workshop) python3(modules ...string) error {
	text := "import " + strings.Join(modules, ", ")
	return w.once(text, func() error { return w.command("", w.python, "-c", text) })
}

// begins reports whether name begins with one of the texts; an empty list chooses everyone.
func begins(name string, texts []string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(t string) bool { return strings.HasPrefix(name, t) })
}

// open prepares and starts the contenders that are wanted, nngen first. Who is missing is said and skipped; without nngen there is nothing to
// compare.
func open(w *workshop, candidates []contender, wanted []string) (servers []*server, skipped []skip, err error) {
	for _, c := range candidates {
		if c.Library != nngenLib && !begins(c.Name, wanted) {
			continue
		}
		if w.ctx.Err() != nil {
			return servers, skipped, w.ctx.Err()
		}
		s, err := start(w, c)
		if err == nil && c.Library == nngenLib && c.Name != nngenName && s.header.ISA != strings.TrimPrefix(c.Name, "nngen-") {
			s.close()
			err = fmt.Errorf("this machine has no %s", strings.TrimPrefix(c.Name, "nngen-"))
		}
		if err == nil && c.Name == "nngen-avx2" && servers[0].header.ISA == "avx2" {
			s.close()
			continue // the same as nngen
		}
		if err != nil && c.Name == nngenName {
			return servers, skipped, fmt.Errorf("nngen: %w", err)
		}
		if err != nil {
			skipped = append(skipped, skip{c.Name, c.Threads, err.Error(), c.install})
			fmt.Fprintf(w.log, "SKIPPED %s, %s: %v\n", c.Name, threadsText(c.Threads), err)
			if c.install != "" {
				fmt.Fprintf(w.log, "        to compare with it: %s\n", c.install)
			}
			continue
		}
		servers = append(servers, s)
	}
	return servers, skipped, nil
}

// environment is the process's own with some variables set.
func environment(set []string) []string {
	return append(os.Environ(), set...)
}
