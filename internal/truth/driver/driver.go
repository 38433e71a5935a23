// Package driver runs jobs on generated models: it sets parameters, feeds batches, and records outputs, losses, gradients
// and parameters. The truth tests build one program from all models of a file of rows, with this package as its main loop,
// and talk to it over standard input and output.
//
// Models have types of their own, so batches and results are read and written by reflection; nothing else here is.
package driver

import (
	"encoding/gob"
	"fmt"
	"os"
	"reflect"

	nnrt "nngen/runtime"
)

// A Model is one generated model as the program's table names it.
type Model struct {
	New     func() any                              // *Digits
	Trainer func(model any, batch int) (any, error) // *DigitsTrainer; nil without an optimizer
}

// A Job is what to do with one model, in this order: set Params, predict once with Inputs, then train with each of Batches.
type Job struct {
	Model   string
	Params  map[string][]float64 // by path; parameters not named keep their initial value
	Predict map[string]Values    // inputs of Predict by Go field; nil: do not predict
	Batches []map[string]Values  // one batch a step, by Go field; a single one is used for all Steps
	Steps   int                  // training steps
	Rows    int                  // capacity of the trainer
	Record  []int                // steps (counted from 1) after which parameters are recorded
}

// Values is one field of a batch: floats or integers.
type Values struct {
	Float []float64
	Int   []int32
}

// A Result is what came of a job.
type Result struct {
	Err     string               // what failed, "" when nothing did
	Outputs map[string][]float64 // of Predict, by Go field
	Losses  []float64            // before each update
	Grads   map[string][]float64 // of the first step, by parameter path
	Params  map[int]map[string][]float64
}

// parameters is what every generated model has.
type parameters interface {
	Flat() []float64
	Schema() nnrt.Schema
}

// Main reads jobs from standard input and writes one result each to standard output.
func Main(models map[string]Model) {
	var jobs []Job
	if err := gob.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		fmt.Fprintln(os.Stderr, "cannot read jobs:", err)
		os.Exit(1)
	}
	results := make([]Result, len(jobs))
	for i, job := range jobs {
		results[i] = run(models, job)
	}
	if err := gob.NewEncoder(os.Stdout).Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, "cannot write results:", err)
		os.Exit(1)
	}
}

// run carries out one job. A panic of generated code is a failed job, so that the other rows are still compared.
func run(models map[string]Model, job Job) (r Result) {
	defer func() {
		if p := recover(); p != nil {
			r.Err = fmt.Sprintf("panic: %v", p)
		}
	}()
	m, ok := models[job.Model]
	if !ok {
		return Result{Err: "no model " + job.Model}
	}
	if err := work(m, job, &r); err != nil {
		r.Err = err.Error()
	}
	return r
}

func work(m Model, job Job, r *Result) error {
	model := m.New()
	p, ok := model.(parameters)
	if !ok {
		return fmt.Errorf("%T has no Flat() []float64 and Schema()", model)
	}
	for path, values := range job.Params {
		if err := set(p, path, values); err != nil {
			return err
		}
	}
	if job.Predict != nil {
		out, err := call(model, "Predict", job.Predict)
		if err != nil {
			return err
		}
		r.Outputs = fields(out)
	}
	if job.Steps == 0 {
		return nil
	}
	if m.Trainer == nil {
		return fmt.Errorf("%T has no trainer", model)
	}
	trainer, err := m.Trainer(model, job.Rows)
	if err != nil {
		return err
	}
	r.Params = map[int]map[string][]float64{}
	for step := 1; step <= job.Steps; step++ {
		batch := job.Batches[min(step, len(job.Batches))-1]
		if step == 1 {
			if err := firstGradients(trainer, batch, r); err != nil {
				return err
			}
		}
		out, err := call(trainer, "Step", batch)
		if err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		r.Losses = append(r.Losses, out.FieldByName("Loss").Float())
		for _, at := range job.Record {
			if at == step {
				r.Params[step] = snapshot(reflect.ValueOf(trainer).Elem().FieldByName("Model").Interface().(parameters))
			}
		}
	}
	return nil
}

// firstGradients runs the forward and the backward half of the first step and keeps the gradients; the step itself follows.
func firstGradients(trainer any, batch map[string]Values, r *Result) error {
	if _, err := call(trainer, "Forward", batch); err != nil {
		return fmt.Errorf("forward: %w", err)
	}
	v := reflect.ValueOf(trainer)
	if err, _ := v.MethodByName("Backward").Call(nil)[0].Interface().(error); err != nil {
		return fmt.Errorf("backward: %w", err)
	}
	r.Grads = snapshot(v.MethodByName("Gradients").Call(nil)[0].Interface().(parameters))
	return nil
}

// call calls a method with one struct argument built from values; its results are a struct and an error.
func call(on any, method string, values map[string]Values) (reflect.Value, error) {
	f := reflect.ValueOf(on).MethodByName(method)
	if !f.IsValid() {
		return reflect.Value{}, fmt.Errorf("%T has no method %s", on, method)
	}
	in := reflect.New(f.Type().In(0)).Elem()
	for name, v := range values {
		field := in.FieldByName(name)
		switch {
		case !field.IsValid():
			return reflect.Value{}, fmt.Errorf("%s of %T has no field %s", in.Type(), on, name)
		case field.Kind() == reflect.Float64 && len(v.Float) == 1: // one number for the call
			field.SetFloat(v.Float[0])
		case v.Int != nil:
			field.Set(reflect.ValueOf(v.Int).Convert(field.Type()))
		default:
			field.Set(reflect.ValueOf(v.Float).Convert(field.Type()))
		}
	}
	for i := range in.NumField() {
		if name := in.Type().Field(i).Name; values[name].Int == nil && values[name].Float == nil {
			return reflect.Value{}, fmt.Errorf("%s needs a field %s, which the job does not give", in.Type(), name)
		}
	}
	out := f.Call([]reflect.Value{in})
	err, _ := out[1].Interface().(error)
	return out[0], err
}

// fields copies the slices and numbers of a struct.
func fields(v reflect.Value) map[string][]float64 {
	out := map[string][]float64{}
	for i := range v.NumField() {
		switch x := v.Field(i).Interface().(type) {
		case []float64:
			out[v.Type().Field(i).Name] = append([]float64{}, x...)
		case float64:
			out[v.Type().Field(i).Name] = []float64{x}
		}
	}
	return out
}

// set writes the values of one parameter.
func set(p parameters, path string, values []float64) error {
	offset, shape, ok := p.Schema().Find(path)
	if !ok {
		return fmt.Errorf("no parameter %q", path)
	}
	if n := size(shape); n != len(values) {
		return fmt.Errorf("parameter %s: got %d values, want %d", path, len(values), n)
	}
	copy(p.Flat()[offset:], values)
	return nil
}

// snapshot copies all parameters, or all gradients.
func snapshot(p parameters) map[string][]float64 {
	out := map[string][]float64{}
	p.Schema().Each(func(path string, offset int, shape []int) {
		out[path] = append([]float64{}, p.Flat()[offset:offset+size(shape)]...)
	})
	return out
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
