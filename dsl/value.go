// What can an expression be worth while a model is elaborated?
package dsl

import (
	"go/constant"
	"go/token"
	"math"
	"strconv"
	"strings"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

// A value is what an expression is worth. All but tensorVal are known at generate time.
type value interface {
	// kind says in words what the value is, for messages: "a number", "a [batch, 64] tensor".
	kind() string
}

type (
	// numVal is an exact number: c has kind Int or Float. c is nil for an infinity or NaN, which f holds.
	numVal struct {
		c constant.Value
		f float64
	}

	// dimVal is a size known at run time only; constant sizes are numVals.
	dimVal struct{ d symbolic.Dim }

	boolVal bool
	strVal  string

	// listVal is `[a, b]`; a list of sizes is a shape.
	listVal []value

	// tensorVal is a tensor or run-time scalar.
	tensorVal struct{ n *symbolic.Node }

	// tupleVal is what a call with several results gives; it only appears at the right of := and =.
	tupleVal []value

	// funcVal is something that can be called, with some arguments perhaps bound already.
	funcVal struct {
		fn  callee
		pre map[int]argument // arguments bound by a partial application, by index of parameter
	}

	// moduleVal is an imported file.
	moduleVal struct{ file *file }

	// noneVal is the value of `none`: an optional argument that was not given.
	noneVal struct{}

	// newAxis is the value of `new` in an index.
	newAxis struct{}

	// poison follows an error; whatever it meets becomes poison without another word.
	poison struct{}
)

func (v numVal) kind() string {
	if v.isInt() {
		return "the int " + v.String()
	}
	return "the number " + v.String()
}
func (v dimVal) kind() string  { return "the run-time size " + v.d.String() }
func (v boolVal) kind() string { return "the bool " + strconv.FormatBool(bool(v)) }
func (v strVal) kind() string  { return "the string " + strconv.Quote(string(v)) }
func (v listVal) kind() string { return "the list " + v.String() }
func (v tensorVal) kind() string {
	return "a " + tensorText(v.n) + " tensor"
}
func (v tupleVal) kind() string { return strconv.Itoa(len(v)) + " results" }
func (v funcVal) kind() string  { return "the " + v.fn.noun() + " " + v.fn.calleeName() }
func (v moduleVal) kind() string {
	return "the file " + v.file.name
}
func (noneVal) kind() string { return "none" }
func (newAxis) kind() string { return "new" }
func (poison) kind() string  { return "an error" }

func isPoison(vs ...value) bool {
	for _, v := range vs {
		if _, bad := v.(poison); bad {
			return true
		}
	}
	return false
}

// ---- numbers ----

func intNum(n int) numVal { return numVal{c: constant.MakeInt64(int64(n))} }

func floatNum(f float64) numVal {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return numVal{f: f}
	}
	return numVal{c: constant.ToFloat(constant.MakeFloat64(f))}
}

func (v numVal) isInt() bool { return v.c != nil && v.c.Kind() == constant.Int }

// float64 returns the nearest float64.
func (v numVal) float64() float64 {
	if v.c == nil {
		return v.f
	}
	f, _ := constant.Float64Val(v.c)
	return f
}

// round returns the value rounded once to dt.
func (v numVal) round(dt symbolic.DType) float64 {
	if v.c != nil && dt == symbolic.F32 {
		f, _ := constant.Float32Val(v.c)
		return float64(f)
	}
	return dt.Round(v.float64())
}

// int returns the value of an int that fits a size.
func (v numVal) int() (int, bool) {
	if !v.isInt() {
		return 0, false
	}
	n, exact := constant.Int64Val(v.c)
	if !exact || n > maxSize || n < -maxSize {
		return 0, false
	}
	return int(n), true
}

// maxSize bounds every static size, so that products of a few of them do not overflow.
const maxSize = 1 << 31

func (v numVal) is(n int) bool {
	m, ok := v.int()
	return ok && m == n || v.c != nil && !v.isInt() && v.float64() == float64(n)
}

// toFloat returns the number as a float: 1 becomes 1.0, for which / is not integer division.
func (v numVal) toFloat() numVal {
	if v.isInt() {
		return numVal{c: constant.ToFloat(v.c)}
	}
	return v
}

func (v numVal) String() string {
	if v.isInt() {
		return v.c.ExactString()
	}
	return strconv.FormatFloat(v.float64(), 'g', -1, 64)
}

// ---- sizes and shapes ----

// sizeValue returns d as a value: an int where it is constant.
func sizeValue(d symbolic.Dim) value {
	if n, ok := d.Const(); ok {
		return intNum(n)
	}
	return dimVal{d}
}

// asDim returns the size that v is.
func asDim(v value) (symbolic.Dim, bool) {
	switch v := v.(type) {
	case numVal:
		if n, ok := v.int(); ok {
			return symbolic.Int(n), true
		}
	case dimVal:
		return v.d, true
	}
	return symbolic.Dim{}, false
}

func shapeValue(shape []symbolic.Dim) listVal {
	out := make(listVal, len(shape))
	for i, d := range shape {
		out[i] = sizeValue(d)
	}
	return out
}

// asShape returns the shape that v is: a list of sizes.
func asShape(v value) ([]symbolic.Dim, bool) {
	list, ok := v.(listVal)
	if !ok {
		return nil, false
	}
	shape := make([]symbolic.Dim, len(list))
	for i, x := range list {
		if shape[i], ok = asDim(x); !ok {
			return nil, false
		}
	}
	return shape, true
}

func (v listVal) String() string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = valueText(x)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// valueText writes a static value as the language does.
func valueText(v value) string {
	switch v := v.(type) {
	case numVal:
		return v.String()
	case dimVal:
		return v.d.String()
	case boolVal:
		return strconv.FormatBool(bool(v))
	case strVal:
		return strconv.Quote(string(v))
	case listVal:
		return v.String()
	case tensorVal:
		return tensorText(v.n)
	case funcVal:
		return v.String()
	}
	return v.kind()
}

// String writes a function with the arguments bound to it: normal(std: 0.02).
func (v funcVal) String() string {
	var args []string
	for i, p := range v.fn.signature().params {
		if a, bound := v.pre[i]; bound {
			args = append(args, p.name+": "+valueText(a.v))
		}
	}
	if l, ok := v.fn.(*lambda); ok && len(args) == 0 {
		return l.text
	}
	if len(args) == 0 {
		return v.fn.calleeName()
	}
	return v.fn.calleeName() + "(" + strings.Join(args, ", ") + ")"
}

// tensorText writes a tensor's type as the language does: [batch, 64], [batch]int, float.
func tensorText(n *symbolic.Node) string { return typeText(n.Shape, n.DType) }

func typeText(shape []symbolic.Dim, dt symbolic.DType) string {
	if len(shape) == 0 {
		return dtypeWord(dt)
	}
	text := symbolic.ShapeString(shape)
	if !dt.Float() {
		text += dtypeWord(dt)
	}
	return text
}

// dtypeWord is the language's word for an element type.
func dtypeWord(dt symbolic.DType) string {
	switch dt {
	case symbolic.I32:
		return "int"
	case symbolic.Bool:
		return "bool"
	case symbolic.U8:
		return "uint8"
	}
	return "float"
}

// ---- functions ----

// A callee is what a funcVal calls.
type callee interface {
	calleeName() string
	noun() string // "func", "layer", "lambda"
	signature() *signature
}

// A signature names the parameters of a callee.
type signature struct {
	params   []param
	variadic bool // the first parameter takes any number of positional arguments
}

// A param is one parameter as calls see it.
type param struct {
	name     string
	class    paramClass
	optional bool
	field    *syntax.Field // nil for built-in functions and lambdas
}

// paramClass says what a parameter takes, as far as the form of its argument depends on it.
type paramClass uint8

const (
	anyParam    paramClass = iota
	tensorParam            // `x [...s]`
	shapeParam             // `s shape`
	funcParam              // `act func`
)

// leading returns the number of parameters that a partial application leaves open: tensors and shapes in front.
func (s *signature) leading() int {
	n := 0
	for n < len(s.params) && (s.params[n].class == tensorParam || s.params[n].class == shapeParam) {
		n++
	}
	return n
}

// An argument is a value with the place it was written at.
type argument struct {
	v        value
	pos, end token.Pos
	expr     syntax.Expr // nil for defaults and implicit arguments
}

func (a argument) Pos() token.Pos { return a.pos }
func (a argument) End() token.Pos { return a.end }

// A spanned thing has a place in the source.
type spanned interface {
	Pos() token.Pos
	End() token.Pos
}
