// What is the size of an axis? A polynomial over run-time sizes, in normal form, so that equality is pointer equality.

package symbolic

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A Dim is the size of one axis: an integer polynomial over symbols (`batch`, `time`) and floor divisions of polynomials by
// constants. Dims are interned: two equal polynomials are the same value, so == decides equality.
// The zero Dim is invalid.
type Dim struct{ p *poly }

// A Sym is a run-time size: a name and, where declared (`time <= 512`), an upper bound. Syms are interned by both.
// Max is 0 where the capacity is chosen when a trainer is constructed (`batch`).
type Sym struct {
	Name string
	Max  int
}

// poly is a sum of terms in canonical order.
type poly struct {
	terms []term
	text  string
}

// term is coef times the product of its atoms (sorted by text, repeated for powers).
type term struct {
	coef  int
	atoms []*atom
}

// atom is a symbol or floor(of / div).
type atom struct {
	sym  *Sym
	of   Dim
	div  int
	text string
	id   int // number in order of creation, for the keys of interning only
}

var dims = struct {
	sync.Mutex
	polys map[string]*poly
	atoms map[string]*atom
}{polys: map[string]*poly{}, atoms: map[string]*atom{}}

// Int returns the constant size n.
func Int(n int) Dim {
	if n == 0 {
		return intern(nil)
	}
	return intern([]term{{coef: n}})
}

// Ints returns constant sizes.
func Ints(ns ...int) []Dim {
	ds := make([]Dim, len(ns))
	for i, n := range ns {
		ds[i] = Int(n)
	}
	return ds
}

// SymDim returns the run-time size called name with upper bound max (0: none declared).
func SymDim(name string, max int) Dim {
	text := name
	if max > 0 {
		text += "<=" + strconv.Itoa(max)
	}
	dims.Lock()
	a := dims.atoms[text]
	if a == nil {
		a = &atom{sym: &Sym{Name: name, Max: max}, text: name, id: len(dims.atoms)}
		dims.atoms[text] = a
	}
	dims.Unlock()
	return intern([]term{{coef: 1, atoms: []*atom{a}}})
}

// intern returns the Dim of canonical terms.
func intern(ts []term) Dim {
	var key strings.Builder
	for _, t := range ts {
		key.WriteString(strconv.Itoa(t.coef))
		for _, a := range t.atoms {
			key.WriteByte('*')
			key.WriteString(strconv.Itoa(a.id))
		}
		key.WriteByte('+')
	}
	dims.Lock()
	defer dims.Unlock()
	p := dims.polys[key.String()]
	if p == nil {
		p = &poly{terms: ts, text: polyText(ts)}
		dims.polys[key.String()] = p
	}
	return Dim{p}
}

func polyText(ts []term) string {
	if len(ts) == 0 {
		return "0"
	}
	var b strings.Builder
	for i, t := range ts {
		c := t.coef
		switch {
		case i == 0 && c < 0:
			b.WriteByte('-')
			c = -c
		case i > 0 && c < 0:
			b.WriteString(" - ")
			c = -c
		case i > 0:
			b.WriteString(" + ")
		}
		if c != 1 || len(t.atoms) == 0 {
			b.WriteString(strconv.Itoa(c))
			if len(t.atoms) > 0 {
				b.WriteByte('*')
			}
		}
		for j, a := range t.atoms {
			if j > 0 {
				b.WriteByte('*')
			}
			b.WriteString(a.text)
		}
	}
	return b.String()
}

func atomsKey(as []*atom) string {
	var b strings.Builder
	for _, a := range as {
		b.WriteString(a.text)
		if a.sym != nil {
			fmt.Fprintf(&b, "<=%d", a.sym.Max)
		}
		b.WriteByte('*')
	}
	return b.String()
}

// normal sorts and merges terms: higher degree first, then by text.
func normal(ts []term) Dim {
	byKey := map[string]int{}
	var out []term
	for _, t := range ts {
		k := atomsKey(t.atoms)
		if i, ok := byKey[k]; ok {
			out[i].coef += t.coef
			continue
		}
		byKey[k] = len(out)
		out = append(out, t)
	}
	keep := out[:0]
	for _, t := range out {
		if t.coef != 0 {
			keep = append(keep, t)
		}
	}
	sort.SliceStable(keep, func(i, j int) bool {
		a, b := keep[i], keep[j]
		if len(a.atoms) != len(b.atoms) {
			return len(a.atoms) > len(b.atoms)
		}
		return atomsKey(a.atoms) < atomsKey(b.atoms)
	})
	return intern(keep)
}

// Valid reports whether d is a size at all.
func (d Dim) Valid() bool { return d.p != nil }

// Const returns d's value when it is known at generate time.
func (d Dim) Const() (n int, ok bool) {
	switch {
	case len(d.p.terms) == 0:
		return 0, true
	case len(d.p.terms) == 1 && len(d.p.terms[0].atoms) == 0:
		return d.p.terms[0].coef, true
	}
	return 0, false
}

// Is reports whether d is the constant n.
func (d Dim) Is(n int) bool {
	c, ok := d.Const()
	return ok && c == n
}

// String returns d as the language writes it, such as `2*batch + 1`.
func (d Dim) String() string {
	if d.p == nil {
		return "?"
	}
	return d.p.text
}

// Add returns d + e.
func (d Dim) Add(e Dim) Dim {
	switch {
	case len(d.p.terms) == 0:
		return e
	case len(e.p.terms) == 0:
		return d
	}
	return normal(append(append([]term(nil), d.p.terms...), e.p.terms...))
}

// Neg returns -d.
func (d Dim) Neg() Dim { return d.Mul(Int(-1)) }

// Sub returns d - e.
func (d Dim) Sub(e Dim) Dim { return d.Add(e.Neg()) }

// Mul returns d * e.
func (d Dim) Mul(e Dim) Dim {
	switch {
	case d.Is(1):
		return e
	case e.Is(1):
		return d
	}
	var ts []term
	for _, a := range d.p.terms {
		for _, b := range e.p.terms {
			as := append(append([]*atom(nil), a.atoms...), b.atoms...)
			sort.SliceStable(as, func(i, j int) bool { return as[i].text < as[j].text })
			ts = append(ts, term{a.coef * b.coef, as})
		}
	}
	return normal(ts)
}

// Div returns d / e when the division is provably exact.
func (d Dim) Div(e Dim) (q Dim, ok bool) {
	if e.Is(0) || len(e.p.terms) == 0 {
		return Dim{}, false
	}
	if d == e {
		return Int(1), true
	}
	// Long division by the leading term; sizes are small polynomials.
	lead := e.p.terms[0]
	q, rest := Int(0), d
	for n := 0; len(rest.p.terms) > 0; n++ {
		t, fits := rest.p.terms[0].over(lead)
		if !fits || n > 64 {
			return Dim{}, false
		}
		part := normal([]term{t})
		q, rest = q.Add(part), rest.Sub(part.Mul(e))
	}
	return q, true
}

// over returns t / u when u divides t.
func (t term) over(u term) (term, bool) {
	if t.coef%u.coef != 0 {
		return term{}, false
	}
	left := append([]*atom(nil), t.atoms...)
	for _, a := range u.atoms {
		i := 0
		for i < len(left) && left[i] != a {
			i++
		}
		if i == len(left) {
			return term{}, false
		}
		left = append(left[:i], left[i+1:]...)
	}
	return term{t.coef / u.coef, left}, true
}

// FloorDiv returns floor(d / n) for a constant n > 0, as an exact quotient where there is one.
func (d Dim) FloorDiv(n int) Dim {
	if c, ok := d.Const(); ok {
		return Int(int(math.Floor(float64(c) / float64(n))))
	}
	if q, ok := d.Div(Int(n)); ok {
		return q
	}
	text := fmt.Sprintf("floor_div(%s, %d)", d, n)
	key := fmt.Sprintf("%p/%d", d.p, n)
	dims.Lock()
	a := dims.atoms[key]
	if a == nil {
		a = &atom{of: d, div: n, text: text, id: len(dims.atoms)}
		dims.atoms[key] = a
	}
	dims.Unlock()
	return intern([]term{{coef: 1, atoms: []*atom{a}}})
}

// Syms returns the symbols of d in order of first appearance.
func (d Dim) Syms() []*Sym {
	if _, ok := d.Const(); ok {
		return nil
	}
	var out []*Sym
	seen := map[*Sym]bool{}
	var walk func(d Dim)
	walk = func(d Dim) {
		for _, t := range d.p.terms {
			for _, a := range t.atoms {
				switch {
				case a.sym == nil:
					walk(a.of)
				case !seen[a.sym]:
					seen[a.sym] = true
					out = append(out, a.sym)
				}
			}
		}
	}
	walk(d)
	return out
}

// Dim returns the size that is the symbol itself.
func (s *Sym) Dim() Dim { return SymDim(s.Name, s.Max) }

// Subst returns d with each symbol replaced by what value gives for it; value returns an invalid Dim to keep a symbol.
func (d Dim) Subst(value func(*Sym) Dim) Dim {
	if len(d.Syms()) == 0 {
		return d
	}
	sum := Int(0)
	for _, t := range d.p.terms {
		prod := Int(t.coef)
		for _, a := range t.atoms {
			f := Dim{}
			if a.sym == nil {
				f = a.of.Subst(value).FloorDiv(a.div)
			} else if f = value(a.sym); !f.Valid() {
				f = a.sym.Dim()
			}
			prod = prod.Mul(f)
		}
		sum = sum.Add(prod)
	}
	return sum
}

// Eval returns d's value for the given sizes.
func (d Dim) Eval(size func(*Sym) int) int {
	sum := 0
	for _, t := range d.p.terms {
		prod := t.coef
		for _, a := range t.atoms {
			if a.sym != nil {
				prod *= size(a.sym)
			} else {
				prod *= int(math.Floor(float64(a.of.Eval(size)) / float64(a.div)))
			}
		}
		sum += prod
	}
	return sum
}

// Less orders dims for deterministic output.
func (d Dim) Less(e Dim) bool { return d.String() < e.String() }
