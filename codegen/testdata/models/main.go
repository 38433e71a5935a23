// Command models runs generated models on the jobs of a file and writes what they answer. The tests of package codegen build it in an
// overlay, with the generated files and one adapter for each model.
package main

import (
	"encoding/gob"
	"fmt"
	"log"
	"os"

	nnrt "nngen/runtime"
)

// A Job is a list of calls of one trainer and predictor.
type Job struct {
	Model    string
	Seed     uint64
	Capacity int
	Calls    []Call
}

// A Call is one method, with the fields of its argument by their Go names.
type Call struct {
	Method string
	Data   map[string][]float64
	Sizes  map[string]int
}

// An Answer holds what each call returned: for example loss and metrics, or one slice for each output.
type Answer struct {
	Err     string
	Schema  []Place
	Results [][][]float64
}

// A Place is one parameter in the flat buffer.
type Place struct {
	Path         string
	Offset, Size int
}

// adapters make models by name.
var adapters = map[string]func(seed uint64, capacity int) (*adapter, error){}

// An adapter hides the types of one model.
type adapter struct {
	schema           nnrt.Schema
	params, grads    func() []float64
	set              func([]float64)
	predict          func(*Call) ([][]float64, error)
	forward, step    func(*Call) ([]float64, error)
	evaluate         func(*Call) ([]float64, error)
	accumulate       func(*Call) error
	apply            func() ([]float64, error)
	backward, update func() error
	forks            func() uint64
	allocs           func(*Call) []float64
	resume           func(*Call) error
}

func main() {
	log.SetFlags(0)
	in, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var jobs []Job
	if err := gob.NewDecoder(in).Decode(&jobs); err != nil {
		log.Fatal(err)
	}
	answers := make([]Answer, len(jobs))
	for i, j := range jobs {
		answers[i] = work(j)
	}
	out, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := gob.NewEncoder(out).Encode(answers); err != nil {
		log.Fatal(err)
	}
	if err := out.Close(); err != nil {
		log.Fatal(err)
	}
}

// work does one job; an error or a panic ends it.
func work(j Job) (a Answer) {
	at := "new"
	defer func() {
		if v := recover(); v != nil {
			a.Err = fmt.Sprintf("%s: panic: %v", at, v)
		}
	}()
	m, err := adapters[j.Model](j.Seed, j.Capacity)
	if err != nil {
		return Answer{Err: err.Error()}
	}
	m.schema.Each(func(path string, offset int, shape []int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		a.Schema = append(a.Schema, Place{path, offset, n})
	})
	for i := range j.Calls {
		c := &j.Calls[i]
		at = fmt.Sprintf("call %d: %s", i, c.Method)
		r, err := m.call(c)
		if err != nil {
			a.Err = at + ": " + err.Error()
			return a
		}
		a.Results = append(a.Results, r)
	}
	return a
}

func (m *adapter) call(c *Call) ([][]float64, error) {
	one := func(x []float64, err error) ([][]float64, error) { return [][]float64{x}, err }
	switch c.Method {
	case "params":
		return one(m.params(), nil)
	case "set":
		m.set(c.Data["params"])
		return nil, nil
	case "predict":
		return m.predict(c)
	case "forward":
		return one(m.forward(c))
	case "backward":
		err := m.backward()
		return one(m.grads(), err)
	case "update":
		err := m.update()
		return one(m.params(), err)
	case "step":
		return one(m.step(c))
	case "accumulate":
		return nil, m.accumulate(c)
	case "apply":
		return one(m.apply())
	case "gradients":
		return one(m.grads(), nil)
	case "evaluate":
		return one(m.evaluate(c))
	case "resume":
		return nil, m.resume(c)
	case "forks":
		return one([]float64{float64(m.forks())}, nil)
	case "allocs":
		return one(m.allocs(c), nil)
	}
	return nil, fmt.Errorf("no such method")
}

// floats returns a field as a slice of numbers, ints and bools the same.
func floats[T float32 | float64 | int32 | uint8](c *Call, field string) []T {
	out := make([]T, len(c.Data[field]))
	for i, v := range c.Data[field] {
		out[i] = T(v)
	}
	return out
}

func bools(c *Call, field string) []bool {
	out := make([]bool, len(c.Data[field]))
	for i, v := range c.Data[field] {
		out[i] = v != 0
	}
	return out
}

// wide returns numbers as float64.
func wide[T float32 | float64 | int32](x []T) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func wideBools(x []bool) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		if v {
			out[i] = 1
		}
	}
	return out
}

func narrow[T float32 | float64](to []T, x []float64) {
	for i, v := range x {
		to[i] = T(v)
	}
}
