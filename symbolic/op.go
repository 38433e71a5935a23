// Which operations exist, and what does a row of the op table say about one?

package symbolic

// Op identifies an operation: an index into the op table.
type Op uint8

const (
	// leaves
	OpConst  Op = iota // const: every element is Attr.Num
	OpInput            // input or target of a model, by name
	OpParam            // parameter, by path
	OpState            // state, by path
	OpHyper            // hyperparameter or other scalar given at run time (float64)
	OpArg              // parameter of a Func (layer argument, residual, cotangent)
	OpVar              // var(x): x as a variable that a gradient may be taken by; erased after differentiation
	OpDimval           // a size as an int32 or float number
	OpIota             // 0, 1, 2, ... along one axis
	OpRand             // counter-based random numbers

	// elementwise, one argument
	OpNeg
	OpAbs
	OpSign
	OpSqrt
	OpRsqrt
	OpExp
	OpLog
	OpLog1p
	OpExpm1
	OpSin
	OpCos
	OpTan
	OpAsin
	OpAcos
	OpAtan
	OpSinh
	OpCosh
	OpTanh
	OpAsinh
	OpAcosh
	OpAtanh
	OpSigmoid
	OpErf
	OpFloor
	OpCeil
	OpRound
	OpNot
	OpCast
	OpStopGradient

	// elementwise, two or three arguments of one shape
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpPow
	OpMin
	OpMax
	OpAtan2
	OpFma
	OpLt
	OpLe
	OpEq
	OpNe
	OpAnd
	OpOr
	OpWhere

	// layout
	OpBroadcast
	OpReshape
	OpPermute
	OpSlice
	OpPad
	OpConcat
	OpReverse

	// reductions: axes disappear, but for cumsum
	OpSum
	OpReduceMax
	OpProd
	OpArgmax
	OpCumsum

	OpDot

	// index
	OpGather
	OpScatterAdd

	// regions
	OpCall
	OpGet

	NumOps
)

// Kind groups ops that the rest of the compiler treats alike.
type Kind uint8

const (
	KindLeaf Kind = iota
	KindElement
	KindLayout
	KindReduce
	KindDot
	KindIndex
	KindRegion
)

// Info is a row of the op table: everything nngen knows about one op.
type Info struct {
	Name  string
	Arity int // -1: any
	Kind  Kind
	Doc   string // one sentence for the op reference, with conventions at kinks

	// Rule gives shape and type of the result, or an error that says what does not fit.
	Rule func(a *Attr, args []*Node) ([]Dim, DType, error)

	// Partials holds, for an elementwise op, one expression per argument: what a change d of that argument does to the result,
	// over the arguments a, b, c, the result y and d; an expression without d is multiplied by it. The Jacobian of an
	// elementwise op is diagonal, so the same text serves reverse and forward mode. "0" says that nothing flows.
	Partials []string

	// Transpose, for an op linear in argument i, returns what cotangent ct of n's result gives to argument i.
	// Forward mode applies the op itself to the tangent.
	Transpose func(g *Graph, n *Node, ct *Node, i int) *Node
	// Linear lists the arguments that Transpose holds for; nil with a Transpose means all of them.
	Linear []int

	// VJP and JVP are stated by hand for the few ops that are neither elementwise nor linear.
	VJP func(g *Graph, n *Node, ct *Node, i int) *Node
	JVP func(g *Graph, n *Node, tangents []*Node) *Node

	// Zero says that the derivative is zero by nature (comparisons, floor, argmax); such an op needs no other column.
	Zero bool

	// Value is the meaning of an elementwise op in float64; bools are 0 and 1.
	Value func(x []float64) float64
	// Eval is the meaning of any other op, for the sizes and the random numbers of env; calls are the interpreter's own.
	Eval func(env *Env, n *Node, args []*Tensor) (*Tensor, error)

	// Go is the Go spelling of an elementwise op with the arguments as %[1]s, %[2]s, %[3]s; operands are already in parentheses.
	Go string
	// Lane names what computes an element op in vector lanes: a primitive, a few of them, or a formula of package lane. Loops with an op
	// that lanes do not have stay Go.
	Lane string
	// Kernel names what runs any other op that is not a view or a leaf.
	Kernel string

	// Cost is the price of one element relative to an addition: recomputing is worth it below the price of a store and a load.
	Cost int

	// Domain is the range that tests sample each argument from.
	Domain [][2]float64
}

// A Tensor is a value of the interpreter: row-major float64 whatever the node's type; ints and bools are exact in it.
type Tensor struct {
	Shape []int
	Data  []float64
}
