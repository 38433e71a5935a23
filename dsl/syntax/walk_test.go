// Do the walks visit every node once, parents first, and stop where they are told to?

package syntax

import (
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const walked = `layer f(x [n <= 2], m int = 1) ([n], [n]int) {
    if a { require b, "c" } else if d { return e as2 }
}
`

func TestWalk(t *testing.T) {
	fset := token.NewFileSet()
	file, _ := Parse(fset, "in.nn", []byte(strings.ReplaceAll(walked, "e as2", "e(k: -1) as g[i], h[:2]")))
	var names []string
	Walk(file, func(n Node) {
		switch n := n.(type) {
		case *Ident:
			names = append(names, n.Name)
		case *NumberLit:
			names = append(names, n.Text)
		case *StringLit:
			names = append(names, n.Value)
		}
	})
	if diff := cmp.Diff("f x n 2 m int 1 n n int a b c d e k 1 g i h 2", strings.Join(names, " ")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var shape strings.Builder
	Inspect(file, func(n Node) bool {
		switch n.(type) {
		case nil:
			shape.WriteString(")")
			return false
		case *Type:
			return false
		}
		shape.WriteString("(")
		return true
	})
	if open, closed := strings.Count(shape.String(), "("), strings.Count(shape.String(), ")"); open != closed {
		t.Errorf("Inspect visited %d nodes and left %d", open, closed)
	}
}

// TestDumpNode checks that Dump writes any kind of node, not only files.
func TestDumpNode(t *testing.T) {
	file, _ := Parse(token.NewFileSet(), "in.nn", []byte("func f(x [n]int) [n] { return x + 1 }"))
	decl := file.Decls[0].(*FuncDecl)
	for _, test := range []struct {
		node Node
		want string
	}{
		{decl.Params[0].Type, "[n]int\n"},
		{decl.Body.Stmts[0], "Return (+ x 1)\n"},
		{decl.Body.Stmts[0].(*Return).Values[0], "(+ x 1)\n"},
		{decl.Body, "Block\n  Return (+ x 1)\n"},
	} {
		if got := dump(t, test.node); got != test.want {
			t.Errorf("%T: got %q, want %q", test.node, got, test.want)
		}
	}
}
