package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
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
		if l.elements != inCache && l.writes > 0 {
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

// TestLoopParts checks that every loop in cache can be repeated out of the order of training and allocates nothing, and that repeated updates are updates.
func TestLoopParts(t *testing.T) {
	for _, l := range loops {
		if l.elements == outCache {
			continue
		}
		do, err := l.setup()
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(3, func() {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", l.name, n)
		}
	}
	tr, err := NewUpdateAdamTrainer(NewUpdateAdam(1), UpdateAdamTrainerOptions{MaxBatch: 1, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	fillGradient(tr.Gradients().Flat())
	for range 3 {
		tr.stage = 2
		if err := tr.Update(); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range tr.Model.Flat() {
		if g := tr.Gradients().Flat()[i]; !(math.Abs(float64(p)) > 1e-3) || (p > 0) == (g > 0) {
			t.Fatalf("parameter %d is %v after three updates along the gradient %v", i, p, g)
		}
	}
}

// TestMemoryProbes checks that the probes visit every line of every array: what they write, and their time, which a test cannot know, grows with it.
func TestMemoryProbes(t *testing.T) {
	const n = 10 * lineElements
	for reads := 2; reads <= 4; reads++ {
		probes := memoryProbes(n, reads, reads-1)
		if len(probes) != 2 {
			t.Fatalf("got %d probes of %d arrays, want 2", len(probes), reads)
		}
		before := sink
		if err := probes[0](); err != nil {
			t.Fatal(err)
		}
		if got, want := sink-before, float32(reads*n/lineElements); got != want {
			t.Errorf("the probe of %d arrays by blocks read %v lines, want %v", reads, got, want)
		}
		if err := probes[1](); err != nil {
			t.Fatal(err)
		}
	}
	g, m, v, p := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for j := range g {
		g[j] = 1
	}
	visit2(g, p)
	visit3(g, m, p)
	visit4(g, m, v, p)
	for j := 0; j < n; j += lineElements {
		if p[j] != -3 || m[j] != 2 || v[j] != 1 {
			t.Fatalf("line %d: got p %v, m %v, v %v, want -3, 2, 1", j/lineElements, p[j], m[j], v[j])
		}
	}
}
