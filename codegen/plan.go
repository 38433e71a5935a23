// What is a plan? The schedule of one Func as data: regions, fused groups, kernel calls and the memory they use. Printers only
// print it.
package codegen

import (
	"nngen/symbolic"
)

// A Plan is the schedule of one Func. In the generated code it is a struct (its frame) with a run method.
type Plan struct {
	Func  *symbolic.Func
	Name  string // Go name of the frame type, such as digitsForward
	Float symbolic.DType

	Values  []*Value // tensors in memory, in order of definition
	Scalars []*Value // numbers held in fields of the frame
	Steps   []Step
	Slots   []*Slot
	Keys    []KeyRange // streams of random draws

	value  map[*symbolic.Node]*Value
	result map[*symbolic.Node]*Value         // results that are copied out at the end
	drawn  map[*symbolic.Node]*symbolic.Node // what loops read in place of random draws that a panel holds
}

// A KeyRange is the stream of one random site, or of the same site in Count equal layers; then Site holds a # in place of the number.
type KeyRange struct {
	Site  string
	First int // position in the frame's keys
	Count int
	Shape []symbolic.Dim // of what it draws, in the sizes of the plan's Func
}

// Store says where a value lives.
type Store uint8

const (
	StoreArg    Store = iota // slice or number given by the caller
	StoreResult              // destination given by the caller
	StoreFrame               // slot of the frame, whole tensor
	StoreLocal               // panel of one worker: lives within one region only
	StoreScalar              // number in a field of the frame
	StoreShared              // memory of the result that a loop makes of it, element by element
)

var storeNames = [...]string{"arg", "result", "frame", "local", "scalar", "shared"}

// A Value is a tensor or a number that exists in memory when the generated code runs. Tensors are contiguous and row-major.
type Value struct {
	Name  string // Go name of the field or variable
	Node  *symbolic.Node
	Store Store
	Shape []symbolic.Dim
	DType symbolic.DType

	Slot  *Slot  // StoreFrame
	Local int    // StoreLocal: number of the panel within its region
	In    *Value // StoreShared

	// Base and Index place a member of an array of equal values (residuals of repeated layers): this one starts at
	// Index*Size(Shape) of Base.
	Base   *Value
	Index  int
	Count  int     // of an array: number of members
	Family *Family // of an array that the caller owns

	first, last int // steps that define it and read it last
}

// field returns the name of the frame's field that holds v.
func (v *Value) field() string {
	if v.In != nil {
		return v.In.Name
	}
	return v.Name
}

// A Slot is a piece of the frame shared by values that are never alive together.
type Slot struct {
	DType symbolic.DType
	Sizes []symbolic.Dim // the slot is as large as the largest
	busy  int            // last step that uses it
}

// A Step is one thing the run method does, in order.
type Step interface{ step() }

// Scalars computes numbers, one statement each.
type Scalars struct{ Nodes []*symbolic.Node }

// A Region is one parallel loop. Kind Rows: over blocks of Block rows of Rows, the body works on the block's rows of every
// row value. Kind Tiles: over pieces of the outputs of its kernels, each kernel split on its own.
type Region struct {
	Index  int
	Tiles  bool
	Rows   symbolic.Dim
	Block  int
	Work   symbolic.Dim // multiplications that one of Rows is worth
	Warm   bool         // other regions of the run have woken the helpers
	Body   []Leaf
	Joins  []Join     // what a Rows region adds up before its body
	Panels []*Panel   // buffers of one worker
	Sums   []*Partial // sums over rows, collected by block
}

// A Panel is a buffer of one worker for Block rows.
type Panel struct {
	DType symbolic.DType
	Width symbolic.Dim // elements a row
	busy  int
}

// A Partial is a sum over all rows: every block leaves its part, and a fixed tree adds them after the region.
type Partial struct {
	Node *symbolic.Node // the sum, a number
	Name string         // field that holds the parts
}

// A Leaf is one piece of a region's body.
type Leaf interface{ leaf() }

// A Kernel is one call of a runtime kernel, on the block's rows in a Rows region.
type Kernel struct {
	Node   *symbolic.Node
	Terms  bool // a product of a tile region whose terms workers share
	Joined bool // its sums are added up by the region of rows that reads it first
}

// A Join is a product whose terms workers shared, and which a region of rows makes whole before it reads it.
type Join struct {
	Node   *symbolic.Node
	Region *Region // that computes it
	Place  int     // in the body of that region
}

// A Group is a fused loop over elements, with row reductions. Space is the shape it runs over; Prefix is how many leading
// axes are rows: members of that shape (what reductions leave, numbers of a row) are computed between loops over the rest. It is the
// rank of Space where there are none.
type Group struct {
	Space   []symbolic.Dim
	Prefix  int
	Members []*symbolic.Node // in order of dependence
	level   int
}

// Calls runs the plan of a kept Func once for each of its nodes: one, or equal layers in a row.
type Calls struct {
	Nodes  []*symbolic.Node
	Plan   *Plan
	arrays []array
	keys   []int // position of the streams of each of the callee's sites
}

// Copies moves results into the caller's memory last, where writing them in place earlier would have changed what is still read.
type Copies struct{ Pairs []CopyPair }

// A CopyPair says which value becomes which result.
type CopyPair struct{ From, To *Value }

func (*Copies) step()  {}
func (*Scalars) step() {}
func (*Region) step()  {}
func (*Calls) step()   {}
func (*Kernel) leaf()  {}
func (*Group) leaf()   {}
