// What do generated models and the loop say to a user who does everything wrong? A program of mistakes, and the words for each.
package codegen

import (
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMistakes(t *testing.T) {
	src, err := os.ReadFile("testdata/hostile/hostile.nn")
	if err != nil {
		t.Fatal(err)
	}
	files, err := generateText(t, string(src))
	if err != nil {
		t.Fatal(err)
	}
	driver, err := os.ReadFile("testdata/hostile/main.go")
	if err != nil {
		t.Fatal(err)
	}
	exe, message := goBuild(t, withFiles(map[string]string{"main.go": string(driver)}, files), "build")
	if exe == "" {
		t.Fatal(message)
	}
	out, err := exec.Command(exe).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	golden := "testdata/hostile/says.txt"
	if os.Getenv("NNGEN_UPDATE") != "" {
		if err := os.WriteFile(golden, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(out)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
