// What is known about a size before the program runs? Lower bounds, and proofs that one size is at most another.

package symbolic

import "math"

// Min returns the least value that d can have, each symbol being at least 1 and at most its Max. ok is false where no
// bound is known.
func (d Dim) Min() (n int, ok bool) {
	for _, t := range d.p.terms {
		lo, hi, bounded := t.coef, t.coef, true // range of coef times the atoms so far
		for _, a := range t.atoms {
			amin, amax, abounded := a.bounds()
			if amin < 0 {
				return 0, false
			}
			if t.coef > 0 {
				lo *= amin
			} else {
				hi *= amin
				if bounded = bounded && abounded; bounded {
					lo *= amax
				}
			}
		}
		if t.coef < 0 && !bounded {
			return 0, false
		}
		n += lo
	}
	return n, true
}

// bounds returns the range of an atom; bounded says that hi is known.
func (a *atom) bounds() (lo, hi int, bounded bool) {
	if a.sym != nil {
		return 1, a.sym.Max, a.sym.Max > 0
	}
	lo, ok := a.of.Min()
	if !ok {
		return -1, 0, false
	}
	most, ok := a.of.Neg().Min()
	return int(math.Floor(float64(lo) / float64(a.div))), int(math.Floor(float64(-most) / float64(a.div))), ok
}

// AtMost reports whether d <= e is proved to hold for all sizes.
func (d Dim) AtMost(e Dim) bool {
	diff := e.Sub(d)
	for {
		if n, ok := diff.Min(); ok && n >= 0 {
			return true
		}
		i := diff.linearFloor()
		if i < 0 {
			return false
		}
		// p/k - (k-1)/k <= floor(p/k) <= p/k: put the lower bound of the term in, times k so that all stays whole.
		t := diff.p.terms[i]
		a := t.atoms[0]
		bound := a.of
		if t.coef > 0 {
			bound = bound.Sub(Int(a.div - 1))
		}
		rest := diff.Sub(normal([]term{t}))
		diff = rest.Mul(Int(a.div)).Add(bound.Mul(Int(t.coef)))
	}
}

// linearFloor returns the index of a term that is a number times one floor division, -1 where there is none.
func (d Dim) linearFloor() int {
	for i, t := range d.p.terms {
		if len(t.atoms) == 1 && t.atoms[0].sym == nil {
			return i
		}
	}
	return -1
}
