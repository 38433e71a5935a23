package main

//go:generate go tool nngen --tests xor.nn
