package data

import (
	"bytes"
	"errors"
	"io"
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
			"several targets", "u,a,v\n1,2,3\n4,5,6\n", Options{Targets: []string{"v", "u"}},
			Table[float64]{Columns: []string{"a"}, Rows: 2, Features: []float64{2, 5}, Targets: []string{"v", "u"}, Target: []float64{3, 1, 6, 4}},
		},
		{
			"given classes", "a,b\n1,y\n2,NA\n", Options{Classes: []string{"z", "y", "NA"}},
			Table[float64]{Columns: []string{"a"}, Rows: 2, Features: []float64{1, 2}, Label: "b", Classes: []string{"z", "y", "NA"}, Labels: []int32{1, 2}},
		},
		{
			"given classes of numbers", "a,b\n1,7\n2,5\n", Options{Classes: []string{"5", "6", "7"}},
			Table[float64]{
				Columns: []string{"a"}, Rows: 2, Features: []float64{1, 2}, Label: "b",
				Target: []float64{7, 5}, Classes: []string{"5", "6", "7"}, Labels: []int32{2, 0},
			},
		},
		{
			"rows with missing values left out", "a,b,c\n?,1,x\n1,,x\n1,2,null\n3,4,y\nNaN,1,z\n", Options{DropMissing: true, Columns: []string{"a"}},
			Table[float64]{Columns: []string{"a"}, Rows: 2, Features: []float64{1, 3}, Label: "c", Classes: []string{"x", "y"}, Labels: []int32{0, 1}, Dropped: 3},
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
		{"a,b\n1,2\nx,2\n", Options{}, `line 3, column "a": got "x", want a finite number, or leave the column out by Options.Columns`},
		{"a,b\nrose,2\n", Options{NoHeader: true}, `line 1, column "1": got "a", want a finite number; is this line a header? then leave out Options.NoHeader`},
		{"1,2\na,b\n", Options{NoHeader: true}, `line 2, column "1": got "a", want a finite number, or leave the column out by Options.Columns`},
		{"a,1\n", Options{NoHeader: true}, `line 1, column "1": got "a", want a finite number, or leave the column out by Options.Columns`},
		{"a;b\n1;2\n", Options{}, `line 1: got one field, "a;b", want fields separated by ',', or Options.Comma: ';'`},
		{"a\tb\n1\t2\n", Options{}, `line 1: got one field, "a\tb", want fields separated by ',', or Options.Comma: '\t'`},
		{"1;2\n", Options{NoHeader: true}, `line 1: got one field, "1;2", want fields separated by ',', or Options.Comma: ';'`},

		{"a,b\n1,2\n\n,2\n", Options{}, `line 4, column "a": got a missing value (""), want a finite number`},
		{"a,b\nNaN,2\n", Options{}, `line 2, column "a": got a missing value ("NaN"), want a finite number`},
		{"a,b\n1e39,2\n", Options{}, `line 2, column "a": got "1e39", want a finite number`},
		{"a,b\n1,\n", Options{}, `line 2, column "b": got a missing value (""), want a target`},
		{"a,b\n1,Null\n", Options{}, `line 2, column "b": got a missing value ("Null"), want a target`},
		{"a,b\n1,x\n1,w\n", Options{Classes: []string{"x", "y"}}, `line 3, column "b": got class "w", want one of "x", "y"`},
		{"a,b\n1,2\n3,none\n", Options{Targets: []string{"b"}}, `line 3, column "b": got a missing value ("none"), want a finite number`},
		{"a,b\n1,2\n", Options{Targets: []string{"z"}}, `line 1: got columns "a", "b", want one called "z"`},
		{"a,b\n1,2\n", Options{Targets: []string{"a", "b"}}, `line 1: got target columns only, want at least one feature column`},
		{"a,b\n1,2\n", Options{Columns: []string{"b"}}, `line 1, column "b": got the target among the feature columns, want a column that is one of them`},
		{"a,b\n1e38,2\n", Options{Scale: 100}, `line 2, column "a": got 1e+38, times the scale 100, want a finite number`},
		{"a,b\n?,2\n1,-nan\n", Options{DropMissing: true}, `got 2 rows, each with a missing value, want at least one that is complete`},
		{"a,b\n1," + strings.Repeat("x", 100) + "\n", Options{NoLabel: true}, `line 2, column "b": got "` + strings.Repeat("x", 60) + `"..., want a finite number, or leave the column out by Options.Columns`},
		{"\x1f\x8b", Options{}, "gzip header at byte 0: got the end of the file, want a gzip file"},
		{string(packed([]byte("a,b\n1,2\n"))[:28]), Options{}, "line 3: got the end of the packed data, want a whole gzip file"},
		{"a,b\n1,2\n3,\"" + strings.Repeat("x\n", 3<<20), Options{}, "line 3: got a record of more than 4194304 bytes (is a quote left open?), want a shorter one"},
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
	for want, o := range map[string]Options{
		`option Classes: got "a" twice, want distinct names`:                      {Classes: []string{"a", "b", "a"}},
		`option Targets: got "a" twice, want distinct columns`:                    {Targets: []string{"a", "a"}},
		`options: got Targets beside Label, NoLabel or Classes, want one of them`: {Targets: []string{"a"}, Label: "b"},
		`options: got NoLabel beside Label or Classes, want one of them`:          {NoLabel: true, Label: "b"},
	} {
		if _, err := ReadCSV[float32](strings.NewReader("a,b\n1,2\n"), o); err == nil || err.Error() != want {
			t.Errorf("%+v: got %v, want %s", o, err, want)
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

// A line without end costs little memory, packed or not.
func TestHostileCSV(t *testing.T) {
	for name, in := range map[string]string{"line": "a,b\n" + strings.Repeat("1", 16<<20), "packed": string(packed([]byte("a,b\n" + strings.Repeat("1", 64<<20))))} {
		var err error
		if n := allocated(func() { _, err = ReadCSV[float32](strings.NewReader(in), Options{}) }); err == nil || n > 40<<20 {
			t.Errorf("%s: %d bytes allocated, error %v", name, n, err)
		}
	}
}

// A packed file is read like any other, whatever it is called.
func TestPackedCSV(t *testing.T) {
	plain, err := os.ReadFile(irisPath)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ReadCSV[float64](bytes.NewReader(plain), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadCSV[float64](bytes.NewReader(packed(plain)), Options{})
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-plain +packed):\n%s", err, d)
	}
	if !slices.Equal(want.Classes, []string{"setosa", "versicolor", "virginica"}) || want.Rows != 150 {
		t.Errorf("got %d rows of %q", want.Rows, want.Classes)
	}
}

// Whatever the bytes are, reading ends in a whole table or in an error, and a stream of them holds the same rows.
func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{
		"", "a,b\n1,2\n", "a,b,c\n1,2,rose\n3,4,iris\n", "1;2\n3;4\n", "\ufeffx,y\r\n\"1\",\"a\"\"b\"\r\n", "a,b\n1e400,2\n", "a\n\"", ",\n,\n",
		"a,b\n?,x\n1,NA\n2,y\n", "a,b\n1,01\n2,1\n3,1.5\n", string(packed([]byte("a,b\n1,2\n"))),
	} {
		f.Add(s, "", false, false)
		f.Add(s, "a", true, true)
	}
	path := filepath.Join(f.TempDir(), "x.csv")
	f.Fuzz(func(t *testing.T, in, label string, noHeader, drop bool) {
		o := Options{Label: label, NoHeader: noHeader, DropMissing: drop}
		var table *Table[float32]
		var err error
		if n, most := allocated(func() { table, err = ReadCSV[float32](strings.NewReader(in), o) }), uint64(2<<20+256*inflation*len(in)); n > most {
			t.Errorf("%d bytes allocated for %d", n, len(in))
		}
		if os.WriteFile(path, []byte(in), 0o600) != nil {
			t.Skip("no disk")
		}
		s, streamErr := OpenCSV[float32](path, o)
		if streamErr == nil != (err == nil) || err != nil && streamErr.Error() != path+": "+err.Error() {
			t.Fatalf("in memory: %v; as a stream: %v", err, streamErr)
		}
		if err != nil {
			return
		}
		if err := table.Check(); err != nil {
			t.Fatal(err)
		}
		if table.Rows < 1 || table.Target == nil && table.Labels == nil {
			t.Errorf("%d rows, and neither a number nor a class as target", table.Rows)
		}
		streamed, err := all(s)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(table, streamed); d != "" {
			t.Errorf("(-memory +stream):\n%s", d)
		}
		again, err := ReadCSV[float32](strings.NewReader(in), Options{Label: label, NoHeader: noHeader, DropMissing: drop, Classes: table.Classes})
		if d := cmp.Diff(table, again); err != nil || d != "" {
			t.Errorf("with its own classes: %v (-first +second):\n%s", err, d)
		}
	})
}
