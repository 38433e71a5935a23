package nnrt

// Tests of what the assembly may contain.

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A kernel for AVX2 must not hold an instruction of AVX-512: neither its registers nor its masks, nor what it alone can do with the
// registers of AVX2. A machine with AVX-512 would run it all the same, so no other test notices.
func TestAVX2KernelsStayInAVX2(t *testing.T) {
	files, err := filepath.Glob("*_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	wide := regexp.MustCompile(`\b(Z[0-9]+|[XY](1[6-9]|2[0-9]|3[01])|K[0-7])\b|\.(BCST|Z)\b` +
		`|\bV(PTERNLOG|RANGE|REDUCE|RNDSCALE|SCALEF|GETEXP|GETMANT|FIXUPIMM|FPCLASS|ALIGN[DQ]|EXPAND|COMPRESS|PCONFLICT|PERM[IT]2|PROL|PROR` +
		`|PSRAQ|PMULLQ|PABSQ|P(MAX|MIN)[SU]Q|P(AND|OR|XOR|ANDN)[DQ]\b|BLENDM|PBLENDM|PMOVM2|MOVDQ[AU](8|16|32|64)|(EXTRACT|INSERT|BROADCAST|SHUF)[FI](32|64)X` +
		`|CVTU?QQ|CVTUDQ|CVTT?P[SD]2U?QQ|CVTT?P[SD]2UDQ)`)
	special := regexp.MustCompile(`AVX2$`)
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
				if special.MatchString(kernel) {
					kernels++
				}
			}
			if special.MatchString(kernel) && wide.Match(line) {
				t.Errorf("%s:%d: %s has %s", file, i+1, kernel, line)
			}
		}
	}
	if kernels == 0 {
		t.Error("no kernel was looked at")
	}
}
