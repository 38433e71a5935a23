// What does each op that is not elementwise compute? Plain loops over index tuples: the meaning, not a fast way.

package symbolic

import (
	"fmt"
	"math"
)

// NewTensor returns a tensor of zeros.
func NewTensor(shape ...int) *Tensor {
	return &Tensor{Shape: shape, Data: make([]float64, size(shape))}
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// strides returns the row-major strides of a shape.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// each calls f for every index tuple of shape in row-major order, with its position.
func each(shape []int, f func(pos int, index []int)) {
	n := size(shape)
	index := make([]int, len(shape))
	for pos := 0; pos < n; pos++ {
		f(pos, index)
		for a := len(shape) - 1; a >= 0; a-- {
			if index[a]++; index[a] < shape[a] {
				break
			}
			index[a] = 0
		}
	}
}

// at returns the position of the index tuple whose axis axes[i] is index[i].
func at(stride, index []int) int {
	p := 0
	for a, i := range index {
		p += i * stride[a]
	}
	return p
}

func evalDimval(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	return &Tensor{Data: []float64{float64(env.Size(n.Attr.Dim))}}, nil
}

func evalIota(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out := NewTensor(env.shape(n.Shape)...)
	each(out.Shape, func(p int, ix []int) { out.Data[p] = float64(ix[n.Attr.Axes[0]]) })
	return out, nil
}

func evalRand(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out := NewTensor(env.shape(n.Shape)...)
	for i := range out.Data {
		out.Data[i] = env.rand(n.Attr.Site, n.Attr.Name, i)
	}
	return out, nil
}

func evalBroadcast(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out, st := NewTensor(env.shape(n.Shape)...), strides(args[0].Shape)
	each(out.Shape, func(p int, ix []int) {
		q := 0
		for i, a := range n.Attr.Axes {
			q += ix[a] * st[i]
		}
		out.Data[p] = args[0].Data[q]
	})
	return out, nil
}

func evalReshape(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	return &Tensor{Shape: env.shape(n.Shape), Data: args[0].Data}, nil
}

func evalPermute(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out, st := NewTensor(env.shape(n.Shape)...), strides(args[0].Shape)
	each(out.Shape, func(p int, ix []int) {
		q := 0
		for i, a := range n.Attr.Axes {
			q += ix[i] * st[a]
		}
		out.Data[p] = args[0].Data[q]
	})
	return out, nil
}

// stepOf returns entry a of a list of steps, or none where there is no list.
func stepOf(steps []int, a, none int) int {
	if steps == nil {
		return none
	}
	return steps[a]
}

func evalSlice(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out, st, lo := NewTensor(env.shape(n.Shape)...), strides(args[0].Shape), env.shape(n.Attr.Lo)
	each(out.Shape, func(p int, ix []int) {
		q := 0
		for a, i := range ix {
			q += (lo[a] + i*stepOf(n.Attr.Step, a, 1)) * st[a]
		}
		out.Data[p] = args[0].Data[q]
	})
	return out, nil
}

func evalPad(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out, lo := NewTensor(env.shape(n.Shape)...), env.shape(n.Attr.Lo)
	st := strides(out.Shape)
	each(args[0].Shape, func(p int, ix []int) {
		q := 0
		for a, i := range ix {
			q += (lo[a] + i*(1+stepOf(n.Attr.Step, a, 0))) * st[a]
		}
		out.Data[q] = args[0].Data[p]
	})
	return out, nil
}

func evalConcat(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out, from := NewTensor(env.shape(n.Shape)...), 0
	st, axis := strides(out.Shape), n.Attr.Axes[0]
	for _, x := range args {
		each(x.Shape, func(p int, ix []int) { out.Data[at(st, ix)+from*st[axis]] = x.Data[p] })
		from += x.Shape[axis]
	}
	return out, nil
}

func evalReverse(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	out := NewTensor(args[0].Shape...)
	st := strides(out.Shape)
	each(out.Shape, func(p int, ix []int) {
		q := at(st, ix)
		for _, a := range n.Attr.Axes {
			q += (out.Shape[a] - 1 - 2*ix[a]) * st[a]
		}
		out.Data[q] = args[0].Data[p]
	})
	return out, nil
}

// fold accumulates the elements of x into a tensor without the given axes, in row-major order.
func fold(env *Env, n *Node, x *Tensor, start float64, step func(acc, v float64) float64) *Tensor {
	out := NewTensor(env.shape(n.Shape)...)
	for i := range out.Data {
		out.Data[i] = start
	}
	keep, st := missing(n.Attr.Axes, len(x.Shape)), strides(out.Shape)
	each(x.Shape, func(p int, ix []int) {
		q := 0
		for i, a := range keep {
			q += ix[a] * st[i]
		}
		out.Data[q] = step(out.Data[q], x.Data[p])
	})
	return out
}

func evalSum(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	return fold(env, n, args[0], 0, func(a, v float64) float64 { return a + v }), nil
}

func evalReduceMax(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	start := math.Inf(-1)
	if n.DType == I32 {
		start = math.MinInt32
	}
	return fold(env, n, args[0], start, maxNaN), nil
}

func evalProd(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	return fold(env, n, args[0], 1, func(a, v float64) float64 { return a * v }), nil
}

func evalArgmax(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	x, axis := args[0], n.Attr.Axes[0]
	best := fold(env, n, x, math.Inf(-1), maxNaN)
	out := NewTensor(best.Shape...)
	for i := range out.Data {
		out.Data[i] = -1
	}
	keep, st := missing(n.Attr.Axes, len(x.Shape)), strides(out.Shape)
	each(x.Shape, func(p int, ix []int) {
		q := 0
		for i, a := range keep {
			q += ix[a] * st[i]
		}
		same := x.Data[p] == best.Data[q] || math.IsNaN(x.Data[p])
		if out.Data[q] < 0 && same {
			out.Data[q] = float64(ix[axis])
		}
	})
	return out, nil
}

func evalCumsum(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	x, axis := args[0], n.Attr.Axes[0]
	out := NewTensor(x.Shape...)
	st := strides(x.Shape)
	each(x.Shape, func(p int, ix []int) {
		if ix[axis] != 0 {
			return
		}
		sum := 0.0
		for i := 0; i < x.Shape[axis]; i++ {
			k := i
			if n.Attr.Flag {
				k = x.Shape[axis] - 1 - i
			}
			sum += x.Data[p+k*st[axis]]
			out.Data[p+k*st[axis]] = sum
		}
	})
	return out, nil
}

func evalDot(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	a, b, d := args[0], args[1], n.Attr.Dot
	out := NewTensor(env.shape(n.Shape)...)
	sa, sb := strides(a.Shape), strides(b.Shape)
	freeA, freeB := d.FreeA(len(a.Shape)), d.FreeB(len(b.Shape))
	inner := make([]int, len(d.ContractA))
	for i, ax := range d.ContractA {
		inner[i] = a.Shape[ax]
	}
	each(out.Shape, func(p int, ix []int) {
		pa, pb := 0, 0
		for i := range d.BatchA {
			pa += ix[i] * sa[d.BatchA[i]]
			pb += ix[i] * sb[d.BatchB[i]]
		}
		k := len(d.BatchA)
		for i, ax := range freeA {
			pa += ix[k+i] * sa[ax]
		}
		k += len(freeA)
		for i, ax := range freeB {
			pb += ix[k+i] * sb[ax]
		}
		sum := 0.0
		each(inner, func(_ int, in []int) {
			qa, qb := pa, pb
			for i, v := range in {
				qa += v * sa[d.ContractA[i]]
				qb += v * sb[d.ContractB[i]]
			}
			sum += a.Data[qa] * b.Data[qb]
		})
		out.Data[p] = sum
	})
	return out, nil
}

func evalGather(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	table, idx := args[0], args[1]
	out := NewTensor(env.shape(n.Shape)...)
	width := size(table.Shape[1:])
	for i, v := range idx.Data {
		if v < 0 || int(v) >= table.Shape[0] {
			return nil, fmt.Errorf("gather: index %v at position %d is out of range [0, %d)", v, i, table.Shape[0])
		}
		copy(out.Data[i*width:(i+1)*width], table.Data[int(v)*width:])
	}
	return out, nil
}

func evalScatterAdd(env *Env, n *Node, args []*Tensor) (*Tensor, error) {
	idx, upd := args[0], args[1]
	out := NewTensor(env.shape(n.Shape)...)
	width := size(out.Shape[1:])
	for i, v := range idx.Data {
		if v < 0 || int(v) >= out.Shape[0] {
			return nil, fmt.Errorf("scatter_add: index %v at position %d is out of range [0, %d)", v, i, out.Shape[0])
		}
		for j := 0; j < width; j++ {
			out.Data[int(v)*width+j] += upd.Data[i*width+j]
		}
	}
	return out, nil
}
