//go:build ignore

// This program writes the float32 functions of package nnrt from the table of formulas: go generate in this folder runs it.
package main

import (
	"log"
	"os"

	"nngen/codegen/lane"
)

func main() {
	text, err := lane.GoFormulas("nnrt")
	if err == nil {
		err = os.WriteFile("../../runtime/math32_formulas.go", text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
