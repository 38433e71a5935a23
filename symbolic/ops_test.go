// Is every row of the op table complete?

package symbolic

import (
	"strings"
	"testing"
)

func TestTableHasNoMissingColumn(t *testing.T) {
	names := map[string]Op{}
	for op := Op(0); op < NumOps; op++ {
		row := Ops[op]
		if row.Name == "" || row.Doc == "" || row.Rule == nil {
			t.Errorf("op %d (%s): name, doc or rule is missing", op, row.Name)
			continue
		}
		if other, ok := names[row.Name]; ok {
			t.Errorf("ops %d and %d are both called %s", other, op, row.Name)
		}
		names[row.Name] = op
		if !strings.HasSuffix(row.Doc, ".") {
			t.Errorf("%s: doc is no sentence: %q", row.Name, row.Doc)
		}
		derivatives := 0
		for _, has := range []bool{row.Zero, row.Partials != nil, row.Transpose != nil, row.VJP != nil} {
			if has {
				derivatives++
			}
		}
		if row.Kind != KindLeaf && row.Kind != KindRegion && derivatives != 1 {
			t.Errorf("%s: %d ways to differentiate, want 1", row.Name, derivatives)
		}
		if row.Partials != nil && len(row.Partials) != row.Arity {
			t.Errorf("%s: %d partials for %d arguments", row.Name, len(row.Partials), row.Arity)
		}
		if (row.VJP == nil) != (row.JVP == nil) {
			t.Errorf("%s: VJP and JVP go together", row.Name)
		}
		if row.Kind == KindElement {
			if row.Value == nil || row.Domain == nil || len(row.Domain) != row.Arity {
				t.Errorf("%s: value or domain is missing", row.Name)
			}
			if row.Go == "" && !strings.Contains(row.Doc, "Printed by the printer") {
				t.Errorf("%s: no Go spelling", row.Name)
			}
			if row.Cost == 0 && op != OpVar && op != OpStopGradient {
				t.Errorf("%s: no cost", row.Name)
			}
		} else if row.Kind != KindLeaf && row.Kind != KindRegion && (row.Eval == nil || row.Domain == nil) {
			t.Errorf("%s: eval or domain is missing", row.Name)
		}
		if (row.Kind == KindReduce || row.Kind == KindDot || row.Kind == KindIndex) && row.Kernel == "" {
			t.Errorf("%s: no kernel", row.Name)
		}
	}
}
