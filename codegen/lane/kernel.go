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
}

// Known reports whether the count is a constant.
func (c Count) Known() bool { return c.Arg == "" }

// An Operand is memory that a kernel reads or writes: an argument of the function that points to the first row's first element.
type Operand struct {
	Name  string
	Type  Type
	Moves bool    // with the inner loop, element by element; else one element serves the row
	Steps []Count // bytes to the next row, for each outer loop; an inner loop's way is taken back by the caller's figure
}

// A Number is an argument with one value for all rows.
type Number struct {
	Name string
	Type Type
}

// A Kernel is one function.
type Kernel struct {
	Name     string
	Doc      []string // what it computes, one line each
	Size     int      // bytes of a float
	Operands []Operand
	Numbers  []Number // inputs 0, 1, ... of all stages
	Outer    []Count  // rows, outermost loop first
	Inner    Count    // elements of a row
	Stages   []Stage
	Left     int // inputs after Numbers: numbers that stages leave
}

// A Stage is one loop over the elements of a row, or straight code on numbers of the row.
type Stage struct {
	Loop    bool
	Doc     []string
	Prog    *Program
	Stores  []Store
	Reduces []Reduce // of a loop
	Leaves  []Leave  // of straight code
	Sums    []Sum
}

// A Store writes a value to an operand.
type Store struct {
	Operand int
	Value   Value
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
			fmt.Fprintf(&b, " #%d", slices.Index(k.Counts(), c.Arg))
		}
	}
	fmt.Fprintf(&b, "%d %d", k.Size, k.Left)
	for _, o := range k.Operands {
		fmt.Fprintf(&b, "\noperand %d %t", o.Type, o.Moves)
		for _, c := range o.Steps {
			count(c)
		}
	}
	for _, n := range k.Numbers {
		fmt.Fprintf(&b, "\nnumber %d", n.Type)
	}
	b.WriteString("\nloops")
	for _, c := range append(slices.Clone(k.Outer), k.Inner) {
		count(c)
	}
	for _, st := range k.Stages {
		fmt.Fprintf(&b, "\nstage %t %v %v %v %v", st.Loop, st.Stores, st.Reduces, st.Leaves, st.Sums)
		for _, in := range st.Prog.Insts {
			fmt.Fprintf(&b, "\n%v %v %d %d %d", in.Op, in.Args, in.Type, in.Imm, in.Index)
		}
	}
	return b.String()
}
