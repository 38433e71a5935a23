// What is a Func worth? The float64 interpreter: the oracle that generated code and rewrite rules are compared with.

package symbolic

import (
	"fmt"
	"hash/fnv"
	"math"
)

// An Env is what an evaluation needs besides arguments.
type Env struct {
	Sizes map[*Sym]int // run-time sizes
	// Rand gives element i of the draw at site, uniform in [0, 1) or standard normal by kind; nil stands for a fixed hash of
	// site and i. Tests plug the runtime's generator in.
	Rand func(site, kind string, i int) float64

	site string // of the calls around
}

// Size returns d's value.
func (e *Env) Size(d Dim) int { return d.Eval(func(s *Sym) int { return e.Sizes[s] }) }

func (e *Env) shape(ds []Dim) []int {
	out := make([]int, len(ds))
	for i, d := range ds {
		out[i] = e.Size(d)
	}
	return out
}

func (e *Env) rand(site, kind string, i int) float64 {
	site = JoinSite(e.site, site)
	if e.Rand != nil {
		return e.Rand(site, kind, i)
	}
	u, v := hashUniform(site, 2*i), hashUniform(site, 2*i+1)
	if kind == "normal" {
		return math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v)
	}
	return u
}

// JoinSite returns the full site of a draw inside a call: the call's site and the draw's own.
func JoinSite(call, own string) string {
	switch {
	case call == "":
		return own
	case own == "":
		return call
	}
	return call + "/" + own
}

func hashUniform(site string, i int) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s#%d", site, i)
	x := h.Sum64()
	// The finalizer of MurmurHash3: FNV alone leaves neighbouring i correlated.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// Eval returns the results of f for the given arguments and sizes. Everything is computed in float64, whatever the nodes' types.
func Eval(f *Func, args []*Tensor, sizes map[*Sym]int) ([]*Tensor, error) {
	return f.EvalEnv(args, &Env{Sizes: sizes})
}

// EvalEnv is Eval with a source of random numbers.
func (f *Func) EvalEnv(args []*Tensor, env *Env) ([]*Tensor, error) {
	if len(args) != len(f.Params) {
		return nil, fmt.Errorf("%s takes %d arguments, got %d", f.Name, len(f.Params), len(args))
	}
	for _, s := range f.Syms {
		if _, ok := env.Sizes[s]; !ok {
			return nil, fmt.Errorf("%s: no value for the size %s", f.Name, s.Name)
		}
	}
	val := make(map[*Node]*Tensor, len(args))
	for i, p := range f.Params {
		want := env.shape(p.Shape)
		if size(want) != len(args[i].Data) {
			return nil, fmt.Errorf("%s: argument %s has %d elements, expected %v", f.Name, p.Attr.Name, len(args[i].Data), want)
		}
		val[p] = &Tensor{Shape: want, Data: args[i].Data}
	}
	several := map[*Node][]*Tensor{} // results of calls
	for _, n := range f.Nodes() {
		if val[n] != nil {
			continue
		}
		t, err := evalNode(env, n, val, several)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		val[n] = t
	}
	out := make([]*Tensor, len(f.Results))
	for i, r := range f.Results {
		out[i] = val[r.Node]
	}
	return out, nil
}

func evalNode(env *Env, n *Node, val map[*Node]*Tensor, several map[*Node][]*Tensor) (*Tensor, error) {
	args := make([]*Tensor, len(n.Args))
	for i, a := range n.Args {
		args[i] = val[a]
	}
	info := n.Info()
	switch {
	case n.Op == OpConst:
		out := NewTensor(env.shape(n.Shape)...)
		for i := range out.Data {
			out.Data[i] = n.Attr.Num
		}
		return out, nil
	case n.Op == OpCall:
		return nil, evalCall(env, n, args, several)
	case n.Op == OpGet:
		return several[n.Args[0]][n.Attr.Index], nil
	case info.Value != nil:
		return evalElement(n, args), nil
	case info.Eval != nil:
		return info.Eval(env, n, args)
	}
	return nil, fmt.Errorf("%s %s is free: not a parameter of the function", info.Name, n.Attr.Name)
}

func evalElement(n *Node, args []*Tensor) *Tensor {
	out := NewTensor(args[0].Shape...)
	x := make([]float64, len(args))
	value := n.Info().Value
	for i := range out.Data {
		for j, a := range args {
			x[j] = a.Data[i]
		}
		v := value(x)
		if n.Op == OpCast && !n.DType.Float() {
			v = castValue(v, n.DType)
		}
		out.Data[i] = v
	}
	return out
}

// evalCall evaluates the called function with the sizes that the call binds.
func evalCall(env *Env, n *Node, args []*Tensor, several map[*Node][]*Tensor) error {
	f := n.Attr.Func
	inner := &Env{Sizes: map[*Sym]int{}, Rand: env.Rand, site: JoinSite(env.site, n.Attr.Site)}
	for s, v := range env.Sizes {
		inner.Sizes[s] = v
	}
	for i, s := range f.Syms {
		inner.Sizes[s] = env.Size(n.Attr.Bind[i])
	}
	rs, err := f.EvalEnv(args, inner)
	several[n] = rs
	return err
}
