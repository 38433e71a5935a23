package nnrt

// Tests of what users of a model hear, and of schemas.

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBorderErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{CheckLen("digits", "X", 64, 1, 64), ""},
		{CheckLen("digits", "X", 12, 1, 64), "digits: field X: got 12 values, want 64 (= batch 1 x 64)"},
		{CheckLen("digits", "Y", 1, 3, 1), "digits: field Y: got 1 value, want 3 (= batch 3 x 1)"},
		{CheckLen("digits", "X", 0, 0, 64), ""},
		{CheckIndex("digits", "Y", []int32{0, 9}, 10), ""},
		{CheckIndex("digits", "Y", nil, 10), ""},
		{CheckIndex("digits", "Y", []int32{0, 10}, 10), "digits: field Y: got 10 at position 1, want a value from 0 to 9"},
		{CheckIndex("digits", "Y", []int32{-1}, 10), "digits: field Y: got -1 at position 0, want a value from 0 to 9"},
		{CheckBatch("digits", 64, 64), ""},
		{CheckBatch("digits", 0, math.MaxInt), "digits: got an empty batch, want at least 1 row"},
		{CheckMultiple("digits", "X", 128, 64), ""},
		{CheckMultiple("digits", "X", 70, 64), "digits: field X: got 70 values, want a multiple of 64 (one row)"},
		{CheckModel("Digits", false), ""},
		{CheckModel("Digits", true), "Digits: got a nil or empty model, want one made by NewDigits"},
		{CheckSize("text", "Time", 20, 20), ""},
		{CheckDerived("text", "Words", "time", 40, 5, 5), ""},
		{CheckDerived("text", "Words", "time", 48, 6, 5), "text: field Words: got 48 values, which makes time 6, want time from 1 to 5"},
		{CheckCapacity("text", 1), ""},
		{CheckCapacity("text", 0), "text: field MaxBatch: got 0, want 1 to 134217728"},
		{CheckCapacity("text", math.MaxInt), fmt.Sprintf("text: field MaxBatch: got %d, want 1 to 134217728", math.MaxInt)},
		{CheckSize("text", "Time", 0, 20), "text: field Time: got 0, want a size from 1 to 20"},
		{CheckBatch("digits", 0, 64), "digits: got an empty batch, want 1 to 64 rows"},
		{CheckBatch("digits", 65, 64), "digits: got a batch of 65 rows, want at most 64 (MaxBatch, the capacity)"},
		{&OrderError{Model: "digits", Call: "Backward", Need: "Forward"}, "digits: Backward called without Forward before it"},
	} {
		got := ""
		if c.err != nil {
			got = c.err.Error()
		}
		if got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
	var e *BorderError
	if err := fmt.Errorf("step 3: %w", CheckLen("digits", "X", 12, 1, 64)); !errors.As(err, &e) || e.Field != "X" {
		t.Errorf("%v is no BorderError of X", err)
	}
	idx := make([]int32, 100)
	if n := testing.AllocsPerRun(10, func() {
		if CheckLen("digits", "X", 64, 1, 64) != nil || CheckIndex("digits", "Y", idx, 1) != nil || CheckBatch("digits", 1, 1) != nil {
			t.Error("error for good data")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSchema(t *testing.T) {
	s := Schema{
		{Path: "out.W", Offset: 0, Shape: []int{4, 3}},
		{Path: "scale", Offset: 16},
		{Path: "blk.#.W", Offset: 32, Shape: []int{2, 5}, Count: 3, Stride: 48},
		{Path: "blk.#.b", Offset: 48, Shape: []int{5}, Count: 3, Stride: 48},
	}
	var got []string
	s.Each(func(path string, offset int, shape []int) {
		got = append(got, fmt.Sprintf("%s %d%v", path, offset, shape))
	})
	want := []string{
		"out.W 0[4 3]", "scale 16[]",
		"blk.0.W 32[2 5]", "blk.1.W 80[2 5]", "blk.2.W 128[2 5]",
		"blk.0.b 48[5]", "blk.1.b 96[5]", "blk.2.b 144[5]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Each (-want +got):\n%s", d)
	}
	if offset, shape, ok := s.Find("blk.1.b"); offset != 96 || !slices.Equal(shape, []int{5}) || !ok {
		t.Errorf("Find(blk.1.b) = %d, %v, %v", offset, shape, ok)
	}
	for _, absent := range []string{"", "blk.3.b", "blk.#.b", "out"} {
		if _, _, ok := s.Find(absent); ok {
			t.Errorf("Find(%q) found something", absent)
		}
	}
	if s.Size() != 149 { // 144+5
		t.Errorf("Size = %d, want 149", s.Size())
	}
	if (Schema{}).Size() != 0 || (Schema{{Path: "a", Shape: []int{0, 7}}}).Size() != 0 {
		t.Error("schemas without elements have a size")
	}
	change := func(i int, f func(*ParamSpec)) Schema {
		c := slices.Clone(s)
		f(&c[i])
		return c
	}
	for what, c := range map[string]Schema{
		"path":  change(0, func(p *ParamSpec) { p.Path = "out.V" }),
		"shape": change(0, func(p *ParamSpec) { p.Shape = []int{3, 4} }),
		"rank":  change(1, func(p *ParamSpec) { p.Shape = []int{1} }),
		"count": change(2, func(p *ParamSpec) { p.Count = 4 }),
	} {
		if c.Hash() == s.Hash() {
			t.Errorf("a change of %s does not change the hash", what)
		}
	}
	if change(0, func(p *ParamSpec) { p.Offset = 1000 }).Hash() != s.Hash() {
		t.Error("the hash depends on the layout in memory")
	}
}
