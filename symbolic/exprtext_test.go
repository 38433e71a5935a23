// Does the expression syntax mean what it looks like?

package symbolic

import "testing"

func TestExprParser(t *testing.T) {
	for text, want := range map[string]string{
		"a - b - c":                     "sub(sub(a, b), c)",
		"-x^2":                          "neg(pow(x, 2))",
		"x^-2":                          "pow(x, -2)",
		"2^x^y":                         "pow(2, pow(x, y))",
		"a + b*c/d":                     "add(a, div(mul(b, c), d))",
		"-a*b":                          "mul(neg(a), b)",
		"a > b":                         "lt(b, a)",
		"a >= b and not c or d":         "or(and(le(b, a), not(c)), d)",
		"where(a == y, d, 0)":           "where(eq(a, y), d, 0)",
		"max(a, 1.5e-3)":                "max(a, 0.0015)",
		"max[A](x) + expand[A](log(y))": "add(reduce_max[A](x), broadcast[A](log(y)))",
		"order and nothing":             "and(order, nothing)",
		"((x))":                         "x",
	} {
		e, err := parseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if e.String() != want {
			t.Errorf("%s: got %s, want %s", text, e, want)
		}
	}
	for text, want := range map[string]string{
		"a +":       `"a +": expected an expression at the end`,
		"a b":       `"a b": got "b" after the expression`,
		"(a":        `"(a": expected ) at ""`,
		"frob(a)":   `"frob(a)": unknown operation frob`,
		"exp(a, b)": `"exp(a, b)": exp takes 1 arguments, got 2`,
		"sum(x)":    `"sum(x)": unknown operation sum`,
		"max[](x)":  `"max[](x)": expected a name of axes and ] after max`,
		"1.2.3":     `"1.2.3": bad number "1.2.3"`,
		"exp(a; b)": `"exp(a; b)": expected , or ) at "; b)"`,
		"*":         `"*": expected an expression at "*"`,
	} {
		if _, err := parseExpr(text); err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}
