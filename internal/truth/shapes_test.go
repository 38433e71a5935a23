package truth

// This file answers: does a row hold for other shapes, too? What works element by element or along the last axis gives the
// same numbers when the first axis is split in two. Every such row is compared again in that form.

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// wholeBatch names the rows that depend on the first axis as a whole.
var wholeBatch = []string{"softmax_axis0", "kl_div_of_log_softmax_batch_mean"}

// alongLast begins the names of what works along the last axis; splitting the only axis of a vector would change its meaning.
var alongLast = []string{"softmax", "log_softmax", "logsumexp", "cumsum", "max", "mean", "var", "prod", "norm",
	"cross_entropy", "nll", "kl_div", "dense", "layer_norm", "rms_norm"}

// rowTensors are the members whose first axis is split; inputs and their gradients are lists of tensors.
var rowTensors = []string{"x", "y", "weight", "target", "output", "grad_x", "grad_of_sum_grad_x", "inputs", "grad_inputs"}

func TestFunctionsSplit(t *testing.T) {
	compareRows(t, "functions_split", splitRows(t, readRows(t, "functions", "function")), functionCase)
}

func TestLossesSplit(t *testing.T) {
	compareRows(t, "losses_split", splitRows(t, readRows(t, "losses", "loss")), lossCase)
}

func TestLayersSplit(t *testing.T) {
	compareRows(t, "layers_split", splitRows(t, readRows(t, "layers", "layer")), layerCase)
}

// splitRows returns the rows with their first axis split; rows that are not along the last axis are left out.
func splitRows(t *testing.T, rows []*row) []*row {
	t.Helper()
	var out []*row
	for _, r := range rows {
		if slices.Contains(wholeBatch, r.name) || slices.Contains(pendingLayers, r.name) {
			continue
		}
		last := slices.ContainsFunc(alongLast, func(name string) bool { return strings.HasPrefix(r.name, name) })
		if last && rankOf(t, r) < 2 {
			continue
		}
		split := &row{key: r.key, name: r.name, member: map[string]json.RawMessage{}, read: r.read}
		for name, raw := range r.member {
			split.member[name] = raw
			if slices.Contains(rowTensors, name) {
				split.member[name] = splitFirst(t, raw)
			}
		}
		out = append(out, split)
	}
	return out
}

// splitFirst splits the first axis of a tensor, or of each tensor of a list: [6, 5] becomes [2, 3, 5] and [17] becomes [1, 17].
func splitFirst(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && (len(list) == 0 || list[0][0] == '{') {
		for i := range list {
			list[i] = splitFirst(t, list[i])
		}
		return encode(t, list)
	}
	var a map[string]json.RawMessage
	var shape []int
	if json.Unmarshal(raw, &a) != nil || json.Unmarshal(a["shape"], &shape) != nil || len(shape) == 0 {
		return raw // a number
	}
	first := 1
	for d := 2; d*d <= shape[0] && first == 1; d++ {
		if shape[0]%d == 0 {
			first = d
		}
	}
	a["shape"] = encode(t, append([]int{first, shape[0] / first}, shape[1:]...))
	return encode(t, a)
}

// rankOf is the number of axes of what a row is applied to.
func rankOf(t *testing.T, r *row) int {
	t.Helper()
	raw := r.member["x"]
	if raw == nil {
		var inputs []json.RawMessage
		if err := json.Unmarshal(r.member["inputs"], &inputs); err != nil || len(inputs) == 0 {
			t.Fatalf("%s: no x and no inputs", r.key)
		}
		raw = inputs[0]
	}
	var a tensor
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("%s: %v", r.key, err)
	}
	return len(a.Shape)
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
