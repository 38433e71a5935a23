package nnrt

// This file answers: what makes up the state of a trainer, and under which names does a file hold it?

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// State lists, by reference, all that a trainer's checkpoint keeps: saving reads what the fields point to, loading writes it. It is
// what the State method of a generated trainer returns, and holds for as long as the trainer lives.
type State struct {
	Model  string // name of the model, as declared
	Schema Schema // its parameters

	Steps *int    // updates done
	Seed  *uint64 // of random draws in training

	// Numbers are hyperparameters that may change between steps, and the scalar states of optimizers. Their names must differ.
	Numbers []StateNumber

	// Tensors are the parameters (with an empty Prefix), the states of optimizers, averaged weights: whatever lies in memory in the
	// order of a schema. All parameters must be among them.
	Tensors []StateTensors

	// Restored is called after loading has written everything, so that the trainer derives again what depends on it (streams of
	// random numbers from the seed) and forgets a step half done. nil: nothing to do.
	Restored func()
}

// StateNumber is a float64 by name: "LR", "state/prod".
type StateNumber struct {
	Name  string
	Value *float64
}

// StateTensors is memory that lies like a part of the flat buffer of a schema. A file holds it as one tensor for each parameter in that
// part, so that it does not depend on the layout in memory: with the prefix "state/m/", the state m of the parameter h.W is the tensor
// state/m/h.W. Since each parameter belongs to one group of an optimizer, states of equal names in several groups never collide; where
// several train blocks have states for the same parameters, the prefix must name the block.
type StateTensors struct {
	Prefix string    // before the path of each parameter: "" for the parameters themselves, "state/m/", "average/"
	Schema Schema    // what the memory holds; nil: the parameters of the model
	Lo     int       // where in the flat buffer of the schema the memory begins
	F32    []float32 // the memory, if it holds float32
	F64    []float64 // the memory, if it holds float64
}

// stateTensor is one tensor of a file, with the memory that holds it.
type stateTensor struct {
	name  string
	shape []int
	f32   []float32 // one of the two is not nil
	f64   []float64
}

// elements returns the product of a shape that generated code wrote, which does not overflow.
func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// tensors lists all tensors of the state, in order. An error says that the state is not one, which is a mistake of whoever made it, not
// of a file.
func (s State) tensors() ([]stateTensor, error) {
	var out []stateTensor
	var err error
	fail := func(format string, args ...any) {
		if err == nil {
			err = fmt.Errorf("%s: state: "+format, append([]any{s.Model}, args...)...)
		}
	}
	names := map[string]bool{}
	for _, t := range s.Tensors {
		schema, length := t.Schema, len(t.F32)
		if schema == nil {
			schema = s.Schema
		}
		if t.F32 == nil {
			length = len(t.F64)
		}
		if t.F32 != nil && t.F64 != nil {
			fail("%q: got memory of both types, want one", t.Prefix)
		}
		schema.Each(func(path string, offset int, shape []int) {
			lo := offset - t.Lo
			hi := lo + elements(shape)
			if lo < 0 && hi <= 0 || lo >= length && (hi > length || t.Lo+length < schema.Size()) {
				return // of another part; an empty one between two parts belongs to the second
			}
			name := t.Prefix + path
			if lo < 0 || hi > length {
				fail("%s: got elements %d to %d of memory for 0 to %d, want a part that holds whole parameters", name, lo, hi, length)
				return
			}
			if names[name] {
				fail("%s: got two tensors of this name, want each name once", name)
			}
			names[name] = true
			x := stateTensor{name: name, shape: shape}
			if t.F32 != nil {
				x.f32 = t.F32[lo:hi:hi]
			} else {
				x.f64 = slices.Clip(t.F64[lo:hi])
			}
			out = append(out, x)
		})
	}
	s.Schema.Each(func(path string, _ int, shape []int) {
		if !names[path] {
			fail("%s: got a parameter without memory, want all parameters", path)
		}
	})
	for _, n := range s.Numbers {
		if names[numberPrefix+n.Name] {
			fail("%s: got two numbers of this name, want each name once", n.Name)
		}
		names[numberPrefix+n.Name] = true
	}
	if s.Steps == nil || s.Seed == nil {
		fail("got no steps or no seed, want both")
	}
	return out, err
}

// shapeText writes a shape as models do: [64, 128].
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
