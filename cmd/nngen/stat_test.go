package main

import (
	"bytes"
	"testing"

	"nngen/codegen"
)

// This file tests the arithmetic and the text of `nngen stat`.

func TestScaled(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 950: "950", 999.4: "999", 999.6: "1.00 k", 1000: "1 k", 12340: "12.3 k", 9.996e5: "1.00 M", 4.56e6: "4.56 M", 2e9: "2 G", 3.21e13: "32.1 T"} {
		if got := scaled(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}

func TestMicroseconds(t *testing.T) {
	for us, want := range map[float64]string{0: "0", 0.0512: "51.2 ns", 0.99951: "1.00 us", 12.34: "12.3 us", 999.6: "1.00 ms", 1234.5: "1.23 ms", 2e6: "2 s"} {
		if got := microseconds(us); got != want {
			t.Errorf("%v: got %q, want %q", us, got, want)
		}
	}
}

// TestBound checks that each phase takes the longer of its two times, and that the total adds the lines.
func TestBound(t *testing.T) {
	s := &codegen.Stat{Layers: []codegen.LayerStat{
		{Line: 1, Forward: codegen.Work{Operations: 3000, Bytes: 10}, Backward: codegen.Work{Operations: 1000, Bytes: 400}},
		{Line: 2, Update: codegen.Work{Operations: 100, Bytes: 2000}},
	}}
	r := newStatReport(s, "a.nn", []string{"  first  line", "second"}, machine{gflops: 1, gbs: 0.2})
	near := func(got, want float64) bool { return got > want*(1-1e-12) && got < want*(1+1e-12) }
	for i, want := range []statBound{{4, 2.05, 5, "arithmetic"}, {0.1, 10, 10, "memory"}, {4.1, 12.05, 15, "memory"}} {
		got := r.Total.Bound
		if i < 2 {
			got = r.Layers[i].Bound
		}
		if !near(got.Arithmetic, want.Arithmetic) || !near(got.Memory, want.Memory) || !near(got.Time, want.Time) || got.Binds != want.Binds {
			t.Errorf("row %d: got %+v, want %+v", i, got, want)
		}
	}
	if r.Layers[0].Source != "first line" {
		t.Errorf("got the source %q", r.Layers[0].Source)
	}
}

func TestColumns(t *testing.T) {
	var b bytes.Buffer
	if err := writeColumns(&b, [][]string{{"n", "é name", "x", "last"}, {"10", "b", "2.50", ""}}); err != nil {
		t.Fatal(err)
	}
	if want := " n  é name     x  last\n10  b       2.50\n"; b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
	if got := shorten("twelve chars", 10); got != "twelve..." {
		t.Errorf("got %q", got)
	}
}
