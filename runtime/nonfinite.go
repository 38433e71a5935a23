package nnrt

// This file answers: in which tensor did a calculation go wrong?

import "strings"

// NonFinite returns the name of the first tensor or number that holds a NaN or an infinity, such as "lr", "gradient of h.W", "h.W" or
// "state/m/h.W": first among the hyperparameters, which are nobody's result, then among the given tensors, those of the state, and the
// optimizer's numbers. It is empty if there is none. It allocates; generated trainers call it when a loss is no number.
func (s State) NonFinite(before ...StateTensors) string {
	for _, n := range s.Numbers {
		if v := *n.Value; v-v != 0 && !strings.HasPrefix(n.Name, scalarPrefix) {
			return n.Name
		}
	}
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

// scalarPrefix stands before the names of an optimizer's scalar states.
const scalarPrefix = "state/"

func allFinite[T Float](x []T) bool {
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}
