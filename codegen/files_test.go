// Does a service that only predicts read what a program that trains has saved? Two programs, of the same model with and without its trainer.
package codegen

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nngen/dsl"
)

const filesModel = `model Net {
    input  x [batch, 3]
    target y [batch, 2]
    z := dense(dense(x, 5, act: tanh), 2)
    output value = z
    loss         = mean(mse(z, y))
    optimizer adam(lr: 0.1, average: ema(0.9))
}
`

const filesTrain = `package main

import (
	"errors"
	"fmt"
	"log"
	"os"

	nnrt "nngen/runtime"
)

func main() {
	m := NewNet(1)
	t, err := NewNetTrainer(m, NetTrainerOptions{MaxBatch: 2})
	if err != nil {
		log.Fatal(err)
	}
	for range 5 {
		if _, err := t.Step(NetBatch{X: []float32{1, 2, 3, 4, 5, 6}, Y: []float32{1, 0, 0, 1}}); err != nil {
			log.Fatal(err)
		}
	}
	if err := errors.Join(m.Save(os.Args[1], nnrt.Attach("unit", "cm")), t.Save(os.Args[2])); err != nil {
		log.Fatal(err)
	}
	out, err := m.Predict(NetInput{X: []float32{3, 2, 1}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", out.Value)
}
`

const filesPredict = `package main

import (
	"fmt"
	"log"
	"os"

	nnrt "nngen/runtime"
)

func main() {
	var unit string
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for _, load := range []func() (*Net, error){
		func() (*Net, error) { return LoadNet(os.Args[1], nnrt.Attach("unit", &unit)) },
		func() (*Net, error) { return LoadNet(os.Args[2]) },
		func() (*Net, error) { return NetFromBytes(raw, nnrt.Attach("unit", &unit)) },
	} {
		m, err := load()
		if err != nil {
			log.Fatal(err)
		}
		out, err := m.Predict(NetInput{X: []float32{3, 2, 1}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%x\n", out.Value)
	}
	for _, err := range []error{
		func() error { _, err := LoadNet(os.Args[1], nnrt.Attach("size", &unit)); return err }(),
		func() error { _, err := LoadNet(os.Args[1] + ".not"); return err }(),
		func() error { _, err := NetFromBytes([]byte("PK")); return err }(),
	} {
		fmt.Println(err)
	}
}
`

func TestPredictOnlyFiles(t *testing.T) {
	pkg, list := dsl.Load(dsl.Options{}, "net.nn", []byte(filesModel))
	if list.HasErrors() {
		t.Fatal(list.Err(pkg.Fset, pkg.Sources))
	}
	dir := t.TempDir()
	model, checkpoint := filepath.Join(dir, "model"), filepath.Join(dir, "checkpoint")
	var said [2]string
	for i, main := range []string{filesTrain, filesPredict} {
		files, err := Generate(pkg.Models, Config{Package: "main", Source: "net.nn", Fset: pkg.Fset, Predict: main == filesPredict})
		if err != nil {
			t.Fatal(err)
		}
		exe, message := goBuild(t, withFiles(map[string]string{"main.go": main}, files), "build")
		if exe == "" {
			t.Fatal(message)
		}
		out, err := exec.Command(exe, model, checkpoint).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		said[i] = strings.ReplaceAll(string(out), dir, "DIR")
	}
	want := strings.Repeat(said[0], 3) + `DIR/model: attachment size: got none of this name, want one that was saved with the model; there is unit
open DIR/model.not: no such file or directory
embedded file: byte 0: got a file of 2 bytes, want at least 8, the length of the header
`
	if said[1] != want {
		t.Errorf("got\n%s\nwant\n%s", said[1], want)
	}
}
