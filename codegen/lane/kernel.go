package lane

// This file answers: what is a vector kernel? Loops over rows around stages, each a loop over the elements of a row or the numbers of one.

import (
	"fmt"
	"slices"
	"strings"
)

// A Count is a number of rows or elements, or a distance in bytes: known, or an argument of the function.
type Count struct {
	Const int
	Arg   string // Go name of an int argument; empty: Const
	Field string // of a kernel with a Frame: int field that holds it, instead of an argument
}

// Known reports whether the count is a constant.
func (c Count) Known() bool { return c.Arg == "" && c.Field == "" }

// An Operand is memory that a kernel reads or writes: an argument of the function that points to the first row's first element, or a copy in
// the frame.
type Operand struct {
	Name  string
	Type  Type
	Steps []Count // bytes to the next row, for each outer loop; an inner loop's way is taken back by the caller's figure
	Turn  *Turn   // not an argument: a small matrix, transposed
	Base  Count   // of a kernel with a Frame, whose field Name holds the slice: bytes to the first element
}

// A Turn is a small matrix of Rows x Cols elements, copied into the frame before the loops as Cols x Rows.
type Turn struct{ Operand, Rows, Cols int }

// Line is the number of elements from one row of the copy to the next: rows are whole vectors, so that none needs a mask.
func (t *Turn) Line() int { return (t.Rows + 15) &^ 15 }

// A Number is an argument, or a field of the Frame, with one value for all rows.
type Number struct {
	Name string
	Type Type
}

// A Kernel is one function.
type Kernel struct {
	Name     string
	Doc      []string // what it computes, one line each
	Size     int      // bytes of a float
	Frame    string   // Go type of the struct whose fields operands and numbers are, the first argument; empty: all are arguments
	Operands []Operand
	Numbers  []Number // inputs 0, 1, ... of all stages
	Outer    []Count  // rows, outermost loop first
	Stages   []Stage
	Left     int // inputs after Numbers: numbers that stages leave
}

// A Stage is one loop over the elements of a row, or straight code on numbers of the row, or a step of sums over all rows.
type Stage struct {
	Pass    bool // begins a new pass over the rows; what stages of other passes leave is not seen
	Flat    bool // a pass of its own, with rows in the lanes: one loop whose elements are the rows
	Loop    bool
	Inner   Count // elements of a row, of a loop
	Prog    *Program
	Stores  []Store
	Reduces []Reduce // of a loop
	Leaves  []Leave  // of straight code
	Sums    []Sum
	Gather  *Gather // alone
}

// A Gather is a matrix product or a column sum over all rows: row k of the result, of Cols elements, collects A[k] * B for each row, or B
// alone where Scaled is false (then Rows is 1). Products are added with one rounding, row after row; sums in four lanes, row i in lane i&3,
// as nnrt.SumRows does. The result is written to operand To at the end.
type Gather struct {
	Scaled     bool
	Across     bool // the result is written transposed, its rows as columns
	A, B, To   int  // operands
	Rows, Cols int
}

// A Store writes a value to an operand.
type Store struct {
	Operand int
	Value   Value
	Moves   bool // with the inner loop; else it is a number of the row
	Off     int  // elements from where the loops are
	Step    int  // of one that moves: elements from lane to lane; 0 is 1
}

// A Reduction is how lanes of an accumulator and elements become one number.
type Reduction uint8

const (
	Total   Reduction = iota // the sum
	Largest                  // the maximum, NaN if there is one
)

// A Reduce makes one number of all elements of a row and leaves it as an input of later stages. Element i goes to lane i&15.
type Reduce struct {
	How   Reduction
	Value Value
	Input int
}

// A Leave keeps a number of the row as an input of later stages.
type Leave struct {
	Value Value
	Input int
}

// A Sum adds a number of each row over all rows: row i goes to lane i&15. The total is written to the operand once, at the end. In a
// loop, which then has no loop around it, the rows are its elements.
type Sum struct {
	Value   Value
	Operand int
}

// start is the bits of what an accumulator starts with.
func (r Reduction) start(size int) uint64 {
	if r == Total {
		return 0
	}
	return floatBits(negInf, size)
}

// Key tells kernels apart by what they do: equal keys, equal code. Names of arguments do not count.
func (k *Kernel) Key() string {
	var b strings.Builder
	count := func(c Count) {
		if c.Known() {
			fmt.Fprintf(&b, " %d", c.Const)
		} else {
			fmt.Fprintf(&b, " #%d%s", slices.Index(k.Counts(), c.Arg), c.Field)
		}
	}
	fmt.Fprintf(&b, "%d %d %s", k.Size, k.Left, k.Frame)
	for _, o := range k.Operands {
		fmt.Fprintf(&b, "\noperand %d", o.Type)
		if o.Turn != nil {
			fmt.Fprintf(&b, " turned %v", *o.Turn)
		}
		if k.Frame != "" {
			fmt.Fprintf(&b, " %s", o.Name)
			count(o.Base)
		}
		for _, c := range o.Steps {
			count(c)
		}
	}
	for _, n := range k.Numbers {
		fmt.Fprintf(&b, "\nnumber %d", n.Type)
		if k.Frame != "" {
			b.WriteString(" " + n.Name)
		}
	}
	b.WriteString("\nloops")
	for _, c := range k.Outer {
		count(c)
	}
	for _, st := range k.Stages {
		fmt.Fprintf(&b, "\nstage %t %t %t %v %v %v %v", st.Pass, st.Flat, st.Loop, st.Stores, st.Reduces, st.Leaves, st.Sums)
		count(st.Inner)
		if st.Gather != nil {
			fmt.Fprintf(&b, " gather %v", *st.Gather)
			continue
		}
		for _, in := range st.Prog.Insts {
			fmt.Fprintf(&b, "\n%v %v %d %d %d %t %d %d %d", in.Op, in.Args, in.Type, in.Imm, in.Index, in.Moves, in.Off, in.Step, in.Where)
		}
	}
	return b.String()
}
