// What do operators do to values known at generate time? Numbers are exact; sizes are polynomials.
package dsl

import (
	"fmt"
	"go/constant"
	"go/token"
	"math"
	"strings"

	"nngen/dsl/syntax"
	"nngen/symbolic"
)

var (
	piValue  = numVal{c: constant.MakeFromLiteral("3.14159265358979323846264338327950288419716939937510582097494459", token.FLOAT, 0)}
	infValue = floatNum(math.Inf(1))
)

// A problem is why a static operation has no value: a code and a message without a place.
type problem struct{ code, message string }

func problemf(code, format string, args ...any) *problem {
	return &problem{code, fmt.Sprintf(format, args...)}
}

// number reads a literal.
func number(text string) (numVal, *problem) {
	if f := strings.ReplaceAll(text, "_", ""); strings.ContainsAny(f, ".eEpP") && !strings.HasPrefix(strings.ToLower(f), "0x") {
		v := constant.Value(nil)
		if at := strings.IndexAny(f, "eE"); at < 0 || len(f)-at < 8 {
			v = constant.MakeFromLiteral(f, token.FLOAT, 0)
		}
		if v == nil || v.Kind() == constant.Unknown {
			return numVal{}, problemf(badLiteral, "the number %s cannot be read", text)
		}
		n := numVal{c: constant.ToFloat(v)}
		if math.IsInf(n.float64(), 0) {
			return numVal{}, problemf(badLiteral, "the number %s is too large for a float64", text)
		}
		return n, nil
	}
	digits := strings.ReplaceAll(text, "_", "")
	if len(digits) > 1 && strings.Trim(digits, "0123456789") == "" {
		if digits = strings.TrimLeft(digits, "0"); digits == "" {
			digits = "0"
		}
	}
	v := constant.MakeFromLiteral(digits, token.INT, 0)
	if v.Kind() == constant.Unknown {
		return numVal{}, problemf(badLiteral, "the number %s cannot be read", text)
	}
	return numVal{c: v}, nil
}

// maxBits bounds exact ints, so that elaboration cannot be made to compute huge powers.
const maxBits = 512

// checked returns v unless it has grown beyond reason.
func checked(v constant.Value) (value, *problem) {
	if v.Kind() == constant.Int && constant.BitLen(v) > maxBits {
		return nil, problemf(badArithmetic, "the result has more than %d bits", maxBits)
	}
	if v.Kind() == constant.Float {
		// Long chains of exact rationals would grow without end; 400 bits are beyond any float64.
		if f, exact := constant.Float64Val(v); exact || math.IsInf(f, 0) {
			return floatNum(f), nil
		} else if r := constant.Num(v); r.Kind() == constant.Int && constant.BitLen(r) > 400 {
			return floatNum(f), nil
		}
	}
	return numVal{c: v}, nil
}

// staticBinary returns x op y for two values known at generate time.
func staticBinary(op syntax.Token, x, y value) (value, *problem) {
	if v, done := equality(op, x, y); done {
		return v, nil
	}
	switch a := x.(type) {
	case numVal:
		switch b := y.(type) {
		case numVal:
			return numBinary(op, a, b)
		case dimVal:
			return sizeBinary(op, x, y)
		}
	case dimVal:
		switch y.(type) {
		case numVal, dimVal:
			return sizeBinary(op, x, y)
		}
	case boolVal:
		if b, ok := y.(boolVal); ok {
			switch op {
			case syntax.And:
				return a && b, nil
			case syntax.Or:
				return a || b, nil
			}
		}
	case listVal:
		if b, ok := y.(listVal); ok && op == syntax.Add {
			if len(a)+len(b) > maxList {
				return nil, problemf(tooMuchWork, "a list of %d elements, at most %d are possible", len(a)+len(b), maxList)
			}
			return append(append(listVal(nil), a...), b...), nil
		}
	}
	return nil, problemf(wrongKind, "%s is not defined for %s and %s", spelling(op), x.kind(), y.kind())
}

// equality decides == and != of values other than numbers and sizes.
func equality(op syntax.Token, x, y value) (value, bool) {
	if op != syntax.Eq && op != syntax.Ne {
		return nil, false
	}
	equal := false
	switch a := x.(type) {
	case noneVal:
		_, equal = y.(noneVal)
	case boolVal:
		b, ok := y.(boolVal)
		if _, none := y.(noneVal); !ok && !none {
			return nil, false
		}
		equal = ok && a == b
	case strVal:
		b, ok := y.(strVal)
		if _, none := y.(noneVal); !ok && !none {
			return nil, false
		}
		equal = ok && a == b
	case listVal:
		b, ok := y.(listVal)
		if _, none := y.(noneVal); !ok && !none {
			return nil, false
		}
		equal = ok && a.String() == b.String()
	default:
		if _, none := y.(noneVal); !none {
			return nil, false
		}
	}
	return boolVal(equal == (op == syntax.Eq)), true
}

// goOps maps operators to those of go/constant.
var goOps = map[syntax.Token]token.Token{
	syntax.Add: token.ADD, syntax.Sub: token.SUB, syntax.Mul: token.MUL, syntax.Div: token.QUO,
	syntax.Lt: token.LSS, syntax.Le: token.LEQ, syntax.Gt: token.GTR, syntax.Ge: token.GEQ,
	syntax.Eq: token.EQL, syntax.Ne: token.NEQ,
}

func isComparison(op syntax.Token) bool {
	switch op {
	case syntax.Lt, syntax.Le, syntax.Gt, syntax.Ge, syntax.Eq, syntax.Ne:
		return true
	}
	return false
}

func numBinary(op syntax.Token, a, b numVal) (value, *problem) {
	if a.c == nil || b.c == nil || op == syntax.Pow && !(a.isInt() && b.isInt()) {
		return floatBinary(op, a, b)
	}
	ints := a.isInt() && b.isInt()
	switch op {
	case syntax.Add, syntax.Sub, syntax.Mul:
		return checked(constant.BinaryOp(a.c, goOps[op], b.c))
	case syntax.Div:
		switch {
		case constant.Sign(b.c) == 0:
			return nil, problemf(badArithmetic, "division of %s by zero", a)
		case !ints:
			return checked(constant.ToFloat(constant.BinaryOp(a.c, token.QUO, b.c)))
		}
		if r := constant.BinaryOp(a.c, token.REM, b.c); constant.Sign(r) != 0 {
			return nil, problemf(badArithmetic, "%s / %s is not an int: write floor_div(%[1]s, %[2]s), or %[1]s.0 / %[2]s for the float", a, b)
		}
		return checked(constant.BinaryOp(a.c, token.QUO_ASSIGN, b.c))
	case syntax.Mod:
		if !ints {
			return nil, problemf(wrongKind, "%% is not defined for %s and %s: both must be ints", a.kind(), b.kind())
		}
		if constant.Sign(b.c) == 0 {
			return nil, problemf(badArithmetic, "%s %% 0", a)
		}
		return numVal{c: constant.BinaryOp(a.c, token.REM, b.c)}, nil
	case syntax.Pow:
		return intPower(a, b)
	}
	if isComparison(op) {
		return boolVal(constant.Compare(a.c, goOps[op], b.c)), nil
	}
	return nil, problemf(wrongKind, "%s is not defined for %s and %s", spelling(op), a.kind(), b.kind())
}

// intPower returns a^b for ints: an int, or a float where b is negative.
func intPower(a, b numVal) (value, *problem) {
	n, ok := b.int()
	if !ok || n < 0 {
		return floatBinary(syntax.Pow, a, b)
	}
	if bits := constant.BitLen(a.c); bits > 1 && n > maxBits/(bits-1) {
		return nil, problemf(badArithmetic, "%s^%s has more than %d bits", a, b, maxBits)
	}
	if constant.BitLen(a.c) <= 1 { // 0, 1, -1
		n = min(n, 2+n%2)
	}
	p := constant.MakeInt64(1)
	for range n {
		p = constant.BinaryOp(p, token.MUL, a.c)
	}
	return checked(p)
}

// floatBinary computes in float64 what has no exact result.
func floatBinary(op syntax.Token, a, b numVal) (value, *problem) {
	x, y := a.float64(), b.float64()
	switch op {
	case syntax.Add:
		return floatNum(x + y), nil
	case syntax.Sub:
		return floatNum(x - y), nil
	case syntax.Mul:
		return floatNum(x * y), nil
	case syntax.Div:
		return floatNum(x / y), nil
	case syntax.Pow:
		p := math.Pow(x, y)
		if math.IsNaN(p) || math.IsInf(p, 0) {
			return nil, problemf(badArithmetic, "%s^%s is %v", a, b, p)
		}
		return floatNum(p), nil
	case syntax.Lt:
		return boolVal(x < y), nil
	case syntax.Le:
		return boolVal(x <= y), nil
	case syntax.Gt:
		return boolVal(x > y), nil
	case syntax.Ge:
		return boolVal(x >= y), nil
	case syntax.Eq:
		return boolVal(x == y), nil
	case syntax.Ne:
		return boolVal(x != y), nil
	}
	return nil, problemf(wrongKind, "%s is not defined for %s and %s", spelling(op), a.kind(), b.kind())
}

// sizeBinary computes with sizes of which at least one is known at run time only.
func sizeBinary(op syntax.Token, x, y value) (value, *problem) {
	a, okA := asDim(x)
	b, okB := asDim(y)
	if !okA || !okB {
		return nil, problemf(wrongKind, "%s is not defined for %s and %s: a run-time size meets ints only; float(n) makes it a number",
			spelling(op), x.kind(), y.kind())
	}
	switch op {
	case syntax.Add:
		return checkedSize(a.Add(b))
	case syntax.Sub:
		return checkedSize(a.Sub(b))
	case syntax.Mul:
		return checkedSize(a.Mul(b))
	case syntax.Div:
		if q, ok := a.Div(b); ok {
			return sizeValue(q), nil
		}
		return nil, problemf(badArithmetic, "%s / %s is not provably an int: write floor_div(%[1]s, %[2]s)", a, b)
	case syntax.Mod:
		if _, ok := a.Div(b); ok {
			return intNum(0), nil
		}
		return nil, problemf(notStatic, "%s %% %s is not known at generate time", a, b)
	}
	if isComparison(op) {
		if v, known := compareSizes(op, a, b); known {
			return boolVal(v), nil
		}
		return nil, problemf(notStatic, "%s %s %s is not known at generate time", a, spelling(op), b)
	}
	return nil, problemf(wrongKind, "%s is not defined for %s and %s", spelling(op), x.kind(), y.kind())
}

// Limits on what elaboration may build, far above what models need and far below what would hang the compiler.
const (
	maxList  = 1024 // elements of a list
	maxTerms = 32   // of a size
	maxPower = 8    // factors of a term of a size
	maxRank  = 32   // axes of a tensor
	maxNodes = 1_000_000
)

// checkedSize returns d unless it has grown beyond reason.
func checkedSize(d symbolic.Dim) (value, *problem) {
	terms := d.Terms()
	for _, t := range terms {
		if len(terms) > maxTerms || len(t.Factors) > maxPower || t.Coef > maxSize || t.Coef < -maxSize {
			return nil, problemf(badSize, "a size of %d terms is too complicated", len(terms))
		}
	}
	return sizeValue(d), nil
}

// compareSizes decides a comparison that the bounds of a - b decide.
func compareSizes(op syntax.Token, a, b symbolic.Dim) (result, known bool) {
	lo, hi := sizeRange(a.Sub(b))
	switch op {
	case syntax.Lt:
		return hi < 0, hi < 0 || lo >= 0
	case syntax.Le:
		return hi <= 0, hi <= 0 || lo > 0
	case syntax.Gt:
		return lo > 0, lo > 0 || hi <= 0
	case syntax.Ge:
		return lo >= 0, lo >= 0 || hi < 0
	case syntax.Eq, syntax.Ne:
		same := lo == 0 && hi == 0
		return same == (op == syntax.Eq), same || lo > 0 || hi < 0
	}
	return false, false
}

// sizeRange bounds a polynomial: every symbol is at least 1 and at most its declared bound.
func sizeRange(d symbolic.Dim) (lo, hi float64) {
	for _, t := range d.Terms() {
		a, b := 1.0, 1.0
		for _, f := range t.Factors {
			from, to := 1.0, math.Inf(1)
			if f.Sym == nil {
				from, to = sizeRange(f.Of)
				from, to = math.Floor(from/float64(f.By)), math.Floor(to/float64(f.By))
			} else if f.Sym.Max > 0 {
				to = float64(f.Sym.Max)
			}
			p := [4]float64{a * from, a * to, b * from, b * to}
			for i := range p {
				if math.IsNaN(p[i]) { // 0 * inf
					p[i] = 0
				}
			}
			a, b = min(p[0], p[1], p[2], p[3]), max(p[0], p[1], p[2], p[3])
		}
		a, b = a*float64(t.Coef), b*float64(t.Coef)
		lo, hi = lo+min(a, b), hi+max(a, b)
	}
	if math.IsNaN(lo) {
		lo = math.Inf(-1)
	}
	if math.IsNaN(hi) {
		hi = math.Inf(1)
	}
	return lo, hi
}

// staticUnary returns op x.
func staticUnary(op syntax.Token, x value) (value, *problem) {
	switch v := x.(type) {
	case numVal:
		switch {
		case op == syntax.Add:
			return v, nil
		case op == syntax.Sub && v.c == nil:
			return numVal{f: -v.f}, nil
		case op == syntax.Sub:
			return numVal{c: constant.UnaryOp(token.SUB, v.c, 0)}, nil
		}
	case dimVal:
		switch op {
		case syntax.Add:
			return v, nil
		case syntax.Sub:
			return sizeValue(v.d.Neg()), nil
		}
	case boolVal:
		if op == syntax.Not {
			return !v, nil
		}
	}
	return nil, problemf(wrongKind, "%s is not defined for %s", spelling(op), x.kind())
}

// spelling is an operator as it is written.
func spelling(op syntax.Token) string { return op.String() }
