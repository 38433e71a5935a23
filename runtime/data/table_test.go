package data

import (
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTake(t *testing.T) {
	table := counting(t, 5, "a", "b")
	table.Targets, table.Target = []string{"u", "v"}, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	got := table.Take([]int{4, 0, 0})
	want := &Table[float64]{
		Columns: []string{"1"}, Rows: 3, Features: []float64{4, 0, 0}, Label: "target",
		Targets: []string{"u", "v"}, Target: []float64{8, 9, 0, 1, 0, 1}, Classes: []string{"a", "b"}, Labels: []int32{0, 0, 0},
	}
	if d := cmp.Diff(want, got); d != "" || !slices.Equal(got.TargetRow(1), []float64{0, 1}) {
		t.Errorf("(-want +got):\n%s", d)
	}
	c := table.Clone()
	c.Features[0], c.Target[0], c.Labels[0] = 9, 9, 1
	if table.Features[0] != 0 || table.Target[0] != 0 || table.Labels[0] != 0 {
		t.Error("a clone shares memory")
	}
}

func TestFromRows(t *testing.T) {
	x := [][]float32{{1, 2}, {3, 4}, {5, 6}}
	for name, c := range map[string]struct {
		got  func() (*Table[float32], error)
		want Table[float32]
	}{
		"texts": {
			func() (*Table[float32], error) { return FromSlices([]string{"a", "b"}, x, []string{"y", "x", "y"}) },
			Table[float32]{Columns: []string{"a", "b"}, Label: "target", Classes: []string{"x", "y"}, Labels: []int32{1, 0, 1}},
		},
		"indices": {
			func() (*Table[float32], error) { return FromSlices(nil, x, []int{3, 0, 1}) },
			Table[float32]{Columns: []string{"1", "2"}, Label: "target", Classes: []string{"0", "1", "2", "3"}, Labels: []int32{3, 0, 1}},
		},
		"small indices": {
			func() (*Table[float32], error) { return FromSlices(nil, x, []uint8{1, 0, 1}) },
			Table[float32]{Columns: []string{"1", "2"}, Label: "target", Classes: []string{"0", "1"}, Labels: []int32{1, 0, 1}},
		},
		"numbers": {
			func() (*Table[float32], error) { return FromSlices(nil, x, []float64{0.5, -1, 2}) },
			Table[float32]{Columns: []string{"1", "2"}, Label: "target", Target: []float32{0.5, -1, 2}},
		},
		"nothing": {
			func() (*Table[float32], error) { return FromSlices[float32, string](nil, x, nil) },
			Table[float32]{Columns: []string{"1", "2"}},
		},
		"iterator": {
			func() (*Table[float32], error) {
				row := make([]float32, 2) // the iterator's own, used again
				return FromRows(nil, iter.Seq2[[]float32, int32](func(yield func([]float32, int32) bool) {
					for i := range x {
						copy(row, x[i])
						if !yield(row, int32(i)) {
							return
						}
					}
				}))
			},
			Table[float32]{Columns: []string{"1", "2"}, Label: "target", Classes: []string{"0", "1", "2"}, Labels: []int32{0, 1, 2}},
		},
		"arrays": {
			func() (*Table[float32], error) {
				return FromArrays(&Array[float32]{[]int{3, 1, 2}, []float32{1, 2, 3, 4, 5, 6}}, &Array[int64]{[]int{3, 1}, []int64{1, 1, 0}})
			},
			Table[float32]{Columns: []string{"1", "2"}, Label: "target", Classes: []string{"0", "1"}, Labels: []int32{1, 1, 0}},
		},
		"arrays with several targets": {
			func() (*Table[float32], error) {
				return FromArrays(&Array[float32]{[]int{3, 2}, []float32{1, 2, 3, 4, 5, 6}}, &Array[float64]{[]int{3, 2}, []float64{1, 2, 3, 4, 5, 6}})
			},
			Table[float32]{Columns: []string{"1", "2"}, Targets: []string{"1", "2"}, Target: []float32{1, 2, 3, 4, 5, 6}},
		},
		"array alone": {
			func() (*Table[float32], error) {
				return FromArrays[float32, int8](&Array[float32]{[]int{3, 2}, []float32{1, 2, 3, 4, 5, 6}}, nil)
			},
			Table[float32]{Columns: []string{"1", "2"}},
		},
	} {
		c.want.Rows, c.want.Features = 3, []float32{1, 2, 3, 4, 5, 6}
		got, err := c.got()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := cmp.Diff(&c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	// Every type that a row may say what it is in.
	index(t, int(1))
	index(t, int8(1))
	index(t, int16(1))
	index(t, int32(1))
	index(t, int64(1))
	index(t, uint8(1))
	index(t, uint16(1))
	index(t, uint32(1))
	index(t, uint64(1))
}

func index[L int | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](t *testing.T, one L) {
	t.Helper()
	table, err := FromSlices(nil, [][]float64{{0}}, []L{one})
	if err != nil || !slices.Equal(table.Labels, []int32{1}) || !slices.Equal(table.Classes, []string{"0", "1"}) {
		t.Errorf("%T: %v, %v", one, table, err)
	}
}

func TestFromRowsErrors(t *testing.T) {
	x := [][]float64{{1, 2}, {3, 4}}
	errOf := func(_ *Table[float64], err error) error { return err }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"uneven rows":     {errOf(FromSlices(nil, [][]float64{{1, 2}, {3}}, []int{0, 1})), "row 1: got 1 feature, want 2"},
		"names":           {errOf(FromSlices([]string{"a"}, x, []int{0, 1})), "row 0: got 2 features, want 1"},
		"no features":     {errOf(FromSlices(nil, [][]float64{{}}, []int{0})), "row 0: got 0 features, want 1"},
		"no rows":         {errOf(FromSlices[float64](nil, nil, []int{})), "rows: got none, want at least one"},
		"nothing at all":  {errOf(FromSlices[float64, int](nil, nil, nil)), "rows: got none, want at least one"},
		"uneven alone":    {errOf(FromSlices[float64, int](nil, [][]float64{{1, 2}, {3}}, nil)), "row 1: got 1 feature, want 2"},
		"fewer targets":   {errOf(FromSlices(nil, x, []int{0})), "target: got 1 value, want 2, one for each row"},
		"negative index":  {errOf(FromSlices(nil, x, []int{0, -1})), "target: row 1: got class index -1, want 0 to 255 (numbers to predict must be of a floating-point type)"},
		"large index":     {errOf(FromSlices(nil, x, []uint64{0, 1 << 63})), "target: row 1: got class index 9223372036854775808, want 0 to 255 (numbers to predict must be of a floating-point type)"},
		"empty class":     {errOf(FromSlices(nil, x, []string{"a", ""})), "row 1: got an empty class name, want a text"},
		"infinite":        {errOf(FromSlices(nil, [][]float64{{1, math.Inf(-1)}}, []int{0})), `table: row 0, column "2": got -Inf, want a finite number`},
		"NaN to predict":  {errOf(FromSlices(nil, x, []float64{1, math.NaN()})), `table: row 1, target "target": got NaN, want a finite number`},
		"shape":           {errOf(FromArrays[float64, int8](&Array[float64]{[]int{2, 2}, []float64{1}}, nil)), "features: array: got 1 element, want 4 as shape [2 2] says"},
		"negative shape":  {errOf(FromArrays[float64, int8](&Array[float64]{[]int{-2, -2}, make([]float64, 4)}, nil)), "features: array: got shape [-2 -2], want sizes from 0 whose product is an int"},
		"one axis":        {errOf(FromArrays[float64, int8](&Array[float64]{[]int{1}, []float64{1}}, nil)), "features: got 1 axis (shape [1]), want at least two: rows, and values of a row"},
		"no values":       {errOf(FromArrays[float64, int8](&Array[float64]{[]int{3, 0}, nil}, nil)), "features: got shape [3 0], want at least one value in a row"},
		"no rows of x":    {errOf(FromArrays[float64, int8](&Array[float64]{[]int{0, 3}, nil}, nil)), "features: got shape [0 3], want at least one row"},
		"target's length": {errOf(FromArrays(&Array[float64]{[]int{1, 1}, []float64{1}}, &Array[int8]{[]int{2}, []int8{1, 2}})), "target: got shape [2], want [1], one for each row of features, or [1, k]"},
		"target's shape":  {errOf(FromArrays(&Array[float64]{[]int{1, 1}, []float64{1}}, &Array[int8]{[]int{1}, nil})), "target: array: got 0 elements, want 1 as shape [1] says"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, c.err, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Table[float64])
		want   string
	}{
		"rows":     {func(t *Table[float64]) { t.Rows = 7 }, "table: got 6 features, want 7 rows of 1"},
		"negative": {func(t *Table[float64]) { t.Rows = -1 }, "table: got -1 rows of 1 column, want at least one column"},
		"columns":  {func(t *Table[float64]) { t.Columns = nil }, "table: got 6 rows of 0 columns, want at least one column"},
		"overflow": {func(t *Table[float64]) {
			t.Rows, t.Columns, t.Features = math.MaxInt/2+3, []string{"a", "b", "c", "d"}, make([]float64, 8) // which is rows times columns, cut to an int
		}, "table: got 8 features, want"},
		"labels":  {func(t *Table[float64]) { t.Labels = t.Labels[:5] }, "table: got 5 labels, want 6"},
		"label":   {func(t *Table[float64]) { t.Labels[3] = 2 }, "table: row 3: got label 2, want an index into 2 classes"},
		"below":   {func(t *Table[float64]) { t.Labels[3] = -1 }, "table: row 3: got label -1, want an index into 2 classes"},
		"classes": {func(t *Table[float64]) { t.Classes = nil }, "table: row 0: got label 0, want an index into 0 classes"},
		"target":  {func(t *Table[float64]) { t.Target = []float64{1} }, "table: got 1 target, want 6 rows of 1"},
		"targets": {func(t *Table[float64]) { t.Targets, t.Target = []string{"u", "v"}, make([]float64, 6) }, "table: got 6 targets, want 6 rows of 2"},
		"feature": {func(t *Table[float64]) { t.Features[4] = math.NaN() }, `table: row 4, column "1": got NaN, want a finite number`},
		"number": {func(t *Table[float64]) {
			t.Targets, t.Target = []string{"u", "v"}, make([]float64, 12)
			t.Target[5] = math.Inf(1)
		}, `table: row 2, target "v": got +Inf, want a finite number`},
	} {
		table := counting(t, 6, "a", "b")
		if err := table.Check(); err != nil {
			t.Fatal(err)
		}
		c.change(table)
		if err := table.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, c.want)
		}
		if s := table.String(); !strings.Contains(s, "not whole: ") {
			t.Errorf("%s: the summary says nothing of it:\n%s", name, s)
		}
	}
}

func TestString(t *testing.T) {
	wide := make([]float64, 20)
	long := strings.Repeat("x", 50)
	table, err := FromSlices(nil, [][]float64{wide}, []string{"bad\n\x1b[31m" + long})
	if err != nil {
		t.Fatal(err)
	}
	s := table.String()
	if strings.ContainsRune(s, 0x1b) || !strings.Contains(s, "bad  [31m"+long[:28]+"...") || !strings.Contains(s, "\n  and 8 more\n") {
		t.Errorf("got\n%s", s)
	}
	many, err := FromSlices(nil, [][]float64{{1}}, []uint8{200})
	if s := many.String(); err != nil || !strings.Contains(s, "\n  and 181 more\n") {
		t.Errorf("got\n%s", s)
	}
	if s := (&Table[float32]{Columns: []string{"a"}, Label: "y", Target: []float32{}, Dropped: 2}).String(); s != "0 rows of 1 feature, to predict: number \"y\"; 2 rows with missing values left out\n" {
		t.Errorf("got %q", s)
	}
	for rows, want := range map[int]string{0: "0 rows of 4 features", 1: "1 row of 4 features"} {
		if s := iris[float32](t).Take(make([]int, rows)).String(); !strings.HasPrefix(s, want) {
			t.Errorf("%d rows:\n%s", rows, s)
		}
	}
}
