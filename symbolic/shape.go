// What do shapes, lists of sizes, look like from outside? Comparing, counting, writing, and the terms that printers need.

package symbolic

import "strings"

// Size returns the product of sizes: the number of elements of a shape.
func Size(shape []Dim) Dim {
	n := Int(1)
	for _, d := range shape {
		n = n.Mul(d)
	}
	return n
}

// SameShape reports whether two shapes are provably equal.
func SameShape(a, b []Dim) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// ShapeString returns a shape as the language writes it: [batch, 64].
func ShapeString(shape []Dim) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range shape {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(d.String())
	}
	b.WriteByte(']')
	return b.String()
}

// A DimTerm is one term of a size for printers: Coef times the product of Factors.
type DimTerm struct {
	Coef    int
	Factors []DimFactor
}

// A DimFactor is a symbol, or floor(Of / By) where Sym is nil.
type DimFactor struct {
	Sym *Sym
	Of  Dim
	By  int
}

// Terms returns d as a sum of products, for printers.
func (d Dim) Terms() []DimTerm {
	out := make([]DimTerm, len(d.p.terms))
	for i, t := range d.p.terms {
		out[i].Coef = t.coef
		for _, a := range t.atoms {
			out[i].Factors = append(out[i].Factors, DimFactor{a.sym, a.of, a.div})
		}
	}
	return out
}
