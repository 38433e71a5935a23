// How is a fused group written in Go? Nested loops over merged axes, one inner loop for each round of reductions.
package codegen

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dave/jennifer/jen"

	"nngen/symbolic"
)

// A level is one loop: adjacent axes that every operand passes through contiguously are one.
type level struct {
	axes []int
	size string // Go expression
	v    string // loop variable
}

// over writes the loop around a body. A variable that the body does not read would not compile.
func (l level) over(body []jen.Code) jen.Code {
	head := "range " + l.size
	if regexp.MustCompile(`\b` + l.v + `\b`).MatchString(fmt.Sprintf("%#v", jen.Block(body...))) {
		head = l.v + " := " + head
	}
	return jen.For(raw("%s", head)).Block(body...)
}

// groupEmitter writes one group.
type groupEmitter struct {
	*regionEmitter
	g      *Group
	plan   *loopPlan
	member map[*symbolic.Node]bool
	split  bool // the axis of rows is a loop of its own

	outer, inner []level
	operands     []*operand
	index        map[string]*operand

	vars  map[*symbolic.Node]string // members in variables at this point
	names namer
	// reserved are names declared outside the inner loops while one is written.
	reserved map[string]bool
	pre      []jen.Code // loads and slices of one row, before its loops
	head     []jen.Code // before all loops
	tail     []jen.Code // after all loops
	row      []jen.Code // body for one row
}

func (e *regionEmitter) group(g *Group) []jen.Code {
	return e.newGroup(g, false).emit()
}

// newGroup prepares a group. If split, the axis of rows stays a loop of its own.
func (e *regionEmitter) newGroup(g *Group, split bool) *groupEmitter {
	ge := &groupEmitter{regionEmitter: e, g: g, split: split, member: map[*symbolic.Node]bool{}, index: map[string]*operand{},
		vars: map[*symbolic.Node]string{}, names: e.names.copy(), reserved: map[string]bool{}}
	for _, n := range g.Members {
		ge.member[n] = true
	}
	ge.plan = g.plan(ge.inMemory)
	ge.collect()
	ge.levels()
	return ge
}

func (e *groupEmitter) inMemory(n *symbolic.Node) bool {
	return e.member[n] && e.p.value[n] != nil && n.Rank() > 0
}

// read follows argument a of member n: a broadcast that is a member maps its argument's axes itself.
func (e *groupEmitter) read(n, a *symbolic.Node) (*symbolic.Node, []int) {
	b, axes := e.resolve(a)
	if n.Op == symbolic.OpBroadcast {
		for i, x := range axes {
			axes[i] = n.Attr.Axes[x]
		}
	}
	return b, axes
}

// indexed returns the axes whose position itself is a value (iota), which cannot be merged.
func (e *groupEmitter) indexed() map[int]bool {
	out := map[int]bool{}
	mark := func(b *symbolic.Node, axes []int) {
		if b.Op == symbolic.OpIota {
			out[axes[b.Attr.Axes[0]]] = true
		}
		if b.Op == symbolic.OpRand && !symbolic.SameShape(b.Shape, e.g.Space) {
			for _, a := range axes {
				out[a] = true
			}
		}
	}
	for _, n := range e.g.Members {
		if free(n) {
			b, axes := e.resolve(n)
			mark(b, axes)
		}
		for _, a := range n.Args {
			b, axes := e.read(n, a)
			mark(b, axes)
		}
	}
	return out
}

func (e *groupEmitter) levels() {
	fixed := e.indexed()
	var axes [][]int
	for a := range e.g.Space {
		if e.g.Space[a].Is(1) {
			continue
		}
		if len(axes) > 0 && !(e.split && axes[0][0] == 0 && len(axes) == 1) && !fixed[a] && !fixed[axes[len(axes)-1][0]] && !(e.g.nested() && a == e.firstInner()) {
			prev := axes[len(axes)-1]
			if e.contiguous(prev[len(prev)-1], a) {
				axes[len(axes)-1] = append(prev, a)
				continue
			}
		}
		axes = append(axes, []int{a})
	}
	cut := max(len(axes)-1, 0)
	if e.split && len(axes) == 1 {
		cut = 1 // every row is one number
	}
	if e.g.nested() {
		cut = 0
		for cut < len(axes) && axes[cut][0] < e.g.Prefix {
			cut++
		}
	}
	for i, as := range axes {
		size := "1"
		for _, a := range as {
			size = times(size, e.axisSize(a))
		}
		l := level{axes: as, size: size}
		if i < cut {
			l.v = e.names.pick("i")
			e.outer = append(e.outer, l)
		} else {
			l.v = e.names.pick("j")
			e.inner = append(e.inner, l)
		}
	}
}

// firstInner is the first axis that reductions remove and that is not of size 1.
func (e *groupEmitter) firstInner() int {
	for a := e.g.Prefix; a < len(e.g.Space); a++ {
		if !e.g.Space[a].Is(1) {
			return a
		}
	}
	return len(e.g.Space)
}

func (e *groupEmitter) axisSize(a int) string {
	if a == 0 {
		e.counts = true
		return "rows"
	}
	return e.size(e.g.Space[a])
}

// contiguous reports whether for every operand a step along axis a is as far as a whole pass along axis b.
func (e *groupEmitter) contiguous(a, b int) bool {
	for _, o := range e.operands {
		sa, sb := o.stride(a), o.stride(b)
		// Row numbers do not see inner axes at all.
		if e.g.nested() && b >= e.g.Prefix && len(o.shape) <= e.g.Prefix && !sb.Valid() && !sa.Valid() {
			continue
		}
		if sa.Valid() != sb.Valid() {
			return false
		}
		if sa.Valid() && sa != sb.Mul(e.g.Space[b]) {
			return false
		}
	}
	return true
}

// compute returns the code that evaluates nodes in order into variables where that reads better or is needed, and an expression for each.
func (e *groupEmitter) compute(nodes []*symbolic.Node, uses map[*symbolic.Node]int, force map[*symbolic.Node]bool) ([]jen.Code, func(*symbolic.Node) string) {
	var code []jen.Code
	expr := map[*symbolic.Node]string{}
	get := func(n *symbolic.Node) string { return expr[n] }
	for _, n := range nodes {
		if free(n) {
			b, axes := e.resolve(n)
			expr[n] = e.inPlace(b, axes)
			if force[n] || uses[n] > 1 {
				name := e.names.pick(e.hint(n))
				code = append(code, raw("%s := %s(%s)", name, goTypes[n.DType], expr[n]))
				expr[n], e.vars[n] = name, name
			}
			continue
		}
		args := make([]string, len(n.Args))
		for i, a := range n.Args {
			args[i] = e.arg(n, a, get)
		}
		if n.Op == symbolic.OpBroadcast {
			expr[n] = args[0]
		} else if needsStatement(n) {
			name := e.names.pick(e.hint(n))
			code = append(code, statement(n, name, args)...)
			expr[n], e.vars[n] = name, name
			continue
		} else {
			expr[n] = apply(n, args)
		}
		if force[n] || uses[n] > 1 || len(expr[n]) > 70 {
			name := e.names.pick(e.hint(n))
			code = append(code, raw("%s := %s", name, typed(expr[n], n)))
			expr[n], e.vars[n] = name, name
		}
	}
	return code, get
}

// typed gives a bare literal its type.
func typed(e string, n *symbolic.Node) string {
	if strings.Trim(e, "0123456789.e+-") == "" {
		return goTypes[n.DType] + "(" + e + ")"
	}
	return e
}

func (e *groupEmitter) hint(n *symbolic.Node) string {
	if name := n.Graph().Name(n); name != "" {
		return name
	}
	return n.Info().Name
}

// emit writes the whole group.
func (e *groupEmitter) emit() []jen.Code {
	for _, l := range e.plan.loops {
		e.numbers(l.before)
		e.loop(&l)
	}
	e.numbers(e.plan.after)
	body := append(e.pre, e.row...)
	for i := len(e.outer) - 1; i >= 0; i-- {
		body = []jen.Code{e.outer[i].over(body)}
	}
	code := append(append(e.head, body...), e.tail...)
	call, why := e.vector()
	e.groups++
	if why != "" {
		code = append([]jen.Code{jen.Comment("No vector code: " + why + ".")}, code...)
	}
	if call != "" {
		return []jen.Code{jen.If(raw("!%s", call)).Block(code...)}
	}
	return code
}

// numbers writes what is computed once a row between loops.
func (e *groupEmitter) numbers(nodes []*symbolic.Node) {
	if len(nodes) == 0 {
		return
	}
	force := map[*symbolic.Node]bool{}
	var plain []*symbolic.Node
	for _, n := range nodes {
		if !rowSum(n) {
			force[n] = true
			plain = append(plain, n)
		}
	}
	code, get := e.compute(plain, nil, force)
	e.row = append(e.row, code...)
	for _, n := range nodes {
		switch {
		case rowSum(n):
			e.row = append(e.row, e.rowPart(n, e.arg(n, n.Args[0], get), e.outer[0].v))
		case e.inMemory(n):
			e.row = append(e.row, raw("%s = %s", e.element(e.use(n, identityAxes(n)), true), e.vars[n]))
		}
	}
}

// rowPart adds a row's share to the block's part of a sum over all rows. Rows go to 16 lanes in turn.
func (e *groupEmitter) rowPart(n *symbolic.Node, x, row string) jen.Code {
	acc := e.names.pick("acc")
	e.reserved[acc] = true
	e.head = append(e.head, raw("var %s [16]%s", acc, goTypes[n.DType]))
	e.tail = append(e.tail, raw("f.%s[task] = nnrt.Sum16(&%s)", e.partName(n), acc))
	return raw("%s[%s&15] += %s", acc, row, x)
}

// loop writes one inner loop and the reductions it ends with.
func (e *groupEmitter) loop(l *innerLoop) {
	if len(l.eval) == 0 && len(l.reduce) == 0 {
		return
	}
	uses := map[*symbolic.Node]int{}
	count := func(n *symbolic.Node) {
		for _, a := range n.Args {
			b, _ := e.resolve(a)
			uses[b]++
		}
	}
	for _, n := range l.eval {
		count(n)
	}
	for _, n := range l.reduce {
		count(n)
	}
	force := map[*symbolic.Node]bool{}
	for _, n := range l.store {
		uses[n]++
		force[n] = len(l.store) > 1 || needsStatement(n) // all loads before any store: results may be written over arguments
	}
	saved := e.vars
	e.vars = map[*symbolic.Node]string{}
	for k, v := range saved {
		e.vars[k] = v
	}
	scope := e.names
	e.names = e.names.copy()
	body, get := e.compute(l.eval, uses, force)
	var before, after []jen.Code
	for _, n := range l.store {
		body = append(body, raw("%s = %s", e.element(e.use(n, identityAxes(n)), true), get(n)))
	}
	results := map[*symbolic.Node]string{}
	for _, n := range l.reduce {
		x := e.arg(n, n.Args[0], get)
		typ := goTypes[n.DType]
		if rowSum(n) {
			body = append(body, e.rowPart(n, x, e.inner[0].v))
			continue
		}
		name := e.names.pick(e.hint(n))
		results[n] = name
		switch {
		case len(e.inner) == 0:
			body = append(body, raw("%s := %s", name, x))
		case n.Op == symbolic.OpSum:
			acc := e.names.pick("acc")
			e.reserved[acc] = true
			before = append(before, raw("var %s [16]%s", acc, typ))
			body = append(body, raw("%s[%s&15] += %s", acc, e.inner[len(e.inner)-1].v, x))
			after = append(after, raw("%s := nnrt.Sum16(&%s)", name, acc))
		default:
			before = append(before, raw("%s := nnrt.Inf[%s](-1)", name, typ))
			body = append(body, raw("%s = max(%s, %s)", name, name, x))
		}
	}
	e.names = scope
	for name := range e.reserved {
		e.names.used[name] = true
	}
	for _, name := range results {
		e.names.used[name] = true
	}
	e.vars = saved
	e.row = append(e.row, before...)
	for i := len(e.inner) - 1; i >= 0; i-- {
		body = []jen.Code{e.inner[i].over(body)}
	}
	e.row = append(e.row, body...)
	e.row = append(e.row, after...)
	for _, n := range l.reduce {
		if name, ok := results[n]; ok {
			e.vars[n] = name
			if e.inMemory(n) {
				e.row = append(e.row, raw("%s = %s", e.element(e.use(n, identityAxes(n)), true), name))
			}
		}
	}
}
