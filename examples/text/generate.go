package main

//go:generate go tool nngen --tests speaker.nn
