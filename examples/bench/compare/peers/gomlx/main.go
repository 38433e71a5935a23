// Training-step cost of GoMLX with its pure Go backend, float32.
//
// usage: gomlx [-threads N] [-config BACKEND_CONFIG] [-manual]     answers lines "NAME SECONDS"
// One step = one call of a compiled context.Exec that holds forward, loss, gradients and the optimizer's update: the leanest way
// that the public API has. The loss is read every step.
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

	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gomlx/gomlx/pkg/ml/context"
	"github.com/gomlx/gomlx/pkg/ml/context/initializers"
	"github.com/gomlx/gomlx/pkg/ml/layers"
	"github.com/gomlx/gomlx/pkg/ml/layers/activations"
	"github.com/gomlx/gomlx/pkg/ml/layers/lstm"
	"github.com/gomlx/gomlx/pkg/ml/train/losses"
	"github.com/gomlx/gomlx/pkg/ml/train/optimizers"
)

type (
	node  = graph.Node
	model func(ctx *context.Context, x *node) *node
)

type workload struct {
	name  string
	model model
	mlp   *mlpSpec // nil where the model is not an MLP
	data  func(r *rand.Rand) (x, y *tensors.Tensor)
	ce    bool
	opt   func() optimizers.Interface
}

func sgd(lr float64) func() optimizers.Interface {
	return func() optimizers.Interface {
		return optimizers.StochasticGradientDescent().WithDecay(false).WithLearningRate(lr).Done()
	}
}
func adam(decay float64) func() optimizers.Interface {
	return func() optimizers.Interface {
		return optimizers.Adam().LearningRate(1e-3).Betas(0.9, 0.999).Epsilon(1e-8).WeightDecay(decay).Done()
	}
}

// With -manual the gradients of an MLP's matrix products are written by hand as matrix products and handed to
// the optimizer. GoMLX's own (dotVJP, and dotGeneralVJP behind Einsum) multiply arrays broadcast to
// [batch, in, out] and sum them: XLA fuses that, the pure-Go backend carries it out literally.
var manual = flag.Bool("manual", false, "hand-written gradients of the matrix products (MLPs only)")

type mlpSpec struct {
	sizes []int
	act   func(*node) *node
}

// manualStep builds forward, loss, hand-written backward and the update, and returns the loss.
func (m *mlpSpec) manualStep(ctx *context.Context, x *node, lossFn func(out *node) *node, opt optimizers.Interface) *node {
	g := x.Graph()
	var xs, zs, ws []*node
	for l, n := range m.sizes[1:] {
		c := ctx.In(fmt.Sprintf("l%d", l))
		w := c.VariableWithShape("weights", shapes.Make(dtypes.Float32, m.sizes[l], n)).ValueGraph(g)
		b := c.VariableWithShape("biases", shapes.Make(dtypes.Float32, n)).ValueGraph(g)
		z := graph.Add(graph.Dot(x, w), graph.InsertAxes(b, 0))
		xs, zs, ws = append(xs, x), append(zs, z), append(ws, w)
		x = z
		if l+2 < len(m.sizes) {
			x = m.act(z)
		}
	}
	loss := lossFn(x)
	d := graph.Gradient(loss, x)[0]
	grads := make([]*node, 2*len(ws))
	for l := len(ws) - 1; ; l-- {
		grads[2*l] = graph.Einsum("bi,bo->io", xs[l], d)
		grads[2*l+1] = graph.ReduceSum(d, 0)
		if l == 0 {
			break
		}
		d = graph.Einsum("bo,io->bi", d, ws[l])
		d = graph.Gradient(graph.ReduceAllSum(graph.Mul(graph.StopGradient(d), xs[l])), zs[l-1])[0]
	}
	i := 0
	for v := range ctx.IterVariables() { // the optimizer walks the variables in this order
		if v.Trainable && v.InUseByGraph(g) {
			if !v.Shape().Equal(grads[i].Shape()) {
				panic(fmt.Sprintf("gradient %d is %s, its variable %s", i, grads[i].Shape(), v.Shape()))
			}
			i++
		}
	}
	opt.(interface {
		UpdateGraphWithGradients(*context.Context, []*node, dtypes.DType)
	}).UpdateGraphWithGradients(ctx, grads, dtypes.Float32)
	return loss
}

func mlp(sizes []int, act func(*node) *node) (model, *mlpSpec) {
	return func(ctx *context.Context, x *node) *node {
		for l, n := range sizes[1:] {
			x = layers.DenseWithBias(ctx.In(fmt.Sprintf("l%d", l)), x, n)
			if l+2 < len(sizes) {
				x = act(x)
			}
		}
		return x
	}, &mlpSpec{sizes, act}
}

func cnn(ctx *context.Context, x *node) *node {
	x = activations.Relu(layers.Convolution(ctx.In("c1"), x).Channels(16).KernelSize(5).PadSame().Done())
	x = graph.MaxPool(x).Window(2).Done()
	x = activations.Relu(layers.Convolution(ctx.In("c2"), x).Channels(32).KernelSize(5).PadSame().Done())
	x = graph.MaxPool(x).Window(2).Done()
	x = graph.Reshape(x, x.Shape().Dimensions[0], -1)
	x = activations.Relu(layers.DenseWithBias(ctx.In("f1"), x, 128))
	return layers.DenseWithBias(ctx.In("f2"), x, 10)
}

func lstmChar(ctx *context.Context, x *node) *node {
	x = layers.Embedding(ctx.In("e"), x, dtypes.Float32, 64, 64)
	all, _, _ := lstm.New(ctx.In("l"), x, 128).Done() // [time, direction, batch, hidden]
	all = graph.TransposeAllDims(graph.Squeeze(all, 1), 1, 0, 2)
	return layers.DenseWithBias(ctx.In("o"), all, 64)
}

func normal(r *rand.Rand, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(v, dims...)
}

func ints(r *rand.Rand, limit int, dims ...int) *tensors.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	v := make([]int32, n)
	for i := range v {
		v[i] = int32(r.Intn(limit))
	}
	return tensors.FromFlatDataAndDimensions(v, dims...)
}

func regress(b, in, out int) func(*rand.Rand) (x, y *tensors.Tensor) {
	return func(r *rand.Rand) (x, y *tensors.Tensor) { return normal(r, b, in), normal(r, b, out) }
}
func classify(classes, b int, in ...int) func(*rand.Rand) (x, y *tensors.Tensor) {
	return func(r *rand.Rand) (x, y *tensors.Tensor) {
		return normal(r, append([]int{b}, in...)...), ints(r, classes, b, 1)
	}
}

func mlpWorkload(name string, sizes []int, act func(*node) *node, data func(*rand.Rand) (x, y *tensors.Tensor), ce bool, opt func() optimizers.Interface) workload {
	m, spec := mlp(sizes, act)
	return workload{name, m, spec, data, ce, opt}
}

var workloads = []workload{
	mlpWorkload("xor_2_8_1_b4_sgd", []int{2, 8, 1}, graph.Tanh, regress(4, 2, 1), false, sgd(0.1)),
	mlpWorkload("iris_4_16_3_b16_adam", []int{4, 16, 3}, graph.Tanh, classify(3, 16, 4), true, adam(0)),
	mlpWorkload("mnist_784_128_10_b64_sgd", []int{784, 128, 10}, activations.Relu, classify(10, 64, 784), true, sgd(0.01)),
	mlpWorkload("mnist_784_512_512_10_b128_adam", []int{784, 512, 512, 10}, activations.Relu, classify(10, 128, 784), true, adam(0)),
	mlpWorkload("mlp_gelu_256x4_b32_adamw", []int{64, 256, 256, 256, 8}, activations.Gelu, regress(32, 64, 8), false, adam(0.01)),
	{"cnn_lenet_28_b32_adam", cnn, nil, classify(10, 32, 28, 28, 1), true, adam(0)},
	{"lstm_v64_h128_t32_b16_adam", lstmChar, nil, func(r *rand.Rand) (x, y *tensors.Tensor) {
		return ints(r, 64, 16, 32), ints(r, 64, 16, 32, 1)
	}, true, adam(0)},
}

// measure times a workload from its initial values.
func measure(w workload, config string, seconds float64) (us, loss float64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: %.300v", w.name, p)
		}
	}()
	be, err := simplego.New(config)
	if err != nil {
		return 0, 0, err
	}
	ctx := context.New()
	ctx.SetRNGStateFromSeed(1)
	ctx = ctx.WithInitializer(initializers.XavierUniformFn(ctx))
	x, y := w.data(rand.New(rand.NewSource(1)))
	lossFn := func(y, out *node) *node {
		if w.ce {
			return graph.ReduceAllMean(losses.SparseCategoricalCrossEntropyLogits([]*node{y}, []*node{out}))
		}
		return graph.ReduceAllMean(losses.MeanSquaredError([]*node{y}, []*node{out}))
	}
	opt := w.opt()
	exec, err := context.NewExecAny(be, ctx, func(ctx *context.Context, x, y *node) *node {
		ctx.SetTraining(x.Graph(), true)
		if *manual {
			return w.mlp.manualStep(ctx, x, func(out *node) *node { return lossFn(y, out) }, opt)
		}
		loss := lossFn(y, w.model(ctx, x))
		opt.UpdateGraph(ctx, x.Graph(), loss)
		return loss
	})
	if err != nil {
		return 0, 0, err
	}
	step := func() float64 { // reads the loss
		out, err := exec.Exec(x, y)
		if err != nil {
			panic(err)
		}
		v := float64(tensors.ToScalar[float32](out[0]))
		for _, o := range out {
			o.FinalizeAll()
		}
		return v
	}
	first := step()
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
			loss = step()
		}
		best = min(best, time.Since(t).Seconds()/float64(n))
	}
	if !(loss < first) {
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
	config := flag.String("config", "", "backend configuration, e.g. ops_sequential")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)
	peer := "gomlx"
	if *manual {
		peer += "-manual"
	}
	var names []string
	known := map[string]workload{}
	for _, w := range workloads {
		if !*manual || w.mlp != nil {
			names = append(names, w.name)
			known[w.name] = w
		}
	}
	err := serve(peer, *threads, names, func(name string, seconds float64) (us, loss float64, err error) {
		w, ok := known[name]
		if !ok {
			return 0, 0, fmt.Errorf("unknown workload %q", name)
		}
		return measure(w, *config, seconds)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "gomlx:", err)
		os.Exit(1)
	}
}
