// How are sizes written in the graph text form? Polynomials over the sizes that the Func declares.

package symbolic

import (
	"fmt"
	"strconv"
)

// size reads `time <= 512`.
func (p *textParser) size(own bool) error {
	name := p.next()
	for i := 0; i < len(name); i++ {
		if !isWord(name[i]) || isDigit(name[0]) {
			return fmt.Errorf("expected the name of a size, got %q", name)
		}
	}
	limit := 0
	if p.accept("<") {
		if err := p.expect("="); err != nil {
			return err
		}
		var err error
		if limit, err = p.int(); err != nil || limit < 1 {
			return fmt.Errorf("expected a positive bound for size %s", name)
		}
	}
	if name == "" || p.syms[name] != nil {
		return fmt.Errorf("size %q is missing or given twice", name)
	}
	s := SymDim(name, limit).Syms()[0]
	p.syms[name] = s
	if own {
		p.f.Syms = append(p.f.Syms, s)
	}
	return p.done()
}

func (p *textParser) dims(to *[]Dim) error {
	for {
		d, err := p.dim()
		if err != nil {
			return err
		}
		*to = append(*to, d)
		if !p.accept(",") {
			return nil
		}
	}
}

// dim reads a size such as `2*batch*time - floor_div(time + 1, 2)`.
func (p *textParser) dim() (Dim, error) {
	if p.depth++; p.depth > 50 {
		return Dim{}, fmt.Errorf("size nested too deeply")
	}
	defer func() { p.depth-- }()
	sum, sign := Int(0), 1
	if p.accept("-") {
		sign = -1
	}
	for {
		t, err := p.dimTerm()
		if err != nil {
			return Dim{}, err
		}
		sum = sum.Add(t.Mul(Int(sign)))
		switch {
		case p.accept("+"):
			sign = 1
		case p.accept("-"):
			sign = -1
		default:
			return sum, nil
		}
	}
}

// maxDimDegree bounds the products that the text form may hold.
const maxDimDegree = 16

func (p *textParser) dimTerm() (Dim, error) {
	prod := Int(1)
	for i := 0; i < maxDimDegree; i++ {
		tok := p.next()
		switch {
		case tok == "floor_div":
			if err := p.expect("("); err != nil {
				return Dim{}, err
			}
			of, err := p.dim()
			if err != nil {
				return Dim{}, err
			}
			if err := p.expect(","); err != nil {
				return Dim{}, err
			}
			by, err := p.int()
			if err != nil || by < 1 {
				return Dim{}, fmt.Errorf("floor_div needs a positive divisor")
			}
			if err := p.expect(")"); err != nil {
				return Dim{}, err
			}
			prod = prod.Mul(of.FloorDiv(by))
		case p.syms[tok] != nil:
			prod = prod.Mul(p.syms[tok].Dim())
		default:
			n, err := strconv.ParseInt(tok, 10, 32)
			if err != nil {
				return Dim{}, fmt.Errorf("expected a size, got %q", tok)
			}
			prod = prod.Mul(Int(int(n)))
		}
		if !p.accept("*") {
			return prod, nil
		}
	}
	return Dim{}, fmt.Errorf("a product of more than %d sizes", maxDimDegree)
}
