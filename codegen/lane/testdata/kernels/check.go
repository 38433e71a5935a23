package main

// This file answers: with which arguments is a kernel run? Lengths and numbers of rows from 0 to 130 where the caller gives them, operands at
// odd places, ordinary numbers in some calls, and in others many that are none.

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime/debug"

	"nngen/codegen/lane"
)

// Bounds of the work on one kernel: calls, and instructions that are interpreted.
const (
	mostCalls  = 16
	fewCalls   = 6 // where all lengths are known
	callCost   = 40_000
	mostLength = 131
)

// A checker runs kernels, one after the other in the same memory.
type checker struct {
	machines []string
	regions  [][]byte
}

// check runs one kernel several times.
func (c *checker) check(index int, k *lane.Kernel) (rep report) {
	calls := fewCalls
	if len(k.Counts()) > 0 {
		calls = mostCalls
	}
	for call := range calls {
		rng := rand.New(rand.NewPCG(uint64(index), uint64(call)))
		if err := c.call(k, rng, index*41+call*29, &rep); err != nil {
			rep.err = fmt.Sprintf("call %d: %v", call, err)
			return rep
		}
	}
	return rep
}

// choose picks the values of a kernel's int arguments. length is that of the inner loops.
func choose(k *lane.Kernel, rng *rand.Rand, length int) map[string]int {
	counts := map[string]int{}
	inner := map[string]bool{}
	cost := 0
	for i := range k.Stages {
		st := &k.Stages[i]
		if st.Loop && !st.Inner.Known() {
			if name := st.Inner.Arg + st.Inner.Field; !inner[name] {
				inner[name] = true
				counts[name] = length % mostLength
				length += 17
			}
		}
		if st.Prog != nil {
			n := 1
			if st.Loop {
				n = max(1, count(st.Inner, counts))
			}
			cost += n * len(st.Prog.Insts)
		}
	}
	for _, o := range k.Outer {
		if o.Known() {
			cost *= o.Const
		}
	}
	for _, o := range k.Outer {
		name := o.Arg + o.Field
		if _, ok := counts[name]; o.Known() || ok {
			continue
		}
		n := rng.IntN(5)
		if rng.IntN(3) == 0 {
			n = rng.IntN(mostLength)
		}
		counts[name] = min(n, max(2, callCost/(cost+1)))
		cost *= max(1, counts[name])
	}
	for _, o := range k.Operands {
		for _, s := range append([]lane.Count{o.Base}, o.Steps...) {
			name := s.Arg + s.Field
			if n, ok := counts[name]; ok && n%k.Size != 0 { // a number of elements in one place is one of bytes in another
				counts[name] = n / k.Size * k.Size
			} else if !ok && !s.Known() {
				counts[name] = rng.IntN(150) * k.Size
			}
		}
	}
	return counts
}

// call runs k once on each machine.
func (c *checker) call(k *lane.Kernel, rng *rand.Rand, length int, rep *report) (err error) {
	wild := []float64{0, 0, 0.02, 0.3, 1}[rng.IntN(5)]
	counts := choose(k, rng, length)
	numbers := make([]word, len(k.Numbers))
	for i, n := range k.Numbers {
		numbers[i] = random(rng, k.Size, n.Type, wild)
	}
	for len(c.regions) < len(k.Operands) {
		r, err := newRegion()
		if err != nil {
			return err
		}
		c.regions = append(c.regions, r)
	}
	before := make([]*memory, len(k.Operands))
	want := make([]*memory, len(k.Operands))
	for i, e := range extents(k, counts) {
		o := k.Operands[i]
		if o.Turn != nil {
			continue
		}
		if before[i], err = newMemory(rng, elementSize(k, i), o.Type, e, c.regions[i], wild); err != nil {
			return err
		}
		m := *before[i]
		m.words = append([]word(nil), m.words...)
		want[i] = &m
	}
	interpret(k, counts, numbers, want)
	for i, m := range want {
		if m == nil {
			continue
		}
		for j, w := range m.words {
			if m.wrote[j] {
				rep.compared++
				if x := toFloat(w, k.Size); w.doubt == exact && (k.Operands[i].Type == lane.Int || x-x == 0) {
					rep.plain++
				}
			}
		}
	}
	for _, machine := range c.machines {
		for _, m := range before {
			if m != nil {
				m.fill()
			}
		}
		if err := invoke(functions[k.Name+machine], k, counts, numbers, before); err != nil {
			return fmt.Errorf("%s: %v: %v", machine, counts, err)
		}
		for i, m := range before {
			if m == nil {
				continue
			}
			if err := m.compare(want[i], k.Size, k.Operands[i].Type == lane.Float); err != nil {
				return fmt.Errorf("%s: %v: operand %s: %v", machine, counts, k.Operands[i].Name, err)
			}
		}
	}
	return nil
}

// invoke calls the assembly. A fault is an error.
func invoke(function any, k *lane.Kernel, counts map[string]int, numbers []word, mem []*memory) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%v", v)
		}
	}()
	f := reflect.ValueOf(function)
	var args []reflect.Value
	var frame reflect.Value
	if k.Frame != "" {
		frame = reflect.New(f.Type().In(0).Elem())
		args = append(args, frame)
	}
	set := func(name string, x func(t reflect.Type) reflect.Value) { // the field of that name, or the next argument
		if k.Frame == "" {
			args = append(args, x(f.Type().In(len(args))))
			return
		}
		field := frame.Elem().FieldByName(name)
		reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem().Set(x(field.Type()))
	}
	for i, m := range mem {
		if m != nil {
			set(k.Operands[i].Name, func(t reflect.Type) reflect.Value {
				if t.Kind() == reflect.Slice {
					return reflect.SliceAt(t.Elem(), m.pointer(), 1)
				}
				return reflect.NewAt(t.Elem(), m.pointer())
			})
		}
	}
	for _, c := range k.Counts() {
		args = append(args, reflect.ValueOf(counts[c]))
	}
	if k.Frame != "" {
		for _, name := range fields(k) {
			set(name, func(reflect.Type) reflect.Value { return reflect.ValueOf(counts[name]) })
		}
	}
	for i, n := range k.Numbers {
		set(n.Name, func(reflect.Type) reflect.Value {
			switch {
			case n.Type == lane.Int:
				return reflect.ValueOf(int32(numbers[i].bits))
			case k.Size == 4:
				return reflect.ValueOf(math.Float32frombits(uint32(numbers[i].bits)))
			}
			return reflect.ValueOf(math.Float64frombits(numbers[i].bits))
		})
	}
	f.Call(args)
	return nil
}

// fields are the fields of the frame that hold counts.
func fields(k *lane.Kernel) []string {
	var out []string
	add := func(c lane.Count) {
		if c.Field != "" {
			out = append(out, c.Field)
		}
	}
	for _, c := range k.Outer {
		add(c)
	}
	for _, st := range k.Stages {
		add(st.Inner)
	}
	for _, o := range k.Operands {
		add(o.Base)
		for _, c := range o.Steps {
			add(c)
		}
	}
	return out
}

// Numbers that are easily got wrong.
var (
	special32 = []uint32{0, 1 << 31, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff,
		0x3f800000, 0xbf800000, 0x3f000000, 0x3fc00000, 0x40200000, 0x4f000000, 0xcf000000, 0x4effffff, 0x4b000001, 0x3effffff, 0x3f7fffff}
	specialInt = []int32{0, 1, -1, 2, 7, 31, math.MaxInt32, math.MinInt32, 1 << 24, 1<<24 + 1, -1<<24 - 1, 0x3f800000}
)

// random returns an element; wild is the chance of one that is not ordinary.
func random(rng *rand.Rand, size int, t lane.Type, wild float64) word {
	odd := rng.Float64() < wild
	if t == lane.Int {
		switch {
		case odd:
			return ofInt(specialInt[rng.IntN(len(specialInt))])
		case rng.IntN(8) == 0:
			return ofInt(int32(rng.Uint32()))
		}
		return ofInt(int32(rng.IntN(41) - 20))
	}
	if odd {
		b := special32[rng.IntN(len(special32))]
		if rng.IntN(4) == 0 {
			b = rng.Uint32()
		}
		if size == 4 {
			return word{bits: uint64(b)}
		}
		switch b { // the edges of float64 are elsewhere
		case 1, 0x80000001:
			return word{bits: uint64(b&1<<31)<<32 | 1}
		case 0x007fffff:
			return word{bits: 1<<52 - 1}
		case 0x7f7fffff:
			return word{bits: math.Float64bits(math.MaxFloat64)}
		}
		return word{bits: math.Float64bits(float64(math.Float32frombits(b)))}
	}
	x := rng.Float64()*8 - 4
	switch rng.IntN(8) {
	case 0:
		x = math.Round(x) // equal ones, and zeros
	case 1:
		x = math.Ldexp(x, rng.IntN(40)-20)
	}
	return ofFloat(x, size)
}
