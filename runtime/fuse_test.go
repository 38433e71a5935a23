package nnrt

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// No compiler may fuse a product with a sum: on arm64, whose instruction set has the fused operations in its
// baseline, none of this package's own code contains one. It runs with NNGEN_LONG=1, since it compiles the
// standard library for arm64.
func TestNoFusedProducts(t *testing.T) {
	if os.Getenv("NNGEN_LONG") != "1" {
		t.Skip("set NNGEN_LONG=1")
	}
	cmd := exec.Command("go", "test", "-c", "-o", os.DevNull, "-gcflags=-S", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(out) < 100_000 {
		t.Fatalf("only %d bytes of assembly", len(out))
	}
	// math.go has FMA itself; the products of fma.go and fmaOnce32 are exact, so that fusing them changes nothing; gradients are checked within bounds.
	allowed := regexp.MustCompile(`_test\.go|^(math|fma|math32_prims|gradcheck)\.go`)
	fused := regexp.MustCompile(`(?m)^.*/runtime/(\w+\.go:\d+)\)\s+FN?M(ADD|SUB)[SD].*$`)
	for _, m := range fused.FindAllSubmatch(out, -1) {
		if !allowed.Match(m[1]) {
			t.Errorf("fused product: %s", m[0])
		}
	}
}
