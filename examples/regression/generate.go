package main

//go:generate go tool nngen --tests regression.nn
