// How much work is a region, and how many of its rows make a block? From shapes alone, so that results depend neither on the number of
// workers nor on the instruction set.
package codegen

import (
	"slices"

	"nngen/symbolic"
)

// taskWork is the least work of a task in multiplications of a matrix product, nnrt's unit: what makes it worth a fork. warmWork is that of a task
// in a run that has larger regions, where helpers are awake and have the rows of half the tasks in their caches.
const (
	taskWork = 250_000
	warmWork = taskWork / 4
)

// Bounds of a block of light rows: its rows, and the elements of its panels, which should stay in the core's own cache.
const (
	mostRows     = 1 << 16
	mostElements = 1 << 15
)

// Prices of elementwise work in half multiplications. A vector loop does one instruction for each unit of an op's cost where a product has an
// instruction and a part of its loads. Panels are hot. What other regions wrote may lie in another core's cache, or will be read from
// there: updates of 100 000 elements take no longer on one core than on two, but the pass that follows reads the parameters, and the
// whole step is faster by a tenth when each core has updated half of them.
const (
	opPrice     = 1
	panelPrice  = 2
	memoryPrice = 10
)

// drawPrice is the price of a random draw in multiplications: of a uniform one; a normal one takes three times as long.
const drawPrice = 16

// blocks chooses the rows of a block for each region.
func (pl *planner) blocks() {
	least := taskWork
	if pl.task > 0 {
		least = pl.task
	}
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
	}
	for _, st := range pl.steps {
		r, ok := st.(*Region)
		if !ok || r.Tiles {
			continue
		}
		work, width := constOr(r.Work, 64), 0
		least := least
		if r.Warm = least == taskWork && !pl.heavy(r) && slices.ContainsFunc(pl.steps, pl.heavyStep); r.Warm {
			least = warmWork
		}
		for _, p := range r.Panels {
			width += constOr(p.Width, 64)
		}
		r.Block = leastBlock
		for 2*r.Block <= mostRows && 2*r.Block*width <= mostElements && r.Block*work < least {
			r.Block *= 2
		}
		if r.single() {
			r.Block = max(r.Block, tallBlock) // nothing is left to be chosen at run time
		}
	}
}

// heavy reports whether r is worth a fork by itself, with some 64 rows where their number is known at run time only.
func (pl *planner) heavy(r *Region) bool {
	if !r.Tiles {
		return constOr(r.Rows, 64)*constOr(r.Work, 64) >= 2*taskWork
	}
	work := 0
	for _, l := range r.Body {
		work += tileWork(l.(*Kernel).Node)
	}
	return work >= 2*taskWork
}

func (pl *planner) heavyStep(st Step) bool {
	r, ok := st.(*Region)
	return ok && pl.heavy(r)
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
	if n.Op == symbolic.OpRand {
		return w.Mul(symbolic.Int(drawPrice))
	}
	if n.Op != symbolic.OpDot {
		return w.Mul(symbolic.Int(panelPrice))
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
		pl.access(n, g, seen, add)
		pl.eachRead(n, func(a *symbolic.Node) { pl.access(a, g, seen, add) })
	}
	work := symbolic.Int(0)
	for size, p := range price {
		work = work.Add(size.Mul(symbolic.Int((p + 1) / 2)))
	}
	return work
}

// access adds the price of reading or writing the rows of n, once.
func (pl *planner) access(n *symbolic.Node, g *Group, seen map[*symbolic.Node]bool, add func(shape []symbolic.Dim, price int)) {
	v := pl.p.value[n]
	if v == nil || seen[n] || n.Rank() == 0 || n.Shape[0] != g.Space[0] {
		return
	}
	seen[n] = true
	if v.Store == StoreLocal {
		add(n.Shape, panelPrice)
	} else {
		add(n.Shape, memoryPrice)
	}
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
