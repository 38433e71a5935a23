// How much work is a region, and how many of its rows make a block? From shapes alone, so that results depend neither on the number of
// workers nor on the instruction set.
package codegen

import "nngen/symbolic"

// taskWork is the least work of a task in multiplications of a matrix product, nnrt's unit: what makes it worth a fork.
const taskWork = 250_000

// Bounds of a block of light rows: its rows, and the elements of its panels, which should stay in the core's own cache.
const (
	mostRows     = 1 << 16
	mostElements = 1 << 15
)

// Prices of elementwise work in half multiplications. A vector loop does one instruction for each unit of an op's cost where a product has an
// instruction and a part of its loads, and takes about as long to load or store a vector from the second-level cache as for a
// multiplication: measured on updates of 100 000 elements, stochastic gradient descent takes as long as 4 multiplications for each,
// Adam 15, and Adam on 670 000, which lie in the cache that all cores share, 25.
const (
	opPrice     = 1
	accessPrice = 2
)

// blocks chooses the rows of a block for each region.
func (pl *planner) blocks() {
	for _, st := range pl.steps {
		r, ok := st.(*Region)
		if !ok || r.Tiles {
			continue
		}
		r.Work = symbolic.Int(0)
		for _, l := range r.Body {
			switch l := l.(type) {
			case *Kernel:
				r.Work = r.Work.Add(kernelWork(l.Node))
			case *Group:
				r.Work = r.Work.Add(pl.groupWork(l))
			}
		}
		work, width := constOr(r.Work, 64), 1
		for _, p := range r.Panels {
			width += constOr(p.Width, 64)
		}
		r.Block = 16
		for 2*r.Block <= mostRows && 2*r.Block*width <= mostElements && r.Block*work < taskWork {
			r.Block *= 2
		}
		if r.single() {
			r.Block = max(r.Block, tallBlock) // nothing is left to be chosen at run time
		}
	}
}

// single reports whether r is one task whatever the sizes.
func (r *Region) single() bool {
	if r.Tiles {
		return false
	}
	n, ok := r.Rows.Const()
	return ok && n <= r.Block
}

// kernelWork estimates the multiplications that one row of a kernel is worth: of a product, what it does; of what only moves elements,
// one for each load and store.
func kernelWork(n *symbolic.Node) symbolic.Dim {
	if n.Info().Kind == symbolic.KindReduce {
		return symbolic.Size(n.Args[0].Shape[1:])
	}
	w := symbolic.Size(n.Shape[1:])
	if n.Op != symbolic.OpDot {
		return w.Mul(symbolic.Int(accessPrice))
	}
	for _, k := range n.Attr.Dot.ContractA {
		w = w.Mul(n.Args[0].Shape[k])
	}
	return w
}

// groupWork estimates the multiplications that one row of a fused loop is worth.
func (pl *planner) groupWork(g *Group) symbolic.Dim {
	price := map[symbolic.Dim]int{} // by elements of a row
	add := func(shape []symbolic.Dim, p int) { price[symbolic.Size(shape[1:])] += p }
	seen := map[*symbolic.Node]bool{}
	for _, n := range g.Members {
		add(space(n), n.Info().Cost*opPrice)
		if pl.p.value[n] != nil && n.Rank() > 0 {
			add(n.Shape, accessPrice)
			seen[n] = true
		}
		pl.eachRead(n, func(a *symbolic.Node) {
			if !seen[a] && pl.p.value[a] != nil && a.Rank() > 0 && a.Shape[0] == g.Space[0] {
				add(a.Shape, accessPrice)
			}
			seen[a] = true
		})
	}
	work := symbolic.Int(0)
	for size, p := range price {
		work = work.Add(size.Mul(symbolic.Int((p + 1) / 2)))
	}
	return work
}

// constOr returns a size, or guess where it is known at run time only.
func constOr(d symbolic.Dim, guess int) int {
	total := 0
	for _, t := range d.Terms() {
		p := t.Coef
		for range t.Factors {
			p *= guess
		}
		total += p
	}
	return max(total, 1)
}
