// How does a number or an element become a Go expression? Sizes, literals and the op table's spelling with parentheses and explicit
// rounding.
package codegen

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// runtimePath is the import path of the package that generated code calls, and runtimeName its name there.
const (
	runtimePath = "nngen/runtime"
	runtimeName = "nnrt"
)

// goTypes maps element types to Go's.
var goTypes = map[symbolic.DType]string{
	symbolic.F32: "float32", symbolic.F64: "float64", symbolic.I32: "int32", symbolic.Bool: "bool", symbolic.U8: "uint8",
}

// raw is Go text as a jennifer statement.
func raw(format string, args ...any) *jen.Statement {
	if len(args) == 0 {
		return jen.Op(format)
	}
	return jen.Op(fmt.Sprintf(format, args...))
}

// sizeExpr returns a size as a Go expression; sym says how a run-time size is called.
func sizeExpr(d symbolic.Dim, sym func(*symbolic.Sym) string) string {
	ts := d.Terms()
	if len(ts) == 0 {
		return "0"
	}
	var b strings.Builder
	for i, t := range ts {
		c := t.Coef
		switch {
		case c < 0:
			b.WriteString("-")
			c = -c
		case i > 0:
			b.WriteString("+")
		}
		var fs []string
		for _, f := range t.Factors {
			if f.Sym != nil {
				fs = append(fs, sym(f.Sym))
			} else {
				fs = append(fs, fmt.Sprintf("nnrt.FloorDiv(%s, %d)", sizeExpr(f.Of, sym), f.By))
			}
		}
		if c != 1 || len(fs) == 0 {
			fs = append(fs, strconv.Itoa(c))
		}
		b.WriteString(strings.Join(fs, "*"))
	}
	return b.String()
}

// factor wraps a sum in parentheses so that it can be multiplied.
func factor(e string) string {
	if strings.ContainsAny(e, "+-") {
		return "(" + e + ")"
	}
	return e
}

// times multiplies two size expressions.
func times(a, b string) string {
	switch {
	case a == "1":
		return b
	case b == "1":
		return a
	case a == "0" || b == "0":
		return "0"
	}
	return factor(a) + "*" + factor(b)
}

// plus adds two size expressions.
func plus(a, b string) string {
	switch {
	case a == "0":
		return b
	case b == "0":
		return a
	}
	return a + "+" + b
}

// literal returns a constant of type t. Go's own spelling loses the sign of zero and knows no infinity.
func literal(v float64, t symbolic.DType) string {
	typ := goTypes[t]
	switch {
	case t == symbolic.Bool:
		return strconv.FormatBool(v != 0)
	case !t.Float():
		return strconv.FormatInt(int64(v), 10)
	case math.IsNaN(v):
		return "nnrt.NaN[" + typ + "]()"
	case math.IsInf(v, 0):
		return fmt.Sprintf("nnrt.Inf[%s](%d)", typ, int(math.Copysign(1, v)))
	case v == 0 && math.Signbit(v):
		return "nnrt.NegZero[" + typ + "]()"
	}
	bits := 64
	if t == symbolic.F32 {
		bits = 32
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

// atom reports whether a Go expression binds tighter than any operator.
func atom(e string) bool {
	depth := 0
	for i, r := range e {
		switch {
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			depth--
		case depth == 0 && strings.ContainsRune(" +*/<>=!&|", r), depth == 0 && r == '-' && i >= 0 && !strings.ContainsAny(e[:i], "e"):
			return false
		}
	}
	return true
}

func parens(e string) string {
	if atom(e) {
		return e
	}
	return "(" + e + ")"
}

// apply spells an elementwise operation over its arguments' expressions. Products are rounded explicitly, so that no architecture
// fuses them into an addition on its own.
func apply(n *symbolic.Node, args []string) string {
	if n.Op == symbolic.OpCast {
		return castExpr(n.Args[0].DType, n.DType, args[0])
	}
	in := make([]any, len(args))
	for i, a := range args {
		in[i] = a
		if infixed(n.Info().Go) {
			in[i] = parens(a)
		}
	}
	// Constants alone would be integers to Go.
	if infixed(n.Info().Go) && constants(n) && n.Args[0].DType.Float() {
		in[0] = goTypes[n.Args[0].DType] + "(" + args[0] + ")"
	}
	// A constant argument alone does not tell a generic function its type.
	if strings.HasPrefix(n.Info().Go, "nnrt.") {
		for i, a := range n.Args {
			if strings.Trim(args[i], "0123456789.e+-()") == "" && a.DType.Float() {
				in[i] = goTypes[a.DType] + "(" + args[i] + ")"
			}
		}
	}
	e := fmt.Sprintf(n.Info().Go, in...)
	if n.DType.Float() && strings.Contains(n.Info().Go, "*") {
		return goTypes[n.DType] + "(" + e + ")"
	}
	return e
}

// constants reports whether all arguments of n are constants.
func constants(n *symbolic.Node) bool {
	for _, a := range n.Args {
		for a.Op == symbolic.OpBroadcast {
			a = a.Args[0]
		}
		if _, ok := a.ConstValue(); !ok {
			return false
		}
	}
	return true
}

// infixed reports whether a spelling joins its arguments by operators, not by commas in a call.
func infixed(spelling string) bool {
	i := strings.IndexByte(spelling, '(')
	return i < 0 || strings.Contains(spelling[:i], "%")
}

// castExpr converts between element types; bool to number is a statement, see needsStatement.
func castExpr(from, to symbolic.DType, x string) string {
	switch {
	case from == to:
		return x
	case to == symbolic.Bool:
		return parens(x) + " != 0"
	case from.Float() && to == symbolic.I32:
		return fmt.Sprintf("nnrt.Int32(%s(%s))", goTypes[from], x)
	}
	return goTypes[to] + "(" + x + ")"
}

// needsStatement reports whether n is spelled with an if.
func needsStatement(n *symbolic.Node) bool {
	return n.Op == symbolic.OpWhere || n.Op == symbolic.OpCast && n.Args[0].DType == symbolic.Bool && n.DType != symbolic.Bool
}

// statement writes the if that computes n into a new variable.
func statement(n *symbolic.Node, name string, args []string) []jen.Code {
	typ := goTypes[n.DType]
	if n.Op == symbolic.OpWhere {
		return []jen.Code{
			raw("%s := %s(%s)", name, typ, args[2]),
			jen.If(raw("%s", args[0])).Block(raw("%s = %s", name, args[1])),
		}
	}
	return []jen.Code{
		raw("%s := %s(0)", name, typ),
		jen.If(raw("%s", args[0])).Block(raw("%s = 1", name)),
	}
}
