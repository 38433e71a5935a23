package nnrt

// This file answers: what integer is a floating-point value? Go leaves NaN and values out of range to the machine; here every
// machine gives the same.

import "math"

// Int32 returns x without its fraction; NaN gives 0, and what int32 cannot hold the nearest value that it can.
func Int32[T Float](x T) int32 {
	switch {
	case x != x:
		return 0
	case x <= math.MinInt32:
		return math.MinInt32
	case float64(x) >= math.MaxInt32:
		return math.MaxInt32
	}
	return int32(x)
}
