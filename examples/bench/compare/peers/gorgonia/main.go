// Training-step cost of Gorgonia's tape machine on the multilayer perceptrons, float32.
//
// usage: gorgonia [-threads N]     answers lines "NAME SECONDS"
// One step = machine.RunAll (forward, loss, backward) + solver.Step + machine.Reset, same batch. The LISP machine is slower.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"runtime"
	"time"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func must(n *G.Node, err error) *G.Node {
	if err != nil {
		panic(err)
	}
	return n
}

type workload struct {
	name  string
	sizes []int
	batch int
	act   string
	ce    bool
	opt   string
}

var workloads = []workload{
	{"xor_2_8_1_b4_sgd", []int{2, 8, 1}, 4, "tanh", false, "sgd0.1"},
	{"iris_4_16_3_b16_adam", []int{4, 16, 3}, 16, "tanh", true, "adam"},
	{"mnist_784_128_10_b64_sgd", []int{784, 128, 10}, 64, "relu", true, "sgd0.01"},
	{"mnist_784_512_512_10_b128_adam", []int{784, 512, 512, 10}, 128, "relu", true, "adam"},
	{"mlp_gelu_256x4_b32_adamw", []int{64, 256, 256, 256, 8}, 32, "gelu", false, "adamw"},
}

func f32(v float64) *G.Node { return G.NewConstant(float32(v)) }

// act: gorgonia has no erf, so gelu is the tanh approximation here.
func act(kind string, x *G.Node) *G.Node {
	switch kind {
	case "tanh":
		return must(G.Tanh(x))
	case "relu":
		return must(G.Rectify(x))
	}
	x3 := must(G.Mul(must(G.Cube(x)), f32(0.044715)))
	t := must(G.Tanh(must(G.Mul(must(G.Add(x, x3)), f32(math.Sqrt(2/math.Pi))))))
	return must(G.HadamardProd(must(G.Mul(x, f32(0.5))), must(G.Add(t, f32(1)))))
}

// build makes the graph and returns the step function and a reader of the last loss.
func build(w workload) (func() float64, func()) {
	r := rand.New(rand.NewSource(1))
	g := G.NewGraph()
	norm := func(rows, cols int) *tensor.Dense {
		d := make([]float32, rows*cols)
		for i := range d {
			d[i] = float32(r.NormFloat64())
		}
		return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(d))
	}
	in, out := w.sizes[0], w.sizes[len(w.sizes)-1]
	x := G.NewMatrix(g, tensor.Float32, G.WithName("x"), G.WithShape(w.batch, in), G.WithValue(norm(w.batch, in)))
	var yt *tensor.Dense
	if w.ce {
		d := make([]float32, w.batch*out)
		for i := 0; i < w.batch; i++ {
			d[i*out+r.Intn(out)] = 1
		}
		yt = tensor.New(tensor.WithShape(w.batch, out), tensor.WithBacking(d))
	} else {
		yt = norm(w.batch, out)
	}
	y := G.NewMatrix(g, tensor.Float32, G.WithName("y"), G.WithShape(w.batch, out), G.WithValue(yt))

	var params G.Nodes
	h := x
	for l := 0; l+1 < len(w.sizes); l++ {
		a, b := w.sizes[l], w.sizes[l+1]
		lim := 1 / math.Sqrt(float64(a))
		uni := func(rows, cols int) *tensor.Dense {
			d := make([]float32, rows*cols)
			for i := range d {
				d[i] = float32((2*r.Float64() - 1) * lim)
			}
			return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(d))
		}
		wn := G.NewMatrix(g, tensor.Float32, G.WithName(fmt.Sprintf("w%d", l)), G.WithShape(a, b), G.WithValue(uni(a, b)))
		bn := G.NewMatrix(g, tensor.Float32, G.WithName(fmt.Sprintf("b%d", l)), G.WithShape(1, b), G.WithValue(uni(1, b)))
		params = append(params, wn, bn)
		h = must(G.BroadcastAdd(must(G.Mul(h, wn)), bn, nil, []byte{0}))
		if l+2 < len(w.sizes) {
			h = act(w.act, h)
		}
	}
	var loss *G.Node
	if w.ce {
		lp := must(G.LogSoftMax(h))
		loss = must(G.Mul(must(G.Sum(must(G.HadamardProd(lp, y)))), f32(-1/float64(w.batch))))
	} else {
		loss = must(G.Mean(must(G.Square(must(G.Sub(h, y))))))
	}
	var lossVal G.Value
	G.Read(loss, &lossVal)

	if _, err := G.Grad(loss, params...); err != nil {
		panic(err)
	}
	prog, locs, err := G.Compile(g)
	if err != nil {
		panic(err)
	}
	m := G.NewTapeMachine(g, G.WithPrecompiled(prog, locs), G.BindDualValues(params...))
	var solver G.Solver
	switch w.opt {
	case "sgd0.1":
		solver = G.NewVanillaSolver(G.WithLearnRate(0.1))
	case "sgd0.01":
		solver = G.NewVanillaSolver(G.WithLearnRate(0.01))
	case "adam":
		solver = G.NewAdamSolver(G.WithLearnRate(1e-3))
	case "adamw":
		// Gorgonia v0.9.18's AdamW.Step writes its result to a fresh tensor (tensor.Mul(w, decay) without
		// UseUnsafe), so the weights never change. AdamSolver, without decay, stands in.
		solver = G.NewAdamSolver(G.WithLearnRate(1e-3))
	}
	model := G.NodesToValueGrads(params)
	read := func() float64 {
		v := lossVal
		if v == nil {
			v = loss.Value()
		}
		switch d := v.Data().(type) {
		case float32:
			return float64(d)
		case []float32:
			return float64(d[0])
		}
		return math.NaN()
	}
	step := func() {
		if err := m.RunAll(); err != nil {
			panic(err)
		}
		if err := solver.Step(model); err != nil {
			panic(err)
		}
		m.Reset()
	}
	return read, step
}

// measure times a workload from its initial values.
func measure(w workload, seconds float64) (us, loss float64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: %v", w.name, p)
		}
	}()
	read, step := build(w)
	step()
	first := read()
	for range 5 {
		step()
	}
	t := time.Now()
	step()
	n := max(1, int(seconds/5/max(time.Since(t).Seconds(), 1e-7)))
	best := math.Inf(1)
	for range 5 {
		t = time.Now()
		for range n {
			step()
		}
		best = min(best, time.Since(t).Seconds()/float64(n))
	}
	if loss = read(); !(loss < first) {
		return 0, 0, fmt.Errorf("the loss did not fall: %g to %g", first, loss)
	}
	return best * 1e6, loss, nil
}

// serve answers each line "NAME SECONDS" on standard input with the line of that workload: the protocol of all peers.
func serve(peer string, threads int, workloads []string, measure func(name string, seconds float64) (us, loss float64, err error)) error {
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(map[string]any{"peer": peer, "threads": threads, "workloads": workloads}); err != nil {
		return err
	}
	for {
		var name string
		var seconds float64
		if _, err := fmt.Scanln(&name, &seconds); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		us, loss, err := measure(name, seconds)
		answer := map[string]any{"peer": peer, "workload": name, "threads": threads, "us_per_step": us, "final_loss": loss}
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		if err := out.Encode(answer); err != nil {
			return err
		}
	}
}

func main() {
	threads := flag.Int("threads", 1, "GOMAXPROCS")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	var names []string
	known := map[string]workload{}
	for _, w := range workloads {
		names = append(names, w.name)
		known[w.name] = w
	}
	err := serve("gorgonia", *threads, names, func(name string, seconds float64) (us, loss float64, err error) {
		w, ok := known[name]
		if !ok {
			return 0, 0, fmt.Errorf("unknown workload %q", name)
		}
		return measure(w, seconds)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "gorgonia:", err)
		os.Exit(1)
	}
}
