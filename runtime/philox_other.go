//go:build !amd64 || purego

package nnrt

// This file answers: how are buffers filled without vector kernels? The portable way.

func fillUniformVector[T Float](dst []T, k Key, start uint64) bool { return false }
func fillNormalVector[T Float](dst []T, k Key, start uint64) bool  { return false }
