// What does a kernel of vector assembly read and write, and what is it called with? A second printer of what a plan says: what it cannot say
// stays Go.
package codegen

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nngen/codegen/lane"
	"nngen/symbolic"
)

// kernelBuilder collects the arguments and stages of one kernel.
type kernelBuilder struct {
	re       *regionEmitter
	k        *lane.Kernel
	operands map[string]int
	panels   map[int]bool           // operands of a small pass that lie in panels, which nothing after it reads
	input    map[*symbolic.Node]int // numbers: arguments, and what stages left
	known    []*symbolic.Node       // the arguments among them, in order
	slices   []string               // Go expressions of the operands that are arguments
	sizes    map[string]string      // name by Go expression
	names    namer
	why      string // what keeps it from being vector code
}

func newKernelBuilder(re *regionEmitter) *kernelBuilder {
	b := &kernelBuilder{re: re, k: &lane.Kernel{Size: 4}, operands: map[string]int{}, panels: map[int]bool{}, input: map[*symbolic.Node]int{}, sizes: map[string]string{}, names: newNamer("task", "g")}
	if re.p.Float == symbolic.F64 {
		b.k.Size = 8
	}
	return b
}

// fail notes the first reason why there is no vector code.
func (b *kernelBuilder) fail(format string, args ...any) {
	if b.why == "" {
		b.why = fmt.Sprintf(format, args...)
	}
}

// laneType is what lanes of an element type hold; float types must be the kernel's.
func (b *kernelBuilder) laneType(t symbolic.DType) lane.Type {
	switch {
	case t == symbolic.I32 && b.k.Size == 4:
		return lane.Int
	case t == symbolic.Bool:
		return lane.Mask
	case t == symbolic.F32 && b.k.Size == 4, t == symbolic.F64 && b.k.Size == 8:
		return lane.Float
	}
	b.fail("%s among other elements", t)
	return lane.Float
}

// dim makes a size or distance known or an argument.
func (b *kernelBuilder) dim(d symbolic.Dim) lane.Count {
	if n, ok := d.Const(); ok {
		return lane.Count{Const: n}
	}
	return b.count(b.re.size(d))
}

// count is an argument for which the caller passes an expression, or a field of the frame.
func (b *kernelBuilder) count(expr string) lane.Count {
	if m := fieldOnly.FindStringSubmatch(expr); m != nil && b.k.Frame != "" {
		return lane.Count{Field: m[1]}
	}
	if b.sizes[expr] == "" {
		name := "n" + fmt.Sprint(len(b.sizes))
		if expr == "rows" {
			name = "rows"
		}
		b.sizes[expr] = b.names.pick(name)
	}
	return lane.Count{Arg: b.sizes[expr]}
}

// operand returns the number of the operand that the Go slice expr is, with the given elements from row to row of each outer loop.
func (b *kernelBuilder) operand(expr, name string, t symbolic.DType, steps []symbolic.Dim) int {
	key := fmt.Sprint(expr, steps)
	if i, ok := b.operands[key]; ok {
		return i
	}
	i := len(b.k.Operands)
	b.operands[key] = i
	op := lane.Operand{Type: b.laneType(t)}
	if b.k.Frame == "" {
		op.Name = b.names.pick(name)
	}
	if op.Type == lane.Mask {
		b.fail("bools in memory")
	}
	size := b.k.Size
	if op.Type == lane.Int {
		size = 4
	}
	for _, s := range steps {
		op.Steps = append(op.Steps, b.dim(s.Mul(symbolic.Int(size))))
	}
	if b.k.Frame != "" {
		op.Name, op.Base = b.field(expr, size)
		b.panels[i] = op.Name == localName(t)
	}
	b.k.Operands = append(b.k.Operands, op)
	b.slices = append(b.slices, expr)
	return i
}

// How small passes spell what lies in the frame: a field, or a slice of one.
var (
	fieldOnly  = regexp.MustCompile(`^f\.(\w+)$`)
	fieldSlice = regexp.MustCompile(`^f\.(\w+)\[(.+):\]$`)
)

// field returns the field that an expression slices, and the bytes to its first element.
func (b *kernelBuilder) field(expr string, size int) (name string, base lane.Count) {
	if m := fieldOnly.FindStringSubmatch(expr); m != nil {
		return m[1], lane.Count{}
	}
	m := fieldSlice.FindStringSubmatch(expr)
	if m == nil {
		panic("codegen: not a field of the frame: " + expr)
	}
	if n, err := strconv.Atoi(m[2]); err == nil {
		return m[1], lane.Count{Const: n * size}
	}
	return m[1], b.count(times(m[2], fmt.Sprint(size)))
}

// part returns the operand that the block's part of a sum over all rows is written to.
func (b *kernelBuilder) part(n *symbolic.Node) int {
	name := b.re.partName(n)
	steps := make([]symbolic.Dim, len(b.k.Outer))
	for i := range steps {
		steps[i] = symbolic.Int(0)
	}
	if b.k.Frame != "" {
		return b.operand("f."+name, name, n.DType, steps) // the only block
	}
	return b.operand(fmt.Sprintf("f.%s[task:]", name), name, n.DType, steps)
}

// number returns the input that a number of the frame is.
func (b *kernelBuilder) number(n *symbolic.Node) int {
	i, ok := b.input[n]
	if !ok {
		i = len(b.known)
		b.input[n] = i
		b.known = append(b.known, n)
		name := b.re.p.valueOf(n).Name
		if b.k.Frame == "" {
			name = b.names.pick(name)
		}
		b.k.Numbers = append(b.k.Numbers, lane.Number{Name: name, Type: b.laneType(n.DType)})
	}
	return i
}

// leftBase separates the inputs that stages leave from the numbers of the caller while these are not yet counted.
const leftBase = 1 << 16

// keep makes an input of a number that a stage leaves.
func (b *kernelBuilder) keep(n *symbolic.Node) int {
	i := leftBase + b.k.Left
	b.k.Left++
	b.input[n] = i
	return i
}

// finish numbers the inputs, takes the kernel into the file, and returns the call.
func (b *kernelBuilder) finish(name string, doc []string) string {
	final := func(input int) int {
		if input < leftBase {
			return input
		}
		return input - leftBase + len(b.k.Numbers)
	}
	for i := range b.k.Stages {
		st := &b.k.Stages[i]
		if st.Prog != nil {
			st.Prog.Renumber(final)
		}
		for j := range st.Reduces {
			st.Reduces[j].Input = final(st.Reduces[j].Input)
		}
		for j := range st.Leaves {
			st.Leaves[j].Input = final(st.Leaves[j].Input)
		}
	}
	args := slices.Clone(b.slices)
	if b.k.Frame != "" {
		args = []string{"f"}
	}
	named := map[string]string{}
	for expr, name := range b.sizes {
		named[name] = expr
	}
	for _, c := range b.k.Counts() {
		args = append(args, named[c])
	}
	for _, n := range b.known {
		if b.k.Frame == "" {
			args = append(args, b.re.number(n))
		}
	}
	b.k.Doc = doc
	return fmt.Sprintf("%s(%s)", b.re.vectors.add(b.k, name), strings.Join(args, ", "))
}

// explain returns the formulas of nodes with their place in the model.
func (e *frameEmitter) explain(nodes []*symbolic.Node) []string {
	var out []string
	for _, n := range nodes {
		line := e.p.formula(n)
		if w := e.where(n); w != "" {
			line += "  (" + w + ")"
		}
		out = append(out, line)
	}
	return out
}
