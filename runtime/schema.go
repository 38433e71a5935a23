package nnrt

// This file answers: which parameters does a model have, and where do they lie in its flat buffer?

import (
	"strconv"
	"strings"
)

// ParamSpec describes one parameter, or Count equal parameters of a repeated layer at a constant stride.
type ParamSpec struct {
	Path   string // key in saved files; with Count > 1 it contains one '#', which stands for 0 to Count-1
	Offset int    // position of the (first) parameter in the flat buffer, in elements
	Shape  []int  // empty for a scalar
	Count  int    // number of repetitions; 0 and 1 mean a single parameter
	Stride int    // distance between repetitions in the flat buffer, in elements
}

// Schema lists the parameters of a model in the order of the flat buffer's declaration.
type Schema []ParamSpec

// Each calls f for every parameter, repeated ones expanded, in the order of the schema.
func (s Schema) Each(f func(path string, offset int, shape []int)) {
	for _, p := range s {
		if p.Count <= 1 {
			f(p.Path, p.Offset, p.Shape)
			continue
		}
		for i := range p.Count {
			f(strings.Replace(p.Path, "#", strconv.Itoa(i), 1), p.Offset+i*p.Stride, p.Shape)
		}
	}
}

// Find returns the offset and the shape of a parameter, and false if the model has no parameter of that path.
func (s Schema) Find(path string) (offset int, shape []int, ok bool) {
	s.Each(func(p string, off int, sh []int) {
		if !ok && p == path {
			offset, shape, ok = off, sh, true
		}
	})
	return offset, shape, ok
}

// Size returns the length of the flat buffer: the end of the last parameter.
func (s Schema) Size() int {
	end := 0
	s.Each(func(_ string, offset int, shape []int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		end = max(end, offset+n)
	})
	return end
}

// Hash returns a number that tells schemas apart: FNV-1a over paths and shapes in the order of the schema.
// Offsets are left out, since saved files do not depend on the layout in memory.
func (s Schema) Hash() uint64 {
	h := uint64(fnvOffset)
	s.Each(func(path string, _ int, shape []int) {
		h = fnv1a(h, path)
		for _, d := range shape {
			h = fnv1a(h, " "+strconv.Itoa(d))
		}
		h = fnv1a(h, "\n")
	})
	return h
}
