package main

//go:generate go tool nngen regression.nn
