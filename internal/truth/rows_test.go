package truth

// This file answers: how are the rows of reference results read?

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nngen/internal/truth/driver"
)

// folder is where the rows lie: NNGEN_TRUTH names another folder of the same format.
func folder() string {
	if dir := os.Getenv("NNGEN_TRUTH"); dir != "" {
		return dir
	}
	return "testdata"
}

// A row is one JSON object: members by name, decoded when asked for. It remembers which members were asked for, because a
// member that nobody reads is a setting that would be ignored.
type row struct {
	key    string // "functions/gelu[24]": file, name, index; the name of the subtest
	name   string // of the function, loss, layer, optimizer or workload
	member map[string]json.RawMessage
	read   map[string]bool
}

// readRows reads a file of rows; naming is the member that names a row. A folder without the file is an error: nothing
// would be compared.
func readRows(t *testing.T, file, naming string) []*row {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder(), file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var members []map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatalf("%s.json: %v", file, err)
	}
	if len(members) == 0 {
		t.Fatalf("%s.json has no rows", file)
	}
	rows := make([]*row, len(members))
	for i, m := range members {
		r := &row{member: m, read: map[string]bool{}}
		r.name = r.text(naming)
		r.key = fmt.Sprintf("%s/%s[%d]", file, r.name, i)
		rows[i] = r
	}
	return rows
}

// badRow is what the accessors below panic with when a row is not of the expected form; buildCase recovers it.
type badRow struct{ error }

func (r *row) fail(format string, args ...any) {
	panic(badRow{fmt.Errorf(r.key+": "+format, args...)})
}

// has reports whether a member is present and not null.
func (r *row) has(member string) bool {
	raw, ok := r.member[member]
	if ok && string(bytes.TrimSpace(raw)) == "null" {
		r.read[member] = true
		return false
	}
	return ok
}

// decode reads a member into v.
func (r *row) decode(member string, v any) {
	raw, ok := r.member[member]
	if !ok {
		r.fail("no member %q", member)
	}
	r.read[member] = true
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		r.fail("member %q: %v", member, err)
	}
}

func (r *row) text(member string) (s string)      { r.decode(member, &s); return s }
func (r *row) number(member string) (v float64)   { r.decode(member, &v); return v }
func (r *row) floats(member string) (v []float64) { r.decode(member, &v); return v }
func (r *row) tensor(member string) (a tensor)    { r.decode(member, &a); return a }

// settings reads an object of settings; a missing one is empty.
func (r *row) settings(member string) (s settings) {
	if r.has(member) {
		r.decode(member, &s)
	}
	return s
}

// rest returns the members that nothing has read, as settings. Notes are for people.
func (r *row) rest() settings {
	r.read["note"] = true
	s := settings{}
	for name := range r.member {
		if !r.read[name] && r.has(name) {
			var v any
			r.decode(name, &v)
			s[name] = v
		}
	}
	return s
}

// settings are named values of a row: numbers (json.Number), booleans, texts, lists.
type settings map[string]any

// names returns the names in order.
func (s settings) names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// args writes settings as arguments of a call in the language: ", beta: 1, log_input: true". Names are translated by
// rename; a setting that rename maps to "" is left to the caller.
func (s settings) args(rename map[string]string) (string, error) {
	var b strings.Builder
	for _, name := range s.names() {
		arg := name
		if to, ok := rename[name]; ok {
			arg = to
		}
		if arg == "" {
			continue
		}
		text, err := literal(s[name])
		if err != nil {
			return "", fmt.Errorf("setting %s: %w", name, err)
		}
		fmt.Fprintf(&b, ", %s: %s", arg, text)
	}
	return b.String(), nil
}

// literal writes a JSON value in the language.
func literal(v any) (string, error) {
	switch v := v.(type) {
	case json.Number:
		return v.String(), nil
	case bool:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("no literal for %v", v)
}

// A tensor is an array of a row. A bare number or list of numbers is one, too.
type tensor struct {
	Shape []int
	Data  []float64
	Int   bool
}

// UnmarshalJSON reads {"shape": [...], "data": [...], "dtype": "int"}, a number, or a list of numbers.
func (a *tensor) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '{':
		var raw struct {
			Shape []int
			Data  []json.RawMessage
			DType string
		}
		if err := json.Unmarshal(data, &raw); err != nil {
			return err
		}
		a.Shape, a.Int = raw.Shape, raw.DType == "int"
		for _, v := range raw.Data {
			switch s := string(v); s {
			case "true":
				a.Data = append(a.Data, 1)
			case "false":
				a.Data = append(a.Data, 0)
			default:
				var x float64
				if err := json.Unmarshal(v, &x); err != nil {
					return err
				}
				a.Data = append(a.Data, x)
			}
		}
		if size(a.Shape) != len(a.Data) {
			return fmt.Errorf("shape %v has %d elements, the data %d", a.Shape, size(a.Shape), len(a.Data))
		}
		return nil
	case '[':
		if err := json.Unmarshal(data, &a.Data); err != nil {
			return err
		}
		a.Shape = []int{len(a.Data)}
		return nil
	}
	a.Data = make([]float64, 1)
	return json.Unmarshal(data, &a.Data[0])
}

// values is the tensor as a field of a batch.
func (a tensor) values() driver.Values {
	if !a.Int {
		return driver.Values{Float: a.Data}
	}
	v := make([]int32, len(a.Data))
	for i, x := range a.Data {
		v[i] = int32(x)
	}
	return driver.Values{Int: v}
}

// batched writes the tensor's type with its first axis as the batch: "[batch, 4]int".
func (a tensor) batched() string {
	if len(a.Shape) == 0 {
		return "float"
	}
	return "[" + strings.Join(append([]string{"batch"}, dims(a.Shape[1:])...), ", ") + "]" + a.dtype()
}

func (a tensor) dtype() string {
	if a.Int {
		return "int"
	}
	return ""
}

func dims(shape []int) []string {
	out := make([]string, len(shape))
	for i, d := range shape {
		out[i] = fmt.Sprint(d)
	}
	return out
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// transposed swaps the axes of a matrix: weights are [out, in] in PyTorch and [in, out] here. rows and cols are those of
// the argument.
func transposed(m []float64, rows, cols int) []float64 {
	out := make([]float64, len(m))
	for i := range rows {
		for j := range cols {
			out[j*rows+i] = m[i*cols+j]
		}
	}
	return out
}

// largest is the largest magnitude in all of the values.
func largest(values ...[]float64) float64 {
	top := 0.0
	for _, vs := range values {
		for _, v := range vs {
			top = max(top, math.Abs(v))
		}
	}
	return top
}
