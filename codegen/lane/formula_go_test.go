package lane

import (
	"bytes"
	"os"
	"testing"
)

// TestGoFormulas compares the functions of package nnrt with the table.
func TestGoFormulas(t *testing.T) {
	const file = "../../runtime/math32_formulas.go"
	want, err := GoFormulas("nnrt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the table of formulas says: run go generate in codegen/lane", file)
	}
}
