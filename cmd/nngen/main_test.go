package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"nngen/codegen"
	"nngen/internal/golden"
)

// This file runs the scripts of testdata/script against the command, and tests what a script cannot reach.

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nngen": main})
}

// TestScripts runs every script. Besides testscript's commands there is `exits N command...`, which also checks the code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       golden.Update(),
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command and fails the script unless it ends with the given exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: got exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// TestHelp checks that every command has a help text with examples, and that each example's flags exist.
func TestHelp(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" {
			return
		}
		if c.Short == "" || c.Example == "" {
			t.Errorf("%s: no short text or no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			checkExample(t, c.Root(), strings.TrimSpace(line))
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRoot())
}

// checkExample parses the flags of one example line without running it.
func checkExample(t *testing.T, root *cobra.Command, line string) {
	t.Helper()
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "nngen" {
		t.Errorf("example %q does not begin with nngen", line)
		return
	}
	c, args, err := root.Find(words[1:])
	if err != nil {
		c, args = root, words[1:]
	}
	if err := c.ParseFlags(args); err != nil {
		t.Errorf("example %q: %v", line, err)
	}
}

func TestUseColor(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	if useColor(&bytes.Buffer{}, env()) {
		t.Error("a buffer is coloured")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if useColor(file, env()) {
		t.Error("a file is coloured")
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for _, c := range []struct {
		env  func(string) string
		want bool
	}{
		{env("TERM", "xterm"), true},
		{env("TERM", "dumb"), false},
		{env("TERM", "xterm", "NO_COLOR", "1"), false},
	} {
		if got := useColor(device, c.env); got != c.want {
			t.Errorf("TERM=%s NO_COLOR=%s: got %v, want %v", c.env("TERM"), c.env("NO_COLOR"), got, c.want)
		}
	}
}

func TestIdentifier(t *testing.T) {
	for folder, want := range map[string]string{
		"digits": "digits", "01-xor": "xor", "My Net": "mynet", "go-nets": "gonets", "123": "model", "func": "model", ".": "model",
	} {
		if got := identifier(folder); got != want {
			t.Errorf("%q: got %q, want %q", folder, got, want)
		}
	}
}

func TestGroup(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1 000", 2410: "2 410", 1234567: "1 234 567"} {
		if got := group(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

// TestApplyIsWhole checks that a write that cannot be finished leaves the old files and no temporary ones.
func TestApplyIsWhole(t *testing.T) {
	dir := t.TempDir()
	old := []byte("old")
	if err := os.WriteFile(filepath.Join(dir, "a_nn.go"), old, 0o644); err != nil {
		t.Fatal(err)
	}
	c := changes{write: []codegen.File{{Name: "a_nn.go", Data: []byte("new")}, {Name: "missing/b_nn.go", Data: []byte("new")}}}
	if err := c.apply(dir); err == nil {
		t.Fatal("no error for a folder that does not exist")
	}
	got, err := os.ReadFile(filepath.Join(dir, "a_nn.go"))
	if err != nil || !bytes.Equal(got, old) {
		t.Errorf("the first file became %q (%v), want it untouched", got, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("%d entries remain in the folder, want 1", len(entries))
	}
}
