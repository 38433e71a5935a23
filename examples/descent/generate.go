package main

//go:generate go tool nngen --asm=false --tests descent.nn valley.nn
