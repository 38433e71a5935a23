package main

//go:generate go tool nngen digits.nn
