package nnrt

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func writeText(text string) func(f *os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	}
}

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := replaceFile(path, writeText("one")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(path, writeText("two")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" && runtime.GOOS != "js" {
		t.Errorf("mode %v, want that of the file before", info.Mode())
	}
	// An error on the way leaves what was there, and nothing else.
	err = replaceFile(path, func(f *os.File) error {
		_ = writeText("half")(f)
		return errFull
	})
	if want := path + ": not written (the file before it is untouched): no space left"; !errors.Is(err, errFull) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	other := filepath.Join(dir, "g")
	err = replaceFile(other, func(*os.File) error { return errFull })
	if want := other + ": not written (there was no such file before): no space left"; !errors.Is(err, errFull) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if text, _ := os.ReadFile(path); string(text) != "two" || !slices.Equal(names(t, dir), []string{"f"}) {
		t.Errorf("file %q in %q", text, names(t, dir))
	}
	if err := replaceFile(filepath.Join(dir, "absent", "f"), writeText("")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Logf("links are not tested: %v", err)
		return
	}
	if err := replaceFile(link, writeText("three")); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink || string(text) != "three" {
		t.Errorf("through a link: %q, %v, %v", text, info.Mode(), err)
	}
}

// Many writers of one file: in the end it is one writer's, whole, and no other file is left.
func TestReplaceFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for range 10 {
				if err := replaceFile(path, writeText(strings.Repeat(string(rune('a'+w)), 1000))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	if err != nil || len(text) != 1000 || strings.Count(string(text), string(text[:1])) != 1000 {
		t.Errorf("%d bytes, error %v", len(text), err)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"f"}) {
		t.Errorf("left %q", got)
	}
}

func TestRemoveAbandoned(t *testing.T) {
	if closeBeforeRename {
		t.Skip("SKIPPED: this system has no locks, so nothing is ever taken for abandoned")
	}
	dir := t.TempDir()
	keep := []string{
		".f.nngen-tmp", ".f.0123.nngen-tmp", "f.0123456789abcdef.nngen-tmp", ".g.0123456789abcdef.nngen-tmp", ".f.0123456789abcdef.tmp", "f",
	}
	for _, name := range append([]string{".f.0123456789abcdef.nngen-tmp"}, keep...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	living, err := createTemp(dir, "f")
	if err != nil {
		t.Fatal(err)
	}
	removeAbandoned(dir, func(base string) bool { return base == "f" })
	want := append(slices.Clone(keep), filepath.Base(living.Name()))
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	living.Close() // as the system does for a process that dies
	removeAbandoned(dir, func(base string) bool { return base == "f" })
	slices.Sort(keep)
	if got := names(t, dir); !slices.Equal(got, keep) {
		t.Errorf("got  %q\nwant %q", got, keep)
	}
}

func TestMakeFolder(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b", "c")
	for range 2 {
		if err := makeFolder(deep); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(deep); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeFolder(file); err == nil || err.Error() != file+": got a file, want a folder" {
		t.Errorf("got %v", err)
	}
	t.Chdir(dir)
	if err := makeFolder("relative"); err != nil {
		t.Error(err)
	}
}

// savesForEver is what the child of TestKilled does: checkpoint after checkpoint, each named on a line when it is there.
func savesForEver(dir string) {
	tr := newTestTrainer[float32](1)
	c := Checkpoints{Dir: dir, Keep: 2}
	r, err := c.Load(tr.State())
	if err != nil && !errors.Is(err, ErrNoCheckpoint) || err == nil && len(r.Skipped) > 0 {
		fmt.Println("cannot resume:", r, err)
		return
	}
	fmt.Println("resumed at", tr.steps)
	for {
		tr.steps++
		if _, err := c.Save(tr.State(), testSections); err != nil {
			fmt.Println("cannot save:", err)
			return
		}
		fmt.Println("saved", tr.steps)
	}
}

// A process that is killed at any moment leaves the last checkpoint that it reported, or a later one, and at most one half-written file,
// which the next process removes.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("NNGEN_TEST_SAVES"); dir != "" {
		savesForEver(dir)
		return
	}
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("SKIPPED: this system has no processes")
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	saved := 1
	for range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "NNGEN_TEST_SAVES="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); errors.Is(err, syscall.ENOEXEC) {
			t.Skip("an emulator runs this test, and nothing can start it again: ", err)
		} else if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		var resumed int
		if _, err := fmt.Sscanf(lines.Text(), "resumed at %d", &resumed); err != nil || resumed < saved {
			t.Fatalf("after step %d the next process says %q", saved, lines.Text())
		}
		for range 1 + r.IntN(3) {
			lines.Scan()
		}
		last := lines.Text()
		time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond) // a moment of the next save, whichever
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it still said
			last = lines.Text()
		}
		_ = cmd.Wait() // it was killed
		if _, err := fmt.Sscanf(last, "saved %d", &saved); err != nil {
			t.Fatalf("the process says %q", last)
		}
		path, skipped, err := Latest(dir)
		if err != nil || len(skipped) > 0 || filepath.Base(path) < fmt.Sprintf("step-%09d", saved) {
			t.Fatalf("after step %d: latest %s, skipped %v, error %v", saved, path, skipped, err)
		}
		if got := names(t, dir); len(got) > 5 {
			t.Fatalf("too many files are left: %q", got)
		}
	}
	tr := newTestTrainer[float32](1)
	c := Checkpoints{Dir: dir, Keep: 2}
	if _, err := c.Load(tr.State()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Save(tr.State(), nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 2 && !closeBeforeRename {
		t.Errorf("left %q, want two checkpoints", got)
	}
}
