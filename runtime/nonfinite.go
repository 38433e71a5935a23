package nnrt

// This file answers: in which tensor did a calculation go wrong?

// NonFinite returns the name of the first tensor that holds a NaN or an infinity, such as "gradient of h.W", "h.W" or "state/m/h.W": first among the
// given tensors, then among those of the state. It is empty if there is none. It allocates; generated trainers call it when a loss is no number.
func (s State) NonFinite(before ...StateTensors) string {
	s.Tensors = append(before, s.Tensors...)
	tensors, err := s.tensors()
	if err != nil {
		return ""
	}
	for _, t := range tensors {
		if !allFinite(t.f32) || !allFinite(t.f64) {
			return t.name
		}
	}
	for _, n := range s.Numbers {
		if v := *n.Value; v-v != 0 {
			return n.Name
		}
	}
	return ""
}

func allFinite[T Float](x []T) bool {
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}
