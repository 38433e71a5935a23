//go:build nnexact

package nnrt

// fma32 returns a*b + c rounded once, as vector instructions do, but for rare double roundings (fmaOnce32).
func fma32(a, b, c float32) float32 { return fmaOnce32(a, b, c) }
