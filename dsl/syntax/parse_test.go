// Does the parser build the right tree, report the right errors, and keep its promises about every tree?

package syntax

import (
	"bytes"
	"go/token"
	"strings"
	"testing"

	"nngen/dsl/diag"
	"nngen/internal/golden"
)

// render is all diagnostics as a person sees them.
func render(t testing.TB, fset *token.FileSet, name string, src []byte, list diag.List) string {
	var b bytes.Buffer
	if err := diag.Render(&b, list, fset, diag.Sources{name: src}, diag.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func dump(t testing.TB, n Node) string {
	var b bytes.Buffer
	if err := Dump(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestParse checks the tree of each archive, and its diagnostics when it has any.
func TestParse(t *testing.T) {
	golden.Run(t, "testdata/parse/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		src := c.Read("in.nn")
		fset := token.NewFileSet()
		file, diags := Parse(fset, "in.nn", src)
		out := map[string]string{"ast": dump(t, file)}
		if len(diags) > 0 {
			out["err"] = render(t, fset, "in.nn", src, diags)
		}
		checkTree(t, fset, src, file)
		return out
	})
}

// checkTree checks what holds for every tree: children lie inside their parents, in source order, and no node is nil.
func checkTree(t testing.TB, fset *token.FileSet, src []byte, file *File) {
	t.Helper()
	base := fset.File(file.Pos()).Base()
	text := func(n Node) string { return string(src[int(n.Pos())-base : int(n.End())-base]) }
	Walk(file, func(n Node) {
		if n.Pos() < file.Pos() || n.End() > file.End() || n.End() < n.Pos() {
			t.Fatalf("%T has the span [%d, %d) in a file of [%d, %d)", n, n.Pos(), n.End(), file.Pos(), file.End())
		}
		at := n.Pos()
		eachChild(n, func(c Node) {
			if c.Pos() < at || c.End() > n.End() {
				t.Fatalf("%T %q: child %T %q begins before its sister ends or lies outside", n, text(n), c, text(c))
			}
			at = c.End()
		})
	})
}

// parseExpr parses one expression and returns its dump.
func parseExpr(t *testing.T, text string) (string, diag.List) {
	fset := token.NewFileSet()
	src := []byte("model M {\nx = " + text + "\n}\n")
	file, diags := Parse(fset, "in.nn", src)
	checkTree(t, fset, src, file)
	out := dump(t, file)
	_, out, _ = strings.Cut(out, "Assign x = ")
	return strings.TrimSuffix(out, "\n"), diags
}

func TestExpressions(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"a + b * c", "(+ a (* b c))"},
		{"a - b - c", "(- (- a b) c)"},
		{"a / b * c", "(* (/ a b) c)"},
		{"a @ b + c @ d", "(+ (@ a b) (@ c d))"},
		{"a ^ b ^ c", "(^ a (^ b c))"},
		{"-a ^ 2", "(- (^ a 2))"},
		{"2 ^ -1", "(^ 2 (- 1))"},
		{"2 ^ -a ^ b", "(^ 2 (- (^ a b)))"},
		{"-a * b", "(* (- a) b)"},
		{"a * -b", "(* a (- b))"},
		{"--a", "(- (- a))"},
		{"a^2 * b", "(* (^ a 2) b)"},
		{"f(x)^2", "(^ (call f x) 2)"},
		{"x[0]^2", "(^ (index x 0) 2)"},
		{"not a and b or c", "(or (and (not a) b) c)"},
		{"not a == b", "(not (== a b))"},
		{"not not a", "(not (not a))"},
		{"a and not b", "(and a (not b))"},
		{"a or b and c", "(or a (and b c))"},
		{"a < b and b < c", "(and (< a b) (< b c))"},
		{"a + b < c * d", "(< (+ a b) (* c d))"},
		{"(z > 0) == (y > 0.5)", "(== (paren (> z 0)) (paren (> y 0.5)))"},
		{"x % 2 == 0", "(== (% x 2) 0)"},
		{"f(x) as a + g(y) as b", "(+ (as (call f x) a) (as (call g y) b))"},
		{"x + attention(layer_norm(x) as ln1, heads, causal: true) as attn", "(+ x (as (call attention (as (call layer_norm x) ln1) heads causal: true) attn))"},
		{"block(x, heads: 6) as blk[i+1]", "(as (call block x heads: 6) blk[(+ i 1)])"},
		{"(layer_norm(x) as lnf) @ transpose(wte.W)", "(@ (paren (as (call layer_norm x) lnf)) (call transpose (. wte W)))"},
		{"mine.gated(x, 3)", "(call (. mine gated) x 3)"},
		{"u(t)[:, 0]", "(index (call u t) (slice _ _ _) 0)"},
		{"x[:, 1:-1, new, ::2, a:b:c, i]", "(index x (slice _ _ _) (slice 1 (- 1) _) new (slice _ _ 2) (slice a b c) i)"},
		{"x => leaky_relu(x, 0.1)", "(=> (x) (call leaky_relu x 0.1))"},
		{"(a, b) => a + b", "(=> (a b) (+ a b))"},
		{"() => 1", "(=> () 1)"},
		{"f(act: x => x * 2, m)", ""},
		{"f(x => y => x + y)", "(call f (=> (x) (=> (y) (+ x y))))"},
		{"[1, 2, [3]]", "(list 1 2 (list 3))"},
		{"[]", "(list)"},
		{"f()", "(call f)"},
		{"f(\n    a,\n    b,\n)", "(call f a b)"},
		{"a +\n    b", "(+ a b)"},
		{"(a\n    + b)", "(paren (+ a b))"},
		{"mean(x, where: m, in: 3)", "(call mean x where: m in: 3)"},
		{"grad(loss, x)", "(call grad loss x)"},
		{`einsum("bq,bk->qk", a, b)`, `(call einsum "bq,bk->qk" a b)`},
		{"1_000 + 0x1F + 1e-3 + 2.5E6", "(+ (+ (+ 1_000 0x1F) 1e-3) 2.5E6)"},
		{"a[0][1].b(c)", "(call (. (index (index a 0) 1) b) c)"},
	} {
		got, diags := parseExpr(t, test.text)
		if test.want == "" { // wrong on purpose, see the diagnostics' own tests
			if len(diags) == 0 {
				t.Errorf("%s: want an error", test.text)
			}
			continue
		}
		if got != test.want || len(diags) > 0 {
			t.Errorf("%s\n got %s\nwant %s\nwith %d diagnostics", test.text, got, test.want, len(diags))
		}
	}
}
