package data

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		name, in string
		options  Options
		want     Table[float64]
	}{
		{
			"text classes", "a, b,kind\n1,2,rose\n3,-4e1,iris\n 5 ,6,rose\n", Options{},
			Table[float64]{
				Columns: []string{"a", "b"}, Rows: 3, Features: []float64{1, 2, 3, -40, 5, 6},
				Label: "kind", Classes: []string{"iris", "rose"}, Labels: []int32{1, 0, 1},
			},
		},
		{
			"integer classes in numeric order", "c,x\n10,1\n2,2\n-3,4\n", Options{Label: "c", Scale: 0.5},
			Table[float64]{
				Columns: []string{"x"}, Rows: 3, Features: []float64{0.5, 1, 2},
				Label: "c", Target: []float64{10, 2, -3}, Classes: []string{"-3", "2", "10"}, Labels: []int32{2, 1, 0},
			},
		},
		{
			"numeric target", "1;0.5\n2;7\n", Options{NoHeader: true, Comma: ';'},
			Table[float64]{Columns: []string{"1"}, Rows: 2, Features: []float64{1, 2}, Label: "2", Target: []float64{0.5, 7}},
		},
		{
			"numbers and texts are texts", "x,y\n1,2\n1,b\n1,10\n", Options{},
			Table[float64]{
				Columns: []string{"x"}, Rows: 3, Features: []float64{1, 1, 1},
				Label: "y", Classes: []string{"10", "2", "b"}, Labels: []int32{1, 2, 0},
			},
		},
		{
			"chosen columns", "a,b,c,d\n1,2,3,x\n", Options{Columns: []string{"c", "a"}},
			Table[float64]{
				Columns: []string{"c", "a"}, Rows: 1, Features: []float64{3, 1},
				Label: "d", Classes: []string{"x"}, Labels: []int32{0},
			},
		},
		{
			"no target, byte order mark, quotes, empty lines, CRLF", "\ufeff\"a\",\"b, c\"\r\n\r\n1,\"2\"\r\n", Options{NoLabel: true},
			Table[float64]{Columns: []string{"a", "b, c"}, Rows: 1, Features: []float64{1, 2}},
		},
		{
			"no end of line", "a,b\n1,2", Options{NoLabel: true},
			Table[float64]{Columns: []string{"a", "b"}, Rows: 1, Features: []float64{1, 2}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadCSV[float64](strings.NewReader(c.in), c.options)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestReadCSVErrors(t *testing.T) {
	for _, c := range []struct {
		in      string
		options Options
		want    string
	}{
		{"", Options{}, "got an empty file, want at least one row"},
		{"a,b\n", Options{}, "got no rows after the header, want at least one"},
		{"a,b\n1,2\nx,2\n", Options{}, `line 3, column "a": got "x", want a finite number`},
		{"a,b\n1,2\n\n,2\n", Options{}, `line 4, column "a": got a missing value (""), want a finite number`},
		{"a,b\nNaN,2\n", Options{}, `line 2, column "a": got a missing value ("NaN"), want a finite number`},
		{"a,b\n1e39,2\n", Options{}, `line 2, column "a": got "1e39", want a finite number`},
		{"a,b\n1,\n", Options{}, `line 2, column "b": got a missing value (""), want a target`},
		{"a,b\n1,2,3\n", Options{}, "line 2: got 3 fields, want 2"},
		{"a,b\n1\n", Options{}, "line 2: got 1 field, want 2"},
		{"a,b\n1,2\n", Options{Label: "class"}, `line 1: got columns "a", "b", want one called "class"`},
		{"a,b\n1,2\n", Options{Columns: []string{"z"}}, `line 1: got columns "a", "b", want one called "z"`},
		{"a,a,b\n1,2,3\n", Options{Columns: []string{"a"}}, `line 1, column "a": got two columns of this name, want one`},
		{"y\n1\n", Options{}, "line 1: got target columns only, want at least one feature column"},
		{"1,2\n3,4\n", Options{}, "line 1: got a header of numbers only, want column names, or the option NoHeader"},
		{"a,b\n1,\"2\n", Options{}, "line 2: got extraneous or missing \" in quoted-field at byte 6, want comma-separated fields"},
		{"a,b\n1,2\"3\n", Options{}, "line 2: got bare \" in non-quoted-field at byte 4, want comma-separated fields"},
		{
			"c0,c1,c2,c3,c4,c5,c6,c7,c8,c9\n", Options{Label: "y"},
			`line 1: got columns "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7" and 2 more, want one called "y"`,
		},
	} {
		_, err := ReadCSV[float32](strings.NewReader(c.in), c.options)
		var e *Error
		if !errors.As(err, &e) || e.Error() != c.want {
			t.Errorf("%q:\ngot  %v\nwant %v", c.in, err, c.want)
		}
	}
	cause := errors.New("disk on fire")
	if _, err := ReadCSV[float32](io.MultiReader(strings.NewReader("a,b\n1,2\n"), iotest.ErrReader(cause)), Options{}); !errors.Is(err, cause) {
		t.Errorf("error of the reader became %v", err)
	}
	if _, err := ReadCSV[float32](strings.NewReader("a,b\n1,2\n"), Options{Comma: '\n'}); err == nil {
		t.Error("a line feed as separator is no error")
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.csv")
	if _, err := ReadFile[float32](path, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	if err := os.WriteFile(path, []byte("a,b\n?,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := path + `: line 2, column "a": got a missing value ("?"), want a finite number`
	if _, err := ReadFile[float32](path, Options{}); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestSplit(t *testing.T) {
	in := "x,y\n0,a\n1,b\n2,a\n3,c\n4,a\n5,b\n"
	table, err := ReadCSV[float32](strings.NewReader(in), Options{})
	if err != nil {
		t.Fatal(err)
	}
	test, train := table.Split(func(i int) bool { return i%3 == 2 })
	if !slices.Equal(test.Features, []float32{2, 5}) || !slices.Equal(test.Labels, []int32{0, 1}) || test.Rows != 2 {
		t.Errorf("test rows: %+v", test)
	}
	if !slices.Equal(train.Features, []float32{0, 1, 3, 4}) || !slices.Equal(train.Labels, []int32{0, 1, 2, 0}) || train.Rows != 4 {
		t.Errorf("training rows: %+v", train)
	}
	if !slices.Equal(test.Classes, table.Classes) || test.Target != nil || !slices.Equal(test.Row(1), []float32{5}) {
		t.Errorf("test table: %+v", test)
	}
	all, none := table.Split(func(int) bool { return true })
	if d := cmp.Diff(table, all); d != "" || none.Rows != 0 {
		t.Errorf("split of all (-want +got):\n%s", d)
	}
}

// Whatever the bytes are, reading ends in a consistent table or in an error.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"", "a,b\n1,2\n", "a,b,c\n1,2,rose\n3,4,iris\n", "1;2\n3;4\n", "\ufeffx,y\r\n\"1\",\"a\"\"b\"\r\n", "a,b\n1e400,2\n", "a\n\"", ",\n,\n"} {
		f.Add(s, "", false)
		f.Add(s, "a", true)
	}
	f.Fuzz(func(t *testing.T, in, label string, noHeader bool) {
		table, err := ReadCSV[float32](strings.NewReader(in), Options{Label: label, NoHeader: noHeader})
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if table.Rows < 1 || len(table.Features) != table.Rows*len(table.Columns) {
			t.Fatalf("%d features in %d rows of %d", len(table.Features), table.Rows, len(table.Columns))
		}
		if table.Target == nil && table.Labels == nil {
			t.Error("neither a number nor a class as target")
		}
		if table.Target != nil && len(table.Target) != table.Rows {
			t.Errorf("%d targets for %d rows", len(table.Target), table.Rows)
		}
		if table.Labels != nil && len(table.Labels) != table.Rows {
			t.Errorf("%d labels for %d rows", len(table.Labels), table.Rows)
		}
		for _, l := range table.Labels {
			if l < 0 || int(l) >= len(table.Classes) {
				t.Errorf("label %d of %d classes", l, len(table.Classes))
			}
		}
		for _, v := range table.Features {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Errorf("feature %g", v)
			}
		}
	})
}
