//go:build !amd64 || purego

package nnrt

// pause is nothing where there is no assembly.
func pause() {}
