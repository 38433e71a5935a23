// What does a value depend on, and through which ops can a derivative flow? Unlike symbolic.Reach this looks into calls.
package dsl

import "nngen/symbolic"

// reach returns everything that roots depend on. Of a call only those arguments count that the results in use depend on.
func reach(roots ...*symbolic.Node) map[*symbolic.Node]bool {
	seen := map[*symbolic.Node]bool{}
	stack := append([]*symbolic.Node(nil), roots...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		if n.Op != symbolic.OpGet {
			stack = append(stack, n.Args...)
			continue
		}
		call := n.Args[0]
		inner := reach(call.Attr.Func.Results[n.Attr.Index].Node)
		for i, p := range call.Attr.Func.Params {
			if inner[p] {
				stack = append(stack, call.Args[i])
			}
		}
	}
	return seen
}

// flow reports whether a derivative can flow from leaf to root. Where it cannot, stop is an op on the way whose derivative is
// zero by nature, or a stop_gradient where there is no other.
func flow(root, leaf *symbolic.Node) (open bool, stop *symbolic.Node) {
	flows := map[*symbolic.Node]bool{leaf: true}
	blocked := func(n *symbolic.Node) {
		if stop == nil || stop.Op == symbolic.OpStopGradient {
			stop = n
		}
	}
	for _, n := range symbolic.Reach(root) {
		if n.Op == symbolic.OpGet {
			call := n.Args[0]
			for i, a := range call.Args {
				if !flows[a] {
					continue
				}
				f := call.Attr.Func
				through, inside := flow(f.Results[n.Attr.Index].Node, f.Params[i])
				if through {
					flows[n] = true
				} else if inside != nil {
					blocked(inside)
				}
			}
			continue
		}
		for _, a := range n.Args {
			if !flows[a] || n.Op == symbolic.OpCall {
				continue
			}
			if n.Info().Zero || n.Op == symbolic.OpCast && !n.DType.Float() {
				blocked(n)
			} else {
				flows[n] = true
			}
		}
	}
	if flows[root] {
		return true, nil
	}
	return false, stop
}
