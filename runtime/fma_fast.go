//go:build !nnexact

package nnrt

// exact says whether plain Go computes a term of a sum as vector instructions do.
const exact = false
