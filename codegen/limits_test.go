// Do the planner's figures agree with the runtime's, which it must not import?
package codegen

import (
	"testing"

	nnrt "nngen/runtime"
)

func TestSumTerms(t *testing.T) {
	if sumTerms != nnrt.KC {
		t.Errorf("the planner takes %d terms for one sum, the runtime %d", sumTerms, nnrt.KC)
	}
	// A product with one term more has two sums, which workers can share.
	if one, two := nnrt.SplitTasks(16, 16, sumTerms), nnrt.SplitTasks(16, 16, sumTerms+1); one != 1 || two != 2 {
		t.Errorf("got %d and %d tasks with %d terms and one more, want 1 and 2", one, two, sumTerms)
	}
}
