// Is a Func well formed? The verifier runs after every pass in tests.

package symbolic

import "fmt"

// Verify checks that f is closed, that its nodes agree with the rules of their ops and come after their arguments, that names
// of parameters and results are unique, and that called Funcs are well formed too.
func Verify(f *Func) error { return verify(f, map[*Func]bool{}) }

func verify(f *Func, seen map[*Func]bool) error {
	if seen[f] {
		return nil
	}
	seen[f] = true
	fail := func(format string, args ...any) error {
		return fmt.Errorf("func %s: %s", f.Name, fmt.Sprintf(format, args...))
	}
	if f.Name == "" {
		return fail("no name")
	}
	param := map[*Node]bool{}
	for _, p := range f.Params {
		switch {
		case len(p.Args) > 0 || p.Info().Eval != nil || p.Op == OpConst:
			return fail("parameter %s is no leaf", p.Info().Name)
		case param[p]:
			return fail("parameter %s %q is listed twice", p.Info().Name, p.Attr.Name)
		}
		param[p] = true
	}
	for i, r := range f.Results {
		switch {
		case r.Node == nil:
			return fail("result %d (%s) is nil", i, r.Name)
		case r.Node.DType == NoType:
			return fail("result %s is several values", r.Name)
		}
	}
	for _, n := range f.Nodes() {
		if n.graph != f.graph() {
			return fail("%s belongs to another graph", n.Info().Name)
		}
		if n.Info().Kind == KindLeaf && n.Info().Eval == nil && n.Op != OpConst && !param[n] {
			return fail("%s %q is free: not a parameter", n.Info().Name, n.Attr.Name)
		}
		for _, a := range n.Args {
			if a.id >= n.id {
				return fail("%s comes before its argument %s", n.Info().Name, a.Info().Name)
			}
		}
		attr := n.Attr
		shape, dtype, err := n.Info().Rule(&attr, n.Args)
		switch {
		case err != nil:
			return fail("%s: %v", n.Info().Name, err)
		case dtype != n.DType || !SameShape(shape, n.Shape):
			return fail("%s is %s, its rule says %s", n.Info().Name, TypeString(n), TypeString(&Node{Shape: shape, DType: dtype}))
		}
		if n.Op == OpCall {
			if err := verify(n.Attr.Func, seen); err != nil {
				return err
			}
		}
	}
	return nil
}
