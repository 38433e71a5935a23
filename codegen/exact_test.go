// Under the tag nnexact, are portable programs those with vector instructions bit by bit? But for sums that are rounded twice on the way to
// float32, which are counted.
package codegen

import (
	"math"
	"testing"
)

// doubleRoundings counts elements of portable results that differ from those of vector instructions.
type doubleRoundings struct{ elements, different int }

func (d *doubleRoundings) compare(vector, portable []float64) {
	for i, v := range vector {
		d.elements++
		if math.Float64bits(v) != math.Float64bits(portable[i]) && (v == v || portable[i] == portable[i]) {
			d.different++
		}
	}
}

// check allows one in ten thousand: a sum of float64 lies halfway between two float32 about once in 2**29 times, but one difference spreads
// over what is computed from it.
func (d *doubleRoundings) check(t *testing.T) {
	t.Helper()
	if exactTag == "" {
		return
	}
	t.Logf("%d of %d elements of portable results differ from those of vector instructions", d.different, d.elements)
	if d.elements == 0 || d.different > d.elements/10_000 {
		t.Errorf("%d of %d elements of portable results differ under %s", d.different, d.elements, exactTag)
	}
}
