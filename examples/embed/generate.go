package main

//go:generate go tool nngen --tests digit.nn
