package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	nnrt "nngen/runtime"
)

// TestLines checks that every workload is measured and that each line has the fields of the peers' scripts.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-seconds", "0.001", "-threads", "2"}, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(workloads) {
		t.Fatalf("got %d lines, want %d:\n%s", len(lines), len(workloads), out.String())
	}
	for i, text := range lines {
		var l line
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if l.Peer != "nngen" || l.Workload != workloads[i].name || l.Threads != 2 || l.CPU == "" || l.ISA != nnrt.ActiveCPU().String() || !(l.USPerStep > 0) || !(l.GFLOPS > 0) || !(l.PeakShare >= 0) {
			t.Errorf("incomplete line %s", text)
		}
		if math.IsNaN(l.FinalLoss) || math.IsInf(l.FinalLoss, 0) {
			t.Errorf("%s: loss is %v", l.Workload, l.FinalLoss)
		}
	}
}

// TestFlags checks that -only selects, and that mistakes are errors.
func TestFlags(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-only", "xor", "-seconds", "0.001"}, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("-only xor prints %d lines, want 1", n)
	}
	for _, args := range [][]string{{"-threads", "0"}, {"-seconds", "0"}, {"-only", "nothing"}, {"more"}, {"-unknown"}, {"-gemm", "-phases"}} {
		if err := run(args, nil, io.Discard, io.Discard); err == nil {
			t.Errorf("bench %v: no error", args)
		}
	}
}

// TestSteps checks of every workload that it learns, that a step allocates nothing, and that the number of processors does
// not change a bit of the loss.
func TestSteps(t *testing.T) {
	for _, w := range workloads {
		t.Run(w.name, func(t *testing.T) {
			losses := func(procs int) []uint64 {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				s, err := w.setup(0)
				if err != nil {
					t.Fatal(err)
				}
				bits := make([]uint64, 4)
				for i := range bits {
					loss, err := s.step()
					if err != nil {
						t.Fatal(err)
					}
					bits[i] = math.Float64bits(loss)
				}
				return bits
			}
			one, two := losses(1), losses(2)
			for i := range one {
				if one[i] != two[i] {
					t.Errorf("step %d: loss bits %x with one processor, %x with two", i+1, one[i], two[i])
				}
			}
			if first, last := math.Float64frombits(one[0]), math.Float64frombits(one[len(one)-1]); !(last < first) {
				t.Errorf("the loss goes from %v to %v", first, last)
			}
			s, err := w.setup(1)
			if err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(3, func() {
				if _, err := s.step(); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("a step allocates %v times", n)
			}
		})
	}
}

// TestPhases checks the parts of a step: they are measured, make whole steps, and come with the time of the products.
func TestPhases(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-phases", "-only", "iris", "-seconds", "0.01"}, nil, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var l phaseLine
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		t.Fatal(err)
	}
	if l.Workload != "iris_4_16_3_b16_adam" || !(l.USPerStep > 0) || !(l.ForwardUS > 0) || !(l.BackwardUS > 0) || !(l.UpdateUS > 0) || !(l.ProductsUS > 0) || !(l.ArithmeticUS > 0) || !(l.GBS > 0) {
		t.Errorf("incomplete line %+v", l)
	}
	if dec.More() {
		t.Error("more than one line for one workload")
	}
}
