package main

//go:generate go tool nngen --tests bench.nn
//go:generate go tool nngen loops.nn
