package nnrt

// Tests of what the assembly may contain.

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A kernel for AVX2 must not hold an instruction of AVX-512: neither its registers nor its masks. A machine with AVX-512 would run it all
// the same, so no other test notices.
func TestAVX2KernelsStayInAVX2(t *testing.T) {
	files, err := filepath.Glob("*_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	wide := regexp.MustCompile(`\b(Z[0-9]+|[XY](1[6-9]|2[0-9]|3[01])|K[0-7])\b`)
	name := regexp.MustCompile(`^TEXT ·(\w+)`)
	kernels := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kernel := ""
		for i, line := range bytes.Split(text, []byte("\n")) {
			if m := name.FindSubmatch(line); m != nil {
				kernel = string(m[1])
				if regexp.MustCompile(`AVX2$`).MatchString(kernel) {
					kernels++
				}
			}
			if regexp.MustCompile(`AVX2$`).MatchString(kernel) && wide.Match(line) {
				t.Errorf("%s:%d: %s has %s", file, i+1, kernel, line)
			}
		}
	}
	if kernels == 0 {
		t.Error("no kernel was looked at")
	}
}
