// What is an expression? An immutable, interned operation on tensors.

package symbolic

import (
	"fmt"
	"go/token"
	"math"
	"strconv"
	"strings"
)

// DType is the type of a tensor's elements.
type DType uint8

const (
	NoType DType = iota
	F32          // float32
	F64          // float64
	I32          // int32
	Bool         // bool
	U8           // uint8: storage of inputs only, cast before any arithmetic
)

var dtypeNames = [...]string{"none", "f32", "f64", "i32", "bool", "u8"}

// String returns the name used in the graph text form.
func (t DType) String() string { return dtypeNames[t] }

// Float reports whether t is a floating-point type.
func (t DType) Float() bool { return t == F32 || t == F64 }

// Round returns v rounded to t: constants are exact until a type is known and rounded once.
func (t DType) Round(v float64) float64 {
	if t == F32 {
		return float64(float32(v))
	}
	return v
}

// A Node is one operation. Nodes are immutable and interned by their [Graph]: equal expressions are the same pointer.
// A node with several results (call) has no Shape; its results are read by get nodes.
type Node struct {
	Op    Op
	Args  []*Node
	Shape []Dim
	DType DType
	Attr  Attr
	Pos   token.Pos // place in the user's model that first made it

	id    int
	graph *Graph
}

// ID is the node's number in order of creation within its graph; arguments have smaller numbers.
func (n *Node) ID() int { return n.id }

// Graph returns the graph that owns n.
func (n *Node) Graph() *Graph { return n.graph }

// Rank is the number of axes.
func (n *Node) Rank() int { return len(n.Shape) }

// Info returns the op table row of n's op.
func (n *Node) Info() *Info { return &Ops[n.Op] }

// Scalar reports whether n has no axes.
func (n *Node) Scalar() bool { return len(n.Shape) == 0 && n.DType != NoType }

// ConstValue returns the value that every element of a const node has.
func (n *Node) ConstValue() (v float64, ok bool) {
	if n.Op != OpConst {
		return 0, false
	}
	return n.Attr.Num, true
}

// Attr holds what an operation needs besides its arguments. Each op uses the fields its row documents; the others are zero.
type Attr struct {
	Num   float64  // const: the value
	Name  string   // leaves: path or name; rand: "uniform" or "normal"
	Site  string   // rand: the place that draws, so that no two dropouts share a mask; call: goes before the sites inside
	Axes  []int    // permute: order; broadcast: output axis of each input axis; reductions, reverse, cumsum, argmax, concat, iota: the axes
	Shape []Dim    // const, broadcast, reshape, iota, rand, leaves, scatter_add: the result's shape
	DType DType    // const, cast, iota, rand, leaves: the result's type
	Lo    []Dim    // slice: first index by axis; pad: elements added before
	Hi    []Dim    // slice: one past the last index; pad: elements added after
	Step  []int    // slice: stride; pad: elements added between neighbours
	Dot   *DotAxes // dot
	Dim   Dim      // dimval: the size that becomes a number
	Func  *Func    // call
	Bind  []Dim    // call: values of Func.Syms
	Index int      // get: which result
	Flag  bool     // cumsum: from the end
}

// DotAxes says which axes of the two arguments of dot are batch axes (kept once, in front) and which are contracted.
// The result's axes are batch axes, free axes of the first argument, free axes of the second.
type DotAxes struct {
	BatchA, BatchB       []int
	ContractA, ContractB []int
}

// normalize makes equal attributes look equal: an empty list is nil, steps that do nothing are left out.
func (a *Attr) normalize() {
	if len(a.Axes) == 0 {
		a.Axes = nil
	}
	for _, ds := range []*[]Dim{&a.Shape, &a.Lo, &a.Hi, &a.Bind} {
		if len(*ds) == 0 {
			*ds = nil
		}
	}
	if len(a.Step) == 0 {
		a.Step = nil
	}
}

func (a *Attr) key(b *strings.Builder) {
	if a.Num != 0 || math.Signbit(a.Num) {
		b.WriteString("#" + strconv.FormatUint(math.Float64bits(a.Num), 16))
	}
	if a.Name != "" {
		b.WriteString("$" + strconv.Quote(a.Name))
	}
	if a.Site != "" {
		b.WriteString("@" + strconv.Quote(a.Site))
	}
	if a.Axes != nil {
		fmt.Fprint(b, "a", a.Axes)
	}
	dimsKey := func(tag string, ds []Dim) {
		if ds != nil {
			b.WriteString(tag)
			for _, d := range ds {
				fmt.Fprintf(b, "%p,", d.p)
			}
		}
	}
	dimsKey("s", a.Shape)
	dimsKey("l", a.Lo)
	dimsKey("h", a.Hi)
	dimsKey("b", a.Bind)
	if a.DType != NoType {
		fmt.Fprint(b, "t", a.DType)
	}
	if a.Step != nil {
		fmt.Fprint(b, "p", a.Step)
	}
	if a.Dot != nil {
		fmt.Fprint(b, "d", *a.Dot)
	}
	if a.Dim.Valid() {
		fmt.Fprintf(b, "n%p", a.Dim.p)
	}
	if a.Func != nil {
		fmt.Fprintf(b, "f%p", a.Func)
	}
	if a.Index != 0 {
		fmt.Fprint(b, "i", a.Index)
	}
	if a.Flag {
		b.WriteByte('r')
	}
}

// A Graph owns and interns nodes. It is not safe for concurrent use.
type Graph struct {
	Pos   token.Pos // position given to nodes made from now on
	nodes map[string]*Node
	count int
	names map[*Node]string

	derived  map[string]*halves  // derivatives of the Funcs whose nodes are here, made once
	tangents map[string]*tangent // the same in forward mode
	passed   map[passKey]*Func   // results of passes on called Funcs
	trimmed  map[string]*trimming
	forwards map[*Func][]*Func // forward halves made of a Func
	variants map[string]int    // derivatives that wanted a name
}

// NewGraph returns an empty graph.
func NewGraph() *Graph {
	return &Graph{
		nodes: map[string]*Node{}, names: map[*Node]string{},
		derived: map[string]*halves{}, tangents: map[string]*tangent{}, forwards: map[*Func][]*Func{}, variants: map[string]int{},
		passed: map[passKey]*Func{}, trimmed: map[string]*trimming{},
	}
}

// SetName records what the model calls n (`h`, `logits`); the first name stays. Dumps and comments use it.
func (g *Graph) SetName(n *Node, name string) {
	if _, ok := g.names[n]; !ok {
		g.names[n] = name
	}
}

// Name returns what the model calls n, or "".
func (g *Graph) Name(n *Node) string { return g.names[n] }

// Apply returns the node op(args) with the given attributes. The op's shape rule decides shape and type, or says in one
// sentence, without position, what does not fit.
func (g *Graph) Apply(op Op, attr Attr, args ...*Node) (*Node, error) {
	info := &Ops[op]
	if info.Arity >= 0 && len(args) != info.Arity {
		return nil, fmt.Errorf("%s takes %d arguments, got %d", info.Name, info.Arity, len(args))
	}
	for _, a := range args {
		if a.DType == NoType && op != OpGet {
			return nil, fmt.Errorf("%s needs one value, got several results", info.Name)
		}
	}
	attr.normalize()
	shape, dtype, err := info.Rule(&attr, args)
	if err != nil {
		return nil, err
	}
	return g.intern(op, attr, shape, dtype, args), nil
}

// Must is Apply for the compiler's own use, where an error is a bug of the compiler.
func (g *Graph) Must(op Op, attr Attr, args ...*Node) *Node {
	n, err := g.Apply(op, attr, args...)
	if err != nil {
		panic("symbolic: " + err.Error())
	}
	return n
}

func (g *Graph) intern(op Op, attr Attr, shape []Dim, dtype DType, args []*Node) *Node {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(op)))
	for _, a := range args {
		if a.graph != g {
			panic("symbolic: argument of another graph")
		}
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(a.id))
	}
	attr.key(&b)
	key := b.String()
	if n := g.nodes[key]; n != nil {
		return n
	}
	n := &Node{Op: op, Args: args, Shape: shape, DType: dtype, Attr: attr, Pos: g.Pos, id: g.count, graph: g}
	g.count++
	g.nodes[key] = n
	return n
}
