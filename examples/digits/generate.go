package main

//go:generate go tool nngen --tests digits.nn
