package nnrt

// Tests of histories: access, and that files give back what was written, to the bit.

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// sampleHistory has a column that came late, missing values and numbers that are hard to write.
func sampleHistory() *History {
	h := &History{Stopped: StopPatience, Best: Best{"val_loss", 0.1, 2, 40}}
	h.insert(0, "epoch")
	h.insert(1, "loss")
	tenth, nan := 0.1, math.NaN()
	h.add([]float64{1, tenth + 0.2}) // not a constant, which would be exact
	h.insert(2, "val_loss")
	h.insert(3, `a "strange", name`)
	h.add([]float64{2, 5e-324, math.MaxFloat64, math.Inf(-1)})
	h.add([]float64{3, math.Copysign(0, -1), nan, math.Inf(1)})
	return h
}

func sameFloats(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool {
		return math.Float64bits(x) == math.Float64bits(y) || math.IsNaN(x) && math.IsNaN(y)
	})
}

func TestHistoryAccess(t *testing.T) {
	h := sampleHistory()
	if h.Len() != 3 || !slices.Equal(h.Names(), []string{"epoch", "loss", "val_loss", `a "strange", name`}) {
		t.Errorf("%d rows of %q", h.Len(), h.Names())
	}
	nan := math.NaN()
	if got := h.Column("val_loss"); !sameFloats(got, []float64{nan, math.MaxFloat64, nan}) {
		t.Errorf("val_loss: %v", got)
	}
	h.Column("epoch")[0] = 99 // a copy
	if got := h.Column("epoch"); !sameFloats(got, []float64{1, 2, 3}) {
		t.Errorf("epoch: %v", got)
	}
	if got := h.Last("val_loss"); got != math.MaxFloat64 {
		t.Errorf("last val_loss: %v", got)
	}
	if !h.Has("val_loss") || h.Has("val_los") || new(History).Has("") {
		t.Error("Has does not tell the columns")
	}
	if h.Column("none") != nil || !math.IsNaN(h.Last("none")) || !math.IsNaN(new(History).Last("loss")) {
		t.Error("a column that is not there has values")
	}
}

func TestHistoryJSON(t *testing.T) {
	for _, h := range []*History{sampleHistory(), new(History)} {
		var b bytes.Buffer
		if err := h.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		got, err := ReadHistoryJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got.Stopped != h.Stopped || got.Best != h.Best || got.Len() != h.Len() || !slices.Equal(got.Names(), h.Names()) {
			t.Errorf("got %+v, want %+v", got, h)
		}
		for _, name := range h.Names() {
			if !sameFloats(got.Column(name), h.Column(name)) {
				t.Errorf("%s: got %v, want %v", name, got.Column(name), h.Column(name))
			}
		}
		var again bytes.Buffer
		if err := got.WriteJSON(&again); err != nil || again.String() != text {
			t.Errorf("written again: %v\ngot  %s\nwant %s", err, again.String(), text)
		}
	}
}

func TestHistoryCSV(t *testing.T) {
	var b bytes.Buffer
	if err := sampleHistory().WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	want := `epoch,loss,val_loss,"a ""strange"", name"
1,0.30000000000000004,,
2,5e-324,1.7976931348623157e+308,-Inf
3,-0,,+Inf
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// brokenWriter fails after some bytes.
type brokenWriter struct{ left int }

var errNoSpace = errors.New("no space left")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errNoSpace
	}
	w.left -= len(p)
	return len(p), nil
}

func TestHistoryWriteErrors(t *testing.T) {
	h := sampleHistory()
	if err := h.WriteCSV(&brokenWriter{10}); !errors.Is(err, errNoSpace) {
		t.Errorf("CSV: %v", err)
	}
	if err := h.WriteJSON(&brokenWriter{10}); !errors.Is(err, errNoSpace) {
		t.Errorf("JSON: %v", err)
	}
}

func TestReadHistoryErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                    "history: offset 0: EOF",
		`[]`:                                  "cannot unmarshal array",
		`{"version":1,"columns":{}} 1`:        "got more text, want the end",
		`{"version":2,"columns":{}}`:          "got version 2, want 1",
		`{"columns":{}}`:                      "got version 0, want 1",
		`{"version":1}`:                       `columns: got "", want an object of arrays`,
		`{"version":1,"columns":[1]}`:         `columns: got "[1]", want an object of arrays`,
		`{"version":1,"columns":{},"more":1}`: `unknown field "more"`,
		`{"version":1,"columns":{"a":[1],"b":[1,2]}}`: `column "b": got 2 values, want 1 as in column "a"`,
		`{"version":1,"columns":{"a":[1],"a":[1]}}`:   `column "a" is there twice`,
		`{"version":1,"columns":{"a":["1"]}}`:         `column "a": got "1", want a number, null, "+Inf" or "-Inf"`,
		`{"version":1,"columns":{"a":[1e999]}}`:       `column "a": got 1e999, want a number`,
		`{"version":1,"columns":{"a":3}}`:             `column "a": json: cannot unmarshal number`,
	} {
		if _, err := ReadHistoryJSON(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func FuzzReadHistoryJSON(f *testing.F) {
	var b bytes.Buffer
	if err := sampleHistory().WriteJSON(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"version":1,"columns":{"a":[null,"+Inf",-0]}}`))
	f.Add([]byte(`{"version":1,"columns":{"a":[[[[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := ReadHistoryJSON(bytes.NewReader(text))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := h.WriteJSON(&once); err != nil {
			t.Fatal(err)
		}
		again, err := ReadHistoryJSON(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, once.Bytes())
		}
		if err := again.WriteJSON(&twice); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("%v\n%s\n%s", err, once.Bytes(), twice.Bytes())
		}
		if err := h.WriteCSV(new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
	})
}
