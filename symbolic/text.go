// How is a Func written down? One node a line; ParseText reads the same form.

package symbolic

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Text returns f in the graph text form, after the Funcs that it calls:
//
//	func dense
//	  size batch
//	  param %x = arg "x" : f32[batch, 64]
//	  param %W = arg "W" : f32[64, 10]
//	  %z = dot %x %W {contract 1; with 0} : f32[batch, 10]
//	  result "z" %z
//	end
//
// Equal Funcs have equal texts, and ParseText(Text(f)) prints the same again.
func Text(f *Func) string {
	var b strings.Builder
	printed := map[*Func]bool{}
	var walk func(f *Func)
	walk = func(f *Func) {
		printed[f] = true
		for _, n := range f.Nodes() {
			if n.Op == OpCall && !printed[n.Attr.Func] {
				walk(n.Attr.Func)
				b.WriteByte('\n')
			}
		}
		(&textPrinter{b: &b, f: f, names: map[*Node]string{}, used: map[string]bool{}, count: map[string]int{}}).print()
	}
	walk(f)
	return b.String()
}

type textPrinter struct {
	b     *strings.Builder
	f     *Func
	names map[*Node]string
	used  map[string]bool
	count map[string]int
}

func (p *textPrinter) print() {
	f := p.f
	fmt.Fprintf(p.b, "func %s\n", funcName(f.Name))
	if f.Doc != "" {
		fmt.Fprintf(p.b, "  doc %s\n", strconv.Quote(f.Doc))
	}
	nodes := f.Nodes()
	own := map[*Sym]bool{}
	for _, s := range f.Syms {
		own[s] = true
		fmt.Fprintf(p.b, "  size %s\n", symText(s))
	}
	for _, s := range freeSyms(f, nodes) {
		if !own[s] {
			fmt.Fprintf(p.b, "  free %s\n", symText(s))
		}
	}
	param := map[*Node]bool{}
	for _, n := range f.Params {
		param[n] = true
		p.node("param ", n)
	}
	for _, n := range nodes {
		if !param[n] {
			p.node("", n)
		}
	}
	for _, r := range f.Results {
		fmt.Fprintf(p.b, "  result %s %s\n", strconv.Quote(r.Name), p.names[r.Node])
	}
	p.b.WriteString("end\n")
}

// funcName writes the name of a Func, quoted unless it is a word.
func funcName(name string) string {
	for i := 0; i < len(name); i++ {
		if !isWord(name[i]) && name[i] != '.' {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

func symText(s *Sym) string {
	if s.Max > 0 {
		return fmt.Sprintf("%s <= %d", s.Name, s.Max)
	}
	return s.Name
}

// freeSyms returns the symbols in f's nodes in order of appearance.
func freeSyms(f *Func, nodes []*Node) []*Sym {
	var out []*Sym
	seen := map[*Sym]bool{}
	add := func(ds []Dim) {
		for _, d := range ds {
			for _, s := range d.Syms() {
				if !seen[s] {
					seen[s] = true
					out = append(out, s)
				}
			}
		}
	}
	for _, n := range append(append([]*Node(nil), f.Params...), nodes...) {
		add(n.Shape)
		add(n.Attr.Lo)
		add(n.Attr.Hi)
		add(n.Attr.Bind)
		if n.Attr.Dim.Valid() {
			add([]Dim{n.Attr.Dim})
		}
	}
	return out
}

// name gives n its name in the text: the model's name or that of its leaf where it has one, else the op's with a number.
func (p *textPrinter) name(n *Node) string {
	hint := n.graph.Name(n)
	if hint == "" && n.Attr.Name != "" && n.Op != OpRand {
		hint = n.Attr.Name
	}
	var b strings.Builder
	for i := 0; i < len(hint); i++ {
		if c := hint[i]; isWord(c) || c == '.' {
			b.WriteByte(c)
		} else {
			b.WriteByte('_')
		}
	}
	// %h, %h~2, %h~3 after the model's names; %mul1, %mul2 after ops. The count goes on where it stopped.
	base, sep, name := "%"+b.String(), "~", "%"+b.String()
	if name == "%" {
		base, sep = "%"+n.Info().Name, ""
		name = base + "1"
	}
	for p.used[name] {
		p.count[base] = max(p.count[base]+1, 2)
		name = base + sep + strconv.Itoa(p.count[base])
	}
	p.used[name] = true
	p.names[n] = name
	return name
}

func (p *textPrinter) node(prefix string, n *Node) {
	fmt.Fprintf(p.b, "  %s%s = %s", prefix, p.name(n), n.Info().Name)
	for _, a := range n.Args {
		p.b.WriteString(" " + p.names[a])
	}
	a := &n.Attr
	if n.Op == OpConst {
		p.b.WriteString(" " + numText(a.Num))
	}
	if a.Name != "" {
		p.b.WriteString(" " + strconv.Quote(a.Name))
	}
	var parts []string
	for _, k := range attrKeys {
		if text := k.print(a); text != "" {
			parts = append(parts, k.name+" "+text)
		}
	}
	if n.graph.Name(n) != "" {
		parts = append(parts, "as "+strconv.Quote(n.graph.Name(n)))
	}
	if len(parts) > 0 {
		p.b.WriteString(" {" + strings.Join(parts, "; ") + "}")
	}
	if n.DType != NoType {
		fmt.Fprintf(p.b, " : %s%s", n.DType, ShapeString(n.Shape))
	}
	p.b.WriteByte('\n')
}

// numText writes a number so that it reads back as the same bits.
func numText(v float64) string {
	if math.IsNaN(v) {
		return "nan"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// An attrKey is one attribute in braces: how it is written and read.
type attrKey struct {
	name  string
	print func(a *Attr) string
	parse func(p *textParser, a *Attr) error
}

// attrKeys in the order of printing. Num, Name and, where the type after the colon says it, Shape and DType are not in braces.
var attrKeys = []attrKey{
	{"site", func(a *Attr) string { return quoted(a.Site) }, func(p *textParser, a *Attr) error { return p.quoted(&a.Site) }},
	{"axes", func(a *Attr) string { return intsText(a.Axes) }, func(p *textParser, a *Attr) error { return p.ints(&a.Axes) }},
	{"lo", func(a *Attr) string { return dimsText(a.Lo) }, func(p *textParser, a *Attr) error { return p.dims(&a.Lo) }},
	{"hi", func(a *Attr) string { return dimsText(a.Hi) }, func(p *textParser, a *Attr) error { return p.dims(&a.Hi) }},
	{"step", func(a *Attr) string { return intsText(a.Step) }, func(p *textParser, a *Attr) error { return p.ints(&a.Step) }},
	{"batch", func(a *Attr) string { return dotText(a, 0) }, func(p *textParser, a *Attr) error { return p.ints(&dotOf(a).BatchA) }},
	{"batched", func(a *Attr) string { return dotText(a, 1) }, func(p *textParser, a *Attr) error { return p.ints(&dotOf(a).BatchB) }},
	{"contract", func(a *Attr) string { return dotText(a, 2) }, func(p *textParser, a *Attr) error { return p.ints(&dotOf(a).ContractA) }},
	{"with", func(a *Attr) string { return dotText(a, 3) }, func(p *textParser, a *Attr) error { return p.ints(&dotOf(a).ContractB) }},
	{"dim", func(a *Attr) string {
		if !a.Dim.Valid() {
			return ""
		}
		return a.Dim.String()
	}, func(p *textParser, a *Attr) (err error) { a.Dim, err = p.dim(); return err }},
	{"func", func(a *Attr) string {
		if a.Func == nil {
			return ""
		}
		return funcName(a.Func.Name)
	}, func(p *textParser, a *Attr) (err error) { a.Func, err = p.called(); return err }},
	{"bind", func(a *Attr) string { return dimsText(a.Bind) }, func(p *textParser, a *Attr) error { return p.dims(&a.Bind) }},
	{"index", func(a *Attr) string {
		if a.Index == 0 {
			return ""
		}
		return strconv.Itoa(a.Index)
	}, func(p *textParser, a *Attr) (err error) { a.Index, err = p.int(); return err }},
	{"reverse", func(a *Attr) string {
		if !a.Flag {
			return ""
		}
		return "yes"
	}, func(p *textParser, a *Attr) error { a.Flag = true; return p.expect("yes") }},
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return strconv.Quote(s)
}

func intsText(xs []int) string {
	parts := make([]string, len(xs))
	for i, x := range xs {
		parts[i] = strconv.Itoa(x)
	}
	return strings.Join(parts, ", ")
}

func dimsText(ds []Dim) string {
	parts := make([]string, len(ds))
	for i, d := range ds {
		parts[i] = d.String()
	}
	return strings.Join(parts, ", ")
}

func dotOf(a *Attr) *DotAxes {
	if a.Dot == nil {
		a.Dot = &DotAxes{}
	}
	return a.Dot
}

func dotText(a *Attr, which int) string {
	if a.Dot == nil {
		return ""
	}
	return intsText([][]int{a.Dot.BatchA, a.Dot.BatchB, a.Dot.ContractA, a.Dot.ContractB}[which])
}
