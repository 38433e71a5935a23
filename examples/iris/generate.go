package main

//go:generate go tool nngen --tests iris.nn
