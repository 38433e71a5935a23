package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	nnrt "nngen/runtime"
)

// files is what a trainer saves and loads beside nnrt.Trainer.
type files interface {
	Save(path string) error
	Load(path string) error
}

// A subject is a model, its trainer and a batch.
type subject[T nnrt.Float, B any, M nnrt.Measures] struct {
	trainer         nnrt.Trainer[B, M]
	files           files
	flat, gradients []T
	average         []T        // of the parameters; nil if the optimizer has none
	hypers          []*float64 // that may change between steps
	saveModel       func(path string, a ...nnrt.Attachment) error
	batch           B
}

// An origin makes subjects: from a seed, and models from files.
type origin[T nnrt.Float, B any, M nnrt.Measures] struct {
	fresh     func(seed uint64) (*subject[T, B, M], error)
	loadModel func(path string, a ...nnrt.Attachment) ([]T, error)
	fromBytes func(data []byte, a ...nnrt.Attachment) ([]T, error)
	rows      int  // of the batch
	parts     bool // batches may come in parts
}

// otherCheckpoint is one of another model.
var otherCheckpoint struct {
	model string
	data  []byte
}

// print returns everything that a state refers to, as text with all bits.
func print(s nnrt.State) string {
	var b bytes.Buffer
	fmt.Fprintln(&b, *s.Steps, *s.Seed)
	for _, n := range s.Numbers {
		fmt.Fprintln(&b, n.Name, math.Float64bits(*n.Value))
	}
	for _, t := range s.Tensors {
		fmt.Fprintln(&b, t.Prefix, t.Lo)
		for _, v := range t.F32 {
			fmt.Fprintf(&b, "%x ", math.Float32bits(v))
		}
		for _, v := range t.F64 {
			fmt.Fprintf(&b, "%x ", math.Float64bits(v))
		}
	}
	return b.String()
}

// steps does n updates, of which the second is by a batch that comes in parts where that may be, and returns all measures.
func (o *origin[T, B, M]) steps(s *subject[T, B, M], n int) ([]float64, error) {
	var out []float64
	for i := range n {
		var m M
		var err error
		if o.parts && i == 1 {
			for range 2 {
				if err := s.trainer.Accumulate(s.batch, 2*o.rows); err != nil {
					return nil, err
				}
			}
			m, err = s.trainer.Apply()
		} else {
			m, err = s.trainer.Step(s.batch)
		}
		if err != nil {
			return nil, err
		}
		out = m.AppendTo(out)
	}
	return out, nil
}

// resume saves a run in its middle and goes on in another trainer, saves and loads the model, and has both read what they must refuse.
func (o *origin[T, B, M]) resume() error {
	dir, err := os.MkdirTemp("", "resume")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "checkpoint")

	a, err := o.fresh(5)
	if err != nil {
		return err
	}
	if _, err := o.steps(a, 3); err != nil {
		return err
	}
	for _, x := range a.hypers {
		*x *= 0.75
	}
	if _, err := o.steps(a, 2); err != nil {
		return err
	}
	if err := a.files.Save(path); err != nil {
		return err
	}

	// Another trainer, in the middle of a step.
	b, err := o.fresh(99)
	if err != nil {
		return err
	}
	if _, err := o.steps(b, 1); err != nil {
		return err
	}
	if o.parts {
		if err := b.trainer.Accumulate(b.batch, 2*o.rows); err != nil {
			return err
		}
	}
	want := print(a.trainer.State())
	if print(b.trainer.State()) == want {
		return errors.New("two seeds make the same state: nothing is tested")
	}
	if err := b.files.Load(path); err != nil {
		return err
	}
	if print(b.trainer.State()) != want || b.trainer.Steps() != 5 {
		return errors.New("the state is another after loading")
	}
	moved, err := o.steps(a, 3)
	if err != nil {
		return err
	}
	again, err := o.steps(b, 3)
	if err != nil {
		return err
	}
	if !sameBits(moved, again) {
		return fmt.Errorf("undisturbed the measures are %v, resumed %v", moved, again)
	}
	if !sameBits(a.gradients, b.gradients) || !sameBits(a.average, b.average) {
		return errors.New("resumed, the gradients or the averages are others")
	}
	if now := print(a.trainer.State()); now == want || print(b.trainer.State()) != now {
		return errors.New("resumed, the state is another, or no step changes it")
	}
	second := filepath.Join(dir, "second")
	if err := errors.Join(a.files.Save(path), b.files.Save(second)); err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if other, err := os.ReadFile(second); err != nil || !bytes.Equal(raw, other) {
		return fmt.Errorf("the same state makes two files: %v", err)
	}
	if err := o.models(a, dir, path); err != nil {
		return err
	}
	return refuses(a, dir, raw)
}

// models saves and loads the parameters alone.
func (o *origin[T, B, M]) models(a *subject[T, B, M], dir, checkpoint string) error {
	path := filepath.Join(dir, "model")
	names := []string{"one", "two"}
	if err := a.saveModel(path, nnrt.Attach("names", names)); err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for what, load := range map[string]func(...nnrt.Attachment) ([]T, error){
		"file":  func(a ...nnrt.Attachment) ([]T, error) { return o.loadModel(path, a...) },
		"bytes": func(a ...nnrt.Attachment) ([]T, error) { return o.fromBytes(raw, a...) },
	} {
		var got []string
		flat, err := load(nnrt.Attach("names", &got))
		if err != nil {
			return fmt.Errorf("model from %s: %w", what, err)
		}
		if !sameBits(flat, a.flat) || !slices.Equal(got, names) {
			return fmt.Errorf("model from %s: other parameters, or the names %q", what, got)
		}
	}
	if flat, err := o.loadModel(checkpoint); err != nil || !sameBits(flat, a.flat) {
		return fmt.Errorf("model from a checkpoint: other parameters, or %v", err)
	}
	for _, damaged := range [][]byte{nil, raw[:len(raw)-1], append(slices.Clip(raw), 0)} {
		if _, err := o.fromBytes(damaged); !errors.Is(err, nnrt.ErrDamaged) {
			return fmt.Errorf("a model of %d of %d bytes: %v", len(damaged), len(raw), err)
		}
	}
	if err := a.files.Load(path); !errors.Is(err, nnrt.ErrMismatch) {
		return fmt.Errorf("a model's file as a checkpoint: %v", err)
	}
	return nil
}

// refuses loads what is no checkpoint of this trainer, and poisons one tensor after the other.
func refuses[T nnrt.Float, B any, M nnrt.Measures](a *subject[T, B, M], dir string, raw []byte) error {
	s := a.trainer.State()
	before := print(s)
	flipped := slices.Clone(raw)
	flipped[len(raw)-1] ^= 1
	bad := filepath.Join(dir, "bad")
	for _, c := range []struct {
		what string
		data []byte
		want error
	}{{"short", raw[:len(raw)-1], nnrt.ErrDamaged}, {"flipped", flipped, nnrt.ErrDamaged}, {"empty", nil, nnrt.ErrDamaged}, {"another model's", otherCheckpoint.data, nnrt.ErrMismatch}} {
		if c.want == nnrt.ErrMismatch && (c.data == nil || otherCheckpoint.model == s.Model) {
			continue
		}
		if err := os.WriteFile(bad, c.data, 0o600); err != nil {
			return err
		}
		if err := a.files.Load(bad); !errors.Is(err, c.want) {
			return fmt.Errorf("%s checkpoint: %v", c.what, err)
		}
		if print(s) != before {
			return fmt.Errorf("%s checkpoint changed the trainer", c.what)
		}
	}
	otherCheckpoint.model, otherCheckpoint.data = s.Model, raw
	return poison(a, s)
}

// poison makes the last element of each tensor no number, and has NonFinite find it.
func poison[T nnrt.Float, B any, M nnrt.Measures](a *subject[T, B, M], s nnrt.State) error {
	if got := a.trainer.NonFinite(); got != "" {
		return fmt.Errorf("%s is not finite in a healthy trainer", got)
	}
	var err error
	check := func(want string) {
		if got := a.trainer.NonFinite(); err == nil && got != want {
			err = fmt.Errorf("poisoned %s, and NonFinite says %q", want, got)
		}
	}
	s.Schema.Each(func(path string, offset int, shape []int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		at := offset + n - 1
		poisonOne(a.gradients, at, func() { check("gradient of " + path) })
		for _, t := range s.Tensors {
			if t.Schema != nil {
				err = errors.New("a state of another schema, which this test does not know")
			}
			if i := at - t.Lo; i >= 0 && i < len(t.F32)+len(t.F64) {
				poisonOne(t.F32, i, func() { check(t.Prefix + path) })
				poisonOne(t.F64, i, func() { check(t.Prefix + path) })
			}
		}
	})
	for _, n := range s.Numbers {
		was := *n.Value
		*n.Value = math.Inf(-1)
		check(n.Name)
		*n.Value = was
	}
	return err
}

// poisonOne calls f while element i of x, if there is one, is NaN.
func poisonOne[T nnrt.Float](x []T, i int, f func()) {
	if i >= len(x) {
		return
	}
	was := x[i]
	x[i] = T(math.NaN())
	f()
	x[i] = was
}

func sameBits[T nnrt.Float](a, b []T) bool {
	return slices.EqualFunc(a, b, func(x, y T) bool { return math.Float64bits(float64(x)) == math.Float64bits(float64(y)) })
}
