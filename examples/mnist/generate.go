package main

//go:generate go tool nngen --tests mnist.nn
