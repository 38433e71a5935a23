package main

//go:generate go tool nngen xor.nn
