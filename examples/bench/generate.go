package main

//go:generate go tool nngen bench.nn loops.nn
