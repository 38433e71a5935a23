// How is the package used? Examples that are part of its documentation.

package symbolic_test

import (
	"fmt"

	"nngen/symbolic"
)

// The gradient of a sum of squares, simplified.
func ExampleGrad() {
	g := symbolic.NewGraph()
	x := g.Leaf(symbolic.OpParam, "x", symbolic.F32, []symbolic.Dim{symbolic.SymDim("n", 0)})
	square, _ := g.Binary(symbolic.OpPow, x, g.Const(2, symbolic.F32))
	loss, _ := g.Reduce(symbolic.OpSum, square, []int{0}, false)
	grads, err := symbolic.Grad(g, loss, []*symbolic.Node{x}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := symbolic.Run(&symbolic.Func{Name: "gradient", Syms: x.Shape[0].Syms(), Params: []*symbolic.Node{x}, Results: []symbolic.Result{{Name: "d.x", Node: grads[0]}}}, nil)
	fmt.Print(symbolic.Text(f))
	// Output:
	// func gradient
	//   size n
	//   param %x = param "x" : f32[n]
	//   %const1 = const 2 : f32[n]
	//   %mul1 = mul %x %const1 : f32[n]
	//   result "d.x" %mul1
	// end
}

func ExampleEval() {
	fs, err := symbolic.ParseText(symbolic.NewGraph(), `
func mean
  size n
  param %x = arg "x" : f32[n]
  %sum1 = sum %x {axes 0} : f32[]
  %n = dimval {dim n} : f32[]
  %mean = div %sum1 %n : f32[]
  result "mean" %mean
end`)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := fs[0]
	out, err := symbolic.Eval(f, []*symbolic.Tensor{{Shape: []int{3}, Data: []float64{1, 2, 6}}}, map[*symbolic.Sym]int{f.Syms[0]: 3})
	fmt.Println(out[0].Data, err)
	// Output: [3] <nil>
}
