// Command kill trains a model with checkpoints, a step for each byte of its standard input, and as many as are left once that is closed. The
// tests of package codegen build it in an overlay, with a generated model Kill, kill it, and run it again.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strconv"

	nnrt "nngen/runtime"
	"nngen/runtime/data"
)

const (
	rows, features = 37, 130
	seed           = 4
)

// set returns rows of random data from row first on.
func set(first, rows int) *KillData {
	d := &KillData{X: make([]float32, rows*features), Y: make([]float32, rows*2)}
	key := nnrt.NewKey(1, "data")
	nnrt.FillNormal(d.X, key, uint64(first*features))
	for i := range rows {
		x := d.X[i*features:]
		d.Y[2*i], d.Y[2*i+1] = x[0]-x[1], x[2]*x[3]
	}
	return d
}

// source returns the source of a kind and the capacity of the trainer.
func source(kind, dir string) (nnrt.Source[KillBatch], int) {
	train := set(0, rows)
	switch kind {
	case "MiniBatch":
		return nnrt.MiniBatch(train, 8, seed), 8
	case "MiniBatch in parts":
		return nnrt.MiniBatch(train, 8, seed), 3
	case "Stochastic with replacement":
		return nnrt.Stochastic(train, seed, nnrt.WithReplacement()), 1
	case "Stochastic":
		return nnrt.Stochastic(train, seed), 4
	case "WholeSet":
		return nnrt.WholeSet(train), 7
	case "Stream":
		path := filepath.Join(dir, "train.csv")
		if err := writeCSV(path, train); err != nil {
			log.Fatal(err)
		}
		s, err := data.OpenCSV[float32](path, data.Options{Targets: []string{"y0", "y1"}})
		if err != nil {
			log.Fatal(err)
		}
		shuffle, err := s.Shuffle(data.ShuffleOptions{Batch: 8, Buffer: 11, Seed: seed})
		if err != nil {
			log.Fatal(err)
		}
		return data.Batches(shuffle, func(t *data.Table[float32], b *KillBatch) error {
			b.X, b.Y = t.Features, t.Target
			return nil
		}), 5
	}
	log.Fatalf("no source %q", kind)
	return nil, 0
}

// writeCSV writes a set, unless a run before has.
func writeCSV(path string, d *KillData) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := []string{"y0", "y1"}
	for j := range features {
		line = append(line, fmt.Sprint("x", j))
	}
	text := func(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
	for i := 0; ; i++ {
		if err := w.Write(line); err != nil {
			return err
		}
		if i == d.Len() {
			break
		}
		line = append(line[:0], text(d.Y[2*i]), text(d.Y[2*i+1]))
		for _, v := range d.X[i*features:][:features] {
			line = append(line, text(v))
		}
	}
	w.Flush()
	if err := os.WriteFile(path+".new", b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// whole fails when a checkpoint had to be skipped: a kill must damage none.
type whole struct{}

func (whole) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("skipped")) {
		log.Fatalf("%s", line)
	}
	return len(line), nil
}

func main() {
	log.SetFlags(0)
	kind, dir := os.Args[1], os.Args[2]
	steps, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	src, capacity := source(kind, dir)
	t, err := NewKillTrainer(NewKill(seed), KillTrainerOptions{MaxBatch: capacity, Seed: seed})
	if err != nil {
		log.Fatal(err)
	}
	in, free := bufio.NewReaderSize(os.Stdin, 16), false
	o := nnrt.FitOptions{
		Steps: steps, Validate: t.On(*set(1000, 20)), ValidateEvery: 5, RestoreBest: true, Log: whole{},
		Plateau:     nnrt.Plateau{Factor: 0.7, Patience: 1, Threshold: 0.01},
		Checkpoints: nnrt.Checkpoints{Dir: filepath.Join(dir, "ckpt"), Every: 2, Keep: 2, Resume: true},
		OnStep: func(e *nnrt.FitEvent) error {
			if free {
				return nil
			}
			fmt.Println(e.Step)
			_, err := in.ReadByte()
			free = err == io.EOF
			if free {
				return nil
			}
			return err
		},
	}
	h, err := nnrt.Fit(context.Background(), t, src, o)
	if err != nil {
		log.Fatal(err)
	}

	// All that the run leaves, but times.
	var out bytes.Buffer
	s := t.State()
	fmt.Fprintln(&out, "steps", *s.Steps, "seed", *s.Seed, "stopped by", h.Stopped, "best", h.Best)
	for _, n := range s.Numbers {
		fmt.Fprintf(&out, "%s %x\n", n.Name, *n.Value)
	}
	for _, x := range s.Tensors {
		fmt.Fprintf(&out, "%q %x\n", x.Prefix, x.F32)
	}
	for _, name := range h.Names() {
		if name != "seconds" && name != "samples_per_second" {
			fmt.Fprintf(&out, "%s %x\n", name, h.Column(name))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "result"), out.Bytes(), 0o600); err != nil {
		log.Fatal(err)
	}
}
