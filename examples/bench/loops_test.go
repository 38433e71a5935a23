package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	nnrt "nngen/runtime"
)

// TestLoopLines measures every loop that fits the cache: each line has its fields and every level of the machine, the table has a row for each, and
// the level in use stays what it was.
func TestLoopLines(t *testing.T) {
	active := nnrt.ActiveCPU()
	var out, table bytes.Buffer
	for _, only := range []string{"update_8k", "ward"} {
		if err := run([]string{"-loops", "-only", only, "-seconds", "0.001"}, nil, &out, &table); err != nil {
			t.Fatal(err)
		}
	}
	if nnrt.ActiveCPU() != active {
		t.Errorf("the level in use went from %v to %v", active, nnrt.ActiveCPU())
	}
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	for _, l := range loops {
		if l.elements == outCache {
			continue
		}
		var got loopLine
		if err := dec.Decode(&got); err != nil {
			t.Fatalf("%s: %v", l.name, err)
		}
		if got.Peer != "nngen" || got.Loop != l.name || got.Elements != l.elements || got.CPU == "" || len(got.NS) != len(levels()) || got.MemoryNS != 0 || got.Bytes != 0 {
			t.Errorf("incomplete line %+v", got)
		}
		for _, c := range levels() {
			if !(got.NS[c.String()] > 0) {
				t.Errorf("%s takes %v ns on %v", l.name, got.NS[c.String()], c)
			}
		}
		if !strings.Contains(table.String(), " "+l.name+" ") {
			t.Errorf("the table lacks %s", l.name)
		}
	}
	if dec.More() {
		t.Error("more lines than loops in cache")
	}
}

// TestLoopTable checks the row of an update out of cache: what is printed of its bound.
func TestLoopTable(t *testing.T) {
	l := loopLine{Loop: "some_update", Elements: 5, NS: map[string]float64{}, Bytes: 28, MemoryNS: 1.25}
	for _, c := range levels() {
		l.NS[c.String()] = 2.5
	}
	var out bytes.Buffer
	if err := writeLoops(&out, []loopLine{l}); err != nil {
		t.Fatal(err)
	}
	if want := "1.250  (2.00)"; !strings.Contains(out.String(), want) {
		t.Errorf("got\n%swant a row with %q", out.String(), want)
	}
}

// TestLoopFlags checks what -loops goes together with.
func TestLoopFlags(t *testing.T) {
	for _, args := range [][]string{{"-only", "nothing"}, {"-threads", "2"}, {"-gemm"}, {"-phases"}, {"-serve"}} {
		if err := run(append([]string{"-loops"}, args...), nil, io.Discard, io.Discard); err == nil {
			t.Errorf("bench -loops %v: no error", args)
		}
	}
}

// TestLoopParts checks that every loop in cache can be repeated out of the order of training and allocates nothing.
func TestLoopParts(t *testing.T) {
	for _, l := range loops {
		if l.elements == outCache {
			continue
		}
		w, err := l.setup()
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(3, func() {
			if err := w.do(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", l.name, n)
		}
	}
}

// TestUpdates checks that repeated updates are updates: along a positive gradient every parameter sinks, and every array that the memory probe writes is
// one that the update writes.
func TestUpdates(t *testing.T) {
	for _, l := range updates {
		if l.elements == outCache {
			continue
		}
		w, err := l.setup()
		if err != nil {
			t.Fatal(err)
		}
		written, gradient := w.arrays[:len(w.arrays)-1], w.arrays[len(w.arrays)-1]
		for i := range gradient {
			gradient[i] = 1
		}
		for range 3 {
			if err := w.do(); err != nil {
				t.Fatal(err)
			}
		}
		for k, a := range written {
			for i, v := range a {
				if k == 0 && !(v < 0) || v == 0 || len(a) != len(gradient) {
					t.Fatalf("%s: element %d of array %d is %v", l.name, i, k, v)
				}
			}
		}
	}
}

// TestMemoryProbes checks that a probe visits every line of every array and leaves the numbers as they are.
func TestMemoryProbes(t *testing.T) {
	const n = 5*16384 + 3*lineElements
	written, gradient := make([]float32, n), make([]float32, n)
	for j := range n {
		written[j], gradient[j] = float32(j), 1
	}
	for i, probe := range memoryProbes([][]float32{written, gradient}, 1) {
		sink, one = 0, 2
		if err := probe(); err != nil {
			t.Fatal(err)
		}
		one = 1
		if want := float32(n / lineElements); sink != want {
			t.Errorf("blocks of %d: read %v lines, want %v", probeBlocks[i], sink, want)
		}
		for j, v := range written {
			want := float32(j)
			if j%lineElements == 0 {
				want *= 2
			}
			if v != want {
				t.Fatalf("blocks of %d: element %d is %v, want %v", probeBlocks[i], j, v, want)
			}
			written[j] = float32(j)
		}
	}
}
