// What does a node compute, in the notation of the model? Formulas for comments and dumps.
package codegen

import (
	"fmt"
	"strings"

	"nngen/symbolic"
)

// infix spells binary operators in formulas, with their precedence.
var infix = map[string]struct {
	text string
	prec int
}{
	"or": {"or", 1}, "and": {"and", 2}, "lt": {"<", 3}, "le": {"<=", 3}, "eq": {"==", 3}, "ne": {"!=", 3},
	"add": {"+", 4}, "sub": {"-", 4}, "mul": {"*", 5}, "div": {"/", 5}, "pow": {"^", 6},
}

// formulaLength is where a formula stops being worth reading.
const formulaLength = 110

// formula returns "h = relu(x @ W + b)" for a value in memory: its operands are values in memory too.
func (p *Plan) formula(n *symbolic.Node) string {
	name := n.Info().Name
	if v := p.value[n]; v != nil {
		name = v.Name
	}
	body, _ := p.term(n, true)
	if r := []rune(body); len(r) > formulaLength {
		body = string(r[:formulaLength]) + " ..."
	}
	return name + " = " + body
}

func (p *Plan) term(n *symbolic.Node, top bool) (string, int) {
	if v := p.value[n]; v != nil && !top {
		return v.Name, 9
	}
	switch n.Op {
	case symbolic.OpConst:
		return literal(n.Attr.Num, n.DType), 9
	case symbolic.OpBroadcast, symbolic.OpCast, symbolic.OpReshape, symbolic.OpStopGradient:
		if len(n.Args) > 0 {
			return p.term(n.Args[0], false)
		}
	case symbolic.OpDimval:
		if text := n.Attr.Dim.String(); strings.ContainsAny(text, "*+-") {
			return text, 4
		}
		return n.Attr.Dim.String(), 9
	case symbolic.OpGet:
		return fmt.Sprintf("%s[%d]", n.Args[0].Attr.Func.Name, n.Attr.Index), 9
	}
	args := make([]string, len(n.Args))
	precs := make([]int, len(n.Args))
	for i, a := range n.Args {
		args[i], precs[i] = p.term(a, false)
		if len(args[i]) > 4*formulaLength {
			args[i] = "..."
		}
	}
	name := n.Info().Name
	if op, ok := infix[name]; ok {
		if precs[0] < op.prec || op.prec == infix["eq"].prec && precs[0] == op.prec { // comparisons do not chain
			args[0] = "(" + args[0] + ")"
		}
		if precs[1] <= op.prec {
			args[1] = "(" + args[1] + ")"
		}
		return args[0] + " " + op.text + " " + args[1], op.prec
	}
	if n.Op == symbolic.OpNeg {
		if precs[0] < 9 {
			args[0] = "(" + args[0] + ")"
		}
		return "-" + args[0], 6
	}
	if n.Op == symbolic.OpDot {
		d := n.Attr.Dot
		if len(d.BatchA) == 0 && len(d.ContractA) > 0 {
			if d.ContractA[0] == 0 && n.Args[0].Rank() > 1 {
				args[0] = "transpose(" + args[0] + ")"
				precs[0] = 9
			}
			if d.ContractB[0] != 0 {
				args[1] = "transpose(" + args[1] + ")"
				precs[1] = 9
			}
		}
		for i := range args {
			if precs[i] <= 5 {
				args[i] = "(" + args[i] + ")"
			}
		}
		return args[0] + " @ " + args[1], 5
	}
	if n.Info().Kind == symbolic.KindReduce && n.Op != symbolic.OpCumsum {
		args = append(args, "axis: "+strings.Trim(strings.ReplaceAll(fmt.Sprint(n.Attr.Axes), " ", ", "), "[]"))
	}
	if len(n.Args) == 0 && n.Attr.Name != "" {
		name = n.Attr.Name
		return name, 9
	}
	return name + "(" + strings.Join(args, ", ") + ")", 9
}
