package lane

import (
	"strings"
	"testing"
)

// TestParseFormula reads formulas that are wrong; the message says what is.
func TestParseFormula(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"return add(x, 1)", ""},
		{"k = round(x)  // an integer\nreturn fnma(k, 0x1p-3, x)", ""},
		{"return unbits(shl(bits(x), 3))", ""},
		{"return horner2(x, mul(x, x), 1, 2, 3)", ""},
		{"return where(lt(x, -inf), -0.0, nan)", ""},
		{"return add(x)", "add takes 2 arguments, not 1"},
		{"return add(x, z)", "z is not known"},
		{"return plus(x, 1)", "no primitive or formula plus"},
		{"return add(x, bits(x))", "bits has the wrong type"},
		{"return iadd(bits(x), 1.5)", "invalid syntax"},
		{"return x + 1", "names, numbers and calls only"},
		{"return add(x, -x)", "only numbers have signs"},
		{"y = add(x, 1)", "must have one result, on its last line"},
		{"return x\nreturn x", "must have one result, on its last line"},
		{"y = x\ny = x\nreturn y", "y is named twice"},
		{"x = 1\nreturn x", "x is named twice"},
		{"y\nreturn x", "neither name = value nor return value"},
		{"return horner(x, 1)", "horner has too few coefficients"},
		{"return add(x, ", "expected"},
	} {
		_, err := parseFormula(&Formula{Name: "f", Args: "x", Body: c.body}, nil)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.body, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: got %v, want %q", c.body, err, c.want)
		}
	}
}

// TestCall says no to what is not there, and to formulas that leave arguments out.
func TestCall(t *testing.T) {
	p := NewProgram(4)
	x := p.Load(0, Float)
	for _, c := range []struct {
		name string
		args []Value
		ok   bool
	}{{"exp", []Value{x}, true}, {"pow", []Value{x, x}, true}, {"pow", []Value{x}, false}, {"exq", []Value{x}, false}, {"sin", []Value{x}, true}} {
		if _, ok := p.Call(c.name, c.args...); ok != c.ok {
			t.Errorf("Call(%s) with %d arguments: %v, want %v", c.name, len(c.args), ok, c.ok)
		}
	}
	wide := NewProgram(8)
	if _, ok := wide.Call("exp", wide.Load(0, Float)); ok {
		t.Error("there is a formula on float64")
	}
}
