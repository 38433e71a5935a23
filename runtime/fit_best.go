package nnrt

// This file answers: where are the best parameters of a run?

// bestWeights is a copy of the parameters, taken whenever the monitored measure is the best so far. The zero value keeps none.
type bestWeights struct {
	live []StateTensors // the trainer's parameters
	kept []StateTensors // their copy, in memory of its own
	new  bool           // taken since the last checkpoint
}

// bestPrefix stands before the paths of the best parameters in a checkpoint.
const bestPrefix = "best/"

// make takes a first copy, of the parameters as they are.
func (b *bestWeights) make(s State) {
	for _, t := range s.Tensors {
		if t.Prefix != "" {
			continue
		}
		b.live = append(b.live, t)
		t.Prefix = bestPrefix
		t.F32, t.F64 = cloneOf(t.F32), cloneOf(t.F64)
		b.kept = append(b.kept, t)
	}
}

// cloneOf copies a slice and keeps nil.
func cloneOf[T Float](x []T) []T {
	if x == nil {
		return nil
	}
	return append(make([]T, 0, len(x)), x...)
}

// take copies the trainer's parameters.
func (b *bestWeights) take() {
	copyTensors(b.kept, b.live)
	b.new = len(b.kept) > 0
}

// restore makes the copy the trainer's parameters.
func (b *bestWeights) restore() { copyTensors(b.live, b.kept) }

func copyTensors(dst, src []StateTensors) {
	for i := range dst {
		copy(dst[i].F32, src[i].F32)
		copy(dst[i].F64, src[i].F64)
	}
}

// state returns a state of the best parameters alone, which the model's Load function reads.
func (b *bestWeights) state(s State, step int) State {
	out := State{Model: s.Model, Schema: s.Schema, Steps: &step, Seed: s.Seed}
	for _, t := range b.kept {
		t.Prefix = ""
		out.Tensors = append(out.Tensors, t)
	}
	return out
}
