// Package lane turns loops over elements into vector assembly for amd64: a table of lane primitives with their instructions, elementary
// functions written in those primitives, a register allocator, and a printer of Go assembly for AVX2 and AVX-512.
//
// A program of this package is what happens to one element; a lane is one element of a vector. Loops run over 16 virtual lanes on every
// instruction set (one AVX-512 register of float32, two AVX2 registers), so that sums have the same order and the same bits on all of
// them. Package codegen writes such programs for the fused groups of a model and prints the same loops in Go; the functions of
// float32 in package nnrt are written from the table of formulas here, so that both agree.
package lane
