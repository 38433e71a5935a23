package nncheck

// This file answers: how are the results of two runs compared?

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"unsafe"

	nnrt "nngen/runtime"
)

// A value is one named result.
type value struct {
	name    string
	numbers []float64 // a copy, because a predictor's outputs change with its next call
	exact   bool      // integers and bools
	scale   float64   // root mean square that differences are measured by, at least
}

// valuesOf returns the fields of a struct of outputs or measures, which are numbers, bools, or slices of them.
func valuesOf(s any) []value {
	var out []value
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		f, x := v.Field(i), value{name: v.Type().Field(i).Name, scale: 0.01}
		if f.Kind() == reflect.Slice {
			for j := range f.Len() {
				x.add(f.Index(j))
			}
		} else {
			x.add(f)
		}
		out = append(out, x)
	}
	return out
}

func (x *value) add(v reflect.Value) {
	switch {
	case v.CanFloat():
		x.numbers = append(x.numbers, v.Float())
		return
	case v.CanInt():
		x.numbers = append(x.numbers, float64(v.Int()))
	case v.CanUint():
		x.numbers = append(x.numbers, float64(v.Uint()))
	case v.Bool():
		x.numbers = append(x.numbers, 1)
	default:
		x.numbers = append(x.numbers, 0)
	}
	x.exact = true
}

// tensors returns the tensors of a flat buffer. What is far smaller than the rest may be nothing but rounding: differences are measured by
// a hundredth of the whole buffer's size at least.
func tensors[F nnrt.Float](what string, schema nnrt.Schema, flat []F) []value {
	var out []value
	sum, n := 0.0, 0
	schema.Each(func(path string, offset int, shape []int) {
		size := 1
		for _, d := range shape {
			size *= d
		}
		x := value{name: what + " " + path}
		for _, v := range flat[offset:][:size] {
			x.numbers = append(x.numbers, float64(v))
			sum += float64(v) * float64(v)
		}
		n += size
		out = append(out, x)
	})
	for i := range out {
		out[i].scale = 0.01 * math.Sqrt(sum/float64(max(n, 1)))
	}
	return out
}

// equalBits returns an error that names the first difference.
func equalBits(got, want []value) error {
	for i, w := range want {
		g := got[i].numbers
		if len(g) != len(w.numbers) {
			return fmt.Errorf("%s: got %d values, want %d", w.name, len(g), len(w.numbers))
		}
		for j, x := range w.numbers {
			if math.Float64bits(g[j]) != math.Float64bits(x) && !(math.IsNaN(g[j]) && math.IsNaN(x)) {
				return fmt.Errorf("%s: got %v at position %d, want %v", w.name, g[j], j, x)
			}
		}
	}
	return nil
}

// near returns an error that names the first value that differs by more than tolerance times its norm.
func near(got, want []value, tolerance float64) error {
	for i, w := range want {
		if w.exact {
			if err := equalBits(got[i:i+1], want[i:i+1]); err != nil {
				return err
			}
			continue
		}
		sum, off := 0.0, 0.0
		for j, x := range w.numbers {
			g := got[i].numbers[j]
			if g == x || math.IsNaN(g) && math.IsNaN(x) {
				continue
			}
			off += (g - x) * (g - x)
		}
		for _, x := range w.numbers {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				sum += x * x
			}
		}
		n := float64(max(len(w.numbers), 1))
		if size := max(math.Sqrt(sum/n), w.scale); !(math.Sqrt(off/n) <= tolerance*size) {
			return fmt.Errorf("%s: differs by %.2g, want at most %.2g of its size %.3g (root mean squares)", w.name, math.Sqrt(off/n), tolerance, size)
		}
	}
	return nil
}

// vectorTolerance is by how much the levels of instructions may differ, relative to the size of a tensor: portable Go rounds products that vector
// instructions do not, some hundred times on the way from an input to a gradient.
func vectorTolerance[F nnrt.Float]() float64 {
	if unsafe.Sizeof(*new(F)) == 4 {
		return 1e-4
	}
	return 1e-11
}

// vectorSeeds are the data that levels of instructions are compared on until one agrees: an activation or a score that is zero but for rounding
// goes one way here and another there, and changes what follows by more than rounding. That does not happen for every data; a mistake does.
const vectorSeeds = 3

// compareLevels compares what compute returns on each level of vector instructions with portable Go, and the levels with one another.
func compareLevels[F nnrt.Float](t *testing.T, compute func(seed uint64) []value) {
	t.Helper()
	if nnrt.BestCPU() == nnrt.Portable {
		t.Skip("this machine or build has no vector instructions that nngen uses")
	}
	defer func(before nnrt.CPU) {
		if err := nnrt.SetCPU(before); err != nil {
			t.Error(err)
		}
	}(nnrt.ActiveCPU())
	on := func(c nnrt.CPU, seed uint64) []value {
		if err := nnrt.SetCPU(c); err != nil {
			t.Fatal(err)
		}
		return compute(seed)
	}
	var first error
	for seed := uint64(1); seed <= vectorSeeds; seed++ {
		portable, avx2 := on(nnrt.Portable, seed), on(nnrt.AVX2, seed)
		if nnrt.BestCPU() == nnrt.AVX512 {
			if err := equalBits(on(nnrt.AVX512, seed), avx2); err != nil {
				t.Fatalf("avx512 against avx2: %v", err)
			}
		}
		err := near(avx2, portable, vectorTolerance[F]())
		if err == nil {
			return
		}
		if first == nil {
			first = err
		}
	}
	t.Errorf("avx2 against portable Go: %v", first)
}
