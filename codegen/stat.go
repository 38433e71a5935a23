// What does a training step cost before it runs? Parameters, operations, bytes and lines of generated code, for each line of the model
// that causes them. Everything is counted on the plans, so that it covers whatever the compiler accepts.
package codegen

import (
	"fmt"
	"slices"
	"strings"

	"nngen/dsl"
	"nngen/symbolic"
)

// Work is what a part of a step does.
type Work struct {
	// Operations counts what is computed on elements: an addition or a multiplication is 1, so that a fused multiply-add is 2; a
	// division is 4, an elementary function what it costs by the op table (exp 15, erf 20). What the plan computes twice counts
	// twice. Numbers computed once a step do not count.
	Operations int64 `json:"operations"`
	// Products is the part of Operations that matrix products do: 2 m n k each.
	Products int64 `json:"products"`
	// Bytes counts the traffic that no cache can avoid between the regions of the plan: a region reads each tensor that it needs
	// once and writes each tensor that it leaves once. What stays in the panels of a worker does not count.
	Bytes int64 `json:"bytes"`
}

func (w *Work) add(v Work) {
	w.Operations += v.Operations
	w.Products += v.Products
	w.Bytes += v.Bytes
}

// A LayerStat is what one line of a model costs: usually a layer, a loop of equal layers, or the loss.
type LayerStat struct {
	Line       int      // in the model's file; 0: what belongs to no line
	Names      []string // paths of the layers whose parameters it has, such as h or block; else what the model calls its value
	Parameters int
	Lines      int // of generated Go, in all functions
	Assembly   int // lines of generated assembly, for all instruction sets
	Forward    Work
	Backward   Work
	Update     Work // the optimizer's, with clipping and averaging
}

// Sum is the work of all phases.
func (l LayerStat) Sum() Work {
	w := l.Forward
	w.add(l.Backward)
	w.add(l.Update)
	return w
}

// A Stat is what one step of a model costs at given sizes; without an optimizer, what one prediction costs.
type Stat struct {
	Model     string
	Float     symbolic.DType
	Optimizer string // "" for a model that only predicts
	Sizes     []SizeStat
	Layers    []LayerStat // by line; the last has line 0: the types and functions that a user calls, the update loops, and the rest
	Total     LayerStat
	Products  []ProductStat // of a step, in the order in which they first run
	Memory    MemoryStat
}

// A ProductStat is a shape that matrix products of a step have: C [M, N] is the sum over K terms, Count times a step. Kernel says how
// the factors lie in memory: GemmNN as they are multiplied, GemmNT with the second transposed, GemmTN with the first transposed.
type ProductStat struct {
	Kernel string `json:"kernel"`
	M      int    `json:"m"`
	N      int    `json:"n"`
	K      int    `json:"k"`
	Count  int    `json:"count"`
}

// A SizeStat is the value that a run-time size has in a Stat.
type SizeStat struct {
	Name  string
	Value int
}

// MemoryStat is the memory that a step works on, in bytes.
type MemoryStat struct {
	Parameters int64 `json:"parameters"`
	Gradients  int64 `json:"gradients"`
	State      int64 `json:"state"`   // of the optimizer, with averaged weights
	Batch      int64 `json:"batch"`   // inputs and targets
	Saved      int64 `json:"saved"`   // what the forward pass leaves for the backward pass
	Scratch    int64 `json:"scratch"` // frames, which forward and backward pass share; without the panels of workers
}

// Sum is the size of the working set.
func (m MemoryStat) Sum() int64 {
	return m.Parameters + m.Gradients + m.State + m.Batch + m.Saved + m.Scratch
}

// A SizeError says that a run-time size has no value or one that the model does not allow.
type SizeError struct{ Message string }

func (e *SizeError) Error() string { return e.Message }

// NewStat counts what a step of m costs where run-time sizes have the given values. A size that is not given has its declared bound.
func NewStat(m *dsl.Model, cfg Config, sizes map[string]int) (*Stat, error) {
	e, err := planned(nil, m, cfg)
	if err != nil {
		return nil, err
	}
	s := &statter{e: e, cfg: cfg, stat: &Stat{Model: m.Name, Float: m.Float}, rows: map[int]*LayerStat{}, value: map[string]int{}, param: map[*symbolic.Node]int{}, kept: map[string]int{}}
	if err := s.sizes(sizes); err != nil {
		return nil, err
	}
	if e.forward != nil {
		s.stat.Optimizer = m.Optimizer.Name
		s.frame(e.forward, func(r *LayerStat) *Work { return &r.Forward })
		s.frame(e.backward, func(r *LayerStat) *Work { return &r.Backward })
	} else if e.predict != nil {
		s.frame(e.predict, func(r *LayerStat) *Work { return &r.Forward })
	}
	for _, p := range []*Plan{e.chunk, e.finish, e.predict} {
		if p != nil {
			s.owners(p, s.lines(p))
		}
	}
	for _, p := range m.Params {
		s.row(s.param[p.Node]).Parameters += paramSize(p)
	}
	s.updates()
	if err := s.code(); err != nil {
		return nil, err
	}
	s.memory()
	s.finish()
	return s.stat, nil
}

// statter collects the rows of a Stat.
type statter struct {
	e     *modelEmitter
	cfg   Config
	stat  *Stat
	rows  map[int]*LayerStat // by line
	value map[string]int
	param map[*symbolic.Node]int // line that reads it first
	kept  map[string]int         // line that a kept Func's frame belongs to, by the frame's name
}

func (s *statter) row(line int) *LayerStat {
	if s.rows[line] == nil {
		s.rows[line] = &LayerStat{Line: line}
	}
	return s.rows[line]
}

// sizes gives every run-time size a value.
func (s *statter) sizes(given map[string]int) error {
	model := s.e.prog.Model.Name
	var known []string
	for _, sym := range s.e.prog.sizes() {
		if slices.Contains(known, sym.Name) {
			continue
		}
		known = append(known, sym.Name)
		v, ok := given[sym.Name]
		switch {
		case !ok && sym.Max == 0:
			return &SizeError{fmt.Sprintf("the size %s of %s has no bound and is not given", sym.Name, model)}
		case !ok:
			v = sym.Max
		case v < 1:
			return &SizeError{fmt.Sprintf("got %d for the size %s of %s, want at least 1", v, sym.Name, model)}
		case sym.Max > 0 && v > sym.Max:
			return &SizeError{fmt.Sprintf("got %d for the size %s of %s, which is declared to be at most %d", v, sym.Name, model, sym.Max)}
		}
		s.value[sym.Name] = v
		s.stat.Sizes = append(s.stat.Sizes, SizeStat{sym.Name, v})
	}
	return nil
}

func (s *statter) size(sym *symbolic.Sym) int { return s.value[sym.Name] }

// elements returns the number of elements of a shape at the sizes of the Stat.
func (s *statter) elements(shape []symbolic.Dim) int64 {
	return int64(symbolic.Size(shape).Eval(s.size))
}

// frame counts one of the model's own frames.
func (s *statter) frame(p *Plan, phase func(*LayerStat) *Work) {
	lines := s.lines(p)
	s.owners(p, lines)
	p.eachWork(s.size, func(n *symbolic.Node, w Work) { phase(s.row(lines[n])).add(w) })
	p.eachProduct(s.size, func(x ProductStat) {
		for i := range s.stat.Products {
			if y := &s.stat.Products[i]; y.Kernel == x.Kernel && y.M == x.M && y.N == x.N && y.K == x.K {
				y.Count += x.Count
				return
			}
		}
		s.stat.Products = append(s.stat.Products, x)
	})
}

// lines says for each node of a plan which line of the model it belongs to: the one that made it, or, where that is a line of another
// file, the line of what it reads or of what reads it.
func (s *statter) lines(p *Plan) map[*symbolic.Node]int {
	nodes := p.Func.Nodes()
	out := make(map[*symbolic.Node]int, len(nodes))
	leaf := func(n *symbolic.Node) bool { return n.Info().Kind == symbolic.KindLeaf }
	for _, n := range nodes {
		if leaf(n) {
			continue
		}
		out[n] = s.line(n)
		for _, a := range n.Args {
			if out[n] == 0 {
				out[n] = out[a]
			}
		}
	}
	for i := len(nodes) - 1; i >= 0; i-- {
		for _, a := range nodes[i].Args {
			if out[a] == 0 {
				out[a] = out[nodes[i]]
			}
		}
	}
	for _, n := range nodes {
		if s.e.prog.Model.Graph.Name(n) != "" && out[n] != 0 && !leaf(n) {
			s.name(out[n], s.e.prog.Model.Graph.Name(n))
		}
	}
	return out
}

// line returns the line of n's position when it is in the model's file, else 0.
func (s *statter) line(n *symbolic.Node) int {
	if s.cfg.Fset == nil || !n.Pos.IsValid() {
		return 0
	}
	at := s.cfg.Fset.Position(n.Pos)
	if at.Filename != s.cfg.Fset.Position(s.e.prog.Model.Pos).Filename {
		return 0
	}
	return at.Line
}

// name notes what the model calls a value of a line; parameters' paths replace it in finish.
func (s *statter) name(line int, name string) {
	if r := s.row(line); !slices.Contains(r.Names, name) {
		r.Names = append(r.Names, name)
	}
}

// owners notes which line reads each parameter first and which line calls each kept Func first, directly or through others.
func (s *statter) owners(p *Plan, lines map[*symbolic.Node]int) {
	for _, n := range p.Func.Nodes() {
		for _, a := range n.Args {
			if _, known := s.param[a]; a.Op == symbolic.OpParam && !known && lines[n] != 0 {
				s.param[a] = lines[n]
			}
		}
	}
	for _, st := range p.Steps {
		if c, ok := st.(*Calls); ok {
			s.owner(c.Plan, lines[c.Nodes[0]])
		}
	}
}

func (s *statter) owner(p *Plan, line int) {
	if _, known := s.kept[p.Name]; known {
		return
	}
	s.kept[p.Name] = line
	for _, q := range p.callees() {
		s.owner(q, line)
	}
}

// updates counts clipping, the optimizer's update and averaging, parameter by parameter: all of them are linear in the number of
// elements.
func (s *statter) updates() {
	o := s.e.prog.Model.Optimizer
	if o == nil || s.e.forward == nil {
		return
	}
	count := func(plan *Plan, params []*dsl.Param) {
		if plan == nil {
			return
		}
		for _, x := range params {
			n := paramSize(x)
			row := s.row(s.param[x.Node])
			plan.eachWork(func(*symbolic.Sym) int { return n }, func(_ *symbolic.Node, w Work) { row.Update.add(w) })
		}
	}
	for i, g := range o.Groups {
		if !g.Frozen {
			count(s.e.clip, g.Params)
			count(s.e.updates[i], g.Params)
		}
	}
	if o.Average != nil {
		count(s.e.updates[len(o.Groups)], s.e.prog.Model.Params)
	}
}

// memory adds up the working set.
func (s *statter) memory() {
	m := s.e.prog.Model
	out := &s.stat.Memory
	float := int64(elementBytes[m.Float])
	for _, x := range m.Params {
		out.Parameters += float * int64(paramSize(x))
	}
	for _, x := range m.Inputs {
		out.Batch += s.elements(x.Shape) * int64(elementBytes[x.DType])
	}
	if s.e.forward == nil {
		out.Scratch = s.e.predict.scratch(s.size)
		return
	}
	for _, g := range m.Optimizer.Groups {
		if g.Frozen {
			continue
		}
		for _, x := range g.Params {
			out.Gradients += float * int64(paramSize(x))
			out.State += float * int64(paramSize(x)*len(g.States))
		}
	}
	if m.Optimizer.Average != nil {
		out.State += out.Parameters
	}
	for _, v := range s.e.forward.Values {
		if v.Store == StoreResult && v.Base == nil {
			out.Saved += s.elements(v.Shape) * int64(max(v.Count, 1)*elementBytes[v.DType])
		}
	}
	out.Scratch = max(s.e.forward.scratch(s.size), s.e.backward.scratch(s.size))
}

// finish sorts the rows, names them by their layers and adds them up.
func (s *statter) finish() {
	layers := map[int][]string{}
	for _, x := range s.e.prog.Model.Params {
		line := s.param[x.Node]
		if name, _, _ := strings.Cut(x.Path, "."); !slices.Contains(layers[line], name) {
			layers[line] = append(layers[line], name)
		}
	}
	st := s.stat
	s.row(0)
	for line, r := range s.rows {
		if line == 0 {
			r.Names = nil
		} else if layers[line] != nil {
			r.Names = layers[line]
		}
		if line == 0 || r.Parameters+r.Lines+r.Assembly > 0 || r.Sum() != (Work{}) {
			st.Layers = append(st.Layers, *r)
		}
	}
	slices.SortFunc(st.Layers, func(a, b LayerStat) int {
		if (a.Line == 0) != (b.Line == 0) {
			return b.Line - a.Line
		}
		return a.Line - b.Line
	})
	for _, r := range st.Layers {
		st.Total.Parameters += r.Parameters
		st.Total.Lines += r.Lines
		st.Total.Assembly += r.Assembly
		st.Total.Forward.add(r.Forward)
		st.Total.Backward.add(r.Backward)
		st.Total.Update.add(r.Update)
	}
}
