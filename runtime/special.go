package nnrt

// This file answers: how does generic code write infinities?

import "math"

func negInf[T Float]() T { return T(math.Inf(-1)) }
