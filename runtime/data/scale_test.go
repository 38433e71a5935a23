package data

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const irisPath = "../../examples/regression/iris.csv"

func iris[T float32 | float64](t testing.TB) *Table[T] {
	t.Helper()
	table, err := ReadFile[T](irisPath, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// near fails unless got is want up to a few roundings.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if len(got) != len(want) || math.Abs(got[i]-want[i]) > 1e-13*math.Abs(want[i]) {
			t.Fatalf("%s: got %v, want %v", what, got, want)
		}
	}
}

// What NumPy says about Iris.
func TestScalingTruth(t *testing.T) {
	table, want := iris[float64](t), readTruth(t).Iris
	s, err := Standardise(table)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", s.Shift, want.Mean)
	near(t, "deviation", s.Scale, want.Deviation)
	m, err := MinMax(table)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "least", m.Shift, want.Least)
	for i := range want.Largest {
		want.Largest[i] -= want.Least[i]
	}
	near(t, "range", m.Scale, want.Largest)
}

func TestScaling(t *testing.T) {
	original := iris[float32](t)
	for name, fit := range map[string]func(*Table[float32]) (*Scaling[float32], error){"standardise": Standardise[float32], "minmax": MinMax[float32]} {
		s, err := fit(original)
		if err != nil || s.Kind != name || !slices.Equal(s.Columns, original.Columns) {
			t.Fatalf("%s: %+v, %v", name, s, err)
		}
		table := original.Clone()
		if err := s.Apply(table); err != nil {
			t.Fatal(err)
		}
		for c, m := range momentsOf(table.Features, 4) {
			if name == "minmax" && (m.least != 0 || m.largest != 1) || name == "standardise" && (math.Abs(m.mean) > 1e-6 || math.Abs(m.deviation()-1) > 1e-6) {
				t.Errorf("%s, column %d: %+v", name, c, m)
			}
		}
		// A row alone becomes what it became in the table, in place or not.
		row, place := make([]float32, 4), slices.Clone(original.Row(77))
		if s.Row(row, original.Row(77)) != nil || s.Row(place, place) != nil || !slices.Equal(row, table.Row(77)) || !slices.Equal(place, row) {
			t.Errorf("%s: row %v, in place %v, want %v", name, row, place, table.Row(77))
		}
		if err := s.InverseRow(row, row); err != nil {
			t.Fatal(err)
		}
		if err := s.Inverse(table); err != nil || !slices.Equal(row, table.Row(77)) {
			t.Errorf("%s back: row %v, want %v (%v)", name, row, table.Row(77), err)
		}
		for i, v := range table.Features {
			if w := original.Features[i]; math.Abs(float64(v-w)) > 1e-6*float64(w) {
				t.Fatalf("%s and back: element %d is %v, was %v", name, i, v, w)
			}
		}
		if n := testing.AllocsPerRun(100, func() { _ = s.Row(row, row); _ = s.InverseRow(row, row) }); n != 0 {
			t.Errorf("%s: %v allocations a row", name, n)
		}
	}
}

// A column of equal values becomes zeros, even where the mean of its sum would not be exact.
func TestScalingConstant(t *testing.T) {
	x := make([][]float64, 10)
	for i := range x {
		x[i] = []float64{0.1, float64(i), math.Copysign(0, -1)}
	}
	table, err := FromSlices[float64, int]([]string{"same", "other", "zero"}, x, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, fit := range []func(*Table[float64]) (*Scaling[float64], error){Standardise[float64], MinMax[float64]} {
		s, err := fit(table)
		if err != nil || s.Scale[0] != 1 || s.Shift[0] != 0.1 || s.Scale[2] != 1 {
			t.Fatalf("%+v, %v", s, err)
		}
		c := table.Clone()
		if err := s.Apply(c); err != nil || c.Row(5)[0] != 0 || c.Row(5)[2] != 0 {
			t.Errorf("got %v, %v", c.Row(5), err)
		}
	}
}

func TestScalingTarget(t *testing.T) {
	table, err := FromSlices(nil, [][]float64{{1}, {2}, {3}}, []float64{100_000, 200_000, 300_000})
	if err != nil {
		t.Fatal(err)
	}
	s, err := StandardiseTarget(table)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyTarget(table); err != nil || math.Abs(table.Target[0]+math.Sqrt(1.5)) > 1e-15 || table.Target[1] != 0 || table.Features[0] != 1 {
		t.Errorf("got %v, %v", table, err)
	}
	price := []float64{table.Target[2]}
	if err := s.InverseRow(price, price); err != nil || price[0] != 300_000 {
		t.Errorf("back: %v, %v", price, err)
	}
	if _, err := StandardiseTarget(counting(t, 3, "a")); err == nil || err.Error() != "scaling: got a table without a numeric target, want one" {
		t.Errorf("classes: %v", err)
	}
}

// JSON keeps every bit, of numbers that decimals do not show well, too.
func TestScalingJSON(t *testing.T) {
	s := &Scaling[float32]{Kind: "standardise", Columns: []string{"a", "b\"", "c", "d"},
		Shift: []float64{math.Pi, math.Copysign(0, -1), -math.MaxFloat64, 0.1 + 0.2}, Scale: []float64{math.SmallestNonzeroFloat64, 1.0 / 3, math.MaxFloat64, 1}}
	for i := range 1000 {
		s.Columns = append(s.Columns, "x")
		s.Shift = append(s.Shift, math.Sin(float64(i))*math.Pow(10, float64(i%600-300)))
		s.Scale = append(s.Scale, math.Exp(float64(i%700-350)))
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var got Scaling[float32]
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*s, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for i := range s.Shift {
		if math.Float64bits(s.Shift[i]) != math.Float64bits(got.Shift[i]) || math.Float64bits(s.Scale[i]) != math.Float64bits(got.Scale[i]) {
			t.Errorf("column %d: other bits", i)
		}
	}
	for in, want := range map[string]string{
		`{}`: `scaling: got kind "", want standardise or minmax`,
		`{"kind": "minmax", "columns": ["a"], "shift": [1], "scale": []}`:      `scaling: got 1 column, 1 shift and 0 scales, want as many of each, and at least one`,
		`{"kind": "minmax", "columns": ["a"], "shift": [1], "scale": [0]}`:     `scaling: column "a": got shift 1 and scale 0, want finite numbers, and a scale above 0`,
		`{"kind": "minmax", "columns": ["a"], "shift": ["x"], "scale": [1]}`:   `scaling: shift: got string, want float64`,
		`{"kind": "minmax", "columns": ["a"], "shift": [1e999], "scale": [1]}`: `scaling: shift: got number 1e999, want float64`,
		`["a"]`: `scaling: got array, want an object with kind, columns, shift and scale`,

		`{"kind": "minmax", "columns": ["a"], "shift": [1], "scale": [1e-1]}   x`: `invalid character 'x'`,
	} {
		kept := got
		if err := json.Unmarshal([]byte(in), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
		if d := cmp.Diff(kept, got); d != "" {
			t.Errorf("%s changed the scaling", in)
		}
	}
}

func TestScalingErrors(t *testing.T) {
	table := iris[float64](t)
	s, err := Standardise(table)
	if err != nil {
		t.Fatal(err)
	}
	other := table.Clone()
	other.Columns = []string{"sepal_length", "sepal_width", "petal_width", "petal_length"}
	narrow := &Table[float64]{Columns: []string{"a"}, Rows: 1, Features: []float64{1}}
	broken := table.Clone()
	broken.Features = broken.Features[:7]
	empty := table.Take(nil)
	huge := &Table[float64]{Columns: []string{"a"}, Rows: 2, Features: []float64{-math.MaxFloat64, math.MaxFloat64}}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"other columns":     {s.Apply(other), `scaling: column 3: got "petal_width", want "petal_length"`},
		"fewer columns":     {s.Apply(narrow), `scaling: got a table of 1 column, want 4`},
		"broken table":      {s.Apply(broken), `scaling: got 7 values, want rows of 4`},
		"short row":         {s.Row(make([]float64, 4), make([]float64, 3)), `scaling: got a row of 3 values for one of 4, want 4, one for each column`},
		"short destination": {s.InverseRow(make([]float64, 3), make([]float64, 4)), `scaling: got a row of 4 values for one of 3, want 4, one for each column`},
		"made by hand":      {(&Scaling[float64]{Kind: "minmax", Columns: []string{"a"}}).Row(make([]float64, 1), make([]float64, 1)), `scaling: got 1 column, 0 shifts and 0 scales, want as many of each, and at least one`},
		"no target":         {s.ApplyTarget(narrow), `scaling: got a table without a numeric target, want one`},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, c.err, c.want)
		}
	}
	if _, err := MinMax(empty); err == nil || err.Error() != "scaling: got no rows, want at least one" {
		t.Errorf("no rows: %v", err)
	}
	if _, err := Standardise(broken); err == nil || err.Error() != "table: got 7 features, want 150 rows of 4" {
		t.Errorf("broken table: %v", err)
	}
	for _, fit := range []func(*Table[float64]) (*Scaling[float64], error){Standardise[float64], MinMax[float64]} {
		if _, err := fit(huge); err == nil || !strings.Contains(err.Error(), `scaling: column "a": got shift`) || !strings.Contains(err.Error(), "too large") {
			t.Errorf("huge values: %v", err)
		}
	}
}
