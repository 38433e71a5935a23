// Command hostile misuses generated models and nnrt.Fit, and prints what they say. The tests of package codegen build it in an overlay.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	nnrt "nngen/runtime"
)

var dir string

// try prints what a run or a call says.
func try(what string, f func() error) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Printf("%s: panic: %v\n", what, v)
		}
	}()
	text := "no error"
	if err := f(); err != nil {
		text = strings.ReplaceAll(err.Error(), dir, "DIR")
	}
	fmt.Printf("%s: %s\n", what, text)
}

func cls(rows int) *ClsData {
	d := &ClsData{X: make([]float32, rows*3), Y: make([]int32, rows)}
	for i := range d.X {
		d.X[i] = float32(i%7) - 3
	}
	for i := range d.Y {
		d.Y[i] = int32(i % 4)
	}
	return d
}

func trainer(seed uint64, capacity int) *ClsTrainer {
	t, err := NewClsTrainer(NewCls(seed), ClsTrainerOptions{MaxBatch: capacity, Seed: seed})
	if err != nil {
		panic(err)
	}
	return t
}

// fit trains a Cls.
func fit(t *ClsTrainer, src nnrt.Source[ClsBatch], o nnrt.FitOptions) error {
	_, err := nnrt.Fit(context.Background(), t, src, o)
	return err
}

// fixed is a source of one batch.
type fixed[B any] struct{ batch B }

func (f *fixed[B]) Next(b *B, _ int) (nnrt.Served, error) {
	*b = f.batch
	return nnrt.Served{Rows: 1, Of: 1, Last: true, EpochEnd: true}, nil
}
func (f *fixed[B]) Position() nnrt.Position  { return nnrt.Position{} }
func (f *fixed[B]) Seek(nnrt.Position) error { return nil }

func main() {
	var err error
	if dir, err = os.MkdirTemp("", "hostile"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	data()
	options()
	numbers()
	folders()
	twice()
	shapes()
}

func data() {
	one := nnrt.FitOptions{Steps: 3}
	try("no rows", func() error { return fit(trainer(1, 8), nnrt.MiniBatch(cls(0), 4, 1), one) })
	try("no set", func() error { return fit(trainer(1, 8), nnrt.MiniBatch[ClsBatch](nil, 4, 1), one) })
	try("one row", func() error { return fit(trainer(1, 8), nnrt.MiniBatch(cls(1), 4, 1, nnrt.DropLast()), one) })
	try("one row, in parts", func() error { return fit(trainer(1, 8), nnrt.WholeSet(cls(1)), one) })
	short := cls(9)
	short.Y = short.Y[:5]
	try("fewer labels than rows", func() error { return fit(trainer(1, 8), nnrt.MiniBatch(short, 4, 1), one) })
	try("fewer labels than rows, in order", func() error { return fit(trainer(1, 8), nnrt.WholeSet(short), one) })
	ragged := cls(9)
	ragged.X = ragged.X[:25]
	try("a row not whole", func() error { return fit(trainer(1, 8), nnrt.Stochastic(ragged, 1), one) })
	wrong := cls(9)
	wrong.Y[7] = 4
	try("a label too large", func() error { return fit(trainer(1, 8), nnrt.MiniBatch(wrong, 4, 1), one) })
	try("validation on no rows", func() error {
		t := trainer(1, 8)
		return fit(t, nnrt.MiniBatch(cls(9), 4, 1), nnrt.FitOptions{Epochs: 1, Validate: t.On(*cls(0))})
	})
	nan := cls(9)
	nan.X[4] = float32(math.NaN())
	try("NaN in the data", func() error { return fit(trainer(1, 9), nnrt.MiniBatch(nan, 9, 1), one) })
	try("NaN in the validation data", func() error {
		t := trainer(1, 9)
		return fit(t, nnrt.MiniBatch(cls(9), 4, 1), nnrt.FitOptions{Epochs: 1, Validate: t.On(*nan)})
	})
	try("no capacity", func() error { _, err := NewClsTrainer(NewCls(1), ClsTrainerOptions{}); return err })
	try("no model", func() error { _, err := NewClsTrainer(nil, ClsTrainerOptions{MaxBatch: 1}); return err })
	try("a model from nowhere", func() error { _, err := NewClsTrainer(new(Cls), ClsTrainerOptions{MaxBatch: 1}); return err })
}

func options() {
	src := func() *nnrt.SetSource[ClsBatch] { return nnrt.MiniBatch(cls(9), 4, 1) }
	try("no options", func() error { return fit(trainer(1, 8), src(), nnrt.FitOptions{}) })
	try("no trainer", func() error {
		_, err := nnrt.Fit[ClsBatch, ClsMetrics](context.Background(), nil, src(), nnrt.FitOptions{Steps: 1})
		return err
	})
	try("no source", func() error {
		_, err := nnrt.Fit(context.Background(), trainer(1, 8), nil, nnrt.FitOptions{Steps: 1})
		return err
	})
	try("a nil trainer", func() error { return fit(nil, src(), nnrt.FitOptions{Steps: 1}) })
	try("a nil source", func() error { return fit(trainer(1, 8), (*nnrt.SetSource[ClsBatch])(nil), nnrt.FitOptions{Steps: 1}) })
	try("no context", func() error {
		//lint:ignore SA1012 what a user may do
		_, err := nnrt.Fit(nil, trainer(1, 8), src(), nnrt.FitOptions{Steps: 1})
		return err
	})
	try("cancelled before", func() error {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errors.New("no time"))
		t := trainer(1, 8)
		h, err := nnrt.Fit(ctx, t, src(), nnrt.FitOptions{Steps: 1, Checkpoints: nnrt.Checkpoints{Dir: filepath.Join(dir, "cancelled")}})
		fmt.Println(t.Steps(), h.Stopped)
		return err
	})
	try("a callback that panics", func() error {
		o := nnrt.FitOptions{Steps: 9, Checkpoints: nnrt.Checkpoints{Dir: filepath.Join(dir, "panic"), Every: 2}}
		o.OnStep = func(e *nnrt.FitEvent) error {
			if e.Step == 5 {
				panic("mine")
			}
			return nil
		}
		return fit(trainer(1, 8), src(), o)
	})
	try("and its checkpoints", func() error {
		path, _, err := nnrt.Latest(filepath.Join(dir, "panic"))
		fmt.Println(filepath.Base(path))
		return err
	})
	try("a validation that fails", func() error {
		return fit(trainer(1, 8), src(), nnrt.FitOptions{Epochs: 1, Validate: func() (nnrt.Measures, error) { return nil, errors.New("mine") }})
	})
	try("a validation of nothing", func() error {
		return fit(trainer(1, 8), src(), nnrt.FitOptions{Epochs: 1, Validate: func() (nnrt.Measures, error) { return nil, nil }})
	})
	try("a measure that is none", func() error {
		return fit(trainer(1, 8), src(), nnrt.FitOptions{Epochs: 1, Monitor: "los", Mode: nnrt.Minimize})
	})
	try("a validation measure that is none", func() error {
		t := trainer(1, 8)
		return fit(t, src(), nnrt.FitOptions{Epochs: 1, Validate: t.On(*cls(5)), Monitor: "val_los", Mode: nnrt.Minimize})
	})
	try("metrics as their fields", func() error {
		var m ClsMetrics
		fmt.Println(m.Names())
		t := trainer(1, 8)
		h, err := nnrt.Fit(context.Background(), t, src(), nnrt.FitOptions{Epochs: 1, Validate: t.On(*cls(5))})
		fmt.Println(h.Names())
		return err
	})
	try("a metric of the name of a validation measure", func() error {
		t, err := NewClash2Trainer(NewClash2(1), Clash2TrainerOptions{MaxBatch: 2})
		if err != nil {
			return err
		}
		d := &Clash2Data{X: []float32{1, 2}}
		_, err = nnrt.Fit(context.Background(), t, nnrt.MiniBatch(d, 1, 1), nnrt.FitOptions{Steps: 2, Validate: t.On(*d)})
		return err
	})
	try("a metric of the loop's name", func() error {
		t, err := NewClashTrainer(NewClash(1), ClashTrainerOptions{MaxBatch: 2})
		if err != nil {
			return err
		}
		_, err = nnrt.Fit(context.Background(), t, nnrt.MiniBatch(&ClashData{X: []float32{1, 2}}, 1, 1), nnrt.FitOptions{Steps: 1})
		return err
	})
}

func numbers() {
	for _, lr := range []float64{math.NaN(), math.Inf(1)} {
		for _, steps := range []int{1, 9} {
			try(fmt.Sprintf("rate %v, %d steps", lr, steps), func() error {
				t := trainer(1, 8)
				t.LR = lr
				return fit(t, nnrt.MiniBatch(cls(9), 4, 1), nnrt.FitOptions{Steps: steps, Checkpoints: nnrt.Checkpoints{Dir: filepath.Join(dir, "rate"), Resume: true}})
			})
		}
	}
	try("and its checkpoints", func() error { _, _, err := nnrt.Latest(filepath.Join(dir, "rate")); return err })
	try("rate 0", func() error {
		t := trainer(1, 8)
		t.LR = 0
		return fit(t, nnrt.MiniBatch(cls(9), 4, 1), nnrt.FitOptions{Steps: 9})
	})
}

func folders() {
	ckpt := nnrt.Checkpoints{Dir: filepath.Join(dir, "ckpt"), Every: 2, Resume: true}
	run := func(t *ClsTrainer, src nnrt.Source[ClsBatch], steps int) error {
		return fit(t, src, nnrt.FitOptions{Steps: steps, Checkpoints: ckpt})
	}
	try("first run", func() error { return run(trainer(1, 8), nnrt.MiniBatch(cls(9), 4, 1), 5) })
	try("another number of rows", func() error { return run(trainer(1, 8), nnrt.MiniBatch(cls(10), 4, 1), 9) })
	try("another seed of the source", func() error { return run(trainer(1, 8), nnrt.MiniBatch(cls(9), 4, 2), 9) })
	try("another kind of source", func() error { return run(trainer(1, 8), nnrt.WholeSet(cls(9)), 9) })
	try("another model", func() error {
		t, err := NewClashTrainer(NewClash(1), ClashTrainerOptions{MaxBatch: 2})
		if err != nil {
			return err
		}
		_, err = nnrt.Fit(context.Background(), t, nnrt.MiniBatch(&ClashData{X: []float32{1, 2}}, 1, 1), nnrt.FitOptions{Steps: 9, Checkpoints: ckpt})
		return err
	})
	try("fewer steps than were done", func() error { return run(trainer(1, 8), nnrt.MiniBatch(cls(9), 4, 1), 3) })
	try("another seed of the model", func() error {
		t := trainer(2, 8)
		err := run(t, nnrt.MiniBatch(cls(9), 4, 1), 5)
		fmt.Println(*t.State().Seed, t.Steps())
		return err
	})
	try("two runs in one folder", func() error {
		return fit(trainer(1, 8), nnrt.MiniBatch(cls(9), 4, 1), nnrt.FitOptions{Steps: 9, Checkpoints: ckpt, OnStep: func(e *nnrt.FitEvent) error {
			if e.Step == 7 {
				return run(trainer(1, 8), nnrt.MiniBatch(cls(9), 4, 1), 9)
			}
			return nil
		}})
	})
	try("afterwards", func() error { return run(trainer(1, 8), nnrt.MiniBatch(cls(9), 4, 1), 9) })
}

// twice saves and loads numbers of the model and of the optimizer that have one name.
func twice() {
	fresh := func() *TwiceTrainer {
		t, err := NewTwiceTrainer(NewTwice(1), TwiceTrainerOptions{MaxBatch: 2})
		if err != nil {
			panic(err)
		}
		return t
	}
	try("two numbers of one name", func() error {
		a, b := fresh(), fresh()
		for i, n := range a.State().Numbers {
			*n.Value += float64(i + 1)
		}
		path := filepath.Join(dir, "twice")
		err := errors.Join(a.Save(path), b.Load(path))
		for _, n := range b.State().Numbers {
			fmt.Print(n.Name, " ", *n.Value, "; ")
		}
		_, stopped := nnrt.Fit(context.Background(), a, nnrt.MiniBatch(&TwiceData{X: []float32{1, 2}}, 1, 1), nnrt.FitOptions{Steps: 1})
		return errors.Join(err, stopped)
	})
}

func shapes() {
	try("no batch axis", func() error {
		t, err := NewNoRowsTrainer(NewNoRows(1), NoRowsTrainerOptions{MaxBatch: 1})
		if err != nil {
			return err
		}
		h, err := nnrt.Fit(context.Background(), t, &fixed[NoRowsBatch]{NoRowsBatch{Y: []float32{1, 2, 3}}}, nnrt.FitOptions{Epochs: 3})
		fmt.Println(h.Len(), t.Steps())
		return err
	})
	seq := &SeqData{X: make([]float32, 7*4*3), Y: make([]float32, 7*4), Time: 4, Width: 3}
	t, err := NewSeqTrainer(NewSeq(1), SeqTrainerOptions{MaxBatch: 2})
	if err != nil {
		panic(err)
	}
	run := func() error {
		_, err := nnrt.Fit(context.Background(), t, nnrt.WholeSet(seq), nnrt.FitOptions{Epochs: 2, Validate: t.On(*seq)})
		return err
	}
	try("two sizes", run)
	seq.Time, seq.Width = 6, 2
	try("a size too large", run)
	seq.Time, seq.Width = 0, 3
	try("a size of 0", run)
	seq.Time, seq.Width = -1, 3
	try("a size below 0", run)
	seq.Time, seq.Width = 4, 1
	try("a size that does not fit", run)
}
