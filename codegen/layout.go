// Where does each parameter lie in the flat buffer? Sorted by group and declaration, so that an update is one loop over a span.
package codegen

import (
	"strconv"
	"strings"

	"nngen/dsl"
	"nngen/symbolic"
)

// A Layout places the parameters of a model.
type Layout struct {
	Offset map[*dsl.Param]int
	Spans  []Span // by group
	Size   int
	Order  []*dsl.Param // by offset
	Runs   []Run        // schema: equal layers folded
}

// A Span is the part of the buffer that a group owns.
type Span struct{ Lo, Hi int }

// A Run is one parameter, or the same parameter of Count equal layers at a constant stride; then Path has a # in place of the
// number.
type Run struct {
	Path   string
	Params []*dsl.Param
	Offset int
	Stride int
}

// paramSize returns the number of elements of a parameter.
func paramSize(p *dsl.Param) int {
	n, _ := symbolic.Size(p.Shape).Const()
	return n
}

func newLayout(m *dsl.Model) *Layout {
	l := &Layout{Offset: map[*dsl.Param]int{}}
	groups := [][]*dsl.Param{m.Params}
	if m.Optimizer != nil {
		groups = nil
		for _, g := range m.Optimizer.Groups {
			groups = append(groups, g.Params)
		}
	}
	for _, ps := range groups {
		lo := l.Size
		for _, p := range ps {
			l.Offset[p] = l.Size
			l.Order = append(l.Order, p)
			l.Size += paramSize(p)
		}
		l.Spans = append(l.Spans, Span{lo, l.Size})
	}
	l.fold()
	return l
}

// numbered splits "blk.3.attn.W" at its first number: "blk.#.attn.W", 3.
func numbered(path string) (string, int, bool) {
	parts := strings.Split(path, ".")
	for i, s := range parts {
		if n, err := strconv.Atoi(s); err == nil {
			parts[i] = "#"
			return strings.Join(parts, "."), n, true
		}
	}
	return path, 0, false
}

// fold joins the parameters of equal layers into runs where they lie at a constant stride.
func (l *Layout) fold() {
	index := map[string]int{}
	for _, p := range l.Order {
		path, n, ok := numbered(p.Path)
		if i, known := index[path]; ok && known {
			r := &l.Runs[i]
			if len(r.Params) == 1 && n == 1 {
				r.Stride = l.Offset[p] - r.Offset
			}
			if n == len(r.Params) && l.Offset[p] == r.Offset+n*r.Stride && symbolic.SameShape(p.Shape, r.Params[0].Shape) && p.Init == r.Params[0].Init {
				r.Params = append(r.Params, p)
				continue
			}
		}
		if ok && n == 0 {
			index[path] = len(l.Runs)
		}
		l.Runs = append(l.Runs, Run{Path: path, Params: []*dsl.Param{p}, Offset: l.Offset[p]})
	}
	for i := range l.Runs {
		if r := &l.Runs[i]; len(r.Params) == 1 {
			r.Path = r.Params[0].Path
		}
	}
}
